"""A terminal takes a cart: by QR code, by 8 digits or by naming it; exactly one holds it."""

import asyncio
import math
import uuid
from dataclasses import dataclass
from datetime import datetime

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.state import Cart, Claim
from cartbridge.domain.drift import Drift
from cartbridge.domain.ids import is_id, make_id, named, slot_of, uuid_of
from cartbridge.sdk.both_sides import LoyaltyShown
from cartbridge.services.ask_platforms import loyalty_now
from cartbridge.services.codes import hashed, scanned, typed
from cartbridge.services.find_cart import (
    cart_by_id,
    living,
    look_by_id,
    look_of_pointer,
    look_of_short_code,
)
from cartbridge.services.find_document import document_by_id
from cartbridge.services.freshen_cart import freshen_cart
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.machines import QUOTE
from cartbridge.services.problems import Problem
from cartbridge.services.report_drift import report_drift
from cartbridge.services.run_command import Look, look_at, run_command
from cartbridge.services.take_up import take_up_by_code, take_up_quote


@dataclass(frozen=True)
class Wanted:
    """How the terminal names the cart, or the quote that it is to be of; exactly one of them."""

    code: str | None = None
    short_code: str | None = None
    cart: str | None = None
    quote: str | None = None
    take_over_reason: str | None = None


@dataclass(frozen=True)
class Held:
    """A claim and its cart as they stand now; `over` once the terminal no longer holds it."""

    claim: Claim
    over: bool
    cart: Cart
    lease_seconds_left: int
    as_of: datetime
    stale: bool
    drift: Drift
    late_sales: int = 0
    loyalty: LoyaltyShown | None = None  # what her card shows, if a platform tells it


async def claim_cart(gateway: Gateway, caller: Caller, wanted: Wanted, attempt: Attempt) -> Held:
    """Exactly one terminal gets it; the answer shows the shopper's last accepted change."""
    store, terminal = _place(caller)
    seen, code_hash = await _named(gateway, caller, wanted, attempt)
    cart, look = seen.cart, seen if seen.loaded is not None else None
    fresh = await freshen_cart(gateway, caller.tenant, cart)
    slot = slot_of(cart.id)
    claim = make_id("clm", attempt.started_at, slot, attempt.entropy("claim"))
    first = await gateway.pointers.claim_pointer(
        caller.tenant, "claim", uuid_of(claim).bytes, uuid_of(cart.id)
    )
    if first != uuid_of(cart.id):  # a repeat: the cart it was about has been sold since
        cart, look = await cart_by_id(gateway, caller.tenant, named("crt", first)), None

    async def make(now: Cart) -> c.ClaimCart | None:
        if now.claim is not None and now.claim.id == claim:
            return None
        return c.ClaimCart(
            claim=claim,
            terminal=terminal,
            store=store,
            code_hash=code_hash,
            take_over_reason=wanted.take_over_reason,
        )

    if look is None or fresh.moved:
        look = await look_at(gateway, caller.tenant, cart.id)
    if await _lapse_if_over(gateway, caller, look.cart, attempt):
        look = None
    command = attempt.command_id
    try:
        outcome = await run_command(gateway, caller, cart.id, command, make, look=look)
    except Problem as problem:
        raise await _explained(gateway, caller, cart, code_hash, problem) from None
    told, left = outcome.cart.claim, None
    if told is None or outcome.repeated:
        told = await claim_of(gateway, caller, outcome.cart, claim)
    elif outcome.events:  # it began a moment ago
        left = math.floor(gateway.limits.lease.total_seconds())
    return await held(gateway, caller, outcome.cart, told, fresh.as_of, fresh.stale, left)


def _place(caller: Caller) -> tuple[str, str]:
    if caller.store is None or caller.terminal is None:
        raise Problem("terminal_required")
    return caller.store, caller.terminal


async def _named(
    gateway: Gateway, caller: Caller, wanted: Wanted, attempt: Attempt
) -> tuple[Look, str | None]:
    """The cart that is meant, and the hash of its own code if it was named by that."""
    if wanted.cart is not None:
        look = await look_by_id(gateway, caller.tenant, wanted.cart)
        cart = await living(gateway, caller.tenant, look.cart)
        return look if cart is look.cart else Look(cart), None
    if wanted.quote is not None:
        quote = await document_by_id(gateway, caller.tenant, QUOTE, wanted.quote)
        return Look((await take_up_quote(gateway, caller, quote, attempt))[1]), None
    if wanted.code is not None:
        return await _by_code(gateway, caller, wanted.code, attempt)
    return await _by_short_code(gateway, caller, wanted.short_code or "", attempt)


async def _by_code(
    gateway: Gateway, caller: Caller, text: str, attempt: Attempt
) -> tuple[Look, str | None]:
    """By camera or scanner: nobody guesses 32 letters, so a lock on typing does not concern it."""
    code = scanned(text)
    look = code and await look_of_pointer(gateway, caller.tenant, "code", hashed(code))
    if look and code:
        return look, hashed(code).hex()
    taken = code and await take_up_by_code(gateway, caller, hashed(code), attempt)
    if not taken:
        raise Problem("code_unknown")
    return Look(taken), None


async def _by_short_code(
    gateway: Gateway, caller: Caller, text: str, attempt: Attempt
) -> tuple[Look, str | None]:
    await check_lock(gateway, caller)
    code = typed(text)
    look = code and await look_of_short_code(gateway, caller.tenant, hashed(code))
    if look and code:
        short_hash = hashed(code).hex()
        live = next((x for x in look.cart.handovers if x.short_hash == short_hash), None)
        return look, live.code_hash if live is not None else f"short:{short_hash}"
    taken = code and await take_up_by_code(gateway, caller, hashed(code), attempt, short=True)
    if not taken:
        await count_wrong(gateway, caller)
        raise Problem("code_unknown")
    return Look(taken), None


def _entry(caller: Caller) -> bytes:
    return hashed(f"code entry {caller.store}/{caller.terminal}")


async def check_lock(gateway: Gateway, caller: Caller) -> None:
    """Problem while this terminal keyed in too many wrong codes."""
    seconds = await gateway.directory.locked(caller.tenant, _entry(caller))
    if seconds:
        raise Problem("code_entry_locked", retry_after=seconds)


async def count_wrong(gateway: Gateway, caller: Caller) -> None:
    """Counts a wrong entry; Problem if it was one too many."""
    seconds = await gateway.directory.count_failure(caller.tenant, _entry(caller))
    if seconds:
        raise Problem("code_entry_locked", retry_after=seconds)


async def _lapse_if_over(gateway: Gateway, caller: Caller, cart: Cart, attempt: Attempt) -> bool:
    """A hold time that has run out does not keep the next terminal waiting for our own loop."""
    claim = cart.claim
    if claim is None or claim.terminal == caller.terminal:
        return False
    if await _time_left(gateway, caller, cart.id, claim.id) > 0:
        return False
    over = time_is_up(claim.id, on_hold=claim.on_hold)

    async def make(now: Cart) -> c.LapseClaim | c.ReleaseClaim:
        return over

    await run_command(gateway, caller, cart.id, uuid.uuid5(attempt.command_id, "lapse"), make)
    return True


def time_is_up(claim_id: str, *, on_hold: bool) -> c.LapseClaim | c.ReleaseClaim:
    """A terminal that fell silent: unknown. One that kept the cart until closing: put back."""
    return c.ReleaseClaim(claim_id, "store_closed") if on_hold else c.LapseClaim(claim_id)


async def _explained(
    gateway: Gateway, caller: Caller, cart: Cart, code_hash: str | None, problem: Problem
) -> Problem:
    """A dead code is told apart: used, revoked or replaced, or run out."""
    if problem.code != "code_used" or code_hash is None:
        return problem
    return Problem(await fate_of_code(gateway, caller, cart, code_hash))


async def fate_of_code(gateway: Gateway, caller: Caller, cart: Cart, code_hash: str) -> str:
    """What became of a code that is no longer live, as the journal tells it."""
    handover, fate = None, "code_used"
    for stored in await gateway.documents.history(caller.tenant, cart.id):
        fact = stored.event
        if isinstance(fact, e.HandoverOffered) and code_hash in (
            fact.code_hash,
            f"short:{fact.short_hash}",
        ):
            handover = fact.handover
        if isinstance(fact, e.HandoverEnded) and fact.handover == handover:
            fate = {"used": "code_used", "lapsed": "code_lapsed"}.get(fact.how, "code_revoked")
    return fate


async def held(
    gateway: Gateway,
    caller: Caller,
    cart: Cart,
    claim: Claim,
    as_of: datetime,
    stale: bool,
    left: int | None = None,
) -> Held:
    """What a terminal is shown of a cart that it holds, or held; its lease tells what is `left`."""
    if left is None:
        left = await _seconds_left(gateway, caller, cart, claim)
    drift, loyalty = await asyncio.gather(
        report_drift(gateway, caller.tenant, cart, claim.store),
        loyalty_now(gateway, caller.tenant, cart, claim.store),
    )
    over = _is_over(cart, claim)
    return Held(claim, over, cart, left, as_of, stale, drift, cart.late_sales, loyalty)


def _is_over(cart: Cart, claim: Claim) -> bool:
    return cart.claim is None or cart.claim.id != claim.id


async def _seconds_left(gateway: Gateway, caller: Caller, cart: Cart, claim: Claim) -> int:
    if _is_over(cart, claim):
        return 0
    return math.floor(await _time_left(gateway, caller, cart.id, claim.id))


async def _time_left(gateway: Gateway, caller: Caller, cart_id: str, claim_id: str) -> float:
    """Seconds, exact: rounded down, a cart would be given away before its time."""
    lease = await gateway.leases.of(caller.tenant, cart_id)
    if lease is None or lease.claim != claim_id:
        return 0.0
    return max(0.0, lease.seconds_left)


async def claim_of(gateway: Gateway, caller: Caller, cart: Cart, claim_id: str) -> Claim:
    """The claim of that id as it was made, whoever may have held the cart since."""
    for known in (cart.claim, cart.unheard, cart.last_claim):
        if known is not None and known.id == claim_id:
            return known
    for stored in await gateway.documents.history(caller.tenant, cart.id):
        fact = stored.event
        if isinstance(fact, e.Claimed) and fact.claim == claim_id:
            return Claim(
                id=fact.claim,
                terminal=fact.terminal,
                store=fact.store,
                fence=fact.fence,
                since=stored.header.occurred_at,
            )
    raise Problem("not_found", what="claim")


async def cart_of_claim(gateway: Gateway, caller: Caller, claim_id: str) -> Cart:
    """The cart that a claim is, or was, about; another store's claim is not found."""
    if not is_id(claim_id, "clm"):
        raise Problem("not_found", what="claim")
    target = await gateway.pointers.find(caller.tenant, "claim", uuid_of(claim_id).bytes)
    if target is None:
        raise Problem("not_found", what="claim")
    return await cart_by_id(gateway, caller.tenant, named("crt", target))
