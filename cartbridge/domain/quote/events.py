"""What can happen to a quote: immutable facts in the past tense, one class each."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, TypeAdapter

from cartbridge.domain.listing import events as listing
from cartbridge.domain.listing.events import Event
from cartbridge.domain.quantity import Amount
from cartbridge.domain.quote.state import Answerer
from cartbridge.domain.wanted import MessageWanted


class Started(listing.Started):
    """A quote was asked for, or an associate began to write one."""

    personal: ClassVar[frozenset[str]] = listing.Started.personal | {"message"}
    type: Literal["quote.started"] = "quote.started"
    number: str | None = None
    message: str | None = None  # what she asked for, in her words
    from_cart: str | None = None  # the cart that it was asked for


class LineAdded(listing.LineAdded):
    """An article was put onto the quote; it goes out with the next issue."""

    type: Literal["quote.line_added"] = "quote.line_added"


class LineChanged(listing.LineChanged):
    """The quantity of a line changed; it goes out with the next issue."""

    type: Literal["quote.line_changed"] = "quote.line_changed"


class LineRemoved(listing.LineRemoved):
    """A line was taken off; it goes out with the next issue."""

    type: Literal["quote.line_removed"] = "quote.line_removed"


class LinePriced(listing.LinePriced):
    """A line has another price, which holds from the next issue on."""

    type: Literal["quote.line_priced"] = "quote.line_priced"


class CustomerIdentified(listing.CustomerIdentified):
    """It became known whose quote this is."""

    type: Literal["quote.customer_identified"] = "quote.customer_identified"


class ValidityChanged(Event):
    """Until when the next issue shall hold."""

    type: Literal["quote.validity_changed"] = "quote.validity_changed"
    valid_until: datetime


class Issued(Event):
    """The quote went out as it was written then: a new revision, whose prices hold."""

    type: Literal["quote.issued"] = "quote.issued"
    number: str
    revision: int
    valid_until: datetime | None = None
    pricing: str | None = None  # con_…: the platform that issued it; None: our associate


class Accepted(Event):
    """The customer said yes."""

    type: Literal["quote.accepted"] = "quote.accepted"
    by: Answerer
    revision: int


class Declined(Event):
    """The customer said no, or the retailer will not make this offer."""

    personal: ClassVar[frozenset[str]] = frozenset({"reason"})
    type: Literal["quote.declined"] = "quote.declined"
    by: Answerer
    reason: str | None = None


class Expired(Event):
    """Its date has passed."""

    type: Literal["quote.expired"] = "quote.expired"


class TakenUp(Event):
    """A till or a shop took it up: a cart was born of it, at its prices."""

    type: Literal["quote.taken_up"] = "quote.taken_up"
    cart: str
    revision: int


class _Sale(Event):
    cart: str | None = None  # None: a platform sold it without a cart of ours
    receipt_number: str | None = None
    order_number: str | None = None
    connection: str | None = None
    store: str | None = None
    lines: dict[str, Amount] = Field(default_factory=dict)  # line of the quote → how much


class SoldInPart(_Sale):
    """Some of it was sold; the rest carries on at its price."""

    type: Literal["quote.sold_in_part"] = "quote.sold_in_part"


class Converted(_Sale):
    """It was sold, or nothing of the rest is wanted."""

    type: Literal["quote.converted"] = "quote.converted"


class SaleUndone(Event):
    """The ticket of that cart was cancelled: its lines are to be had again."""

    type: Literal["quote.sale_undone"] = "quote.sale_undone"
    cart: str


class DoubleSaleFound(Event):
    """It turned out to be sold on two sides; somebody has to look at it."""

    type: Literal["quote.double_sale_found"] = "quote.double_sale_found"
    receipt_number: str | None = None
    order_number: str | None = None
    connection: str | None = None


class Cancelled(Event):
    """The platform where it began deleted it."""

    type: Literal["quote.cancelled"] = "quote.cancelled"
    connection: str | None = None


class HandoverOffered(Event):
    """The quote's own code is live: tills take the quote up by it as long as it holds."""

    type: Literal["quote.handover_offered"] = "quote.handover_offered"
    handover: str
    code_hash: str
    short_hash: str | None = None
    expires_at: datetime


class HandoverEnded(Event):
    """The quote's code died: revoked, or with the quote."""

    type: Literal["quote.handover_ended"] = "quote.handover_ended"
    handover: str
    how: Literal["revoked", "ended"]


class TwinJoined(listing.TwinJoined):
    """A counterpart on a connection was tied to this quote."""

    type: Literal["quote.twin_joined"] = "quote.twin_joined"


class TwinObserved(listing.TwinObserved):
    """What a connection shows was seen, and is what both sides now agree on."""

    type: Literal["quote.twin_observed"] = "quote.twin_observed"


class WritePlanned(listing.WritePlanned):
    """A write to a connection was decided; it is sent after this is stored."""

    type: Literal["quote.write_planned"] = "quote.write_planned"


class TwinLeft(listing.TwinLeft):
    """A counterpart is gone there."""

    type: Literal["quote.twin_left"] = "quote.twin_left"


QuoteEvent = Annotated[
    Started
    | LineAdded
    | LineChanged
    | LineRemoved
    | LinePriced
    | CustomerIdentified
    | ValidityChanged
    | Issued
    | Accepted
    | Declined
    | Expired
    | TakenUp
    | SoldInPart
    | Converted
    | SaleUndone
    | DoubleSaleFound
    | Cancelled
    | HandoverOffered
    | HandoverEnded
    | TwinJoined
    | TwinObserved
    | WritePlanned
    | TwinLeft
    | MessageWanted,
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

_ADAPTER: Final[TypeAdapter[QuoteEvent]] = TypeAdapter(QuoteEvent)


def parse(body: dict[str, Any]) -> QuoteEvent:
    """The event that a stored body holds."""
    return _ADAPTER.validate_python(body)


def parse_json(body: bytes) -> QuoteEvent:
    """As `parse`, of the bytes that are stored."""
    return _ADAPTER.validate_json(body)
