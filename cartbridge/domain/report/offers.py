"""What became of a cart's offers in one direction: scanned, taken otherwise, waiting, or lost."""

from typing import Literal

from cartbridge.domain.cart.state import Direction
from cartbridge.domain.report.facts import CartFacts

OfferEnd = Literal["scanned", "named", "waiting", "never_scanned"]


def end_of_offers(facts: CartFacts, direction: Direction) -> tuple[str | None, OfferEnd | None]:
    """The store it counts for, and how it ended; no end if it was never offered that way.

    A cart counts once, however many codes it had: its pass makes a fresh one whenever it is opened.
    """
    offers = [offer for offer in facts.offers if offer.direction == direction]
    if not offers:
        return None, None
    used = next((offer for offer in offers if offer.end == "used"), None)
    if used is not None:
        return used.claimed_in or used.store, "scanned"
    after = (holding for holding in facts.holdings if holding.at >= offers[0].at)
    taken = next(after, None) if direction == "to_store" else None
    if taken is not None:
        return taken.store, "named"
    waiting = any(offer.end is None for offer in offers)
    return offers[-1].store, "waiting" if waiting else "never_scanned"
