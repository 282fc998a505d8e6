"""What a webhook says of an article: the shop's price of it from now on, and what is left."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cartbridge.sdk.documents import Item, to_minor
from cartbridge.sdk.observations import PriceSeen, Read, StockSeen
from cartbridge.sdk.payload import understood
from cartbridge_woocommerce import payloads as wire
from cartbridge_woocommerce.articles import article
from cartbridge_woocommerce.lines import Sheet
from cartbridge_woocommerce.settings import Settings

# Not written yet by whoever begins it: told again once it is.
BEGUN: Final = frozenset({"auto-draft", "importing"})


def read_product(body: Mapping[str, Any], settings: Settings) -> Read:
    """Its price and its stock, as far as the connection has a price list and a store for them."""
    product = understood(wire.ChangedProduct, body)
    sheet = Sheet(settings.currency or "", "inclusive")
    if product.is_collection:
        sheet.lost("type", "it is bought as another article, which has webhooks of its own")
    elif product.status in BEGUN:
        sheet.lost("status", "it is only begun")
    else:
        names = (product.sku, product.global_unique_id, product.id, 0)
        if product.parent_id:
            names = (product.sku, product.global_unique_id, product.parent_id, product.id)
        _, item = article("product", names, product.name, (), sheet)
        seen = (*_price(product, item, settings), *_stock(product, item, settings, sheet))
        return Read(observations=seen, report=tuple(sheet.report))
    return Read(report=tuple(sheet.report))


def _price(product: wire.ChangedProduct, item: Item, settings: Settings) -> Iterator[PriceSeen]:
    if settings.price_list is None or settings.currency is None:
        return
    price = product.asked if product.is_sold else None
    yield PriceSeen(
        external_id=str(product.id),
        item=item,
        price_list=settings.price_list,
        currency=settings.currency,
        unit_price=None if price is None else to_minor(price, settings.currency),
        at=product.date_modified_gmt,
    )


def _stock(
    product: wire.ChangedProduct, item: Item, settings: Settings, sheet: Sheet
) -> Iterator[StockSeen]:
    if settings.stock_store is None:
        return
    if product.on_hand is None:
        sheet.lost("manage_stock", "the shop does not count it: how much is left is not known")
        return
    yield StockSeen(
        external_id=str(product.id),
        item=item,
        store=settings.stock_store,
        quantity=product.on_hand,
        at=product.date_modified_gmt,
    )
