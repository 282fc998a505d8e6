"""What the plugin sends: a shopper's cart, and the answers to writes, field by field."""

from typing import Annotated, Any

from pydantic import Field

from cartbridge_woocommerce.forms import (
    Address,
    Amount,
    Count,
    Currency,
    Flag,
    Id,
    MaybeShort,
    Moment,
    Name,
    Revision,
    Sku,
    Text,
    Wire,
)


class CartAttribute(Wire):
    """A choice that makes the article: its size, its colour."""

    name: Name
    value: Text


class CartTax(Wire):
    """A tax of a row; the rate in percent."""

    rate: Annotated[Amount, Field(ge=0, le=100)]
    amount: Amount


class CartLine(Wire):
    """A row of a cart; amounts in major units, with up to six decimals."""

    key: Name
    product_id: Id
    variation_id: Id = 0
    sku: Sku = None
    global_unique_id: MaybeShort = None
    name: Text
    attributes: Annotated[tuple[CartAttribute, ...], Field(max_length=50)] = ()
    permalink: Address = None
    image_url: Address = None
    quantity: Count
    list_price_net: Amount | None = None
    list_price_gross: Amount | None = None
    subtotal_net: Amount
    subtotal_tax: Amount
    total_net: Amount
    total_tax: Amount
    taxes: Annotated[tuple[CartTax, ...], Field(max_length=50)] = ()


class CartFee(Wire):
    """A fee on a cart: no article."""

    total_net: Amount
    total_tax: Amount


class CartCoupon(Wire):
    """A coupon on a cart."""

    code: Name


class CartTotals(Wire):
    """What the whole cart comes to; `total` holds shipping, fees and tax."""

    shipping_net: Amount
    shipping_tax: Amount
    tax: Amount
    total: Amount


class CartCustomer(Wire):
    """Who fills the cart; a guest's id is 0."""

    id: Id = 0
    email: MaybeShort = None
    phone: MaybeShort = None
    first_name: MaybeShort = None
    last_name: MaybeShort = None


class CartRefusal(Wire):
    """What the shop would not take of the last write, the article named as in a row."""

    sku: Sku = None
    gtin: MaybeShort = None
    product_id: Id | None = None
    variation_id: Id | None = None
    wanted: Count
    accepted: Count
    reason: Text | None = None


class CartCodeRefusal(Wire):
    """A coupon that the shop would not take."""

    code: Name
    reason: Text | None = None


class LastOrder(Wire):
    """The newest sale of a cart, the revision at which it was sold, and where it is picked up."""

    order_id: Id
    number: Name
    at: Moment
    revision: Revision
    pick_up: MaybeShort = None


class CartMention(Wire):
    """Which cart a body speaks of, and at which revision."""

    external_id: Name
    previous_id: Name | None = None
    revision: Revision
    status: Text
    last_order: LastOrder | None = None


class Cart(CartMention):
    """The whole cart as it is now, as the plugin tells it."""

    updated_at: Moment
    last_push: Text | None = None
    refused: Annotated[tuple[CartRefusal, ...], Field(max_length=1000)] = ()
    refused_codes: Annotated[tuple[CartCodeRefusal, ...], Field(max_length=100)] = ()
    merged_into: Name | None = None
    into_revision: Revision | None = None
    currency: Currency
    prices_include_tax: Flag
    locale: Text | None = None
    customer: CartCustomer | None = None
    lines: Annotated[tuple[CartLine, ...], Field(max_length=2000)]
    fees: Annotated[tuple[CartFee, ...], Field(max_length=200)] = ()
    coupons: Annotated[tuple[CartCoupon, ...], Field(max_length=100)] = ()
    totals: CartTotals


class Changes(Wire):
    """A page of the carts that changed, and the place behind it."""

    items: Annotated[tuple[dict[str, Any], ...], Field(max_length=200)]
    next: Text
    more: Flag
