"""What the warehouses have: each one is a store, and tells what of an article is free to sell."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import Field

from cartbridge.sdk.both_sides import StockNow
from cartbridge.sdk.contract import Remote
from cartbridge.sdk.documents import Item
from cartbridge.sdk.observations import Lost, Read, StockSeen
from cartbridge.sdk.payload import understood
from cartbridge_odoo import payloads as wire
from cartbridge_odoo.articles import Articles, numbered, record
from cartbridge_odoo.calls import Calls, Record, id_of
from cartbridge_odoo.documents import PRODUCT, is_number
from cartbridge_odoo.naming import item_of
from cartbridge_odoo.places import Place, look
from cartbridge_odoo.sheets import EXACT

LEVELS: Final = "stock.quant"
MOVE: Final = "stock.move"
ARTICLES: Final = 200  # in one page of the first look
_FORM: Final = "%Y-%m-%d %H:%M:%S"


class Level(wire.Wire):
    """How much of an article a warehouse has that nobody has reserved."""

    warehouse: wire.Id
    free: wire.Number


class StockDocument(wire.Wire):
    """An article in every warehouse."""

    product: wire.Product
    levels: Annotated[tuple[Level, ...], Field(max_length=1000)]
    at: wire.Moment


async def stock_changes(
    calls: Calls, before: Mapping[str, Any] | None
) -> tuple[list[Record], dict[str, Any], bool]:
    """A page of levels, the cursor behind it, and whether there is more.

    First every article that is stocked, by its number; then those that moved. Moves tell all:
    Odoo deletes the quantity of a place that is empty.
    """
    if before is None:
        newest = await calls.search(MOVE, [], ["write_date"], order="write_date desc", limit=1)
        at = str(newest[0]["write_date"])[:19] if newest else ""
        before = {**Place(at).cursor, "swept": 0}
    if "swept" in before:
        return await _sweep(calls, before)
    place = Place.of(before)
    moves, more = await look(calls, MOVE, [["product_id.is_storable", "=", True]], place)
    moved = (
        await calls.search(MOVE, [["id", "in", [row["id"] for row in moves]]], ["product_id"])
        if moves
        else []
    )
    place.tell(moves)
    ids = sorted({id_of(row["product_id"]) for row in moved})
    return await _levels(calls, [["id", "in", ids]]) if ids else [], place.cursor, more


async def _sweep(
    calls: Calls, before: Mapping[str, Any]
) -> tuple[list[Record], dict[str, Any], bool]:
    beyond = [["is_storable", "=", True], ["id", ">", before["swept"]]]
    page = await calls.search("product.product", beyond, ["id"], order="id", limit=ARTICLES)
    ids = [row["id"] for row in page]
    documents = await _levels(calls, [["id", "in", ids]]) if ids else []
    more = len(page) == ARTICLES
    after = {**before, "swept": ids[-1]} if more else Place.of(before).cursor
    return documents, after, more


async def _levels(calls: Calls, domain: Sequence[Any]) -> list[Record]:
    found: dict[int, Record] = {}
    at = datetime.now(UTC).strftime(_FORM)
    for warehouse in await _warehouses(calls, []):
        for row in await _free(calls, domain, warehouse):
            free = row.pop("free_qty")
            article = {"model": LEVELS, "product": row, "levels": [], "at": at}
            levels = found.setdefault(row["id"], article)["levels"]
            levels.append({"warehouse": warehouse, "free": free})
    return list(found.values())


async def _warehouses(calls: Calls, only: Sequence[Any]) -> list[int]:
    company = calls.settings.company_id
    own: list[Any] = [["company_id", "=", company]] if company is not None else []
    rows = await calls.search("stock.warehouse", [*own, *only], ["name"], order="id")
    return [row["id"] for row in rows]


async def _free(calls: Calls, domain: Sequence[Any], warehouse: int) -> list[Record]:
    """The products of a domain, with what of them is free in a warehouse."""
    there = {"warehouse_id": warehouse}
    fields = [*PRODUCT, "free_qty"]
    return await calls.search("product.product", domain, fields, context=there, order="id")


async def stock_now(items: Sequence[Item], stores: Sequence[str], remote: Remote) -> list[StockNow]:
    """What of these articles is free to sell in these warehouses; more reserved than is: none.

    Left out: an article that Odoo does not count, or that could be two of its own.
    """
    calls = Calls(remote)
    wanted = [int(store) for store in stores if is_number(store)]
    there = await _warehouses(calls, [["id", "in", wanted]]) if wanted else []
    domain = ["&", ["is_storable", "=", True], *numbered(items)]
    counted = await asyncio.gather(*(_free(calls, domain, warehouse) for warehouse in there))
    told = []
    for warehouse, rows in zip(there, counted, strict=True):
        articles = Articles(tuple(record(wire.Product, row, "product") for row in rows), {})
        for item in items:
            product = articles.find(item)
            if product is not None:
                free = max(product.free_qty, product.free_qty * 0).quantize(EXACT)
                told.append(StockNow(key=item.key, store=str(warehouse), quantity=free))
    return told


def read_stock(said: Mapping[str, Any]) -> Read:
    """The levels of one article; more reserved than there is counts as nothing."""
    document = understood(StockDocument, said, "")
    report: list[Lost] = []
    item = item_of(document.product, "product", report)
    seen = []
    for place, level in enumerate(document.levels):
        if level.free < 0:
            why = "more is reserved than there is"
            report.append(Lost(field=f"levels[{place}].free", what="rounded", why=why))
        seen.append(
            StockSeen(
                external_id=str(document.product.id),
                item=item,
                store=str(level.warehouse),
                quantity=max(level.free, level.free * 0).quantize(EXACT),
                at=document.at,
            )
        )
    return Read(observations=tuple(seen), report=tuple(report))
