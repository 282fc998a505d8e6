"""Stock by warehouse, and views of articles: told once each, views only with consent."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from cartbridge_odoo import Odoo, stock
from fake_odoo import BOOK, LAMP
from fake_odoo_journey import FakeJourney
from odoo_carts import Made

from cartbridge.sdk.contract import Remote
from cartbridge.sdk.observations import Browsed, Observation, StockSeen

ODOO = Odoo()


async def told(
    cursor: Mapping[str, Any] | None, remote: Remote
) -> tuple[list[Observation], Mapping[str, Any]]:
    seen: list[Observation] = []
    for _ in range(50):
        page = await ODOO.changed_since(cursor, remote)
        for document in page.documents:
            seen += ODOO.read(document, remote.settings).observations
        cursor = page.cursor
        if not page.more:
            return seen, cursor
    raise AssertionError("it asks on for ever")


def levels(seen: list[Observation]) -> dict[tuple[str, str], Decimal]:
    return {(one.item.key, one.store): one.quantity for one in seen if isinstance(one, StockSeen)}


async def test_first_all_that_is_stocked_then_what_moved(
    journey: FakeJourney, remote: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stock, "ARTICLES", 2)
    there = remote(stock=True)
    journey.move("LAMP-OAK", rivoli="12", lyon="3")
    seen, cursor = await told(None, there)
    first = levels(seen)
    assert first[LAMP.key, "1"] == 12
    assert first[LAMP.key, "2"] == 3
    assert len(first) == 12  # six articles in two warehouses; one article is not stocked
    _, cursor = await told(cursor, there)  # the overlap tells the newest move once more
    assert await told(cursor, there) == ([], cursor)
    journey.move("LAMP-OAK", rivoli="0", lyon="2.5")
    journey.move("LAMP-OAK", rivoli="-1")
    seen, cursor = await told(cursor, there)
    assert levels(seen) == {(LAMP.key, "1"): 0, (LAMP.key, "2"): Decimal("2.5")}
    assert await told(cursor, there) == ([], cursor)


async def test_only_the_warehouses_of_the_company(journey: FakeJourney, remote: Made) -> None:
    journey.database.table("stock.warehouse")[2]["company_id"] = [9, "Autre SAS"]
    seen, _ = await told(None, remote(stock=True, company_id=1))
    assert {store for _, store in levels(seen)} == {"1"}


async def test_asked_it_tells_what_is_free_and_nothing_of_what_it_does_not_count(
    journey: FakeJourney, remote: Made
) -> None:
    journey.move("LAMP-OAK", rivoli="12", lyon="-1")
    book = journey.database.find("product.product", default_code="BOOK-LIGHT")
    assert book is not None
    book["is_storable"] = False
    for there, stores in ((remote(stock=True), {"1": 12, "2": 0}), (_abroad(journey, remote), {})):
        told = await ODOO.stock([LAMP, BOOK], ["1", "2", "9", "lyon"], there)
        assert {one.store: one.quantity for one in told} == stores
        assert {one.key for one in told} <= {LAMP.key}


def _abroad(journey: FakeJourney, remote: Made) -> Remote:
    """A connection to a company that has no warehouse."""
    return remote(stock=True, company_id=journey.company["id"] + 1)


async def test_an_odoo_without_any_stock(journey: FakeJourney, remote: Made) -> None:
    for product in journey.database.table("product.product").values():
        product["is_storable"] = False
    assert (await told(None, remote(stock=True)))[0] == []


async def test_views_are_told_with_consent_and_a_known_customer(
    journey: FakeJourney, remote: Made
) -> None:
    there = remote(companion=True, browsing=True)
    journey.look_at("LAMP-OAK", journey.camille, agreed=True)
    journey.look_at("BOOK-LIGHT", journey.camille, agreed=False)
    journey.look_at("BOOK-LIGHT", None, agreed=True)
    seen, cursor = await told(None, there)
    (view,) = seen
    assert isinstance(view, Browsed)
    assert (view.item and view.item.key, view.consent) == (LAMP.key, {"analytics": True})
    assert view.customer is not None
    assert view.customer.external_id == str(journey.camille["id"])
    assert await told(cursor, there) == ([], cursor)
    page = await ODOO.changed_since(None, there)
    document = next(one for one in page.documents if one["model"] == "website.track")
    document["record"]["cartbridge_consent"] = False
    assert ODOO.read(document, there.settings).observations == ()


async def test_a_view_of_what_is_gone_is_left_out(journey: FakeJourney, remote: Made) -> None:
    journey.look_at("LAMP-OAK", journey.camille, agreed=True)
    del journey.database.table("res.partner")[journey.camille["id"]]
    assert (await told(None, remote(companion=True, browsing=True)))[0] == []
