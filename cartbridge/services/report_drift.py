"""The drift report: each line as it was captured, against what this store's till would say."""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from cartbridge.domain.cart.state import Cart
from cartbridge.domain.drift import Drift, TillPrice, TillSide, report
from cartbridge.domain.item_list import IndexedItem
from cartbridge.domain.line import Line
from cartbridge.domain.store import Store
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem


async def report_drift(
    gateway: Gateway,
    tenant: UUID,
    cart: Cart,
    store_id: str,
    told: dict[str, TillPrice] | None = None,
) -> Drift:
    """What the till told, else the store's price list; what nobody knows is said, not guessed."""
    store = await gateway.directory.stores.get(tenant, store_id)
    if store is None:
        raise Problem("not_found", what="store")
    held = cart.lines_held(gateway.clock())
    side = TillSide(currency=store.currency, policy=store.price_policy, held=held)
    if told is not None:
        return report(cart, told, "till", side)
    skus = [line.item.sku for line in cart.lines if line.item.sku is not None]
    gtins = [line.item.gtin for line in cart.lines if line.item.gtin is not None]
    index = await gateway.items.find_many(tenant, skus=skus, gtins=gtins)
    prices = {
        line.id: price for line in cart.lines if (price := _listed(line, index, store)) is not None
    }
    return report(cart, prices, "price_file" if prices else "none", side)


def _listed(line: Line, index: Mapping[str, IndexedItem], store: Store) -> TillPrice | None:
    item = index.get(line.item.sku or "") or index.get(line.item.gtin or "")
    if item is None or store.price_list is None:
        return None
    amount = item.prices.get(store.price_list, {}).get(store.currency)
    if amount is None:
        return None
    return TillPrice(unit_price=amount, tax_rate=Decimal(item.tax_rate) if item.tax_rate else None)
