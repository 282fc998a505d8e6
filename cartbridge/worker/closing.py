"""Closes each store once a day, at its own time, or as soon as the gateway is there again."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from cartbridge.database.connection import Unavailable
from cartbridge.domain.store import Store
from cartbridge.services.close_store import close_store
from cartbridge.services.gateway import Gateway

log = structlog.get_logger(__name__)

LEASE: Final = timedelta(minutes=2)
_AFTER: Final = timedelta(microseconds=1)  # the next closing, and not this one again


async def close(gateway: Gateway) -> int:
    """One turn: the stores that closed since somebody looked; how many."""
    done = 0
    for tenant in await gateway.directory.tenants.list():
        for store in await gateway.directory.stores.list(tenant.uuid):
            done += await _close(gateway, tenant.uuid, store)
    return done


async def _close(gateway: Gateway, tenant: UUID, store: Store) -> bool:
    closing = store.last_closing(gateway.clock())
    duty = await gateway.duties.take(tenant, "close", store.id, LEASE, upto=closing)
    if duty is None:
        return False  # done already, or another process is at it
    try:
        await close_store(gateway, tenant, store, closing)
    except Unavailable:
        raise
    except Exception:  # one store must not keep the others open
        log.exception("store.not_closed", store=store.id)
        return False  # once the lease is over it is tried again
    await gateway.duties.done(duty, again_at=closing + _AFTER)
    return True
