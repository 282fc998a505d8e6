"""From the history of a cart to its facts."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol

from cartbridge.domain.cart.evolve import evolve
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.header import Header
from cartbridge.domain.report import journey, sales
from cartbridge.domain.report.facts import Began, CartFacts, Touch
from cartbridge.domain.report.gathered import Gathered, Notes
from cartbridge.domain.report.touches import same

ANALYTICS: Final = "analytics"
_NOTES: Final[Notes] = {**journey.NOTES, **sales.NOTES}


class Told(Protocol):
    """One event with its circumstances; None where what is left of it cannot be told."""

    @property
    def event(self) -> Any:
        """The fact."""

    @property
    def header(self) -> Header:
        """Who told it, where and when."""


def facts_of(
    cart_id: str,
    history: Iterable[Told],
    hashed: Callable[[str], str],
    sources: Mapping[str, CartFacts],
) -> CartFacts | None:
    """The facts of a cart; `sources` are those of the carts its lines came from, if there are any.

    `hashed` hides who somebody is. None if not even its beginning can be told.
    """
    fold = Gathered(Cart(id=cart_id), sources)
    version = 0
    for told in history:
        version += 1
        if told.event is None:
            continue
        note = _NOTES.get(type(told.event))
        if note is not None:
            note(fold, told.event, told.header)
        fold.cart = evolve(fold.cart, told.event, told.header.occurred_at)
    return None if fold.began is None else _facts(fold, fold.began, version, hashed)


def _facts(fold: Gathered, began: Began, version: int, hashed: Callable[[str], str]) -> CartFacts:
    cart = fold.cart
    parent = fold.sources.get(cart.parent or "") if cart.parent in fold.taken_from else None
    if parent is not None and began.staff != parent.began.staff:
        began = began.model_copy(update={"staff": parent.began.staff})
    consent = cart.consent.get(ANALYTICS)
    inherited = [
        touch
        for source in dict.fromkeys(fold.taken_from)
        if source in fold.sources
        for touch in (fold.sources[source].first_touch, fold.sources[source].last_touch)
        if touch is not None
    ]
    own = fold.touches
    if parent is not None and own and any(same(own[0], touch) for touch in inherited):
        own = own[1:]  # it was only handed on
    skipped = len(fold.touches) - len(own)
    first, last = _ends(inherited, own) if consent else (None, None)
    sold = []
    for sale, upto in zip(fold.sales, fold.touched_before, strict=True):
        ends = _ends(inherited, own[: max(0, upto - skipped)]) if consent else (None, None)
        sold.append(sale.model_copy(update={"first_touch": ends[0], "last_touch": ends[1]}))
    return CartFacts(
        cart=cart.id,
        version=version,
        root=cart.slot_holder,
        parent=cart.parent,
        person=hashed(_person(cart)),
        brand=cart.brand,
        currency=cart.currency,
        tax_mode=cart.tax_mode,
        state=cart.state,
        unknown=cart.outcome == "unknown",
        consent=consent,
        began=began,
        offers=tuple(fold.offers.values()),
        holdings=tuple(fold.holdings.values()),
        sales=tuple(sold),
        first_touch=first,
        last_touch=last,
        web=fold.web,
        reported_late=tuple(fold.late),
        double_sales=fold.double,
    )


def _ends(inherited: list[Touch], own: list[Touch]) -> tuple[Touch | None, Touch | None]:
    touches = sorted((*inherited, *own), key=lambda touch: touch.at)
    return (touches[0], touches[-1]) if touches else (None, None)


def _person(cart: Cart) -> str:
    """The strongest that is known of who it is; a guest is her cart's whole family."""
    who = cart.customer
    if who is None:
        return f"cart {cart.slot_holder}"
    if who.id is not None:
        return f"customer {who.id}"
    if who.external_id is not None:
        return f"customer of {cart.origin.connection} {who.external_id}"
    known = who.loyalty_number or who.email or who.phone
    return f"cart {cart.slot_holder}" if known is None else f"known as {known.casefold()}"
