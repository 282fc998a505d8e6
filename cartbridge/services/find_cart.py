"""Finding the cart behind a twin, a code, a pass, a claim or a receipt number."""

import hashlib
from uuid import UUID

from cartbridge.database.pointers import PointerKind
from cartbridge.domain.cart.lifecycle import State
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.ids import SLOTS, make_id, named, uuid_of
from cartbridge.domain.twin import TwinRef
from cartbridge.services.adopt_cart import adopt_cart, heir_of
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem
from cartbridge.services.run_command import Look, look_at


def twin_key(ref: TwinRef) -> bytes:
    """The key a twin's pointer stands under."""
    return hashlib.sha256(str(ref).encode()).digest()


def receipt_key(store: str, receipt_number: str) -> bytes:
    """The key a receipt number's pointer stands under; numbers repeat from store to store."""
    return hashlib.sha256(f"{store}/{receipt_number}".encode()).digest()


def new_id(gateway: Gateway, prefix: str, slot: int | None = None) -> str:
    """A fresh id, in the slot of its family or in one that is drawn."""
    if slot is None:
        slot = int.from_bytes(gateway.draw(2), "big") % SLOTS
    return make_id(prefix, gateway.clock(), slot, gateway.draw(8))


async def cart_by_id(gateway: Gateway, tenant: UUID, cart_id: str) -> Cart:
    """The cart of that id; Problem not_found if it is nobody's, or another tenant's."""
    return (await look_by_id(gateway, tenant, cart_id)).cart


async def look_by_id(gateway: Gateway, tenant: UUID, cart_id: str) -> Look:
    """As `cart_by_id`, with what a write to it has to follow on."""
    try:
        uuid_of(cart_id)
    except ValueError:
        raise Problem("not_found", what="cart") from None
    look = await look_at(gateway, tenant, cart_id)
    if look.loaded is None or not cart_id.startswith("crt_"):
        raise Problem("not_found", what="cart")
    return look


async def living(gateway: Gateway, tenant: UUID, cart: Cart) -> Cart:
    """The cart that carries on: the remainder's remainder, or the one it was merged into."""
    return await heir_of(gateway, tenant, cart) or cart


async def cart_of_twin(gateway: Gateway, tenant: UUID, ref: TwinRef) -> Cart | None:
    """The cart that holds this twin now; the pointer is mended if the twin moved on."""
    target = await gateway.pointers.find(tenant, "twin", twin_key(ref))
    return None if target is None else (await _followed(gateway, tenant, ref, target)).cart


async def cart_for_twin(gateway: Gateway, tenant: UUID, ref: TwinRef) -> Look:
    """The cart that holds this twin, or an empty one that a first observation will begin."""
    fresh = uuid_of(new_id(gateway, "crt"))
    target = await gateway.pointers.claim_pointer(tenant, "twin", twin_key(ref), fresh)
    if target == fresh:
        return Look(Cart(id=named("crt", fresh)))
    return await _followed(gateway, tenant, ref, target)


async def _followed(gateway: Gateway, tenant: UUID, ref: TwinRef, target: UUID) -> Look:
    """From the cart a twin's pointer names to the one that holds the twin now."""
    look = await look_at(gateway, tenant, named("crt", target))
    seen = {look.cart.id}
    while _moved(look.cart, ref) and look.cart.successor not in {None, *seen}:
        if look.cart.state is State.MERGED:
            await adopt_cart(gateway, tenant, look.cart)  # before anything is applied to the heir
        heir = await look_at(gateway, tenant, str(look.cart.successor))
        if heir.loaded is None:
            break
        look = heir
        seen.add(look.cart.id)
    holder = uuid_of(look.cart.id)
    if holder != target:
        await gateway.pointers.repoint(tenant, "twin", twin_key(ref), target, holder)
    return look


class TwinMoved(Exception):
    """The twin left for another cart between two looks at its holder: look for it again."""


def check_still_there(seen: Cart, now: Cart, ref: TwinRef) -> None:
    """TwinMoved if the cart that was found as the twin's holder has given it away since."""
    if not _moved(seen, ref) and _moved(now, ref) and now.successor is not None:
        raise TwinMoved


def _moved(cart: Cart, ref: TwinRef) -> bool:
    return cart.twin(ref) is None or cart.state is State.MERGED


async def look_of_short_code(gateway: Gateway, tenant: UUID, key: bytes) -> Look | None:
    """The cart 8 digits point to, or pointed to until they ran out: that is told apart."""
    return await look_of_pointer(gateway, tenant, "short_code", key, lapsed=True)


async def cart_of_pointer(
    gateway: Gateway, tenant: UUID, kind: PointerKind, key: bytes
) -> Cart | None:
    """The cart a code, pass, claim or receipt points to."""
    look = await look_of_pointer(gateway, tenant, kind, key)
    return None if look is None else look.cart


async def look_of_pointer(
    gateway: Gateway, tenant: UUID, kind: PointerKind, key: bytes, *, lapsed: bool = False
) -> Look | None:
    """As `cart_of_pointer`, with what a write to it has to follow on."""
    target = await gateway.pointers.find(tenant, kind, key, lapsed=lapsed)
    if target is None:
        return None
    look = await look_at(gateway, tenant, named("crt", target))
    return None if look.loaded is None else look
