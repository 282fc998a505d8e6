"""A wish list as its facts leave it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from pydantic import Field

from cartbridge.domain.cart.state import Handover
from cartbridge.domain.listing.state import Listing
from cartbridge.domain.model import Strict
from cartbridge.domain.quantity import Amount
from cartbridge.domain.twin import TwinRef
from cartbridge.domain.wishlist.lifecycle import State


class Bought(Strict):
    """How much of a line was bought, and with which cart."""

    line: str
    cart: str
    quantity: Amount


class Wishlist(Listing):
    """A wish list, whole; `kind` is a free word: wish, gift, wedding, school."""

    personal: ClassVar[frozenset[str]] = Listing.personal | {"name"}

    state: State = State.NONE
    name: str | None = None
    kind: str = "wish"
    handovers: tuple[Handover, ...] = ()  # the live ones
    # code hash of a used to-online code → the shop's wish list that joined by it
    joined: dict[str, TwinRef] = Field(default_factory=dict)
    bought: tuple[Bought, ...] = ()
    shares: int = 0  # how often it was shared: each time by another link

    def bought_of(self, line_id: str) -> Decimal:
        """How much of a line was bought, by whomever."""
        return sum((x.quantity for x in self.bought if x.line == line_id), Decimal(0))

    def handover(self, handover_id: str) -> Handover | None:
        """The live hand-over of that id."""
        return next((offer for offer in self.handovers if offer.id == handover_id), None)


def details(wishlist: Wishlist) -> Mapping[str, str]:
    """What its counterparts should show beside the lines."""
    return {"name": wishlist.name or "", "archived": str(wishlist.state is State.ARCHIVED).lower()}
