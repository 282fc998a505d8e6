"""What follows from a cart's new facts: errands, where it is put, the clock of its claim."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from cartbridge.database.documents import LeaseDrop, LeaseSet
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.decided import Decided
from cartbridge.domain.wanted import MessageWanted
from cartbridge.services.consequences import errands
from cartbridge.services.errand import Errand, Links
from cartbridge.services.gateway import Gateway
from cartbridge.services.machine import Follow
from cartbridge.services.placements import placements
from cartbridge.services.stock_holds import stock_holds

FOREVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
_OVER: Final = (e.ClaimReleased, e.OutcomeTold, e.Sold, e.Ordered, e.Merged)


async def follow_cart(
    gateway: Gateway, tenant: UUID, before: Cart, decided: Decided[Cart], links: Links
) -> Follow:
    """What has to be done outside because of what happened, and until when a claim holds."""
    todo = errands(before, decided, links)
    todo += await placements(gateway, tenant, decided, links)
    todo += await stock_holds(gateway, tenant, before, decided, links)
    todo += _wishes(before, decided)
    todo += passes(decided)
    return Follow(todo, _leases(gateway, decided))


def passes(decided: Decided[Any]) -> list[Errand]:
    """The pass that a message leads to is opened, whether or not it was ever shown before."""
    return [
        Errand(fact.pass_of, "open_pass", details=(("document", fact.pass_of),))
        for fact in decided.events
        if isinstance(fact, MessageWanted)
    ]


def _wishes(before: Cart, decided: Decided[Cart]) -> list[Errand]:
    """Wish lists hear what was bought of them, and what a cancelled ticket gave back."""
    if not any(isinstance(fact, e.Sold | e.Ordered | e.SaleVoided) for fact in decided.events):
        return []
    lines = (*before.lines, *decided.document.lines)
    told = (("cart", decided.document.id),)
    return [
        Errand(wishlist, "note_bought", details=(("wishlist", wishlist), *told))
        for wishlist in sorted({line.wishlist for line in lines if line.wishlist is not None})
    ]


def _leases(gateway: Gateway, decided: Decided[Cart]) -> list[LeaseSet | LeaseDrop]:
    """The clock of the claim: set when it begins, stopped when somebody told how it ended."""
    cart = decided.document
    if cart.claim is not None:
        if any(isinstance(fact, e.Claimed) for fact in decided.events):
            seconds = gateway.limits.lease.total_seconds()
            return [LeaseSet(cart.id, cart.claim.id, cart.claim.terminal, seconds)]
        return []
    if cart.unheard is not None and isinstance(decided.events[-1], e.ClaimLapsed):
        # It stays on that terminal's list, and never runs out again, until somebody says.
        unheard = cart.unheard
        return [LeaseSet(cart.id, unheard.id, unheard.terminal, until=FOREVER, hold=True)]
    over = any(isinstance(fact, _OVER) for fact in decided.events)
    return [LeaseDrop(cart.id)] if over else []
