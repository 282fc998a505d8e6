"""A file of items as shops export them: separators, encodings and headers in two languages."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Final

from cartbridge.domain.item_cells import plain_words
from cartbridge.domain.item_list import (
    Columns,
    IndexedItem,
    PriceColumn,
    RefusedRow,
    parse_row,
)

DEFAULT_PRICE_LIST: Final = "default"
_HEADERS: Final = {
    "sku": "sku, reference, ref, code article, reference article",
    "gtin": "gtin, gtins, ean, eans, ean13, ean 13, code barres, code barre, codes barres, "
    "gencod, bar code, barcode",
    "label": "label, title, name, libelle, designation, nom",
    "unit": "unit, unite, unite de vente, unite de mesure",
    "sold_by": "sold by, vendu par, mode de vente",
    "tax_rate": "tax rate, tax, vat, vat rate, tva, taux de tva, taux tva",
    "image_url": "image url, image, photo, picture",
    "product_url": "product url, url, link, lien, page produit",
    "eco_fee": "eco fee, eco participation, ecoparticipation, deee",
    "parent_sku": "parent sku, parent, reference parent, article couvert, tied to",
    "scope": "scope, portee, magasin ou enseigne",
}
_FIELDS: Final = {word: name for name, words in _HEADERS.items() for word in words.split(", ")}
# Euro zone, its neighbours and the currencies a French group meets; others name a price list.
_CURRENCY: Final = re.compile(
    "EUR|USD|GBP|CHF|CAD|AUD|NZD|JPY|CNY|HKD|SGD|KRW|INR|THB|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|BGN|"
    "TRY|ILS|MAD|TND|DZD|XOF|XAF|XPF|AED|SAR|KWD|BHD|QAR|OMR|JOD|ZAR|BRL|MXN|CLP",
    re.IGNORECASE,
)
_WHOLE_PRICE: Final = {"", "ttc", "de vente", "public", "de vente ttc", "public ttc"}


class FileRefused(ValueError):
    """A file that is no item list at all; the text says what to do next."""


def decode(data: bytes) -> str:
    """The text of a file: UTF-8 with or without its mark, UTF-16 with it, else Windows-1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def read_file(text: str, currency: str = "EUR") -> tuple[Columns, Iterator[tuple[int, list[str]]]]:
    """The columns of a file and its numbered rows after the header; FileRefused if it is no list.

    Rows are numbered as a spreadsheet does: the first line is row 1.
    """
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows = _filled(records)
    _, header = next(rows, (1, []))
    return read_header(header, currency), rows


def _filled(records: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    try:
        for row, cells in enumerate(records, start=1):
            if any(cell.strip() for cell in cells):
                yield row, cells
    except csv.Error as problem:
        raise FileRefused(
            f"the file cannot be read as CSV ({problem}): export it again as CSV UTF-8"
        ) from problem


def read_header(header: list[str], currency: str = "EUR") -> Columns:
    """What the columns of a header row mean; FileRefused when one is missing or named twice."""
    meanings: dict[str | PriceColumn, int] = {}
    unknown: list[str] = []
    for position, title in enumerate(name.strip() for name in header):
        meaning = _meaning(title, currency)
        if meaning in meanings:
            raise FileRefused(f"two columns mean the same, the second is {title}: keep one")
        if meaning is not None:
            meanings[meaning] = position
        elif title:
            unknown.append(title)
    for needed, example in (("sku", "référence"), ("label", "libellé")):
        if needed not in meanings:
            raise FileRefused(f'no column is named "{needed}" (or "{example}"): name it in row 1')
    named = {name: at for name, at in meanings.items() if isinstance(name, str)}
    return Columns(
        width=len(header),
        fields={name: at for name, at in named.items() if name in _HEADERS},
        prices={at: price for price, at in meanings.items() if isinstance(price, PriceColumn)},
        codes={at: name[5:] for name, at in named.items() if name.startswith("code:")},
        unknown=tuple(unknown),
        currency=currency,
    )


def _meaning(title: str, currency: str) -> str | PriceColumn | None:
    """A field, `code:<connection>`, or whose price it is; None for what an index does not keep."""
    if plain_words(title) in _FIELDS:
        return _FIELDS[plain_words(title)]
    first, *rest = re.split(r"[ :()]+", title.casefold().rstrip(") ")) or [""]
    if first == "code" and len(rest) == 1 and re.fullmatch(r"[a-z0-9][a-z0-9_-]*", rest[0]):
        return f"code:{rest[0]}"
    if first not in ("price", "prix", "tarif"):
        return None
    if rest and _CURRENCY.fullmatch(rest[-1]):
        currency = rest.pop().upper()
    if " ".join(rest) in _WHOLE_PRICE:
        return PriceColumn(DEFAULT_PRICE_LIST, currency)
    if len(rest) == 1 and rest[0] != "ht" and re.fullmatch(r"[a-z0-9][a-z0-9_-]*", rest[0]):
        return PriceColumn(rest[0], currency)
    return None


def read_items(
    columns: Columns, rows: Iterator[tuple[int, list[str]]]
) -> Iterator[tuple[int, IndexedItem | RefusedRow]]:
    """Each row with its number, as an article or refused; a number used twice is refused."""
    skus: dict[str, int] = {}
    numbers: dict[tuple[str, str], tuple[int, str]] = {}
    for row, cells in rows:
        read = parse_row(row, cells, columns)
        if isinstance(read, IndexedItem):
            read = _refuse_repeats(row, read, skus, numbers)
        yield row, read


def _refuse_repeats(
    row: int,
    item: IndexedItem,
    skus: dict[str, int],
    numbers: dict[tuple[str, str], tuple[int, str]],
) -> IndexedItem | RefusedRow:
    if item.sku in skus:
        return RefusedRow(
            row,
            item.sku,
            "sku_twice",
            f"{item.sku} stands already in row {skus[item.sku]}",
            "put all GTINs of an article into one row, parted by |",
        )
    for number in item.numbers:
        if number in numbers:
            at, sku = numbers[number]
            return number_taken(row, item.sku, number, f"{sku} in row {at}")
    skus[item.sku] = row
    numbers.update(dict.fromkeys(item.numbers, (row, item.sku)))
    return item


def number_taken(row: int, sku: str, number: tuple[str, str], holder: str) -> RefusedRow:
    """A row refused because one of its numbers already means another article."""
    kind, value = number
    shown = value.partition("|")[2] or value
    if kind != "code":
        shown = next(shown[-size:] for size in (8, 12, 13, 14) if int(shown[:-size] or 0) == 0)
    return RefusedRow(
        row,
        sku,
        "code_taken" if kind == "code" else "gtin_taken",
        f"{shown} already means {holder}",
        "find out which article carries it and take it off the other one",
    )
