"""A sheet of articles on their way out of an order, and what they are as rows of a cart."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from cartbridge.sdk.documents import (
    Discount,
    Item,
    ObservedLine,
    Prices,
    Tax,
    plain,
    to_major,
    to_minor,
)
from cartbridge.sdk.observations import Lost, TakenLine
from cartbridge_odoo import payloads as wire
from cartbridge_odoo.amounts import Taxed, TaxMode, rounded, without_tax
from cartbridge_odoo.units import sold_by

EXACT: Final = Decimal("0.000001")


@dataclass
class Row:
    """An article of an order on its way: amounts in minor units, as its sheet has them."""

    line: wire.Line
    where: str
    item: Item
    note: str | None
    unit: str
    quantity: Decimal
    taxed: Taxed
    price: Decimal  # of one, in major units
    total: int
    discounts: list[Discount] = field(default_factory=list)

    def reduce(self, amount: int, label: str) -> None:
        """Takes a share of a reduction off the line."""
        if amount > 0:
            self.total -= amount
            self.discounts.append(Discount(label=label[:500], amount=amount))


@dataclass
class Sheet:
    """What an order shows: its articles, the delivery, and whether something was paid on it."""

    currency: str
    report: list[Lost]
    mode: TaxMode = "inclusive"  # whether its amounts hold the tax
    rows: list[Row] = field(default_factory=list)
    shipping: int = 0
    paid: bool = False
    partial: bool = False  # some rows are none of ours: the rest need not add up

    def lost(self, where: str, why: str) -> None:
        """Notes what could not be carried over."""
        self.report.append(Lost(field=where, what="dropped", why=why))

    def observed(self) -> tuple[ObservedLine, ...]:
        """The articles as rows of a cart."""
        return tuple(
            ObservedLine(
                key=row.item.key,
                sold_by=sold_by(row.unit),
                item=row.item,
                quantity=row.quantity,
                unit=row.unit,
                prices=_prices(row, self),
                note=row.note,
                external_id=str(row.line.id),
            )
            for row in self.rows
        )

    def taken(self) -> tuple[TakenLine, ...]:
        """The articles as they were sold: rows of one item key are summed."""
        taken: dict[str, TakenLine] = {}
        for row in self.rows:
            key, before = row.item.key, taken.get(row.item.key)
            price = to_minor(row.price, self.currency)
            taken[key] = TakenLine(
                key=key,
                quantity=row.quantity + (before.quantity if before else 0),
                item=row.item,
                unit_price=price if before is None or before.unit_price == price else None,
                total=row.total + ((before.total or 0) if before else 0),
            )
        return tuple(taken.values())


def _prices(row: Row, sheet: Sheet) -> Prices:
    currency = sheet.currency
    shown = to_minor(row.price, currency)
    taxes: tuple[Tax, ...] = ()
    if row.taxed.ids and row.taxed.rate < 10:
        if sheet.mode == "exclusive":
            tax = rounded(row.total * row.taxed.rate)
        else:
            tax = row.total - without_tax(row.total, row.taxed)
        taxes = (Tax(rate=plain(row.taxed.rate), amount=tax),)
    return Prices(
        unit_price=shown,
        unit_price_exact=None if row.price == to_major(shown, currency) else plain(row.price),
        taxes=taxes,
        discounts=tuple(row.discounts),
        total=row.total,
    )
