"""A platform told how much of an article a store has."""

from cartbridge.database.both_sides import StockLevel
from cartbridge.domain.items import Item
from cartbridge.domain.stock import Level
from cartbridge.sdk.observations import StockSeen
from cartbridge.services.connectors import Link
from cartbridge.services.gateway import Gateway
from cartbridge.services.name_store import name_store
from cartbridge.services.problems import Problem


async def observe_stock(gateway: Gateway, link: Link, seen: StockSeen) -> None:
    """The level is kept with its time, which is never in the future; Problem: nobody knows it."""
    store = await name_store(gateway, link, seen.store)
    sku = await listed_sku(gateway, link, seen.external_id, seen.item)
    level = Level(quantity=seen.quantity, as_of=min(seen.at, gateway.clock()))
    await gateway.stock.put(link.tenant, [StockLevel(sku, store.id, level)], link.id)


async def listed_sku(gateway: Gateway, link: Link, code: str, item: Item) -> str:
    """What the item list calls an article of a connection; Problem if it does not know it."""
    found = await gateway.items.find(
        link.tenant, sku=item.sku, gtin=item.gtin, connection=link.id, code=code
    )
    if found is None:
        raise Problem("item_unknown", item=item.sku or item.gtin or code)
    return found.sku
