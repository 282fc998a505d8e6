"""What can happen to a cart: immutable facts in the past tense, one class each."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, TypeAdapter

from cartbridge.domain.cart.reservation import HowEnded, Reserve
from cartbridge.domain.cart.state import (
    Binding,
    Direction,
    NotTaken,
    Origin,
    QuoteRef,
    SoldLine,
)
from cartbridge.domain.customer import Customer
from cartbridge.domain.line import Discount, Fulfilment, Line, Prices
from cartbridge.domain.model import Strict, left_out
from cartbridge.domain.quantity import Amount
from cartbridge.domain.twin import (
    Basket,
    CodeRefusal,
    PlannedWrite,
    Refusal,
    Snapshot,
    Twin,
    TwinRef,
)
from cartbridge.domain.wanted import MessageWanted


class Event(Strict):
    """A fact about one cart. `type` and `schema_version` never change once released."""

    schema_version: ClassVar[int] = 1


class Started(Event):
    """A cart was begun, or began as what was left of another one."""

    personal: ClassVar[frozenset[str]] = frozenset({"customer", "metadata"})
    type: Literal["cart.started"] = "cart.started"
    origin: Origin
    currency: str
    tax_mode: Literal["inclusive", "exclusive"] = "inclusive"
    root: str | None = None
    parent: str | None = None
    quote: QuoteRef | None = None
    enquiry: str | None = left_out()
    pass_of: str | None = left_out()
    brand: str | None = None
    locale: str | None = None
    price_list: str | None = None
    customer: Customer | None = None
    attribution: dict[str, str] = Field(default_factory=dict)
    consent: dict[str, bool] = Field(default_factory=dict)
    metadata: dict[str, str] = Field(default_factory=dict)


class LineAdded(Event):
    """An article was put into the cart."""

    personal: ClassVar[frozenset[str]] = frozenset({"note"})
    type: Literal["cart.line_added"] = "cart.line_added"
    line: Line
    note: str | None = None
    from_cart: str | None = None  # it came from another cart: a remainder, a cancelled ticket


class LineChanged(Event):
    """The quantity of a line changed."""

    type: Literal["cart.line_changed"] = "cart.line_changed"
    line: str
    was: Amount
    quantity: Amount


class LineRemoved(Event):
    """A line was taken out of the cart."""

    type: Literal["cart.line_removed"] = "cart.line_removed"
    line: str
    was: Amount


class LinePriced(Event):
    """The shop where the cart began told other prices for a line."""

    type: Literal["cart.line_priced"] = "cart.line_priced"
    line: str
    prices: Prices


class CodeApplied(Event):
    """A promotion code was entered."""

    type: Literal["cart.code_applied"] = "cart.code_applied"
    code: str


class CodeRemoved(Event):
    """A promotion code was taken off."""

    type: Literal["cart.code_removed"] = "cart.code_removed"
    code: str


class CustomerIdentified(Event):
    """It became known whose cart this is."""

    personal: ClassVar[frozenset[str]] = frozenset({"customer"})
    type: Literal["cart.customer_identified"] = "cart.customer_identified"
    customer: Customer | None = None  # None only once the person was erased


class DetailsChanged(Event):
    """Something beside the lines changed: shipping, consent, attribution, a payment on it."""

    personal: ClassVar[frozenset[str]] = frozenset({"metadata"})
    type: Literal["cart.details_changed"] = "cart.details_changed"
    shipping: int | None = None
    has_payment: bool | None = None
    locale: str | None = None
    attribution: dict[str, str] | None = None
    consent: dict[str, bool] | None = None
    metadata: dict[str, str] | None = None


class QuoteRevised(Event):
    """The quote it was born of was issued anew, or accepted: these prices hold now."""

    type: Literal["cart.quote_revised"] = "cart.quote_revised"
    quote: QuoteRef


class TwinJoined(Event):
    """A counterpart on a connection was tied to this cart, as it is there."""

    type: Literal["cart.twin_joined"] = "cart.twin_joined"
    twin: Twin
    from_cart: str | None = None


class TwinObserved(Event):
    """What a connection shows was seen, and is what both sides now agree on."""

    type: Literal["cart.twin_observed"] = "cart.twin_observed"
    ref: TwinRef
    shadow: Basket
    codes: tuple[str, ...] = ()
    revision: int | None = None
    last_push: str | None = None  # the newest of our writes that this already holds
    refusals: tuple[Refusal, ...] = ()
    refused_codes: tuple[CodeRefusal, ...] = ()
    echo: bool = False


class ObservationHeld(Event):
    """The shopper changed her cart elsewhere while a till held it; it waits for the till."""

    personal: ClassVar[frozenset[str]] = frozenset({"snapshot"})
    type: Literal["cart.observation_held"] = "cart.observation_held"
    ref: TwinRef
    snapshot: Snapshot | None = None  # None only once the person was erased


class WritePlanned(Event):
    """A write to a connection was decided; it is sent after this is stored."""

    type: Literal["cart.write_planned"] = "cart.write_planned"
    ref: TwinRef
    write: PlannedWrite


class EditOverwritten(Event):
    """A platform that cannot be written conditionally lost an edit made at the same moment."""

    type: Literal["cart.edit_overwritten"] = "cart.edit_overwritten"
    ref: TwinRef
    revision: int | None = None


class TwinPlaced(Event):
    """The cart was put before a cashier: on the screen of the till that claimed it, or on offer."""

    type: Literal["cart.twin_placed"] = "cart.twin_placed"
    twin: Twin


class TwinLeft(Event):
    """A counterpart is no longer this cart's: it moved to another cart, or was ended."""

    type: Literal["cart.twin_left"] = "cart.twin_left"
    ref: TwinRef
    to_cart: str | None = None


class HandoverOffered(Event):
    """The cart was offered to the other side: a code is live."""

    type: Literal["cart.handover_offered"] = "cart.handover_offered"
    handover: str
    direction: Direction
    code_hash: str
    short_hash: str | None = None
    expires_at: datetime
    store: str | None = None
    reserve: Reserve | None = left_out()


class ReservationLineMarked(Event):
    """Somebody in the store set a reserved line aside, all or some of it, or did not find it."""

    type: Literal["cart.reservation_line_marked"] = "cart.reservation_line_marked"
    handover: str
    line: str
    mark: Literal["set_aside", "not_found"]
    quantity: Amount  # set aside
    asked: Amount
    staff: str | None = None


class ReservationReady(Event):
    """The store looked for every line and found something: it waits for her until that time."""

    type: Literal["cart.reservation_ready"] = "cart.reservation_ready"
    handover: str
    store: str
    until: datetime
    set_aside: tuple[str, ...]  # the lines of which at least some is there
    not_found: tuple[str, ...]  # the lines of which nothing is


class ReservationEnded(Event):
    """What was set aside, and was not bought, can go back to the shelf."""

    type: Literal["cart.reservation_ended"] = "cart.reservation_ended"
    handover: str
    store: str
    how: HowEnded


class HandoverEnded(Event):
    """A code died: used, revoked, run out, or replaced by a newer one."""

    type: Literal["cart.handover_ended"] = "cart.handover_ended"
    handover: str
    how: Literal["used", "revoked", "lapsed", "replaced"]


class OfferClosed(Event):
    """No code of this cart is live any more."""

    type: Literal["cart.offer_closed"] = "cart.offer_closed"


class HandoverJoined(Event):
    """The shopper opened the link and found the cart in her own shop session."""

    personal: ClassVar[frozenset[str]] = frozenset({"bound_to"})
    type: Literal["cart.handover_joined"] = "cart.handover_joined"
    handover: str
    code_hash: str
    ref: TwinRef
    bound_to: Binding


class Claimed(Event):
    """A terminal took the cart; nobody else may sell it now."""

    type: Literal["cart.claimed"] = "cart.claimed"
    claim: str
    terminal: str
    store: str
    fence: int
    handover: str | None = None
    taken_over_from: str | None = None  # the terminal that held it before
    reason: str | None = None


class ClaimPutOnHold(Event):
    """The cart stays at the terminal until the store closes."""

    type: Literal["cart.claim_put_on_hold"] = "cart.claim_put_on_hold"
    claim: str


class ClaimReleased(Event):
    """The terminal put the cart back."""

    type: Literal["cart.claim_released"] = "cart.claim_released"
    claim: str
    why: Literal["released", "sent_online", "store_closed"] = "released"


class ClaimLapsed(Event):
    """The hold time ran out; if nobody could tell what became of the cart, that is said."""

    type: Literal["cart.claim_lapsed"] = "cart.claim_lapsed"
    claim: str
    outcome: Literal["unknown"] | None = None


class OutcomeTold(Event):
    """Somebody said that a cart of unknown outcome was not sold."""

    type: Literal["cart.outcome_told"] = "cart.outcome_told"
    claim: str
    outcome: Literal["not_sold"] = "not_sold"


class Sold(Event):
    """A till sold the cart, or part of it, under a receipt number."""

    type: Literal["cart.sold"] = "cart.sold"
    claim: str
    fence: int
    receipt_number: str
    sold_at: datetime
    store: str
    terminal: str
    lines: tuple[SoldLine, ...]
    not_taken: tuple[NotTaken, ...] = ()
    codes_used: tuple[str, ...] = ()
    discounts: tuple[Discount, ...] = ()
    total: int | None = None
    remainder: str | None = None
    loyalty_shown: bool = False
    carried_out: bool = True  # False: some sold line is handed over or sent later


class SaleReportedLate(Event):
    """A terminal that had lost the cart reported a sale: kept as a conflict, not a second sale."""

    type: Literal["cart.sale_reported_late"] = "cart.sale_reported_late"
    claim: str
    fence: int
    receipt_number: str
    sold_at: datetime
    store: str
    terminal: str
    lines: tuple[SoldLine, ...]


class DoubleSaleFound(Event):
    """The same lines turned out to be sold on two sides; somebody has to look at it."""

    type: Literal["cart.double_sale_found"] = "cart.double_sale_found"
    receipt_number: str | None = None
    order_number: str | None = None
    connection: str | None = None


class SaleVoided(Event):
    """The ticket was cancelled; its lines go back to the cart that carries on."""

    type: Literal["cart.sale_voided"] = "cart.sale_voided"
    receipt_number: str
    to_cart: str | None = None  # None: this cart itself is open again


class ReturnedLine(Strict):
    """How much of a sold line came back, and why."""

    line: str
    quantity: Amount
    reason: str | None = None


class LinesReturned(Event):
    """Goods of this sale came back to a store."""

    type: Literal["cart.lines_returned"] = "cart.lines_returned"
    lines: tuple[ReturnedLine, ...]
    store: str | None = None
    terminal: str | None = None


class AllReturned(Event):
    """Everything that was sold has come back."""

    type: Literal["cart.all_returned"] = "cart.all_returned"


class CheckoutStarted(Event):
    """The shopper began to pay online."""

    type: Literal["cart.checkout_started"] = "cart.checkout_started"
    connection: str


class CheckoutLeft(Event):
    """The shopper left the online checkout without buying."""

    type: Literal["cart.checkout_left"] = "cart.checkout_left"
    connection: str


class Ordered(Event):
    """The cart was bought online."""

    type: Literal["cart.ordered"] = "cart.ordered"
    connection: str
    order_number: str | None = None
    at: datetime
    lines: tuple[SoldLine, ...] = ()
    remainder: str | None = None  # the cart of what the order did not take
    fulfilment: Fulfilment | None = left_out()


class HandedOut(Event):
    """An order that waited in a store was given to the shopper."""

    type: Literal["order.handed_out"] = "order.handed_out"
    order_number: str | None = None
    store: str | None = None
    terminal: str | None = None


class Fulfilled(Event):
    """Everything bought is in the shopper's hands."""

    type: Literal["cart.fulfilled"] = "cart.fulfilled"


class Abandoned(Event):
    """The cart lay idle past the retailer's limit."""

    type: Literal["cart.abandoned"] = "cart.abandoned"


class Merged(Event):
    """This cart went into another one of the same shopper."""

    type: Literal["cart.merged"] = "cart.merged"
    into: str
    into_revision: int | None = None  # from which on the platform shows the joined lines


class Unmerged(Event):
    """The merge was undone; the cart is itself again."""

    type: Literal["cart.unmerged"] = "cart.unmerged"


class Expired(Event):
    """Retention closed the cart."""

    type: Literal["cart.expired"] = "cart.expired"


class Cancelled(Event):
    """The shop deleted the cart."""

    type: Literal["cart.cancelled"] = "cart.cancelled"
    connection: str | None = None


CartEvent = Annotated[
    Started
    | LineAdded
    | LineChanged
    | LineRemoved
    | LinePriced
    | CodeApplied
    | CodeRemoved
    | CustomerIdentified
    | DetailsChanged
    | QuoteRevised
    | TwinJoined
    | TwinObserved
    | ObservationHeld
    | WritePlanned
    | EditOverwritten
    | TwinPlaced
    | TwinLeft
    | HandoverOffered
    | ReservationLineMarked
    | ReservationReady
    | ReservationEnded
    | HandoverEnded
    | OfferClosed
    | HandoverJoined
    | Claimed
    | ClaimPutOnHold
    | ClaimReleased
    | ClaimLapsed
    | OutcomeTold
    | Sold
    | SaleReportedLate
    | DoubleSaleFound
    | SaleVoided
    | LinesReturned
    | AllReturned
    | CheckoutStarted
    | CheckoutLeft
    | Ordered
    | HandedOut
    | Fulfilled
    | Abandoned
    | Merged
    | Unmerged
    | Expired
    | Cancelled
    | MessageWanted,
    Field(discriminator="type"),
]

_ADAPTER: Final[TypeAdapter[CartEvent]] = TypeAdapter(CartEvent)


def parse_json(body: bytes) -> CartEvent:
    """As `parse`, of the bytes that are stored."""
    return _ADAPTER.validate_json(body)


def parse(body: dict[str, Any]) -> CartEvent:
    """The event that a stored body holds."""
    return _ADAPTER.validate_python(body)
