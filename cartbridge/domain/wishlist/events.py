"""What can happen to a wish list: immutable facts in the past tense, one class each."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, TypeAdapter

from cartbridge.domain.cart.state import Direction
from cartbridge.domain.listing import events as listing
from cartbridge.domain.listing.events import Event
from cartbridge.domain.quantity import Amount
from cartbridge.domain.twin import TwinRef


class Started(listing.Started):
    """A wish list was begun."""

    personal: ClassVar[frozenset[str]] = listing.Started.personal | {"name"}
    type: Literal["wishlist.started"] = "wishlist.started"
    name: str | None = None
    kind: str = "wish"


class LineAdded(listing.LineAdded):
    """An article was put onto the wish list."""

    type: Literal["wishlist.line_added"] = "wishlist.line_added"


class LineChanged(listing.LineChanged):
    """The wished quantity of a line changed."""

    type: Literal["wishlist.line_changed"] = "wishlist.line_changed"


class LineRemoved(listing.LineRemoved):
    """A line was taken off the wish list."""

    type: Literal["wishlist.line_removed"] = "wishlist.line_removed"


class LinePriced(listing.LinePriced):
    """The shop where the wish list began told other prices for a line."""

    type: Literal["wishlist.line_priced"] = "wishlist.line_priced"


class LineBought(Event):
    """Somebody bought of a line: its owner, or one who gives."""

    type: Literal["wishlist.line_bought"] = "wishlist.line_bought"
    line: str
    cart: str
    quantity: Amount


class PurchaseUndone(Event):
    """The ticket of a bought line was cancelled: it is wished again."""

    type: Literal["wishlist.purchase_undone"] = "wishlist.purchase_undone"
    cart: str


class CustomerIdentified(listing.CustomerIdentified):
    """It became known whose wish list this is."""

    type: Literal["wishlist.customer_identified"] = "wishlist.customer_identified"


class Renamed(Event):
    """The wish list got another name, or another kind."""

    personal: ClassVar[frozenset[str]] = frozenset({"name"})
    type: Literal["wishlist.renamed"] = "wishlist.renamed"
    name: str | None = None
    kind: str | None = None


class Shared(Event):
    """Others may look at the wish list by its link."""

    type: Literal["wishlist.shared"] = "wishlist.shared"


class Unshared(Event):
    """The link leads nowhere any more."""

    type: Literal["wishlist.unshared"] = "wishlist.unshared"


class Archived(Event):
    """The wish list was put away."""

    type: Literal["wishlist.archived"] = "wishlist.archived"


class Reopened(Event):
    """The wish list was taken up again."""

    type: Literal["wishlist.reopened"] = "wishlist.reopened"


class Cancelled(Event):
    """The wish list was deleted, or went into another one of the same shopper."""

    type: Literal["wishlist.cancelled"] = "wishlist.cancelled"
    connection: str | None = None
    into: str | None = None


class HandoverOffered(Event):
    """A code is live: a till or tablet may pull the wish list, or a shop take it over."""

    type: Literal["wishlist.handover_offered"] = "wishlist.handover_offered"
    handover: str
    direction: Direction = "to_store"
    code_hash: str
    short_hash: str | None = None
    expires_at: datetime
    store: str | None = None


class HandoverJoined(Event):
    """The shopper opened the link and found the wish list in her own shop session."""

    type: Literal["wishlist.handover_joined"] = "wishlist.handover_joined"
    handover: str
    code_hash: str
    ref: TwinRef


class HandoverEnded(Event):
    """A code died: used, revoked, run out, or replaced by a newer one."""

    type: Literal["wishlist.handover_ended"] = "wishlist.handover_ended"
    handover: str
    how: Literal["used", "revoked", "lapsed", "replaced"]
    cart: str | None = None  # used: the cart that a till made of it


class TwinJoined(listing.TwinJoined):
    """A counterpart on a connection was tied to this wish list."""

    type: Literal["wishlist.twin_joined"] = "wishlist.twin_joined"


class TwinObserved(listing.TwinObserved):
    """What a connection shows was seen, and is what both sides now agree on."""

    type: Literal["wishlist.twin_observed"] = "wishlist.twin_observed"


class WritePlanned(listing.WritePlanned):
    """A write to a connection was decided; it is sent after this is stored."""

    type: Literal["wishlist.write_planned"] = "wishlist.write_planned"


class TwinLeft(listing.TwinLeft):
    """A counterpart is gone there."""

    type: Literal["wishlist.twin_left"] = "wishlist.twin_left"


WishlistEvent = Annotated[
    Started
    | LineAdded
    | LineChanged
    | LineRemoved
    | LinePriced
    | LineBought
    | PurchaseUndone
    | CustomerIdentified
    | Renamed
    | Shared
    | Unshared
    | Archived
    | Reopened
    | Cancelled
    | HandoverOffered
    | HandoverJoined
    | HandoverEnded
    | TwinJoined
    | TwinObserved
    | WritePlanned
    | TwinLeft,
    Field(discriminator="type"),
]

VOCABULARY: Final = listing.Vocabulary(
    line_added=LineAdded,
    line_changed=LineChanged,
    line_removed=LineRemoved,
    line_priced=LinePriced,
    customer_identified=CustomerIdentified,
    twin_joined=TwinJoined,
    twin_observed=TwinObserved,
    write_planned=WritePlanned,
    twin_left=TwinLeft,
)

_ADAPTER: Final[TypeAdapter[WishlistEvent]] = TypeAdapter(WishlistEvent)


def parse(body: dict[str, Any]) -> WishlistEvent:
    """The event that a stored body holds."""
    return _ADAPTER.validate_python(body)


def parse_json(body: bytes) -> WishlistEvent:
    """As `parse`, of the bytes that are stored."""
    return _ADAPTER.validate_json(body)
