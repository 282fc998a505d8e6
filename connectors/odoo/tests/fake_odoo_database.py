"""A small Odoo database: tables of records, found by domains as Odoo writes them."""

import operator
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

Record = dict[str, Any]

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">=": lambda value, wanted: value is not False and value >= wanted,
    "<=": lambda value, wanted: value is not False and value <= wanted,
    ">": operator.gt,
    "in": lambda value, wanted: value in wanted,
    "=like": lambda value, wanted: str(value or "").startswith(wanted.removesuffix("%")),
}
# Models whose records are never archived: asking for it is an error of its own.
WITHOUT_ACTIVE = frozenset({"crm.stage", "sale.order", "stock.move", "website.track"})


class Refused(Exception):
    """What Odoo answers with an error: the status, the exception's name, its message."""

    def __init__(self, status: int, name: str, message: str) -> None:
        super().__init__(message)
        self.status, self.name, self.message = status, name, message


class Database:
    """Tables by model; many2one fields are `[id, name]`, what is empty is False."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[int, Record]] = {}
        self.now = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)

    def stamp(self) -> str:
        """A second later than the last change."""
        self.now += timedelta(seconds=1)
        return self.now.strftime("%Y-%m-%d %H:%M:%S")

    def table(self, model: str) -> dict[int, Record]:
        return self.tables.setdefault(model, {})

    def add(self, model: str, /, **values: Any) -> Record:
        number = max(self.table(model), default=0) + 1
        row = {"id": number, "write_date": self.stamp(), **values}
        self.table(model)[row["id"]] = row
        return row

    def find(self, model: str, /, **wanted: Any) -> Record | None:
        rows = self.table(model).values()
        return next((row for row in rows if all(row.get(k) == v for k, v in wanted.items())), None)

    def lines(self, model: str, order: Record) -> list[Record]:
        rows = self.table(f"{model}.line").values()
        return [row for row in rows if row["order_id"][0] == order["id"]]

    def search_read(
        self,
        model: str,
        domain: Sequence[Any],
        fields: Sequence[str],
        order: str = "id",
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Record]:
        asks_for_archived = any(isinstance(x, list) and x[0] == "active" for x in domain)
        if asks_for_archived and model in WITHOUT_ACTIVE:
            raise Refused(500, "builtins.ValueError", f"Invalid field {model}.active")
        rows = [
            row
            for row in self.table(model).values()
            if matches(row, domain) and (row.get("active", True) or asks_for_archived)
        ]
        for part in reversed(order.split(",")):
            name, _, direction = part.strip().partition(" ")
            rows.sort(key=lambda row: _ordered(row[name]), reverse=direction == "desc")
        unknown = [name for row in rows for name in fields if name not in row]
        if unknown:
            raise Refused(422, "builtins.ValueError", f"Invalid field {unknown[0]!r}")
        page = rows[offset:][:limit]
        return [{"id": row["id"], **{name: row[name] for name in fields}} for row in page]


def _ordered(value: Any) -> Any:
    """What a column is sorted by: a link by its number, what is empty first."""
    if isinstance(value, list):
        return value[0]
    return 0 if value is False else value


def matches(row: Record, domain: Sequence[Any]) -> bool:
    """Whether a record meets a domain: polish notation, terms in a row all having to hold."""
    rest = list(domain)

    def term() -> bool:
        head = rest.pop(0)
        if head == "!":
            return not term()
        if head in ("|", "&"):
            one, other = term(), term()
            return one or other if head == "|" else one and other
        name, sign, wanted = head
        value = row.get(name, False)
        return OPERATORS[sign](value[0] if isinstance(value, list) and value else value, wanted)

    results = []
    while rest:
        results.append(term())
    return all(results)


def link(row: Record, name: str = "name") -> list[Any]:
    """A record as another one refers to it."""
    return [row["id"], str(row.get(name, ""))]


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), "ROUND_HALF_UP")
