"""The shop's answers about prices, stock and goods that it keeps, in the gateway's own form."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Final, TypeVar

from cartbridge.sdk import client
from cartbridge.sdk.both_sides import HeldStock, PriceNow, StockHold, StockNow
from cartbridge.sdk.contract import Remote
from cartbridge.sdk.documents import Item, to_minor
from cartbridge.sdk.errors import Unknown, Unreadable
from cartbridge.sdk.payload import understood
from cartbridge_medusa import shelf_payloads as wire
from cartbridge_medusa.amounts import PERCENT
from cartbridge_medusa.calls import OK, call
from cartbridge_medusa.lines import article_of
from cartbridge_medusa.payloads import Wire

Answer = TypeVar("Answer", bound=Wire)
_NAMED: Final = ("sku:", "gtin:")


async def prices_now(items: Sequence[Item], currency: str, remote: Remote) -> list[PriceNow]:
    """What the articles cost in the shop now, with or without tax as the shop has it."""
    body = {"currency": currency, "articles": _articles(items)}
    told = await _asked(wire.MedusaPrices, "prices", body, remote)
    return [_price(row) for row in told.prices]


def _price(row: wire.MedusaPrice) -> PriceNow:
    currency = row.currency_code.upper()
    return PriceNow(
        key=row.key,
        unit_price=to_minor(row.amount, currency),
        currency=currency,
        tax_mode="inclusive" if row.is_tax_inclusive else "exclusive",
        tax_rate=None if row.tax_rate is None else row.tax_rate / PERCENT,
        promotion=row.promotion or None,
    )


async def stock_now(items: Sequence[Item], stores: Sequence[str], remote: Remote) -> list[StockNow]:
    """What stock locations can sell now, and what is held there beside it."""
    body = {"articles": _articles(items), "locations": list(stores)}
    told = await _asked(wire.MedusaStock, "stock", body, remote)
    return [
        StockNow(key=row.key, store=row.location, quantity=row.quantity, held=row.held)
        for row in told.stock
    ]


async def hold(wanted: StockHold, remote: Remote) -> list[HeldStock]:
    """Holds whole pieces in one stock location, as far as there are any."""
    lines = [
        {**article_of(line.item.key), "quantity": int(line.quantity)}
        for line in wanted.lines
        if _is_named(line.item) and line.unit == "C62" and line.quantity >= 1
    ]
    body = {
        "name": wanted.name,
        "location": wanted.store,
        "until": wanted.until.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "label": wanted.label,
        "lines": lines,
    }
    told = await _asked(wire.MedusaHeld, "holds", body, remote)
    return [HeldStock(key=row.key, quantity=row.quantity) for row in told.held]


async def release(name: str, remote: Remote) -> None:
    """Frees what a hold keeps."""
    await call(remote, "POST", "holds/release", {"name": name}, OK)


def _is_named(item: Item) -> bool:
    return item.key.startswith(_NAMED)


def _articles(items: Sequence[Item]) -> list[dict[str, str]]:
    """What the shop can find: a title alone names no article there."""
    return [article_of(item.key) for item in items if _is_named(item)]


async def _asked(form: type[Answer], path: str, body: Mapping[str, Any], remote: Remote) -> Answer:
    answer = client.json_object(await call(remote, "POST", path, body, OK))
    try:
        return understood(form, answer, "")
    except Unreadable as error:
        raise Unknown(f"the answer cannot be understood: {error}") from error
