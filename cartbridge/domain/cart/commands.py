"""What may be asked of a cart: imperative, complete, with every id and hash already drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from cartbridge.domain.cart.reservation import Reserve
from cartbridge.domain.cart.state import Binding, Cart, Direction, NotTaken, Origin, QuoteRef
from cartbridge.domain.customer import Customer
from cartbridge.domain.items import Item, LineKind, SoldBy
from cartbridge.domain.line import Discount, Fulfilment, Prices
from cartbridge.domain.money import TaxMode
from cartbridge.domain.projection import Projection
from cartbridge.domain.quantity import Quantity
from cartbridge.domain.twin import Snapshot, Twin, TwinRef


@dataclass(frozen=True)
class NewLine:
    """A line to add, its id drawn by the caller."""

    id: str
    item: Item
    quantity: Quantity
    prices: Prices = Prices()
    kind: LineKind = "goods"
    sold_by: SoldBy = "piece"
    parent_line: str | None = None
    fulfilment: Fulfilment = Fulfilment()
    note: str | None = None
    wishlist: str | None = None  # the wish list that holds it, too


@dataclass(frozen=True)
class StartCart:
    """Begin a cart on our side: in a store, or by a channel without a platform."""

    origin: Origin
    currency: str
    lines: tuple[NewLine, ...] = ()
    codes: tuple[str, ...] = ()
    tax_mode: TaxMode = "inclusive"
    brand: str | None = None
    locale: str | None = None
    price_list: str | None = None
    customer: Customer | None = None
    metadata: Mapping[str, str] | None = None
    root: str | None = None  # the document it descends from: a wish list, a quote, an enquiry
    enquiry: str | None = None  # the enquiry it is born of
    quote: QuoteRef | None = None
    attribution: Mapping[str, str] | None = None
    consent: Mapping[str, bool] | None = None


@dataclass(frozen=True)
class RefillCart:
    """Let the cart be what its quote holds now; what else was put into it stays."""

    lines: tuple[NewLine, ...]
    quote: QuoteRef


@dataclass(frozen=True)
class Observe:
    """Take in what a platform shows, by the three-way merge."""

    ref: TwinRef
    snapshot: Snapshot
    projection: Projection  # of the cart's wanted lines, in that platform's own form
    line_ids: tuple[str, ...]  # as many as the snapshot has rows
    new_cart: str  # used if the cart is finished and the twin was touched again
    origin: Origin
    brand: str | None = None
    at_once: bool = False  # even while a terminal holds the cart: it was bought like this


@dataclass(frozen=True)
class EditCart:
    """Change a cart from a terminal."""

    set: Mapping[str, Decimal]  # line → quantity; 0 removes
    add: tuple[NewLine, ...] = ()
    codes: tuple[str, ...] | None = None  # the whole set, as it shall be
    customer: Customer | None = None
    terminal: str | None = None


@dataclass(frozen=True)
class PlanWrite:
    """Decide what a twin should show and store it before it is sent."""

    ref: TwinRef
    push_id: str
    projection: Projection


@dataclass(frozen=True)
class OfferHandover:
    """Make a code for the other side; the older code of that direction dies."""

    handover: str
    direction: Direction
    code_hash: str
    expires_at: datetime
    short_hash: str | None = None
    store: str | None = None
    terminal: str | None = None  # who asks, if a till does
    reserve: Reserve | None = None  # the store shall set the cart aside
    reserve_for: timedelta = timedelta(hours=48)  # the longest a store keeps anything aside


@dataclass(frozen=True)
class RevokeHandover:
    """Kill a code; a reservation ends with its own."""

    handover: str


@dataclass(frozen=True)
class Found:
    """What the store found of a reserved line; no quantity: all of it, or nothing."""

    line: str
    found: bool
    quantity: Decimal | None = None


@dataclass(frozen=True)
class MarkReservation:
    """Say what is set aside, and what was not found."""

    handover: str
    lines: tuple[Found, ...]
    staff: str | None = None


@dataclass(frozen=True)
class LapseHandovers:
    """Close the codes whose time is over."""


@dataclass(frozen=True)
class JoinHandover:
    """Tie the shopper's own session to the cart, by a to-online code."""

    code_hash: str
    ref: TwinRef
    binding: Binding
    has_own: bool = False  # the session holds a cart of ours already, which will go into this one
    customer: Customer | None = None


@dataclass(frozen=True)
class ClaimCart:
    """Take the cart to a terminal: by a code, or by naming the cart."""

    claim: str
    terminal: str
    store: str
    code_hash: str | None = None
    take_over_reason: str | None = None


@dataclass(frozen=True)
class HoldClaim:
    """Keep the cart at the terminal until the store closes."""

    claim: str


@dataclass(frozen=True)
class ReleaseClaim:
    """Put the cart back."""

    claim: str
    why: Literal["released", "sent_online", "store_closed"] = "released"


@dataclass(frozen=True)
class LapseClaim:
    """The hold time ran out."""

    claim: str


@dataclass(frozen=True)
class TellOutcome:
    """Say that a cart of unknown outcome was not sold."""


@dataclass(frozen=True)
class PutOnTill:
    """Note that the cart was put before a cashier, as what, and for which claim or offer."""

    twin: Twin


@dataclass(frozen=True)
class TakenAtTill:
    """What the till says of one line."""

    line: str
    quantity: Decimal
    unit_price: int | None = None
    total: int | None = None
    discounts: tuple[Discount, ...] = ()


@dataclass(frozen=True)
class CompleteSale:
    """The till sold the cart, or part of it."""

    claim: str
    fence: int
    receipt_number: str
    sold_at: datetime
    store: str
    terminal: str
    remainder: str  # the id a remainder would get
    lines: tuple[TakenAtTill, ...] | None = None  # None: the whole cart, as it stands
    extra_lines: tuple[NewLine, ...] = ()
    not_taken: tuple[NotTaken, ...] = ()
    codes_used: tuple[str, ...] = ()
    discounts: tuple[Discount, ...] = ()
    total: int | None = None
    loyalty_shown: bool = False


@dataclass(frozen=True)
class VoidSale:
    """Cancel the ticket; `successor` is the cart that now carries on, if there is one."""

    receipt_number: str
    successor: Cart | None = None


@dataclass(frozen=True)
class ReturnLines:
    """Take goods of this sale back: line → quantity and reason."""

    lines: Mapping[str, tuple[Decimal, str | None]]
    store: str | None = None
    terminal: str | None = None


@dataclass(frozen=True)
class OrderOnline:
    """The platform says the cart was bought there."""

    ref: TwinRef
    at: datetime
    order_number: str | None = None
    taken: Mapping[str, Decimal] | None = None  # item key → quantity; None: what it showed
    fulfilled: bool = False
    projection: Projection = ()
    remainder: str | None = None  # the id a remainder would get; None: none is made
    fulfilment: Fulfilment | None = None  # of the whole order; its store is ours


@dataclass(frozen=True)
class HandOut:
    """An order that waited in a store is given to the shopper."""

    store: str | None = None
    terminal: str | None = None


@dataclass(frozen=True)
class SeeCheckout:
    """The shopper entered or left the online checkout."""

    connection: str
    step: Literal["started", "left"]


@dataclass(frozen=True)
class LoseTwin:
    """The platform no longer has the twin; `into` is our cart that took its lines, if any."""

    ref: TwinRef
    into: str | None = None
    into_revision: int | None = None  # of the twin that took the lines


@dataclass(frozen=True)
class RenameTwin:
    """The platform gave the same twin another id."""

    ref: TwinRef
    to: TwinRef


@dataclass(frozen=True)
class MergeInto:
    """Let this cart go into another one of the same shopper, twins and all."""

    into: str


@dataclass(frozen=True)
class AdoptMerged:
    """Take over the lines and twins of a cart that went into this one."""

    merged: Cart
    gone: TwinRef | None = None  # the merged cart's twin that the platform itself joined…
    ref: TwinRef | None = None  # …to this twin of ours
    already_shown: bool = False  # our twin was seen since, and its shadow holds the lines
    merged_projection: Projection = ()
    projection: Projection = ()  # of this cart, as its twin at `ref` would show it


@dataclass(frozen=True)
class AbandonCart:
    """Close an idle cart for the moment; any touch reopens it."""


Command = (
    StartCart
    | RefillCart
    | Observe
    | EditCart
    | PlanWrite
    | OfferHandover
    | RevokeHandover
    | LapseHandovers
    | MarkReservation
    | JoinHandover
    | ClaimCart
    | HoldClaim
    | ReleaseClaim
    | LapseClaim
    | TellOutcome
    | PutOnTill
    | CompleteSale
    | VoidSale
    | ReturnLines
    | OrderOnline
    | HandOut
    | SeeCheckout
    | LoseTwin
    | RenameTwin
    | MergeInto
    | AdoptMerged
    | AbandonCart
)
