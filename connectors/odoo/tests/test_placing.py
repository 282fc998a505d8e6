"""A cart before the cashier: each line to the cent, nothing twice, nothing of a payment."""

import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from cartbridge_odoo import Odoo
from cartbridge_odoo.tickets import NAMESPACE
from fake_odoo import BOOK, CABLE, LAMP
from fake_odoo_website import FakeWebsite
from odoo_carts import LAMPS, Made, line, placement, sent

from cartbridge.sdk.documents import Customer, Discount, Item, TwinRef
from cartbridge.sdk.errors import Ignore, Refuse

ODOO = Odoo()


async def test_the_ids_are_those_the_till_add_on_waits_for(odoo: FakeWebsite, remote: Made) -> None:
    placed = await ODOO.place(placement(LAMPS), remote())
    order = uuid.UUID(placed.external_id)
    assert order == uuid.uuid5(uuid.UUID("9d4b0d2e-1f0a-5c55-8a53-6f9f6c2b7e10"), "clm_1")
    assert uuid.uuid5(NAMESPACE, "clm_1") == order
    (call,) = sent(odoo)
    (row,) = call["orders"][0]["lines"]
    assert row[2]["uuid"] == str(uuid.uuid5(order, "lin_1"))
    assert call["context"]["device_identifier"] == "cartbridge"


async def test_the_order_is_unpaid_and_found_by_its_label(odoo: FakeWebsite, remote: Made) -> None:
    await ODOO.place(placement(LAMPS), remote())
    (order,) = sent(odoo)[0]["orders"]
    assert order["floating_order_name"] == "WEB 7F3K"
    assert (order["state"], order["payment_ids"]) == ("draft", [])
    assert (order["amount_paid"], order["amount_return"]) == (0, 0)
    # The till reads these names out of it, and stands still without them.
    assert set(json.loads(order["last_order_preparation_change"])) >= {"lines", "metadata"}


@pytest.mark.parametrize(
    ("prices", "unit", "discount", "untaxed", "total"),
    [
        ({"unit_price": 4990, "total": 9980}, "49.9", "0", "83.17", "99.8"),
        # ten per cent, told as an amount
        ({"unit_price": 4990, "total": 8982}, "49.9", "10", "74.85", "89.82"),
        # seven euros off two lamps, for want of a product for reductions
        ({"unit_price": 4990, "total": 9279}, "49.9", "7.02", "77.32", "92.79"),
        # and off two chandeliers, where two decimals of a percentage are a euro
        ({"unit_price": 499000, "total": 997299}, "4990", "0.0702", "8310.82", "9972.99"),
        # a total alone
        ({"total": 9999}, "49.995", "0", "83.32", "99.99"),
        # more digits than the currency has
        (
            {"unit_price": 3399, "unit_price_exact": "33.9915", "total": 6798},
            *("33.9915", "0", "56.65", "67.98"),
        ),
        # dearer than its unit price: gift wrapping, say
        ({"unit_price": 4990, "total": 10480}, "52.4", "0", "87.33", "104.8"),
    ],
)
async def test_a_line_says_its_total_to_the_cent(
    odoo: FakeWebsite,
    remote: Made,
    prices: dict[str, Any],
    unit: str,
    discount: str,
    untaxed: str,
    total: str,
) -> None:
    placed = await ODOO.place(placement(line(LAMP, "2", **prices)), remote())
    (order,) = sent(odoo)[0]["orders"]
    (row,) = (command[2] for command in order["lines"])
    said = {name: Decimal(str(row[name])) for name in ("price_unit", "discount")}
    assert said == {"price_unit": Decimal(unit), "discount": Decimal(discount)}
    assert Decimal(str(row["price_subtotal"])) == Decimal(untaxed)
    assert Decimal(str(row["price_subtotal_incl"])) == Decimal(total)
    assert Decimal(str(order["amount_total"])) == Decimal(total)
    assert row["price_type"] == ("automatic" if unit == "49.9" else "manual")
    (shown,) = placed.snapshot.lines
    assert shown.prices.total == prices["total"]


async def test_prices_before_tax_get_their_tax(odoo: FakeWebsite, remote: Made) -> None:
    lamp = line(LAMP, "2", unit_price=4158, unit_price_exact="41.583333", total=8317)
    await ODOO.place(placement(lamp, tax_mode="exclusive"), remote())
    (order,) = sent(odoo)[0]["orders"]
    row = order["lines"][0][2]
    assert Decimal(str(row["price_subtotal"])) == Decimal("83.17")
    assert Decimal(str(row["price_subtotal_incl"])) == Decimal("99.8")
    assert Decimal(str(order["amount_tax"])) == Decimal("16.63")


async def test_an_article_taxed_on_top_is_sold_for_the_same(
    odoo: FakeWebsite, remote: Made
) -> None:
    odoo.full["price_include"] = False
    await ODOO.place(placement(LAMPS), remote())
    row = sent(odoo)[0]["orders"][0]["lines"][0][2]
    assert Decimal(str(row["price_unit"])) == Decimal("41.583333")
    assert Decimal(str(row["price_subtotal_incl"])) == Decimal("99.8")


async def test_fixed_reductions_are_one_row_for_each_tax(odoo: FakeWebsite, remote: Made) -> None:
    off = odoo.database.find("product.product", default_code="OFF")
    assert off is not None
    lamps = line(
        LAMP, "2", unit_price=4990, total=9279, discounts=(Discount(code="NOEL", amount=701),)
    )
    book = line(BOOK, "1", 2, unit_price=1900, total=1801)
    vase = line(CABLE, "30", 3, unit_price=390, total=11599)
    cart = placement(lamps, book, vase)
    placed = await ODOO.place(cart, remote(discount_product_id=off["id"]))
    (order,) = sent(odoo)[0]["orders"]
    rows = [command[2] for command in order["lines"]]
    assert [Decimal(str(row["discount"])) for row in rows[:3]] == [0, Decimal("5.2"), 0]
    (reduction,) = rows[3:]
    assert Decimal(str(reduction["price_unit"])) == Decimal("-8.02")  # 7.01 and 1.01, both 20 %
    assert reduction["tax_ids"] == rows[0]["tax_ids"]
    assert reduction["price_type"] == "automatic"
    assert Decimal(str(order["amount_total"])) == Decimal("226.79")
    assert sum(row.prices.total or 0 for row in placed.snapshot.lines) == 22679


async def test_the_tills_own_prices_are_asked_where_the_store_wants_them(
    odoo: FakeWebsite, remote: Made
) -> None:
    placed = await ODOO.place(placement(line(LAMP, "2")), remote())
    (row,) = placed.snapshot.lines
    assert (row.prices.unit_price, row.prices.total) == (4990, 9980)
    assert sent(odoo)[0]["orders"][0]["lines"][0][2]["price_type"] == "original"


async def test_an_article_nobody_told_a_price_of_has_the_tills(
    odoo: FakeWebsite, remote: Made
) -> None:
    placed = await ODOO.place(placement(line(CABLE, "1.25")), remote())
    (row,) = placed.snapshot.lines
    assert row.unit == "MTR"
    assert row.prices.total == 488


async def test_what_odoo_does_not_know_is_refused_by_name(odoo: FakeWebsite, remote: Made) -> None:
    gift = line(Item(title="Carte cadeau"), number=2, total=5000)
    placed = await ODOO.place(placement(LAMPS, gift, codes=("NOEL",)), remote())
    assert placed.snapshot.basket == {"sku:LAMP-OAK": 2}
    (refused,) = placed.snapshot.refused
    assert refused.key == "title:Carte cadeau"
    assert refused.accepted == 0
    assert [one.code for one in placed.snapshot.refused_codes] == ["NOEL"]


async def test_or_stands_on_the_ticket_under_its_own_name(odoo: FakeWebsite, remote: Made) -> None:
    unknown = odoo.database.find("product.product", default_code="ANY")
    assert unknown is not None
    wrapped = Item(sku="GIFT-50", title="Carte cadeau")
    gift = line(wrapped, total=5000).model_copy(update={"note": "pour Léa"})
    placed = await ODOO.place(placement(gift), remote(unknown_product_id=unknown["id"]))
    row = sent(odoo)[0]["orders"][0]["lines"][0][2]
    assert row["full_product_name"] == "Carte cadeau"
    assert row["customer_note"] == "Réf. GIFT-50 · Carte cadeau\npour Léa"
    assert row["price_type"] == "automatic"  # the stand-in's own price is nobody's old one
    # The till puts the product's own name back: the note says what it is, also after the sale.
    (shown,) = placed.snapshot.lines
    assert (shown.key, shown.note, shown.item.resolved) == ("sku:GIFT-50", "pour Léa", False)
    assert placed.snapshot.refused == ()


async def test_an_article_called_otherwise_there_keeps_our_key(
    odoo: FakeWebsite, remote: Made
) -> None:
    ours = Item(sku="LAMPE-40", gtin=LAMP.gtin, title="Lampe")
    placed = await ODOO.place(placement(line(ours, "1", total=4990), locale="en-GB"), remote())
    assert placed.snapshot.basket == {"sku:LAMPE-40": 1}
    row = sent(odoo)[0]["orders"][0]["lines"][0][2]
    assert row["customer_note"] == "Ref. LAMPE-40 · Lampe"
    assert row["product_id"] == placed_product(odoo, "LAMP-OAK")


def placed_product(odoo: FakeWebsite, code: str) -> Any:
    product = odoo.database.find("product.product", default_code=code)
    assert product is not None
    return product["id"]


async def test_two_articles_of_one_reference_are_told_apart_by_bar_code_or_not_at_all(
    odoo: FakeWebsite, remote: Made
) -> None:
    lamp = odoo.database.table("product.product")[placed_product(odoo, "LAMP-OAK")]
    double = {**lamp, "barcode": "3760123459999"}
    del double["id"]
    odoo.database.add("product.product", **double)
    found = await ODOO.place(placement(LAMPS), remote())
    assert found.snapshot.basket == {"sku:LAMP-OAK": 2}
    bare = line(Item(sku="LAMP-OAK", title="Lampe"), total=4990)
    book = line(BOOK, number=2, total=1900)
    placed = await ODOO.place(placement(bare, book, name="clm_2"), remote())
    assert [one.key for one in placed.snapshot.refused] == ["sku:LAMP-OAK"]


async def test_a_tax_that_is_no_percentage_cannot_be_computed(
    odoo: FakeWebsite, remote: Made
) -> None:
    odoo.reduced["amount_type"] = "fixed"
    cart = placement(LAMPS, line(BOOK, number=2, total=1900))
    placed = await ODOO.place(cart, remote())
    assert [(one.key, one.reason) for one in placed.snapshot.refused] == [
        ("sku:BOOK-LIGHT", "tax_not_in_percent")
    ]


async def test_the_customer_is_found_or_left_out_never_made(
    odoo: FakeWebsite, remote: Made
) -> None:
    camille = odoo.database.add(
        *("res.partner",),
        name="Camille",
        email="Camille@Example.test",
        phone=False,
        vat=False,
        email_normalized="camille@example.test",
        barcode="042",
        is_company=False,
    )
    known = Customer(email=" Camille@example.TEST")
    placed = await ODOO.place(placement(LAMPS, customer=known), remote())
    assert placed.snapshot.customer is not None
    assert placed.snapshot.customer.external_id == str(camille["id"])
    by_card = Customer(loyalty_number="042", email="other@example.test")
    await ODOO.place(placement(LAMPS, name="clm_2", customer=by_card), remote())
    stranger = Customer(email="lea@example.test")
    await ODOO.place(placement(LAMPS, name="clm_3", customer=stranger), remote())
    partners = [call["orders"][0]["partner_id"] for call in sent(odoo)]
    assert partners == [camille["id"], camille["id"], False]


async def test_the_same_placement_shows_what_the_cashier_made_of_it(
    odoo: FakeWebsite, remote: Made
) -> None:
    placed = await ODOO.place(placement(LAMPS), remote())
    odoo_line = odoo.database.lines("pos.order", odoo._order(placed.external_id))[0]
    odoo_line["qty"] = Decimal(3)
    again = await ODOO.place(placement(LAMPS), remote())
    assert again.snapshot.basket == {"sku:LAMP-OAK": 3}
    assert len(sent(odoo)) == 1


@pytest.mark.parametrize("terminal", ["7", "caisse 1", None])
async def test_a_till_that_is_none_of_this_odoos_is_said_so(
    odoo: FakeWebsite, remote: Made, terminal: str | None
) -> None:
    with pytest.raises(Ignore, match=r"pos\.config"):
        await ODOO.place(placement(LAMPS, terminal=terminal), remote(config_ids=[1, 2]))


async def test_a_till_without_a_session_is_said_so(odoo: FakeWebsite, remote: Made) -> None:
    odoo.session["state"] = "closed"
    with pytest.raises(Ignore, match="no session is open"):
        await ODOO.place(placement(LAMPS), remote())
    assert sent(odoo) == []


async def test_a_cart_in_another_money_or_of_unknown_articles_is_not_placed(
    odoo: FakeWebsite, remote: Made
) -> None:
    with pytest.raises(Ignore, match="EUR"):
        await ODOO.place(placement(LAMPS, currency="CHF"), remote())
    with pytest.raises(Ignore, match="none of these articles"):
        await ODOO.place(placement(line(Item(title="?"), total=1)), remote())


async def test_an_order_taken_off_the_till_does_not_come_back(
    odoo: FakeWebsite, remote: Made
) -> None:
    placed = await ODOO.place(placement(LAMPS), remote())
    ref = TwinRef(connection="con_1", kind="till_order", external_id=placed.external_id)
    assert await ODOO.withdraw(ref, remote())
    with pytest.raises(Ignore, match="cannot come back"):
        await ODOO.place(placement(LAMPS), remote())


async def test_an_odoo_that_reckons_otherwise_is_found_out(
    odoo: FakeWebsite, remote: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = odoo._synced

    def dearer(order: dict[str, Any]) -> dict[str, Any]:
        made = synced(order)
        if made["lines"]:
            made["amount_total"] = Decimal(made["amount_total"]) + 1
        return made

    monkeypatch.setattr(odoo, "_synced", dearer)
    with pytest.raises(Refuse, match="changed the prices"):
        await ODOO.place(placement(LAMPS), remote())
    assert odoo.placed() == []


async def test_lines_go_before_the_order_is_cancelled(odoo: FakeWebsite, remote: Made) -> None:
    placed = await ODOO.place(placement(LAMPS), remote())
    (number,) = odoo._order(placed.external_id)["lines"]
    ref = TwinRef(connection="con_1", kind="till_order", external_id=placed.external_id)
    assert await ODOO.withdraw(ref, remote())
    assert sent(odoo)[-1]["orders"][0]["lines"] == [[2, number, 0]]
    paths = [call.url.path for call in odoo.requests if odoo.is_write(call)]
    assert paths[-1].endswith("action_pos_order_cancel")
    assert odoo._order(placed.external_id)["state"] == "cancel"
