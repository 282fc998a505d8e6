"""Asking what changed: nothing skipped, nothing told twice, whatever came back told once."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from cartbridge_odoo import Odoo, places
from fake_odoo_database import Record
from fake_odoo_journey import FakeJourney
from fake_odoo_website import FakeWebsite
from odoo_carts import LAMPS, Made, placement

from cartbridge.sdk.contract import Remote
from cartbridge.sdk.observations import CartReturned, Observation, SaleSeen

ODOO = Odoo()


async def told(
    cursor: Mapping[str, Any] | None, remote: Remote
) -> tuple[list[Observation], Mapping[str, Any]]:
    """Everything that changed since then, and the cursor behind it."""
    seen: list[Observation] = []
    for _ in range(50):
        page = await ODOO.changed_since(cursor, remote)
        for document in page.documents:
            seen += ODOO.read(document, remote.settings).observations
        cursor = page.cursor
        if not page.more:
            return seen, cursor
    raise AssertionError("it asks on for ever")


def names(seen: list[Observation]) -> list[str]:
    return [one.external_id for one in seen]


async def test_a_session_that_closes_changes_hundreds_in_one_second(
    odoo: FakeWebsite, remote: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "GLANCE", 7)
    monkeypatch.setattr(places, "PAGE", 5)
    carts = {odoo.new_cart() for _ in range(23)}
    for row in odoo.database.table("sale.order").values():
        row["write_date"] = "2026-11-22 19:00:00"
    seen, cursor = await told(None, remote())
    assert sorted(names(seen), key=int) == sorted(carts, key=int)
    assert (await told(cursor, remote()))[0] == []


async def test_what_was_committed_late_stands_before_what_is_known(
    odoo: FakeWebsite, remote: Made
) -> None:
    early, late = odoo.new_cart(), odoo.new_cart()
    seen, cursor = await told(None, remote())
    assert set(names(seen)) == {early, late}
    slow = odoo.database.table("sale.order")[int(early)]
    before = odoo.database.now - timedelta(seconds=100)
    slow["write_date"] = before.strftime("%Y-%m-%d %H:%M:%S")
    seen, after = await told(cursor, remote())
    assert names(seen) == [early]
    assert (await told(after, remote()))[0] == []


async def test_a_state_is_told_though_its_second_is_known(odoo: FakeWebsite, remote: Made) -> None:
    placed = await ODOO.place(placement(LAMPS), remote())
    _, cursor = await told(None, remote())
    odoo._order(placed.external_id)["state"] = "paid"  # in the same second
    (sold,) = (await told(cursor, remote()))[0]
    assert isinstance(sold, SaleSeen)
    assert (sold.external_id, sold.receipt_number) == (placed.external_id, "260-1-000001")
    (lamps,) = sold.lines
    assert (lamps.unit_price, lamps.total) == (4990, 9980)
    assert lamps.item is not None
    assert "payment" not in sold.model_dump_json()


def refund(odoo: FakeWebsite, of: Record, pieces: int, **more: Any) -> Record:
    """A ticket with which so many pieces of the first line of another one come back."""
    (line,) = odoo.database.lines("pos.order", of)
    order = odoo._new_order(f"refund-{pieces}-{of['id']}")
    amount = line["price_unit"] * -pieces
    order |= {"state": "paid", "amount_total": amount, "date_order": of["date_order"]}
    order |= {"partner_id": False, "lines": [99]}
    row = {**line, "uuid": order["uuid"], "qty": Decimal(-pieces), "price_subtotal_incl": amount}
    row |= {"order_id": [order["id"], ""], "refunded_orderline_id": [line["id"], ""], **more}
    del row["id"]
    odoo.database.add("pos.order.line", **row)
    return order


async def test_goods_that_come_back_are_told_once_on_what_they_were_sold_with(
    odoo: FakeWebsite, remote: Made
) -> None:
    placed = await ODOO.place(placement(LAMPS), remote())
    odoo.sell(placed.external_id)
    _, cursor = await told(None, remote())
    ticket = refund(odoo, odoo._order(placed.external_id), 1)
    (back,), cursor = await told(cursor, remote())
    assert isinstance(back, CartReturned)
    assert (back.kind, back.external_id) == ("till_order", placed.external_id)
    (lamp,) = back.lines
    assert lamp.key == "sku:LAMP-OAK"
    assert lamp.quantity == 1
    # At the close of the day the same ticket is written again.
    ticket |= {"state": "done", "write_date": odoo.database.stamp()}
    assert (await told(cursor, remote()))[0] == []


@pytest.mark.parametrize(("website", "kind"), [([1, "My Website"], "cart"), (False, "draft_order")])
async def test_goods_of_a_settled_order_come_back_to_that_one(
    odoo: FakeWebsite, remote: Made, website: Any, kind: str
) -> None:
    placed = await ODOO.place(placement(LAMPS), remote())
    odoo.sell(placed.external_id)
    sale = odoo.new_order(website_id=website, origin="cartbridge:crt_1", state="sale")
    (line,) = odoo.database.lines("pos.order", odoo._order(placed.external_id))
    line["sale_order_origin_id"] = [sale["id"], sale["name"]]
    _, cursor = await told(None, remote())
    refund(odoo, odoo._order(placed.external_id), 2)
    (back,), _ = await told(cursor, remote())
    assert (back.kind, back.external_id) == (kind, str(sale["id"]))


async def test_other_tills_and_the_retailers_own_quotations_are_not_asked_for(
    odoo: FakeWebsite, remote: Made
) -> None:
    odoo.new_order(origin="S00099")
    ours = odoo.new_order(origin="cartbridge:crt_1")
    placed = await ODOO.place(placement(LAMPS), remote())
    odoo._order(placed.external_id)["config_id"] = [2, "Lyon"]
    assert names((await told(None, remote()))[0]) == [str(ours["id"])]
    elsewhere, _ = await told(None, remote(config_ids=[2]))
    assert names(elsewhere)[0] == placed.external_id
    alone = remote(config_ids=[], sales=False, website=False)
    assert names((await told(None, alone))[0]) == [placed.external_id]


async def test_quotations_are_told_from_their_open_state_on(
    journey: FakeJourney, all_apps: Remote
) -> None:
    ended = journey.new_order(state="sale")
    journey.new_order(website_id=[1, "My Website"], state="sale")
    written = journey.new_order(state="sent")
    seen, cursor = await told(None, all_apps)
    quotes = {one.external_id for one in seen if one.kind == "quote"}
    assert quotes == {str(written["id"])}, "years of old orders are no quotes"
    ended |= {"state": "cancel", "write_date": journey.database.stamp()}
    seen, cursor = await told(cursor, all_apps)
    assert [(one.kind, one.external_id) for one in seen] == [("quote", str(ended["id"]))]
    assert (await told(cursor, all_apps))[0] == []
