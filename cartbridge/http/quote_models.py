"""What is sent and answered about quotes."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cartbridge.domain.customer import Customer
from cartbridge.domain.line import Discount
from cartbridge.domain.model import Strict
from cartbridge.domain.money import CurrencyCode, Minor, TaxMode
from cartbridge.domain.quote.canonical import CanonicalQuote
from cartbridge.domain.quote.lifecycle import State
from cartbridge.http.moment import Moment
from cartbridge.http.pos_models import ItemTold, LineId, Positive, SetLine, Staff
from cartbridge.services.quote_lines import Priced, Quoted

Price = Annotated[Minor, Field(ge=0)]
Rate = Annotated[str, Field(pattern=r"^\d(\.\d{1,6})?$")]
Message = Annotated[str, Field(min_length=1, max_length=2000)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class PriceTold(Strict):
    """What a line costs, in the quote's tax mode; discounts are for the whole line."""

    unit_price: Price | None = None
    tax_rate: Rate | None = None
    discounts: Annotated[tuple[Discount, ...], Field(max_length=20)] = ()

    @property
    def priced(self) -> Priced:
        """The same, as the use cases take it."""
        return Priced(self.unit_price, self.tax_rate, self.discounts)


class QuotedLine(PriceTold):
    """An article to be quoted; without a price the store's listed one is taken."""

    item: ItemTold
    quantity: Positive
    unit: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,3}$")] | None = None
    note: Annotated[str, Field(max_length=500)] | None = None

    @property
    def quoted(self) -> Quoted:
        """The same, as the use cases take it."""
        return Quoted(self.item.item, self.quantity, self.priced, self.unit, self.note)


class LinePrice(PriceTold):
    """Another price for a line that is on the quote."""

    line: LineId


class QuoteRequest(Strict):
    """A quote that is asked for, or written; with `issue` it goes out at once."""

    add: Annotated[tuple[QuotedLine, ...], Field(max_length=2000)] = ()
    customer: Customer | None = None
    tax_mode: TaxMode = "inclusive"
    currency: CurrencyCode | None = None
    locale: Annotated[str, Field(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] | None = None
    message: Message | None = None
    valid_until: Moment | None = None
    issue: bool = False
    metadata: Annotated[dict[str, str], Field(max_length=50)] = {}
    staff: Staff | None = None


class QuoteChange(Strict):
    """What is to change in a quote; it goes out with the next issue."""

    set: Annotated[tuple[SetLine, ...], Field(max_length=2000)] = ()
    add: Annotated[tuple[QuotedLine, ...], Field(max_length=2000)] = ()
    remove: Annotated[tuple[LineId, ...], Field(max_length=2000)] = ()
    prices: Annotated[tuple[LinePrice, ...], Field(max_length=2000)] = ()
    valid_until: Moment | None = None
    customer: Customer | None = None
    staff: Staff | None = None


class IssueRequest(Strict):
    """Let what is written go out; without a date it holds until the one set, or for 30 days."""

    valid_until: Moment | None = None
    staff: Staff | None = None


class AcceptRequest(Strict):
    """The customer said yes, to whoever asks here."""

    staff: Staff | None = None


class DeclineRequest(Strict):
    """The customer said no, or the retailer will not make this offer (`by` staff)."""

    by: Literal["customer", "staff"] = "customer"
    reason: Reason | None = None
    staff: Staff | None = None


class CartQuoteRequest(Strict):
    """Ask for a quote of what is in a cart."""

    message: Message | None = None
    staff: Staff | None = None


class QuotesQuery(Strict):
    """Which quotes: by their id in a shop, by customer, by state, by the store that wrote them."""

    connection: str | None = None
    external_id: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    customer: Annotated[str, Field(pattern=r"^[a-z]{3}_[0-9a-f]{32}$")] | None = None
    state: State | None = None
    store: Annotated[str, Field(max_length=63)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: str | None = None

    @model_validator(mode="after")
    def _pair(self) -> "QuotesQuery":
        if (self.connection is None) != (self.external_id is None):
            raise ValueError("connection and external_id go together")
        return self


class Quotes(Strict):
    """A page of quotes; one looked for by store may hold fewer than there are, with `next`."""

    items: tuple[CanonicalQuote, ...]
    next: str | None


class QuoteAnswer(Strict):
    """A quote, and the page that its customer keeps."""

    quote: CanonicalQuote
    pass_url: str
