"""The drift report in words: why this price holds, and why a code does not."""

from cartbridge.domain.code_drift import CodeDrift
from cartbridge.domain.drift import Drift, LineDrift
from cartbridge.domain.store import PricePolicy
from cartbridge.domain.winner import Winner
from cartbridge.pages.words import Words


def explained(drift: Drift, locale: str | None) -> Drift:
    """The report with a sentence for each line and each code, in French or English."""
    words = Words.for_locale(locale)
    lines = tuple(_line(drift, line, words) for line in drift.lines)
    codes = tuple(_code(code, words) for code in drift.codes)
    return drift.model_copy(update={"lines": lines, "codes": codes})


def _line(drift: Drift, line: LineDrift, words: Words) -> LineDrift:
    reason = _reason(line.winner, line, drift.policy)
    text = words.text(f"drift.{reason}", **_amounts(drift, line, words))
    if line.winner.note in (None, "till_price_unknown"):
        text = f"{text} {words.text(f'drift.rule.{line.winner.policy_from}')}"
    winner = line.winner.model_copy(update={"explanation": text})
    return line.model_copy(update={"winner": winner})


def _reason(winner: Winner, line: LineDrift, policy: PricePolicy) -> str:
    """Which sentence tells it: the note's, or that of the side that won by the store's rule."""
    if winner.note == "till_price_unknown":
        return f"{winner.side}_unknown"
    if winner.note is not None:
        return winner.note
    if policy == "lower":
        return "equal" if _even(line) else f"{winner.side}_lower"
    return f"{winner.side}_wins"


def _even(line: LineDrift) -> bool:
    """Whether both sides say the same: by the totals, or by the unit prices if one is missing."""
    for both in (line.total, line.unit_price):
        if both.captured is not None and both.till is not None:
            return both.captured == both.till
    return False


def _amounts(drift: Drift, line: LineDrift, words: Words) -> dict[str, str]:
    """Both amounts as people write them: of the whole line, or of a piece where one is missing."""
    total, unit = line.total, line.unit_price
    both = total if None not in (total.captured, total.till) else unit
    if (both.captured, both.till) == (None, None):
        both = total
    told = {}
    if both.captured is not None:
        told["captured"] = words.money(both.captured, drift.currency)
    if both.till is not None:
        told["till"] = words.money(both.till, drift.till_currency)
    return told


def _code(code: CodeDrift, words: Words) -> CodeDrift:
    text = words.text(f"drift.codes.{code.honoured}_{code.why}", code=code.code)
    return code.model_copy(update={"explanation": text})
