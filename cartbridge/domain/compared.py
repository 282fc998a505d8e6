"""What the cart was captured at beside what is so now: an amount, a rate, a promotion."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from cartbridge.domain.model import Strict
from cartbridge.domain.money import Minor
from cartbridge.domain.quantity import Amount

Verdict = Literal["same", "different", "unknown"]


class Compared(Strict):
    """One amount on both sides, in minor units, both with tax or both without."""

    captured: Minor | None = None
    till: Minor | None = None
    verdict: Verdict = "unknown"


class ComparedRate(Strict):
    """The tax rate on both sides; a line taxed at several rates has none to compare."""

    captured: Amount | None = None
    till: Amount | None = None
    verdict: Verdict = "unknown"


class ComparedPromotion(Strict):
    """What the promotions take off the whole line on both sides, and how they are called."""

    captured: Minor = 0
    till: Minor | None = None
    captured_labels: tuple[str, ...] = ()
    till_label: str | None = None
    verdict: Verdict = "unknown"


class OnlinePrice(Strict):
    """What a piece costs in the web shop by now, in minor units; None: the shop did not say."""

    captured: Minor | None = None
    now: Minor | None = None
    as_of: datetime | None = None
    connection: str | None = None  # the shop that said so
    verdict: Verdict = "unknown"


def verdict_of(same: bool) -> Verdict:
    """Same or different: both sides are known."""
    return "same" if same else "different"


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Different if one is; same if all are; unknown otherwise."""
    if "different" in verdicts:
        return "different"
    return "same" if verdicts and all(verdict == "same" for verdict in verdicts) else "unknown"
