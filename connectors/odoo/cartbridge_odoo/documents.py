"""Orders as RPC reads them, with their lines, articles, taxes and customer: for `read`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cartbridge.sdk.documents import TwinRef
from cartbridge_odoo.calls import Calls, Record, id_of
from cartbridge_odoo.settings import Settings

TILL: Final = "pos.order"
SALE: Final = "sale.order"

_ORDER: Final = ("state", "date_order", "write_date", "amount_total", "currency_id", "partner_id")
_LINE: Final = {
    "product_id": "product_id",
    "price_unit": "price_unit",
    "discount": "discount",
    "price_subtotal": "untaxed",
}
_TILL_LINE: Final = {
    **_LINE,
    "uuid": "uuid",
    "qty": "quantity",
    "price_subtotal_incl": "total",
    "tax_ids_after_fiscal_position": "taxes",
    "customer_note": "customer_note",
    "refunded_orderline_id": "refunded",
}
_SALE_LINE: Final = {
    **_LINE,
    "name": "name",
    "product_uom_qty": "quantity",
    "qty_delivered": "delivered",
    "price_total": "total",
    "display_type": "display_type",
    "is_downpayment": "is_downpayment",
}
PRODUCT: Final = ("name", "default_code", "barcode", "uom_id")
_TAX: Final = ("amount", "amount_type", "price_include")
_RETIRING: Final = frozenset({"product.product", "account.tax", "res.lang"})
_PARTNER: Final = ("name", "email", "phone", "barcode", "is_company", "vat")


def order_fields(model: str, settings: Settings) -> list[str]:
    """What is read of an order; a field of an app that is not installed would be refused."""
    if model == TILL:
        return [*_ORDER, "uuid", "pos_reference", "payment_ids", "last_order_preparation_change"]
    fields = [*_ORDER, "name", "origin", "client_order_ref", "amount_paid"]
    if settings.quotations:
        fields += ["amount_untaxed", "amount_unpaid", "validity_date", "pos_order_line_ids"]
    if settings.website:
        fields.append("website_id")
    if settings.companion:
        fields += ["cartbridge_revision", "cartbridge_last_push", "cartbridge_refused"]
    return fields


def partner_fields(settings: Settings) -> tuple[str, ...]:
    """What is read of a customer: of one who is asked for a quote, her company too."""
    return (*_PARTNER, *(("commercial_company_name",) if settings.quotations else ()))


def line_fields(model: str, settings: Settings) -> dict[str, str]:
    """What is read of a line, by Odoo's name: ours."""
    if model == TILL:
        more = {"sale_order_origin_id": "sale_order"} if settings.sales else {}
        return {**_TILL_LINE, **more}
    taxes = "tax_ids" if settings.version == "19.0" else "tax_id"
    return {
        **_SALE_LINE,
        taxes: "taxes",
        **({"is_delivery": "is_delivery"} if settings.website else {}),
    }


async def fetch_document(calls: Calls, ref: TwinRef) -> Record | None:
    """The order behind a twin as it is now; None if Odoo has it no more."""
    settings = calls.settings
    domain: list[Any]
    if ref.kind == "till_order":
        model, domain = TILL, [["uuid", "=", ref.external_id]]
    elif is_number(ref.external_id) and settings.sales:
        model, domain = SALE, [["id", "=", int(ref.external_id)]]
    else:
        return None
    orders = await calls.search(model, domain, order_fields(model, settings), limit=1)
    found = await documents(calls, model, orders)
    return found[0] if found else None


def is_number(external_id: str) -> bool:
    """Whether it can be the id of a sales order."""
    return external_id.isascii() and external_id.isdigit() and len(external_id) < 16


async def documents(calls: Calls, model: str, orders: Sequence[Record]) -> list[Record]:
    """These orders with all that reading them needs, in as few calls as there are models."""
    if not orders:
        return []
    settings = calls.settings
    wanted = line_fields(model, settings)
    ids = [order["id"] for order in orders]
    domain = [["order_id", "in", ids]]
    rows = await calls.search(f"{model}.line", domain, ["order_id", *wanted], order="id")
    lines = [{"id": row["id"], **_renamed(row, wanted)} for row in rows]
    products = await those(calls, "product.product", PRODUCT, map(_product, lines))
    taxes = await those(calls, "account.tax", _TAX, (tax for line in lines for tax in _t(line)))
    partners = await those(calls, "res.partner", partner_fields(settings), map(_partner, orders))
    found = []
    for order in orders:
        own = [
            line
            for row, line in zip(rows, lines, strict=True)
            if id_of(row["order_id"]) == order["id"]
        ]
        used = {_product(line) for line in own}
        taxed = {tax for line in own for tax in _t(line)}
        found.append(
            {
                "model": model,
                "record": order,
                "lines": own,
                "products": [row for row in products if row["id"] in used],
                "taxes": [row for row in taxes if row["id"] in taxed],
                "partner": next((x for x in partners if x["id"] == _partner(order)), None),
            }
        )
    return found


async def those(
    calls: Calls, model: str, fields: Sequence[str], ids: Iterable[int | None]
) -> list[Record]:
    """The records of these ids, whatever of them is there; no call where there are none."""
    wanted = sorted({one for one in ids if one is not None})
    if not wanted:
        return []
    domain: list[Any] = [["id", "in", wanted]]
    # A retired article is still on old orders; the website's archived guest is nobody.
    if model in _RETIRING:
        domain.append(["active", "in", [True, False]])
    return await calls.search(model, domain, fields)


def _renamed(row: Mapping[str, Any], wanted: Mapping[str, str]) -> Record:
    return {ours: row[theirs] for theirs, ours in wanted.items() if theirs in row}


def _product(line: Mapping[str, Any]) -> int | None:
    return id_of(line["product_id"]) or None


def _partner(order: Mapping[str, Any]) -> int | None:
    return id_of(order["partner_id"]) or None


def _t(line: Mapping[str, Any]) -> list[int]:
    taxes = line.get("taxes", [])
    return taxes if isinstance(taxes, list) else []
