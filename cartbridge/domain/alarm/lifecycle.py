"""The whole life of an alarm on one screen: its states, and what may happen in each of them."""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where an alarm stands."""

    NONE = "none"  # not begun yet
    RAISED = "raised"  # what it tells of goes on
    CLEARED = "cleared"  # it is over (final); the same thing again is another alarm


S = State
FINAL: Final = frozenset({S.CLEARED})

# fmt: off
TRANSITIONS: Final[dict[State, dict[str, State]]] = {
    S.NONE:    {"alarm.raised": S.RAISED},
    S.RAISED:  {"alarm.updated": S.RAISED, "alarm.cleared": S.CLEARED},
    S.CLEARED: {},
}
# fmt: on


def may(state: State, event: str) -> bool:
    """Whether that event may happen to an alarm in that state."""
    return event in TRANSITIONS[state]


def following(state: State, event: str) -> State:
    """The state after the event; an event the table does not know here leaves it as it is."""
    return TRANSITIONS[state].get(event, state)
