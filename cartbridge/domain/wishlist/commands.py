"""What may be asked of a wish list: imperative, complete, with every id already drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from cartbridge.domain.cart.commands import NewLine
from cartbridge.domain.cart.state import Direction, Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.listing.commands import Edit, LoseTwin, Observe, PlanWrite
from cartbridge.domain.twin import TwinRef
from cartbridge.domain.wishlist.state import Wishlist


@dataclass(frozen=True)
class StartWishlist:
    """Begin a wish list on our side: in a store, or by a channel without a platform."""

    origin: Origin
    currency: str
    lines: tuple[NewLine, ...] = ()
    name: str | None = None
    kind: str = "wish"
    brand: str | None = None
    locale: str | None = None
    price_list: str | None = None
    customer: Customer | None = None
    metadata: Mapping[str, str] | None = None


@dataclass(frozen=True)
class SeeWishlist:
    """Take in what a platform shows: its lines by the merge, its name and where it stands."""

    seen: Observe
    name: str | None = None
    kind: str | None = None
    state: Literal["open", "shared", "archived"] | None = None


@dataclass(frozen=True)
class Change:
    """Change lines, name or kind; share it, take the link back, put it away, take it up again."""

    edit: Edit
    name: str | None = None
    kind: str | None = None
    state: Literal["open", "shared", "archived"] | None = None


@dataclass(frozen=True)
class CancelWishlist:
    """Delete it."""

    connection: str | None = None


@dataclass(frozen=True)
class MoveOut:
    """Take lines off because they go into that cart or listing; a quantity may be a part."""

    lines: Mapping[str, Decimal]
    to: str


@dataclass(frozen=True)
class MoveIn:
    """Put lines on that come out of that cart or listing; more of one that is there adds up."""

    lines: tuple[NewLine, ...]
    out_of: str


@dataclass(frozen=True)
class NoteBought:
    """Somebody bought of these lines with that cart; told again it counts once."""

    cart: str
    lines: Mapping[str, Decimal]


@dataclass(frozen=True)
class UndoBought:
    """The ticket of that cart was cancelled."""

    cart: str


@dataclass(frozen=True)
class OfferWishlist:
    """Make a code by which a till pulls it or a shop takes it over; that side's older code dies."""

    handover: str
    code_hash: str
    expires_at: datetime
    direction: Direction = "to_store"
    short_hash: str | None = None
    store: str | None = None


@dataclass(frozen=True)
class UseCode:
    """A till pulled it by that code, into that cart if it made one."""

    code_hash: str
    store: str
    cart: str | None = None


@dataclass(frozen=True)
class Join:
    """Tie the shopper's own wish list in a shop to this one, by a to-online code.

    `own`: ours behind it until now, if there is one; its lines and its twin come along.
    """

    code_hash: str
    ref: TwinRef
    own: Wishlist | None = None
    customer: Customer | None = None


@dataclass(frozen=True)
class GiveAway:
    """Its twin and lines went into another wish list of the same shopper: it is over."""

    ref: TwinRef
    to: str


@dataclass(frozen=True)
class EndCodes:
    """Revoke one code, or close those whose time is over."""

    handover: str | None = None


Command = (
    StartWishlist
    | SeeWishlist
    | Observe
    | PlanWrite
    | LoseTwin
    | Change
    | CancelWishlist
    | MoveOut
    | MoveIn
    | NoteBought
    | UndoBought
    | OfferWishlist
    | UseCode
    | Join
    | GiveAway
    | EndCodes
)
