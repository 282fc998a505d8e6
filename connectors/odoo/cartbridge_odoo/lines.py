"""The articles of an order with their prices, made to add up to what Odoo says the order is."""

from collections.abc import Mapping
from decimal import Decimal

from cartbridge.sdk.documents import Discount, plain, to_minor
from cartbridge.sdk.observations import Lost
from cartbridge_odoo import payloads as wire
from cartbridge_odoo.amounts import HUNDRED, Taxed, TaxMode, dealt
from cartbridge_odoo.naming import from_note, item_of
from cartbridge_odoo.sheets import EXACT, Row, Sheet
from cartbridge_odoo.units import unit_of


def sheet_of(
    document: wire.Document,
    lines: tuple[wire.Line, ...],
    amount_total: Decimal,
    currency: str,
    report: list[Lost],
    mode: TaxMode = "inclusive",
) -> Sheet:
    """The articles of a document; what is no article is shared out, or reported.

    `amount_total` is what it all costs, with tax or before it as `mode` says.
    """
    sheet = Sheet(currency, report, mode)
    products = {product.id: product for product in document.products}
    taxes = {tax.id: tax for tax in document.taxes}
    reductions = []
    for place, line in enumerate(lines):
        where = f"lines[{place}]"
        if _is_article(sheet, where, line, products):
            if line.total < 0 or line.price_unit < 0:
                reductions.append((where, line))
            else:
                sheet.rows.append(_row(sheet, where, line, products, taxes))
    for where, line in reductions:
        _share(sheet, where, line)
    _reconcile(sheet, to_minor(amount_total, currency))
    return sheet


def _is_article(
    sheet: Sheet, where: str, line: wire.Line, products: Mapping[int, wire.Product]
) -> bool:
    if line.display_type:
        sheet.lost(where, "a section or note of the quotation")
        return False
    if line.is_delivery:
        sheet.shipping += to_minor(_amount(sheet, line), sheet.currency)
        return False
    if line.is_downpayment:
        sheet.paid = sheet.partial = True
        sheet.lost(where, "a deposit")
        return False
    if line.sale_order is not None and line.refunded is None:
        sheet.partial = True
        sheet.lost(where, "it settles a quotation, and is told with that one")
        return False
    if line.refunded is not None:
        sheet.partial = True  # told as a return, not as part of a cart
        return False
    if line.quantity <= 0 or line.product_id is None or line.product_id.id not in products:
        sheet.partial |= line.total != 0
        if line.quantity != 0:
            sheet.lost(where, "neither an article nor a reduction")
        return False
    return True


def _row(
    sheet: Sheet,
    where: str,
    line: wire.Line,
    products: Mapping[int, wire.Product],
    taxes: Mapping[int, wire.Tax],
) -> Row:
    product = products[line.product_id.id if line.product_id is not None else 0]
    item, note = from_note(line.customer_note or line.name)
    if item is None:
        item = item_of(product, f"{where}.product", sheet.report)
        note = line.customer_note or None
    name = product.uom_id.name if product.uom_id is not None else ""
    unit = unit_of(name)
    if unit is None:
        why = "a unit of measure that is not known here: counted as pieces"
        sheet.report.append(Lost(field=f"{where}.unit", what="defaulted", why=why))
    taxed = _taxed(sheet, where, line, taxes)
    price = line.price_unit
    if sheet.mode == "exclusive" and taxed.included:
        price /= 1 + taxed.rate
    elif sheet.mode == "inclusive" and not taxed.included:
        price *= 1 + taxed.rate
    row = Row(
        line=line,
        where=where,
        item=item,
        note=note[:500] if note else None,
        unit=unit or "C62",
        quantity=line.quantity.quantize(EXACT),
        taxed=taxed,
        price=price.quantize(EXACT),
        total=_total(sheet, line, taxed),
    )
    _discounted(sheet, row)
    return row


def _taxed(sheet: Sheet, where: str, line: wire.Line, known: Mapping[int, wire.Tax]) -> Taxed:
    taxes = [known[tax] for tax in line.taxes if tax in known]
    if all(tax.amount_type == "percent" and 0 <= tax.amount < 1000 for tax in taxes):
        rate = sum((tax.amount for tax in taxes), Decimal(0)) / HUNDRED
        included = all(tax.price_include for tax in taxes)
        return Taxed(line.taxes, rate.quantize(EXACT), included)
    sheet.lost(f"{where}.taxes", "a tax that is no percentage; the line's total holds it")
    return Taxed(line.taxes)


def _amount(sheet: Sheet, line: wire.Line) -> Decimal:
    return line.untaxed if sheet.mode == "exclusive" else line.total


def _total(sheet: Sheet, line: wire.Line, taxed: Taxed) -> int:
    """Odoo rounds taxes per order by default and shows lines a cent off: what was meant counts."""
    currency, shown = sheet.currency, to_minor(_amount(sheet, line), sheet.currency)
    if not taxed.included or sheet.mode == "exclusive":
        return shown
    meant = to_minor(line.price_unit * line.quantity * (1 - line.discount / HUNDRED), currency)
    return meant if abs(meant - shown) <= 1 else shown


def _discounted(sheet: Sheet, row: Row) -> None:
    if not row.line.discount:
        return
    off = to_minor(row.price * row.quantity, sheet.currency) - row.total
    if off <= 0:
        sheet.lost(f"{row.where}.discount", "it raises the price; the line's total holds it")
        return
    percent = row.line.discount.quantize(EXACT)
    row.discounts.append(Discount(label=f"-{plain(percent)} %", amount=off))
    if percent != percent.quantize(Decimal("0.01")):
        why = "a fixed reduction, kept at the till as a percentage"
        sheet.report.append(Lost(field=f"{row.where}.discount", what="rounded", why=why))


def _share(sheet: Sheet, where: str, line: wire.Line) -> None:
    """A reduction of its own line goes to the articles of the same taxes, by what they cost."""
    amount = -to_minor(_amount(sheet, line), sheet.currency)
    rows = [row for row in sheet.rows if row.line.taxes == line.taxes] or sheet.rows
    if amount <= 0 or amount > sum(row.total for row in rows):
        sheet.partial = True
        sheet.lost(where, "a reduction that exceeds the articles it is for")
        return
    label = line.name or (line.product_id.name if line.product_id is not None else "") or "-"
    parts = dealt(amount, [row.total for row in rows])
    for row, part in zip(rows, parts, strict=True):
        row.reduce(part, label)


def _reconcile(sheet: Sheet, amount_total: int) -> None:
    """The order's total binds: the dearest line takes a cent or two, more is told."""
    difference = amount_total - sheet.shipping - sum(row.total for row in sheet.rows)
    if not difference or sheet.partial:
        return
    if abs(difference) > len(sheet.rows):
        why = "the lines do not add up to the order's total: see the order in Odoo"
        sheet.report.append(Lost(field="amount_total", what="unresolved", why=why))
        return
    dearest = max(sheet.rows, key=lambda row: row.total)
    dearest.total += difference
    why = "the order is rounded as a whole: its dearest line takes the difference"
    sheet.report.append(Lost(field=f"{dearest.where}.total", what="rounded", why=why))
