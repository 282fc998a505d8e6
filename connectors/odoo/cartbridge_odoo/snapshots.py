"""Orders as carts: what a till's order, a quotation or a web cart shows at one moment."""

from decimal import Decimal

from cartbridge.sdk import payload
from cartbridge.sdk.documents import CodeRefusal, Company, Customer, Refusal, Snapshot
from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.observations import Lost
from cartbridge.sdk.payload import understood
from cartbridge_odoo import payloads as wire
from cartbridge_odoo.sheets import Sheet
from cartbridge_odoo.traces import from_preparation, from_reference


def till_snapshot(
    document: wire.Document, order: wire.TillOrder, sheet: Sheet, report: list[Lost]
) -> Snapshot:
    """An order of a till as its cashier sees it."""
    trace = from_preparation(order.last_order_preparation_change)
    return Snapshot(
        lines=sheet.observed(),
        last_push=trace.push_id,
        refused=trace.refusals,
        at=order.write_date,
        currency=order.currency_id.name,
        tax_mode="inclusive",
        channel="till",
        has_payment=bool(order.payment_ids),
        customer=customer_of(document.partner, report),
    )


def sale_snapshot(
    document: wire.Document, order: wire.SaleOrder, sheet: Sheet, report: list[Lost]
) -> Snapshot:
    """A website's cart or a quotation as it is there now."""
    last_push, refused, codes = _written(order)
    return Snapshot(
        lines=sheet.observed(),
        revision=order.cartbridge_revision,
        last_push=last_push,
        refused=refused,
        refused_codes=codes,
        at=order.write_date,
        currency=order.currency_id.name,
        tax_mode="inclusive",
        channel="web" if order.website_id is not None else None,
        shipping=sheet.shipping,
        has_payment=sheet.paid or order.amount_paid > 0,
        customer=customer_of(document.partner, report),
    )


def _written(
    order: wire.SaleOrder,
) -> tuple[str | None, tuple[Refusal, ...], tuple[CodeRefusal, ...]]:
    """The last write of ours: as the add-on keeps it, else as we left it in the reference."""
    if order.cartbridge_revision is not None:
        rows = _refused(order.cartbridge_refused or "[]")
        refused = tuple(
            Refusal(
                key=row.key,
                wanted=Decimal(row.wanted),
                accepted=Decimal(row.accepted),
                reason=row.reason,
            )
            for row in rows
            if row.key is not None
        )
        codes = tuple(
            CodeRefusal(code=row.code, reason=row.reason) for row in rows if row.code is not None
        )
        return order.cartbridge_last_push, refused, codes
    trace = from_reference(order.client_order_ref)
    return trace.push_id, trace.refusals, ()


def _refused(text: str) -> list[wire.Refused]:
    where = "record.cartbridge_refused"
    try:
        told = payload.loads(b'{"rows":%s}' % text.encode())["rows"]
    except Unreadable as error:
        raise Unreadable(f"{where}: {error}") from None
    if not isinstance(told, list):
        raise Unreadable(f"{where}: a list is expected")
    return [understood(wire.Refused, row, where) for row in told]


def customer_of(partner: wire.Partner | None, report: list[Lost]) -> Customer | None:
    """Who an order belongs to, as far as Odoo knows her; the website's guest is nobody."""
    if partner is None:
        return None
    company = None
    if partner.is_company and partner.name:
        company = Company(name=partner.name[:320], vat_number=(partner.vat or "")[:320] or None)
    elif partner.name:
        why = "Odoo keeps one name: it stands in the place of the last name"
        report.append(Lost(field="partner.name", what="defaulted", why=why))
    return Customer(
        external_id=str(partner.id),
        email=_short(partner.email),
        phone=_short(partner.phone),
        loyalty_number=_short(partner.barcode),
        last_name=None if partner.is_company else _short(partner.name),
        company=company,
    )


def _short(text: str | None) -> str | None:
    return text[:320] if text else None
