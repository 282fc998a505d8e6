"""What a row costs, as far as the platform tells: nothing is made up but said so."""

from dataclasses import dataclass
from decimal import Decimal

from cartbridge.sdk.documents import Discount, Prices, Tax, TaxMode, plain
from cartbridge_declarative.amounts import MAX_MINOR, Amounts, rounded
from cartbridge_declarative.mapping import Mapping
from cartbridge_declarative.parts import MAX_DISCOUNTS, Part
from cartbridge_declarative.sections import Lines


@dataclass(frozen=True)
class Pricing:
    """Reads the prices of the rows of one document, in its currency and tax mode."""

    mapping: Mapping
    amounts: Amounts
    tax_mode: TaxMode | None
    with_taxes: bool = True  # False: what is bought is told without them

    def of(self, row: Part, lines: Lines, quantity: Decimal) -> Prices:
        """The prices of one row."""
        amounts = self.amounts
        unit_price = row.find("unit_price", lines.unit_price, amounts.exact)
        discounts = self._discounts(row)
        total = row.amount("total", lines.total, amounts)
        if total is None:
            total = _counted(row, lines, unit_price, quantity, discounts)
        finer = unit_price is not None and unit_price != rounded(unit_price)
        return Prices(
            unit_price=None if unit_price is None else rounded(unit_price),
            unit_price_exact=amounts.major(unit_price) if unit_price and finer else None,
            list_price=row.amount("list_price", lines.list_price, amounts),
            taxes=self._taxes(row, lines, total) if self.with_taxes else (),
            discounts=discounts,
            total=total,
        )

    def _discounts(self, row: Part) -> tuple[Discount, ...]:
        told = self.mapping.discounts
        if told is None:
            return ()
        kept = []
        for part in row.rows(told.each, "discounts", MAX_DISCOUNTS):
            part.tell_unread(self.mapping.of_discount)
            amount = part.amount("amount", told.amount, self.amounts)
            code, label = part.text("code", told.code, 100), part.text("label", told.label)
            if amount is None or amount < 0:
                why = "no amount from 0 on; what it takes off is in the row's total"
                part.lost("amount", told.amount, "dropped", why)
            else:
                kept.append(Discount(code=code, label=label, amount=amount))
        return tuple(kept)

    def _taxes(self, row: Part, lines: Lines, total: int | None) -> tuple[Tax, ...]:
        rate = row.find("tax_rate", lines.tax_rate, self.amounts.rate)
        amount = row.amount("tax", lines.tax, self.amounts)
        if rate is None:
            if amount is not None:
                row.lost("tax", lines.tax, "dropped", "an amount of tax without its rate")
            return ()
        if amount is None:
            if total is None or self.tax_mode is None:
                why = "its amount is not told, nor whether prices hold it: map tax or tax_mode"
                row.lost("tax_rate", lines.tax_rate, "dropped", why)
                return ()
            net = total / (1 + rate) if self.tax_mode == "inclusive" else Decimal(total)
            amount = rounded(net * rate)
            row.lost("tax", lines.tax, "defaulted", "not told: the rate's part of the total")
        return (Tax(rate=plain(rate), amount=amount),)


def _counted(
    row: Part,
    lines: Lines,
    unit_price: Decimal | None,
    quantity: Decimal,
    discounts: tuple[Discount, ...],
) -> int | None:
    if unit_price is None:
        row.lost("unit_price", lines.unit_price, "defaulted", "not told: the till's own is used")
        return None
    total = rounded(unit_price * quantity) - sum(one.amount for one in discounts)
    if abs(total) > MAX_MINOR:
        why = "times the quantity it is out of any shop's range"
        raise row.wrong("unit_price", lines.unit_price, why)
    row.lost("total", lines.total, "defaulted", "not told: unit price × quantity − discounts")
    return total
