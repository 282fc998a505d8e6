"""The whole life of an enquiry on one screen: its states, and what may happen in each."""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where an enquiry stands."""

    NONE = "none"  # not begun yet
    OPEN = "open"  # it waits for somebody to take it
    ASSIGNED = "assigned"  # somebody has it, and she has not heard from us yet
    ANSWERED = "answered"  # she heard from us; it is for her to go on
    SCHEDULED = "scheduled"  # she is expected, or called, at a time
    CLOSED = "closed"  # done with, until she writes again or somebody takes it up again
    CANCELLED = "cancelled"  # deleted where it was asked, or closed by retention (final)


S = State
FINAL: Final = frozenset({S.CANCELLED})
OVER: Final = frozenset({S.CLOSED, S.CANCELLED})

# Names of events, those of enquiries without their "enquiry." prefix.
FACTS: Final = "message_added details_changed customer_identified linked"
TWINS: Final = "twin_joined twin_left message_told"
TOLD: Final = "message.wanted"  # that she should be told


def to(state: State, *names: str) -> dict[str, State]:
    """A row's cell: these events lead to that state."""
    told = (name for group in names for name in group.split())
    return {name if "." in name else f"enquiry.{name}": state for name in told}


# Out of every state that is not over.
ONWARD: Final = to(S.SCHEDULED, "scheduled") | to(S.CLOSED, "closed") | to(S.CANCELLED, "cancelled")

# fmt: off
TRANSITIONS: Final[dict[State, dict[str, State]]] = {
    S.NONE:      to(S.OPEN, "opened"),
    S.OPEN:      to(S.OPEN, FACTS, TWINS, "moved") | to(S.ASSIGNED, "assigned")
               | to(S.ANSWERED, "answered demonstrated") | ONWARD,
    S.ASSIGNED:  to(S.ASSIGNED, FACTS, TWINS, "assigned") | to(S.OPEN, "moved unassigned")
               | to(S.ANSWERED, "answered demonstrated") | ONWARD,
    S.ANSWERED:  to(S.ANSWERED, FACTS, TWINS, TOLD, "assigned unassigned moved answered")
               | to(S.ANSWERED, "demonstrated")
               | to(S.OPEN, "reopened") | ONWARD,
    S.SCHEDULED: to(S.SCHEDULED, FACTS, TWINS, TOLD, "assigned unassigned answered")
               | to(S.OPEN, "moved reopened") | to(S.ANSWERED, "demonstrated") | ONWARD,
    S.CLOSED:    to(S.CLOSED, FACTS, TWINS, TOLD, "answered demonstrated") | to(S.OPEN, "reopened")
               | to(S.CANCELLED, "cancelled"),
    S.CANCELLED: to(S.CANCELLED, TWINS),
}
# fmt: on


def may(state: State, event: str) -> bool:
    """Whether that event may happen to an enquiry in that state."""
    return event in TRANSITIONS[state]


def following(state: State, event: str) -> State:
    """The state after the event; an event the table does not know here leaves it as it is."""
    return TRANSITIONS[state].get(event, state)
