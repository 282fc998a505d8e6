"""What shops and their companions send, and what they are answered."""

from datetime import datetime
from functools import cache
from typing import Annotated, Any, Final, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from cartbridge.domain.canonical import CanonicalCart
from cartbridge.domain.cart.reservation import Reserve
from cartbridge.domain.customer import Customer
from cartbridge.domain.item_list import IndexedItem
from cartbridge.domain.model import Strict
from cartbridge.domain.twin import TwinKind
from cartbridge.http.moment import Moment
from cartbridge.pages.timeline import Entry

_zones: Final = cache(available_timezones)


def known_zone(name: str) -> str:
    """The name of a time zone, refused if nobody knows it."""
    if name not in _zones():
        raise ValueError("not a time zone, such as Europe/Paris")
    return name


class SnapshotRequest(Strict):
    """The whole cart as it is in the shop now, in canonical form; unknown fields are kept aside."""

    model_config = ConfigDict(frozen=True, extra="allow")

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    lines: list[dict[str, Any]]


class CartQuery(Strict):
    """Which moment of the cart: a version, or what had been recorded by a time."""

    version: Annotated[int, Field(ge=1)] | None = None
    at: Moment | None = None

    @model_validator(mode="after")
    def _one(self) -> "CartQuery":
        if self.version is not None and self.at is not None:
            raise ValueError("give either version or at")
        return self


class CartsQuery(Strict):
    """Which carts: by their id in a shop, by customer, or by state."""

    connection: str | None = None
    external_id: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    kind: TwinKind = "cart"
    customer: Annotated[str, Field(pattern=r"^cus_[0-9a-f]{32}$")] | None = None
    state: str | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: str | None = None

    @model_validator(mode="after")
    def _pair(self) -> "CartsQuery":
        if (self.connection is None) != (self.external_id is None):
            raise ValueError("connection and external_id go together")
        return self


class Carts(Strict):
    """A page of carts."""

    items: tuple[CanonicalCart, ...]
    next: str | None


class TimelineQuery(Strict):
    """In which language and time zone; the caller's language and Europe/Paris if not said."""

    locale: str | None = None
    time_zone: Annotated[str, AfterValidator(known_zone)] = "Europe/Paris"


class Timeline(Strict):
    """What happened to a cart, in words, oldest first."""

    items: tuple[Entry, ...]
    next: None = None


class ReserveRequest(Strict):
    """The store that shall set the cart aside, and until when she will come for it."""

    store: Annotated[str, Field(min_length=1, max_length=63)]
    until: Moment


class HandoverRequest(Strict):
    """Which way the cart is offered, for how long, and for which store; or a reservation."""

    direction: Literal["to_store", "to_online"]
    ttl_seconds: Annotated[int, Field(ge=60, le=86_400)] | None = None
    store: Annotated[str, Field(max_length=63)] | None = None
    reserve: ReserveRequest | None = None

    @model_validator(mode="after")
    def _reserved(self) -> "HandoverRequest":
        if self.reserve is None:
            return self
        if self.direction != "to_store":
            raise ValueError("a reservation goes to_store")
        if self.ttl_seconds is not None or self.store is not None:
            raise ValueError("reserve tells the store and the time: leave store and ttl_seconds")
        return self


class HandoverAnswer(Strict):
    """A live code: the QR's URL, 8 digits for people, and the pass she keeps."""

    id: str
    direction: Literal["to_store", "to_online"]
    code: str
    short_code: str | None
    url: str
    qr_svg_url: str
    qr_png_url: str
    pass_url: str
    expires_at: datetime
    reserve: Reserve | None  # of a reservation


class JoinRequest(Strict):
    """The shopper opened a to-online link: the session's own cart, and its customer if known."""

    code: Annotated[str, Field(max_length=2000)]
    external_id: Annotated[str, Field(min_length=1, max_length=255)]
    kind: TwinKind = "cart"
    customer: Customer | None = None


class JoinAnswer(Strict):
    """The cart the session is joined to."""

    cart: CanonicalCart


class ItemsRequest(Strict):
    """Articles to put on the item list; each replaces what stood under its SKU."""

    items: Annotated[tuple[IndexedItem, ...], Field(max_length=5000)]


class RefusedItem(Strict):
    """An article that was not taken, why, and how to mend it."""

    sku: str | None
    reason: str
    mend: str


class ItemsAnswer(Strict):
    """How many articles were taken, and which were not."""

    accepted: int
    refused: tuple[RefusedItem, ...]


class ItemsQuery(Strict):
    """Which article: by reference or by number."""

    sku: str | None = None
    gtin: str | None = None

    @model_validator(mode="after")
    def _one(self) -> "ItemsQuery":
        if (self.sku is None) == (self.gtin is None):
            raise ValueError("give either sku or gtin")
        return self


class Items(Strict):
    """The articles found."""

    items: tuple[IndexedItem, ...]
    next: None = None
