"""The retailer's item list: one entry, and how a row of a file becomes one or is refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from cartbridge.domain.item_cells import (
    CellError,
    read_address,
    read_gtins,
    read_price,
    read_scope,
    read_sold_by,
    read_tax_rate,
    read_unit,
)
from cartbridge.domain.items import Gtin, SoldBy, Text, is_in_store
from cartbridge.domain.model import Strict
from cartbridge.domain.money import CurrencyCode, Minor

# No control characters: a file may hold anything, a database text may not.
_PRINTABLE = r"^[^\x00-\x1f]+$"
Sku = Annotated[str, Field(max_length=100, pattern=_PRINTABLE)]
Scope = Annotated[str, Field(pattern=r"^(store|brand):[a-z0-9][a-z0-9-]{0,62}$")]
Price = Annotated[Minor, Field(ge=0)]
Code = Annotated[str, Field(max_length=255, pattern=_PRINTABLE)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class IndexedItem(Strict):
    """What the retailer calls an article, and what others call it."""

    sku: Sku
    label: Annotated[Text, Field(min_length=1)]
    gtins: tuple[Gtin, ...] = ()
    in_store: dict[Scope, tuple[Gtin, ...]] = {}  # numbers that hold in one store or brand only
    codes: dict[Name, Code] = {}  # connection → what the article is called there
    unit: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,3}$")] = "C62"
    sold_by: SoldBy = "piece"
    tax_rate: Annotated[str, Field(pattern=r"^\d(\.\d{1,6})?$")] | None = None
    prices: dict[Name, dict[CurrencyCode, Price]] = {}  # price list → currency → minor units
    image_url: str | None = None
    product_url: str | None = None
    eco_fee: dict[CurrencyCode, Price] = {}
    parent_sku: Sku | None = None  # a warranty is tied to the article it covers

    @model_validator(mode="after")
    def _numbers_are_where_they_hold(self) -> Self:
        if any(is_in_store(gtin) for gtin in self.gtins):
            raise ValueError(
                "a number with prefix 02 or 20 to 29 goes under in_store, with its store or brand"
            )
        return self

    @property
    def numbers(self) -> tuple[tuple[str, str], ...]:
        """Every (kind, number) this article is found by, besides its SKU."""
        found = [("gtin", gtin.zfill(14)) for gtin in self.gtins]
        for scope, gtins in self.in_store.items():
            found += [("in_store", in_store_number(scope, gtin)) for gtin in gtins]
        found += [("code", connection_code(*named)) for named in self.codes.items()]
        return tuple(dict.fromkeys(found))


def in_store_number(scope: str, gtin: str) -> str:
    """How a number of one store or brand stands in the index."""
    return f"{scope}|{gtin.zfill(14)}"


def connection_code(connection: str, code: str) -> str:
    """How a connection's own code stands in the index."""
    return f"{connection}|{code}"


@dataclass(frozen=True)
class RefusedRow:
    """A row of the list that was not taken: where it is, why, and how to mend it."""

    row: int  # as a spreadsheet numbers them: the header is row 1
    sku: str | None
    reason: str  # stable, for machines and translations
    detail: str
    mend: str


@dataclass(frozen=True)
class PriceColumn:
    """What a column of prices holds: which price list, in which currency."""

    price_list: str
    currency: str


@dataclass(frozen=True)
class Columns:
    """What each column of a file means, by its position from 0."""

    width: int
    fields: Mapping[str, int]
    prices: Mapping[int, PriceColumn] = field(default_factory=dict)
    codes: Mapping[int, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    currency: str = "EUR"


def parse_row(row: int, cells: Sequence[str], columns: Columns) -> IndexedItem | RefusedRow:
    """The article that a row describes, or why it describes none."""
    cells = [cell.strip() for cell in cells]

    def cell(name: str) -> str:
        position = columns.fields.get(name, len(cells))
        return cells[position] if position < len(cells) else ""

    try:
        _check_shape(cells, columns)
        return IndexedItem(**_values(cell), **_numbers(cell), **_by_column(cells, columns))
    except CellError as problem:
        reason, detail, mend = problem.reason, problem.detail, problem.mend
    except ValidationError as problem:
        name = str((*problem.errors()[0]["loc"], "row")[0])
        reason, mend = f"bad_{name}", "correct or empty the cell"
        detail = f"{name.replace('_', ' ')}: {problem.errors()[0]['msg']}"
    return RefusedRow(row, cell("sku") or None, reason, detail, mend)


def _check_shape(cells: Sequence[str], columns: Columns) -> None:
    if any(cells[columns.width :]):
        raise CellError(
            "too_many_cells",
            "the row has more cells than the header",
            "put a text that contains the separator between double quotes",
        )
    for name in ("sku", "label"):
        position = columns.fields[name]
        if position >= len(cells) or not cells[position]:
            raise CellError(f"no_{name}", f"the row has no {name}", f"give every row a {name}")


def _values(cell: Callable[[str], str]) -> dict[str, Any]:
    unit = read_unit(cell("unit"))
    return {
        "sku": cell("sku"),
        "label": cell("label"),
        "unit": unit,
        "sold_by": read_sold_by(cell("sold_by"), unit),
        "tax_rate": read_tax_rate(cell("tax_rate")) if cell("tax_rate") else None,
        "image_url": read_address(cell("image_url")) if cell("image_url") else None,
        "product_url": read_address(cell("product_url")) if cell("product_url") else None,
        "parent_sku": cell("parent_sku") or None,
    }


def _numbers(cell: Callable[[str], str]) -> dict[str, Any]:
    """The row's GTINs; those with an in-store prefix belong to the store or brand it names."""
    gtins = read_gtins(cell("gtin"))
    local = tuple(gtin for gtin in gtins if is_in_store(gtin))
    if not local:
        return {"gtins": gtins}
    if not cell("scope"):
        raise CellError(
            "in_store_without_scope",
            f"{local[0]} is an in-store number (prefix 02 or 20 to 29)",
            "say in the column scope which store or brand it belongs to, like store:lyon-2",
        )
    world = tuple(gtin for gtin in gtins if gtin not in local)
    return {"gtins": world, "in_store": {read_scope(cell("scope")): local}}


def _by_column(cells: Sequence[str], columns: Columns) -> dict[str, Any]:
    prices: dict[str, dict[str, int]] = {}
    for position, column in columns.prices.items():
        if position < len(cells) and cells[position]:
            amount = read_price(cells[position], column.currency)
            prices.setdefault(column.price_list, {})[column.currency] = amount
    codes = {
        connection: cells[position]
        for position, connection in columns.codes.items()
        if position < len(cells) and cells[position]
    }
    eco = columns.fields.get("eco_fee", len(cells))
    fee = read_price(cells[eco], columns.currency) if eco < len(cells) and cells[eco] else None
    return {
        "prices": prices,
        "codes": codes,
        "eco_fee": {} if fee is None else {columns.currency: fee},
    }
