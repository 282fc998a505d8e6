"""The person behind a cart, as far as she let us know."""

from typing import Annotated

from pydantic import Field

from cartbridge.domain.model import Strict

ShortText = Annotated[str, Field(min_length=1, max_length=320)]


class Company(Strict):
    """A customer who buys for a company."""

    name: ShortText
    vat_number: ShortText | None = None


class Customer(Strict):
    """Who a cart belongs to. All of it is personal data."""

    id: str | None = None  # cus_…; set once an identifier tied her to a customer
    external_id: ShortText | None = None  # her id on the connection that told us
    email: ShortText | None = None
    phone: ShortText | None = None
    loyalty_number: ShortText | None = None
    first_name: ShortText | None = None
    last_name: ShortText | None = None
    company: Company | None = None
