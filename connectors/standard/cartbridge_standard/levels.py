"""Stock levels and prices of a canonical body: one, or many at once."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Annotated, Final, TypeVar

from pydantic import Field, StrictBool, model_validator

from cartbridge.sdk.documents import CurrencyCode, Item
from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.observations import PriceSeen, StockSeen
from cartbridge_standard import payloads as wire
from cartbridge_standard.keys import item_key
from cartbridge_standard.lines import numbered_item
from cartbridge_standard.told import Told
from cartbridge_standard.unknown import count_unknown

MAX_ROWS: Final = 500
NONE: Final = Decimal(0)


class Row(wire.Item):
    """An article by its SKU or GTIN, or by its id there."""

    external_id: wire.Id | None = None
    at: wire.Moment | None = None


class Level(Row):
    """How much of an article a store has."""

    store: wire.Id
    quantity: wire.Signed


class Price(Row):
    """What an article costs in a price list, or that it is no longer in it."""

    price_list: wire.Word
    currency: CurrencyCode | None = None
    unit_price: wire.Minor | None = None
    removed: StrictBool = False

    @model_validator(mode="after")
    def _priced(self) -> "Price":
        if (self.unit_price is None) != self.removed:
            raise ValueError("tell either unit_price, or removed: true")
        return self


class Levels(wire.Wire):
    """`stock.level` of many articles or stores."""

    levels: Annotated[tuple[Level, ...], Field(min_length=1, max_length=MAX_ROWS)]
    at: wire.Moment | None = None


class Prices(wire.Wire):
    """`price.changed` of many articles or price lists."""

    prices: Annotated[tuple[Price, ...], Field(min_length=1, max_length=MAX_ROWS)]
    at: wire.Moment | None = None


Known = TypeVar("Known", Level, Price)


def stock_levels(told: Told) -> tuple[StockSeen, ...]:
    """`stock.level`: one level, or `levels`."""
    many = "levels" in told.data
    body = told.read_as(Levels) if many else told.read_as(Level)
    rows = body.levels if isinstance(body, Levels) else (body,)
    seen = tuple(
        StockSeen(
            external_id=row.external_id or item_key(item),
            item=item,
            store=row.store,
            quantity=_on_hand(row.quantity, where, told),
            at=told.moment(row.at, body.at),
        )
        for where, row, item in _articles("levels", rows, told)
    )
    count_unknown(body, told.report)
    return seen


def price_changes(told: Told) -> tuple[PriceSeen, ...]:
    """`price.changed`: one price, or `prices`."""
    many = "prices" in told.data
    body = told.read_as(Prices) if many else told.read_as(Price)
    rows = body.prices if isinstance(body, Prices) else (body,)
    seen = tuple(
        PriceSeen(
            external_id=row.external_id or item_key(item),
            item=item,
            price_list=row.price_list,
            currency=row.currency or told.settings.currency,
            unit_price=row.unit_price,
            at=told.moment(row.at, body.at),
        )
        for where, row, item in _articles("prices", rows, told)
    )
    if any(row.currency is None for row in rows):
        told.report.add("data.currency", "defaulted", f"not told: {told.settings.currency}")
    count_unknown(body, told.report)
    return seen


def _articles(name: str, rows: Sequence[Known], told: Told) -> Iterator[tuple[str, Known, Item]]:
    """Each row of an article that can be found again; the others are said, and all is refused if
    there is none.
    """
    found = False
    for number, row in enumerate(rows):
        where = f"data.{name}[{number}]" if name in told.data else "data"
        item = numbered_item(row, row.external_id, where, told.report)
        if item is None:
            told.report.add(where, "dropped", "neither a SKU nor a right GTIN: no article is meant")
            continue
        found = True
        yield where, row, item
    if not found:
        raise Unreadable(f"data.{name}: tell the SKU or the GTIN of the article")


def _on_hand(quantity: Decimal, where: str, told: Told) -> Decimal:
    if quantity >= 0:
        return quantity
    told.report.add(f"{where}.quantity", "rounded", "less than none counts as none")
    return NONE
