"""What follows from a cart's new facts: errands, where it is put, the clock of its claim."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from cartbridge.database.documents import LeaseDrop, LeaseSet
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.decided import Decided
from cartbridge.services.consequences import errands
from cartbridge.services.errand import Links
from cartbridge.services.gateway import Gateway
from cartbridge.services.machine import Follow
from cartbridge.services.placements import placements

FOREVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
_OVER: Final = (e.ClaimReleased, e.OutcomeTold, e.Sold, e.Ordered, e.Merged)


async def follow_cart(
    gateway: Gateway, tenant: UUID, before: Cart, decided: Decided[Cart], links: Links
) -> Follow:
    """What has to be done outside because of what happened, and until when a claim holds."""
    todo = errands(before, decided, links)
    todo += await placements(gateway, tenant, decided, links)
    return Follow(todo, _leases(gateway, decided))


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
