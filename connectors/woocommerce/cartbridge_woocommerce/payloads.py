"""What WooCommerce sends by REST v3 and webhooks: orders, articles, accounts, field by field."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from cartbridge_woocommerce.forms import (
    Amount,
    Count,
    Currency,
    Flag,
    Gmt,
    Id,
    Level,
    MaybeAmount,
    MaybeShort,
    Name,
    Sku,
    Text,
    Wire,
    amount_or_blank,
)


class Meta(Wire):
    """A further fact about an order or one of its rows; the value is whatever a plugin keeps."""

    key: Any = None
    value: Any = None
    display_key: Any = None
    display_value: Any = None


class OrderTax(Wire):
    """A row's share of one of the order's taxes."""

    id: Id
    total: Annotated[Decimal, BeforeValidator(amount_or_blank)]


class TaxLine(Wire):
    """One of the order's taxes; the rate in percent."""

    rate_id: Id
    rate_percent: Annotated[Decimal, Field(ge=0, le=100)] | None = None


class Image(Wire):
    """A row's picture."""

    src: Any = None


class OrderLine(Wire):
    """A row of an order: amounts of the whole row, net, with their tax beside."""

    id: Id
    name: Text
    product_id: Id
    variation_id: Id = 0
    quantity: Count
    subtotal: Amount
    subtotal_tax: Amount
    total: Amount
    total_tax: Amount
    taxes: Annotated[tuple[OrderTax, ...], Field(max_length=50)] = ()
    meta_data: Annotated[tuple[Meta, ...], Field(max_length=500)] = ()
    sku: Sku = None
    global_unique_id: MaybeShort = None
    image: Image | None = None


class FeeLine(Wire):
    """A fee of an order."""

    total: Amount
    total_tax: Amount


class ShippingLine(Wire):
    """How an order, or one parcel of it, reaches the shopper."""

    method_id: Text
    instance_id: Text = ""
    meta_data: Annotated[tuple[Meta, ...], Field(max_length=500)] = ()


class CouponLine(Wire):
    """A coupon of an order."""

    code: Name


class Refund(Wire):
    """Money given back; which articles came back is not told here."""

    id: Id


class Billing(Wire):
    """Who pays."""

    first_name: MaybeShort = None
    last_name: MaybeShort = None
    company: MaybeShort = None
    email: MaybeShort = None
    phone: MaybeShort = None


class Mention(Wire):
    """The least that a body of an order tells: which one."""

    id: Annotated[int, Field(strict=True, gt=0, le=2**53)]


class Listed(Mention):
    """The least of an order in a list: which one, and when it changed."""

    date_modified_gmt: Gmt


class Stage(Mention):
    """How far an order is, how it reaches the shopper, and what was noted about it."""

    status: Name
    date_paid_gmt: Gmt | None = None
    payment_method: Text = ""
    shipping_lines: Annotated[tuple[ShippingLine, ...], Field(max_length=100)] = ()
    meta_data: Annotated[tuple[Meta, ...], Field(max_length=2000)] = ()


class Order(Stage):
    """A whole order, as REST v3 and the webhooks of orders show it."""

    number: Name
    currency: Currency
    prices_include_tax: Flag
    date_created_gmt: Gmt
    date_modified_gmt: Gmt
    date_completed_gmt: Gmt | None = None
    customer_id: Id = 0
    billing: Billing = Billing()
    total: Amount
    total_tax: Amount
    shipping_total: Amount
    shipping_tax: Amount
    line_items: Annotated[tuple[OrderLine, ...], Field(max_length=2000)]
    tax_lines: Annotated[tuple[TaxLine, ...], Field(max_length=50)] = ()
    fee_lines: Annotated[tuple[FeeLine, ...], Field(max_length=200)] = ()
    coupon_lines: Annotated[tuple[CouponLine, ...], Field(max_length=100)] = ()
    refunds: Annotated[tuple[Refund, ...], Field(max_length=500)] = ()


class Webhook(Wire):
    """One of the shop's webhooks."""

    id: Id
    status: Text
    topic: Text
    delivery_url: Text


class Option(Wire):
    """One of the shop's own settings."""

    id: Any = None
    value: Any = None


class Product(Wire):
    """An article of the shop's catalogue: simple, or one variation of a variable one."""

    id: Id
    type: Text
    parent_id: Id = 0
    status: Text = "publish"
    sku: Sku = None
    global_unique_id: MaybeShort = None
    price: MaybeAmount = None
    manage_stock: Flag | Literal["parent"] = False
    stock_quantity: Level | None = None

    @property
    def is_sold(self) -> bool:
        """Whether it can be bought as it is: a variable one is bought as one of its variations."""
        return self.status == "publish" and not self.is_collection

    @property
    def is_collection(self) -> bool:
        """Whether it only stands for others, or for what another shop sells."""
        return self.type.startswith("variable") or self.type in ("grouped", "external")

    @property
    def asked(self) -> Decimal | None:
        """What a piece costs now, a sale price included; None if it has no price."""
        return self.price if self.price is not None and self.price >= 0 else None

    @property
    def on_hand(self) -> Decimal | None:
        """How much there is, never less than nothing; None if the shop does not count it."""
        if not self.manage_stock or self.stock_quantity is None:
            return None
        return max(self.stock_quantity, Decimal(0))


class ChangedProduct(Product):
    """An article as a webhook shows it."""

    id: Annotated[int, Field(strict=True, gt=0, le=2**53)]
    name: Text
    status: Name
    date_modified_gmt: Gmt


class Account(Mention):
    """A customer's account, as its webhooks show it."""

    role: Text = ""
    email: MaybeShort = None
    first_name: MaybeShort = None
    last_name: MaybeShort = None
    billing: Billing = Billing()
    date_created_gmt: Gmt
    date_modified_gmt: Gmt | None = None
