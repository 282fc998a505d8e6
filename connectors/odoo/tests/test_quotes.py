"""Quotations as quotes: what became of them, and what is written when they are revised or sold."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
from cartbridge_odoo import Odoo
from fake_odoo import BOOK, LAMP
from fake_odoo_database import Record
from fake_odoo_journey import FakeJourney
from odoo_carts import Made, sent

from cartbridge.sdk.contract import Remote, Terms, Write, WriteLine, Written
from cartbridge.sdk.documents import Item, Prices, TwinRef
from cartbridge.sdk.errors import Ignore, Refuse, Retry, Unknown
from cartbridge.sdk.observations import QuoteSeen

ODOO = Odoo()
UNTIL = datetime(2026, 12, 15, 23, 59, 59, tzinfo=UTC)


def quotation(odoo: FakeJourney, **values: Any) -> Record:
    order = odoo.new_order(partner_id=[odoo.camille["id"], "Camille"], **values)
    odoo.put(order, "LAMP-OAK", Decimal(2))
    odoo.put(order, "BOOK-LIGHT", Decimal(1))
    return order


def ref(order: Mapping[str, Any]) -> TwinRef:
    return TwinRef(connection="con_1", kind="quote", external_id=str(order["id"]))


async def seen(order: Mapping[str, Any], remote: Remote) -> QuoteSeen:
    document = await ODOO.fetch(ref(order), remote)
    assert document is not None
    (quote,) = ODOO.read(document, remote.settings).observations
    assert isinstance(quote, QuoteSeen)
    return quote


def write(order: Record, state: Any, *rows: WriteLine, **more: Any) -> Write:
    told = {"number": order["name"], "currency": "EUR", "tax_mode": "inclusive", **more}
    return Write(push_id="psh_1", ref=ref(order), lines=rows, terms=Terms(state=state, **told))


def row(item: Item, quantity: str, total: int | None = None, **more: Any) -> WriteLine:
    prices = None if total is None else Prices(total=total)
    return WriteLine(key=item.key, item=item, quantity=quantity, prices=prices, **more)


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({"origin": "Opp, CartBridge: psh_7"}, "requested"),
        ({}, "requested"),
        ({"state": "sent"}, "issued"),
        ({"state": "sale", "amount_unpaid": Decimal("118.80")}, "accepted"),
        ({"state": "sale", "pos_order_line_ids": [7]}, "converted"),
        # A deposit was taken at a till: most of it is still to be sold.
        ({"state": "sale", "pos_order_line_ids": [7], "amount_unpaid": Decimal(90)}, "accepted"),
        ({"state": "cancel"}, "declined"),
        ({"state": "cancel", "validity_date": "2026-12-15"}, "declined"),
        ({"state": "cancel", "validity_date": "2026-11-20"}, "expired"),
        ({"state": "cancel", "origin": "Opp, CartBridge: ticket 260-1-7"}, "converted"),
    ],
)
async def test_what_became_of_a_quotation(
    journey: FakeJourney, all_apps: Remote, values: Any, state: str
) -> None:
    order = quotation(journey, **values)
    quote = await seen(order, all_apps)
    assert (quote.state, quote.number) == (state, "S00001")
    assert quote.snapshot.basket == {"sku:LAMP-OAK": 2, "sku:BOOK-LIGHT": 1}
    assert [line.prices.total for line in quote.snapshot.lines] == [9980, 1900]


async def test_a_day_of_validity_is_told_as_its_end(journey: FakeJourney, all_apps: Remote) -> None:
    order = quotation(journey, validity_date="2026-12-15")
    assert (await seen(order, all_apps)).valid_until == UNTIL


async def test_a_person_of_a_company_reads_her_quotation_before_tax(
    journey: FakeJourney, all_apps: Remote
) -> None:
    julie = journey.person("Julie", vat="FR83404833048", commercial_company_name="Atelier Martin")
    order = quotation(journey)
    order["partner_id"] = [julie["id"], "Julie"]
    assert (await seen(order, all_apps)).snapshot.tax_mode == "inclusive"
    for tax in (journey.full, journey.reduced):
        tax["price_include"] = False
    snapshot = (await seen(order, all_apps)).snapshot
    assert (snapshot.tax_mode, [line.prices.total for line in snapshot.lines]) == (
        "exclusive",
        [8317, 1583],
    )
    assert snapshot.customer is not None
    assert snapshot.customer.company is not None
    assert snapshot.customer.company.vat_number == "FR83404833048"


async def test_a_revision_is_written_issued_and_accepted(
    journey: FakeJourney, all_apps: Remote
) -> None:
    order = quotation(journey, origin="Opp, CartBridge: psh_0")
    unknown = Item(sku="NOPE", title="?")
    rows = (row(LAMP, "3", 12000), row(BOOK, "0"), row(unknown, "1"))
    issued = write(order, "issued", *rows, valid_until=UNTIL)
    result = await ODOO.push(issued, all_apps)
    assert isinstance(result, Written)
    assert result.snapshot.last_push == "psh_1"
    assert [(one.key, one.prices.total) for one in result.snapshot.lines] == [(LAMP.key, 12000)]
    assert [one.key for one in result.snapshot.refused] == [unknown.key]
    quote = await seen(order, all_apps)
    assert (quote.state, quote.snapshot.last_push) == ("issued", "psh_1")
    assert (order["validity_date"], order["origin"]) == ("2026-12-15", "Opp, CartBridge: psh_1")
    await ODOO.push(issued, all_apps)
    assert len(sent(journey, "write")) == len(sent(journey, "action_quotation_sent")) == 1
    for _ in range(2):
        await ODOO.push(write(order, "accepted", row(LAMP, "3", 12000)), all_apps)
    assert len(sent(journey, "action_confirm")) == 1
    with pytest.raises(Unknown):
        await ODOO.push(issued, all_apps)


async def test_what_only_odoo_changed_stays(journey: FakeJourney, all_apps: Remote) -> None:
    order = quotation(journey, validity_date="2026-12-15")
    await ODOO.push(write(order, "requested", row(LAMP, "9", changed=False)), all_apps)
    assert sent(journey, "write") == []
    # Where no price was told Odoo's own stays, and a new row gets one.
    await ODOO.push(write(order, "requested", row(LAMP, "1")), all_apps)
    assert order["validity_date"] == "2026-12-15"
    (lamps, _) = (await seen(order, all_apps)).snapshot.lines
    assert (lamps.quantity, lamps.prices.total) == (Decimal(1), 4990)


async def test_two_rows_of_an_article_become_one_at_the_price_that_holds(
    journey: FakeJourney, all_apps: Remote
) -> None:
    order = quotation(journey)
    lines = journey.database.table("sale.order.line")
    first = next(iter(lines.values()))
    journey.database.add("sale.order.line", **{k: v for k, v in first.items() if k != "id"})
    journey._totalled(order)
    await ODOO.push(write(order, "requested", row(LAMP, "4", 16000)), all_apps)
    told = {one.key: one.prices.total for one in (await seen(order, all_apps)).snapshot.lines}
    assert told == {LAMP.key: 16000, BOOK.key: 1900}


@pytest.mark.parametrize("state", ["draft", "sent", "sale"])
async def test_sold_at_another_till_it_is_cancelled_with_one_note(
    journey: FakeJourney, all_apps: Remote, state: str
) -> None:
    order = quotation(journey, state=state, origin="Cuisine Dupont")
    sold = write(order, "converted", receipt_number="R-77")
    for _ in range(2):
        await ODOO.push(sold, all_apps)
    assert (order["state"], order["origin"]) == (
        "cancel",
        "Cuisine Dupont, CartBridge: ticket R-77",
    )
    (note,) = journey.database.table("mail.message").values()
    assert "ticket n° R-77" in note["body"]
    assert note["subtype_id.internal"]
    assert (await seen(order, all_apps)).state == "converted"


async def test_settled_by_a_till_of_this_odoo_it_stays_confirmed(
    journey: FakeJourney, all_apps: Remote
) -> None:
    order = quotation(journey, state="sale", pos_order_line_ids=[7])
    await ODOO.push(write(order, "converted", receipt_number="260-1-7"), all_apps)
    assert order["state"] == "sale"
    assert sent(journey, "write") == []


async def test_what_is_delivered_is_left_to_a_person(
    journey: FakeJourney, all_apps: Remote
) -> None:
    order = quotation(journey, state="sale")
    journey.database.lines("sale.order", order)[0]["qty_delivered"] = Decimal(1)
    for state in ("converted", "declined"):
        with pytest.raises(Refuse, match="S00001 is delivered"):
            await ODOO.push(write(order, state, receipt_number="R-77"), all_apps)
    assert (order["state"], order["origin"]) == ("sale", False)


async def test_declined_it_is_cancelled_without_a_mark(
    journey: FakeJourney, all_apps: Remote
) -> None:
    order = quotation(journey)
    await ODOO.push(write(order, "declined"), all_apps)
    assert (await seen(order, all_apps)).state == "declined"


async def test_a_lost_answer_is_found_out(
    journey: FakeJourney, all_apps: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = quotation(journey)
    revised = write(order, "requested", row(LAMP, "3", 12000))
    journey.lose_answer()
    result = await ODOO.push(revised, all_apps)
    assert result.snapshot.basket[LAMP.key] == 3

    def lost(ids: list[int], vals: Record) -> None:
        raise httpx.ReadTimeout("for a test")

    monkeypatch.setattr(journey, "_sale_order_write", lost)
    with pytest.raises(Retry):
        await ODOO.push(write(order, "requested", row(LAMP, "5", 12000)), all_apps)


async def test_what_cannot_be_written_is_said(
    journey: FakeJourney, all_apps: Remote, remote: Made
) -> None:
    order = quotation(journey)
    with pytest.raises(Refuse, match="another money"):
        await ODOO.push(write(order, "issued", currency="CHF"), all_apps)
    with pytest.raises(Refuse, match="terms"):
        await ODOO.push(Write(push_id="psh_1", ref=ref(order), lines=()), all_apps)
    journey.remove(str(order["id"]))
    with pytest.raises(Ignore):
        await ODOO.push(write(order, "issued"), all_apps)
    assert await ODOO.fetch(ref(order), remote()) is None


async def test_carts_of_the_website_and_ours_are_no_quotes(
    journey: FakeJourney, all_apps: Remote
) -> None:
    for values in ({"website_id": [1, "My Website"]}, {"origin": "cartbridge:crt_1"}):
        order = quotation(journey, **values)
        document = await ODOO.fetch(ref(order), all_apps)
        assert document is not None
        (told,) = ODOO.read(document, all_apps.settings).observations
        assert not isinstance(told, QuoteSeen)
