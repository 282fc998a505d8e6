"""What is sent and answered about wish lists."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from cartbridge.domain.canonical import CanonicalCart
from cartbridge.domain.customer import Customer
from cartbridge.domain.model import Strict
from cartbridge.domain.wishlist.canonical import CanonicalWishlist
from cartbridge.http.pos_models import LineId, Positive, ScannedLine, SetLine, Staff

Name = Annotated[str, Field(min_length=1, max_length=200)]
Kind = Annotated[str, Field(min_length=1, max_length=50)]
CartId = Annotated[str, Field(pattern=r"^crt_[0-9a-f]{32}$")]


class WishlistBeginRequest(Strict):
    """A wish list begun in a store; `kind` is a free word: wish, gift, wedding, school."""

    name: Name | None = None
    kind: Kind = "wish"
    add: Annotated[tuple[ScannedLine, ...], Field(max_length=2000)] = ()
    customer: Customer | None = None
    locale: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] | None = None
    metadata: Annotated[dict[str, str], Field(max_length=50)] = {}
    staff: Staff | None = None


class WishlistChangeRequest(Strict):
    """What is to change of a wish list; articles are added from a store's terminal."""

    name: Name | None = None
    kind: Kind | None = None
    state: Literal["open", "shared", "archived"] | None = None
    set: Annotated[tuple[SetLine, ...], Field(max_length=2000)] = ()
    add: Annotated[tuple[ScannedLine, ...], Field(max_length=2000)] = ()
    remove: Annotated[tuple[LineId, ...], Field(max_length=2000)] = ()
    customer: Customer | None = None
    staff: Staff | None = None


class WishlistAnswer(Strict):
    """A wish list; `share_url` while it is shared: who has it sees the articles, nobody's name."""

    wishlist: CanonicalWishlist
    share_url: str | None


class WishlistsQuery(Strict):
    """Which wish lists: by their id in a shop, by customer, or by state."""

    connection: str | None = None
    external_id: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    customer: Annotated[str, Field(pattern=r"^cus_[0-9a-f]{32}$")] | None = None
    state: str | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: str | None = None

    @model_validator(mode="after")
    def _pair(self) -> "WishlistsQuery":
        if (self.connection is None) != (self.external_id is None):
            raise ValueError("connection and external_id go together")
        return self


class Wishlists(Strict):
    """A page of wish lists."""

    items: tuple[CanonicalWishlist, ...]
    next: str | None


class WishlistCodeRequest(Strict):
    """Which way the wish list goes, for how long the code is wanted, and for which store."""

    direction: Literal["to_store", "to_online"] = "to_store"
    ttl_seconds: Annotated[int, Field(ge=60, le=86_400)] | None = None
    store: Annotated[str, Field(max_length=63)] | None = None


class WishlistCodeAnswer(Strict):
    """A live code of a wish list: the QR's URL, 8 digits for tills, and the pass she keeps."""

    id: str
    direction: Literal["to_store", "to_online"]
    code: str
    short_code: str | None
    url: str
    qr_svg_url: str
    qr_png_url: str
    pass_url: str
    expires_at: datetime


class WishlistJoinRequest(Strict):
    """The shopper opened a to-online link: her wish list there, and its customer if known."""

    code: Annotated[str, Field(max_length=2000)]
    external_id: Annotated[str, Field(min_length=1, max_length=255)]
    customer: Customer | None = None


class MovedLine(Strict):
    """How much of a line moves."""

    line: LineId
    quantity: Positive


class ToCartRequest(Strict):
    """Wishes go into a cart; all that nobody bought yet, and a new cart, unless said otherwise."""

    lines: Annotated[tuple[MovedLine, ...], Field(min_length=1, max_length=2000)] | None = None
    cart: CartId | None = None
    keep: bool = False  # they stay wished until they are bought
    staff: Staff | None = None


class FromCartRequest(Strict):
    """Lines of a cart are wished for later."""

    cart: CartId
    lines: Annotated[tuple[MovedLine, ...], Field(min_length=1, max_length=2000)]
    staff: Staff | None = None


class MovedAnswer(Strict):
    """The wish list and the cart after lines moved between them."""

    wishlist: CanonicalWishlist
    cart: CanonicalCart


class PullRequest(Strict):
    """The code or the 8 digits that the customer shows; looking does not use them up."""

    code: Annotated[str, Field(max_length=2000)] | None = None
    short_code: Annotated[str, Field(max_length=50)] | None = None
    staff: Staff | None = None

    @model_validator(mode="after")
    def _one(self) -> "PullRequest":
        if (self.code is None) == (self.short_code is None):
            raise ValueError("give either code or short_code")
        return self
