"""What has to be done outside because of what happened to a cart: written in the same append."""

from typing import Final

from cartbridge.domain import merge
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.lifecycle import State
from cartbridge.domain.cart.observing import CLOSED
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.decided import Decided
from cartbridge.domain.projection import Projection, basket_of
from cartbridge.domain.twin import PlacedFor, Twin
from cartbridge.services.connectors import Link
from cartbridge.services.errand import Errand, Links


def project(cart: Cart, link: Link) -> Projection:
    """What the platform would show of the lines that are still wanted."""
    return link.connector.project(cart.wanted, link.settings)


def write_due(cart: Cart, twin: Twin, link: Link) -> bool:
    """Whether a twin does not show what it should, and can be told."""
    if twin.ended or link.writes == "none" or cart.state is State.CLAIMED:
        return False
    if twin.placed is not None:
        return False
    if str(twin.ref) in cart.waiting or cart.origin.imported:
        return False
    codes = () if cart.state in CLOSED else cart.codes
    return not merge.in_step(twin, basket_of(project(cart, link)), codes)


_ENDS_PLACING: Final = (
    e.Claimed,
    e.ClaimReleased,
    e.OutcomeTold,
    e.Sold,
    e.Ordered,
    e.OfferClosed,
    e.CheckoutStarted,
    e.Merged,
    e.Cancelled,
    e.Expired,
    e.TwinPlaced,  # it came too late
)
_CHANGES_SALE: Final = (e.Sold, e.Ordered, e.SaleVoided)
_ENDS_CLAIM: Final = (e.ClaimReleased, e.ClaimLapsed, e.Sold, e.Ordered)


def errands(before: Cart, decided: Decided[Cart], links: Links) -> list[Errand]:
    """The errands that one cart's new facts ask for."""
    cart = decided.document
    todo: list[Errand] = []
    for twin in cart.twins:
        link = links.get(twin.ref.connection)
        if link is None:
            continue
        todo += _withdrawn(cart, twin, link, decided)
        todo += _frozen(cart, twin, link, decided)
        if cart.claim is None and str(twin.ref) in cart.waiting:
            todo.append(Errand(cart.id, "take_in", twin.ref))
        if write_due(cart, twin, link):
            todo.append(Errand(cart.id, "write", twin.ref))
    if cart.quote is not None and any(isinstance(fact, _CHANGES_SALE) for fact in decided.events):
        todo.append(Errand(cart.quote.id, "tell_quote", details=(("cart", cart.id),)))
    for fact in decided.events:
        if isinstance(fact, e.Merged) and before.state is not State.NONE and before.sale is None:
            todo.append(Errand(cart.id, "adopt"))
    return todo


def is_wanted_there(cart: Cart, placing: PlacedFor) -> bool:
    """Whether what a cart was put on a till for still holds: that claim, or the open offer."""
    if placing.by == cart.id:
        return cart.state is State.OFFERED
    holding = cart.claim or cart.unheard
    return holding is not None and holding.id == placing.by


def _withdrawn(cart: Cart, twin: Twin, link: Link, decided: Decided[Cart]) -> list[Errand]:
    """What was put on a till is taken away once it is not wanted there, and was not sold there."""
    if twin.placed is None or twin.ended or is_wanted_there(cart, twin.placed):
        return []
    if not any(isinstance(fact, _ENDS_PLACING) for fact in decided.events):
        return []
    return [withdrawal(cart, twin, link)]


def withdrawal(cart: Cart, twin: Twin, link: Link) -> Errand:
    """The errand that takes a twin away from its till, behind the one that put it there."""
    till = twin.placed.till if twin.placed is not None else None
    return Errand(cart.id, "withdraw", twin.ref, within=link.lane(till))


def _frozen(cart: Cart, twin: Twin, link: Link, decided: Decided[Cart]) -> list[Errand]:
    if not link.can("freeze") or twin.ended or twin.placed is not None:
        return []
    if any(isinstance(fact, e.Claimed) for fact in decided.events):
        return [Errand(cart.id, "freeze", twin.ref)]
    born_of_sale = any(
        isinstance(fact, e.TwinJoined) and fact.from_cart is not None for fact in decided.events
    )
    if born_of_sale or any(isinstance(fact, _ENDS_CLAIM) for fact in decided.events):
        return [Errand(cart.id, "thaw", twin.ref)]
    return []
