"""Tables for spreadsheets: CSV as the ones of a country open it."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from cartbridge.domain.quantity import plain as plain_number
from cartbridge.pages.page import Page, plain
from cartbridge.pages.words import Words

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run such a cell
Value = str | int | Decimal | bool | date | datetime | None
Row = Mapping[str, Value]


@dataclass(frozen=True)
class Head:
    """What each row of a report begins with: which days it tells of, and what was known by when."""

    first: date
    last: date
    as_of: datetime


def safe(cell: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def table(words: Words, columns: Sequence[tuple[str, str]], rows: Iterable[Row], file: str) -> Page:
    """The rows as CSV; a column is its name in a row and its title. What a row has not is empty.

    Where decimals have a comma, cells have semicolons, and a byte order mark tells French
    spreadsheets that it is UTF-8.
    """
    comma = words.cell(Decimal("0.5")) == "0,5"
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if comma else ",", lineterminator="\r\n")
    writer.writerow(title for _, title in columns)
    for row in rows:
        writer.writerow(_cell(words, row.get(name)) for name, _ in columns)
    disposition = {"Content-Disposition": f'attachment; filename="{file}.csv"'}
    return plain(("\ufeff" if comma else "") + out.getvalue(), "text/csv", words, disposition)


def _cell(words: Words, value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return words.text("reports.yes" if value else "reports.no")
        case str():
            return safe(value)
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return words.cell(value)
        case _:
            return str(value)


def exact(value: Decimal) -> Decimal:
    """A quantity without trailing zeros, as it is written."""
    return Decimal(plain_number(value))
