"""What tills, tablets and kiosks send, and what they are answered."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from cartbridge.domain.canonical import CanonicalCart
from cartbridge.domain.cart.state import NotTaken
from cartbridge.domain.customer import Customer
from cartbridge.domain.drift import Drift
from cartbridge.domain.items import Gtin, Item
from cartbridge.domain.line import Discount
from cartbridge.domain.model import Strict
from cartbridge.domain.money import Minor
from cartbridge.domain.quantity import Amount
from cartbridge.http.moment import Moment
from cartbridge.sdk.both_sides import LoyaltyShown

Staff = Annotated[str, Field(min_length=1, max_length=50)]
Receipt = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\s/?#]+$")]
Positive = Annotated[Amount, Field(gt=0)]
LineId = Annotated[str, Field(pattern=r"^lin_[0-9a-f]{32}$")]


class PairRequest(Strict):
    """A new terminal gives the code an operator read to it."""

    pairing_code: Annotated[str, Field(min_length=4, max_length=32)]


class PairAnswer(Strict):
    """Who the terminal is from now on; the key is shown this once."""

    terminal: str
    store: str
    key: str


class TakeOver(Strict):
    """Why another till's cart is taken over."""

    reason: Annotated[str, Field(min_length=1, max_length=200)]


class ClaimRequest(Strict):
    """The cart is named by exactly one of QR code, 8 digits, its id, or the id of its quote."""

    code: Annotated[str, Field(max_length=2000)] | None = None
    short_code: Annotated[str, Field(max_length=50)] | None = None
    cart: Annotated[str, Field(max_length=50)] | None = None
    quote: Annotated[str, Field(max_length=50)] | None = None
    take_over: TakeOver | None = None
    staff: Staff | None = None

    @model_validator(mode="after")
    def _one(self) -> "ClaimRequest":
        if [self.code, self.short_code, self.cart, self.quote].count(None) != 3:
            raise ValueError("give exactly one of code, short_code, cart or quote")
        return self


class ClaimAnswer(Strict):
    """A claim as it stands; `over` once this terminal no longer holds the cart."""

    claim: str
    fence: int
    over: bool
    lease_seconds_left: int
    as_of: datetime
    stale: bool
    cart: CanonicalCart
    drift: Drift
    late_sales: int  # sales of this cart that another terminal reported too late
    loyalty: LoyaltyShown | None = None  # what her card shows, as its platform tells it


class ClaimsQuery(Strict):
    """Whose claims: this terminal's, or the whole store's."""

    of: Literal["terminal", "store"] = "terminal"


class HeldCart(Strict):
    """One cart on the list of what is held here."""

    claim: str
    terminal: str
    outcome: Literal["unknown"] | None
    cart: CanonicalCart


class HeldCarts(Strict):
    """What is held here, carts of unknown outcome first."""

    items: tuple[HeldCart, ...]
    next: None = None


class ClaimAction(Strict):
    """An act on a claim; a fence that is told must be the claim's own."""

    fence: Annotated[int, Field(ge=1)] | None = None
    staff: Staff | None = None


class CheckLine(Strict):
    """What the till itself would say of a line."""

    line: LineId
    unit_price: Minor | None = None
    tax_rate: Annotated[str, Field(pattern=r"^\d(\.\d{1,6})?$")] | None = None
    in_stock: Amount | None = None
    promotion: Annotated[str, Field(max_length=200)] | None = None


class CheckRequest(Strict):
    """The till's own prices, taxes and stock, to be compared."""

    fence: Annotated[int, Field(ge=1)] | None = None
    lines: Annotated[tuple[CheckLine, ...], Field(max_length=2000)]
    staff: Staff | None = None


class SoldLineRequest(Strict):
    """What was sold of a line; a price that is not told is taken from the cart and marked."""

    line: LineId
    quantity: Amount
    unit_price: Minor | None = None
    total: Minor | None = None
    discounts: tuple[Discount, ...] = ()


class ItemTold(Strict):
    """An article as a till knows it: by number or by reference; the item list knows the rest."""

    sku: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    gtin: Gtin | None = None
    title: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    variant: Annotated[str, Field(max_length=500)] | None = None

    @model_validator(mode="after")
    def _named(self) -> "ItemTold":
        if self.sku is None and self.gtin is None and self.title is None:
            raise ValueError("name the article by sku, gtin or title")
        return self

    @property
    def item(self) -> Item:
        """The item, titled by its number until the item list tells better."""
        title = self.title or self.sku or self.gtin or ""
        return Item(sku=self.sku, gtin=self.gtin, title=title, variant=self.variant)


class ExtraLineRequest(Strict):
    """An article sold with the cart that was not in it."""

    item: ItemTold
    quantity: Positive
    unit_price: Minor | None = None


class CompleteRequest(Strict):
    """The till sold the cart. No payment: what was paid, and how, stays with the till."""

    fence: Annotated[int, Field(ge=1)]
    receipt_number: Receipt
    sold_at: Moment
    staff: Staff | None = None
    loyalty_number: Annotated[str, Field(max_length=100)] | None = None
    lines: Annotated[tuple[SoldLineRequest, ...], Field(max_length=2000)] | None = None
    extra_lines: Annotated[tuple[ExtraLineRequest, ...], Field(max_length=200)] = ()
    not_taken: Annotated[tuple[NotTaken, ...], Field(max_length=2000)] = ()
    codes_used: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    discounts: Annotated[tuple[Discount, ...], Field(max_length=50)] = ()
    total: Minor | None = None


class CompleteAnswer(Strict):
    """The cart after the sale and what is left of it; `conflict` if it was sold elsewhere too."""

    cart: CanonicalCart
    remainder: CanonicalCart | None
    conflict: bool


class CartAnswer(Strict):
    """A cart."""

    cart: CanonicalCart


class ReturnLineRequest(Strict):
    """How much of which line, or of which article, came back."""

    line: LineId | None = None
    gtin: Gtin | None = None
    quantity: Positive
    reason: Annotated[str, Field(max_length=200)] | None = None

    @model_validator(mode="after")
    def _one(self) -> "ReturnLineRequest":
        if (self.line is None) == (self.gtin is None):
            raise ValueError("give either line or gtin")
        return self


class ReturnRequest(Strict):
    """Goods of a sale came back; the sale is named by its receipt number or its cart."""

    receipt_number: Receipt | None = None
    cart: Annotated[str, Field(max_length=50)] | None = None
    lines: Annotated[tuple[ReturnLineRequest, ...], Field(min_length=1, max_length=2000)]
    staff: Staff | None = None

    @model_validator(mode="after")
    def _one(self) -> "ReturnRequest":
        if (self.receipt_number is None) == (self.cart is None):
            raise ValueError("give either receipt_number or cart")
        return self


class ScannedLine(Strict):
    """An article put into the cart in a store."""

    item: ItemTold
    quantity: Positive
    unit: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,3}$")] | None = None
    unit_price: Minor | None = None
    note: Annotated[str, Field(max_length=500)] | None = None


class BeginRequest(Strict):
    """A cart begun in the shop."""

    add: Annotated[tuple[ScannedLine, ...], Field(max_length=2000)] = ()
    codes: Annotated[tuple[str, ...], Field(max_length=50)] = ()
    customer: Customer | None = None
    locale: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] | None = None
    metadata: Annotated[dict[str, str], Field(max_length=50)] = {}
    staff: Staff | None = None


class SetLine(Strict):
    """A line's quantity becomes this; 0 takes it out."""

    line: LineId
    quantity: Amount


class ChangeRequest(Strict):
    """What is to change in a cart; `codes` is the whole set as it shall be."""

    set: Annotated[tuple[SetLine, ...], Field(max_length=2000)] = ()
    add: Annotated[tuple[ScannedLine, ...], Field(max_length=2000)] = ()
    remove: Annotated[tuple[LineId, ...], Field(max_length=2000)] = ()
    codes: Annotated[tuple[str, ...], Field(max_length=50)] | None = None
    customer: Customer | None = None
    staff: Staff | None = None
