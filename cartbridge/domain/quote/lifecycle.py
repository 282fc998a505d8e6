"""The whole life of a quote on one screen: its states, and what may happen in each."""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a quote stands."""

    NONE = "none"  # not begun yet
    REQUESTED = "requested"  # asked for, or being written: no price holds yet
    ISSUED = "issued"  # its newest revision holds until its date
    ACCEPTED = "accepted"  # the customer said yes: it holds until it is sold
    DECLINED = "declined"  # she, or the retailer, said no; a new issue takes it up again
    CONVERTED = "converted"  # sold or ordered, or nothing of it is wanted any more
    EXPIRED = "expired"  # its date has passed; a new issue takes it up again
    CANCELLED = "cancelled"  # deleted where it began (final)


S = State
FINAL: Final = frozenset({S.CANCELLED})
HOLDS: Final = frozenset({S.ISSUED, S.ACCEPTED})  # a till or a shop may take it up

# Names of events without their "quote." prefix.
EDITS: Final = "line_added line_changed line_removed line_priced validity_changed"
FACTS: Final = "customer_identified"
TWINS: Final = "twin_joined twin_observed write_planned twin_left"
CODES: Final = "handover_offered handover_ended"
TOLD: Final = "message.wanted"  # that its customer should be told
SALES: Final = "sold_in_part double_sale_found"


def to(state: State, *names: str) -> dict[str, State]:
    """A row's cell: these events lead to that state."""
    told = (name for group in names for name in group.split())
    return {name if "." in name else f"quote.{name}": state for name in told}


# fmt: off
TRANSITIONS: Final[dict[State, dict[str, State]]] = {
    S.NONE:      to(S.REQUESTED, "started"),
    S.REQUESTED: to(S.REQUESTED, EDITS, FACTS, TWINS) | to(S.ISSUED, "issued")
               | to(S.DECLINED, "declined") | to(S.CANCELLED, "cancelled"),
    S.ISSUED:    to(S.ISSUED, EDITS, FACTS, TWINS, CODES, SALES, TOLD, "issued taken_up")
               | to(S.ISSUED, "sale_undone") | to(S.ACCEPTED, "accepted")
               | to(S.DECLINED, "declined") | to(S.CONVERTED, "converted")
               | to(S.EXPIRED, "expired") | to(S.CANCELLED, "cancelled"),
    S.ACCEPTED:  to(S.ACCEPTED, EDITS, FACTS, TWINS, CODES, SALES, "taken_up sale_undone")
               | to(S.ISSUED, "issued") | to(S.DECLINED, "declined")
               | to(S.CONVERTED, "converted") | to(S.CANCELLED, "cancelled"),
    S.DECLINED:  to(S.DECLINED, EDITS, FACTS, TWINS, SALES, "sale_undone handover_ended")
               | to(S.ISSUED, "issued") | to(S.CONVERTED, "converted")
               | to(S.CANCELLED, "cancelled"),
    S.CONVERTED: to(S.CONVERTED, FACTS, TWINS, SALES, "converted handover_ended")
               | to(S.ISSUED, "sale_undone"),
    S.EXPIRED:   to(S.EXPIRED, EDITS, FACTS, TWINS, SALES, "sale_undone handover_ended")
               | to(S.ISSUED, "issued") | to(S.CONVERTED, "converted")
               | to(S.CANCELLED, "cancelled"),
    S.CANCELLED: to(S.CANCELLED, TWINS, SALES, "converted sale_undone handover_ended"),
}
# fmt: on


def may(state: State, event: str) -> bool:
    """Whether that event may happen to a quote in that state."""
    return event in TRANSITIONS[state]


def following(state: State, event: str) -> State:
    """The state after the event; an event the table does not know here leaves it as it is."""
    return TRANSITIONS[state].get(event, state)
