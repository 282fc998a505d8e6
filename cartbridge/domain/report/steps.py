"""How long carts take from one step to the next."""

from datetime import datetime
from typing import Final, Literal

from cartbridge.domain.model import Strict
from cartbridge.domain.report.facts import CartFacts

Step = Literal["begun_to_offered", "offered_to_claimed", "claimed_to_sold", "begun_to_sold"]
STEPS: Final[tuple[Step, ...]] = (
    "begun_to_offered",
    "offered_to_claimed",
    "claimed_to_sold",
    "begun_to_sold",
)


class StepRow(Strict):
    """How long a step took; half of the carts took at most the median, nine in ten at most p90."""

    step: Step
    carts: int
    median_seconds: int | None
    p90_seconds: int | None


class Steps:
    """Gathers how long each step took: from the first code for a store, to the first sale."""

    def __init__(self) -> None:
        self._seconds: dict[Step, list[int]] = {step: [] for step in STEPS}

    def add(self, facts: CartFacts) -> None:
        """One more cart."""
        begun = None if facts.began.imported else facts.began.at
        offered = min((o.at for o in facts.offers if o.direction == "to_store"), default=None)
        taken = (x.at for x in facts.holdings if offered is not None and x.at >= offered)
        sale = next((sale for sale in facts.sales if not sale.voided), None)
        sold = None if sale is None else sale.told_at
        self._add("begun_to_offered", begun, offered)
        self._add("offered_to_claimed", offered, min(taken, default=None))
        self._add("begun_to_sold", begun, sold)
        if sale is not None and sale.store is not None:
            held = (x.at for x in facts.holdings if x.fate == "sold")
            self._add("claimed_to_sold", max(held, default=None), sold)

    def _add(self, step: Step, since: datetime | None, until: datetime | None) -> None:
        if since is not None and until is not None:
            seconds = int((until - since).total_seconds())
            self._seconds[step].append(max(0, seconds))  # two clocks may disagree

    def told(self) -> tuple[StepRow, ...]:
        """Each step, in their order."""
        return tuple(_row(step, sorted(seconds)) for step, seconds in self._seconds.items())


def _row(step: Step, seconds: list[int]) -> StepRow:
    return StepRow(
        step=step,
        carts=len(seconds),
        median_seconds=_rank(seconds, 50),
        p90_seconds=_rank(seconds, 90),
    )


def _rank(ordered: list[int], percent: int) -> int | None:
    """The smallest value that so many percent do not exceed (nearest rank)."""
    if not ordered:
        return None
    return ordered[-(-len(ordered) * percent // 100) - 1]
