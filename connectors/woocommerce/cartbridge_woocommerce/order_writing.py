"""Writing an order that waits for its payment, in a shop without our plugin: as well as it goes."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from cartbridge.sdk.contract import Remote, Write, WriteLine, Written
from cartbridge.sdk.documents import CodeRefusal, Refusal, TwinRef
from cartbridge.sdk.errors import Ignore, Unknown, Unreadable
from cartbridge_woocommerce import payloads as wire
from cartbridge_woocommerce.calls import WC, Answer, call
from cartbridge_woocommerce.keys import key_by, keys_of, named
from cartbridge_woocommerce.offers import find_products
from cartbridge_woocommerce.order_stages import PUSH, meta, order_of
from cartbridge_woocommerce.orders import snapshot

ZERO: Final = Decimal(0)
_CENT_OF_A_CENT: Final = Decimal("0.0001")


async def fetch_order(ref: TwinRef, remote: Remote) -> Mapping[str, Any] | None:
    """The order as it is now; None if the shop has none of that number."""
    answer = await call(remote, "GET", _route(ref))
    return None if answer.is_gone else {"order": answer.json()}


async def write_order(write: Write, remote: Remote) -> Written:
    """Sets the changed rows of an unpaid order to their quantities; a repeat changes nothing.

    WooCommerce has no condition for this: what the shop did in between is overwritten, in these
    rows alone.
    """
    order = _order(await call(remote, "GET", _route(write.ref)))
    if order.status != "pending":
        raise Unknown("the order is paid or ended: read it")
    refused: list[Refusal] = []
    if meta(order, PUSH) != write.push_id:
        rows: list[dict[str, Any]] = []
        for line in write.lines:
            if line.changed:
                rows += await _rows(line, order, remote, refused)
        body = {"line_items": rows, "meta_data": [{"key": PUSH, "value": write.push_id}]}
        order = _order(await call(remote, "PUT", _route(write.ref), body))
    shown = snapshot(order)
    codes = tuple(
        CodeRefusal(code=code, reason="the shop applies codes to an order itself")
        for code in write.codes
        if code.lower() not in shown.codes
    )
    told = {"refused": (*refused, *_short(write, shown.basket, refused)), "refused_codes": codes}
    return Written(snapshot=shown.model_copy(update=told))


def _short(write: Write, basket: Mapping[str, Decimal], known: list[Refusal]) -> Iterable[Refusal]:
    """What the order does not show although it was written: a plugin of the shop kept it down.

    An article that was named by its GTIN may be shown by its SKU, and is not refused then.
    """
    named_before = {one.key for one in known}
    for line in (one for one in write.lines if not one.key.startswith("gtin:")):
        shown = basket.get(line.key, ZERO)
        if line.changed and line.key not in named_before and shown != line.quantity:
            yield _refusal(line, shown)


def _refusal(line: WriteLine, accepted: Decimal, reason: str | None = None) -> Refusal:
    return Refusal(key=line.key, wanted=line.quantity, accepted=accepted, reason=reason)


async def _rows(
    line: WriteLine, order: wire.Order, remote: Remote, refused: list[Refusal]
) -> list[dict[str, Any]]:
    """The rows by which the order comes to show so much of an article."""
    mine = [row for row in order.line_items if _key(row) == line.key and row.quantity]
    if line.quantity != int(line.quantity):
        refused.append(
            _refusal(line, sum((row.quantity for row in mine), ZERO), "whole_pieces_only")
        )
        return []
    if mine:
        first, *others = mine
        gone = [{"id": row.id, "quantity": 0} for row in others]
        return [_resized(first, mine, line.quantity), *gone]
    if not line.quantity:
        return []
    numbers = await shop_numbers(line.key, remote)
    if numbers is None:
        refused.append(_refusal(line, ZERO, "unknown_item"))
        return []
    return [{**numbers, "quantity": int(line.quantity)}]


def _resized(
    first: wire.OrderLine, rows: list[wire.OrderLine], quantity: Decimal
) -> dict[str, Any]:
    """A row at another quantity: WooCommerce keeps its amounts unless it is told others."""
    if not quantity:
        return {"id": first.id, "quantity": 0}
    ratio = quantity / sum((row.quantity for row in rows), ZERO)
    return {
        "id": first.id,
        "quantity": int(quantity),
        "subtotal": _scaled((row.subtotal for row in rows), ratio),
        "total": _scaled((row.total for row in rows), ratio),
    }


def _scaled(amounts: Iterable[Decimal], ratio: Decimal) -> str:
    return str((sum(amounts, ZERO) * ratio).quantize(_CENT_OF_A_CENT, ROUND_HALF_UP))


async def shop_numbers(key: str, remote: Remote) -> dict[str, int] | None:
    """The shop's own numbers of an article that is not in the order yet."""
    name = named(key)
    if "variation_id" in name or "product_id" in name:
        product, _, variation = key.removeprefix("woo:").partition("/")
        return {"product_id": int(product), "variation_id": int(variation)}
    asked = {"sku": name["sku"]} if "sku" in name else {"global_unique_id": name["gtin"]}
    found = await find_products(asked, remote)
    one = next((x for x in found if key in keys_of(x.sku, x.global_unique_id)), None)
    if one is None:
        return None
    if one.type == "variation":
        return {"product_id": one.parent_id, "variation_id": one.id}
    return {"product_id": one.id}


def _key(row: wire.OrderLine) -> str:
    return key_by(row.sku, row.global_unique_id, row.product_id, row.variation_id)


def _route(ref: TwinRef) -> str:
    if not (ref.external_id.isascii() and ref.external_id.isdigit()):
        raise Ignore("the shop has no order of that number")
    return f"{WC}/orders/{ref.external_id}"


def _order(answer: Answer) -> wire.Order:
    if answer.is_gone:
        raise Ignore("the shop has no such order")
    try:
        return order_of(answer.json())
    except Unreadable as error:
        raise Unknown(f"the answer cannot be understood: {error}") from error
