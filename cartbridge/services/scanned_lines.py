"""Articles scanned or chosen in a store, on their way to being lines of any document."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart.commands import NewLine
from cartbridge.domain.cart.state import Channel
from cartbridge.domain.ids import make_id
from cartbridge.domain.items import Item
from cartbridge.domain.line import Prices, Tax
from cartbridge.domain.quantity import Quantity
from cartbridge.domain.store import Store, Terminal
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.name_item import name_item
from cartbridge.services.problems import Problem

_CHANNEL: Final[dict[str, Channel]] = {"till": "till", "tablet": "tablet", "kiosk": "kiosk"}


@dataclass(frozen=True)
class Scanned:
    """An article put into the cart in a store."""

    item: Item
    quantity: Decimal
    unit: str | None = None
    unit_price: int | None = None
    note: str | None = None


def channel_of(terminal: Terminal | None) -> Channel:
    """The channel a terminal belongs to; a till where it is not known."""
    return _CHANNEL[terminal.kind] if terminal is not None else "till"


async def store_of(gateway: Gateway, caller: Caller) -> Store:
    """The store of the terminal that calls; Problem if none is named."""
    store = await gateway.directory.stores.get(caller.tenant, caller.store or "")
    if store is None:
        raise Problem("terminal_required")
    return store


async def lines_of(
    gateway: Gateway,
    caller: Caller,
    store: Store,
    scanned: tuple[Scanned, ...],
    attempt: Attempt,
) -> tuple[NewLine, ...]:
    """The lines to add, ids drawn: what the item list knows of each article is filled in."""
    return tuple(
        [
            await _line(gateway, caller, store, place, line, attempt)
            for place, line in enumerate(scanned)
        ]
    )


async def _line(
    gateway: Gateway,
    caller: Caller,
    store: Store,
    place: int,
    scanned: Scanned,
    attempt: Attempt,
) -> NewLine:
    item, indexed = await name_item(gateway, caller.tenant, scanned.item, caller.store)
    listed = indexed.prices.get(store.price_list or "", {}) if indexed is not None else {}
    price = scanned.unit_price if scanned.unit_price is not None else listed.get(store.currency)
    rate = indexed.tax_rate if indexed is not None else None
    return NewLine(
        id=make_id("lin", attempt.started_at, 0, attempt.entropy(f"line {place}")),
        item=item,
        quantity=Quantity(
            value=scanned.quantity,
            unit=scanned.unit or (indexed.unit if indexed is not None else "C62"),
        ),
        prices=_prices(price, scanned.quantity, rate),
        sold_by=indexed.sold_by if indexed is not None else "piece",
        note=scanned.note,
    )


def _prices(price: int | None, quantity: Decimal, rate: str | None) -> Prices:
    """Prices with tax included, as a store shows them."""
    if price is None:
        return Prices()
    total = int((price * quantity).to_integral_value())
    taxes: tuple[Tax, ...] = ()
    if rate is not None:
        net = Decimal(total) / (1 + Decimal(rate))
        taxes = (Tax(rate=rate, amount=total - int(net.to_integral_value())),)
    return Prices(unit_price=price, taxes=taxes, total=total)
