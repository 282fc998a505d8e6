"""A store says what it found of a reservation, named by its id or by its 8 digits."""

from collections.abc import Callable

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.reservation import Reservation
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.ids import is_id, uuid_of
from cartbridge.services.codes import hashed, typed
from cartbridge.services.find_cart import look_of_pointer, look_of_short_code
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.problems import Problem
from cartbridge.services.run_command import Look, run_command


async def reserved_cart(gateway: Gateway, caller: Caller, name: str) -> Cart:
    """The cart that is set aside under that id or those digits in the caller's own store.

    Another store's reservation, and one that is over, are not found.
    """
    look = await _look(gateway, caller, name)
    reservation = look.cart.reservation if look is not None else None
    if look is None or reservation is None or reservation.store != caller.store:
        raise Problem("not_found", what="reservation")
    if name != reservation.handover and not _is_code_of(look.cart, reservation, name):
        raise Problem("not_found", what="reservation")
    return look.cart


def _is_code_of(cart: Cart, reservation: Reservation, digits: str) -> bool:
    """Its own code's digits, or those her page shows now: she may read out either."""
    short_code = typed(digits)
    live = {offer.short_hash for offer in cart.handovers} | {reservation.short_hash}
    return short_code is not None and hashed(short_code).hex() in live


async def _look(gateway: Gateway, caller: Caller, name: str) -> Look | None:
    if is_id(name, "hnd"):
        return await look_of_pointer(gateway, caller.tenant, "claim", uuid_of(name).bytes)
    short_code = typed(name)
    if short_code is None:
        return None
    return await look_of_short_code(gateway, caller.tenant, hashed(short_code))


async def mark_reservation(
    gateway: Gateway,
    caller: Caller,
    cart: Cart,
    lines: tuple[c.Found, ...],
    attempt: Attempt,
    *,
    as_read: Callable[[Cart], bool] = lambda cart: True,
) -> Cart:
    """What was found is noted, if the reservation still is as whoever marks it has read it."""
    reservation = cart.reservation
    if reservation is None:
        raise Problem("reservation_over")
    handover = reservation.handover

    async def make(now: Cart) -> c.MarkReservation:
        if not as_read(now):
            raise Problem("precondition_failed")
        return c.MarkReservation(handover, lines, caller.staff)

    outcome = await run_command(gateway, caller, cart.id, attempt.command_id, make)
    return outcome.cart
