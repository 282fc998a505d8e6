"""What may be asked of an enquiry: imperative, complete, with every id already drawn."""

from dataclasses import dataclass
from datetime import datetime

from cartbridge.domain.cart.commands import StartCart
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.customer import Customer
from cartbridge.domain.enquiry.events import Opened
from cartbridge.domain.enquiry.state import Message, Outcome
from cartbridge.domain.items import Item
from cartbridge.domain.twin import TwinRef


@dataclass(frozen=True)
class Open:
    """Begin an enquiry on our side: by a contact form's call, or by an associate."""

    opened: Opened
    message: Message | None = None
    linked: tuple[str, ...] = ()
    ref: TwinRef | None = None


@dataclass(frozen=True)
class See:
    """Take in an enquiry as a platform tells it; what was told before stays as it is."""

    ref: TwinRef
    opened: Opened
    message: Message | None = None
    linked: tuple[str, ...] = ()
    closed: bool = False


@dataclass(frozen=True)
class SeeMessage:
    """Take in one message of a platform's thread; `opened` begins one that was never told."""

    ref: TwinRef
    message: Message
    opened: Opened


@dataclass(frozen=True)
class Write:
    """Somebody writes: a customer waits for an answer from then on, until `due_at`."""

    message: Message
    due_at: datetime


@dataclass(frozen=True)
class Change:
    """Send it elsewhere, give it to somebody or to nobody, set its time; None: as it is.

    `due_again`: when she must have heard if a date that was made falls through by it.
    """

    due_again: datetime
    store: str | None = None
    team: str | None = None
    staff: str | None = None
    unassign: bool = False
    due_at: datetime | None = None
    subject: str | None = None
    customer: Customer | None = None


@dataclass(frozen=True)
class SetDate:
    """She is expected, or called, at that time; another store gets it by that."""

    at: datetime
    store: str | None
    staff: str | None
    due_again: datetime


@dataclass(frozen=True)
class NoteDemonstration:
    """She was shown these; without any, what the enquiry was about."""

    at: datetime
    items: tuple[Item, ...] = ()
    store: str | None = None
    staff: str | None = None


@dataclass(frozen=True)
class Close:
    """It is done with; a last message of ours may say so."""

    outcome: Outcome
    message: Message | None = None


@dataclass(frozen=True)
class Reopen:
    """Take it up again, or give up the date that was made."""

    due_at: datetime


@dataclass(frozen=True)
class BeginCart:
    """A cart is born of it; `alive` is the one that was, and still is."""

    cart: str
    start: StartCart
    alive: Cart | None = None


@dataclass(frozen=True)
class NoteTold:
    """That counterpart shows this message now."""

    ref: TwinRef
    message: str


@dataclass(frozen=True)
class LoseTwin:
    """The platform no longer has it."""

    ref: TwinRef


Command = (
    Open
    | See
    | SeeMessage
    | Write
    | Change
    | SetDate
    | NoteDemonstration
    | Close
    | Reopen
    | BeginCart
    | NoteTold
    | LoseTwin
)
