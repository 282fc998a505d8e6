"""What a connector says it saw, in canonical form, before anybody decides what it means."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from cartbridge.domain.customer import Customer
from cartbridge.domain.enquiry.state import Kind
from cartbridge.domain.items import Item
from cartbridge.domain.line import Fulfilment
from cartbridge.domain.model import Strict
from cartbridge.domain.money import CurrencyCode, Minor
from cartbridge.domain.quantity import Amount
from cartbridge.domain.twin import Snapshot, TwinKind


class Hint(Strict):
    """Something changed there, and the hook does not say what: the document is fetched."""

    kind: TwinKind = "cart"
    external_id: str


class CartSeen(Strict):
    """The whole cart as the platform shows it now."""

    kind: TwinKind = "cart"
    external_id: str
    snapshot: Snapshot


class CartGone(Strict):
    """The platform no longer has the cart; or it lives on in another one."""

    kind: TwinKind = "cart"
    external_id: str
    revision: int | None = None
    at: datetime
    merged_into: str | None = None
    into_revision: int | None = None  # the first revision of that cart that holds these lines


class CheckoutSeen(Strict):
    """The shopper entered the online checkout, or left it without buying."""

    kind: TwinKind = "cart"
    external_id: str
    at: datetime
    step: Literal["started", "left"]


class TakenLine(Strict):
    """How much of an item key was bought or came back; `item` is what it is there."""

    key: str
    quantity: Amount
    item: Item | None = None
    unit_price: int | None = None
    total: int | None = None


class CartOrdered(Strict):
    """The cart was bought on the platform, under that order number."""

    kind: TwinKind = "cart"
    external_id: str
    revision: int | None = None
    at: datetime
    order_number: str | None = None
    fulfilled: bool = False
    fulfilment: Fulfilment | None = None  # of the whole order: to be picked up in that store
    lines: tuple[TakenLine, ...] = ()


class CartReturned(Strict):
    """Goods of an order came back to the platform; told again under one name they count once."""

    kind: TwinKind = "cart"
    external_id: str
    at: datetime
    name: str | None = None  # what the platform calls this return, such as its refund's number
    lines: tuple[TakenLine, ...] = ()


class SaleSeen(Strict):
    """A till that we watch sold what we had put on it; what its cashier added has an `item`."""

    kind: TwinKind = "till_order"
    external_id: str
    at: datetime
    receipt_number: str
    lines: tuple[TakenLine, ...] = ()
    customer: Customer | None = None


class OrderHandedOut(Strict):
    """An order that was to be picked up is in the shopper's hands.

    Where a cart keeps its id beyond its sale, `order_number` tells which of its orders it is.
    """

    kind: TwinKind = "cart"
    external_id: str
    at: datetime
    order_number: str | None = None


class WishlistSeen(Strict):
    """The whole wish list as the platform shows it now; `purpose` is its free kind: gift, school.

    What the platform does not tell is None.
    """

    kind: TwinKind = "wishlist"
    external_id: str
    snapshot: Snapshot
    name: Annotated[str, Field(max_length=200)] | None = None
    purpose: Annotated[str, Field(max_length=50)] | None = None
    state: Literal["open", "shared", "archived"] | None = None


class QuoteSeen(Strict):
    """The whole quote as the platform shows it now, at the prices that it holds."""

    kind: TwinKind = "quote"
    external_id: str
    snapshot: Snapshot
    number: Annotated[str, Field(max_length=100)] | None = None  # as people know it there
    state: Literal["requested", "issued", "accepted", "declined", "converted", "expired"]
    valid_until: datetime | None = None
    message: Annotated[str, Field(max_length=2000)] | None = None  # what she asked, or we answered


class DocumentGone(Strict):
    """The platform no longer has the wish list, quote or enquiry."""

    kind: TwinKind
    external_id: str
    revision: int | None = None
    at: datetime


EnquiryKind = Kind


class EnquirySeen(Strict):
    """A question, or a demonstration asked for, as the platform's contact form told it.

    Told again it changes nothing but what it did not tell before. `store` is the store's id there.
    """

    kind: TwinKind = "enquiry"
    external_id: str
    at: datetime
    about: EnquiryKind = "information"
    subject: Annotated[str, Field(max_length=500)] | None = None
    message: Annotated[str, Field(max_length=5000)] | None = None
    store: str | None = None
    customer: Customer | None = None
    locale: str | None = None
    items: tuple[Item, ...] = ()
    cart: str | None = None  # the external id of a cart there
    receipt_number: str | None = None
    wished_at: datetime | None = None  # when she would like the demonstration or the call
    closed: bool = False


class EnquiryMessageSeen(Strict):
    """One message of the thread; told again under one name it counts once."""

    kind: TwinKind = "enquiry"
    external_id: str
    name: str
    at: datetime
    channel: Annotated[str, Field(max_length=50)] = "web"
    author: Literal["customer", "staff"]
    staff: str | None = None
    text: Annotated[str, Field(max_length=5000)]


class Browsed(Strict):
    """One browsing fact; `external_id` is the visitor's session there, `name` this very fact.

    Without `consent` for analytics it is dropped where it enters.
    """

    kind: TwinKind = "session"
    external_id: str
    name: str
    what: Literal["product_viewed", "list_viewed", "searched"]
    at: datetime
    item: Item | None = None  # product_viewed
    text: Annotated[str, Field(max_length=200)] | None = None  # the list's name, what was searched
    customer: Customer | None = None
    consent: dict[str, bool] = Field(default_factory=dict)


class CustomerSeen(Strict):
    """Who a customer is on the platform, and what she agreed to, by purpose; None: not told.

    What she is known by, her id there included, stands in `customer`: `external_id` may be no more
    than the name of the message.
    """

    kind: TwinKind = "customer"
    external_id: str
    at: datetime
    customer: Customer
    consent: dict[str, bool] | None = None
    erasure_requested: bool = False


class StockSeen(Strict):
    """How much of an item a store has; `external_id` names the item there, `store` the store."""

    kind: TwinKind = "item"
    external_id: str
    item: Item
    store: str
    quantity: Amount
    at: datetime


class PriceSeen(Strict):
    """What an item costs in a price list now, tax as that list has it; None: no longer in it."""

    kind: TwinKind = "item"
    external_id: str
    item: Item
    price_list: str
    currency: CurrencyCode
    unit_price: Minor | None
    at: datetime


Observation = (
    Hint
    | CartSeen
    | CartGone
    | CheckoutSeen
    | CartOrdered
    | CartReturned
    | SaleSeen
    | OrderHandedOut
    | WishlistSeen
    | QuoteSeen
    | DocumentGone
    | EnquirySeen
    | EnquiryMessageSeen
    | Browsed
    | CustomerSeen
    | StockSeen
    | PriceSeen
)


class Lost(Strict):
    """One thing of a payload that could not be carried over, or had to be assumed."""

    field: str
    what: Literal["dropped", "defaulted", "rounded", "unresolved"]
    why: str


class Read(Strict):
    """What a payload says, and the mapping report: what was lost or defaulted on the way."""

    observations: tuple[Observation, ...] = ()
    report: tuple[Lost, ...] = ()
