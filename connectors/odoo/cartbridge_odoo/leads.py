"""Leads of the website as enquiries: what was asked, who wrote what, and our answers."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from html import escape
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from cartbridge.sdk.contract import Remote, ThreadMessage
from cartbridge.sdk.documents import Company, Customer, TwinRef
from cartbridge.sdk.observations import EnquiryMessageSeen, EnquirySeen, Lost, Observation, Read
from cartbridge.sdk.payload import understood
from cartbridge_odoo import payloads as wire
from cartbridge_odoo.calls import Calls, Record, gone, id_of
from cartbridge_odoo.documents import is_number, partner_fields, those
from cartbridge_odoo.notes import MESSAGES, name_of, post_once, text_of
from cartbridge_odoo.quotes import buyer_of
from cartbridge_odoo.settings import Settings

LEAD: Final = "crm.lead"
WEBSITE: Final = "Website"  # the medium of what came by the website; Odoo does not translate it

_LEAD: Final = (
    *("name", "description", "contact_name", "partner_name", "email_from", "phone", "partner_id"),
    *("stage_id", "active", "create_uid", "create_date", "write_date", "lang_id"),
)
_MESSAGE: Final = ("date", "body", "message_type", "message_id", "author_id", "res_id")
_ROBOT: Final = 1  # the user as whom the website's form makes its leads
# The description of a lead is where the team keeps its notes: only what stood there when the form
# had just been sent is the shopper's.
_FRESH: Final = timedelta(minutes=2)
_MOST: Final = 200  # messages of one lead, the newest

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


def lead_domain(settings: Settings) -> list[Any]:
    """Which leads are enquiries: those of the named teams, else those that the website made."""
    teams = list(settings.lead_team_ids)
    ours: list[Any] = ["team_id", "in", teams] if teams else ["medium_id.name", "=", WEBSITE]
    return [ours, ["active", "in", [True, False]]]


async def fetch_lead(calls: Calls, ref: TwinRef) -> Record | None:
    """The lead with its thread; None if it is gone, or none of the website's."""
    if not (calls.settings.leads and is_number(ref.external_id)):
        return None
    found = await lead_documents(calls, [int(ref.external_id)])
    return found[0] if found else None


async def lead_documents(calls: Calls, ids: Sequence[int]) -> list[Record]:
    """These leads with their threads, oldest change first."""
    if not ids:
        return []
    domain = [["id", "in", list(ids)], *lead_domain(calls.settings)]
    leads = await calls.search(LEAD, domain, _LEAD, order="write_date asc, id asc")
    if not leads:
        return []
    messages = await _threads(calls, [lead["id"] for lead in leads])
    authors = await those(
        calls,
        "res.partner",
        ["partner_share"],
        (id_of(row["author_id"]) or None for row in messages),
    )
    staff = [row["id"] for row in authors if not row["partner_share"]]
    partners = await those(
        calls,
        "res.partner",
        partner_fields(calls.settings),
        (id_of(lead["partner_id"]) or None for lead in leads),
    )
    won = await those(
        calls, "crm.stage", ["is_won"], (id_of(lead["stage_id"]) or None for lead in leads)
    )
    languages = await those(
        calls, "res.lang", ["code"], (id_of(lead["lang_id"]) or None for lead in leads)
    )
    return [
        {
            "model": LEAD,
            "record": lead,
            "messages": [row for row in messages if row["res_id"] == lead["id"]],
            "staff": staff,
            "won": any(row["id"] == id_of(lead["stage_id"]) and row["is_won"] for row in won),
            "locale": _code(languages, id_of(lead["lang_id"])),
            "partner": next((x for x in partners if x["id"] == id_of(lead["partner_id"])), None),
        }
        for lead in leads
    ]


async def _threads(calls: Calls, ids: Sequence[int]) -> list[Record]:
    """What customers and staff wrote to each other; what the team keeps to itself stays there."""
    domain: list[Any] = [
        ["model", "=", LEAD],
        ["res_id", "in", list(ids)],
        ["message_type", "in", ["comment", "email", "email_outgoing"]],
        ["is_internal", "=", False],
        ["subtype_id.internal", "=", False],
    ]
    limit = _MOST * len(ids)
    rows = await calls.search(MESSAGES, domain, _MESSAGE, order="id desc", limit=limit)
    return rows[::-1]


def _code(languages: Sequence[Record], number: Any) -> str | None:
    code = next((str(row["code"]) for row in languages if row["id"] == number), "")
    return code.partition("@")[0].replace("_", "-") or None


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


async def post_message(ref: TwinRef, message: ThreadMessage, remote: Remote) -> None:
    """Posts a message of ours on the lead, once; Ignore: the lead is gone."""
    calls = Calls(remote)
    number = int(ref.external_id) if is_number(ref.external_id) else 0
    domain: list[Any] = [["id", "=", number], *lead_domain(calls.settings)]
    found = await calls.search(LEAD, domain, ["partner_id", "email_from", "stage_id"], limit=1)
    if not found:
        raise gone("lead")
    lead = found[0]
    author: dict[str, Any] = {}
    if message.author == "customer":
        partner = id_of(lead["partner_id"])
        author = {"author_id": partner} if partner else {"email_from": lead["email_from"] or ""}
    text = escape(message.text).replace("\n", "<br>")
    signed = f"<p>— {escape(message.staff)}</p>" if message.staff else ""
    body = f"<p>{text}</p>{signed}"
    await post_once(calls, LEAD, number, message.name, body, internal=False, **author)
    stage = calls.settings.closed_stage_id
    if message.closes and stage is not None and id_of(lead["stage_id"]) != stage:
        await calls.call(LEAD, "write", {"vals": {"stage_id": stage}}, ids=[number])
