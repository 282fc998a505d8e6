"""An enquiry as its facts leave it: who asks what, of whom, and every word since."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final, Literal, Self

from pydantic import Field

from cartbridge.domain.cart.state import Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.enquiry.lifecycle import OVER, State
from cartbridge.domain.items import Item
from cartbridge.domain.model import Strict, left_out
from cartbridge.domain.twin import Twin, TwinRef

Kind = Literal["information", "demonstration", "call_back", "after_sales"]
Author = Literal["customer", "staff"]
Outcome = Literal["resolved", "bought", "not_interested", "not_reached", "other"]

# What she has heard of is sorted behind everything that she waits for, however late that is due.
_BEHIND: Final = timedelta(days=365_000)


class Message(Strict):
    """One message of the thread; `staff` is the code of who wrote it for us."""

    id: str  # ems_…
    channel: str
    author: Author
    staff: str | None = None
    text: str
    at: datetime
    connection: str | None = None  # the connection it was written on, if it was on one
    name: str | None = None  # what it is called there


class Schedule(Strict):
    """When she is expected, or called, where and by whom."""

    at: datetime
    store: str | None = None  # None: a call that no store makes
    staff: str | None = None


class Demonstration(Strict):
    """What was shown to her, when, where and by whom."""

    at: datetime
    items: tuple[Item, ...]
    store: str | None = None
    staff: str | None = None


class SaleRef(Strict):
    """The sale it is about: its receipt number, in that store, and the cart that was sold."""

    receipt_number: str
    store: str | None = None
    cart: str | None = None  # None: told by a platform, and not known here


class Enquiry(Strict):
    """An enquiry, whole. `team` has it while no store does."""

    personal: ClassVar[frozenset[str]] = frozenset({"subject", "customer", "thread"})

    id: str
    version: int = 0
    state: State = State.NONE
    kind: Kind | None = None  # None: only its messages were seen so far
    brand: str | None = None
    locale: str | None = None
    store: str | None = None
    team: str | None = None
    staff: str | None = None  # the code of who has it
    subject: str | None = None
    customer: Customer | None = None
    origin: Origin = Origin()
    items: tuple[Item, ...] = ()
    sale: SaleRef | None = None
    wished_at: datetime | None = None  # when she would like the demonstration, or the call
    thread: tuple[Message, ...] = ()
    linked: tuple[str, ...] = ()  # carts, wish lists and quotes it is about
    carts: tuple[str, ...] = ()  # those that were born of it
    schedule: Schedule | None = None
    demonstrations: tuple[Demonstration, ...] = ()
    due_at: datetime | None = None  # when she must have heard from us
    waits: bool = False  # whether she has not, yet
    outcome: Outcome | None = None
    twins: tuple[Twin, ...] = ()
    # twin → the messages of ours that it shows
    told: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    # the store in which somebody has to do something for it, and when: see `waiting_in`
    at_store: str | None = left_out()
    at_store_by: datetime | None = left_out()
    opened_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def slot_holder(self) -> str:
        """The document whose key and slot it and its carts share."""
        return self.id

    def twin(self, ref: TwinRef) -> Twin | None:
        """The twin at that place, if it has it."""
        return next((twin for twin in self.twins if twin.ref == ref), None)

    def message(self, name: str) -> Message | None:
        """The message of that id."""
        return next((message for message in self.thread if message.id == name), None)

    def knows(self, connection: str, name: str) -> bool:
        """Whether a message of that name was seen there, or is one of ours that is shown there."""
        return any(
            message.id == name or (message.connection, message.name) == (connection, name)
            for message in self.thread
        )

    def is_late(self, now: datetime) -> bool:
        """Whether she should have heard from us by now, and has not."""
        return self.waits and self.due_at is not None and self.due_at < now

    def with_changes(self, **changes: object) -> Self:
        """The same enquiry with these fields changed."""
        return self.model_copy(update=changes)


def of_kind(documents: Sequence[str], prefix: str) -> str | None:
    """The one tied to it last, of the kind that a prefix names."""
    return next((one for one in reversed(documents) if one.startswith(prefix)), None)


def team_place(team: str) -> str:
    """Where the enquiries of a team wait: no store is called so."""
    return f"team:{team}"


def waiting_in(enquiry: Enquiry) -> tuple[str, datetime] | None:
    """Where somebody has to do something for it, and the time to sort it by; None once it is over.

    First come those of which she waits to hear, by their due time, so the late ones before all.
    """
    place = enquiry.store or (enquiry.team and team_place(enquiry.team))
    if enquiry.state in OVER or enquiry.due_at is None or not place:
        return None
    if enquiry.waits:
        return place, enquiry.due_at.astimezone(UTC)
    next_step = enquiry.schedule.at if enquiry.schedule is not None else enquiry.due_at
    return place, next_step.astimezone(UTC) + _BEHIND
