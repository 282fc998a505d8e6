"""Writing without the add-on: only what differs, absolutely, and read again after it."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx
import pytest
from cartbridge_odoo import Odoo
from fake_odoo import BOOK, BULB, CABLE, LAMP
from fake_odoo_website import FakeWebsite
from odoo_carts import LAMPS, Made, placement, sent

from cartbridge.sdk.contract import Remote, Write, WriteLine, Written
from cartbridge.sdk.documents import Item, Snapshot, TwinRef
from cartbridge.sdk.errors import Refuse, Retry, Unknown
from cartbridge.sdk.observations import CartGone, CartSeen

ODOO = Odoo()
CUSHION = Item(sku="CUSHION", title="Coussin")


def write(ref: TwinRef, wanted: Mapping[str, tuple[Item, str]], **more: Any) -> Write:
    rows = tuple(
        WriteLine(key=key, item=item, quantity=Decimal(amount))
        for key, (item, amount) in wanted.items()
    )
    return Write(push_id="psh_1", ref=ref, lines=rows, **more)


def order_on(odoo: FakeWebsite) -> TwinRef:
    """An order that a cashier began: two bulbs and a cushion."""
    name = super(FakeWebsite, odoo).new_cart()
    return TwinRef(connection="con_1", kind="till_order", external_id=name)


async def seen(ref: TwinRef, remote: Remote) -> Snapshot:
    document = await ODOO.fetch(ref, remote)
    assert document is not None
    (shown,) = ODOO.read(document, remote.settings).observations
    assert isinstance(shown, CartSeen)
    return shown.snapshot


async def test_an_order_begun_at_a_till_gains_and_loses_to_the_cent(
    odoo: FakeWebsite, remote: Made
) -> None:
    there = remote()
    ref = order_on(odoo)
    wanted = {
        "sku:BULB-E27": (BULB, "3"),
        "sku:CUSHION": (CUSHION, "0"),
        "sku:CABLE-TX": (CABLE, "1.25"),
        "sku:B-1": (Item(sku="B-1", gtin=BOOK.gtin, title="Livre"), "1"),
    }
    result = await ODOO.push(write(ref, wanted), there)
    assert isinstance(result, Written)
    assert result.snapshot.basket == {
        "sku:BULB-E27": 3,
        "sku:CABLE-TX": Decimal("1.25"),
        "sku:B-1": 1,
    }
    totals = {row.key: row.prices.total for row in result.snapshot.lines}
    assert totals == {"sku:BULB-E27": 2070, "sku:CABLE-TX": 488, "sku:B-1": 1900}
    (order,) = sent(odoo)[0]["orders"]
    assert Decimal(str(order["amount_total"])) == Decimal("44.58")
    assert [command[0] for command in order["lines"]] == [1, 2, 0, 0]
    assert order["payment_ids"] == []


async def test_the_same_write_again_makes_no_second_row(odoo: FakeWebsite, remote: Made) -> None:
    there = remote()
    ref = order_on(odoo)
    wanted = {"sku:LAMP-OAK": (LAMP, "1")}
    for _ in range(2):
        result = await ODOO.push(write(ref, wanted), there)
        assert result.snapshot.basket["sku:LAMP-OAK"] == 1
    assert len(odoo.database.lines("pos.order", odoo._order(ref.external_id))) == 3


async def test_an_order_that_is_emptied_leaves_the_till(odoo: FakeWebsite, remote: Made) -> None:
    there = remote()
    ref = order_on(odoo)
    nothing = {"sku:BULB-E27": (BULB, "0"), "sku:CUSHION": (CUSHION, "0")}
    result = await ODOO.push(write(ref, nothing), there)
    assert result.snapshot.basket == {}
    document = await ODOO.fetch(ref, there)
    assert document is not None
    assert isinstance(ODOO.read(document, None).observations[0], CartGone)


async def test_what_a_kitchen_keeps_in_an_order_is_left_as_it_is(
    odoo: FakeWebsite, remote: Made
) -> None:
    there = remote()
    ref = order_on(odoo)
    kept = json.dumps({"lines": {"a": 1}, "metadata": {"serverDate": "2026-11-22 08:00:00"}})
    odoo._order(ref.external_id)["last_order_preparation_change"] = kept
    await ODOO.push(write(ref, {"sku:LAMP-OAK": (LAMP, "1")}), there)
    assert odoo._order(ref.external_id)["last_order_preparation_change"] == kept


async def test_a_product_with_a_strange_tax_is_refused(odoo: FakeWebsite, remote: Made) -> None:
    there = remote()
    ref = order_on(odoo)
    odoo.reduced["amount_type"] = "fixed"
    result = await ODOO.push(write(ref, {"sku:BOOK-LIGHT": (BOOK, "1")}), there)
    assert [one.reason for one in result.snapshot.refused] == ["tax_not_in_percent"]
    assert [one.key for one in (await seen(ref, there)).refused] == ["sku:BOOK-LIGHT"]


async def test_what_only_she_changed_is_hers(odoo: FakeWebsite, remote: Made) -> None:
    there = remote()
    ref = TwinRef(connection="con_1", external_id=odoo.new_cart())
    before = await seen(ref, there)
    odoo.edit(ref.external_id)  # one bulb more
    rows = [
        WriteLine(key=row.key, item=row.item, quantity=row.quantity, changed=False)
        for row in before.lines
    ]
    rows.append(WriteLine(key="sku:LAMP-OAK", item=LAMP, quantity=Decimal(1)))
    result = await ODOO.push(Write(push_id="psh_1", ref=ref, lines=tuple(rows)), there)
    assert result.snapshot.basket == {"sku:BULB-E27": 3, "sku:CUSHION": 1, "sku:LAMP-OAK": 1}


async def test_two_rows_of_one_article_share_it(odoo: FakeWebsite, remote: Made) -> None:
    there = remote()
    ref = TwinRef(connection="con_1", external_id=odoo.new_cart())
    cart = odoo.database.table("sale.order")[int(ref.external_id)]
    (bulbs, _) = odoo.database.lines("sale.order", cart)
    second = {key: value for key, value in bulbs.items() if key != "id"}
    odoo.database.add("sale.order.line", **{**second, "price_unit": Decimal("5.90")})
    for amount, rows in (("5", ["3", "2"]), ("3", ["3"]), ("1", ["1"])):
        await ODOO.push(write(ref, {"sku:BULB-E27": (BULB, amount)}), there)
        lines = odoo.database.lines("sale.order", cart)
        amounts = [x["product_uom_qty"] for x in lines if x["product_id"] == bulbs["product_id"]]
        assert amounts == [Decimal(text) for text in rows]


async def test_a_write_whose_answer_is_lost_is_looked_for(odoo: FakeWebsite, remote: Made) -> None:
    there = remote()
    ref = TwinRef(connection="con_1", external_id=odoo.new_cart())
    odoo.lose_answer()
    result = await ODOO.push(write(ref, {"sku:LAMP-OAK": (LAMP, "1")}), there)
    assert result.snapshot.basket["sku:LAMP-OAK"] == 1
    assert (await seen(ref, there)).last_push == "psh_1"


def answering(odoo: FakeWebsite, status: int, told: dict[str, str]) -> Any:
    """The small Odoo, but for one call: writing a sales order fails so, and changes nothing."""
    respond = odoo.respond

    def answered(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/sale.order/write"):
            return httpx.Response(status, json=told)
        return respond(request)

    return answered


async def test_one_that_did_not_happen_is_made_again(
    odoo: FakeWebsite, remote: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = remote()
    ref = TwinRef(connection="con_1", external_id=odoo.new_cart())
    told = {"name": "builtins.KeyError", "message": "x"}
    monkeypatch.setattr(odoo, "respond", answering(odoo, 500, told))
    with pytest.raises(Retry):
        await ODOO.push(write(ref, {"sku:LAMP-OAK": (LAMP, "1")}), there)


async def test_an_order_that_was_sold_is_to_be_read(odoo: FakeWebsite, remote: Made) -> None:
    there = remote()
    placed = await ODOO.place(placement(LAMPS), there)
    odoo.sell(placed.external_id)
    ref = TwinRef(connection="con_1", kind="till_order", external_id=placed.external_id)
    with pytest.raises(Unknown, match="read it"):
        await ODOO.push(write(ref, {"sku:LAMP-OAK": (LAMP, "1")}), there)


async def test_without_the_right_to_write_an_operator_is_told(
    odoo: FakeWebsite, remote: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = remote()
    ref = TwinRef(connection="con_1", external_id=odoo.new_cart())
    told = {"name": "odoo.exceptions.AccessError", "message": "Camille may not"}
    monkeypatch.setattr(odoo, "respond", answering(odoo, 403, told))
    with pytest.raises(Refuse, match="Sales: User, All Documents"):
        await ODOO.push(write(ref, {"sku:LAMP-OAK": (LAMP, "1")}), there)
