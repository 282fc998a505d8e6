"""What the companion sends: its wire form, field by field; what it adds later is passed over."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Minor = Annotated[int, Field(strict=True, ge=-(10**12), le=10**12)]
Text = Annotated[str, Field(max_length=500)]
Address = Annotated[str, Field(max_length=2000)]
Code = Annotated[str, Field(min_length=1, max_length=255)]


class Wire(BaseModel):
    """Read from a sender we do not control."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class VendureDiscount(Wire):
    """A reduction of a line, its share of an order promotion included."""

    code: Text | None = None
    label: Text | None = None
    amount: Annotated[Minor, Field(ge=0)]


class VendureLine(Wire):
    """An order line; amounts in minor units, in the channel's own tax mode."""

    external_id: Code
    kind: Literal["goods", "fee"] = "goods"
    sku: Annotated[str, Field(max_length=100)] | None
    gtin: Annotated[str, Field(max_length=20)] | None = None
    title: Text
    variant: Text | None = None
    image_url: Address | None = None
    product_url: Address | None = None
    quantity: Annotated[int, Field(strict=True, ge=0, le=10**6)]
    unit_price: Minor
    list_price: Minor | None = None
    total: Minor
    tax_rate: Annotated[str, Field(pattern=r"^\d(\.\d{1,6})?$")]
    tax: Minor
    discounts: tuple[VendureDiscount, ...] = ()


class VendureCustomer(Wire):
    """The customer of an order."""

    external_id: Code | None = None
    email: Text | None = None
    phone: Text | None = None
    first_name: Text | None = None
    last_name: Text | None = None


class VendureRefusal(Wire):
    """What the shop would not take of the last write: an article, or a promotion code."""

    sku: Text | None = None
    wanted: Annotated[int, Field(ge=0)] | None = None
    accepted: Annotated[int, Field(ge=0)] | None = None
    code: Text | None = None
    reason: Text | None = None


class VendureOrder(Wire):
    """The whole order as it is now."""

    external_id: Code
    revision: Annotated[int, Field(ge=0)]
    last_push: Text | None = None
    refused: tuple[VendureRefusal, ...] = ()
    updated_at: AwareDatetime
    state: Text
    active: bool
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    locale: Text | None = None
    tax_mode: Literal["inclusive", "exclusive"]
    customer: VendureCustomer | None = None
    codes: Annotated[tuple[Text, ...], Field(max_length=100)] = ()
    shipping: Minor = 0
    lines: Annotated[tuple[VendureLine, ...], Field(max_length=2000)]
    merged_into: Code | None = None
    into_revision: Annotated[int, Field(ge=0)] | None = None


class VendureDeleted(Wire):
    """The order is gone; at log-in its lines went into another one."""

    external_id: Code
    revision: Annotated[int, Field(ge=0)] | None = None
    at: AwareDatetime
    merged_into: Code | None = None
    into_revision: Annotated[int, Field(ge=0)] | None = None


class VendureTaken(Wire):
    """How much of an article was bought."""

    sku: Text
    quantity: Annotated[int, Field(ge=0)]


class VendureOrdered(Wire):
    """The order was placed online."""

    external_id: Code
    revision: Annotated[int, Field(ge=0)] | None = None
    at: AwareDatetime
    order_number: Text | None = None
    lines: Annotated[tuple[VendureTaken, ...], Field(max_length=2000)] = ()


class Envelope(Wire):
    """What every body is wrapped in."""

    type: Text
    timestamp: datetime | None = None
    data: dict[str, Any]
