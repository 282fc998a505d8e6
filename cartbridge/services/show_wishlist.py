"""Showing a wish list in canonical form, with what its twins should show and do."""

from cartbridge.domain.wishlist.canonical import CanonicalWishlist, canonical
from cartbridge.domain.wishlist.state import Wishlist, details
from cartbridge.services.carry_out import links_of
from cartbridge.services.follow_listing import is_in_step
from cartbridge.services.gateway import Caller, Gateway


async def show_wishlist(gateway: Gateway, caller: Caller, wishlist: Wishlist) -> CanonicalWishlist:
    """The wish list as every side is shown it."""
    links = await links_of(gateway, caller.tenant, [wishlist])
    told = details(wishlist)
    in_step = {
        str(twin.ref): is_in_step(wishlist, twin, links[twin.ref.connection], told)
        for twin in wishlist.twins
        if twin.ref.connection in links
    }
    return canonical(wishlist, in_step)
