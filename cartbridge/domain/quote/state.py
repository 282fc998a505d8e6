"""A quote as its facts leave it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import Field

from cartbridge.domain.cart.state import Handover, QuoteRef
from cartbridge.domain.line import Line
from cartbridge.domain.listing.state import Listing
from cartbridge.domain.model import Strict
from cartbridge.domain.quantity import Amount
from cartbridge.domain.quote.lifecycle import HOLDS, State

Answerer = Literal["customer", "staff", "platform"]


class Issue(Strict):
    """What holds: the lines at their prices, as they last went out, and until when."""

    revision: int
    at: datetime
    valid_until: datetime | None = None  # None: whoever issued it told no end
    lines: tuple[Line, ...] = ()


class TakenUp(Strict):
    """A cart that was born of it, and at which revision."""

    cart: str
    revision: int


class PartSold(Strict):
    """What was sold of it: with a cart of ours, or by a platform alone. Never a payment."""

    cart: str | None = None
    receipt_number: str | None = None
    order_number: str | None = None
    connection: str | None = None
    store: str | None = None
    at: datetime
    lines: dict[str, Amount] = Field(default_factory=dict)


class Quote(Listing):
    """A quote, whole: `lines` are what is being written, `issued` is what holds."""

    personal: ClassVar[frozenset[str]] = Listing.personal | {"message", "decline_reason"}

    state: State = State.NONE
    number: str | None = None  # as people know it
    message: str | None = None  # what she asked for, in her words
    from_cart: str | None = None  # the cart it was asked for
    pricing: str | None = None  # con_…: whose prices hold; None: our own issue's
    revision: int = 0
    issued: Issue | None = None
    next_valid_until: datetime | None = None  # goes out with the next issue
    accepted_by: Answerer | None = None
    declined_by: Answerer | None = None
    decline_reason: str | None = None
    carts: tuple[TakenUp, ...] = ()
    sold: tuple[PartSold, ...] = ()
    double_sales: int = 0
    handovers: tuple[Handover, ...] = ()  # the live ones: they live as long as the quote holds
    codes: int = 0  # how many there ever were: each is drawn anew

    @property
    def wanted(self) -> tuple[Line, ...]:
        """The lines that twins should show: those that went out last."""
        return self.lines if self.issued is None else self.issued.lines

    @property
    def settled(self) -> bool:
        """Whether twins may be told: not while it is being written, unless it came to an end."""
        if self.issued is None or self.state is State.REQUESTED:
            return False
        return self.state is not State.ISSUED or not self.is_being_changed

    @property
    def is_being_changed(self) -> bool:
        """Whether its lines or its date changed since they last went out."""
        return self.issued is not None and (
            self.lines != self.issued.lines or self.next_valid_until is not None
        )

    @property
    def valid_until(self) -> datetime | None:
        """Until when it holds; None if nothing was issued, no end was told, or it was accepted."""
        if self.issued is None or self.state is State.ACCEPTED:
            return None
        return self.issued.valid_until

    def holds(self, now: datetime) -> bool:
        """Whether a till or a shop may take it up at this moment."""
        return self.state in HOLDS and (self.valid_until is None or now <= self.valid_until)

    @property
    def left(self) -> tuple[Line, ...]:
        """What holds and was not sold yet, each line for what is left of it."""
        lines = self.issued.lines if self.issued is not None else ()
        amounts = ((line, line.quantity.value - self.sold_of(line.id)) for line in lines)
        return tuple(line.with_quantity(amount) for line, amount in amounts if amount > 0)

    def sold_of(self, line_id: str) -> Decimal:
        """How much of a line was sold, by whomever."""
        return sum((part.lines.get(line_id, Decimal(0)) for part in self.sold), Decimal(0))

    @property
    def ref(self) -> QuoteRef:
        """What a cart that is born of it keeps of it."""
        return QuoteRef(
            id=self.id,
            number=self.number or "",
            revision=self.revision,
            valid_until=self.valid_until,
            lines=tuple(line.id for line in self.wanted),
        )

    def handover(self, handover_id: str) -> Handover | None:
        """The live hand-over of that id."""
        return next((offer for offer in self.handovers if offer.id == handover_id), None)


def due_at(quote: Quote) -> datetime | None:
    """When the gateway has to look at it again: the date until which its issue holds."""
    return quote.valid_until if quote.state is State.ISSUED else None


# How a platform is told of states that are ours alone.
_TOLD: Mapping[State, str] = {State.CANCELLED: "declined"}


def told_state(quote: Quote) -> str:
    """Where it stands, in the words that platforms are told."""
    return _TOLD.get(quote.state, quote.state.value)


def details(quote: Quote) -> Mapping[str, str]:
    """What its counterparts should show beside the lines: its state, and our own revision."""
    ours = {"revision": str(quote.revision)} if quote.issued and quote.pricing is None else {}
    return {"state": told_state(quote), **ours}
