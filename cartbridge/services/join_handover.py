"""To online: the shopper opened the link, and the shop joins the session it found to the cart."""

import uuid

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Binding, Cart
from cartbridge.domain.customer import Customer
from cartbridge.domain.ids import named, uuid_of
from cartbridge.domain.twin import TwinRef
from cartbridge.services.claim_cart import fate_of_code
from cartbridge.services.codes import hashed, scanned
from cartbridge.services.connectors import Link
from cartbridge.services.find_cart import cart_of_pointer, cart_of_twin, living, twin_key
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.identify_customer import identify_customer
from cartbridge.services.observe_twin import caller_for
from cartbridge.services.problems import Problem
from cartbridge.services.run_command import run_command


async def join_handover(
    gateway: Gateway,
    link: Link,
    text: str,
    ref: TwinRef,
    customer: Customer | None,
    attempt: Attempt,
) -> Cart:
    """The first join binds the code; the same customer or browser may come back, nobody else."""
    code = scanned(text)
    offered = code and await cart_of_pointer(gateway, link.tenant, "code", hashed(code))
    if not offered or not code:
        raise Problem("code_unknown")
    caller = caller_for(link)
    code_hash = hashed(code).hex()
    cart = await _offered(gateway, caller, offered, code_hash)
    own = await cart_of_twin(gateway, link.tenant, ref)
    if own is not None and (own.version == 0 or own.id == cart.id):
        own = None
    if customer is not None:
        customer = await identify_customer(gateway, link.tenant, link.id, customer)
    known = customer.external_id if customer is not None else None
    command = c.JoinHandover(
        code_hash=code_hash,
        ref=ref,
        binding=Binding(
            connection=link.id,
            customer=known,
            browser=ref.external_id if known is None else None,
        ),
        has_own=own is not None,
        customer=customer,
    )

    async def make(now: Cart) -> c.JoinHandover:
        return command

    await run_command(gateway, caller, cart.id, attempt.command_id, make)
    alive = await living(gateway, link.tenant, cart)
    if own is None:
        own = await _point(gateway, link, ref, alive)
    if own is not None and own.id != alive.id:
        await _go_into(gateway, caller, own, alive, attempt)
    return await cart_of_twin(gateway, link.tenant, ref) or alive


async def _point(gateway: Gateway, link: Link, ref: TwinRef, cart: Cart) -> Cart | None:
    """Lets the twin's pointer lead here; the cart, if a snapshot was quicker and began one."""
    key, target = twin_key(ref), uuid_of(cart.id)
    winner = await gateway.pointers.claim_pointer(link.tenant, "twin", key, target)
    if winner == target:
        return None
    await gateway.pointers.repoint(link.tenant, "twin", key, winner, target)
    loaded = await gateway.documents.load(link.tenant, named("crt", winner))
    return loaded.state if loaded is not None else None


async def _go_into(
    gateway: Gateway, caller: Caller, own: Cart, into: Cart, attempt: Attempt
) -> None:
    """The cart the session had goes into the one the code was made for; its lines stay."""

    async def make(now: Cart) -> c.MergeInto:
        return c.MergeInto(into.id)

    await run_command(gateway, caller, own.id, uuid.uuid5(attempt.command_id, "own"), make)


async def _offered(gateway: Gateway, caller: Caller, cart: Cart, code_hash: str) -> Cart:
    """The cart the code was made for, or what carries on of it once it was joined."""
    if code_hash in cart.bindings:
        return cart
    if not any(live.code_hash == code_hash for live in cart.handovers):
        raise Problem(await fate_of_code(gateway, caller, cart, code_hash))
    return cart
