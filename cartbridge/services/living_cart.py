"""The cart that was born of a quote and is alive."""

from typing import Final
from uuid import UUID

from cartbridge.domain.cart.lifecycle import BOUGHT, State
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.quote.state import Quote
from cartbridge.services.find_cart import living
from cartbridge.services.gateway import Gateway

_OVER: Final = BOUGHT | {State.MERGED, State.EXPIRED, State.CANCELLED}


async def living_cart(gateway: Gateway, tenant: UUID, quote: Quote) -> Cart | None:
    """The one taken up last, or what carries on of it; None if it is bought, closed or deleted."""
    newest = await newest_cart(gateway, tenant, quote)
    return None if newest is None or newest.state in _OVER else newest


async def newest_cart(gateway: Gateway, tenant: UUID, quote: Quote) -> Cart | None:
    """As `living_cart`, whatever became of it."""
    if not quote.carts:
        return None
    loaded = await gateway.documents.load(tenant, quote.carts[-1].cart)
    return None if loaded is None else await living(gateway, tenant, loaded.state)
