"""What the companion sends: its wire form, field by field; what it adds later is passed over."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

_EXACT: Final = re.compile(r"-?\d{1,12}(\.\d{1,40})?", re.ASCII)


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("a text without NUL is expected")
    return text


def _decimal(value: object) -> Decimal:
    if not isinstance(value, str) or not _EXACT.fullmatch(value):
        raise ValueError('an amount in major units is expected, as a decimal string: "89.9"')
    return Decimal(value)


def _whole(value: Decimal) -> Decimal:
    if not 0 <= value <= 10**6:
        raise ValueError("a quantity from 0 to 1000000 is expected")
    return value


def _rate(value: Decimal) -> Decimal:
    if not 0 <= value < 1000:
        raise ValueError("a tax rate in percent is expected")
    return value


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
Exact = Annotated[Decimal, BeforeValidator(_decimal)]
Percent = Annotated[Exact, AfterValidator(_rate)]
Pieces = Annotated[Exact, AfterValidator(_whole)]
Count = Annotated[int, Field(strict=True, ge=0, le=10**6)]
Revision = Annotated[int, Field(strict=True, ge=0, le=2**53)]
Flag = Annotated[bool, Field(strict=True)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_recent)]
State = Literal["open", "ordered", "sold", "deleted"]


class Wire(BaseModel):
    """Read from a sender we do not control."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class MedusaAdjustment(Wire):
    """What a promotion takes off a line, its share of a cart promotion included."""

    code: Text | None = None
    label: Text | None = None
    amount: Exact


class MedusaTaxLine(Wire):
    """A tax rate of a line, in percent."""

    rate: Percent


class MedusaLine(Wire):
    """A line item; amounts in major units and unrounded, `unit_price` with tax or without."""

    external_id: Code
    sku: Sku | None = None
    gtin: Short | None = None
    barcode: Text | None = None
    title: Text
    variant: Text | None = None
    is_giftcard: Flag = False
    image_url: Address | None = None
    handle: Text | None = None
    quantity: Pieces
    unit_price: Exact
    compare_at_unit_price: Exact | None = None
    is_tax_inclusive: Flag
    original_total: Exact
    total: Exact
    tax_total: Exact
    tax_lines: Annotated[tuple[MedusaTaxLine, ...], Field(max_length=20)] = ()
    adjustments: Annotated[tuple[MedusaAdjustment, ...], Field(max_length=100)] = ()


class MedusaCustomer(Wire):
    """The customer of a cart; `proven` only once she has logged in."""

    proven: Flag
    external_id: Short | None = None
    email: Short | None = None
    phone: Short | None = None
    first_name: Short | None = None
    last_name: Short | None = None


class MedusaRefusal(Wire):
    """What the shop would not take of the last write: an article, or a promotion code."""

    sku: Sku | None = None
    gtin: Short | None = None
    title: Text | None = None
    wanted: Count = 0
    accepted: Count = 0
    code: Text | None = None
    reason: Text | None = None


class MedusaFulfilment(Wire):
    """How a whole order reaches the shopper; `location` is the stock location she comes to."""

    kind: Literal["pick_up", "delivery"]
    location: Code | None = None


class MedusaOrder(Wire):
    """The order that the cart became; `delivered_at` once all of it is in her hands."""

    number: Text
    at: Moment
    fulfilment: MedusaFulfilment | None = None
    delivered_at: Moment | None = None


class MedusaCart(Wire):
    """The whole cart as it is now, and how far it has come with the gateway."""

    external_id: Code
    revision: Revision
    last_push: Text | None = None
    refused: Annotated[tuple[MedusaRefusal, ...], Field(max_length=2000)] = ()
    updated_at: Moment
    state: Literal["open", "ordered"]
    order: MedusaOrder | None = None
    currency_code: Annotated[str, Field(pattern=r"^[A-Za-z]{3}$")]
    locale: Short | None = None
    customer: MedusaCustomer | None = None
    codes: Annotated[tuple[Text, ...], Field(max_length=100)] = ()
    in_checkout: Flag = False
    has_payment: Flag = False
    lines: Annotated[tuple[MedusaLine, ...], Field(max_length=2000)]
    item_total: Exact
    shipping_total: Exact
    shipping_tax_total: Exact
    tax_total: Exact


class MedusaEnded(Wire):
    """A cart that was sold in the store, or is gone."""

    external_id: Code
    revision: Revision
    updated_at: Moment


class MedusaAccount(Wire):
    """A customer with an account, as the list of those that changed tells her."""

    external_id: Short
    updated_at: Moment
    email: Short | None = None
    phone: Short | None = None
    first_name: Short | None = None
    last_name: Short | None = None


class MedusaChanges(Wire):
    """What changed since a position, and the position behind it."""

    items: Annotated[tuple[dict[str, Any], ...], Field(max_length=200)]
    next: Text


class Mention(Wire):
    """Which cart a body speaks of, what it is, and at which revision."""

    external_id: Code
    revision: Revision
    state: State


class Envelope(Wire):
    """What every body is wrapped in."""

    type: Literal["cart.snapshot", "cart.ordered", "cart.sold", "cart.deleted"]
    data: dict[str, Any]
