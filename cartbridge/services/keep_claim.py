"""What the holder of a cart may do with its claim beside selling: renew, hold, put back, look."""

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Cart, Claim
from cartbridge.services.claim_cart import Held, cart_of_claim, held
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.problems import Problem
from cartbridge.services.run_command import run_command


async def renew_claim(
    gateway: Gateway, caller: Caller, claim_id: str, fence: int | None = None
) -> Held:
    """The hold time begins anew, if it has not run out."""
    cart, claim = await _own(gateway, caller, claim_id, fence)
    seconds = gateway.limits.lease.total_seconds()
    left = await gateway.leases.renew(caller.tenant, cart.id, claim_id, seconds=seconds)
    if left is None:
        raise Problem("claim_not_held")
    return await held(gateway, caller, cart, claim, gateway.clock(), False)


async def hold_claim(
    gateway: Gateway, caller: Caller, claim_id: str, attempt: Attempt, fence: int | None = None
) -> Held:
    """The cart stays at this terminal until its store closes."""
    cart, claim = await _own(gateway, caller, claim_id, fence)
    store = await gateway.directory.stores.get(caller.tenant, caller.store or "")
    if store is None:
        raise Problem("not_found", what="store")

    async def make(now: Cart) -> c.HoldClaim:
        return c.HoldClaim(claim_id)

    outcome = await run_command(gateway, caller, cart.id, attempt.command_id, make)
    until = store.next_closing(gateway.clock())
    await gateway.leases.renew(caller.tenant, cart.id, claim_id, until=until, hold=True)
    return await held(gateway, caller, outcome.cart, claim, gateway.clock(), False)


async def release_claim(
    gateway: Gateway, caller: Caller, claim_id: str, attempt: Attempt, fence: int | None = None
) -> Cart:
    """The cart is put back; or it is said that a cart of unknown outcome was not sold."""
    cart = await cart_of_claim(gateway, caller, claim_id)
    known = gateway.documents.knows
    if not attempt.first and await known(caller.tenant, cart.id, attempt.command_id):
        return cart  # put back long ago, and the answer was lost
    await _of_store(gateway, caller, claim_id, fence)

    async def make(now: Cart) -> c.ReleaseClaim:
        return c.ReleaseClaim(claim_id)

    outcome = await run_command(gateway, caller, cart.id, attempt.command_id, make)
    return outcome.cart


async def show_claim(gateway: Gateway, caller: Caller, claim_id: str) -> Held:
    """The claim as it stands now, for the terminal that holds it."""
    cart, claim = await _own(gateway, caller, claim_id)
    return await held(gateway, caller, cart, claim, gateway.clock(), False)


async def claims_here(gateway: Gateway, caller: Caller, whole_store: bool) -> list[Cart]:
    """The carts held here, those of unknown outcome first."""
    terminals = [caller.terminal or ""]
    if whole_store:
        known = await gateway.directory.terminals.list(caller.tenant, parent=caller.store or "")
        terminals = [terminal.id for terminal in known]
    carts = []
    for document in await gateway.leases.at_terminals(caller.tenant, terminals):
        loaded = await gateway.documents.load(caller.tenant, document)
        if loaded is not None and (loaded.state.claim or loaded.state.unheard):
            carts.append(loaded.state)
    return sorted(carts, key=lambda cart: (cart.outcome is None, cart.id))


async def _of_store(
    gateway: Gateway, caller: Caller, claim_id: str, fence: int | None
) -> tuple[Cart, Claim]:
    """The claim, for whoever may say how it ends: its terminal, or its store if nobody heard."""
    cart = await cart_of_claim(gateway, caller, claim_id)
    claim = cart.claim or cart.unheard
    if claim is None or claim.id != claim_id or claim.store != caller.store:
        raise Problem("claim_not_held")
    if fence not in (None, claim.fence):
        raise Problem("claim_not_held")
    if cart.claim is not None and claim.terminal != caller.terminal:
        raise Problem("not_found", what="claim")
    return cart, claim


async def _own(
    gateway: Gateway, caller: Caller, claim_id: str, fence: int | None = None
) -> tuple[Cart, Claim]:
    cart, claim = await _of_store(gateway, caller, claim_id, fence)
    if cart.claim is None:
        raise Problem("claim_not_held")
    return cart, claim
