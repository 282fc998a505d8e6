"""Maps whose names a sender chooses: what can be kept of their values."""

from decimal import Decimal
from typing import Any

from cartbridge.sdk.documents import plain
from cartbridge_standard.payloads import is_storable
from cartbridge_standard.report import Report


def texts(told: dict[str, Any], at: str, report: Report) -> dict[str, str]:
    """The values that are texts or numbers, as texts; others are dropped and said so."""
    kept = {}
    for name, value in told.items():
        text = plain(Decimal(value)) if _is_number(value) else value
        if isinstance(text, str) and len(text) <= 500 and is_storable(text):
            kept[name] = text
        else:
            report.add(at, "dropped", "a value is not a text of at most 500 characters")
    return kept


def answers(told: dict[str, Any], at: str, report: Report) -> dict[str, bool]:
    """The values that say yes or no; others are dropped and said so."""
    kept = {name: value for name, value in told.items() if isinstance(value, bool)}
    if len(kept) < len(told):
        report.add(at, "dropped", "a value is neither true nor false")
    return kept


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
