"""The sheet: a claimed cart for a till without API, as bar codes its own scanner reads."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

from cartbridge.domain.cart.state import Cart
from cartbridge.domain.items import is_gtin
from cartbridge.domain.line import Line
from cartbridge.domain.money import to_major
from cartbridge.domain.quantity import plain as plain_number
from cartbridge.pages import ean
from cartbridge.pages.names import in_a_list
from cartbridge.pages.page import Page, data_url, plain, render
from cartbridge.pages.table import safe
from cartbridge.pages.words import Words

SheetForm = Literal["page", "screen", "text", "csv"]
Paper = Literal["a4", "roll"]
Why = Literal[
    "no_gtin",
    "case_code",
    "in_store_number",
    "weighed",
    "cut",
    "personalised",
    "shipping",
    "gift_card",
    "fee",
]

_NEVER_SCANNED: Final[dict[str, Why]] = {
    "shipping": "shipping",
    "gift_card": "gift_card",
    "fee": "fee",
}
_COLUMNS: Final = (
    *("position", "gtin", "sku", "title", "variant", "quantity"),
    *("unit", "scan", "why", "price", "currency", "note"),
)


@dataclass(frozen=True)
class SheetView:
    """A claimed cart and where it is held, in names people know."""

    cart: Cart
    store: str
    terminal: str
    at: datetime
    time_zone: str = "Europe/Paris"
    reference: str | None = None  # short, for people: to tell two sheets apart
    paper: Paper = "a4"  # roll: 80 mm


@dataclass(frozen=True)
class SheetRow:
    """One line of the sheet: a bar code and a count, or words and why there is no bar code."""

    number: int
    line: Line
    title: str
    quantity: str
    gtin: str | None  # as it stands on the article
    ean: str | None  # the 13 digits to scan
    barcode: str | None  # the picture of it
    count: int
    why: Why | None
    reason: str | None  # `why` in words
    price: str | None
    note: str | None


def sheet(view: SheetView, form: SheetForm, locale: str | None) -> Page:
    """The sheet in one of its forms: printed page, one code after another, plain text, CSV."""
    words = Words.for_locale(locale)
    return _FORMS[form](view, words, rows_of(words, view.cart))


def rows_of(words: Words, cart: Cart) -> list[SheetRow]:
    """The lines of the cart as the sheet shows them, in the cart's order."""
    lines = [line for line in cart.at_hand if line.quantity.value > 0]
    return [_row(words, cart, number, line) for number, line in enumerate(lines, start=1)]


def why_not(line: Line, note: str | None) -> Why | None:
    """Why a line is told in words and never as a bar code; None where its bar code is right."""
    if line.kind in _NEVER_SCANNED:
        return _NEVER_SCANNED[line.kind]
    if note is not None:
        return "personalised"
    if line.sold_by == "weight":
        return "weighed"
    if line.sold_by != "piece" or line.quantity.value != int(line.quantity.value):
        return "cut"
    if line.item.gtin is None or not is_gtin(line.item.gtin):
        return "no_gtin"
    if ean.digits(line.item.gtin) is None:
        return "case_code" if len(line.item.gtin) == 14 else "in_store_number"
    return None


def _row(words: Words, cart: Cart, number: int, line: Line) -> SheetRow:
    note = cart.notes.get(line.id)
    why = why_not(line, note)
    gtin = line.item.gtin
    barcode = ean.svg(gtin) if gtin is not None and why is None else None
    unit_price = line.prices.unit_price
    return SheetRow(
        number=number,
        line=line,
        title=", ".join(part for part in (line.item.title, line.item.variant) if part),
        quantity=words.quantity(line.quantity),
        gtin=gtin,
        ean=ean.digits(gtin) if gtin is not None and why is None else None,
        barcode=data_url(barcode) if barcode is not None else None,
        count=int(line.quantity.value),
        why=why,
        reason=_reason(words, why, gtin),
        price=None if unit_price is None else words.money(unit_price, cart.currency),
        note=note,
    )


def _reason(words: Words, why: Why | None, gtin: str | None) -> str | None:
    """The reason in words; an in-store number is told, for the store that can read it."""
    if why is None:
        return None
    text = words.text(f"sheet.why.{why}")
    return f"{text} {gtin}" if why == "in_store_number" else text


def _page(view: SheetView, words: Words, rows: list[SheetRow]) -> Page:
    return _html("sheet_page.html", view, words, rows)


def _screen(view: SheetView, words: Words, rows: list[SheetRow]) -> Page:
    return _html("sheet_screen.html", view, words, rows)


def _html(template: str, view: SheetView, words: Words, rows: list[SheetRow]) -> Page:
    return render(
        template,
        words,
        view=view,
        rows=rows,
        terminal=in_a_list(words, view.terminal),
        date=words.date(view.at, view.time_zone),
        time=words.time(view.at, view.time_zone),
        codes=", ".join(view.cart.codes),
    )


def _text(view: SheetView, words: Words, rows: list[SheetRow]) -> Page:
    """The digits to key in, how often, and the article; what has none stands below in words."""
    scanned = [f"{row.count} x {row.gtin}  {row.title}" for row in rows if row.why is None]
    told = [
        f"{row.quantity}{' x' if row.line.quantity.unit == 'C62' else ''} {row.title}"
        f" ({row.reason})" + (f" - {words.text('sheet.note', note=row.note)}" if row.note else "")
        for row in rows
        if row.why is not None
    ]
    parts = [
        [words.text("sheet.title"), words.text("sheet.not_receipt")],
        scanned,
        [words.text("sheet.words"), *told] if told else [],
        [words.text("sheet.codes", codes=", ".join(view.cart.codes))] if view.cart.codes else [],
        [words.text("sheet.own_price"), words.text("sheet.after")],
    ]
    body = "\n\n".join("\n".join(part) for part in parts if part) + "\n"
    return plain(body, "text/plain", words, {})


def _csv(view: SheetView, words: Words, rows: list[SheetRow]) -> Page:
    """Semicolons and a byte order mark, as spreadsheets of these countries open it."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(words.text(f"sheet.columns.{name}") for name in _COLUMNS)
    for row in rows:
        writer.writerow(safe(cell) for cell in _cells(words, view.cart.currency, row))
    name = words.text("sheet.file")
    disposition = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return plain("\ufeff" + out.getvalue(), "text/csv", words, disposition)


def _cells(words: Words, currency: str, row: SheetRow) -> tuple[str, ...]:
    item, unit_price = row.line.item, row.line.prices.unit_price
    return (
        str(row.number),
        (row.gtin or "") if row.why is None else "",
        item.sku or "",
        item.title,
        item.variant or "",
        words.cell(Decimal(plain_number(row.line.quantity.value))),
        row.line.quantity.unit,
        words.text("sheet.columns.yes" if row.why is None else "sheet.columns.no"),
        row.reason or "",
        "" if unit_price is None else words.cell(to_major(unit_price, currency)),
        currency,
        row.note or "",
    )


_FORMS: Final[dict[SheetForm, Callable[[SheetView, Words, list[SheetRow]], Page]]] = {
    "page": _page,
    "screen": _screen,
    "text": _text,
    "csv": _csv,
}
