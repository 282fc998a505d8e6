"""What can happen to any listing; each kind of listing names these facts by its own types."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import Field

from cartbridge.domain.cart.state import Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.line import Line, Prices
from cartbridge.domain.model import Strict
from cartbridge.domain.quantity import Amount
from cartbridge.domain.twin import Basket, PlannedWrite, Refusal, Twin, TwinRef


class Event(Strict):
    """A fact about one listing. `type` and `schema_version` never change once released."""

    schema_version: ClassVar[int] = 1


class Started(Event):
    """A listing was begun."""

    personal: ClassVar[frozenset[str]] = frozenset({"customer", "metadata"})
    origin: Origin
    currency: str
    tax_mode: Literal["inclusive", "exclusive"] = "inclusive"
    root: str | None = None
    brand: str | None = None
    locale: str | None = None
    price_list: str | None = None
    customer: Customer | None = None
    attribution: dict[str, str] = Field(default_factory=dict)
    consent: dict[str, bool] = Field(default_factory=dict)
    metadata: dict[str, str] = Field(default_factory=dict)


class LineAdded(Event):
    """An article was put onto it; `moved_from` is the cart or listing it came out of."""

    personal: ClassVar[frozenset[str]] = frozenset({"note"})
    line: Line
    note: str | None = None
    moved_from: str | None = None


class LineChanged(Event):
    """The quantity of a line changed."""

    line: str
    was: Amount
    quantity: Amount


class LineRemoved(Event):
    """A line was taken off; `moved_to` is the cart or listing it went into."""

    line: str
    was: Amount
    moved_to: str | None = None


class LinePriced(Event):
    """Other prices hold for a line."""

    line: str
    prices: Prices


class CustomerIdentified(Event):
    """It became known whose it is."""

    personal: ClassVar[frozenset[str]] = frozenset({"customer"})
    customer: Customer | None = None  # None only once the person was erased


class TwinJoined(Event):
    """A counterpart on a connection was tied to it, as it is there."""

    twin: Twin


class TwinObserved(Event):
    """What a connection shows was seen, and is what both sides now agree on."""

    ref: TwinRef
    shadow: Basket
    revision: int | None = None
    last_push: str | None = None  # the newest of our writes that this already holds
    refusals: tuple[Refusal, ...] = ()
    echo: bool = False
    details: dict[str, str] | None = None  # what it shows beside its lines; None: not told


class WritePlanned(Event):
    """A write to a connection was decided; it is sent after this is stored."""

    ref: TwinRef
    write: PlannedWrite


class TwinLeft(Event):
    """A counterpart is gone there: it is watched no more."""

    ref: TwinRef


@dataclass(frozen=True)
class Vocabulary:
    """The facts of one kind of listing, by what they are."""

    line_added: type[LineAdded]
    line_changed: type[LineChanged]
    line_removed: type[LineRemoved]
    line_priced: type[LinePriced]
    customer_identified: type[CustomerIdentified]
    twin_joined: type[TwinJoined]
    twin_observed: type[TwinObserved]
    write_planned: type[WritePlanned]
    twin_left: type[TwinLeft]
