"""What the shop asks for articles now, and how much of them it has: asked of its REST v3."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from cartbridge.sdk.both_sides import PriceNow, PricesOf, StockNow
from cartbridge.sdk.contract import Remote
from cartbridge.sdk.documents import Item, TaxMode, to_minor
from cartbridge.sdk.errors import Unknown, Unreadable
from cartbridge.sdk.payload import understood
from cartbridge_woocommerce.calls import PLUGIN, WC, call
from cartbridge_woocommerce.keys import keys_of, ways_to_write
from cartbridge_woocommerce.payloads import Option, Product

AT_ONCE: Final = 50  # articles in one call; what several posts share is listed several times
CALLS: Final = 8  # a larger cart is answered in part
PAGE: Final = 100
FIELDS: Final = "id,type,parent_id,status,sku,global_unique_id,price,manage_stock,stock_quantity"
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)


async def prices_now(items: Sequence[Item], of: PricesOf, remote: Remote) -> list[PriceNow]:
    """The price at which each article is sold now, with tax or without as it is entered."""
    (currency, tax_mode), sold = await asyncio.gather(_terms(remote), _sold(items, remote))
    if currency != of.currency:
        return []
    return [
        PriceNow(
            key=key,
            unit_price=to_minor(product.asked, currency),
            currency=currency,
            tax_mode=tax_mode,
        )
        for key, product in sold.items()
        if product.asked is not None
    ]


async def stock_now(items: Sequence[Item], stores: Sequence[str], remote: Remote) -> list[StockNow]:
    """What the shop's one stock holds, if its store is among those asked for."""
    store = remote.settings.stock_store
    if store is None or store not in stores:
        return []
    return [
        StockNow(key=key, store=store, quantity=product.on_hand)
        for key, product in (await _sold(items, remote)).items()
        if product.on_hand is not None
    ]


async def _terms(remote: Remote) -> tuple[str, TaxMode]:
    """The shop's currency, and whether its prices hold their tax: in one call by the plugin."""
    if remote.settings.companion:
        status = (await call(remote, "GET", f"{PLUGIN}/status")).json()
        currency, holds = status.get("currency"), status.get("prices_include_tax") is True
    else:
        general, tax = await asyncio.gather(_options("general", remote), _options("tax", remote))
        currency = general.get("woocommerce_currency")
        holds = general.get("woocommerce_calc_taxes") == "yes"
        holds = holds and tax.get("woocommerce_prices_include_tax") == "yes"
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        raise Unknown("the shop does not tell its currency")
    return currency, "inclusive" if holds else "exclusive"


async def _options(group: str, remote: Remote) -> dict[str, Any]:
    answer = await call(remote, "GET", f"{WC}/settings/{group}", asked={"_fields": "id,value"})
    try:
        options = [understood(Option, row) for row in answer.rows()]
    except Unreadable as error:
        raise Unknown(f"the answer cannot be understood: {error}") from error
    return {str(one.id): one.value for one in options}


async def _sold(items: Sequence[Item], remote: Remote) -> dict[str, Product]:
    """The articles that can be bought, by item key; what two posts say differently is left out."""
    wanted = {item.key for item in items if item.sku is not None or item.gtin is not None}
    pages = await asyncio.gather(
        *(find_products(asked, remote) for asked in list(_questions(items))[:CALLS])
    )
    found: dict[str, list[Product]] = {}
    for product in (one for page in pages for one in page if one.is_sold):
        for key in keys_of(product.sku, product.global_unique_id):
            if key in wanted:
                found.setdefault(key, []).append(product)
    return {key: same[0] for key, same in found.items() if _agree(same)}


def _agree(products: Sequence[Product]) -> bool:
    """Posts of one SKU are one article in several languages, unless they differ."""
    return len({(one.asked, one.on_hand) for one in products}) == 1


def _questions(items: Sequence[Item]) -> Iterator[dict[str, str]]:
    """The calls that ask for articles: by SKU, or by GTIN what has none.

    WooCommerce takes a comma for the end of a SKU, unless it is asked for that one alone.
    """
    skus = sorted({item.sku for item in items if item.sku is not None})
    plain = [sku for sku in skus if "," not in sku]
    for begin in range(0, len(plain), AT_ONCE):
        yield {"sku": ",".join(plain[begin : begin + AT_ONCE])}
    yield from ({"sku": sku} for sku in skus if "," in sku)
    gtins = sorted({item.gtin for item in items if item.sku is None and item.gtin is not None})
    for begin in range(0, len(gtins), AT_ONCE):
        written = (way for gtin in gtins[begin : begin + AT_ONCE] for way in ways_to_write(gtin))
        yield {"global_unique_id": ",".join(written)}


async def find_products(asked: dict[str, str], remote: Remote) -> list[Product]:
    """The articles of a SKU or GTIN; a WooCommerce that knows no GTIN lists any others."""
    more = {"status": "publish", "per_page": PAGE, "_fields": FIELDS}
    answer = await call(remote, "GET", f"{WC}/products", asked={**asked, **more})
    try:
        return [understood(Product, row) for row in answer.rows()]
    except Unreadable as error:
        raise Unknown(f"the answer cannot be understood: {error}") from error
