"""What a timeline is told from: stored events, the lines known so far, and the names to use."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from cartbridge.domain.cart import events as e
from cartbridge.domain.line import Line
from cartbridge.domain.listing import events as listing
from cartbridge.domain.model import Strict
from cartbridge.pages.names import Names
from cartbridge.pages.words import Param, Words

ActorKind = Literal["shopper", "staff", "operator", "connector", "gateway"]


class Told(NamedTuple):
    """One stored event of a document, and who, where and when."""

    event: Strict | Mapping[str, Any]  # raw where personal data was erased, or of a newer version
    version: int
    occurred_at: datetime
    recorded_at: datetime
    actor_kind: ActorKind = "gateway"
    actor_id: str | None = None
    channel: str | None = None
    connection: str | None = None
    store: str | None = None
    terminal: str | None = None
    staff: str | None = None


@dataclass(frozen=True)
class Sentence:
    """What one event says: a text of `timeline`, its values, and whether it is bookkeeping."""

    key: str
    params: Mapping[str, Param] = field(default_factory=dict)
    minor: bool = False


@dataclass(slots=True)
class KnownLine:
    """What later events need to know of a line, and how much of it there is by now."""

    title: str
    unit: str
    by_piece: bool
    quantity: Decimal


@dataclass
class Known:
    """The lines as the events told so far leave them, so that later ones can name them."""

    currency: str | None = None
    lines: dict[str, KnownLine] = field(default_factory=dict)
    last: type[Strict] | None = None

    def learn(self, event: Strict) -> None:
        """Take in what the event changed."""
        self.last = type(event)
        if isinstance(event, e.Started | listing.Started):
            self.currency = event.currency
        elif isinstance(event, e.LineAdded | listing.LineAdded):
            line = event.line
            self.lines[line.id] = KnownLine(
                title=title_of(line),
                unit=line.quantity.unit,
                by_piece=line.sold_by == "piece",
                quantity=line.quantity.value,
            )
        elif isinstance(event, e.LineRemoved | listing.LineRemoved):
            self.lines.pop(event.line, None)
        elif isinstance(event, e.LineChanged | listing.LineChanged) and event.line in self.lines:
            self.lines[event.line].quantity = event.quantity


@dataclass(frozen=True)
class Speaker:
    """The words, names and lines that a sentence is made with."""

    words: Words
    names: Names
    known: Known
    here: str | None = None  # the connection that the entry names as its place already
    time_zone: str = "Europe/Paris"

    def title(self, line_id: str) -> str:
        """What a line's article is called, with its variant."""
        line = self.known.lines.get(line_id)
        return self.words.text("timeline.an_article") if line is None else line.title

    def quantity(self, line_id: str, amount: Decimal) -> str:
        """An amount in the line's unit."""
        line = self.known.lines.get(line_id)
        return self.words.amount(amount, line.unit if line is not None else "C62")

    def articles(self, amounts: Iterable[tuple[str, Decimal]]) -> int:
        """How many articles these are: pieces count one by one, what is cut or weighed as one."""
        return sum(
            int(amount) if self._by_piece(line_id, amount) else 1
            for line_id, amount in amounts
            if amount > 0
        )

    def on(self, connection: str | None) -> dict[str, Param]:
        """The connection's name as a value, unless the entry names it as its place."""
        if connection is None or connection == self.here:
            return {}
        return {"connection": self.names.connection(connection)}

    def date(self, at: datetime) -> str:
        """The day of a moment, where the timeline is read."""
        return self.words.date(at, self.time_zone)

    def money(self, amount: int | None) -> str | None:
        """An amount of the cart, if its currency is known."""
        if amount is None or self.known.currency is None:
            return None
        return self.words.money(amount, self.known.currency)

    def _by_piece(self, line_id: str, amount: Decimal) -> bool:
        line = self.known.lines.get(line_id)
        return (line is None or line.by_piece) and amount == int(amount)


def title_of(line: Line) -> str:
    """What a line's article is called, with its variant."""
    return ", ".join(part for part in (line.item.title, line.item.variant) if part)


def given(**params: Param | None) -> dict[str, Param]:
    """The values that are known."""
    return {name: value for name, value in params.items() if value is not None}
