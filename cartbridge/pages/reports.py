"""The reports as CSV: one table each, whose first column tells what a row is about."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from cartbridge.domain.model import Strict
from cartbridge.domain.money import to_major
from cartbridge.domain.report.additional_sales import AdditionalSales
from cartbridge.domain.report.attribution_rows import Attribution
from cartbridge.domain.report.lifecycle import Lifecycle
from cartbridge.domain.report.reckoning import Money
from cartbridge.pages.page import Page
from cartbridge.pages.table import Head, Row, Value, exact, table
from cartbridge.pages.words import Words

_HEAD: Final = ("section", "from", "to", "as_of")
_MONEY: Final = ("gross", "assumed", "returned", "voided", "net", "unpriced")
_CELL: Final = ("suppressed", "people", "sales", *_MONEY)
_ENDS: Final = ("first", "last")
_LIFECYCLE: Final = (
    *("state", "direction", "store", "step", "currency", "tax_mode", "carts"),
    *("outcome_unknown", "reported_late", "double_sales"),
    *("scanned", "named", "waiting", "never_scanned"),
    *("codes", "codes_used", "codes_lapsed", "codes_revoked", "codes_replaced"),
    *("claims", "sold", "voided_claims", "released", "sent_online", "store_closed", "not_sold"),
    *("unknown", "taken_over", "ordered_online", "held"),
    *("median_seconds", "p90_seconds", "lines", "different", "difference"),
)
_ADDITIONAL_SALES: Final = (
    *("store", "staff", "reason", "sku", "gtin", "title", "quantity", "kept", "unit"),
    *("currency", "tax_mode", "sales", "with_additions", "orders", "lines", *_MONEY),
)
_ATTRIBUTION: Final = (
    *("crossing", "currency", "tax_mode", "kind", "source", "medium", "campaign"),
    *("store", "staff", *_CELL, *(f"{end}_{name}" for end in _ENDS for name in _CELL)),
    *("carts", "with_consent", "without_consent", "receipt_number", "order_number", "at"),
    *(f"{end}_{name}" for end in _ENDS for name in ("at", "campaign", "clicks")),
)
# Columns whose values are words of ours, and where these stand.
_WORDS: Final = {
    "state": "states",
    "reason": "not_taken",
    **dict.fromkeys(
        ("section", "direction", "step", "tax_mode", "crossing", "kind"), "reports.values"
    ),
}
_PLAIN: Final = frozenset({"money", "cell", "lead"})  # whose fields need no name before theirs


def lifecycle_csv(report: Lifecycle, head: Head, locale: str) -> Page:
    """The lifecycle report."""
    totals = {
        name: getattr(report, name)
        for name in ("carts", "outcome_unknown", "reported_late", "double_sales")
    }
    rows = [
        _row("totals", totals),
        *_rows("states", report.states),
        *_rows("offers", report.offers),
        *({**row, "voided_claims": row["voided"]} for row in _rows("claims", report.claims)),
        *_rows("steps", report.steps),
        *_rows("drift", report.drift),
    ]
    return _table(rows, head, _LIFECYCLE, "lifecycle", locale)


def additional_sales_csv(report: AdditionalSales, head: Head, locale: str) -> Page:
    """The report of additional sales."""
    rows = [
        *_rows("added", report.added),
        *_rows("added_items", report.added_items),
        *_rows("bought_at_home", report.bought_at_home),
        *_rows("not_taken", report.not_taken),
    ]
    return _table(rows, head, _ADDITIONAL_SALES, "additional-sales", locale)


def attribution_csv(report: Attribution, head: Head, locale: str) -> Page:
    """The attribution report."""
    rows = [
        *_rows("consent", (report.consent,)),
        *_rows("ways", report.ways),
        *_rows("campaigns", report.campaigns),
        *_rows("stores", report.stores),
        *_rows("sellers", report.sellers),
        *_rows("receipts", report.receipts),
    ]
    return _table(rows, head, _ATTRIBUTION, "attribution", locale)


def _table(
    rows: Iterable[Row], head: Head, columns: tuple[str, ...], report: str, locale: str
) -> Page:
    words = Words.for_locale(locale)
    titles = [(name, _title(words, name)) for name in (*_HEAD, *columns)]
    days: Row = {"from": head.first, "to": head.last, "as_of": head.as_of}
    file = f"{words.text(f'reports.files.{report}')}-{head.first}-{head.last}"
    return table(words, titles, (_in_words(words, {**days, **row}) for row in rows), file)


def _title(words: Words, name: str) -> str:
    end, _, rest = name.partition("_")
    if end in _ENDS:
        return words.text(f"reports.{end}", column=words.text(f"reports.columns.{rest}"))
    return words.text(f"reports.columns.{name}")


def _in_words(words: Words, row: Row) -> Row:
    named = {
        name: words.text(f"{where}.{row[name]}")
        for name, where in _WORDS.items()
        if row.get(name) is not None
    }
    return {**row, **named}


def _rows(section: str, rows: Iterable[Strict]) -> Iterator[Row]:
    for row in rows:
        currency = getattr(row, "currency", None)
        yield _row(section, dict(_flat("", row, currency)))


def _row(section: str, values: Row) -> Row:
    return {"section": section, **values}


def _flat(prefix: str, row: Strict, currency: str | None) -> Iterator[tuple[str, Value]]:
    """A row's fields, those of what it holds after their names, amounts as decimals."""
    for name in type(row).model_fields:
        value: Any = getattr(row, name)
        if isinstance(value, Strict):
            inner = prefix if name in _PLAIN else f"{prefix}{name}_"
            yield from _flat(inner, value, currency)
        else:
            yield prefix + name, _value(row, name, value, currency)


def _value(row: Strict, name: str, value: Any, currency: str | None) -> Value:
    is_amount = name == "difference" or (isinstance(row, Money) and name != "unpriced")
    if is_amount and currency is not None:
        return to_major(value, currency)
    if isinstance(value, dict):
        return urlencode(value)
    if isinstance(value, Decimal):
        return exact(value)
    told: str | int | bool | date | datetime | None = value
    return told
