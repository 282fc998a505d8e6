"""The canonical wish list: what every side is shown of it, and what one who gives may see."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from cartbridge.domain.canonical import (
    CanonicalHandover,
    CanonicalLine,
    CanonicalTwin,
    Id,
    canonical_line,
)
from cartbridge.domain.cart.state import Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.model import Strict
from cartbridge.domain.quantity import Amount
from cartbridge.domain.wishlist.lifecycle import State
from cartbridge.domain.wishlist.state import Wishlist


class CanonicalWish(CanonicalLine):
    """A line that is wished, and how much of it was bought already."""

    bought: Amount


class CanonicalWishlist(Strict):
    """A wish list as every side is shown it; `kind` is a free word: wish, gift, wedding, school."""

    id: Id
    version: int
    state: State
    name: str | None
    kind: str
    currency: str
    tax_mode: Literal["inclusive", "exclusive"]
    brand: str | None
    locale: str | None
    price_list: str | None
    customer: Customer | None
    origin: Origin
    lines: tuple[CanonicalWish, ...]
    metadata: dict[str, str]
    twins: tuple[CanonicalTwin, ...]
    handover: CanonicalHandover | None
    updated_at: datetime | None


def canonical(wishlist: Wishlist, in_step: Mapping[str, bool]) -> CanonicalWishlist:
    """The canonical form; `in_step` tells which of its twins show what they should."""
    offer = wishlist.handovers[-1] if wishlist.handovers else None
    return CanonicalWishlist(
        id=wishlist.id,
        version=wishlist.version,
        state=wishlist.state,
        name=wishlist.name,
        kind=wishlist.kind,
        currency=wishlist.currency,
        tax_mode=wishlist.tax_mode,
        brand=wishlist.brand,
        locale=wishlist.locale,
        price_list=wishlist.price_list,
        customer=wishlist.customer,
        origin=wishlist.origin,
        lines=_lines(wishlist),
        metadata=wishlist.metadata,
        twins=tuple(
            CanonicalTwin(
                connection=twin.ref.connection,
                kind=twin.ref.kind,
                external_id=twin.ref.external_id,
                in_step=in_step.get(str(twin.ref), False),
                refused=tuple(refusal.key for refusal in twin.refusals),
            )
            for twin in wishlist.twins
            if not twin.ended
        ),
        handover=offer
        and CanonicalHandover(
            id=offer.id, direction=offer.direction, expires_at=offer.expires_at, store=offer.store
        ),
        updated_at=wishlist.updated_at,
    )


def _lines(wishlist: Wishlist) -> tuple[CanonicalWish, ...]:
    shown = (
        (canonical_line(line, wishlist.notes.get(line.id)), wishlist.bought_of(line.id))
        for line in wishlist.lines
    )
    return tuple(CanonicalWish(**dict(line), bought=bought) for line, bought in shown)
