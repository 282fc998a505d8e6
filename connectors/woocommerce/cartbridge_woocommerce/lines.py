"""From rows of the shop to observed lines: amounts rounded once, and what was lost on the way."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_DOWN, Decimal
from typing import Final

from cartbridge.sdk.documents import (
    Discount,
    Item,
    ObservedLine,
    Prices,
    Tax,
    TaxMode,
    plain,
    to_major,
    to_minor,
)
from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.observations import Lost, TakenLine

MOST: Final = 10**12  # in minor units; more is a sender's mistake, not a sale
_MILLIONTH: Final = Decimal("0.000001")


@dataclass(frozen=True)
class Row:
    """One row in the shop's own words: amounts of the whole row, net, with their tax beside."""

    key: str
    item: Item
    quantity: Decimal
    subtotal: Decimal
    subtotal_tax: Decimal
    total: Decimal
    total_tax: Decimal
    taxes: tuple[tuple[Decimal, Decimal], ...] = ()  # rate in percent, amount
    list_price: Decimal | None = None  # of one piece, in the shop's own tax mode
    external_id: str | None = None


@dataclass(frozen=True)
class Sheet:
    """What the rows of one cart or order have in common."""

    currency: str
    tax_mode: TaxMode
    codes: tuple[str, ...] = ()
    report: list[Lost] = field(default_factory=list)

    def shown(self, net: Decimal, tax: Decimal) -> Decimal:
        """An amount as this shop shows it: with its tax, or without."""
        return net + tax if self.tax_mode == "inclusive" else net

    def minor(self, amount: Decimal) -> int:
        """In minor units, rounded half up."""
        value = to_minor(amount, self.currency)
        if abs(value) > MOST:
            raise Unreadable("an amount is out of any shop's range")
        return value

    def tax(self, amount: Decimal) -> int:
        """In minor units as the shop rounds a tax: half down where its prices hold the tax."""
        half_up = self.minor(amount)
        if self.tax_mode == "exclusive":
            return half_up
        exact = amount / to_major(1, self.currency)
        return int(exact.to_integral_value(ROUND_HALF_DOWN))

    def lost(self, where: str, why: str) -> None:
        """Notes what could not be carried."""
        self.report.append(Lost(field=where, what="dropped", why=why))


def observed(rows: Sequence[Row], goods: Decimal, sheet: Sheet) -> tuple[ObservedLine, ...]:
    """The rows, their totals adding up to what the shop says that all goods come to."""
    kept = [row for row in rows if row.quantity]
    totals = [sheet.minor(sheet.shown(row.total, row.total_tax)) for row in kept]
    _settle(totals, sheet.minor(goods), sheet)
    return tuple(
        _observed(f"lines[{place}]", row, total, sheet)
        for place, (row, total) in enumerate(zip(kept, totals, strict=True))
    )


def _settle(totals: list[int], goods: int, sheet: Sheet) -> None:
    """The shop rounds a cart, or each row, or neither: the dearest row takes the odd cents."""
    odd = goods - sum(totals)
    if not odd:
        return
    if abs(odd) > len(totals):
        sheet.lost(
            "total", "it holds more than its lines, shipping and fees: compare with the shop"
        )
        return
    totals[totals.index(max(totals))] += odd
    why = "the shop rounds once for the whole cart: its dearest line takes the difference"
    sheet.report.append(Lost(field="total", what="rounded", why=why))


def _observed(where: str, row: Row, total: int, sheet: Sheet) -> ObservedLine:
    before = sheet.shown(row.subtotal, row.subtotal_tax)
    return ObservedLine(
        key=row.key,
        item=row.item,
        quantity=row.quantity,
        prices=Prices(
            unit_price=sheet.minor(before / row.quantity),
            unit_price_exact=_exact(before / row.quantity, sheet),
            list_price=None if row.list_price is None else sheet.minor(row.list_price),
            taxes=_taxes(where, row, sheet),
            discounts=_discounts(where, sheet.minor(before) - total, sheet),
            total=total,
        ),
        external_id=row.external_id,
    )


def _exact(each: Decimal, sheet: Sheet) -> str | None:
    """The price of one piece where the shop has more digits than the currency."""
    whole = to_major(to_minor(each, sheet.currency), sheet.currency)
    if each == whole or each != each.quantize(_MILLIONTH):
        return None
    return plain(each)


def _taxes(where: str, row: Row, sheet: Sheet) -> tuple[Tax, ...]:
    if row.total_tax and not row.taxes:
        sheet.lost(f"{where}.taxes", "the shop does not tell the rate of this tax")
    return tuple(
        Tax(
            rate=plain((rate / 100).quantize(_MILLIONTH)),
            code="S" if rate else "Z",
            amount=sheet.tax(amount),
        )
        for rate, amount in row.taxes
    )


def _discounts(where: str, amount: int, sheet: Sheet) -> tuple[Discount, ...]:
    if amount < 0:
        sheet.lost(f"{where}.subtotal", "a coupon raises the price; the line's total holds it")
    if amount <= 0:
        return ()
    code = sheet.codes[0] if len(sheet.codes) == 1 else None
    return (
        Discount(code=code, label=None if code else ", ".join(sheet.codes) or None, amount=amount),
    )


def taken(lines: Sequence[ObservedLine]) -> tuple[TakenLine, ...]:
    """How much of each article was bought: rows of one article are summed."""
    summed: dict[str, TakenLine] = {}
    for line in lines:
        before = summed.get(line.key)
        summed[line.key] = TakenLine(
            key=line.key,
            quantity=line.quantity + (before.quantity if before else 0),
            item=line.item,
            unit_price=line.prices.unit_price,
            total=(line.prices.total or 0) + ((before.total or 0) if before else 0),
        )
    return tuple(summed.values())
