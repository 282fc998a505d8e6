"""Enquiries of a canonical body: asked, answered, closed."""

from typing import Annotated, Literal, cast, get_args

from pydantic import Field

from cartbridge.sdk.observations import EnquiryKind, EnquiryMessageSeen, EnquirySeen
from cartbridge_standard import payloads as wire
from cartbridge_standard.lines import item_of
from cartbridge_standard.report import Report
from cartbridge_standard.snapshots import customer_of
from cartbridge_standard.told import Told
from cartbridge_standard.unknown import count_unknown


class Opened(wire.Wire):
    """`enquiry.opened`: what a contact form took down."""

    external_id: wire.Id
    at: wire.Moment | None = None
    kind: wire.Word | None = None
    subject: wire.Text | None = None
    message: wire.Letter | None = None
    store: wire.Id | None = None
    customer: wire.Customer | None = None
    locale: wire.Word | None = None
    items: Annotated[tuple[wire.Item, ...], Field(max_length=100)] = ()
    cart: wire.Id | None = None
    sale: wire.Id | None = None
    wished_at: wire.Moment | None = None


class Message(wire.Wire):
    """`enquiry.message`: one message of the thread."""

    external_id: wire.Id
    id: wire.Id | None = None
    at: wire.Moment | None = None
    channel: Annotated[wire.Text, Field(max_length=50)] | None = None
    author: Literal["customer", "staff"]
    staff: wire.Id | None = None
    text: Annotated[wire.Letter, Field(min_length=1)]


class Closed(wire.Wire):
    """`enquiry.closed`."""

    external_id: wire.Id
    at: wire.Moment | None = None


def enquiry_opened(told: Told) -> tuple[EnquirySeen]:
    """`enquiry.opened`."""
    opened, report = told.read_as(Opened), told.report
    rows = enumerate(opened.items)
    seen = EnquirySeen(
        external_id=opened.external_id,
        at=told.moment(opened.at),
        about=_about(opened.kind, report),
        subject=opened.subject,
        message=opened.message,
        store=opened.store,
        customer=customer_of(opened.customer),
        locale=opened.locale,
        items=tuple(item_of(item, f"data.items[{n}]", report) for n, item in rows),
        cart=opened.cart,
        receipt_number=opened.sale,
        wished_at=opened.wished_at,
    )
    count_unknown(opened, report)
    return (seen,)


def _about(kind: str | None, report: Report) -> EnquiryKind:
    if kind is None or kind in get_args(EnquiryKind):
        return cast(EnquiryKind, kind or "information")
    report.add("data.kind", "defaulted", "not a kind this version knows: taken as information")
    return "information"


def enquiry_message(told: Told) -> tuple[EnquiryMessageSeen]:
    """`enquiry.message`."""
    message = told.read_as(Message)
    seen = EnquiryMessageSeen(
        external_id=message.external_id,
        name=told.name(message.id),
        at=told.moment(message.at),
        channel=message.channel or told.settings.channel,
        author=message.author,
        staff=message.staff,
        text=message.text,
    )
    count_unknown(message, told.report)
    return (seen,)


def enquiry_closed(told: Told) -> tuple[EnquirySeen]:
    """`enquiry.closed`."""
    closed = told.read_as(Closed)
    count_unknown(closed, told.report)
    at = told.moment(closed.at)
    return (EnquirySeen(external_id=closed.external_id, at=at, closed=True),)
