"""A ticket's lines in the gateway's words, and what a cashier changed of a claimed cart."""

import uuid
from decimal import Decimal

from odoo.addons.cartbridge_pos.models.notices import plain, product_of
from odoo.tools.barcode import check_barcode_encoding

GTIN_LENGTHS = (8, 12, 13, 14)


def between(env, order_uuid, cart, lines):
    """What turns the cart into the ticket: quantities to set, articles to add; empty if alike.

    A row's uuid tells which line of the cart it came from. A line of the cart that never was an
    article of this till is left as it is.
    """
    rows = {line["uuid"]: line for line in lines}
    order, changed = uuid.UUID(order_uuid), []
    for line in cart["lines"]:
        row = rows.pop(str(uuid.uuid5(order, line["id"])), None)
        if row is None and not (line["kind"] == "goods" and product_of(env, line["item"])):
            continue
        shown = Decimal(str(row["quantity"])) if row else Decimal(0)
        if shown != Decimal(line["quantity"]["value"]):
            changed.append({"line": line["id"], "quantity": plain(shown)})
    edits = {"set": changed, "add": articles(env, [row for row in rows.values() if _goods(row)])}
    return {name: told for name, told in edits.items() if told}


def _goods(row):
    """A discount that came with the cart is a row below nothing, and is in the cart already."""
    return row["unit_price"] >= 0


def articles(env, lines):
    """A ticket's lines as the gateway is told them; prices with tax, in minor units."""
    products = env["product.product"].browse([line["product_id"] for line in lines])
    return [_article(product, line) for product, line in zip(products, lines, strict=True)]


def _article(product, line):
    item = {"title": product.with_context(display_default_code=False).display_name}
    if product.default_code:
        item["sku"] = product.default_code
    barcode = product.barcode or ""
    if len(barcode) in GTIN_LENGTHS and _is_gtin(barcode):
        item["gtin"] = barcode
    return {
        "item": item,
        "quantity": plain(line["quantity"]),
        "unit_price": line["unit_price"],
    }


def _is_gtin(barcode):
    if not (barcode.isascii() and barcode.isdigit()):
        return False
    return check_barcode_encoding(barcode.rjust(18, "0"), "sscc")
