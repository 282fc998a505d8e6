"""From Odoo's orders to observations, and what was lost on the way."""

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from pydantic import ValidationError

from cartbridge.sdk.documents import Snapshot
from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.observations import (
    CartGone,
    CartOrdered,
    CartReturned,
    CartSeen,
    Lost,
    Observation,
    Read,
    SaleSeen,
    TakenLine,
)
from cartbridge.sdk.payload import understood
from cartbridge_odoo import payloads as wire
from cartbridge_odoo.amounts import Taxed
from cartbridge_odoo.documents import TILL
from cartbridge_odoo.lines import sheet_of
from cartbridge_odoo.naming import from_note, item_of
from cartbridge_odoo.quotes import is_quotation, quote_seen, quote_sheet, quote_snapshot
from cartbridge_odoo.sheets import EXACT
from cartbridge_odoo.snapshots import customer_of, sale_snapshot, till_snapshot
from cartbridge_odoo.traces import OURS

SOLD: Final = frozenset({"paid", "done", "invoiced"})
OPEN: Final = frozenset({"draft", "sent"})


def read_document(said: Mapping[str, Any]) -> Read:
    """What an order says that was fetched, or that changed."""
    document, lines = _opened(said)
    report: list[Lost] = []
    try:
        if document.model == TILL:
            till = understood(wire.TillOrder, document.record, "record")
            seen = tuple(_till(document, till, lines, report))
        else:
            sale = understood(wire.SaleOrder, document.record, "record")
            seen = tuple(_sale(document, sale, lines, report))
    except ValidationError:  # each number is possible, and yet their product is none of a shop's
        raise Unreadable("lines: amounts out of any shop's range") from None
    return Read(observations=seen, report=tuple(report))


def snapshot_of(said: Mapping[str, Any]) -> Snapshot:
    """What an order holds, whatever became of it."""
    document, lines = _opened(said)
    if document.model == TILL:
        till = understood(wire.TillOrder, document.record, "record")
        sheet = sheet_of(document, lines, till.amount_total, till.currency_id.name, [])
        return till_snapshot(document, till, sheet, [])
    sale = understood(wire.SaleOrder, document.record, "record")
    if is_quotation(sale):
        return quote_snapshot(document, sale, quote_sheet(document, sale, lines, []), [])
    sheet = sheet_of(document, lines, sale.amount_total, sale.currency_id.name, [])
    return sale_snapshot(document, sale, sheet, [])


def taxes_of(said: Mapping[str, Any]) -> dict[int, Taxed]:
    """The taxes of each article of an order, by the id of its line."""
    document, lines = _opened(said)
    order: wire.TillOrder | wire.SaleOrder
    if document.model == TILL:
        order = understood(wire.TillOrder, document.record, "record")
    else:
        order = understood(wire.SaleOrder, document.record, "record")
    sheet = sheet_of(document, lines, order.amount_total, order.currency_id.name, [])
    return {row.line.id: row.taxed for row in sheet.rows}


def _opened(said: Mapping[str, Any]) -> tuple[wire.Document, tuple[wire.Line, ...]]:
    document = understood(wire.Document, said, "")
    rows = enumerate(document.lines)
    return document, tuple(understood(wire.Line, row, f"lines[{place}]") for place, row in rows)


def _till(
    document: wire.Document, order: wire.TillOrder, lines: tuple[wire.Line, ...], report: list[Lost]
) -> list[Observation]:
    settles = any(line.sale_order is not None and line.refunded is None for line in lines)
    if settles and not _is_ours(order.uuid):
        why = "it settles a quotation, and is told with that one"
        report.append(Lost(field="lines", what="dropped", why=why))
        return []
    if order.state == "cancel" or (order.state == "draft" and not lines and _is_ours(order.uuid)):
        return [CartGone(kind="till_order", external_id=order.uuid, at=order.write_date)]
    returned = _returned(document, order, lines) if order.state in SOLD else []
    if lines and all(line.refunded is not None for line in lines):
        return list(returned)
    sheet = sheet_of(document, lines, order.amount_total, order.currency_id.name, report)
    if order.state in SOLD:
        sale = SaleSeen(
            external_id=order.uuid,
            at=order.date_order,
            receipt_number=order.pos_reference or str(order.id),
            lines=sheet.taken(),
            customer=customer_of(document.partner, report),
        )
        return [sale, *returned]
    shown = till_snapshot(document, order, sheet, report)
    return [CartSeen(kind="till_order", external_id=order.uuid, snapshot=shown)]


def _is_ours(text: str) -> bool:
    """Whether we put the order there: the till draws its ids, ours are derived."""
    try:
        return uuid.UUID(text).version == 5
    except ValueError:
        return False


def _returned(
    document: wire.Document, order: wire.TillOrder, lines: tuple[wire.Line, ...]
) -> list[CartReturned]:
    """Goods that came back, by the twin they were sold with."""
    products = {product.id: product for product in document.products}
    back: dict[str, dict[str, TakenLine]] = {}
    for line in lines:
        origin = (document.returns or {}).get(str(line.id))
        product = products.get(line.product_id.id) if line.product_id is not None else None
        if origin is None or product is None or line.quantity >= 0:
            continue
        item = from_note(line.customer_note)[0] or item_of(product, "", [])
        own = back.setdefault(origin, {})
        before = own[item.key].quantity if item.key in own else Decimal(0)
        quantity = before - line.quantity.quantize(EXACT)
        own[item.key] = TakenLine(key=item.key, quantity=quantity, item=item)
    seen = []
    for origin, own in back.items():
        kind, _, name = origin.partition("/")
        told = {"kind": kind, "external_id": name, "at": order.date_order, "name": order.uuid}
        seen.append(CartReturned.model_validate({**told, "lines": tuple(own.values())}))
    return seen


def _sale(
    document: wire.Document, order: wire.SaleOrder, lines: tuple[wire.Line, ...], report: list[Lost]
) -> list[Observation]:
    if is_quotation(order):
        return [quote_seen(document, order, lines, report)]
    is_cart = order.website_id is not None
    if not is_cart and not (order.origin or "").startswith(OURS):
        return []  # a quotation of the retailer's own
    name, kind = str(order.id), "cart" if is_cart else "draft_order"
    revision = order.cartbridge_revision
    if order.state == "cancel":
        return [
            CartGone.model_validate(
                {"kind": kind, "external_id": name, "revision": revision, "at": order.write_date}
            )
        ]
    sheet = sheet_of(document, lines, order.amount_total, order.currency_id.name, report)
    if order.state in OPEN:
        shown = sale_snapshot(document, order, sheet, report)
        return [CartSeen.model_validate({"kind": kind, "external_id": name, "snapshot": shown})]
    goods = [row.line for row in sheet.rows]
    ordered = {
        "kind": kind,
        "external_id": name,
        "revision": revision,
        "at": order.date_order,
        "order_number": order.name,
        "fulfilled": bool(goods) and all(line.delivered >= line.quantity for line in goods),
        "lines": sheet.taken(),
    }
    return [CartOrdered.model_validate(ordered)]
