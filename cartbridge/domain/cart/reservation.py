"""A reservation: what a store was asked to set aside, until when, and what it found."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from cartbridge.domain.line import Line
from cartbridge.domain.model import Strict
from cartbridge.domain.quantity import Amount

Mark = Literal["asked", "set_aside", "not_found"]
Stage = Literal["asked", "ready", "not_found"]
HowEnded = Literal["revoked", "lapsed", "replaced", "bought", "sent_online", "closed"]

_NOTHING = Decimal(0)


class Reserve(Strict):
    """The wish to have a cart set aside in a store, and until when she will come for it."""

    store: Annotated[str, Field(max_length=63)]
    until: datetime


class LineMark(Strict):
    """What somebody in the store said of one line: how much of what was asked is set aside."""

    quantity: Amount  # set aside; 0: not found
    of: Amount  # what was asked then
    staff: str | None = None
    at: datetime


class ReservedLine(Strict):
    """One line of a reservation as it stands."""

    line: str
    mark: Mark  # asked: the store still has to look, at least for a part of it
    asked: Amount
    set_aside: Amount
    staff: str | None = None
    at: datetime | None = None

    @property
    def missing(self) -> Decimal:
        """How much the store looked for and did not find."""
        return _NOTHING if self.mark == "asked" else self.asked - self.set_aside


class Reservation(Strict):
    """A cart that waits for its shopper in a store; it outlives the claim of a till."""

    handover: str  # hnd_…
    code_hash: str
    short_hash: str | None = None
    store: str
    until: datetime
    marks: dict[str, LineMark] = Field(default_factory=dict)  # by line
    told_ready: bool = False

    def line(self, line: Line) -> ReservedLine:
        """What is known of a line; one that came, or grew, after the look counts as asked."""
        asked, mark = line.quantity.value, self.marks.get(line.id)
        if mark is None:
            return ReservedLine(line=line.id, mark="asked", asked=asked, set_aside=_NOTHING)
        aside = min(mark.quantity, asked)
        done: Mark = "set_aside" if aside > 0 else "not_found"
        return ReservedLine(
            line=line.id,
            mark="asked" if asked > mark.of else done,
            asked=asked,
            set_aside=aside,
            staff=mark.staff,
            at=mark.at,
        )

    def lines(self, lines: Iterable[Line]) -> tuple[ReservedLine, ...]:
        """What is known of each line that can lie on a shelf: goods, no fee and no service."""
        return tuple(self.line(line) for line in lines if line.kind == "goods")

    def stage(self, lines: Iterable[Line]) -> Stage:
        """Whether there is still something to look for; if not, whether anything was found."""
        told = self.lines(lines)
        if any(line.mark == "asked" for line in told):
            return "asked"
        return "ready" if any(line.set_aside > 0 for line in told) else "not_found"

    def missing(self, line: Line) -> Decimal:
        """How much of a line the store said it does not have."""
        return self.line(line).missing if line.kind == "goods" else _NOTHING
