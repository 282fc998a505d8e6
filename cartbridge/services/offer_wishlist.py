"""A code by which a till or tablet pulls a wish list, and what becomes of it there."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart.state import Cart, Direction
from cartbridge.domain.header import Actor
from cartbridge.domain.ids import make_id, slot_of, uuid_of
from cartbridge.domain.wishlist import commands as c
from cartbridge.domain.wishlist.state import Wishlist
from cartbridge.services.carry_out import carry_out
from cartbridge.services.codes import hashed, letters, pass_of
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.machines import WISHLIST
from cartbridge.services.move_wishes import (
    begin_cart_of,
    lines_of_wishes,
    new_cart_id,
    still_wished,
)
from cartbridge.services.offer_handover import REMEMBERED, short_code_for
from cartbridge.services.problems import Problem
from cartbridge.services.share_wishlist import open_links


@dataclass(frozen=True)
class WishlistOffer:
    """A live code of a wish list, as the one who asked for it needs to show it."""

    id: str
    code: str
    short_code: str | None  # for tills only
    pass_code: str
    expires_at: datetime


async def offer_wishlist(
    gateway: Gateway,
    caller: Caller,
    wishlist: Wishlist,
    ttl: timedelta,
    store: str | None,
    attempt: Attempt,
    direction: Direction = "to_store",
) -> WishlistOffer:
    """Makes a code; the same attempt gets the same code again, which is nowhere stored in plain."""
    code = letters(attempt.secret(gateway.vault, "code"))
    name = make_id("hnd", attempt.started_at, slot_of(wishlist.id), attempt.entropy("handover"))
    expires_at = attempt.started_at + ttl
    target = uuid_of(wishlist.id)
    forgotten = expires_at + REMEMBERED
    pointers, tenant = gateway.pointers, caller.tenant
    await pointers.claim_pointer(tenant, "code", hashed(code), target, forgotten)
    await pointers.claim_pointer(tenant, "claim", uuid_of(name).bytes, target, forgotten)
    short_code = None
    if direction == "to_store":
        short_code = await short_code_for(gateway, tenant, attempt, target, expires_at)

    async def make(now: Wishlist) -> c.OfferWishlist | None:
        if now.handover(name) is not None:
            return None
        return c.OfferWishlist(
            handover=name,
            code_hash=hashed(code).hex(),
            short_hash=None if short_code is None else hashed(short_code).hex(),
            expires_at=expires_at,
            direction=direction,
            store=store,
        )

    done = await carry_out(gateway, caller, WISHLIST, wishlist.id, attempt.command_id, make)
    await open_links(gateway, tenant, done.document)
    pass_code = pass_of(gateway.vault, wishlist.slot_holder)
    return WishlistOffer(name, code, short_code, pass_code, expires_at)


async def cart_of_wishlist(
    gateway: Gateway, caller: Caller, wishlist: Wishlist, code_hash: str, attempt: Attempt
) -> Cart:
    """A till scanned the code: a cart of all that is still wished; the list stays as it is."""
    name = new_cart_id(attempt)

    async def make(now: Wishlist) -> c.UseCode:
        if not still_wished(now):
            raise Problem("wishlist_empty")
        return c.UseCode(code_hash, caller.store or "", name)

    command = uuid.uuid5(attempt.command_id, "code of wishes")
    done = await carry_out(gateway, caller, WISHLIST, wishlist.id, command, make)
    wishes = lines_of_wishes(done.document)
    return await begin_cart_of(gateway, caller, done.document, wishes, attempt)


async def note_bought(gateway: Gateway, tenant: UUID, wishlist: str, cart: Cart) -> None:
    """What of the wishes that cart bought is noted on the list, or given back if it was voided."""
    lines = {x.id for x in cart.lines if x.wishlist == wishlist}
    sold = cart.sale.lines if cart.sale is not None else ()
    bought = {x.line: x.quantity for x in sold if x.line in lines and x.quantity}

    async def make(now: Wishlist) -> c.NoteBought | c.UndoBought | None:
        known = {line: amount for line, amount in bought.items() if now.line(line) is not None}
        return c.NoteBought(cart.id, known) if known else c.UndoBought(cart.id)

    command = uuid.uuid5(uuid_of(cart.id), f"bought of {wishlist} {cart.version}")
    caller = Caller(tenant, "gateway", Actor(kind="gateway"))
    await carry_out(gateway, caller, WISHLIST, wishlist, command, make)
