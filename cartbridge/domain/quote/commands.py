"""What may be asked of a quote: imperative, complete, with every id already drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from cartbridge.domain.cart.commands import NewLine
from cartbridge.domain.cart.state import Cart, Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.listing.commands import Edit, LoseTwin, Observe, PlanWrite
from cartbridge.domain.money import TaxMode
from cartbridge.domain.quote.state import Answerer


@dataclass(frozen=True)
class StartQuote:
    """Ask for a quote, or begin to write one."""

    origin: Origin
    currency: str
    lines: tuple[NewLine, ...] = ()
    tax_mode: TaxMode = "inclusive"
    root: str | None = None
    brand: str | None = None
    locale: str | None = None
    price_list: str | None = None
    customer: Customer | None = None
    attribution: Mapping[str, str] | None = None
    consent: Mapping[str, bool] | None = None
    metadata: Mapping[str, str] | None = None
    message: str | None = None
    from_cart: str | None = None
    valid_until: datetime | None = None  # until when the first issue shall hold
    issue: "IssueQuote | None" = None  # at once, as it is written


@dataclass(frozen=True)
class EditQuote:
    """Change what is being written; it goes out with the next issue."""

    lines: Edit
    valid_until: datetime | None = None


@dataclass(frozen=True)
class IssueQuote:
    """Let what is written go out as a new revision, whose prices hold."""

    number: str  # the one it gets, if it has none yet
    valid_until: datetime | None = None  # what it holds until, unless a date was set already
    otherwise: datetime | None = None  # what it holds until if nobody set a date
    cart: Cart | None = None  # the one born of it that is alive: filled anew


@dataclass(frozen=True)
class SeeQuote:
    """Take in what a platform shows: its lines by the merge, its terms and where it stands."""

    seen: Observe
    state: Literal["requested", "issued", "accepted", "declined", "converted", "expired"]
    drawn_number: str  # the one it gets if the platform tells none
    number: str | None = None
    valid_until: datetime | None = None
    message: str | None = None
    cart: Cart | None = None  # the one born of it that is alive: filled anew


@dataclass(frozen=True)
class AcceptQuote:
    """Say yes to what holds: it does so until it is sold."""

    by: Answerer
    cart: Cart | None = None  # the one born of it that is alive: its prices hold as long


@dataclass(frozen=True)
class DeclineQuote:
    """Say no."""

    by: Answerer
    reason: str | None = None


@dataclass(frozen=True)
class TakeUp:
    """Let a cart be born of it, at its prices; while one is alive, that one is it."""

    cart: str  # the id that a new cart would get
    alive: Cart | None = None


@dataclass(frozen=True)
class NoteSale:
    """A cart of this quote was bought; told again it counts once."""

    cart: str
    lines: Mapping[str, Decimal]
    nothing_left: bool  # no remainder is wanted
    receipt_number: str | None = None
    order_number: str | None = None
    connection: str | None = None
    store: str | None = None


@dataclass(frozen=True)
class UndoSale:
    """The ticket of that cart was cancelled."""

    cart: str


@dataclass(frozen=True)
class ExpireQuote:
    """Close it if its date has passed."""


@dataclass(frozen=True)
class OfferQuote:
    """Make the quote's own code, if none is live."""

    handover: str
    code_hash: str
    expires_at: datetime
    short_hash: str | None = None


@dataclass(frozen=True)
class RevokeCode:
    """Kill the quote's code."""

    handover: str


Command = (
    StartQuote
    | EditQuote
    | IssueQuote
    | SeeQuote
    | Observe
    | PlanWrite
    | LoseTwin
    | AcceptQuote
    | DeclineQuote
    | TakeUp
    | NoteSale
    | UndoSale
    | ExpireQuote
    | OfferQuote
    | RevokeCode
)
