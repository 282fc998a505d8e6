"""What articles cost at a store's tills now: their price list, and tax as they show it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final, Literal

from cartbridge.sdk.both_sides import PriceNow, PricesOf
from cartbridge.sdk.contract import Remote
from cartbridge.sdk.documents import Item, to_minor
from cartbridge_odoo import payloads as wire
from cartbridge_odoo.amounts import Taxed
from cartbridge_odoo.articles import Articles, look_up, record
from cartbridge_odoo.calls import Calls
from cartbridge_odoo.documents import is_number
from cartbridge_odoo.pricelists import sold_at

_TILL: Final = (
    *("currency_id", "company_id", "pricelist_id"),
    *("iface_tax_included", "default_fiscal_position_id"),
)
_ARTICLE: Final = ("categ_id", "product_tmpl_id", "currency_id")
_EXACT: Final = Decimal("0.000001")


class TillPrices(wire.Config):
    """How a `pos.config` prices what it sells."""

    pricelist_id: wire.To = None
    iface_tax_included: Literal["total", "subtotal"]
    default_fiscal_position_id: wire.To = None


async def prices_now(items: Sequence[Item], of: PricesOf, remote: Remote) -> list[PriceNow]:
    """What the tills of a store sell these articles at, to somebody they do not know.

    Nothing where the store's tills differ, sell in other money, or swap taxes for others.
    """
    calls = Calls(remote)
    till = await _till(calls, of.store)
    if till is None or till.currency_id.name != of.currency:
        return []
    articles = await look_up(calls, items, at_till=True, more=_ARTICLE)
    found = {item.key: articles.find(item) for item in items}
    products = {one.id: one for one in found.values() if one is not None}
    list_id = None if till.pricelist_id is None else till.pricelist_id.id
    prices = await sold_at(calls, list_id, list(products.values()))
    told = []
    for key, product in found.items():
        taxed = None if product is None else _taxed(articles, product, till)
        if product is not None and taxed is not None and prices.get(product.id, -1) >= 0:
            told.append(_told(key, prices[product.id], taxed, till))
    return told


async def _till(calls: Calls, store: str | None) -> TillPrices | None:
    """How all tills of a store price, which is a warehouse there; None if they do not agree."""
    own = list(calls.settings.config_ids)
    domain: list[Any] = [["id", "in", own]] if own else []
    if store is not None:
        if not is_number(store):
            return None
        domain.append(["picking_type_id.warehouse_id", "=", int(store)])
    rows = await calls.search("pos.config", domain, _TILL)
    tills = [record(TillPrices, row, "pos.config") for row in rows]
    alike = {one.model_copy(update={"id": 1}) for one in tills}
    till = alike.pop() if len(alike) == 1 else None
    return till if till is not None and till.default_fiscal_position_id is None else None


def _taxed(articles: Articles, product: wire.Product, till: TillPrices) -> Taxed | None:
    """The article's taxes there; None if some are in its price and some not, or it is foreign."""
    taxed = articles.taxed(product, till.company_id.id)
    if taxed is None or product.currency_id is None:
        return None
    alike = len({articles.taxes[one].price_include for one in taxed.ids}) < 2
    return taxed if alike and product.currency_id.name == till.currency_id.name else None


def _told(key: str, price: Decimal, taxed: Taxed, till: TillPrices) -> PriceNow:
    currency = till.currency_id.name
    inclusive = till.iface_tax_included == "total"
    shown = price
    if inclusive and not taxed.included:
        shown = price * (1 + taxed.rate)
    if taxed.included and not inclusive:
        shown = price / (1 + taxed.rate)
    return PriceNow(
        key=key,
        unit_price=to_minor(shown, currency),
        currency=currency,
        tax_mode="inclusive" if inclusive else "exclusive",
        tax_rate=taxed.rate.quantize(_EXACT),
    )
