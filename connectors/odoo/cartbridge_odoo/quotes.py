"""Quotations of the retailer's own as quotes: what one says, at the prices that it holds."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Final, Literal

from cartbridge.sdk.documents import Company, Customer, Snapshot, to_minor
from cartbridge.sdk.observations import Lost, QuoteSeen
from cartbridge_odoo import payloads as wire
from cartbridge_odoo.amounts import TaxMode
from cartbridge_odoo.lines import sheet_of
from cartbridge_odoo.sheets import Sheet
from cartbridge_odoo.snapshots import customer_of
from cartbridge_odoo.traces import OURS, from_source

State = Literal["requested", "issued", "accepted", "declined", "converted", "expired"]

_ISSUED: Final = "sent"
_END_OF_DAY: Final = time(23, 59, 59, tzinfo=UTC)


def is_quotation(order: wire.SaleOrder) -> bool:
    """Whether it is a quotation of the retailer's own, and read as one."""
    told = "validity_date" in order.model_fields_set
    return told and order.website_id is None and not (order.origin or "").startswith(OURS)


def quote_seen(
    document: wire.Document,
    order: wire.SaleOrder,
    lines: tuple[wire.Line, ...],
    report: list[Lost],
) -> QuoteSeen:
    """The quotation as a quote: state, number, validity, and its rows in its own tax mode."""
    sheet = quote_sheet(document, order, lines, report)
    return QuoteSeen(
        external_id=str(order.id),
        snapshot=quote_snapshot(document, order, sheet, report),
        number=order.name[:100],
        state=state_of(order, len(lines)),
        valid_until=last_moment(order.validity_date),
    )


def quote_sheet(
    document: wire.Document,
    order: wire.SaleOrder,
    lines: tuple[wire.Line, ...],
    report: list[Lost],
) -> Sheet:
    """Its articles; before tax where a company buys and every tax comes on top."""
    mode = tax_mode_of(document)
    whole = order.amount_untaxed if mode == "exclusive" else order.amount_total
    return sheet_of(document, lines, whole, order.currency_id.name, report, mode)


def quote_snapshot(
    document: wire.Document, order: wire.SaleOrder, sheet: Sheet, report: list[Lost]
) -> Snapshot:
    """The quotation as it is there now."""
    return Snapshot(
        lines=sheet.observed(),
        last_push=from_source(order.origin)[0],
        at=order.write_date,
        currency=order.currency_id.name,
        tax_mode=sheet.mode,
        shipping=sheet.shipping,
        has_payment=sheet.paid or order.amount_paid > 0,
        customer=buyer_of(document.partner, report),
    )


def tax_mode_of(document: wire.Document) -> TaxMode:
    """Before tax where a company buys and no price holds its tax, as it reads its quotation."""
    partner = document.partner
    company = partner is not None and (partner.is_company or partner.commercial_company_name)
    on_top = bool(document.taxes) and not any(tax.price_include for tax in document.taxes)
    return "exclusive" if company and on_top else "inclusive"


def buyer_of(partner: wire.Partner | None, report: list[Lost]) -> Customer | None:
    """Who the quotation is for: a person of a company brings its name and VAT number."""
    customer = customer_of(partner, report)
    if customer is None or partner is None or customer.company is not None:
        return customer
    name = (partner.commercial_company_name or "")[:320]
    if not name:
        return customer
    company = Company(name=name, vat_number=(partner.vat or "")[:320] or None)
    return customer.model_copy(update={"company": company})


def state_of(order: wire.SaleOrder, rows: int) -> State:
    """What became of it; one that a till sold, ours or another, is converted."""
    if from_source(order.origin)[1]:
        return "converted"
    if order.state == "cancel":
        late = order.validity_date is not None and order.write_date.date() > order.validity_date
        return "expired" if late else "declined"
    if order.state == "draft":
        return "requested"
    if order.state == _ISSUED:
        return "issued"
    return "converted" if _is_settled(order, rows) else "accepted"


def _is_settled(order: wire.SaleOrder, rows: int) -> bool:
    """A till of this Odoo settled it whole; a deposit taken there leaves most of it unpaid."""
    unpaid = to_minor(max(order.amount_unpaid, Decimal(0)), order.currency_id.name)
    return bool(order.pos_order_line_ids) and unpaid <= rows  # a cent of rounding a row


def last_moment(day: date | None) -> datetime | None:
    """Until when it is valid: Odoo keeps a day without a time zone, told as its end in UTC."""
    return None if day is None else datetime.combine(day, _END_OF_DAY)
