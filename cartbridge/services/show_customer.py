"""What an associate is shown of a customer: her name as a store needs it, her carts, her buys."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from cartbridge.domain.canonical import CanonicalClaim, canonical, totals
from cartbridge.domain.cart.lifecycle import BOUGHT, State
from cartbridge.domain.cart.state import Cart, Channel
from cartbridge.domain.known_customer import KnownCustomer
from cartbridge.domain.model import Strict
from cartbridge.services.customer_file import file_of
from cartbridge.services.gateway import Gateway

_LOOKED_AT: Final = 100  # of her carts, those that changed last
_PURCHASES: Final = 10
_OPEN: Final = frozenset(
    {State.OPEN, State.OFFERED, State.CLAIMED, State.CHECKOUT, State.ABANDONED}
)


class MaskedCustomer(Strict):
    """As much of her as a store needs to greet the right person."""

    id: str
    first_name: str | None
    initial: str | None  # of her last name
    loyalty_number: str | None


class OpenCart(Strict):
    """A cart of hers that can still be bought: claim it by its id."""

    id: str
    state: State
    channel: Channel
    articles: int  # lines
    total: int
    currency: str
    updated_at: datetime | None
    claim: CanonicalClaim | None


class Purchase(Strict):
    """Something she bought: where, when and under which number. Never a payment."""

    cart: str
    receipt_number: str | None
    order_number: str | None
    store: str | None
    connection: str | None
    at: datetime
    returned: bool


class CustomerFile(Strict):
    """A customer as an associate is shown her, and what is hers, the newest first."""

    customer: MaskedCustomer
    carts: tuple[OpenCart, ...]
    purchases: tuple[Purchase, ...]
    wishlists: tuple[dict[str, Any], ...]
    quotes: tuple[dict[str, Any], ...]
    enquiries: tuple[dict[str, Any], ...]
    recently_looked_at: tuple[dict[str, Any], ...]


async def show_customer(
    gateway: Gateway, tenant: UUID, known: KnownCustomer, brand: str
) -> CustomerFile:
    """Her file for a store of that brand: what she did with another brand is not in it."""
    page = await gateway.documents.find(tenant, "cart", customer=known.id, limit=_LOOKED_AT)
    carts: list[Cart] = [one.state for one in page.items if one.state.brand in (None, brand)]
    bought = sorted(
        (_purchase(cart) for cart in carts if cart.sale is not None and cart.state in BOUGHT),
        key=lambda one: one.at,
        reverse=True,
    )
    return CustomerFile(
        customer=masked(known),
        carts=tuple(_open(cart) for cart in carts if cart.state in _OPEN),
        purchases=tuple(bought[:_PURCHASES]),
        **await file_of(gateway, tenant, known.id, brand),
    )


def masked(known: KnownCustomer) -> MaskedCustomer:
    """Her first name, the initial of her last one and her card; neither address nor number."""
    last = (known.last_name or "").strip()
    return MaskedCustomer(
        id=known.id,
        first_name=known.first_name,
        initial=f"{last[0].upper()}." if last else None,
        loyalty_number=known.loyalty_number,
    )


def _open(cart: Cart) -> OpenCart:
    return OpenCart(
        id=cart.id,
        state=cart.state,
        channel=cart.origin.channel,
        articles=len(cart.lines),
        total=totals(cart).total,
        currency=cart.currency,
        updated_at=cart.updated_at,
        claim=canonical(cart, {}).claim,
    )


def _purchase(cart: Cart) -> Purchase:
    sale = cart.sale
    if sale is None:
        raise ValueError("nothing was bought")
    return Purchase(
        cart=cart.id,
        receipt_number=sale.receipt_number,
        order_number=sale.order_number,
        store=sale.store,
        connection=sale.connection,
        at=sale.at,
        returned=cart.state is State.RETURNED,
    )
