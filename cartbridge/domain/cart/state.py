"""The cart as its events leave it: what decide looks at and views are made of."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import Field

from cartbridge.domain.cart.lifecycle import BOUGHT, State
from cartbridge.domain.cart.reservation import Reservation
from cartbridge.domain.customer import Customer
from cartbridge.domain.line import Discount, Fulfilment, Line
from cartbridge.domain.model import Strict, left_out
from cartbridge.domain.money import CurrencyCode, TaxMode
from cartbridge.domain.quantity import Amount
from cartbridge.domain.twin import Snapshot, Twin, TwinRef

Channel = Literal[
    "web", "app", "till", "tablet", "kiosk", "mirror", "social", "agent", "call_centre"
]
Direction = Literal["to_store", "to_online"]
NotTakenReason = Literal[
    "out_of_stock", "did_not_fit", "price", "changed_mind", "bought_elsewhere", "other"
]


class Origin(Strict):
    """Where a cart began."""

    channel: Channel = "web"
    connection: str | None = None
    store: str | None = None
    terminal: str | None = None
    imported: bool = False  # found by the first look at a shop: no writes, no chasers


class Binding(Strict):
    """Whom a to-online code was joined by: the first customer or browser, and nobody else."""

    connection: str
    customer: str | None = None  # the customer's id on that connection
    browser: str | None = None  # the external id of the twin of a guest


class Handover(Strict):
    """An offer of the cart to the other side; its code is known here only by its hash."""

    id: str  # hnd_…
    direction: Direction
    code_hash: str
    short_hash: str | None = None
    expires_at: datetime
    store: str | None = None
    bound_to: Binding | None = None


class Claim(Strict):
    """The acceptance: one terminal holds the cart."""

    id: str  # clm_…
    terminal: str
    store: str
    fence: int
    since: datetime
    on_hold: bool = False
    handover: str | None = None  # whose code brought the cart here, also to who took it over


class SoldLine(Strict):
    """What a till sold of a line; what it did not tell is taken from the cart and marked."""

    line: str
    quantity: Amount
    returned: Amount = Decimal(0)
    unit_price: int | None = None
    total: int | None = None
    discounts: tuple[Discount, ...] = ()
    assumed: bool = False
    extra: bool = False  # it was not in the cart: added at the till


class NotTaken(Strict):
    """What she tried or looked at and did not take, and why; `keep` leaves it in her cart."""

    line: str
    quantity: Amount
    reason: NotTakenReason
    keep: bool = True


class Sale(Strict):
    """That a sale happened, under which number, and what it took. Never a payment."""

    receipt_number: str | None = None
    order_number: str | None = None
    store: str | None = None
    terminal: str | None = None
    connection: str | None = None
    at: datetime
    lines: tuple[SoldLine, ...]
    not_taken: tuple[NotTaken, ...] = ()
    remainder: str | None = None
    fulfilment: Fulfilment | None = left_out()  # of an order, where its shop told

    @property
    def all_returned(self) -> bool:
        """Whether everything that was sold came back."""
        return all(line.returned >= line.quantity for line in self.lines)


class QuoteRef(Strict):
    """The quote a cart was born of: these lines keep its prices as long as it holds."""

    id: str  # qte_…
    number: str
    revision: int
    valid_until: datetime | None = None  # None: it was accepted, or no end was told
    lines: tuple[str, ...] = ()


class Cart(Strict):
    """A cart, whole: its lines, its twins, who holds it, what was sold."""

    personal: ClassVar[frozenset[str]] = frozenset(
        {"customer", "notes", "metadata", "waiting", "bindings"}
    )

    id: str
    version: int = 0
    state: State = State.NONE
    outcome: Literal["unknown"] | None = None
    unheard: Claim | None = None  # the claim whose outcome nobody told yet
    currency: CurrencyCode = "EUR"
    tax_mode: TaxMode = "inclusive"
    root: str | None = None  # the first cart of the family, if it is not this one
    parent: str | None = None
    enquiry: str | None = left_out()  # the enquiry it was born of
    pass_of: str | None = left_out()  # the cart whose pass leads here, if it is not the root's
    successor: str | None = None  # the cart that carries on: the remainder, or the one merged into
    quote: QuoteRef | None = None
    brand: str | None = None
    locale: str | None = None
    price_list: str | None = None
    customer: Customer | None = None
    origin: Origin = Origin()
    lines: tuple[Line, ...] = ()
    notes: dict[str, str] = Field(default_factory=dict)  # line → what the shopper wrote
    codes: tuple[str, ...] = ()
    shipping: int = 0
    has_payment: bool = False
    attribution: dict[str, str] = Field(default_factory=dict)
    consent: dict[str, bool] = Field(default_factory=dict)
    metadata: dict[str, str] = Field(default_factory=dict)
    twins: tuple[Twin, ...] = ()
    # twin → the newest seen while a terminal held the cart
    waiting: dict[str, Snapshot] = Field(default_factory=dict)
    # twin that came from another cart → its old pushes
    moved_with: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    handovers: tuple[Handover, ...] = ()  # the live ones
    # code hash of a used to-online code → who joined by it
    bindings: dict[str, Binding] = Field(default_factory=dict)
    claim: Claim | None = None
    last_claim: Claim | None = None  # the newest there was, over or not
    fence: int = 0
    sale: Sale | None = None
    late_sales: int = 0
    reservation: Reservation | None = left_out()
    # the store in which somebody has to do something for it, and when: see `waiting_in`
    at_store: str | None = left_out()
    at_store_by: datetime | None = left_out()
    merged_at_revision: int | None = None  # from which on the heir's twin shows our lines
    merges: int = 0  # how often it was merged: a merge may be undone
    started_at: datetime | None = None
    updated_at: datetime | None = None

    def line(self, line_id: str) -> Line | None:
        """The line of that id, if the cart has it."""
        return next((line for line in self.lines if line.id == line_id), None)

    def twin(self, ref: TwinRef) -> Twin | None:
        """The twin at that place, if this cart has it."""
        return next((twin for twin in self.twins if twin.ref == ref), None)

    def is_behind(self, twin: Twin) -> bool:
        """Whether a twin from another cart still shows what that cart sold: no push of ours yet."""
        old_pushes = self.moved_with.get(str(twin.ref))
        return old_pushes is not None and (twin.last_push is None or twin.last_push in old_pushes)

    @property
    def wanted(self) -> tuple[Line, ...]:
        """The lines that twins should show: none of what was bought already."""
        return () if self.state in BOUGHT else self.lines

    @property
    def at_hand(self) -> tuple[Line, ...]:
        """What she can carry to the till: not what the store said it did not find for her."""
        if self.reservation is None:
            return self.lines
        missing = self.reservation.missing
        left = ((line, line.quantity.value - missing(line)) for line in self.lines)
        return tuple(line.with_quantity(amount) for line, amount in left if amount > 0)

    @property
    def slot_holder(self) -> str:
        """The cart whose key and slot this one shares with all its descendants."""
        return self.root or self.id

    @property
    def pass_holder(self) -> str:
        """The document whose pass leads here: its quote, or the first cart of the family."""
        return self.quote.id if self.quote is not None else self.pass_of or self.slot_holder

    def lines_held(self, now: datetime) -> frozenset[str]:
        """The lines whose captured price holds at this moment, whatever a till would charge."""
        quote = self.quote
        if quote is None or (quote.valid_until is not None and quote.valid_until < now):
            return frozenset()
        return frozenset(quote.lines)

    def handover(self, handover_id: str) -> Handover | None:
        """The live hand-over of that id."""
        return next((offer for offer in self.handovers if offer.id == handover_id), None)


def former_refs(twin: Twin) -> tuple[TwinRef, ...]:
    """Where the twin was before its platform gave it the present id."""
    return tuple(twin.ref.model_copy(update={"external_id": old}) for old in twin.aliases)


def due_at(cart: Cart, idle: timedelta) -> datetime | None:
    """When the gateway has to look at the cart again: its next code runs out, or it lay idle."""
    if cart.handovers:
        return min(offer.expires_at for offer in cart.handovers)
    if cart.reservation is not None and cart.state is not State.CLAIMED:
        return cart.reservation.until
    if cart.state in (State.OPEN, State.CHECKOUT) and cart.outcome is None and cart.updated_at:
        return cart.updated_at + idle
    return None


def waiting_in(cart: Cart) -> tuple[str, datetime] | None:
    """The store where somebody has to do something for the cart, and the time to sort it by.

    A reservation is to be looked for until she comes, and an order to be handed out since it was
    bought.
    """
    if cart.state is State.OFFERED and cart.reservation is not None:
        return cart.reservation.store, cart.reservation.until.astimezone(UTC)
    if cart.state is State.ORDERED and cart.sale is not None:
        told = cart.sale.fulfilment
        if told is not None and told.kind == "pick_up" and told.store is not None:
            return told.store, cart.sale.at.astimezone(UTC)
    return None
