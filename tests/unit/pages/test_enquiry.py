"""The customer's page of her enquiry: where it stands in each state, and her form."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cartbridge.domain.enquiry.state import Enquiry, Message, Schedule
from cartbridge.domain.items import Item
from cartbridge.domain.store import Brand, Store
from cartbridge.pages.enquiry import EnquiryView, enquiry_page

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
BRAND = Brand(id="ml", name="Maison Lumière")
STORE = Store(id="lyon", brand="ml", name="Lyon", address="1 rue de la Ré", country="FR")
CALL = Schedule(at=NOW + timedelta(hours=4), store="lyon", staff="0412")


def view(state: str, **more: Any) -> EnquiryView:
    told = {"kind": "demonstration", "due_at": NOW + timedelta(hours=2), "waits": True, **more}
    enquiry = Enquiry.model_validate({"id": "enq_1", "state": state, **told})
    return EnquiryView(enquiry, BRAND, NOW, "/c/PASS", once="0" * 32, store=STORE)


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        (view("open"), "Nous vous répondons avant le 20 novembre 2026 à 13:00"),
        (view("assigned", due_at=NOW - timedelta(hours=1)), "a pris du retard"),
        (view("answered", waits=False), "Nous vous avons répondu"),
        (view("scheduled", schedule=CALL), "Rendez-vous le 20 novembre 2026 à 15:00"),
        (view("scheduled", schedule=CALL, kind="call_back"), "Nous vous appelons le 20"),
        (view("closed", outcome="other"), "Cette demande est close"),
    ],
)
def test_it_says_where_it_stands_by_the_clock_of_the_store(shown: EnquiryView, says: str) -> None:
    page = enquiry_page(shown, "fr-FR")
    assert says in page.body.replace("\u00a0", " ").replace("&#39;", "’")
    assert 'action="/c/PASS/message"' in page.body
    assert "0412" not in page.body


def test_what_was_deleted_takes_no_message() -> None:
    assert "<form" not in enquiry_page(view("cancelled"), "en").body


def test_what_others_wrote_is_only_ever_text() -> None:
    item = Item(title="Lampe", product_url="javascript:alert(1)", image_url="https://x.test/a.png")
    bad = Message(id="ems_1", channel="web", author="customer", text="<script>x</script>", at=NOW)
    page = enquiry_page(view("open", thread=(bad,), items=(item,)), "en").body
    assert "<script>x" not in page
    assert "javascript:" not in page
    assert "x.test" not in page


def test_what_was_not_taken_is_given_back_with_the_reason() -> None:
    seen = view("open")
    again = EnquiryView(
        seen.enquiry, BRAND, NOW, "/c/PASS", notice="too_many", typed="Et <ma> lampe"
    )
    page = enquiry_page(again, "en")
    assert page.status == 429
    assert "too many messages in a row" in page.body
    assert "Et &lt;ma&gt; lampe</textarea>" in page.body


def test_its_mark_changes_once_it_is_late() -> None:
    assert view("open").mark != view("open", due_at=NOW - timedelta(hours=1)).mark
