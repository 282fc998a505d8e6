"""What is known of a cart's articles in stock: in the store where it is, and in the next ones."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from cartbridge.domain.drift import wanted_of
from cartbridge.domain.line import Line
from cartbridge.domain.stock import Level, StockKnown, next_stores
from cartbridge.domain.store import Store
from cartbridge.sdk.both_sides import StockNow
from cartbridge.services.ask_platforms import stock_now
from cartbridge.services.gateway import Gateway
from cartbridge.services.stock_holds import is_hold_of
from cartbridge.services.till_prices import AtStore

Levels = Mapping[str, Level]  # by store


async def known_stock(
    gateway: Gateway, at: AtStore, reliable_since: datetime
) -> dict[str, StockKnown]:
    """By line: how much this store has, and which next ones have enough, each with its time.

    What a store's system says now goes before what was told.
    """
    lines = [line for line in at.cart.lines if _is_counted(at, line)]
    brand = await gateway.directory.stores.known(at.tenant, parent=at.store.brand)
    told, now = await asyncio.gather(
        _told(gateway, at, lines), stock_now(gateway, at.tenant, lines, brand)
    )
    asked_at = gateway.clock()
    known = {}
    for line in lines:
        live = _live(at, line, now, asked_at)
        levels = {**told.get(line.id, {}), **live}
        wanted = wanted_of(at.cart, line)
        known[line.id] = StockKnown(
            here=levels.get(at.store.id),
            next_stores=next_stores(at.store, brand, levels, wanted, reliable_since),
        )
    return known


def _is_counted(at: AtStore, line: Line) -> bool:
    """Goods, in the unit in which the article is counted: grams are not held against kilograms."""
    item = at.listed(line)
    return line.kind == "goods" and (item is None or item.unit == line.quantity.unit)


async def _told(gateway: Gateway, at: AtStore, lines: list[Line]) -> dict[str, Levels]:
    items = {line.id: item for line in lines if (item := at.listed(line)) is not None}
    by_sku: dict[str, dict[str, Level]] = defaultdict(dict)
    skus = sorted({item.sku for item in items.values()})
    for one in await gateway.stock.of(at.tenant, skus):
        by_sku[one.sku][one.store] = one.level
    return {line: by_sku[item.sku] for line, item in items.items()}


def _live(
    at: AtStore, line: Line, now: list[tuple[Store, StockNow]], asked_at: datetime
) -> dict[str, Level]:
    """What is kept there for this very cart is hers to take."""
    levels = {}
    for store, one in now:
        if one.key == line.item.key:
            held = (amount for name, amount in one.held.items() if is_hold_of(name, at.cart.id))
            quantity = one.quantity + sum(held, Decimal(0))
            levels[store.id] = Level(quantity=quantity, as_of=one.at or asked_at)
    return levels
