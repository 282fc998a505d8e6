"""Leads as enquiries: what the shopper asked, who wrote what, what the team keeps to itself."""

from datetime import UTC, datetime
from typing import Any

import pytest
from cartbridge_odoo import Odoo
from cartbridge_odoo.notes import text_of
from fake_odoo_database import Record
from fake_odoo_journey import FakeJourney
from odoo_carts import Made, sent

from cartbridge.sdk.contract import Remote, ThreadMessage
from cartbridge.sdk.documents import TwinRef
from cartbridge.sdk.errors import Ignore
from cartbridge.sdk.observations import EnquiryMessageSeen, EnquirySeen

ODOO = Odoo()
AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def ref(lead: Record) -> TwinRef:
    return TwinRef(connection="con_1", kind="enquiry", external_id=str(lead["id"]))


async def thread(lead: Record, remote: Remote) -> tuple[EnquirySeen, list[EnquiryMessageSeen]]:
    document = await ODOO.fetch(ref(lead), remote)
    assert document is not None
    enquiry, *messages = ODOO.read(document, remote.settings).observations
    assert isinstance(enquiry, EnquirySeen)
    return enquiry, [one for one in messages if isinstance(one, EnquiryMessageSeen)]


def message(name: str = "msg_1", **more: Any) -> ThreadMessage:
    told = {"at": AT, "channel": "tablet", "author": "staff", "text": "Samedi ?"}
    return ThreadMessage.model_validate({"name": name, **told, **more})


async def test_what_a_contact_form_asked(journey: FakeJourney, all_apps: Remote) -> None:
    lead = journey.lead(partner_name="Atelier Martin")
    enquiry, _ = await thread(lead, all_apps)
    assert enquiry.message == "Bonjour,\nje voudrais la voir samedi."
    assert (enquiry.subject, enquiry.locale, enquiry.closed) == ("Essayer la lampe", "fr-FR", False)
    assert enquiry.customer is not None
    assert enquiry.customer.email == "jean@example.test"
    assert enquiry.customer.company is not None
    lead["partner_id"] = [journey.camille["id"], "Camille"]
    enquiry, _ = await thread(lead, all_apps)
    assert enquiry.customer is not None
    assert enquiry.customer.external_id == str(journey.camille["id"])


@pytest.mark.parametrize(
    "values",
    [
        {"write_date": "2026-11-22 11:00:00"},  # the team may have written into it since
        {"create_uid": [7, "Léa"]},  # a colleague wrote the lead down
    ],
)
async def test_notes_of_the_team_are_not_the_shoppers_words(
    journey: FakeJourney, all_apps: Remote, values: Any
) -> None:
    lead = journey.lead(**values)
    document = await ODOO.fetch(ref(lead), all_apps)
    assert document is not None
    read = ODOO.read(document, all_apps.settings)
    assert "samedi" not in str(read.observations)
    assert ("record.description", "dropped") in [(one.field, one.what) for one in read.report]


async def test_who_wrote_what_and_nothing_internal(journey: FakeJourney, all_apps: Remote) -> None:
    lead, other = journey.lead(), journey.lead(description=False)
    journey.say(lead, "<p>Oui ?</p>", journey.camille, message_type="email")
    journey.say(lead, "<p>Samedi, 10&nbsp;h</p>", journey.staff)
    journey.say(lead, "<p>un pénible</p>", journey.staff, **{"subtype_id.internal": True})
    journey.say(lead, "<p>un pénible</p>", journey.staff, is_internal=True)
    journey.say(lead, "", journey.staff)
    journey.say(lead, "<p>Étape</p>", journey.staff, message_type="notification")
    journey.say(other, "<p>Ailleurs</p>", journey.staff)
    _, messages = await thread(lead, all_apps)
    told = [(one.name, one.author, one.channel, one.text) for one in messages]
    assert told == [
        ("mail.message/1", "customer", "email", "Oui ?"),
        ("mail.message/2", "staff", "web", "Samedi, 10 h"),
    ]


async def test_an_answer_is_posted_once_and_known_again(
    journey: FakeJourney, all_apps: Remote
) -> None:
    lead = journey.lead()
    for _ in range(2):
        await ODOO.answer_enquiry(
            ref(lead), message("m/1 é", staff="12", text="<b>?\nOui"), all_apps
        )
    (posted,) = sent(journey, "message_post")
    assert posted["body"] == "<p>&lt;b&gt;?<br>Oui</p><p>— 12</p>"
    assert posted["subtype_xmlid"] == "mail.mt_comment"
    (answer,) = (await thread(lead, all_apps))[1]
    assert (answer.name, answer.author) == ("m/1 é", "staff")


async def test_a_customers_message_is_hers_in_odoo_too(
    journey: FakeJourney, all_apps: Remote
) -> None:
    lead = journey.lead()
    await ODOO.answer_enquiry(ref(lead), message("m1", author="customer"), all_apps)
    lead["partner_id"] = [journey.camille["id"], "Camille"]
    await ODOO.answer_enquiry(ref(lead), message("m2", author="customer"), all_apps)
    by_mail, by_contact = sent(journey, "message_post")
    assert by_mail["email_from"] == "jean@example.test"
    assert by_contact["author_id"] == journey.camille["id"]


async def test_won_lost_and_closed(journey: FakeJourney, all_apps: Remote, remote: Made) -> None:
    lead = journey.lead()
    await ODOO.answer_enquiry(ref(lead), message(closes=True), all_apps)
    assert not (await thread(lead, all_apps))[0].closed  # no stage is named: the team decides
    there = remote(leads=True, closed_stage_id=journey.won["id"])
    await ODOO.answer_enquiry(ref(lead), message(closes=True), there)
    assert (await thread(lead, there))[0].closed
    assert len(sent(journey, "message_post")) == 1
    lost = journey.lead(active=False)
    assert (await thread(lost, all_apps))[0].closed


async def test_leads_that_are_no_enquiries(
    journey: FakeJourney, all_apps: Remote, remote: Made
) -> None:
    call = journey.lead(**{"medium_id.name": "Phone"}, team_id=[3, "Grands comptes"])
    assert await ODOO.fetch(ref(call), all_apps) is None
    with pytest.raises(Ignore):
        await ODOO.answer_enquiry(ref(call), message(), all_apps)
    assert await ODOO.fetch(ref(call), remote(leads=True, lead_team_ids=[3])) is not None
    assert await ODOO.fetch(ref(call), remote()) is None


async def test_a_message_alone_is_found_by_looking(journey: FakeJourney, all_apps: Remote) -> None:
    lead = journey.lead()
    first = await ODOO.changed_since(None, all_apps)
    assert [one["model"] for one in first.documents].count("crm.lead") == 1
    journey.say(lead, "<p>Oui ?</p>", journey.camille)
    news = await ODOO.changed_since(first.cursor, all_apps)
    (document,) = news.documents
    assert "Oui ?" in str(ODOO.read(document, all_apps.settings).observations)
    assert (await ODOO.changed_since(news.cursor, all_apps)).documents == []


def test_what_a_person_reads_of_html() -> None:
    html = "<style>p{}</style><div>A&amp;B<br/>\n c</div><p></p><p></p><ul><li>d</li></ul>"
    assert text_of(html) == "A&B\nc\n\nd"
    assert text_of(None) == ""
