"""What waits in a store for somebody there: reservations to be looked for, orders to hand out."""

from dataclasses import dataclass

from cartbridge.domain.cart.lifecycle import State
from cartbridge.domain.cart.reservation import Stage
from cartbridge.domain.cart.state import Cart
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.problems import Problem


@dataclass(frozen=True)
class Waiting:
    """Some of the carts that wait in a store, what comes first first, and where to go on."""

    carts: tuple[Cart, ...]
    next: str | None


async def reservations_here(
    gateway: Gateway, caller: Caller, stage: Stage | None, limit: int, after: str | None
) -> Waiting:
    """The reservations of the caller's store, the first that ends first.

    Those of another stage are left out of a page: it may hold fewer, and still go on.
    """
    waiting = await _waiting(gateway, caller, State.OFFERED, limit, after)
    chosen = (x for x in waiting.carts if x.reservation is not None)
    return Waiting(
        tuple(
            cart
            for cart in chosen
            if stage is None or (cart.reservation and cart.reservation.stage(cart.lines) == stage)
        ),
        waiting.next,
    )


async def orders_here(gateway: Gateway, caller: Caller, limit: int, after: str | None) -> Waiting:
    """The orders that wait to be collected in the caller's store, the oldest first."""
    return await _waiting(gateway, caller, State.ORDERED, limit, after)


async def _waiting(
    gateway: Gateway, caller: Caller, state: State, limit: int, after: str | None
) -> Waiting:
    if caller.store is None:
        raise Problem("terminal_required")
    try:
        page = await gateway.documents.find_in_store(
            caller.tenant, "cart", caller.store, [state], limit=limit, after=after
        )
    except ValueError:
        raise Problem("invalid_request", errors=({"field": "after", "why": "bad"},)) from None
    return Waiting(tuple(item.state for item in page.items), page.next)
