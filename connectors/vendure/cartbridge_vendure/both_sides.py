"""The shop's answers about prices and stock in the gateway's own form."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from cartbridge.sdk import client
from cartbridge.sdk.both_sides import PriceNow, StockNow
from cartbridge.sdk.contract import Remote
from cartbridge.sdk.documents import Item
from cartbridge.sdk.errors import Unknown, Unreadable
from cartbridge.sdk.payload import understood
from cartbridge_vendure import payloads as wire
from cartbridge_vendure.calls import OK, call

Answer = TypeVar("Answer", bound=wire.Wire)


async def prices_now(items: Sequence[Item], currency: str, remote: Remote) -> list[PriceNow]:
    """What the articles cost in the shop's channel now, in its own tax mode."""
    keys = _keys(items)
    body = {"currency": currency, "skus": list(keys)}
    told = await asked(wire.VendurePrices, "articles/prices", body, remote)
    return [
        PriceNow(
            key=keys[row.sku],
            unit_price=row.unit_price,
            currency=row.currency,
            tax_mode=row.tax_mode,
            tax_rate=Decimal(row.tax_rate),
        )
        for row in told.prices
        if row.sku in keys
    ]


async def stock_now(items: Sequence[Item], stores: Sequence[str], remote: Remote) -> list[StockNow]:
    """What stock locations have that no order has taken yet."""
    keys = _keys(items)
    body = {"skus": list(keys), "locations": list(stores)}
    told = await asked(wire.VendureStock, "articles/stock", body, remote)
    return [
        StockNow(key=keys[row.sku], store=row.location, quantity=Decimal(row.quantity))
        for row in told.stock
        if row.sku in keys
    ]


def _keys(items: Sequence[Item]) -> dict[str, str]:
    """The item keys of articles by SKU: Vendure finds them by nothing else."""
    return {item.sku: item.key for item in items if item.sku is not None}


async def asked(form: type[Answer], name: str, body: Mapping[str, Any], remote: Remote) -> Answer:
    """The companion's answer in its form; Unknown if it has another one."""
    answer = client.json_object(await call(remote, name, body, OK))
    try:
        return understood(form, answer, "")
    except Unreadable as error:
        raise Unknown(f"the answer cannot be understood: {error}") from error
