"""Wish lists: one for each customer, read whole, written row by row, never emptied in vain."""

from typing import Any

import pytest
from cartbridge_odoo import Odoo
from fake_odoo import BOOK, LAMP
from fake_odoo_journey import FakeJourney
from odoo_carts import Made, sent

from cartbridge.sdk.contract import Remote, Write, WriteLine, Written
from cartbridge.sdk.documents import Item, TwinRef
from cartbridge.sdk.errors import Ignore, Refuse
from cartbridge.sdk.observations import WishlistSeen

ODOO = Odoo()


def ref(odoo: FakeJourney) -> TwinRef:
    return TwinRef(connection="con_1", kind="wishlist", external_id=str(odoo.camille["id"]))


def row(item: Item, quantity: str) -> WriteLine:
    return WriteLine(key=item.key, item=item, quantity=quantity)


async def pushed(odoo: FakeJourney, remote: Remote, *rows: WriteLine, **more: Any) -> Written:
    write = Write(push_id="psh_1", ref=ref(odoo), lines=rows, **more)
    result = await ODOO.push(write, remote)
    assert isinstance(result, Written)
    return result


async def test_a_list_is_told_whole_and_never_a_guests(
    journey: FakeJourney, all_apps: Remote
) -> None:
    journey.wish("LAMP-OAK", journey.camille)
    journey.wish("CUSHION", journey.staff)
    journey.wish("BOOK-LIGHT")
    changed = await ODOO.changed_since(None, all_apps)
    read = [ODOO.read(one, all_apps.settings).observations for one in changed.documents]
    lists = {told[0].external_id: told[0] for told in read if isinstance(told[0], WishlistSeen)}
    assert set(lists) == {str(journey.camille["id"]), str(journey.staff["id"])}
    mine = lists[str(journey.camille["id"])]
    assert mine.snapshot.basket == {LAMP.key: 1}
    assert mine.snapshot.customer is not None
    assert mine.snapshot.customer.email == "camille@example.test"
    again = await ODOO.changed_since(changed.cursor, all_apps)
    assert (again.documents, again.cursor) == ([], changed.cursor)


async def test_rows_come_and_go_and_a_repeat_changes_nothing(
    journey: FakeJourney, all_apps: Remote
) -> None:
    journey.wish("LAMP-OAK", journey.camille)
    other = Item(sku="MINE", gtin=BOOK.gtin, title="Le Livre")
    rows = (row(LAMP, "0"), row(BOOK, "2"), row(other, "1"))
    for _ in range(2):
        shown = (await pushed(journey, all_apps, *rows)).snapshot
        assert shown.basket == {BOOK.key: 1}
        assert shown.last_push == "psh_1"
        # A row keeps no note: what we call otherwise would come back as another article.
        told = {one.key: (int(one.accepted), one.reason) for one in shown.refused}
        assert told == {BOOK.key: (1, "no_quantity"), other.key: (0, "unknown_item")}
    assert len(sent(journey, "create")) == len(sent(journey, "unlink")) == 1


async def test_a_closed_list_stays_as_it_is_there(journey: FakeJourney, all_apps: Remote) -> None:
    journey.wish("LAMP-OAK", journey.camille)
    shown = (await pushed(journey, all_apps, row(LAMP, "0"), archived=True)).snapshot
    assert shown.basket == {LAMP.key: 1}


async def test_a_row_goes_to_the_website_of_the_others_or_to_the_companys(
    journey: FakeJourney, all_apps: Remote, remote: Made
) -> None:
    await pushed(journey, remote(wishlists=True, company_id=1), row(LAMP, "1"))
    await pushed(journey, all_apps, row(BOOK, "1"))
    rows = journey.database.table("product.wishlist").values()
    assert {one["website_id"][0] for one in rows} == {1}
    for one in [one["id"] for one in rows]:
        del journey.database.table("product.wishlist")[one]
    journey.database.table("website").clear()
    with pytest.raises(Refuse, match="no website"):
        await pushed(journey, all_apps, row(LAMP, "1"))


async def test_an_empty_list_is_told_if_others_can_be_seen(
    journey: FakeJourney, all_apps: Remote, remote: Made
) -> None:
    document = await ODOO.fetch(ref(journey), all_apps)
    assert document is not None
    (told,) = ODOO.read(document, all_apps.settings).observations
    assert isinstance(told, WishlistSeen)
    assert told.snapshot.basket == {}
    journey.may_see_wishes = False
    with pytest.raises(Refuse, match="Sales: Administrator"):
        await ODOO.fetch(ref(journey), all_apps)
    assert await ODOO.fetch(ref(journey), remote()) is None


async def test_a_customer_who_is_gone_has_no_list(journey: FakeJourney, all_apps: Remote) -> None:
    del journey.database.table("res.partner")[journey.camille["id"]]
    assert await ODOO.fetch(ref(journey), all_apps) is None
    with pytest.raises(Ignore):
        await pushed(journey, all_apps, row(LAMP, "1"))


async def test_an_article_that_is_gone_is_reported(journey: FakeJourney, all_apps: Remote) -> None:
    wished = journey.wish("LAMP-OAK", journey.camille)
    del journey.database.table("product.product")[wished["product_id"][0]]
    document = await ODOO.fetch(ref(journey), all_apps)
    assert document is not None
    read = ODOO.read(document, all_apps.settings)
    assert [lost.field for lost in read.report] == ["rows[0]", "partner.name"]
