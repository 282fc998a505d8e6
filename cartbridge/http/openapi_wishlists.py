"""The examples of wish lists: a gift list begun on a tablet in Lyon, and a lamp bought of it."""

from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Final

from pydantic import BaseModel

from cartbridge.domain.cart.commands import NewLine
from cartbridge.domain.cart.state import Origin
from cartbridge.domain.items import Item
from cartbridge.domain.line import Prices
from cartbridge.domain.quantity import Quantity
from cartbridge.domain.refusals import Refused
from cartbridge.domain.wishlist import commands as c
from cartbridge.domain.wishlist.canonical import CanonicalWishlist, canonical
from cartbridge.domain.wishlist.decide import decide
from cartbridge.domain.wishlist.state import Wishlist
from cartbridge.http import openapi_story as of
from cartbridge.http import pos_models as pos
from cartbridge.http import wishlist_models as m

WISHLIST_ID: Final = of.CART_ID.replace("crt_", "wsh_")
_TOLD: Final = pos.ItemTold(sku="LAMP-OAK")


@cache
def wishlist() -> Wishlist:
    """The wish list of the examples."""
    line = NewLine(
        id=of.LAMP,
        item=Item(sku="LAMP-OAK", gtin="3700123456780", title="Lampe chêne", variant="H 40 cm"),
        quantity=Quantity(value=Decimal(2)),
        prices=Prices(unit_price=4990, total=9980),
    )
    start = c.StartWishlist(
        Origin(channel="tablet", store=of.STORE), "EUR", (line,), "Noël 2026", "gift"
    )
    bought = c.NoteBought(of.CART_ID, {of.LAMP: Decimal(1)})
    found = Wishlist(id=WISHLIST_ID)
    for command in (start, bought):
        decision = decide(found, command, of.BEGUN)
        if isinstance(decision, Refused):
            raise TypeError(decision.code)
        found = decision[0].document
    return found


def _shown() -> CanonicalWishlist:
    return canonical(wishlist(), {})


def sent() -> tuple[BaseModel, ...]:
    """One example of each model that is sent."""
    wished = pos.ScannedLine(item=_TOLD, quantity=Decimal(2))
    moved = m.MovedLine(line=of.LAMP, quantity=Decimal(1))
    return (
        m.WishlistBeginRequest(name="Noël 2026", kind="gift", add=(wished,), staff=of.STAFF),
        m.WishlistChangeRequest(state="shared", staff=of.STAFF),
        m.WishlistCodeRequest(ttl_seconds=900),
        m.WishlistJoinRequest(code=of.CODE, external_id="w-42"),
        m.ToCartRequest(lines=(moved,), keep=True, staff=of.STAFF),
        m.FromCartRequest(cart=of.CART_ID, lines=(moved,), staff=of.STAFF),
        m.PullRequest(short_code="4815 0237", staff=of.STAFF),
    )


def answered() -> tuple[BaseModel, ...]:
    """One example of each model that is answered."""
    picture = f"{of.PLACE}/h/{of.CODE}/qr"
    code = m.WishlistCodeAnswer(
        id=of.HANDOVER,
        direction="to_store",
        code=of.CODE,
        short_code="48150237",
        url=f"{of.PLACE}/h/{of.CODE}".upper(),
        qr_svg_url=f"{picture}.svg",
        qr_png_url=f"{picture}.png",
        pass_url=f"{of.PLACE}/c/{of.CODE[::-1]}",
        expires_at=of.OFFERED + timedelta(minutes=15),
    )
    return (
        _shown(),
        code,
        m.WishlistAnswer(wishlist=_shown(), share_url=f"{of.PLACE}/w/{of.CODE[::-1]}"),
        m.Wishlists(items=(_shown(),), next=None),
    )
