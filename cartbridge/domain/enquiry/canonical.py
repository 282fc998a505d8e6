"""The canonical enquiry: what every side is shown of it, so that nobody has to repeat herself."""

from datetime import datetime

from cartbridge.domain.canonical import Id
from cartbridge.domain.cart.state import Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.enquiry.lifecycle import State
from cartbridge.domain.enquiry.state import (
    Author,
    Demonstration,
    Enquiry,
    Kind,
    Outcome,
    SaleRef,
    Schedule,
    of_kind,
)
from cartbridge.domain.items import Item
from cartbridge.domain.model import Strict
from cartbridge.domain.twin import Twin


class CanonicalMessage(Strict):
    """One message of the thread; `staff` is the code of who wrote it for us."""

    id: str
    channel: str
    author: Author
    staff: str | None
    text: str
    at: datetime


class CanonicalEnquiryTwin(Strict):
    """Where else it is shown, and how many messages it still has to be told there."""

    connection: str
    external_id: str
    untold: int


class CanonicalEnquiry(Strict):
    """An enquiry as every side is shown it; `late`: she should have heard from us by now."""

    id: Id
    version: int
    state: State
    kind: Kind
    brand: str | None
    locale: str | None
    store: str | None
    team: str | None
    assigned_to: str | None
    subject: str | None
    customer: Customer | None
    origin: Origin
    messages: tuple[CanonicalMessage, ...]
    items: tuple[Item, ...]
    cart: str | None
    wishlist: str | None
    quote: str | None
    sale: SaleRef | None
    carts: tuple[str, ...]
    wished_at: datetime | None
    schedule: Schedule | None
    demonstrations: tuple[Demonstration, ...]
    due_at: datetime | None
    waits: bool
    late: bool
    outcome: Outcome | None
    twins: tuple[CanonicalEnquiryTwin, ...]
    opened_at: datetime | None
    updated_at: datetime | None


def canonical(enquiry: Enquiry, now: datetime) -> CanonicalEnquiry:
    """The canonical form, at this moment."""
    same = {name: getattr(enquiry, name) for name in _SAME}
    return CanonicalEnquiry(
        **same,
        assigned_to=enquiry.staff,
        kind=enquiry.kind or "information",
        messages=tuple(
            CanonicalMessage(
                id=message.id,
                channel=message.channel,
                author=message.author,
                staff=message.staff,
                text=message.text,
                at=message.at,
            )
            for message in enquiry.thread
        ),
        cart=of_kind(enquiry.linked, "crt"),
        wishlist=of_kind(enquiry.linked, "wsh"),
        quote=of_kind(enquiry.linked, "qte"),
        late=enquiry.is_late(now),
        twins=tuple(_twin(enquiry, twin) for twin in enquiry.twins if not twin.ended),
    )


_OWN = {"kind", "assigned_to", "messages", "cart", "wishlist", "quote", "late", "twins"}
_SAME = tuple(name for name in CanonicalEnquiry.model_fields if name not in _OWN)


def _twin(enquiry: Enquiry, twin: Twin) -> CanonicalEnquiryTwin:
    told = enquiry.told.get(str(twin.ref), ())
    ours = (x.id for x in enquiry.thread if x.connection != twin.ref.connection)
    return CanonicalEnquiryTwin(
        connection=twin.ref.connection,
        external_id=twin.ref.external_id,
        untold=sum(1 for name in ours if name not in told),
    )
