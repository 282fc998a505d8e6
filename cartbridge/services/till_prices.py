"""What the till's side says of a cart's lines: the till, else its system, else its price list."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from cartbridge.domain.cart.state import Cart
from cartbridge.domain.drift import TillPrice
from cartbridge.domain.item_list import IndexedItem
from cartbridge.domain.line import Line
from cartbridge.domain.store import Store
from cartbridge.sdk.both_sides import PriceNow
from cartbridge.services.ask_platforms import prices_now
from cartbridge.services.connectors import Link
from cartbridge.services.gateway import Gateway


@dataclass(frozen=True)
class AtStore:
    """A cart in a store, with what the item list knows of its lines."""

    tenant: UUID
    cart: Cart
    store: Store
    index: Mapping[str, IndexedItem]

    def listed(self, line: Line) -> IndexedItem | None:
        """What the item list knows of the line's article."""
        return self.index.get(line.item.sku or "") or self.index.get(line.item.gtin or "")


async def till_prices(
    gateway: Gateway, at: AtStore, tills: Sequence[Link], told: Mapping[str, TillPrice]
) -> dict[str, TillPrice]:
    """Each line's price on the till's side, by whoever knows it best; each with where it is from.

    What the till itself told of a line goes before everything else, also beside the price.
    """
    asked = [line for line in at.cart.lines if not _tells_price(told.get(line.id))]
    live, listed = await asyncio.gather(
        prices_now(gateway, tills, asked, at.store.currency, at.store),
        _listed(gateway, at, asked),
    )
    prices = {}
    for line in at.cart.lines:
        own = told.get(line.id)
        known = None if _tells_price(own) else _live(at, line, live) or listed.get(line.id)
        if own is None and known is None:
            continue
        # Its fields as they are: dumped, an amount would be a text.
        says = {} if own is None else {name: x for name, x in own if x is not None}
        source = TillPrice(source="till" if _tells_price(own) else "none")
        prices[line.id] = (known or source).model_copy(update=says)
    return prices


def _tells_price(told: TillPrice | None) -> bool:
    return told is not None and (told.unit_price, told.total) != (None, None)


def _live(
    at: AtStore, line: Line, answers: Sequence[tuple[Link, Mapping[str, PriceNow]]]
) -> TillPrice | None:
    """What a till system says now; a price of another kind than this till's own is no use."""
    for _, told in answers:
        now = told.get(line.item.key)
        if now is not None and (now.currency, now.tax_mode) == (at.store.currency, "inclusive"):
            return TillPrice(
                unit_price=now.unit_price,
                tax_rate=now.tax_rate,
                promotion=now.promotion,
                source="till",
                as_of=now.at,
            )
    return None


async def _listed(gateway: Gateway, at: AtStore, lines: Sequence[Line]) -> dict[str, TillPrice]:
    """The store's price list: as it was told since its file was taken, else as the file says."""
    if at.store.price_list is None:
        return {}
    items = {line.id: item for line in lines if (item := at.listed(line)) is not None}
    skus = sorted({item.sku for item in items.values()})
    newer = await gateway.prices.of(at.tenant, skus, at.store.price_list, at.store.currency)
    prices = {}
    for line, item in items.items():
        amount = item.prices.get(at.store.price_list, {}).get(at.store.currency)
        since = None
        if item.sku in newer:
            amount, since = newer[item.sku].unit_price, newer[item.sku].as_of
        if amount is not None:
            rate = Decimal(item.tax_rate) if item.tax_rate else None
            prices[line] = TillPrice(
                unit_price=amount, tax_rate=rate, source="price_file", as_of=since
            )
    return prices
