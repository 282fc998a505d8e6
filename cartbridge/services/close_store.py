"""Closing time: no claim of the day stays, and what nobody told is put before an operator."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from cartbridge.domain.alarm.state import Details
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.header import Actor
from cartbridge.domain.ids import uuid_of
from cartbridge.domain.store import Store
from cartbridge.services.carry_out import links_of
from cartbridge.services.consequences import withdrawal
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.raise_alarm import clear_alarm, raise_alarm
from cartbridge.services.run_command import run_command

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Closed:
    """What closing found: claims put back, and carts of which nobody told the outcome."""

    released: int
    unknown: int


async def close_store(gateway: Gateway, tenant: UUID, store: Store, closing: datetime) -> Closed:
    """Releases every claim of the store from before that moment; a repeat changes nothing."""
    released = 0
    for cart in await _carts_at(gateway, tenant, store):
        if cart.claim is not None and cart.claim.store == store.id and cart.claim.since <= closing:
            released += await _release(gateway, tenant, store, cart.id, cart.claim.id)
        elif cart.unheard is not None and cart.unheard.store == store.id:
            await _withdraw(gateway, tenant, cart)
    closed = Closed(released, await tell_unknown(gateway, tenant, store, closing))
    log.info("store.closed", store=store.id, released=closed.released, unknown=closed.unknown)
    return closed


async def tell_unknown(
    gateway: Gateway, tenant: UUID, store: Store, since: datetime | None = None
) -> int:
    """How many carts of the store are of unknown outcome: the alarm says so, or is cleared."""
    number = sum(
        cart.unheard is not None and cart.unheard.store == store.id
        for cart in await _carts_at(gateway, tenant, store)
    )
    if not number:
        await clear_alarm(gateway, tenant, "outcome_unknown", store.id)
    elif since is not None:
        details = Details(number=number)
        await raise_alarm(gateway, tenant, "outcome_unknown", store.id, details, since)
    return number


async def _carts_at(gateway: Gateway, tenant: UUID, store: Store) -> list[Cart]:
    """What the store's terminals hold, or have not told the outcome of."""
    terminals = await gateway.directory.terminals.list(tenant, parent=store.id)
    names = [terminal.id for terminal in terminals]
    carts = []
    for document in await gateway.leases.at_terminals(tenant, names):
        loaded = await gateway.documents.load(tenant, document)
        if loaded is not None:
            carts.append(loaded.state)
    return carts


async def _withdraw(gateway: Gateway, tenant: UUID, cart: Cart) -> None:
    """A till cannot close its day over what we left on it: that goes, its outcome stays unknown."""
    links = await links_of(gateway, tenant, [cart])
    for twin in cart.twins:
        link = links.get(twin.ref.connection)
        if twin.placed is None or twin.ended or link is None or not link.can("place"):
            continue
        errand = withdrawal(cart, twin, link)
        await gateway.outbox.enqueue(
            tenant,
            errand.lane,
            errand.kind,
            errand.payload,
            connection=link.uuid,
            document=cart.id,
        )


async def _release(
    gateway: Gateway, tenant: UUID, store: Store, cart_id: str, claim_id: str
) -> bool:
    async def make(cart: Cart) -> c.ReleaseClaim:
        return c.ReleaseClaim(claim_id, "store_closed")

    caller = Caller(tenant, "gateway", Actor(kind="gateway", id="closing"), store=store.id)
    command = uuid.uuid5(uuid_of(claim_id), "store closed")
    outcome = await run_command(gateway, caller, cart_id, command, make)
    return bool(outcome.events)
