"""What the companion sends: its wire form, field by field; what it adds later is passed over."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("a text without NUL is expected")
    return text


def _written(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("a time is expected, for example 2026-11-20T10:00:00.000Z")
    return value


def _recent(moment: datetime) -> datetime:
    if not 2000 <= moment.year < 2100:
        raise ValueError("a time of this century is expected")
    return moment


Storable = AfterValidator(_storable)
Text = Annotated[str, Field(max_length=500), Storable]
Short = Annotated[str, Field(max_length=320), Storable]
Address = Annotated[str, Field(max_length=2000), Storable]
Code = Annotated[str, Field(min_length=1, max_length=255), Storable]
Sku = Annotated[str, Field(max_length=100), Storable]
# A cart's amount fits far below this; more is a mistake, not a sale.
Minor = Annotated[int, Field(strict=True, ge=-(10**12), le=10**12)]
Count = Annotated[int, Field(strict=True, ge=0, le=10**6)]
Revision = Annotated[int, Field(strict=True, ge=0, le=2**53)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_recent)]


class Wire(BaseModel):
    """Read from a sender we do not control."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class VendureDiscount(Wire):
    """A reduction of a line, its share of an order promotion included."""

    code: Text | None = None
    label: Text | None = None
    amount: Minor


class VendureLine(Wire):
    """An order line; amounts in minor units, in the channel's own tax mode."""

    external_id: Code
    kind: Literal["goods", "fee"] = "goods"
    sku: Sku | None
    gtin: Short | None = None
    title: Text
    variant: Text | None = None
    image_url: Address | None = None
    product_url: Address | None = None
    quantity: Count
    unit_price: Minor
    list_price: Minor | None = None
    total: Minor
    tax_rate: Annotated[str, Field(pattern=r"^[0-9](\.[0-9]{1,6})?$")]
    tax: Minor
    discounts: Annotated[tuple[VendureDiscount, ...], Field(max_length=100)] = ()


class VendureCustomer(Wire):
    """The customer of an order."""

    external_id: Short | None = None
    email: Short | None = None
    phone: Short | None = None
    first_name: Short | None = None
    last_name: Short | None = None


class VendureRefusal(Wire):
    """What the shop would not take of the last write: an article, or a promotion code."""

    sku: Text | None = None
    wanted: Count = 0
    accepted: Count = 0
    code: Text | None = None
    reason: Text | None = None


class VendureOrder(Wire):
    """The whole order as it is now."""

    external_id: Code
    revision: Revision
    last_push: Text | None = None
    refused: Annotated[tuple[VendureRefusal, ...], Field(max_length=2000)] = ()
    updated_at: Moment
    state: Text
    active: Annotated[bool, Field(strict=True)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    locale: Text | None = None
    tax_mode: Literal["inclusive", "exclusive"]
    customer: VendureCustomer | None = None
    codes: Annotated[tuple[Text, ...], Field(max_length=100)] = ()
    shipping: Minor = 0
    lines: Annotated[tuple[VendureLine, ...], Field(max_length=2000)]
    merged_into: Code | None = None
    into_revision: Revision | None = None


class VendureDeleted(Wire):
    """The order is gone; at log-in its lines went into another one."""

    external_id: Code
    revision: Revision | None = None
    at: Moment
    merged_into: Code | None = None
    into_revision: Revision | None = None


class VendureTaken(Wire):
    """How much of an article was bought."""

    sku: Sku
    quantity: Count


class VendureOrdered(Wire):
    """The order was placed online."""

    external_id: Code
    revision: Revision | None = None
    at: Moment
    order_number: Text | None = None
    lines: Annotated[tuple[VendureTaken, ...], Field(max_length=2000)] = ()


class VendureAccount(VendureCustomer):
    """A customer with a verified account, as the list of those that changed tells her."""

    external_id: Short
    updated_at: Moment


class VendurePrice(Wire):
    """What a piece costs now, in minor units."""

    sku: Sku
    unit_price: Minor
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    tax_mode: Literal["inclusive", "exclusive"]
    tax_rate: Annotated[str, Field(pattern=r"^[0-9](\.[0-9]{1,6})?$")]


class VendurePrices(Wire):
    """What of the articles has a price."""

    prices: Annotated[tuple[VendurePrice, ...], Field(max_length=2000)]


class VendureLevel(Wire):
    """What a stock location has of an article that no order has taken."""

    sku: Sku
    location: Code
    quantity: Annotated[int, Field(strict=True, ge=0, le=2**53)]


class VendureStock(Wire):
    """What is counted where."""

    stock: Annotated[tuple[VendureLevel, ...], Field(max_length=50_000)]


class VendureChanges(Wire):
    """What changed since a position, and the position behind it."""

    items: Annotated[tuple[dict[str, Any], ...], Field(max_length=200)]
    next: Text


class Mention(Wire):
    """Which order a body speaks of, and at which revision."""

    external_id: Code
    revision: Revision | None = None


class Envelope(Wire):
    """What every body is wrapped in."""

    type: Text
    data: dict[str, Any]
