"""The shop's answers about prices and stock in the gateway's own form."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from cartbridge.sdk.both_sides import HeldStock, PriceNow, StockHold, StockNow
from cartbridge.sdk.documents import Item, plain, to_minor
from cartbridge_sandbox import payloads as wire


def keys_of(items: Sequence[Item]) -> dict[str, str]:
    """The item keys of articles by SKU; what has no SKU is not known here."""
    return {item.sku: item.key for item in items if item.sku is not None}


def prices_of(told: wire.Prices, items: Sequence[Item]) -> list[PriceNow]:
    """What of the articles costs how much, in minor units with tax."""
    keys = keys_of(items)
    return [
        PriceNow(
            key=keys[row.sku],
            unit_price=to_minor(Decimal(row.each), row.money),
            currency=row.money,
        )
        for row in told.prices
        if row.sku in keys
    ]


def stock_of(told: wire.Stock, items: Sequence[Item]) -> list[StockNow]:
    """What each store can sell of the articles, and what is kept there beside it."""
    keys = keys_of(items)
    return [
        StockNow(
            key=keys[row.sku],
            store=row.shop,
            quantity=Decimal(row.free),
            held={name: Decimal(kept) for name, kept in row.kept.items()},
        )
        for row in told.stock
        if row.sku in keys
    ]


def hold_body(hold: StockHold) -> dict[str, Any]:
    """A hold in the shop's dialect."""
    rows = [
        {"sku": line.item.sku, "qty": plain(line.quantity)}
        for line in hold.lines
        if line.item.sku is not None
    ]
    until = hold.until.isoformat()
    return {"name": hold.name, "shop": hold.store, "until": until, "rows": rows}


def held_of(told: wire.Kept, items: Sequence[Item]) -> list[HeldStock]:
    """How much of each article is kept."""
    keys = keys_of(items)
    return [
        HeldStock(key=keys[row.sku], quantity=Decimal(row.qty))
        for row in told.kept
        if row.sku in keys
    ]
