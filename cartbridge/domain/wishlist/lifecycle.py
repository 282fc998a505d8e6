"""The whole life of a wish list on one screen: its states, and what may happen in each."""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a wish list stands."""

    NONE = "none"  # not begun yet
    OPEN = "open"  # its owner fills it, on all channels
    SHARED = "shared"  # others may look at it by its link, and see nothing of its owner
    ARCHIVED = "archived"  # put away; its owner may take it up again
    CANCELLED = "cancelled"  # deleted, or closed by retention (final)


S = State
FINAL: Final = frozenset({S.CANCELLED})

# Names of events without their "wishlist." prefix.
EDITS: Final = "line_added line_changed line_removed"
FACTS: Final = "line_priced customer_identified renamed line_bought purchase_undone"
TWINS: Final = "twin_joined twin_observed write_planned twin_left"
CODES: Final = "handover_offered handover_ended handover_joined"


def to(state: State, *names: str) -> dict[str, State]:
    """A row's cell: these events lead to that state."""
    return {f"wishlist.{name}": state for group in names for name in group.split()}


# fmt: off
TRANSITIONS: Final[dict[State, dict[str, State]]] = {
    S.NONE:      to(S.OPEN, "started"),
    S.OPEN:      to(S.OPEN, EDITS, FACTS, TWINS, CODES) | to(S.SHARED, "shared")
               | to(S.ARCHIVED, "archived") | to(S.CANCELLED, "cancelled"),
    S.SHARED:    to(S.SHARED, EDITS, FACTS, TWINS, CODES) | to(S.OPEN, "unshared")
               | to(S.ARCHIVED, "archived") | to(S.CANCELLED, "cancelled"),
    S.ARCHIVED:  to(S.ARCHIVED, FACTS, TWINS, "handover_ended")
               | to(S.OPEN, EDITS, "reopened") | to(S.CANCELLED, "cancelled"),
    S.CANCELLED: to(S.CANCELLED, TWINS, "line_bought purchase_undone handover_ended"),
}
# fmt: on


def may(state: State, event: str) -> bool:
    """Whether that event may happen to a wish list in that state."""
    return event in TRANSITIONS[state]


def following(state: State, event: str) -> State:
    """The state after the event; an event the table does not know here leaves it as it is."""
    return TRANSITIONS[state].get(event, state)
