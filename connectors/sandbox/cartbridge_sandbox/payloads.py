"""The sandbox's own dialect: major-unit decimal strings, one row per SKU."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field


class Wire(BaseModel):
    """A part of the dialect; fields we do not know are tolerated."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


def _storable(text: str) -> str:
    if any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("a text without NUL or lone surrogates is expected")
    return text


def _written(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError('a text is expected, for example "49.90" or "2026-11-20T10:00:00Z"')
    return value


def _some(number: str) -> str:
    if not number.strip("0."):
        raise ValueError("more than nothing is expected")
    return number


def _recent(moment: datetime) -> datetime:
    if not 2000 <= moment.year < 2100:
        raise ValueError("a moment of this century is expected")
    return moment


Text = Annotated[str, Field(max_length=500), AfterValidator(_storable)]
Ref = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_storable)]
Number = Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$")]
Money = Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,2})?$")]
Rev = Annotated[int, Field(strict=True, ge=0, le=2**53)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_recent)]


class Row(Wire):
    """One article of a basket."""

    sku: Ref
    name: Text
    ean: Ref | None = None
    kind: Literal["goods", "service"] = "goods"
    qty: Annotated[Number, AfterValidator(_some)]
    unit: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,3}$")] = "C62"
    each: Money
    sum: Money  # of the row, with tax, after its discount
    discount: Money = "0"
    vat: Money  # per cent
    vat_sum: Money
    eco: Money = "0"  # of the row, within the sum


class Declined(Wire):
    """What the shop would not take of a write."""

    sku: Ref
    want: Number
    got: Number
    why: Text | None = None


class Basket(Wire):
    """A whole basket as the shop shows it."""

    ref: Ref
    rev: Rev
    push: Ref | None = None
    rows: Annotated[tuple[Row, ...], Field(max_length=2000)]
    coupons: Annotated[tuple[Ref, ...], Field(max_length=100)] = ()
    declined: Annotated[tuple[Declined, ...], Field(max_length=2000)] = ()
    declined_coupons: Annotated[tuple[Ref, ...], Field(max_length=100)] = ()
    money: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    lang: Literal["fr", "en"] = "fr"
    mail: Annotated[Text, Field(max_length=320, min_length=1)] | None = None
    updated: Moment


class Order(Wire):
    """The order a basket became."""

    number: Ref
    at: Moment


class Changes(Wire):
    """What changed since a place, and the place of the last change told."""

    changed: Annotated[tuple[dict[str, Any], ...], Field(max_length=200)]
    place: Rev
    more: bool = False


class Hook(Wire):
    """What the shop posts: something happened to this basket."""

    event: Literal["basket", "checkout", "left", "order", "dropped"]
    basket: Basket
    order: Order | None = None


class PriceRow(Wire):
    """What an article costs in the shop now, with tax."""

    sku: Ref
    each: Money
    money: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Prices(Wire):
    """What some articles cost."""

    prices: Annotated[tuple[PriceRow, ...], Field(max_length=2000)]


class StockRow(Wire):
    """What a store can sell of an article, and what is kept there beside it, by name."""

    sku: Ref
    shop: Ref
    free: Number
    kept: Annotated[dict[Ref, Number], Field(max_length=2000)] = {}


class Stock(Wire):
    """What some stores have of some articles."""

    stock: Annotated[tuple[StockRow, ...], Field(max_length=100_000)]


class KeptRow(Wire):
    """How much is kept of an article."""

    sku: Ref
    qty: Number


class Kept(Wire):
    """What is kept under a name."""

    kept: Annotated[tuple[KeptRow, ...], Field(max_length=2000)]
