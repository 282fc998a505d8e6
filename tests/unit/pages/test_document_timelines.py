"""Every fact of every kind of document is told in both languages."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_args

import pytest

from cartbridge.domain.cart.events import CartEvent
from cartbridge.domain.cart.state import Origin
from cartbridge.domain.enquiry import events as n
from cartbridge.domain.enquiry.state import SaleRef
from cartbridge.domain.quote import events as q
from cartbridge.domain.twin import PlannedWrite, Twin, TwinRef
from cartbridge.domain.wanted import MessageWanted
from cartbridge.domain.wishlist import events as w
from cartbridge.pages.names import Names
from cartbridge.pages.timeline import SENTENCES, tell
from cartbridge.pages.told import Told
from tests.unit.pages.carts import LAMP

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)
NAMES = Names(stores={"lyon-2": "Lyon"}, terminals={}, connections={"con_web": "Boutique web"})
REF = TwinRef(connection="con_web", kind="wishlist", external_id="42")
WISHLIST: tuple[Any, ...] = (
    w.Started(origin=Origin(), currency="EUR", name="Noël", kind="gift"),
    w.LineAdded(line=LAMP),
    w.LineAdded(line=LAMP, moved_from="crt_1"),
    w.LineChanged(line=LAMP.id, was=Decimal(1), quantity=Decimal(2)),
    w.LineRemoved(line="lin_other", was=Decimal(1)),
    w.LineRemoved(line="lin_other", was=Decimal(1), moved_to="crt_1"),
    w.LinePriced(line=LAMP.id, prices=LAMP.prices),
    w.LineBought(line=LAMP.id, cart="crt_1", quantity=Decimal(1)),
    w.PurchaseUndone(cart="crt_1"),
    w.CustomerIdentified(),
    w.Renamed(name="Anniversaire"),
    w.Shared(),
    w.Unshared(),
    w.Archived(),
    w.Reopened(),
    w.Cancelled(connection="con_web"),
    w.HandoverOffered(handover="hnd_1", code_hash="h", expires_at=AT, store="lyon-2"),
    w.HandoverEnded(handover="hnd_1", how="used", cart="crt_1"),
    w.HandoverEnded(handover="hnd_1", how="lapsed"),
    w.HandoverOffered(handover="hnd_2", direction="to_online", code_hash="h", expires_at=AT),
    w.HandoverJoined(handover="hnd_2", code_hash="h", ref=REF),
    w.Cancelled(into="wsh_2"),
    w.TwinJoined(twin=Twin(ref=REF)),
    w.TwinObserved(ref=REF, shadow={}),
    w.WritePlanned(ref=REF, write=PlannedWrite(push_id="p", base_revision=1, expected={})),
    w.TwinLeft(ref=REF),
)
QUOTE: tuple[Any, ...] = (
    q.Started(origin=Origin(), currency="EUR"),
    q.Started(origin=Origin(), currency="EUR", from_cart="crt_1"),
    q.LineAdded(line=LAMP),
    q.LineAdded(line=LAMP, moved_from="crt_1"),
    q.LineChanged(line=LAMP.id, was=Decimal(1), quantity=Decimal(2)),
    q.LineRemoved(line="lin_other", was=Decimal(1)),
    q.LineRemoved(line="lin_other", was=Decimal(1), moved_to="crt_1"),
    q.LinePriced(line=LAMP.id, prices=LAMP.prices),
    q.CustomerIdentified(),
    q.ValidityChanged(valid_until=AT),
    q.Issued(number="26-7K3F", revision=1, valid_until=AT),
    q.Issued(number="26-7K3F", revision=2, pricing="con_web"),
    q.Accepted(by="customer", revision=2),
    q.Accepted(by="staff", revision=2),
    q.Accepted(by="platform", revision=2),
    q.Declined(by="customer", reason="trop tard"),
    q.Declined(by="staff"),
    q.Declined(by="platform"),
    q.Expired(),
    q.TakenUp(cart="crt_1", revision=2),
    q.SoldInPart(cart="crt_1", receipt_number="T-1", lines={LAMP.id: Decimal(1)}),
    q.Converted(connection="con_web", order_number="77", lines={LAMP.id: Decimal(1)}),
    q.Converted(),
    q.SaleUndone(cart="crt_1"),
    q.DoubleSaleFound(receipt_number="T-1", connection="con_web"),
    q.Cancelled(connection="con_web"),
    q.HandoverOffered(handover="hnd_1", code_hash="h", expires_at=AT),
    q.HandoverEnded(handover="hnd_1", how="revoked"),
    q.HandoverEnded(handover="hnd_1", how="ended"),
    q.TwinJoined(twin=Twin(ref=REF)),
    q.TwinObserved(ref=REF, shadow={}),
    q.WritePlanned(ref=REF, write=PlannedWrite(push_id="p", base_revision=1, expected={})),
    q.TwinLeft(ref=REF),
    MessageWanted(template="quote_issued", channel="email", consent="service", pass_of="qte_1"),
)
ASKED = TwinRef(connection="con_web", kind="enquiry", external_id="e-1")
ENQUIRY: tuple[Any, ...] = (
    n.Opened(kind="demonstration", origin=Origin(), subject="La lampe", due_at=AT),
    n.MessageAdded(message="ems_1", channel="web", author="customer", text="Samedi ?", at=AT),
    n.MessageAdded(message="ems_2", channel="tablet", author="staff", text="Oui.", at=AT),
    n.Answered(message="ems_2", staff="17"),
    MessageWanted(template="enquiry_answered", channel="sms", consent="service", pass_of="enq_1"),
    n.Assigned(staff="17"),
    n.Unassigned(),
    n.Moved(store="lyon-2"),
    n.Moved(team="service-client"),
    n.Scheduled(at=AT, store="lyon-2", staff="17"),
    n.Demonstrated(at=AT, items=(LAMP.item,), staff="17"),
    n.DetailsChanged(sale=SaleRef(receipt_number="4711")),
    n.DetailsChanged(due_at=AT),
    n.CustomerIdentified(),
    n.Linked(document="crt_1", born=True),
    n.Linked(document="crt_1"),
    n.Linked(document="wsh_1"),
    n.Linked(document="qte_1"),
    n.Closed(outcome="not_reached", connection="con_web"),
    n.Reopened(due_at=AT),
    n.Cancelled(),
    n.TwinJoined(twin=Twin(ref=ASKED)),
    n.TwinLeft(ref=ASKED),
    n.MessageTold(ref=ASKED, message="ems_2"),
)
KINDS = {
    "cart": CartEvent,
    "wishlist": w.WishlistEvent,
    "quote": q.QuoteEvent,
    "enquiry": n.EnquiryEvent,
}
EXAMPLES = {"wishlist": WISHLIST, "quote": QUOTE, "enquiry": ENQUIRY}


def test_every_fact_has_a_sentence() -> None:
    classes = {one for union in KINDS.values() for one in get_args(get_args(union)[0])}
    assert set(SENTENCES) == classes


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_fact_is_told_in_both_languages(kind: str) -> None:
    classes = set(get_args(get_args(KINDS[kind])[0]))
    assert {type(event) for event in EXAMPLES[kind]} == classes
    told = [Told(event, 1, AT, AT) for event in EXAMPLES[kind]]
    french = tell(told, NAMES, "fr-FR", "Europe/Paris")
    english = tell(told, NAMES, "en-GB", "Europe/Paris")
    for one, other in zip(french, english, strict=True):
        assert one.what
        assert one.what != other.what, one.type


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_stored_body_is_told_as_its_fact(kind: str) -> None:
    for event in EXAMPLES[kind]:
        raw = event.model_dump(mode="json")
        one, other = (tell([Told(x, 1, AT, AT)], NAMES, "en", "UTC")[0] for x in (event, raw))
        assert one.what == other.what
