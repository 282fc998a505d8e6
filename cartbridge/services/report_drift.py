"""The drift report: each line as it was captured, against what is so now on both sides."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from cartbridge.domain.cart.state import Cart
from cartbridge.domain.code_drift import CodeDrift, codes_here
from cartbridge.domain.drift import Beside, Drift, OnlineNow, TillPrice, TillSide, report
from cartbridge.domain.policy import CodesRule
from cartbridge.services.ask_platforms import prices_now, shop_links, till_links
from cartbridge.services.connectors import Link
from cartbridge.services.gateway import Gateway
from cartbridge.services.known_stock import known_stock
from cartbridge.services.problems import Problem
from cartbridge.services.store_rules import rules_in
from cartbridge.services.till_prices import AtStore, till_prices


async def report_drift(
    gateway: Gateway,
    tenant: UUID,
    cart: Cart,
    store_id: str,
    told: Mapping[str, TillPrice] | None = None,
) -> Drift:
    """What the till told, else its system, else the store's price list; the rest is said unknown.

    Platforms are asked within the time there is for freshness; what they do not say in it is
    reported as not known.
    """
    store = await gateway.directory.stores.get(tenant, store_id)
    if store is None:
        raise Problem("not_found", what="store")
    price_rule, codes_rule = await rules_in(gateway, tenant, store)
    skus = [line.item.sku for line in cart.lines if line.item.sku is not None]
    gtins = [line.item.gtin for line in cart.lines if line.item.gtin is not None]
    at = AtStore(tenant, cart, store, await gateway.items.find_many(tenant, skus, gtins))
    tills = await till_links(gateway, tenant, cart, store)
    reliable_since = gateway.clock() - gateway.limits.stock_trusted
    prices, online, stock = await asyncio.gather(
        till_prices(gateway, at, tills, told or {}),
        _online(gateway, at),
        known_stock(gateway, at, reliable_since),
    )
    side = TillSide(
        currency=store.currency,
        policy=price_rule.policy,
        policy_from=price_rule.policy_from,
        held=cart.lines_held(gateway.clock()),
    )
    codes = _codes(cart, tills, codes_rule)
    beside = Beside(online=online, stock=stock, reliable_since=reliable_since, codes=codes)
    return report(cart, prices, "till", side, beside)


async def _online(gateway: Gateway, at: AtStore) -> dict[str, OnlineNow]:
    """What the cart's own shop asks for its articles by now."""
    shops = await shop_links(gateway, at.tenant, at.cart)
    online: dict[str, OnlineNow] = {}
    lines, currency = at.cart.lines, at.cart.currency
    for link, told in await prices_now(gateway, shops, lines, currency, None):
        for line in lines:
            now = told.get(line.item.key)
            if now is not None and line.id not in online:
                online[line.id] = OnlineNow(
                    unit_price=now.unit_price,
                    currency=now.currency,
                    tax_mode=now.tax_mode,
                    as_of=now.at,
                    connection=link.id,
                )
    return online


def _codes(cart: Cart, tills: Sequence[Link], rule: CodesRule) -> tuple[CodeDrift, ...]:
    taken = {}
    for code in cart.codes:
        said = {link.connector.takes_code(code, link.settings) for link in tills}
        taken[code] = False if False in said else True if True in said else None
    return codes_here(cart.codes, taken, rule)
