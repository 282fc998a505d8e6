"""Whose price holds for a line, by the rule of the store."""

from typing import Literal

from cartbridge.domain.compared import Compared
from cartbridge.domain.model import Strict
from cartbridge.domain.money import Minor
from cartbridge.domain.policy import PolicyFrom
from cartbridge.domain.store import PricePolicy

Note = Literal[
    "till_price_unknown",
    "captured_price_unknown",
    "no_price_known",
    "not_comparable",  # one side tells a unit price only, the other a total only
    "other_currency",
    "price_held",  # of a quote that holds: whatever the rule
]


class Winner(Strict):
    """Whose price holds for a line, by whose rule, and why where it is not plain."""

    side: Literal["till", "captured"]
    unit_price: Minor | None = None  # None: the till rings up its own, which we do not know
    total: Minor | None = None
    note: Note | None = None
    policy_from: PolicyFrom = "default"
    explanation: str | None = None  # in the caller's language, for the cashier's screen


def winner_of(unit: Compared, total: Compared, policy: PricePolicy) -> Winner:
    """Whose price holds under that rule: till, captured, or the lower of the two."""
    captured_known = (unit.captured, total.captured) != (None, None)
    till_known = (unit.till, total.till) != (None, None)
    if not captured_known:
        note: Note = "captured_price_unknown" if till_known else "no_price_known"
        return _till_wins(unit, total, note)
    if policy == "till":
        return _till_wins(unit, total, None if till_known else "till_price_unknown")
    if policy == "captured":
        return _captured_wins(unit, total, None)
    if not till_known:
        return _captured_wins(unit, total, "till_price_unknown")
    return _lower(unit, total)


def price_held(unit: Compared, total: Compared) -> Winner:
    """The captured price holds, whatever the store's rule: a quote promised it."""
    return _captured_wins(unit, total, "price_held")


def _lower(unit: Compared, total: Compared) -> Winner:
    """The lower total, or the lower unit price if a side has no total; a tie stays captured."""
    for both in (total, unit):
        if both.captured is not None and both.till is not None:
            wins = _till_wins if both.till < both.captured else _captured_wins
            return wins(unit, total, None)
    return _captured_wins(unit, total, "not_comparable")


def _till_wins(unit: Compared, total: Compared, note: Note | None) -> Winner:
    return Winner(side="till", unit_price=unit.till, total=total.till, note=note)


def _captured_wins(unit: Compared, total: Compared, note: Note | None) -> Winner:
    return Winner(side="captured", unit_price=unit.captured, total=total.captured, note=note)
