"""Leads as enquiries: what was asked, and who wrote what to whom."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from cartbridge.sdk.documents import Company, Customer
from cartbridge.sdk.observations import EnquiryMessageSeen, EnquirySeen, Lost, Observation, Read
from cartbridge.sdk.payload import understood
from cartbridge_odoo import payloads as wire
from cartbridge_odoo.notes import name_of, text_of
from cartbridge_odoo.quotes import buyer_of

_ROBOT: Final = 1  # the user as whom the website's form makes its leads
# The description of a lead is where the team keeps its notes: only what stood there when the form
# had just been sent is the shopper's.
_FRESH: Final = timedelta(minutes=2)

Html = Annotated[str, Field(max_length=10**6)]


class Lead(wire.Wire):
    """A `crm.lead`."""

    id: wire.Id
    name: wire.Maybe = None
    description: Annotated[Html | None, wire.OrNone] = None
    contact_name: wire.Maybe = None
    partner_name: wire.Maybe = None
    email_from: wire.Maybe = None
    phone: wire.Maybe = None
    create_uid: wire.To = None
    create_date: wire.Moment
    write_date: wire.Moment
    active: wire.Flag = True


class Message(wire.Wire):
    """A `mail.message` that the customer may read."""

    id: wire.Id
    date: wire.Moment
    body: Annotated[Html | None, wire.OrNone] = None
    message_type: wire.Text
    message_id: wire.Maybe = None
    author_id: wire.To = None


class LeadDocument(wire.Wire):
    """A lead with its thread, as `fetch` brings it."""

    record: dict[str, Any]
    messages: Annotated[tuple[dict[str, Any], ...], Field(max_length=1000)] = ()
    staff: wire.Ids = ()  # the authors who work there
    won: wire.Flag = False
    locale: wire.Maybe = None
    partner: wire.Partner | None = None


def read_lead(said: Mapping[str, Any]) -> Read:
    """The enquiry, then the messages of its thread, oldest first."""
    document = understood(LeadDocument, said, "")
    lead = understood(Lead, document.record, "record")
    report: list[Lost] = []
    enquiry = EnquirySeen(
        external_id=str(lead.id),
        at=lead.create_date,
        subject=(lead.name or "")[:500] or None,
        message=_asked(lead, report),
        customer=_customer(lead, document, report),
        locale=document.locale,
        closed=document.won or not lead.active,
    )
    seen: list[Observation] = [enquiry]
    for place, row in enumerate(document.messages):
        told = _message(lead, understood(Message, row, f"messages[{place}]"), document.staff)
        if told is not None:
            seen.append(told)
    return Read(observations=tuple(seen), report=tuple(report))


def _asked(lead: Lead, report: list[Lost]) -> str | None:
    """What the shopper wrote into the form."""
    text = text_of(lead.description)[:5000]
    if not text:
        return None
    by_form = lead.create_uid is not None and lead.create_uid.id == _ROBOT
    if by_form and lead.write_date - lead.create_date <= _FRESH:
        return text
    why = "read late, or written by the team: it may hold what the team notes for itself"
    report.append(Lost(field="record.description", what="dropped", why=why))
    return None


def _customer(lead: Lead, document: LeadDocument, report: list[Lost]) -> Customer | None:
    if document.partner is not None:
        return buyer_of(document.partner, report)
    given = {
        "email": lead.email_from,
        "phone": lead.phone,
        "last_name": lead.contact_name,
    }
    told = {field: text[:320] for field, text in given.items() if text}
    company = Company(name=lead.partner_name[:320]) if lead.partner_name else None
    if lead.contact_name:
        why = "Odoo keeps one name: it stands in the place of the last name"
        report.append(Lost(field="record.contact_name", what="defaulted", why=why))
    return Customer.model_validate({**told, "company": company}) if told or company else None


def _message(lead: Lead, message: Message, staff: Sequence[int]) -> EnquiryMessageSeen | None:
    text = text_of(message.body)[:5000]
    if not text:
        return None  # an attachment alone
    author: Literal["customer", "staff"] = "customer"
    if message.author_id is not None and message.author_id.id in staff:
        author = "staff"
    return EnquiryMessageSeen(
        external_id=str(lead.id),
        name=name_of(message.id, message.message_id),
        at=message.date,
        channel="web" if message.message_type == "comment" else "email",
        author=author,
        text=text,
    )
