"""What time does to carts: codes run out, hold times end, idle carts are abandoned."""

import uuid
from collections.abc import Awaitable
from typing import Final
from uuid import UUID

import structlog

from cartbridge.database.history import NewerVersion
from cartbridge.database.leases import LapsedLease
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Cart, due_at
from cartbridge.domain.header import Actor
from cartbridge.domain.ids import uuid_of
from cartbridge.services.claim_cart import time_is_up
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.run_command import run_command

log = structlog.get_logger(__name__)

BATCH: Final = 100


async def look(gateway: Gateway) -> int:
    """One turn: claims whose hold time ran out, then carts that are due for a look."""
    done = 0
    for lease in await gateway.leases.lapsed(BATCH):
        done += await _unless_newer(_lapse(gateway, lease))
    for tenant, document in await gateway.documents.due(BATCH):
        done += await _unless_newer(_look(gateway, tenant, document))
    return done


async def _unless_newer(work: Awaitable[bool]) -> bool:
    """A cart that only a newer version can read is left to it, and holds back no other."""
    try:
        return await work
    except NewerVersion as error:
        log.info("worker.left_to_newer", why=str(error))
        return False


def _ourselves(tenant: UUID) -> Caller:
    return Caller(tenant, "gateway", Actor(kind="gateway", id="timeouts"))


async def _lapse(gateway: Gateway, lease: LapsedLease) -> bool:
    over = time_is_up(lease.claim, on_hold=lease.hold)

    async def make(cart: Cart) -> c.LapseClaim | c.ReleaseClaim:
        return over

    command = uuid.uuid5(uuid_of(lease.claim), "lapsed")
    outcome = await run_command(gateway, _ourselves(lease.tenant), lease.document, command, make)
    return bool(outcome.events)


async def _look(gateway: Gateway, tenant: UUID, document: str) -> bool:
    async def make(cart: Cart) -> c.Command | None:
        due = due_at(cart, gateway.limits.abandoned_after)
        if due is None or due > gateway.clock():
            return None
        waits = cart.handovers or cart.reservation is not None
        return c.LapseHandovers() if waits else c.AbandonCart()

    command = UUID(bytes=gateway.draw(16))
    outcome = await run_command(gateway, _ourselves(tenant), document, command, make)
    return bool(outcome.events)
