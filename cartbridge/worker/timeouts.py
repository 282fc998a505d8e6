"""What time does: codes run out, hold times end, idle carts are abandoned."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

import structlog

from cartbridge.database.history import NewerVersion
from cartbridge.database.leases import LapsedLease
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Cart, due_at
from cartbridge.domain.header import Actor
from cartbridge.domain.ids import uuid_of
from cartbridge.domain.quote.commands import ExpireQuote
from cartbridge.domain.quote.state import Quote
from cartbridge.domain.wishlist.commands import EndCodes
from cartbridge.domain.wishlist.state import Wishlist
from cartbridge.services.carry_out import carry_out
from cartbridge.services.claim_cart import time_is_up
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.machines import QUOTE, WISHLIST
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
    kind = document[:3]
    return kind in _LOOKS and await _LOOKS[kind](gateway, tenant, document)


async def _look_at_cart(gateway: Gateway, tenant: UUID, document: str) -> bool:
    async def make(cart: Cart) -> c.Command | None:
        due = due_at(cart, gateway.limits.abandoned_after)
        if due is None or due > gateway.clock():
            return None
        waits = cart.handovers or cart.reservation is not None
        return c.LapseHandovers() if waits else c.AbandonCart()

    command = UUID(bytes=gateway.draw(16))
    outcome = await run_command(gateway, _ourselves(tenant), document, command, make)
    return bool(outcome.events)


async def _look_at_wishlist(gateway: Gateway, tenant: UUID, document: str) -> bool:
    async def make(wishlist: Wishlist) -> EndCodes:
        return EndCodes()

    command = UUID(bytes=gateway.draw(16))
    done = await carry_out(gateway, _ourselves(tenant), WISHLIST, document, command, make)
    return bool(done.events)


async def _look_at_quote(gateway: Gateway, tenant: UUID, document: str) -> bool:
    async def make(quote: Quote) -> ExpireQuote:
        return ExpireQuote()

    command = UUID(bytes=gateway.draw(16))
    done = await carry_out(gateway, _ourselves(tenant), QUOTE, document, command, make)
    return bool(done.events)


# What time does to each kind of document that it does anything to.
_LOOKS: Final[dict[str, Callable[[Gateway, UUID, str], Awaitable[bool]]]] = {
    "crt": _look_at_cart,
    "wsh": _look_at_wishlist,
    "qte": _look_at_quote,
}
