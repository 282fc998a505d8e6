"""What a person should be told: the retailer's own mailing tool writes and sends it."""

from collections.abc import Mapping
from typing import ClassVar, Final, Literal

from cartbridge.domain.customer import Customer
from cartbridge.domain.model import Strict

Template = Literal[
    "cart_left",
    "remainder_waiting",
    "reservation_ready",
    "quote_issued",
    "enquiry_answered",
]
Purpose = Literal["marketing", "service"]

# What she asked for herself is told her; anything else only with her consent to be written to.
_PURPOSE: Final[Mapping[Template, Purpose]] = {
    "cart_left": "marketing",
    "remainder_waiting": "marketing",
    "reservation_ready": "service",
    "quote_issued": "service",
    "enquiry_answered": "service",
}


class Recipient(Strict):
    """How she can be reached, as far as she let us know."""

    email: str | None = None
    phone: str | None = None
    customer: str | None = None  # cus_…
    external_id: str | None = None  # her id on the connection where the document began
    first_name: str | None = None


class MessageWanted(Strict):
    """Somebody should be told something; `url` is her pass, filled in on the way out only."""

    schema_version: ClassVar[int] = 1
    personal: ClassVar[frozenset[str]] = frozenset({"to"})
    type: Literal["message.wanted"] = "message.wanted"
    template: Template
    channel: Literal["email", "sms", "app"]
    to: Recipient | None = None  # None only once the person was erased
    locale: str | None = None
    brand: str | None = None
    consent: Purpose  # what it rests on: her consent to marketing, or the service she asked for
    pass_of: str  # the document whose pass leads to it
    url: str | None = None


def wanted(
    template: Template,
    pass_of: str,
    customer: Customer | None,
    consent: Mapping[str, bool],
    locale: str | None = None,
    brand: str | None = None,
) -> tuple[MessageWanted, ...]:
    """The message, or none: she cannot be reached, or did not agree to be written to."""
    purpose = _PURPOSE[template]
    if customer is None or (purpose == "marketing" and consent.get("marketing") is not True):
        return ()
    to = Recipient(
        email=customer.email,
        phone=customer.phone,
        customer=customer.id,
        external_id=customer.external_id,
        first_name=customer.first_name,
    )
    if to.email is None and to.phone is None and to.customer is None and to.external_id is None:
        return ()
    return (
        MessageWanted(
            template=template,
            channel="email" if to.email else "sms" if to.phone else "app",
            to=to,
            locale=locale,
            brand=brand,
            consent=purpose,
            pass_of=pass_of,
        ),
    )
