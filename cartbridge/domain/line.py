"""One row of a document: the item, how much of it, and its price as its shop gave it."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from cartbridge.domain.items import Item, LineKind, SoldBy
from cartbridge.domain.model import Strict
from cartbridge.domain.money import Minor
from cartbridge.domain.quantity import Quantity

FeeKind = Literal["eco_participation", "private_copy", "other"]


class Fee(Strict):
    """A fee shown apart by law, such as the French eco-participation, for the whole line."""

    kind: FeeKind
    amount: Minor
    included: bool = True  # whether `total` holds it already


class Tax(Strict):
    """A tax of the whole line after its share of discounts; the rate is a decimal string."""

    rate: Annotated[str, Field(pattern=r"^\d(\.\d{1,6})?$")]
    code: Annotated[str, Field(max_length=10)] = "S"
    amount: Minor


class Discount(Strict):
    """A reduction of the whole line, its share of a cart discount included."""

    code: str | None = None
    label: Annotated[str, Field(max_length=500)] | None = None
    amount: Annotated[Minor, Field(ge=0)]


Part = TypeVar("Part", Tax, Fee, Discount)


class Prices(Strict):
    """What a line costs where its cart began: amounts in minor units, for the whole line."""

    unit_price: Minor | None = None
    unit_price_exact: Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$")] | None = None
    list_price: Minor | None = None
    taxes: tuple[Tax, ...] = ()
    fees: tuple[Fee, ...] = ()
    discounts: tuple[Discount, ...] = ()
    total: Minor | None = None  # None: nobody told a price; the till's own is used

    def scaled(self, old: Decimal, new: Decimal) -> "Prices":
        """The same prices for another quantity, until the shop tells its own."""
        if old in (0, new):
            return self
        ratio = new / old
        return self.model_copy(
            update={
                "taxes": tuple(_scale(tax, ratio) for tax in self.taxes),
                "fees": tuple(_scale(fee, ratio) for fee in self.fees),
                "discounts": tuple(_scale(discount, ratio) for discount in self.discounts),
                "total": None if self.total is None else _scaled(self.total, ratio),
            }
        )


class Fulfilment(Strict):
    """How the line reaches the shopper: carried out, or handed over or sent later."""

    kind: Literal["carry_out", "pick_up", "delivery"] = "carry_out"
    store: str | None = None


class Line(Strict):
    """One row of a cart."""

    id: str  # lin_…
    kind: LineKind = "goods"
    parent_line: str | None = None
    sold_by: SoldBy = "piece"
    item: Item
    quantity: Quantity
    prices: Prices = Prices()
    fulfilment: Fulfilment = Fulfilment()
    wishlist: str | None = None  # the wish list that holds it, too, under the same line id

    def with_quantity(self, value: Decimal) -> "Line":
        """The same line for another quantity, its amounts in proportion."""
        return self.model_copy(
            update={
                "quantity": self.quantity.of(value),
                "prices": self.prices.scaled(self.quantity.value, value),
            }
        )


def _scaled(amount: int, ratio: Decimal) -> int:
    return int((amount * ratio).to_integral_value(ROUND_HALF_UP))


def _scale(part: Part, ratio: Decimal) -> Part:
    return part.model_copy(update={"amount": _scaled(part.amount, ratio)})
