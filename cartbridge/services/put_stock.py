"""Taking stock levels from a retailer's own system; each row is taken or refused by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from cartbridge.database.both_sides import StockLevel
from cartbridge.domain.stock import Level
from cartbridge.services.gateway import Caller, Gateway

Reason = Literal["item_unknown", "store_unknown"]


@dataclass(frozen=True)
class Counted:
    """How much of an article a store has; without a time it is so now."""

    store: str
    quantity: Decimal
    sku: str | None = None
    gtin: str | None = None
    as_of: datetime | None = None


@dataclass(frozen=True)
class RefusedLevel:
    """A row that was not taken, numbered from 1, and why."""

    row: int
    reason: Reason
    name: str  # the article or store that nobody knows


@dataclass(frozen=True)
class StockReport:
    """What became of the rows."""

    accepted: int
    refused: tuple[RefusedLevel, ...]


async def put_stock(gateway: Gateway, caller: Caller, counted: Sequence[Counted]) -> StockReport:
    """Keeps every level of a known article in a known store; a time ahead of ours means now."""
    skus = [row.sku for row in counted if row.sku is not None]
    gtins = [row.gtin for row in counted if row.gtin is not None]
    items = await gateway.items.find_many(caller.tenant, skus, gtins)
    stores = {store.id for store in await gateway.directory.stores.list(caller.tenant)}
    now = gateway.clock()
    levels, refused = [], []
    for place, row in enumerate(counted, start=1):
        named = row.sku or row.gtin or ""
        item = items.get(named)
        if item is None:
            refused.append(RefusedLevel(place, "item_unknown", named))
        elif row.store not in stores:
            refused.append(RefusedLevel(place, "store_unknown", row.store))
        else:
            level = Level(quantity=row.quantity, as_of=min(row.as_of or now, now))
            levels.append(StockLevel(item.sku, row.store, level))
    await gateway.stock.put(caller.tenant, levels, caller.connection)
    return StockReport(len(levels), tuple(refused))


async def stock_of(
    gateway: Gateway, caller: Caller, sku: str | None, gtin: str | None
) -> Sequence[StockLevel]:
    """What was told last of an article in each store; nothing if the item list knows it not."""
    item = await gateway.items.find(caller.tenant, sku=sku, gtin=gtin)
    return [] if item is None else await gateway.stock.of(caller.tenant, [item.sku])
