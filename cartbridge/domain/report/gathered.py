"""The facts of a cart in the making, while its history is read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.header import Header
from cartbridge.domain.report.facts import Began, CartFacts, CartSale, Fate, Holding, Offer, Touch
from cartbridge.domain.report.touches import touch_of

LIVE: Final[frozenset[Fate]] = frozenset({"held"})
UNHEARD: Final[frozenset[Fate]] = frozenset({"held", "unknown", "not_sold", "released"})


@dataclass
class Gathered:
    """The facts in the making, beside the cart as the events so far left it."""

    cart: Cart
    sources: Mapping[str, CartFacts]
    began: Began | None = None
    offers: dict[str, Offer] = field(default_factory=dict)
    holdings: dict[str, Holding] = field(default_factory=dict)
    sales: list[CartSale] = field(default_factory=list)
    sold_under: dict[str, str] = field(default_factory=dict)  # receipt number → claim
    touches: list[Touch] = field(default_factory=list)
    touched_before: list[int] = field(default_factory=list)  # touches there were at each sale
    web: dict[str, Decimal] = field(default_factory=dict)
    taken_from: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    double: int = 0

    def touch(self, told: Mapping[str, str] | None, header: Header) -> None:
        """Notes a visit, if a campaign or a click led to it."""
        found = touch_of(told or {}, header.occurred_at)
        if found is not None:
            self.touches.append(found)

    def end(self, claim: str | None, fate: Fate, only: frozenset[Fate]) -> None:
        """Notes what became of a claim, unless something else had become of it already."""
        held = self.holdings.get(claim or "")
        if held is not None and claim is not None and held.fate in only:
            self.holdings[claim] = held.model_copy(update={"fate": fate})


Notes = dict[type[e.Event], Callable[[Gathered, Any, Header], None]]
