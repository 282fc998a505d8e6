"""What a platform is asked of prices, stock and loyalty now, and what it answers."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from cartbridge.domain.items import Item
from cartbridge.domain.model import Strict
from cartbridge.domain.money import CurrencyCode, Minor, TaxMode
from cartbridge.domain.quantity import Amount


class PricesOf(Strict):
    """Whose prices are asked for: in which currency, of which list, in which of its stores."""

    currency: CurrencyCode
    price_list: str | None = None  # None: what anybody pays
    store: str | None = None  # the store's id there


class PriceNow(Strict):
    """What a piece, metre or kilogram of an article costs there now, in minor units.

    `key` is the `Item.key` of the article that was asked for.
    """

    key: str
    unit_price: Minor
    currency: CurrencyCode
    tax_mode: TaxMode = "inclusive"
    tax_rate: Amount | None = None  # 0.20 is 20 %
    promotion: str | None = None  # what the price owes itself to, as people know it there
    at: datetime | None = None  # since when the platform knows it; None: now


class StockNow(Strict):
    """How much of an article a store can sell now, in the article's own unit.

    `key` is the `Item.key` that was asked for, `store` the store's id there. What `reserve_stock`
    keeps is not counted in `quantity`; `held` tells it, by the name of the hold.
    """

    key: str
    store: str
    quantity: Amount
    held: dict[str, Amount] = Field(default_factory=dict)
    at: datetime | None = None


class LoyaltyShown(Strict):
    """What a loyalty card shows there: carried to the cashier, never computed."""

    personal: ClassVar[frozenset[str]] = frozenset({"number", "tier", "points", "advantages"})

    number: str
    tier: str | None = None
    points: int | None = None  # the balance
    advantages: tuple[str, ...] = ()  # labels, as they may be read to her
    at: datetime | None = None


class HoldLine(Strict):
    """An article to be set aside, and how much of it."""

    item: Item
    quantity: Amount
    unit: str = "C62"


class StockHold(Strict):
    """Goods to be kept in one store for one cart until a time, when they are free by themselves.

    `name` names this hold for good: the same one never keeps twice.
    """

    name: str
    store: str  # the store's id there
    until: datetime
    label: str  # a few letters by which staff find the cart it is for
    lines: tuple[HoldLine, ...]


class HeldStock(Strict):
    """How much of an article is kept, by its `Item.key`; less than was asked if there is less."""

    key: str
    quantity: Amount
