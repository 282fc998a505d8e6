"""Odoo 17 to 19 on the wire, field by field: hooks, and records as RPC reads them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


def _or_none(value: object) -> object:
    return None if value is False else value


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("a text without NUL is expected")
    return text


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("a number is expected")
    return value


def _moment(value: object) -> datetime:
    """Odoo writes UTC without saying so, with seconds by RPC and microseconds in hooks."""
    if not isinstance(value, str) or not value.isascii() or len(value) > 26:
        raise ValueError("a time is expected, for example 2026-11-20 10:00:00")
    try:
        moment = datetime.strptime(value[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError("a time is expected, for example 2026-11-20 10:00:00") from None
    if not 2000 <= moment.year < 2100:
        raise ValueError("a time of this century is expected")
    return moment


def _day(value: object) -> object:
    if value is False or value is None:
        return None
    if not isinstance(value, str) or len(value) != 10 or not value.isascii():
        raise ValueError("a day is expected, for example 2026-11-20")
    return _moment(f"{value} 00:00:00").date()


def _link(value: object) -> object:
    """Another record: `[id, name]` by RPC, its bare id in hooks and after a sync."""
    if value is False or value is None:
        return None
    if isinstance(value, list) and len(value) == 2 and isinstance(value[1], str):
        return {"id": value[0], "name": value[1]}
    return {"id": value, "name": ""}


OrNone = BeforeValidator(_or_none)
Id = Annotated[int, Field(strict=True, ge=1, le=2**53)]
Text = Annotated[str, Field(max_length=2000), AfterValidator(_storable)]
Word = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
Maybe = Annotated[Text | None, BeforeValidator(_or_none)]
Origin = Annotated[
    str, Field(max_length=255, pattern=r"^(till_order|draft_order|cart)/[\x21-\x7e]+$")
]
MaybeWord = Annotated[Word | None, BeforeValidator(_or_none)]
Number = Annotated[Decimal, BeforeValidator(_number), Field(gt=-(10**9), lt=10**9)]
Stamp = Annotated[str, Field(min_length=19, max_length=26, pattern=r"^[0-9 .:-]+$")]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Flag = Annotated[bool, Field(strict=True)]
Ids = Annotated[tuple[Id, ...], Field(max_length=100)]


class Wire(BaseModel):
    """Read from a sender we do not control; fields we do not know are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Link(Wire):
    """Another record, with the name it is shown under."""

    id: Id
    name: Annotated[str, Field(max_length=500)] = ""


To = Annotated[Link | None, BeforeValidator(_link)]
Must = Annotated[Link, BeforeValidator(_link)]


class Hinted(Wire):
    """What every hook of an automation rule, or of our add-ons, begins with."""

    model: Annotated[Word, Field(alias="_model")]
    action: Annotated[Maybe, Field(alias="_action")] = None


class TillHint(Wire):
    """A till's order changed; the rule has to send uuid, state and write_date."""

    id: Id
    uuid: Word
    state: Word
    write_date: Stamp
    config_id: To = None


class SaleHint(Wire):
    """A sales order changed; a website's one is a cart, another one may be ours."""

    id: Id
    state: Word
    write_date: Stamp
    website_id: To = None
    origin: Maybe = None


class RecordHint(Wire):
    """A wish or a lead changed; `message` is the newest one of a lead, where our add-on tells."""

    id: Id
    write_date: Stamp
    partner_id: To = None
    message: Id | None = None


class Config(Wire):
    """A till, as Odoo is set up for it."""

    id: Id
    currency_id: Must
    company_id: Must


class Product(Wire):
    """A variant, with the numbers scanners and people know it by."""

    id: Id
    name: Text
    default_code: Maybe = None
    barcode: Maybe = None
    uom_id: To = None
    taxes_id: Ids = ()
    lst_price: Number = Decimal(0)
    categ_id: To = None
    product_tmpl_id: To = None
    currency_id: To = None
    free_qty: Number = Decimal(0)  # in the warehouse that was asked for


class Tax(Wire):
    """One tax; `amount` is in per cent where `amount_type` says so."""

    id: Id
    amount: Number
    amount_type: Text = "percent"
    price_include: Flag = False
    company_id: To = None


class Partner(Wire):
    """A customer; Odoo keeps one name, not first and last."""

    id: Id
    name: Maybe = None
    email: Maybe = None
    phone: Maybe = None
    barcode: Maybe = None
    is_company: Flag = False
    vat: Maybe = None
    commercial_company_name: Maybe = None  # of a person who buys for a company


class Line(Wire):
    """A row of either order, told alike: quantities, major units, per cent."""

    id: Id
    uuid: MaybeWord = None
    product_id: To = None
    name: Maybe = None
    customer_note: Maybe = None
    quantity: Number
    delivered: Number = Decimal(0)
    price_unit: Number
    discount: Number = Decimal(0)
    untaxed: Number
    total: Number
    taxes: Ids = ()
    display_type: Maybe = None
    is_delivery: Flag = False
    is_downpayment: Flag = False
    refunded: To = None
    sale_order: To = None


class TillOrder(Wire):
    """A `pos.order`."""

    id: Id
    uuid: Word
    state: Word
    pos_reference: Maybe = None
    date_order: Moment
    write_date: Moment
    amount_total: Number
    currency_id: Must
    partner_id: To = None
    payment_ids: Annotated[tuple[Id, ...], Field(max_length=1000)] = ()
    last_order_preparation_change: Annotated[
        Annotated[str, Field(max_length=10**6), AfterValidator(_storable)] | None,
        BeforeValidator(_or_none),
    ] = None


class SaleOrder(Wire):
    """A `sale.order`; what the add-on tells of it begins with cartbridge_."""

    id: Id
    name: Text
    state: Word
    date_order: Moment
    write_date: Moment
    amount_total: Number
    amount_paid: Number = Decimal(0)
    currency_id: Must
    partner_id: To = None
    website_id: To = None
    origin: Maybe = None
    client_order_ref: Maybe = None
    amount_untaxed: Number = Decimal(0)
    amount_unpaid: Number = Decimal(0)
    validity_date: Annotated[date | None, BeforeValidator(_day)] = None  # read of quotations alone
    pos_order_line_ids: Annotated[tuple[Id, ...], Field(max_length=10000)] = ()
    cartbridge_revision: Annotated[int, Field(strict=True, ge=0, le=2**53)] | None = None
    cartbridge_last_push: Maybe = None
    cartbridge_refused: Maybe = None


class Document(Wire):
    """An order with all that is needed to read it, as `fetch` brings it."""

    model: Text
    record: dict[str, Any]
    lines: Annotated[tuple[dict[str, Any], ...], Field(max_length=2000)]
    products: Annotated[tuple[Product, ...], Field(max_length=2000)] = ()
    taxes: Annotated[tuple[Tax, ...], Field(max_length=2000)] = ()
    partner: Partner | None = None
    # Only where goods that came back have not been told yet: line → twin they were sold with.
    returns: Annotated[dict[str, Origin], Field(max_length=2000)] | None = None


class Refused(Wire):
    """What our add-on says the website would not take of the last write."""

    key: Text | None = None
    code: Text | None = None
    wanted: Annotated[str, Field(pattern=r"^\d{1,9}(\.\d{1,6})?$")] = "0"
    accepted: Annotated[str, Field(pattern=r"^\d{1,9}(\.\d{1,6})?$")] = "0"
    reason: Text | None = None
