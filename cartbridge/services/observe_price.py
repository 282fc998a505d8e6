"""A platform told what an article costs in a price list from now on."""

from cartbridge.database.both_sides import PriceTold
from cartbridge.sdk.observations import PriceSeen
from cartbridge.services.connectors import Link
from cartbridge.services.gateway import Gateway
from cartbridge.services.observe_stock import listed_sku


async def observe_price(gateway: Gateway, link: Link, seen: PriceSeen) -> None:
    """The price is kept with its time, which is never in the future; Problem: nobody knows it."""
    sku = await listed_sku(gateway, link, seen.external_id, seen.item)
    told = PriceTold(seen.unit_price, min(seen.at, gateway.clock()), link.id)
    await gateway.prices.put(link.tenant, sku, seen.price_list, seen.currency, told)
