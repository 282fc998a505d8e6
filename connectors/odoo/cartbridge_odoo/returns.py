"""Goods that came back: told once, for the order they were sold with does not change by it."""

from collections.abc import Sequence
from typing import Any

from cartbridge_odoo.calls import Calls, Record, id_of
from cartbridge_odoo.documents import SALE, TILL
from cartbridge_odoo.translate import SOLD


async def tell_returns(calls: Calls, found: Sequence[Record], returned: list[int]) -> None:
    """Writes into each new refund which order its goods were sold with, and notes its id."""
    fresh = [
        document
        for document in found
        if document["model"] == TILL
        and document["record"]["state"] in SOLD
        and document["record"]["id"] not in returned
        and any(line.get("refunded") for line in document["lines"])
    ]
    if not fresh:
        return
    sold = {id_of(line["refunded"]) for one in fresh for line in one["lines"] if line["refunded"]}
    twins = await _twins(calls, sorted(sold))
    for document in fresh:
        returned.append(document["record"]["id"])
        document["returns"] = {
            str(line["id"]): twins[id_of(line["refunded"])]
            for line in document["lines"]
            if line["refunded"] and id_of(line["refunded"]) in twins
        }


async def _twins(calls: Calls, lines: Sequence[int]) -> dict[int, str]:
    """The twin each of these rows was sold with: a till's order, or the quotation it settled."""
    settled = ["sale_order_origin_id"] if calls.settings.sales else []
    domain: list[Any] = [["id", "in", list(lines)]]
    rows = await calls.search(f"{TILL}.line", domain, ["order_id", *settled])
    orders = await _named(calls, TILL, [id_of(row["order_id"]) for row in rows], ["uuid"])
    fields = ["website_id"] if calls.settings.website else ["state"]
    quotations = [id_of(row["sale_order_origin_id"]) for row in rows if settled]
    sales = await _named(calls, SALE, quotations, fields)
    twins: dict[int, str] = {}
    for row in rows:
        sale = sales.get(id_of(row["sale_order_origin_id"])) if settled else None
        if sale is not None:
            kind = "cart" if sale.get("website_id") else "draft_order"
            twins[row["id"]] = f"{kind}/{sale['id']}"
        elif id_of(row["order_id"]) in orders:
            twins[row["id"]] = f"till_order/{orders[id_of(row['order_id'])]['uuid']}"
    return twins


async def _named(
    calls: Calls, model: str, ids: Sequence[Any], fields: Sequence[str]
) -> dict[int, Record]:
    wanted = sorted({one for one in ids if one})
    if not wanted:
        return {}
    domain: list[Any] = [["id", "in", wanted]]
    return {row["id"]: row for row in await calls.search(model, domain, fields)}
