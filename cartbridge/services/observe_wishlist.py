"""A wish list as a platform shows it: lines, name, and where it stands."""

from cartbridge.domain.listing.commands import Observe
from cartbridge.domain.twin import TwinRef
from cartbridge.domain.wishlist import commands as c
from cartbridge.domain.wishlist.state import Wishlist
from cartbridge.sdk.observations import WishlistSeen
from cartbridge.services.carry_out import Done
from cartbridge.services.connectors import Link
from cartbridge.services.gateway import Gateway
from cartbridge.services.listings import WISHLISTS
from cartbridge.services.observe_listing import observe_listing
from cartbridge.services.observe_twin import Cause


async def observe_wishlist(
    gateway: Gateway, link: Link, ref: TwinRef, seen: WishlistSeen, cause: Cause
) -> Done[Wishlist]:
    """Lets a platform's wish list take effect on ours; what it does not tell stays."""

    def command(observe: Observe) -> c.SeeWishlist:
        return c.SeeWishlist(observe, seen.name, seen.purpose, seen.state)

    details = {"name": seen.name or "", "archived": str(seen.state == "archived").lower()}
    told = details if seen.name is not None and seen.state is not None else None
    return await observe_listing(gateway, link, WISHLISTS, ref, seen.snapshot, cause, command, told)
