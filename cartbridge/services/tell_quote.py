"""A quote learns what became of a cart that was born of it: bought, or its ticket cancelled."""

from uuid import UUID

from cartbridge.domain.cart.lifecycle import BOUGHT
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.header import Actor
from cartbridge.domain.quote import commands as c
from cartbridge.domain.quote.state import Quote
from cartbridge.services.carry_out import carry_out
from cartbridge.services.find_cart import cart_by_id
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.machines import QUOTE


async def tell_quote(gateway: Gateway, tenant: UUID, cart_id: str, errand: UUID) -> None:
    """Tells it as the cart stands now, so that errands may come twice, or late."""
    cart = await cart_by_id(gateway, tenant, cart_id)
    if cart.quote is None:
        return
    command = _command(cart)

    async def make(quote: Quote) -> c.NoteSale | c.UndoSale:
        return command

    at = cart.sale.at if cart.sale is not None else None
    caller = Caller(
        tenant,
        "gateway",
        Actor(kind="gateway", id="sales"),
        connection=cart.sale.connection if cart.sale is not None else None,
        store=cart.sale.store if cart.sale is not None else None,
        terminal=cart.sale.terminal if cart.sale is not None else None,
    )
    await carry_out(
        gateway,
        caller,
        QUOTE,
        cart.quote.id,
        errand,
        make,
        occurred_at=at if isinstance(command, c.NoteSale) else None,
        causation=cart.id,
    )


def _command(cart: Cart) -> c.NoteSale | c.UndoSale:
    sale = cart.sale
    if sale is None or cart.state not in BOUGHT:
        return c.UndoSale(cart.id)
    return c.NoteSale(
        cart=cart.id,
        lines={line.line: line.quantity for line in sale.lines},
        nothing_left=sale.remainder is None,
        receipt_number=sale.receipt_number,
        order_number=sale.order_number,
        connection=sale.connection,
        store=sale.store,
    )
