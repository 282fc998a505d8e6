"""What is sent and answered about customers."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, model_validator

from cartbridge.domain.customer import Company
from cartbridge.domain.identifiers import IdentifierKind
from cartbridge.domain.model import Strict
from cartbridge.http.pos_models import Staff
from cartbridge.services.search_customer import FoundBy
from cartbridge.services.show_customer import MaskedCustomer, OpenCart, Purchase

Told = Annotated[str, Field(min_length=1, max_length=320)]
Documents = tuple[dict[str, Any], ...]


class SearchRequest(Strict):
    """A customer is looked up by exactly one thing, and for a purpose that is kept."""

    loyalty_number: Told | None = None
    email: Told | None = None
    phone: Told | None = None
    code: Annotated[
        str | None, Field(max_length=2000, description="A live code, or her pass, as scanned.")
    ] = None
    purpose: Annotated[
        str,
        Field(
            min_length=3,
            max_length=200,
            pattern=r"\S.*\S",
            description="What the look is for; operators can read it. No names, please.",
        ),
    ]
    staff: Staff | None = None

    @model_validator(mode="after")
    def _one(self) -> "SearchRequest":
        if [self.loyalty_number, self.email, self.phone, self.code].count(None) != 3:
            raise ValueError("give exactly one of loyalty_number, email, phone or code")
        return self


class SearchAnswer(Strict):
    """How many customers it may be, and what to do if it is not one; of one, what is hers."""

    found: int
    to_do: str | None = None
    customer: MaskedCustomer | None = None
    carts: tuple[OpenCart, ...] = ()
    purchases: tuple[Purchase, ...] = ()
    wishlists: Documents = ()
    quotes: Documents = ()
    enquiries: Documents = ()
    recently_looked_at: Documents = ()


class IdentifierAnswer(Strict):
    """One thing she is known by, in the form it is compared in."""

    kind: IdentifierKind
    connection: str | None  # of an external id: whose it is
    value: str


class ConsentAnswer(Strict):
    """What she said to a brand about one purpose, when and where."""

    brand: str | None
    purpose: str
    granted: bool
    at: datetime
    where: str


class CustomerAnswer(Strict):
    """A customer as an operator sees her: everything that is known."""

    id: str
    first_name: str | None
    last_name: str | None
    company: Company | None
    email: str | None
    phone: str | None
    loyalty_number: str | None
    locale: str | None
    brands: tuple[str, ...]
    identifiers: tuple[IdentifierAnswer, ...]
    consent: tuple[ConsentAnswer, ...]
    erasure_asked_at: datetime | None  # while nobody has dealt with it


class AccessesQuery(Strict):
    """Which looks, the newest first."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: Annotated[str, Field(max_length=50)] | None = None


class AccessAnswer(Strict):
    """One look at a customer from a store; `shown` is false if others were found, too."""

    id: str
    at: datetime
    store: str
    terminal: str
    staff: str | None
    actor: str
    found_by: FoundBy
    shown: bool
    purpose: str | None  # None once her data was erased


class Accesses(Strict):
    """A page of looks."""

    items: tuple[AccessAnswer, ...]
    next: str | None


class ErasureRequest(Strict):
    """A customer who asked to be forgotten."""

    customer: str
    asked_at: datetime


class ErasureRequests(Strict):
    """Who asked to be forgotten and waits, the longest first; 1000 at most."""

    items: tuple[ErasureRequest, ...]
    next: None = None
