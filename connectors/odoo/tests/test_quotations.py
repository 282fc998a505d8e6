"""A cart on offer as a quotation: made once, with a customer, settled by any till."""

from decimal import Decimal
from typing import Any

import pytest
from cartbridge_odoo import Odoo
from fake_odoo import BOOK, LAMP
from fake_odoo_website import FakeWebsite
from odoo_carts import LAMPS, Made, line, placement, sent

from cartbridge.sdk.contract import Placement, Write, WriteLine, Written
from cartbridge.sdk.documents import Item, TwinRef
from cartbridge.sdk.errors import Ignore, Refuse, Unknown
from cartbridge.sdk.observations import CartGone, CartOrdered, CartSeen

ODOO = Odoo()
OFFER = {"name": "crt_1", "claim": None, "terminal": None}
GUEST = {"mode": "quotation", "quotation_partner_id": 4}


def offer(*lines: Any) -> Placement:
    return placement(*(lines or (LAMPS,)), **OFFER)


async def test_it_is_on_offer_without_any_open_session(odoo: FakeWebsite, remote: Made) -> None:
    odoo.session["state"] = "closed"
    there = remote(**GUEST)
    assert ODOO.placing(there.settings) == "on_offer"
    reduced = line(BOOK, "3", 2, unit_price=1900, total=5130)
    odd = line(LAMP, "3", 3, unit_price=499000, total=1400000)
    placed = await ODOO.place(offer(reduced, odd), there)
    assert placed.kind == "draft_order"
    assert placed.snapshot.basket == {"sku:BOOK-LIGHT": 3, "sku:LAMP-OAK": 3}
    rows = odoo.database.lines("sale.order", odoo.database.table("sale.order")[1])
    said = [(row["price_unit"], row["discount"]) for row in rows]
    # A quotation keeps two decimals of a percentage: 6.48 would not be 14 000.
    assert said == [(Decimal("19"), Decimal("10")), (Decimal("4666.666667"), Decimal("0"))]
    assert [row.prices.total for row in placed.snapshot.lines] == [5130, 1400000]


async def test_offered_again_it_is_the_same_and_cancelled_another(
    odoo: FakeWebsite, remote: Made
) -> None:
    there = remote(**GUEST)
    first = await ODOO.place(offer(), there)
    assert (await ODOO.place(offer(), there)).external_id == first.external_id
    ref = TwinRef(connection="con_1", kind="draft_order", external_id=first.external_id)
    assert await ODOO.withdraw(ref, there)
    assert await ODOO.withdraw(ref, there)
    document = await ODOO.fetch(ref, there)
    assert document is not None
    assert [type(seen) for seen in ODOO.read(document, None).observations] == [CartGone]
    second = await ODOO.place(offer(), there)
    assert second.external_id != first.external_id
    assert len(sent(odoo, "load")) == 2


async def test_a_lost_answer_makes_no_second_one(odoo: FakeWebsite, remote: Made) -> None:
    odoo.lose_answer()
    with pytest.raises(Unknown):
        await ODOO.place(offer(), remote(**GUEST))
    await ODOO.place(offer(), remote(**GUEST))
    assert len(odoo.database.table("sale.order")) == 1


async def test_a_quotation_needs_a_customer(odoo: FakeWebsite, remote: Made) -> None:
    with pytest.raises(Ignore, match="quotation_partner_id"):
        await ODOO.place(offer(), remote(mode="quotation"))


async def test_what_odoo_does_not_import_is_for_an_operator(
    odoo: FakeWebsite, remote: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"ids": False, "messages": [{"message": "Camille is archived"}]}
    monkeypatch.setattr(odoo, "_sale_order_load", lambda ids, **named: told)
    with pytest.raises(Refuse) as caught:
        await ODOO.place(offer(), remote(**GUEST))
    assert "Camille" not in str(caught.value)


async def test_one_that_was_settled_is_bought_and_stays(odoo: FakeWebsite, remote: Made) -> None:
    there = remote(**GUEST)
    placed = await ODOO.place(offer(), there)
    order = odoo.database.table("sale.order")[int(placed.external_id)]
    for row in odoo.database.lines("sale.order", order):
        row["qty_delivered"] = row["product_uom_qty"]
    order["state"] = "sale"
    ref = TwinRef(connection="con_1", kind="draft_order", external_id=placed.external_id)
    assert await ODOO.withdraw(ref, there) is False
    document = await ODOO.fetch(ref, there)
    assert document is not None
    (seen,) = ODOO.read(document, None).observations
    assert isinstance(seen, CartOrdered)
    assert (seen.order_number, seen.fulfilled) == ("S00001", True)
    (lamps,) = seen.lines
    assert (lamps.key, lamps.total) == ("sku:LAMP-OAK", 9980)
    assert lamps.quantity == 2


async def test_a_change_of_the_cart_is_written_into_it(odoo: FakeWebsite, remote: Made) -> None:
    there = remote(**GUEST)
    placed = await ODOO.place(offer(), there)
    ref = TwinRef(connection="con_1", kind="draft_order", external_id=placed.external_id)
    rows = (
        WriteLine(key="sku:LAMP-OAK", item=LAMP, quantity=Decimal(1)),
        WriteLine(key="sku:B-1", item=Item(sku="B-1", gtin=BOOK.gtin, title="B"), quantity="2"),
        WriteLine(key="title:?", item=Item(title="?"), quantity=Decimal(1)),
    )
    write = Write(push_id="psh_1", ref=ref, lines=rows, codes=("NOEL",))
    result = await ODOO.push(write, there)
    assert isinstance(result, Written)
    assert result.snapshot.basket == {"sku:LAMP-OAK": 1, "sku:B-1": 2}
    assert [one.code for one in result.snapshot.refused_codes] == ["NOEL"]
    document = await ODOO.fetch(ref, there)
    assert document is not None
    (seen,) = ODOO.read(document, None).observations
    assert isinstance(seen, CartSeen)
    assert seen.snapshot.last_push == "psh_1"
    assert [one.key for one in seen.snapshot.refused] == ["title:?"]
