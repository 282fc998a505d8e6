"""The whole life of a cart on one screen: its states, and what may happen in each of them."""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a cart stands."""

    NONE = "none"  # not begun yet
    OPEN = "open"  # the shopper fills it, wherever she is
    OFFERED = "offered"  # at least one code is live; lines may still change
    CLAIMED = "claimed"  # exactly one terminal holds it
    CHECKOUT = "checkout"  # she is paying online
    ORDERED = "ordered"  # bought; something is still to be handed over
    FULFILLED = "fulfilled"  # bought and in her hands
    RETURNED = "returned"  # everything sold came back
    ABANDONED = "abandoned"  # idle past the retailer's limit; any touch reopens it
    MERGED = "merged"  # it went into another cart; may be undone for a while
    EXPIRED = "expired"  # closed by retention (final)
    CANCELLED = "cancelled"  # deleted by its shop (final)


S = State
FINAL: Final = frozenset({S.EXPIRED, S.CANCELLED})
BOUGHT: Final = frozenset({S.ORDERED, S.FULFILLED, S.RETURNED})

# Names of events, those of carts without their "cart." prefix.
EDITS: Final = "line_added line_changed line_removed code_applied code_removed quote_revised"
FACTS: Final = "line_priced customer_identified details_changed"
TWINS: Final = (
    "twin_joined twin_observed observation_held write_planned edit_overwritten"
    " twin_placed twin_left"
)
CODES: Final = "handover_ended handover_joined"
RESERVED: Final = "reservation_line_marked reservation_ready reservation_ended"
AFTER: Final = "sale_reported_late double_sale_found outcome_told"
TOLD: Final = "message.wanted"  # that a person should be told something


def to(state: State, *names: str) -> dict[str, State]:
    """A row's cell: these events lead to that state."""
    told = (name for group in names for name in group.split())
    return {name if "." in name else f"cart.{name}": state for name in told}


# fmt: off
TRANSITIONS: Final[dict[State, dict[str, State]]] = {
    S.NONE:      to(S.OPEN, "started"),
    S.OPEN:      to(S.OPEN, EDITS, FACTS, TWINS, CODES, RESERVED, AFTER, TOLD)
               | to(S.OFFERED, "handover_offered") | to(S.CLAIMED, "claimed")
               | to(S.CHECKOUT, "checkout_started") | to(S.ORDERED, "sold ordered")
               | to(S.ABANDONED, "abandoned") | to(S.MERGED, "merged")
               | to(S.EXPIRED, "expired") | to(S.CANCELLED, "cancelled"),
    S.OFFERED:   to(S.OFFERED, EDITS, FACTS, TWINS, CODES, RESERVED, AFTER, TOLD)
               | to(S.OFFERED, "handover_offered")
               | to(S.OPEN, "offer_closed") | to(S.CLAIMED, "claimed")
               | to(S.CHECKOUT, "checkout_started") | to(S.ORDERED, "sold ordered")
               | to(S.MERGED, "merged") | to(S.EXPIRED, "expired") | to(S.CANCELLED, "cancelled"),
    S.CLAIMED:   to(S.CLAIMED, EDITS, FACTS, TWINS, CODES, RESERVED, AFTER, TOLD)
               | to(S.CLAIMED, "claimed claim_put_on_hold")
               | to(S.OPEN, "claim_released claim_lapsed") | to(S.ORDERED, "sold ordered"),
    S.CHECKOUT:  to(S.CHECKOUT, EDITS, FACTS, TWINS, CODES, RESERVED, AFTER, TOLD)
               | to(S.OPEN, "checkout_left") | to(S.ORDERED, "sold ordered")
               | to(S.ABANDONED, "abandoned") | to(S.MERGED, "merged")
               | to(S.EXPIRED, "expired") | to(S.CANCELLED, "cancelled"),
    S.ORDERED:   to(S.ORDERED, FACTS, TWINS, AFTER, "lines_returned order.handed_out")
               | to(S.FULFILLED, "fulfilled") | to(S.RETURNED, "all_returned")
               | to(S.OPEN, "sale_voided") | to(S.EXPIRED, "expired"),
    S.FULFILLED: to(S.FULFILLED, FACTS, TWINS, AFTER, "lines_returned")
               | to(S.RETURNED, "all_returned") | to(S.OPEN, "sale_voided")
               | to(S.EXPIRED, "expired"),
    S.RETURNED:  to(S.RETURNED, FACTS, TWINS, AFTER) | to(S.EXPIRED, "expired"),
    S.ABANDONED: to(S.OPEN, EDITS, "twin_joined") | to(S.OFFERED, "handover_offered")
               | to(S.CLAIMED, "claimed") | to(S.CHECKOUT, "checkout_started")
               | to(S.ORDERED, "sold ordered") | to(S.MERGED, "merged")
               | to(S.ABANDONED, FACTS, AFTER, CODES, TOLD, "twin_observed write_planned twin_left")
               | to(S.EXPIRED, "expired") | to(S.CANCELLED, "cancelled"),
    S.MERGED:    to(S.MERGED, FACTS, TWINS, AFTER) | to(S.OPEN, "unmerged")
               | to(S.EXPIRED, "expired"),
    S.EXPIRED:   to(S.EXPIRED, AFTER, "twin_observed twin_left"),
    S.CANCELLED: to(S.CANCELLED, AFTER, "twin_observed twin_left"),
}
# fmt: on


def may(state: State, event: str) -> bool:
    """Whether that event may happen to a cart in that state."""
    return event in TRANSITIONS[state]


def following(state: State, event: str) -> State:
    """The state after the event; an event the table does not know here leaves it as it is."""
    return TRANSITIONS[state].get(event, state)
