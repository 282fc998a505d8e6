"""What can happen to an enquiry: immutable facts in the past tense, one class each."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, TypeAdapter

from cartbridge.domain.cart.state import Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.enquiry.state import Author, Kind, Outcome, SaleRef
from cartbridge.domain.items import Item
from cartbridge.domain.model import Strict
from cartbridge.domain.twin import Twin, TwinRef
from cartbridge.domain.wanted import MessageWanted


class Event(Strict):
    """A fact about one enquiry. `type` and `schema_version` never change once released."""

    schema_version: ClassVar[int] = 1


class Opened(Event):
    """Somebody asked; `due_at` is when she must have heard from us."""

    personal: ClassVar[frozenset[str]] = frozenset({"subject", "customer"})
    type: Literal["enquiry.opened"] = "enquiry.opened"
    kind: Kind | None = None
    origin: Origin
    brand: str | None = None
    locale: str | None = None
    store: str | None = None
    team: str | None = None
    subject: str | None = None
    customer: Customer | None = None
    items: tuple[Item, ...] = ()
    sale: SaleRef | None = None
    wished_at: datetime | None = None
    due_at: datetime


class MessageAdded(Event):
    """Somebody wrote: she, or staff; `due_at` if it is counted anew from here."""

    personal: ClassVar[frozenset[str]] = frozenset({"text"})
    type: Literal["enquiry.message_added"] = "enquiry.message_added"
    message: str
    channel: str
    author: Author
    staff: str | None = None
    text: str = ""  # empty only once the person was erased
    at: datetime
    connection: str | None = None
    name: str | None = None
    due_at: datetime | None = None


class Assigned(Event):
    """Somebody took it, or was given it."""

    type: Literal["enquiry.assigned"] = "enquiry.assigned"
    staff: str


class Unassigned(Event):
    """Nobody has it any more."""

    type: Literal["enquiry.unassigned"] = "enquiry.unassigned"


class Moved(Event):
    """It went to another store, or to a team; `due_at` if a date there fell through by it."""

    type: Literal["enquiry.moved"] = "enquiry.moved"
    store: str | None = None
    team: str | None = None
    due_at: datetime | None = None


class Answered(Event):
    """She heard from us, by that message."""

    type: Literal["enquiry.answered"] = "enquiry.answered"
    message: str
    staff: str | None = None


class Scheduled(Event):
    """She is expected, or called, at that time."""

    type: Literal["enquiry.scheduled"] = "enquiry.scheduled"
    at: datetime
    store: str | None = None
    staff: str | None = None


class Demonstrated(Event):
    """The demonstration took place: she was shown these."""

    type: Literal["enquiry.demonstrated"] = "enquiry.demonstrated"
    at: datetime
    items: tuple[Item, ...]
    store: str | None = None
    staff: str | None = None


class DetailsChanged(Event):
    """What was not told is known now, or it is due at another time; None: as it was."""

    personal: ClassVar[frozenset[str]] = frozenset({"subject"})
    type: Literal["enquiry.details_changed"] = "enquiry.details_changed"
    kind: Kind | None = None
    subject: str | None = None
    items: tuple[Item, ...] | None = None
    sale: SaleRef | None = None
    wished_at: datetime | None = None
    due_at: datetime | None = None


class CustomerIdentified(Event):
    """It became known who asks."""

    personal: ClassVar[frozenset[str]] = frozenset({"customer"})
    type: Literal["enquiry.customer_identified"] = "enquiry.customer_identified"
    customer: Customer | None = None  # None only once the person was erased


class Linked(Event):
    """It is about that cart, wish list or quote; or the cart was born of it."""

    type: Literal["enquiry.linked"] = "enquiry.linked"
    document: str
    born: bool = False


class Closed(Event):
    """It is done with; `message` is the answer that closed it, `connection` where it was closed."""

    type: Literal["enquiry.closed"] = "enquiry.closed"
    outcome: Outcome
    message: str | None = None
    connection: str | None = None


class Reopened(Event):
    """It is taken up again; `due_at` if nobody wrote, and it is counted anew from here."""

    type: Literal["enquiry.reopened"] = "enquiry.reopened"
    due_at: datetime | None = None


class Cancelled(Event):
    """It was deleted where it was asked."""

    type: Literal["enquiry.cancelled"] = "enquiry.cancelled"
    connection: str | None = None


class TwinJoined(Event):
    """A counterpart on a connection was tied to this enquiry."""

    type: Literal["enquiry.twin_joined"] = "enquiry.twin_joined"
    twin: Twin


class TwinLeft(Event):
    """A counterpart is gone there."""

    type: Literal["enquiry.twin_left"] = "enquiry.twin_left"
    ref: TwinRef


class MessageTold(Event):
    """A message is shown there, too."""

    type: Literal["enquiry.message_told"] = "enquiry.message_told"
    ref: TwinRef
    message: str


EnquiryEvent = Annotated[
    Opened
    | MessageAdded
    | Assigned
    | Unassigned
    | Moved
    | Answered
    | Scheduled
    | Demonstrated
    | DetailsChanged
    | CustomerIdentified
    | Linked
    | Closed
    | Reopened
    | Cancelled
    | TwinJoined
    | TwinLeft
    | MessageTold
    | MessageWanted,
    Field(discriminator="type"),
]

_ADAPTER: Final[TypeAdapter[EnquiryEvent]] = TypeAdapter(EnquiryEvent)


def parse(body: dict[str, Any]) -> EnquiryEvent:
    """The event that a stored body holds."""
    return _ADAPTER.validate_python(body)


def parse_json(body: bytes) -> EnquiryEvent:
    """As `parse`, of the bytes that are stored."""
    return _ADAPTER.validate_json(body)
