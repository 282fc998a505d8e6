"""A decision about a listing in the making: facts told one after another, each checked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from cartbridge.domain.decided import Decided
from cartbridge.domain.listing import events as e
from cartbridge.domain.listing.state import Listing
from cartbridge.domain.refusals import Code, Refusing

L = TypeVar("L", bound=Listing)


@dataclass(frozen=True)
class Rules(Generic[L]):
    """What a kind of listing decides by: its facts, its table, and how it says no."""

    facts: e.Vocabulary
    may: Callable[[L, str], bool]  # whether that fact may happen to it now
    evolve: Callable[[L, Any, datetime], L]
    closed: Code  # the refusal of what the table does not allow


@dataclass
class Draft(Generic[L]):
    """Collects the facts of one listing; each is judged on what the earlier ones left."""

    document: L
    rules: Rules[L]
    now: datetime
    happened_at: datetime  # what the journal will say
    events: list[Any] = field(default_factory=list)

    def tell(self, *events: Any) -> None:
        """Adds facts; refuses one that the transition table does not allow here."""
        for event in events:
            if not self.rules.may(self.document, event.type):
                raise Refusing(self.rules.closed, state=str(getattr(self.document, "state", "")))
            self.document = self.rules.evolve(self.document, event, self.happened_at)
            self.events.append(event)

    def may(self, event: type[e.Event]) -> bool:
        """Whether a fact of that class may happen now."""
        return self.rules.may(self.document, str(event.model_fields["type"].default))

    @property
    def decided(self) -> Decided[L]:
        """What was told so far."""
        return Decided(self.document, tuple(self.events))
