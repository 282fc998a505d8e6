"""The wish lists on a customer's file: enough to know which one to ask her about."""

from datetime import datetime
from typing import Final
from uuid import UUID

from cartbridge.domain.model import Strict
from cartbridge.domain.wishlist.lifecycle import State
from cartbridge.domain.wishlist.state import Wishlist
from cartbridge.services.gateway import Gateway

_MOST: Final = 50  # those that changed last


class WishlistOnFile(Strict):
    """A wish list of hers: look at it by its id."""

    id: str
    name: str | None
    kind: str
    state: State
    articles: int  # lines
    updated_at: datetime | None


async def wishlists_of(
    gateway: Gateway, tenant: UUID, customer: str, brand: str
) -> tuple[WishlistOnFile, ...]:
    """Those of this brand that she has not put away."""
    page = await gateway.documents.find(tenant, "wishlist", customer=customer, limit=_MOST)
    lists: list[Wishlist] = [one.state for one in page.items]
    return tuple(
        WishlistOnFile(
            id=one.id,
            name=one.name,
            kind=one.kind,
            state=one.state,
            articles=len(one.lines),
            updated_at=one.updated_at,
        )
        for one in lists
        if one.brand in (None, brand) and one.state in (State.OPEN, State.SHARED)
    )
