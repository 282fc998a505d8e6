"""A wish list's pages: its owner's by her pass, the givers' by the link she shared."""

from datetime import datetime
from uuid import UUID

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.header import Actor
from cartbridge.domain.store import Brand
from cartbridge.domain.wishlist.lifecycle import State
from cartbridge.domain.wishlist.state import Wishlist
from cartbridge.pages.shopper import LiveCode
from cartbridge.pages.wishlist import WishlistView
from cartbridge.services.codes import pass_of, scanned
from cartbridge.services.find_document import document_by_id
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.led_to import LedTo
from cartbridge.services.machines import WISHLIST
from cartbridge.services.offer_wishlist import offer_wishlist
from cartbridge.services.open_pass import brand_of
from cartbridge.services.share_wishlist import shared_wishlist


async def open_own_wishlist(gateway: Gateway, led: LedTo, text: str) -> WishlistView | None:
    """What its owner sees: everything, and a code for the till while there is something on it.

    None for the link that others were given: it leads to the same list, but is not her pass.
    """
    tenant = led.tenant
    wishlist = await document_by_id(gateway, tenant, WISHLIST, led.document)
    if scanned(text) != pass_of(gateway.vault, wishlist.slot_holder):
        return None
    brand = await brand_of(gateway, tenant, wishlist.brand)
    alive = wishlist.state in (State.OPEN, State.SHARED) and bool(wishlist.lines)
    code = await _code(gateway, tenant, wishlist) if alive else None
    return WishlistView(wishlist, brand, code, brand.picture_origins)


async def open_share(gateway: Gateway, text: str) -> WishlistView | None:
    """What who gives sees: nothing of the owner; None once the list is shared no more."""
    found = await shared_wishlist(gateway, text)
    if found is None:
        return None
    tenant, wishlist = found
    brand: Brand = await brand_of(gateway, tenant, wishlist.brand)
    return WishlistView(wishlist, brand, picture_origins=brand.picture_origins)


async def _code(gateway: Gateway, tenant: UUID, wishlist: Wishlist) -> LiveCode:
    """A live code; for a third of its life every look shows the same one."""
    stretch = gateway.limits.code.total_seconds() / 3
    number = int(gateway.clock().timestamp() // stretch)
    seed = gateway.vault.keyed_hash("code of a pass", f"{wishlist.id} {number}")[:16]
    began = datetime.fromtimestamp(number * stretch, gateway.clock().tzinfo)
    caller = Caller(tenant, "shop", Actor(kind="shopper"))
    attempt = Attempt(seed, began, first=False)
    offer = await offer_wishlist(gateway, caller, wishlist, gateway.limits.code, None, attempt)
    left = offer.expires_at - gateway.clock()
    return LiveCode(
        qr_text=f"{gateway.public_url}/h/{offer.code}".upper(),
        short_code=offer.short_code or "",
        expires_in=max(0, int(left.total_seconds())),
    )
