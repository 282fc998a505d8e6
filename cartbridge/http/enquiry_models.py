"""What is sent and answered about enquiries."""

from typing import Annotated

from pydantic import Field, model_validator

from cartbridge.domain.canonical import CanonicalCart
from cartbridge.domain.cart.state import Channel
from cartbridge.domain.customer import Customer
from cartbridge.domain.enquiry.canonical import CanonicalEnquiry
from cartbridge.domain.enquiry.lifecycle import State
from cartbridge.domain.enquiry.state import Author, Kind, Outcome
from cartbridge.domain.model import Strict
from cartbridge.http.moment import Moment
from cartbridge.http.pos_models import ItemTold, Receipt, ScannedLine, Staff

Place = Annotated[str, Field(min_length=1, max_length=63)]
Subject = Annotated[str, Field(min_length=1, max_length=500)]
Text = Annotated[str, Field(min_length=1, max_length=5000)]
ShortId = Annotated[str, Field(min_length=1, max_length=255)]
Items = Annotated[tuple[ItemTold, ...], Field(max_length=100)]


class SaleTold(Strict):
    """The sale it is about; `store` is where the receipt is from, if not where one asks."""

    receipt_number: Receipt
    store: Place | None = None


class EnquiryRequest(Strict):
    """What somebody asks; to one store, or to one team, else to the team of the brand.

    `external_id` is what the shop that tells of it calls it: told again it is the same one.
    """

    kind: Kind
    subject: Subject | None = None
    message: Text | None = None
    channel: Channel | None = None
    store: Place | None = None
    team: Place | None = None
    customer: Customer | None = None
    items: Items = ()
    cart: Annotated[str, Field(pattern=r"^crt_[0-9a-f]{32}$")] | None = None
    wishlist: Annotated[str, Field(pattern=r"^wsh_[0-9a-f]{32}$")] | None = None
    quote: Annotated[str, Field(pattern=r"^qte_[0-9a-f]{32}$")] | None = None
    sale: SaleTold | None = None
    wished_at: Moment | None = None
    locale: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] | None = None
    external_id: ShortId | None = None
    staff: Staff | None = None

    @model_validator(mode="after")
    def _one_place(self) -> "EnquiryRequest":
        if self.store is not None and self.team is not None:
            raise ValueError("an enquiry is for one store or one team, never for both")
        if self.subject is None and self.message is None and not self.items:
            raise ValueError("say what is asked: a subject, a message or items")
        return self


class EnquiryChangeRequest(Strict):
    """What is to change: `assigned_to` null gives it to nobody.

    Another store or team has it afresh: with nobody in charge, and without the date.
    """

    store: Place | None = None
    team: Place | None = None
    assigned_to: Staff | None = None
    due_at: Moment | None = None
    subject: Subject | None = None
    customer: Customer | None = None
    staff: Staff | None = None

    @model_validator(mode="after")
    def _one_place(self) -> "EnquiryChangeRequest":
        if self.store is not None and self.team is not None:
            raise ValueError("an enquiry is for one store or one team, never for both")
        return self


class MessageRequest(Strict):
    """One message; from a till or a team it is staff's, from a shop the customer's, if not said."""

    text: Text
    author: Author | None = None
    channel: Channel | None = None
    staff: Staff | None = None


class ScheduleRequest(Strict):
    """When she is expected, or called; another store gets the enquiry by it."""

    at: Moment
    store: Place | None = None
    assigned_to: Staff | None = None
    staff: Staff | None = None


class DemonstratedRequest(Strict):
    """What she was shown; without items, what she had asked about."""

    items: Items = ()
    staff: Staff | None = None


class CloseRequest(Strict):
    """How it ended; a last message tells her, and closes it where she asked."""

    outcome: Outcome
    message: Text | None = None
    staff: Staff | None = None


class ReopenRequest(Strict):
    """It is taken up again."""

    staff: Staff | None = None


class EnquiryCartRequest(Strict):
    """What goes into the cart; without lines, what she was shown last."""

    lines: Annotated[tuple[ScannedLine, ...], Field(max_length=2000)] = ()
    staff: Staff | None = None


class EnquiryAnswer(Strict):
    """An enquiry; `pass_url` is the customer's own link to its thread."""

    enquiry: CanonicalEnquiry
    pass_url: str


class EnquiryCartAnswer(Strict):
    """The enquiry, and the cart born of it."""

    enquiry: CanonicalEnquiry
    cart: CanonicalCart


class StoreEnquiriesQuery(Strict):
    """Which of the store's enquiries; those that are over only if their state is asked for."""

    state: State | None = None
    late: bool | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: str | None = None


class EnquiriesQuery(StoreEnquiriesQuery):
    """Which enquiries: of a store, of a team, of a customer, or by their id in a shop."""

    store: Place | None = None
    team: Place | None = None
    customer: Annotated[str, Field(pattern=r"^cus_[0-9a-f]{32}$")] | None = None
    connection: str | None = None
    external_id: ShortId | None = None

    @model_validator(mode="after")
    def _fit(self) -> "EnquiriesQuery":
        if (self.connection is None) != (self.external_id is None):
            raise ValueError("connection and external_id go together")
        if self.store is not None and self.team is not None:
            raise ValueError("give store or team: an enquiry is never for both")
        return self


class Enquiries(Strict):
    """A page of enquiries, the late ones first; it may hold fewer than asked, and still go on."""

    items: tuple[CanonicalEnquiry, ...]
    next: str | None
