"""An order that was paid online is given to the shopper, in its store or as its platform says."""

from uuid import UUID

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.line import Fulfilment
from cartbridge.domain.twin import TwinRef
from cartbridge.sdk.observations import OrderHandedOut
from cartbridge.services.connectors import Link
from cartbridge.services.find_cart import cart_by_id, cart_of_twin
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.observe_twin import Cause, caller_for
from cartbridge.services.problems import Problem
from cartbridge.services.run_command import Outcome, run_command


async def hand_out_order(gateway: Gateway, caller: Caller, cart_id: str, attempt: Attempt) -> Cart:
    """She has it; told again it changes nothing. Another store's order is not found."""
    cart = await cart_by_id(gateway, caller.tenant, cart_id)
    told = cart.sale.fulfilment if cart.sale is not None else None
    if told is None or told.kind != "pick_up" or told.store != caller.store:
        raise Problem("not_found", what="order")

    async def make(now: Cart) -> c.HandOut:
        return c.HandOut(caller.store, caller.terminal)

    outcome = await run_command(gateway, caller, cart.id, attempt.command_id, make)
    return outcome.cart


async def observe_hand_out(
    gateway: Gateway, link: Link, ref: TwinRef, seen: OrderHandedOut, cause: Cause
) -> Outcome | None:
    """The platform says that she has it; nothing if no cart of ours was ever bought there."""
    held = await cart_of_twin(gateway, link.tenant, ref)
    if held is None or held.version == 0:
        return None
    cart = await _bought(gateway, link.tenant, held, seen.order_number)
    if cart is None:
        return None
    told = cart.sale.fulfilment if cart.sale is not None else None

    async def make(now: Cart) -> c.HandOut:
        return c.HandOut(told.store if told is not None else None)

    return await run_command(
        gateway,
        caller_for(link),
        cart.id,
        cause.command,
        make,
        occurred_at=seen.at,
        marks=cause.marks,
        causation=cause.message,
    )


async def _bought(
    gateway: Gateway, tenant: UUID, cart: Cart, order_number: str | None
) -> Cart | None:
    """The cart that was bought: this one, or one before it if its twin was filled again.

    None if none of them was sold under the order number that was told.
    """

    def is_it(one: Cart) -> bool:
        return one.sale is not None and order_number in (None, one.sale.order_number)

    found, seen = cart, {cart.id}
    while not is_it(found) and found.parent is not None and found.parent not in seen:
        loaded = await gateway.documents.load(tenant, found.parent)
        if loaded is None:
            break
        found = loaded.state
        seen.add(found.id)
    return found if order_number is None or is_it(found) else None


async def in_our_words(gateway: Gateway, link: Link, told: Fulfilment | None) -> Fulfilment | None:
    """How an order reaches the shopper, its store by our own id; None where it is unknown here."""
    if told is None or told.store is None:
        return told
    stores = await gateway.directory.stores.list(link.tenant)
    named = [x.id for x in stores if x.external_ids.get(link.id) == told.store]
    same = [x.id for x in stores if link.id not in x.external_ids and x.id == told.store]
    return told.model_copy(update={"store": next(iter(named + same), None)})
