"""Offering a cart to the other side: a QR code, 8 digits beside it, and the pass she keeps."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.reservation import Reserve
from cartbridge.domain.cart.reserving import check_until
from cartbridge.domain.cart.state import Cart, Direction
from cartbridge.domain.ids import is_id, make_id, slot_of, uuid_of
from cartbridge.domain.refusals import Refusing
from cartbridge.services.codes import digits, hashed, letters, pass_of
from cartbridge.services.find_cart import cart_of_pointer, living
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.problems import Problem, refused
from cartbridge.services.run_command import run_command

REMEMBERED: Final = timedelta(days=30)  # how long a dead code is told apart from an unknown one
_DRAWS: Final = 20


@dataclass(frozen=True)
class Offer:
    """A live hand-over, as the one who asked for it needs to show it."""

    id: str
    cart: Cart
    direction: Direction
    code: str
    short_code: str | None
    pass_code: str
    expires_at: datetime
    reserve: Reserve | None = None

    def url(self, public_url: str) -> str:
        """What the QR code holds: upper case, so that it stays small."""
        return f"{public_url}/h/{self.code}".upper()

    def pass_url(self, public_url: str) -> str:
        """Where the shopper keeps her cart."""
        return f"{public_url}/c/{self.pass_code}"


@dataclass(frozen=True)
class Wish:
    """What is asked for: which way, for how long, for which store."""

    direction: Direction
    ttl: timedelta
    store: str | None = None
    reserve: Reserve | None = None  # then it lasts until that time, in that store


async def offer_handover(
    gateway: Gateway, caller: Caller, cart: Cart, wish: Wish, attempt: Attempt
) -> Offer:
    """Makes a code; the same attempt gets the same code again, which is nowhere stored in plain."""
    cart = await living(gateway, caller.tenant, cart)
    if wish.reserve is not None:
        _check_until(gateway, wish.reserve, attempt)
    code = letters(attempt.secret(gateway.vault, "code"))
    slot = slot_of(cart.id)
    handover = make_id("hnd", attempt.started_at, slot, attempt.entropy("handover"))
    expires_at = wish.reserve.until if wish.reserve else attempt.started_at + wish.ttl
    key = uuid_of(cart.id)
    forgotten = expires_at + REMEMBERED
    pointers = gateway.pointers
    named = uuid_of(handover).bytes
    await pointers.claim_pointer(caller.tenant, "code", hashed(code), key, forgotten)
    await pointers.claim_pointer(caller.tenant, "claim", named, key, forgotten)
    short_code = None
    if wish.direction == "to_store":
        short_code = await short_code_for(gateway, caller.tenant, attempt, key, expires_at)
    pass_code = await point_pass(gateway, caller.tenant, cart.pass_holder)

    async def make(now: Cart) -> c.OfferHandover | None:
        if now.handover(handover) is not None:
            return None
        return c.OfferHandover(
            handover=handover,
            direction=wish.direction,
            code_hash=hashed(code).hex(),
            short_hash=hashed(short_code).hex() if short_code is not None else None,
            expires_at=expires_at,
            store=wish.reserve.store if wish.reserve else wish.store,
            terminal=caller.terminal,
            reserve=wish.reserve,
            reserve_for=gateway.limits.reservation,
        )

    outcome = await run_command(gateway, caller, cart.id, attempt.command_id, make)
    return Offer(
        handover,
        outcome.cart,
        wish.direction,
        code,
        short_code,
        pass_code,
        expires_at,
        wish.reserve,
    )


def _check_until(gateway: Gateway, reserve: Reserve, attempt: Attempt) -> None:
    """Before its codes are claimed for as long: a repeat is judged by when it was first asked."""
    try:
        check_until(reserve, attempt.started_at, gateway.limits.reservation)
    except Refusing as refusing:
        raise refused(refusing.refused) from None


async def short_code_for(
    gateway: Gateway, tenant: UUID, attempt: Attempt, document: UUID, expires_at: datetime
) -> str:
    """8 digits that no live code of another document of this retailer has."""
    for draw in range(_DRAWS):
        candidate = digits(attempt.secret(gateway.vault, f"short {draw}"))
        winner = await gateway.pointers.claim_pointer(
            tenant, "short_code", hashed(candidate), document, expires_at
        )
        if winner == document:
            return candidate
    raise Problem("unavailable", retry_after=5)


async def point_pass(gateway: Gateway, tenant: UUID, document: str) -> str:
    """The pass that leads to a document; it lives as long as that does."""
    pass_code = pass_of(gateway.vault, document)
    await gateway.pointers.claim_pointer(tenant, "pass", hashed(pass_code), uuid_of(document))
    return pass_code


async def cart_of_handover(gateway: Gateway, caller: Caller, handover: str) -> Cart:
    """The cart a hand-over was made for."""
    if not is_id(handover, "hnd"):
        raise Problem("not_found", what="handover")
    cart = await cart_of_pointer(gateway, caller.tenant, "claim", uuid_of(handover).bytes)
    if cart is None:
        raise Problem("not_found", what="handover")
    return cart


async def revoke_handover(gateway: Gateway, caller: Caller, cart: Cart, handover: str) -> None:
    """Kills a code; killing a dead one changes nothing."""

    async def make(now: Cart) -> c.RevokeHandover:
        return c.RevokeHandover(handover)

    command = uuid.uuid5(uuid_of(handover), "revoked")
    await run_command(gateway, caller, cart.id, command, make)
