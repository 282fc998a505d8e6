"""An associate looks a customer up: what for is noted, and nobody is shown who is not meant."""

import asyncio
from dataclasses import dataclass
from typing import Literal

from cartbridge.database.customer_accesses import PREFIX as ACCESS_PREFIX
from cartbridge.database.customer_accesses import Access
from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.customer import Customer
from cartbridge.domain.identifiers import identifiers
from cartbridge.domain.ids import make_id, slot_of
from cartbridge.domain.known_customer import KnownCustomer
from cartbridge.domain.store import Store
from cartbridge.services.claim_cart import fate_of_code
from cartbridge.services.codes import hashed, scanned
from cartbridge.services.find_cart import cart_of_pointer, living
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.identify_customer import identifier_key
from cartbridge.services.problems import Problem
from cartbridge.services.scanned_lines import store_of

FoundBy = Literal["loyalty_number", "email", "phone", "code"]


@dataclass(frozen=True)
class Sought:
    """By what she is looked up, the text that was typed or scanned, and what for."""

    by: FoundBy
    text: str
    purpose: str


@dataclass(frozen=True)
class Match:
    """How many customers it may be; she herself only if there is no doubt."""

    found: int
    customer: KnownCustomer | None = None


async def search_customer(
    gateway: Gateway, caller: Caller, sought: Sought, attempt: Attempt
) -> Match:
    """Who it is, if exactly one customer of this store's brand is meant; each look is kept.

    Too many that find nobody lock this terminal's search for a while: nobody is to try numbers.
    """
    store = await store_of(gateway, caller)
    await _check_lock(gateway, caller)
    hits = [one for one in await _hits(gateway, caller, store, sought) if one.is_of(store.brand)]
    if not hits and sought.by != "code":  # a good code may well be of a stranger
        await _count_wrong(gateway, caller)
    for one in hits:
        await _note(gateway, caller, one, sought, attempt, shown=len(hits) == 1)
    return Match(len(hits), hits[0] if len(hits) == 1 else None)


async def _hits(
    gateway: Gateway, caller: Caller, store: Store, sought: Sought
) -> list[KnownCustomer]:
    if sought.by == "code":
        cart = await _cart_of_code(gateway, caller, store, sought.text)
        person = cart.customer.id if cart.customer is not None else None
        ids = [person] if person is not None else []
    else:
        told = identifiers(Customer.model_validate({sought.by: sought.text}), None, store.country)
        if not told:
            why = "write it whole, a telephone number with its country: +33 6 12 34 56 78"
            raise Problem("invalid_request", errors=({"field": sought.by, "why": why},))
        ids = list(await gateway.customers.told_of(caller.tenant, identifier_key(gateway, told[0])))
    kept = await asyncio.gather(*(gateway.customers.read(caller.tenant, one) for one in ids))
    return [one.known for one in kept if one.version]


async def _cart_of_code(gateway: Gateway, caller: Caller, store: Store, text: str) -> Cart:
    """The cart behind a live code, or behind the pass that she shows."""
    code = scanned(text)
    if code is not None:
        key = hashed(code)
        cart = await cart_of_pointer(gateway, caller.tenant, "code", key)
        if cart is not None:
            await _check_live(gateway, caller, store, cart, key.hex())
            return cart
        cart = await cart_of_pointer(gateway, caller.tenant, "pass", key)
        if cart is not None:
            return await living(gateway, caller.tenant, cart)
    await _count_wrong(gateway, caller)
    raise Problem("code_unknown")


async def _check_live(
    gateway: Gateway, caller: Caller, store: Store, cart: Cart, code_hash: str
) -> None:
    live = next((one for one in cart.handovers if one.code_hash == code_hash), None)
    if live is None:
        raise Problem(await fate_of_code(gateway, caller, cart, code_hash))
    if live.expires_at <= gateway.clock():
        raise Problem("code_lapsed")
    if live.store not in (None, store.id):
        raise Problem("code_other_store", store=live.store or "")


async def _note(
    gateway: Gateway,
    caller: Caller,
    known: KnownCustomer,
    sought: Sought,
    attempt: Attempt,
    *,
    shown: bool,
) -> None:
    entropy = attempt.entropy(f"access {known.id}")
    access = Access(
        id=make_id(ACCESS_PREFIX, attempt.started_at, slot_of(known.id), entropy),
        customer=known.id,
        actor=caller.actor.id or caller.role,
        store=caller.store or "",
        terminal=caller.terminal or "",
        staff=caller.staff,
        found_by=sought.by,
        shown=shown,
        purpose=sought.purpose,
    )
    key = await gateway.customers.key(caller.tenant, known.id)
    await gateway.accesses.note(caller.tenant, access, key)


def _search(caller: Caller) -> bytes:
    return hashed(f"customer search {caller.store}/{caller.terminal}")


async def _check_lock(gateway: Gateway, caller: Caller) -> None:
    seconds = await gateway.directory.locked(caller.tenant, _search(caller))
    if seconds:
        raise Problem("customer_search_locked", retry_after=seconds)


async def _count_wrong(gateway: Gateway, caller: Caller) -> None:
    seconds = await gateway.directory.count_failure(caller.tenant, _search(caller))
    if seconds:
        raise Problem("customer_search_locked", retry_after=seconds)
