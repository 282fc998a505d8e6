"""A demonstration turned into a cart: born of the enquiry, and tied to it for good."""

from decimal import Decimal
from typing import Final
from uuid import UUID

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart.commands import StartCart
from cartbridge.domain.cart.lifecycle import BOUGHT, State
from cartbridge.domain.cart.state import Cart, Origin
from cartbridge.domain.enquiry import commands as c
from cartbridge.domain.enquiry.handling import items_shown
from cartbridge.domain.enquiry.state import Enquiry
from cartbridge.domain.ids import make_id, slot_of
from cartbridge.domain.store import Store
from cartbridge.services.carry_out import carry_out
from cartbridge.services.find_cart import living
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.machines import ENQUIRY
from cartbridge.services.problems import Problem
from cartbridge.services.scanned_lines import Scanned, channel_of, lines_of, store_of

_OVER: Final = BOUGHT | {State.MERGED, State.EXPIRED, State.CANCELLED}


async def cart_of_enquiry(
    gateway: Gateway,
    caller: Caller,
    enquiry: Enquiry,
    scanned: tuple[Scanned, ...],
    attempt: Attempt,
) -> tuple[Enquiry, Cart]:
    """A cart of what is named, else of what she was shown last; while one is alive, the same one.

    A repeat of a call finds the cart it found before, whatever became of it since.
    """
    store = await store_of(gateway, caller)
    fresh = make_id("crt", attempt.started_at, slot_of(enquiry.id), attempt.entropy("cart"))

    async def make(now: Enquiry) -> c.BeginCart | None:
        if fresh in now.carts:
            return None
        start = await _start(gateway, caller, store, now, scanned, attempt)
        return c.BeginCart(fresh, start, await cart_alive(gateway, caller.tenant, now))

    done = await carry_out(gateway, caller, ENQUIRY, enquiry.id, attempt.command_id, make)
    cart = await _newest(gateway, caller.tenant, done.document)
    if cart is None:
        raise Problem("not_found", what="cart")
    return done.document, cart


async def cart_alive(gateway: Gateway, tenant: UUID, enquiry: Enquiry) -> Cart | None:
    """The cart born last, or what carries on of it; None if it is bought, closed or deleted."""
    newest = await _newest(gateway, tenant, enquiry)
    return None if newest is None or newest.state in _OVER else newest


async def _newest(gateway: Gateway, tenant: UUID, enquiry: Enquiry) -> Cart | None:
    """As `cart_alive`, whatever became of it."""
    if not enquiry.carts:
        return None
    loaded = await gateway.documents.load(tenant, enquiry.carts[-1])
    return None if loaded is None else await living(gateway, tenant, loaded.state)


async def _start(
    gateway: Gateway,
    caller: Caller,
    store: Store,
    enquiry: Enquiry,
    scanned: tuple[Scanned, ...],
    attempt: Attempt,
) -> StartCart:
    terminal = await gateway.directory.terminals.get(caller.tenant, caller.terminal or "")
    wanted = scanned or tuple(Scanned(item, Decimal(1)) for item in items_shown(enquiry))
    return StartCart(
        origin=Origin(channel=channel_of(terminal), store=caller.store, terminal=caller.terminal),
        currency=store.currency,
        lines=await lines_of(gateway, caller, store, wanted, attempt),
        brand=store.brand,
        locale=enquiry.locale,
        price_list=store.price_list,
        customer=enquiry.customer,
        root=enquiry.slot_holder,
        enquiry=enquiry.id,
    )
