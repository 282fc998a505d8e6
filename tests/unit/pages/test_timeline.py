"""A cart's life in sentences a store manager understands."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest

from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.reservation import HowEnded, Reserve
from cartbridge.domain.cart.state import (
    Binding,
    Direction,
    NotTaken,
    NotTakenReason,
    Origin,
    QuoteRef,
    SoldLine,
)
from cartbridge.domain.customer import Customer
from cartbridge.domain.line import Prices
from cartbridge.domain.twin import PlacedFor, PlannedWrite, Refusal, Snapshot, Twin, TwinRef
from cartbridge.domain.wanted import MessageWanted
from cartbridge.pages.names import Names
from cartbridge.pages.timeline import SENTENCES, Entry, tell
from cartbridge.pages.told import Told
from cartbridge.pages.words import Words
from tests.unit.pages.carts import AT, BOOK, CABLE, LAMP

NAMES = Names(
    stores={"lyon-2": "Lyon Part-Dieu"},
    terminals={"till-4": "Caisse 4", "till-1": "Caisse 1"},
    connections={"con_web": "Boutique web", "con_pos": "Odoo"},
)
REF = TwinRef(connection="con_web", external_id="42")
TWIN = Twin(ref=REF)
STARTED = e.Started(origin=Origin(channel="web", connection="con_web"), currency="EUR")
CLAIMED = e.Claimed(claim="clm_1", terminal="till-4", store="lyon-2", fence=1, handover="hnd_1")


def a_sale(**more: object) -> e.Sold:
    fields: dict[str, object] = {
        "claim": "clm_1",
        "fence": 1,
        "receipt_number": "4711",
        "sold_at": AT,
        "store": "lyon-2",
        "terminal": "till-4",
        "lines": (SoldLine(line="lin_lamp", quantity=Decimal(2)),),
    }
    return e.Sold.model_validate(fields | more)


EVERY_EVENT: tuple[Any, ...] = (
    STARTED,
    e.LineAdded(line=LAMP),
    e.LineChanged(line="lin_lamp", was=Decimal(2), quantity=Decimal(3)),
    e.LineRemoved(line="lin_lamp", was=Decimal(3)),
    e.LinePriced(line="lin_lamp", prices=Prices(total=5490)),
    e.QuoteRevised(quote=QuoteRef(id="qte_1", number="26-7K3F", revision=2)),
    e.CodeApplied(code="NOEL"),
    e.CodeRemoved(code="NOEL"),
    e.CustomerIdentified(customer=Customer(email="anna@example.org")),
    e.DetailsChanged(consent={"analytics": True}),
    e.TwinJoined(twin=TWIN),
    e.TwinObserved(ref=REF, shadow={}),
    e.ObservationHeld(ref=REF, snapshot=Snapshot(customer=Customer(email="anna@example.org"))),
    e.WritePlanned(ref=REF, write=PlannedWrite(push_id="p1", base_revision=1, expected={})),
    e.EditOverwritten(ref=REF),
    e.TwinPlaced(twin=TWIN.model_copy(update={"placed": PlacedFor(by="clm_1", terminal="till-1")})),
    e.TwinLeft(ref=REF),
    e.HandoverOffered(handover="hnd_1", direction="to_store", code_hash="h", expires_at=AT),
    e.ReservationLineMarked(
        handover="hnd_1", line="lin_lamp", mark="set_aside", quantity=Decimal(1), asked=Decimal(2)
    ),
    e.ReservationReady(
        handover="hnd_1", store="lyon-2", until=AT, set_aside=("lin_lamp",), not_found=("lin_book",)
    ),
    e.ReservationEnded(handover="hnd_1", store="lyon-2", how="lapsed"),
    e.HandedOut(order_number="W-9", store="lyon-2"),
    e.HandoverEnded(handover="hnd_1", how="used"),
    e.OfferClosed(),
    e.HandoverJoined(
        handover="hnd_1", code_hash="h", ref=REF, bound_to=Binding(connection="con_web")
    ),
    CLAIMED,
    e.ClaimPutOnHold(claim="clm_1"),
    e.ClaimReleased(claim="clm_1"),
    e.ClaimLapsed(claim="clm_1"),
    e.OutcomeTold(claim="clm_1"),
    a_sale(),
    e.SaleReportedLate(
        claim="clm_1",
        fence=1,
        receipt_number="4711",
        sold_at=AT,
        store="lyon-2",
        terminal="till-4",
        lines=(),
    ),
    e.DoubleSaleFound(receipt_number="4711", order_number="W-9"),
    e.SaleVoided(receipt_number="4711"),
    e.LinesReturned(lines=(e.ReturnedLine(line="lin_lamp", quantity=Decimal(1)),)),
    e.AllReturned(),
    e.CheckoutStarted(connection="con_web"),
    e.CheckoutLeft(connection="con_web"),
    e.Ordered(connection="con_web", order_number="W-9", at=AT),
    e.Fulfilled(),
    e.Abandoned(),
    MessageWanted(template="cart_left", channel="email", consent="marketing", pass_of="crt_1"),
    e.Merged(into="crt_2"),
    e.Unmerged(),
    e.Expired(),
    e.Cancelled(connection="con_web"),
)


def told(event: e.Event, **more: object) -> Told:
    return Told(event, 1, AT, AT)._replace(**more)  # type: ignore[arg-type]


def entries(events: Sequence[e.Event], locale: str = "fr-FR") -> list[Entry]:
    return tell([told(event) for event in events], NAMES, locale, "Europe/Paris")


def plain(text: str) -> str:
    return re.sub(r"\s", " ", text)


def said(*events: e.Event, locale: str = "fr-FR") -> str:
    """What the last of these events says."""
    return plain(entries(events, locale)[-1].what)


def test_every_event_class_has_a_sentence_and_an_example_here() -> None:
    classes = set(get_args(get_args(e.CartEvent)[0]))
    assert classes <= set(SENTENCES)
    assert {type(event) for event in EVERY_EVENT} == classes


@pytest.mark.parametrize("locale", ["fr-FR", "en-GB"])
@pytest.mark.parametrize("event", EVERY_EVENT, ids=lambda event: type(event).__name__)
def test_every_event_is_told_alone_and_after_others(event: e.Event, locale: str) -> None:
    for before in ((), (STARTED, e.LineAdded(line=LAMP), e.LineAdded(line=BOOK))):
        entry = entries((*before, event), locale)[-1]
        assert entry.what
        assert entry.text.startswith("14:02 · ")
        assert entry.what in entry.text
        assert not set("{}[]") & set(entry.text)
        assert "anna" not in entry.text


@pytest.mark.parametrize("event", EVERY_EVENT, ids=lambda event: type(event).__name__)
def test_the_two_languages_do_not_say_the_same_letters(event: e.Event) -> None:
    assert entries([event], "fr")[0].what != entries([event], "en")[0].what


def test_a_claim_says_when_where_and_who() -> None:
    [entry] = tell([told(CLAIMED, staff="0412")], NAMES, "fr-FR", "Europe/Paris")
    assert plain(entry.text) == (
        "14:02 · Lyon Part-Dieu, caisse 4 : panier pris en charge (vendeur 0412)"
    )
    assert (entry.where, entry.staff, entry.date) == (
        "Lyon Part-Dieu, caisse 4",
        "0412",
        "20 novembre 2026",
    )


def test_a_partial_sale_says_what_is_left_and_what_was_not_taken() -> None:
    lines = [e.LineAdded(line=line) for line in (LAMP, BOOK, CABLE)]
    sale = a_sale(
        not_taken=(
            NotTaken(line="lin_book", quantity=Decimal(1), reason="out_of_stock"),
            NotTaken(line="lin_cable", quantity=Decimal("2.5"), reason="price", keep=False),
        ),
        remainder="crt_2",
    )
    assert said(STARTED, *lines, sale) == (
        "vendu, ticket n° 4711 : 2 articles ; reste : 1 article ;"
        " non pris : L'Art de la lumière (absent du magasin), Câble lin (prix)"
    )
    assert said(STARTED, *lines, sale, locale="en").startswith(
        "sold, receipt number 4711: 2 articles; left over: 1 article; not taken: "
    )


def test_what_is_cut_counts_as_one_article() -> None:
    sale = a_sale(lines=(SoldLine(line="lin_cable", quantity=Decimal("2.5")),))
    assert said(e.LineAdded(line=CABLE), sale) == "vendu, ticket n° 4711 : 1 article"


def test_a_sale_whose_lines_were_not_told_claims_no_count_of_the_rest() -> None:
    assert said(a_sale(remainder="crt_2")).endswith("reste : une partie du panier")


def test_lines_are_named_until_they_are_gone() -> None:
    added = e.LineAdded(line=LAMP)
    changed = e.LineChanged(line="lin_lamp", was=Decimal(2), quantity=Decimal(3))
    removed = e.LineRemoved(line="lin_lamp", was=Decimal(3))
    assert said(added) == "Lampe chêne, H 40 cm, ajouté au panier : 2"
    assert said(added, changed) == "Lampe chêne, H 40 cm : 3 au lieu de 2"
    assert said(added, changed, removed) == "Lampe chêne, H 40 cm, retiré du panier"
    assert said(added, removed, changed).startswith("un article : ")


def test_a_quantity_has_its_unit() -> None:
    change = e.LineChanged(line="lin_cable", was=Decimal("2.5"), quantity=Decimal(4))
    assert said(e.LineAdded(line=CABLE), change) == "Câble lin : 4 m au lieu de 2,5 m"


def test_a_takeover_names_the_till_before_and_the_reason() -> None:
    taken = CLAIMED.model_copy(update={"taken_over_from": "till-1", "reason": "caisse en panne"})
    assert said(taken) == "panier repris à la place de la caisse 1 (caisse en panne)"


@pytest.mark.parametrize(
    "event",
    [
        e.TwinObserved(ref=REF, shadow={}, echo=True),
        e.TwinObserved(ref=REF, shadow={}),
        e.WritePlanned(ref=REF, write=PlannedWrite(push_id="p", base_revision=1, expected={})),
        e.OfferClosed(),
        e.HandoverEnded(handover="hnd_1", how="used"),
        e.HandoverEnded(handover="hnd_1", how="replaced"),
        e.TwinLeft(ref=REF, to_cart="crt_2"),
        e.TwinJoined(twin=TWIN, from_cart="crt_1"),
        e.DetailsChanged(locale="fr-FR"),
    ],
    ids=lambda event: event.type,
)
def test_echoes_and_bookkeeping_are_told_but_minor(event: e.Event) -> None:
    [entry] = entries([event])
    assert entry.minor
    assert entry.what


@pytest.mark.parametrize(
    "event",
    [
        CLAIMED,
        a_sale(),
        e.TwinLeft(ref=REF),
        e.HandoverEnded(handover="hnd_1", how="lapsed"),
        e.DetailsChanged(has_payment=True),
        e.TwinObserved(
            ref=REF,
            shadow={},
            refusals=(Refusal(key="sku:A", wanted=Decimal(3), accepted=Decimal(1)),),
        ),
    ],
    ids=lambda event: event.type,
)
def test_news_is_not_minor(event: e.Event) -> None:
    assert not entries([event])[0].minor


def test_being_handed_over_goes_without_saying_after_a_sale_only() -> None:
    assert entries([a_sale(), e.Fulfilled()])[-1].minor
    assert not entries([e.Fulfilled()])[0].minor


@pytest.mark.parametrize("how", ["used", "revoked", "lapsed", "replaced"])
def test_every_end_of_a_code_is_told(how: str) -> None:
    event = e.HandoverEnded.model_validate({"handover": "hnd_1", "how": how})
    assert said(event).startswith("code panier ")


@pytest.mark.parametrize("why", ["released", "sent_online", "store_closed"])
def test_every_release_is_told(why: str) -> None:
    event = e.ClaimReleased.model_validate({"claim": "clm_1", "why": why})
    assert said(event).startswith("panier ")


def test_an_unknown_outcome_asks_for_an_answer() -> None:
    assert said(e.ClaimLapsed(claim="clm_1", outcome="unknown")) == (
        "temps réservé écoulé sans nouvelles de la caisse : dire s’il a été vendu"
    )


@pytest.mark.parametrize("direction", get_args(Direction))
@pytest.mark.parametrize("locale", ["fr", "en"])
def test_both_directions_are_told(direction: Direction, locale: str) -> None:
    event = e.HandoverOffered(
        handover="hnd_1", direction=direction, code_hash="h", expires_at=AT, store="lyon-2"
    )
    assert ("Lyon Part-Dieu" in said(event, locale=locale)) is (direction == "to_store")


@pytest.mark.parametrize("reason", get_args(NotTakenReason))
@pytest.mark.parametrize("locale", ["fr", "en"])
def test_every_reason_not_to_take_has_words(reason: NotTakenReason, locale: str) -> None:
    sale = a_sale(not_taken=(NotTaken(line="lin_lamp", quantity=Decimal(1), reason=reason),))
    words = Words.for_locale(locale).text(f"not_taken.{reason}")
    assert said(e.LineAdded(line=LAMP), sale, locale=locale).endswith(f"H 40 cm ({words})")


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_every_channel_has_words(locale: str) -> None:
    for channel in get_args(Origin.model_fields["channel"].annotation):
        started = e.Started(origin=Origin(channel=channel), currency="EUR")
        assert said(started, locale=locale).count(" ") >= 2


def test_the_shop_is_named_once() -> None:
    event = e.CheckoutStarted(connection="con_web")
    [entry] = tell([told(event, connection="con_web")], NAMES, "fr", "Europe/Paris")
    assert plain(entry.text) == "14:02 · Boutique web : paiement en ligne commencé"
    [elsewhere] = tell([told(event, store="lyon-2")], NAMES, "fr", "Europe/Paris")
    assert plain(elsewhere.text) == (
        "14:02 · Lyon Part-Dieu : paiement en ligne commencé sur Boutique web"
    )


def test_what_was_learnt_late_says_so() -> None:
    late = told(a_sale(), recorded_at=AT + timedelta(hours=1))
    [entry] = tell([late], NAMES, "fr", "Europe/Paris")
    assert entry.text.endswith("(appris à 15:02)")
    [next_day] = tell([late._replace(recorded_at=AT + timedelta(days=1))], NAMES, "fr", "UTC")
    assert next_day.text.endswith("(appris le 21 novembre 2026 à 13:02)")
    [soon] = tell([late._replace(recorded_at=AT + timedelta(seconds=30))], NAMES, "fr", "UTC")
    assert "appris" not in soon.text


def test_an_erased_event_is_told_without_the_person() -> None:
    raw = e.CustomerIdentified(customer=Customer(email="anna@example.org")).model_dump(
        mode="json", exclude={"customer"}
    )
    [entry] = tell([Told(raw, 3, AT, AT)], NAMES, "fr", "UTC")
    assert (entry.erased, entry.type) == (True, "cart.customer_identified")
    assert entry.text == "13:02 · client reconnu (données personnelles effacées)"


def test_an_event_of_a_newer_version_is_told_by_its_name() -> None:
    raw = {"type": "cart.beamed_up", "by": "scotty"}
    [entry] = tell([Told(raw, 3, AT, AT)], NAMES, "en", "UTC")
    assert "cart.beamed_up" in entry.text
    assert not entry.erased


def test_an_operator_is_not_named() -> None:
    by_hand = told(e.Abandoned(), actor_kind="operator", actor_id="jean@example.org")
    [entry] = tell([by_hand], NAMES, "fr", "UTC")
    assert entry.text.endswith("(exploitant)")
    assert "jean" not in entry.text


def test_hostile_titles_stay_texts() -> None:
    hostile = LAMP.model_copy(update={"item": LAMP.item.model_copy(update={"title": "{x} [y] %s"})})
    assert said(e.LineAdded(line=hostile)).startswith("{x} [y] %s, H 40 cm")


def test_each_event_is_told_by_its_own_minute_and_day() -> None:
    later = (0, 59, 60, 86_400, 0)
    events = [told(CLAIMED, occurred_at=AT + timedelta(seconds=seconds)) for seconds in later]
    times = [(entry.date[:2], entry.time) for entry in tell(events, NAMES, "fr", "Europe/Paris")]
    assert times == [("20", t) for t in ("14:02", "14:02", "14:03")] + [
        ("21", "14:02"),
        ("20", "14:02"),
    ]


def test_the_order_given_is_kept() -> None:
    early = datetime(2026, 11, 19, tzinfo=UTC)
    events = [told(CLAIMED, version=1), told(a_sale(), version=2, occurred_at=early)]
    assert [entry.version for entry in tell(events, NAMES, "fr", "UTC")] == [1, 2]


def test_a_reservation_is_told_with_what_was_found() -> None:
    reserve = Reserve(store="lyon-2", until=AT)
    offered = e.HandoverOffered(
        handover="hnd_1", direction="to_store", code_hash="h", expires_at=AT, reserve=reserve
    )
    assert said(offered) == "mise de côté demandée, Lyon Part-Dieu"
    before = (STARTED, e.LineAdded(line=LAMP), e.LineAdded(line=CABLE))
    aside = e.ReservationLineMarked(
        handover="hnd_1", line="lin_lamp", mark="set_aside", quantity=Decimal(1), asked=Decimal(2)
    )
    assert said(*before, aside) == "Lampe chêne, H 40 cm, mis de côté : 1 sur 2"
    whole = aside.model_copy(update={"quantity": Decimal(2)})
    assert said(*before, whole, locale="en-GB") == "Lampe chêne, H 40 cm, set aside: 2"
    gone = e.ReservationLineMarked(
        handover="hnd_1",
        line="lin_cable",
        mark="not_found",
        quantity=Decimal(0),
        asked=Decimal("2.5"),
    )
    assert said(*before, gone) == "Câble lin, introuvable en magasin"
    ready = e.ReservationReady(
        handover="hnd_1", store="lyon-2", until=AT, set_aside=("lin_lamp",), not_found=()
    )
    assert said(ready, locale="en-GB") == "reservation ready, Lyon Part-Dieu"


@pytest.mark.parametrize("locale", ["fr-FR", "en-GB"])
@pytest.mark.parametrize("how", get_args(HowEnded))
def test_every_end_of_a_reservation_is_told(how: HowEnded, locale: str) -> None:
    event = e.ReservationEnded(handover="hnd_1", store="lyon-2", how=how)
    assert "Lyon Part-Dieu" in said(event, locale=locale)
    assert entries([event], locale)[0].minor is (how == "bought")
