"""The canonical webhook as it stands on the wire: what may be sent, field by field."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    model_validator,
)

from cartbridge.sdk.documents import CurrencyCode, TaxMode, plain

MAX_LINES: Final = 2000
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
_DECIMAL: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_MOMENT: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}[Tt ].{5,30}")


class Wire(BaseModel):
    """A part of a body: fields we do not know are tolerated, null and empty are not told."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _told(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {name: member for name, member in value.items() if member not in (None, "")}


def _text(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def is_storable(text: str) -> bool:
    """Whether a text can be kept as UTF-8 anywhere: no NUL, no half of a surrogate pair."""
    return _UNSTORABLE.search(text) is None


def _storable(text: str) -> str:
    if not is_storable(text):
        raise ValueError("a text without NUL or lone surrogates is expected")
    return text


def _decimal(value: Any) -> Any:
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return value
    raise ValueError('write it as a number or a decimal string, for example "1.5"')


def _signed(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("-"):
        return -_decimal(value[1:])
    return _decimal(value)


def _quantity(value: Any) -> Any:
    return value if isinstance(value, Mapping) else {"value": value}


def _amount(value: Any) -> Any:
    return value.get("value") if isinstance(value, Mapping) else value


def _company(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _moment(value: Any) -> Any:
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return value
    raise ValueError("write it as in RFC 3339, for example 2026-11-20T10:00:00Z")


def _rate(value: Any) -> Any:
    return plain(Decimal(value)) if isinstance(value, int | Decimal) else value


Storable = AfterValidator(_storable)
# A constraint right behind its type is checked natively; behind a validator it would not be.
Text = Annotated[str, Field(max_length=500), BeforeValidator(_text), Storable]
Letter = Annotated[str, Field(max_length=5000), BeforeValidator(_text), Storable]
Address = Annotated[str, Field(max_length=2000), Storable]
Short = Annotated[str, Field(max_length=320), BeforeValidator(_text), Storable]
Id = Annotated[str, Field(min_length=1, max_length=255), BeforeValidator(_text), Storable]
Sku = Annotated[str, Field(min_length=1, max_length=100), BeforeValidator(_text), Storable]
Word = Annotated[str, Field(min_length=1, max_length=100), Storable]
# A cart's amount fits far below this; more is a sender's mistake, not a sale.
Minor = Annotated[int, Field(strict=True, ge=-(10**12), le=10**12)]
Revision = Annotated[int, Field(strict=True, ge=0, le=2**63 - 1)]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
Number = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=6), BeforeValidator(_decimal)]
Signed = Annotated[
    Decimal,
    Field(ge=-(10**9), le=10**9, max_digits=15, decimal_places=6),
    BeforeValidator(_signed),
]
Rate = Annotated[str, Field(pattern=r"^[0-9](\.[0-9]{1,6})?$"), BeforeValidator(_rate)]
Exact = Annotated[str, Field(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,12})?$")]
Some = Annotated[dict[Word, Any], Field(max_length=50)]  # values of any kind; texts are kept


class Quantity(Wire):
    """How much: more than nothing, in a UN/ECE Rec 20 unit (C62 is the piece)."""

    value: Annotated[Number, Field(gt=0)]
    unit: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,3}$")] = "C62"


class Item(Wire):
    """What is sold: at least one of SKU, GTIN and title."""

    sku: Sku | None = None
    gtin: Any = None  # a wrong one does not stop the cart
    title: Text | None = None
    variant: Text | None = None
    attributes: Some = Field(default_factory=dict)
    image_url: Address | None = None
    product_url: Address | None = None


class Tax(Wire):
    """A tax of the whole line; 20 % is written 0.20."""

    rate: Rate
    code: Annotated[str, Field(max_length=10), Storable] = "S"
    amount: Minor


class Fee(Wire):
    """A fee of the whole line, such as the eco-participation."""

    kind: Word = "other"
    amount: Minor
    included: StrictBool = True


class Discount(Wire):
    """A reduction of the whole line."""

    code: Word | None = None
    label: Text | None = None
    amount: Annotated[Minor, Field(ge=0)]


class Line(Wire):
    """One row of a cart, an order or a return; amounts in minor units for the whole line."""

    external_id: Id | None = None
    kind: Word | None = None
    sold_by: Word | None = None
    item: Item
    quantity: Annotated[Quantity, BeforeValidator(_quantity)]
    unit_price: Minor | None = None
    unit_price_exact: Annotated[str, Field(pattern=r"^-?[0-9]{1,12}(\.[0-9]{1,12})?$")] | None = (
        None
    )
    list_price: Minor | None = None
    taxes: Annotated[tuple[Tax, ...], Field(max_length=20)] = ()
    discounts: Annotated[tuple[Discount, ...], Field(max_length=50)] = ()
    fees: Annotated[tuple[Fee, ...], Field(max_length=20)] = ()
    total: Minor | None = None
    note: Text | None = None
    parent_line: Any = None
    fulfilment: Any = None


Lines = Annotated[tuple[Line, ...], Field(max_length=MAX_LINES)]


class Company(Wire):
    """The company she buys for; a bare text is its name."""

    name: Short | None = None
    vat_number: Short | None = None


class Customer(Wire):
    """Whose cart it is, as far as she let the system know."""

    external_id: Short | None = None
    email: Short | None = None
    phone: Short | None = None
    loyalty_number: Short | None = None
    first_name: Short | None = None
    last_name: Short | None = None
    company: Annotated[Company, BeforeValidator(_company)] | None = None


class Refused(Wire):
    """A row of one of our writes that the system would not take whole."""

    line: Annotated[str, BeforeValidator(_text), Field(max_length=700), Storable]
    reason: Text | None = None
    accepted: Annotated[Number, BeforeValidator(_amount)] | None = None


class RefusedCode(Wire):
    """A promotion code of one of our writes that the system would not take."""

    code: Word
    reason: Text | None = None


class Cart(Wire):
    """`cart.snapshot`: the whole cart as it is now."""

    external_id: Id
    revision: Revision | None = None
    last_push: Id | None = None
    updated_at: Moment | None = None
    currency: CurrencyCode | None = None
    tax_mode: TaxMode | None = None
    channel: Word | None = None
    locale: Word | None = None
    price_list: Word | None = None
    customer: Customer | None = None
    lines: Lines
    codes: Annotated[tuple[Word, ...], Field(max_length=100)] = ()
    refused: Annotated[tuple[Refused, ...], Field(max_length=MAX_LINES)] = ()
    refused_codes: Annotated[tuple[RefusedCode, ...], Field(max_length=100)] = ()
    shipping: Minor = 0
    has_payment: StrictBool = False
    attribution: Some = Field(default_factory=dict)
    consent: Some = Field(default_factory=dict)


class Mention(Wire):
    """The document that a body speaks of."""

    external_id: Id
    revision: Revision | None = None


class Fulfilment(Wire):
    """How an order reaches the shopper; carried out means that it is in her hands."""

    kind: Literal["carry_out", "pick_up", "delivery"] = "delivery"
    store: Id | None = None


class Ending(Wire):
    """What became of a cart: deleted, ordered, handed out, returned."""

    external_id: Id
    revision: Revision | None = None
    at: Moment | None = None
    order_number: Id | None = None
    merged_into: Id | None = None
    lines: Lines = ()
    fulfilment: Fulfilment | None = None


class Changes(Wire):
    """What `changes_url` answers: carts as they are now, and the cursor behind them."""

    carts: Annotated[tuple[dict[str, Any], ...], Field(max_length=500)]
    next: Annotated[str, BeforeValidator(_text), Field(min_length=1, max_length=1000), Storable]
    more: StrictBool = False


class Envelope(Wire):
    """The outer form of every body."""

    type: Word
    timestamp: Moment | None = None
    data: dict[str, Any]
