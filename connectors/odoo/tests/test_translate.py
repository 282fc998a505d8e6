"""What hooks name and what orders say, field by field and to the cent, as Odoo recorded them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cartbridge_odoo import Odoo
from cartbridge_odoo.settings import Settings
from fake_odoo import KEY
from odoo_carts import SECRET

from cartbridge.sdk import payload
from cartbridge.sdk.contract import Raw
from cartbridge.sdk.documents import Item, Line, Quantity, Snapshot
from cartbridge.sdk.errors import Forged, Unreadable
from cartbridge.sdk.observations import CartGone, CartSeen, Read
from cartbridge.testing.suite import NOW

PAYLOADS = Path(__file__).parent / "payloads"
ODOO = Odoo()
CONNECTION = {
    "base_url": "https://odoo.example/",
    "database": "shop",
    "api_key": KEY,
    "path_secrets": [SECRET],
}
SETTINGS = Settings.model_validate(CONNECTION)
HOOK = "https://gateway.example/v1/hooks/hk"


def document(name: str) -> dict[str, Any]:
    read = payload.loads((PAYLOADS / "documents" / f"{name}.json").read_bytes())
    said: dict[str, Any] = read["document"]
    return said


def hook(name: str, **more: Any) -> Raw:
    """A recorded hook, with some of its fields told otherwise; None leaves one out."""
    body = {**json.loads((PAYLOADS / f"{name}.json").read_text())["body"], **more}
    kept = {field: value for field, value in body.items() if value is not None}
    return Raw("POST", f"{HOOK}/{SECRET}", {}, json.dumps(kept).encode())


def snapshot(said: Mapping[str, Any]) -> Snapshot:
    (seen,) = ODOO.read(said, SETTINGS).observations
    assert isinstance(seen, CartSeen)
    return seen.snapshot


def lost(read: Read) -> list[tuple[str, str]]:
    return [(one.field, one.what) for one in read.report]


@pytest.mark.parametrize("url", ["", f"{HOOK}/", f"{HOOK}/{SECRET[:-1]}", f"{HOOK}/{SECRET}x"])
def test_without_its_secret_address_nothing_is_believed(url: str) -> None:
    with pytest.raises(Forged) as caught:
        ODOO.verify(Raw("POST", url, {}, b"{}"), SETTINGS, NOW)
    assert SECRET not in str(caught.value)


def test_what_a_proxy_adds_to_the_address_is_passed_over() -> None:
    ODOO.verify(Raw("POST", f"{HOOK}/{SECRET}?via=proxy", {}, b"{}"), SETTINGS, NOW)


def test_a_save_that_comes_twice_is_one_mention_and_each_state_another() -> None:
    names = ["till.draft", "till.draft", "till.paid", "till.cancelled"]
    keys = [ODOO.identify(hook(name), SETTINGS)[0].dedup for name in names]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    assert all(isinstance(key, str) and key.startswith("pos.order/") for key in keys)


@pytest.mark.parametrize(
    ("name", "more", "named"),
    [
        ("till.draft", {"config_id": 2}, []),
        ("till.draft", {"config_id": None}, ["till_order"]),
        ("till.draft", {"_model": "stock.quant"}, []),
        ("quotation.theirs", {}, []),
        ("quotation.theirs", {"origin": None}, ["draft_order"]),  # the rule does not send it
        ("quotation.ours", {"website_id": 1}, ["cart"]),
    ],
)
def test_only_what_concerns_us_is_read_back(
    name: str, more: dict[str, Any], named: list[str]
) -> None:
    settings = Settings.model_validate({**CONNECTION, "config_ids": [1]})
    assert [one.kind for one in ODOO.identify(hook(name, **more), settings)] == named


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("uuid", None),
        ("uuid", "two words"),
        ("uuid", False),
        ("state", 7),
        ("id", True),
        ("id", -1),
        ("write_date", None),
        ("write_date", "yesterday afternoon"),
        ("config_id", "one"),
    ],
)
def test_a_hostile_field_of_a_hook_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(Unreadable, match=rf"^{field}\b.*: "):
        ODOO.identify(hook("till.draft", **{field: value}), SETTINGS)


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("record", "state", None),
        ("record", "amount_total", "12.00"),
        ("record", "write_date", "2026-11-21T20:13:19Z"),
        ("record", "currency_id", False),
        ("record", "uuid", "\u0000"),
        ("lines[0]", "quantity", True),
        ("lines[0]", "price_unit", 10**9),
        ("lines[0]", "taxes", "20 %"),
        ("products[0]", "name", ["Veste"]),
        ("taxes[0]", "amount", "20"),
        ("partner", "email", 7),
    ],
)
def test_a_hostile_field_of_an_order_is_refused_by_name(part: str, field: str, value: Any) -> None:
    said = document("till.draft")
    inner = said[part.removesuffix("[0]")]
    (inner[0] if isinstance(inner, list) else inner)[field] = value
    with pytest.raises(Unreadable) as caught:
        ODOO.read(said, SETTINGS)
    assert str(caught.value).startswith(f"{part}.{field}")
    assert "camille@" not in repr(caught.value) + repr(caught.value.__cause__)


def test_possible_numbers_whose_product_is_not_are_refused() -> None:
    said = document("till.draft")
    said["lines"][0] |= {"quantity": 10**8, "price_unit": 10**8, "total": 10**8}
    with pytest.raises(Unreadable, match="out of any shop's range"):
        ODOO.read(said, SETTINGS)


def test_an_order_rounded_as_a_whole_still_adds_up() -> None:
    said = document("quotation.rounded")
    assert sum(line["total"] for line in said["lines"]) > said["record"]["amount_total"]
    seen = snapshot(said)
    assert [row.prices.total for row in seen.lines] == [3999, 11691, 7350, 1380, 2240]
    assert sum(row.prices.total or 0 for row in seen.lines) == 26660


def test_a_cent_that_is_left_over_goes_to_the_dearest_line() -> None:
    said = document("website.cart")
    said["record"]["amount_total"] = payload.loads(b'{"a": 209.87}')["a"]
    read = ODOO.read(said, SETTINGS)
    assert [row.prices.total for row in snapshot(said).lines] == [12989, 7998]
    assert ("lines[0].total", "rounded") in lost(read)
    said["record"]["amount_total"] = 150
    assert ("amount_total", "unresolved") in lost(ODOO.read(said, SETTINGS))


def test_taxes_on_top_are_added_once() -> None:
    said = document("website.cart")
    for tax in said["taxes"]:
        tax["price_include"] = False
    for line in said["lines"]:
        line["price_unit"] = line["untaxed"] / line["quantity"]
    seen = snapshot(said)
    assert seen.tax_mode == "inclusive"
    assert [row.prices.total for row in seen.lines] == [12990, 7998]
    prices = seen.lines[1].prices
    assert (prices.unit_price, prices.unit_price_exact) == (3999, None)


def test_a_delivery_is_shipping_and_a_deposit_a_payment() -> None:
    said = document("website.cart")
    said["lines"][1]["is_delivery"] = True
    assert snapshot(said).shipping == 7998
    assert set(snapshot(said).basket) == {"sku:VESTE-01"}
    said["lines"][1] |= {"is_delivery": False, "is_downpayment": True}
    assert snapshot(said).has_payment
    said["lines"][1]["is_downpayment"] = False
    said["record"]["amount_paid"] = 10
    assert snapshot(said).has_payment


def test_what_is_no_article_is_told() -> None:
    said = document("website.cart")
    said["lines"][0]["quantity"] = -1
    said["lines"][1]["price_unit"] = -500
    said["lines"][1]["total"] = -1000
    read = ODOO.read(said, SETTINGS)
    assert lost(read) == [("lines[0]", "dropped"), ("lines[1]", "dropped")]


def test_an_article_without_numbers_is_known_by_its_name() -> None:
    said = document("website.cart")
    said["products"][0] |= {"default_code": False, "barcode": False}
    said["products"][1]["default_code"] = "x" * 101
    read = ODOO.read(said, SETTINGS)
    keys = [row.key for row in snapshot(said).lines]
    assert keys == ["title:Veste laine", "title:Echarpe"]
    assert ("lines[0].product", "unresolved") in lost(read)
    assert ("lines[1].product.default_code", "dropped") in lost(read)


def test_a_unit_or_a_tax_of_another_kind_is_told() -> None:
    said = document("website.cart")
    said["products"][0]["uom_id"] = [5, "Palette"]
    said["taxes"][0]["amount_type"] = "fixed"
    report = lost(ODOO.read(said, SETTINGS))
    assert ("lines[0].unit", "defaulted") in report
    assert ("lines[0].taxes", "dropped") in report


def test_a_company_is_no_last_name() -> None:
    said = document("till.draft")
    said["partner"] |= {"is_company": True, "vat": "FR83404833048"}
    customer = snapshot(said).customer
    assert customer is not None
    assert customer.company is not None
    assert (customer.company.vat_number, customer.last_name) == ("FR83404833048", None)


def test_our_own_order_without_lines_is_on_its_way_off_the_till() -> None:
    said = document("till.metre")
    said["lines"] = ()
    (gone,) = ODOO.read({**said, "lines": []}, SETTINGS).observations
    assert isinstance(gone, CartGone)
    begun = document("till.draft")
    begun["record"]["amount_total"] = 0
    assert snapshot({**begun, "lines": []}).basket == {}


def test_a_quotation_that_a_cashier_settles_with_our_order_is_told_with_that_one() -> None:
    said = document("till.metre")
    said["lines"][0]["sale_order"] = [7, "S00007"]
    read = ODOO.read(said, SETTINGS)
    assert lost(read) == [("lines[0]", "dropped")]
    assert set(snapshot(said).basket) == {"sku:LAMP-OAK"}
    theirs = document("till.draft")
    theirs["lines"][0]["sale_order"] = [7, "S00007"]
    assert ODOO.read(theirs, SETTINGS).observations == ()


def test_what_stands_where_our_trace_would_be_is_no_trace() -> None:
    said = document("quotation.rounded")
    for text in ("PO-2026-11", "cartbridge:crt_1", False):
        said["record"]["client_order_ref"] = text
        assert snapshot(said).last_push is None
    ticket = document("till.metre")
    for text in ('{"cartbridge": 1}', "{", '{"cartbridge": {"push": 7, "refused": "x"}}'):
        ticket["record"]["last_order_preparation_change"] = text
        assert (snapshot(ticket).last_push, snapshot(ticket).refused) == (None, ())
    add_on = document("website.cart.add_on")
    add_on["record"]["cartbridge_refused"] = '{"a": 1}'
    with pytest.raises(Unreadable, match="cartbridge_refused"):
        ODOO.read(add_on, SETTINGS)


@pytest.mark.parametrize(
    ("item", "kind", "key"),
    [
        (Item(sku="A", gtin="3700123456780", title="A"), "goods", "sku:A"),
        (Item(gtin="3700123456780", title="A"), "goods", "gtin:03700123456780"),
        (Item(title="Carte cadeau"), "gift_card", "title:Carte cadeau"),
        (Item(sku="DPD", title="Livraison"), "shipping", None),
    ],
)
def test_articles_are_held_and_delivery_is_odoos_own(
    item: Item, kind: Any, key: str | None
) -> None:
    line = Line(id="lin_0", kind=kind, item=item, quantity=Quantity(value="1.5"))
    rows = ODOO.project((line,), SETTINGS)
    assert [row.key for row in rows] == ([key] if key else [])


def test_what_a_connection_can_do_is_what_is_installed() -> None:
    assert not ODOO.capabilities(SETTINGS) & {"freeze", "join", "continue_online", "hook"}
    assert ODOO.writes(SETTINGS) == "best_effort"
    read = ("quotations", "wishlists", "leads", "prices", "stock", "loyalty")
    installed = dict.fromkeys((*read, "companion", "provision"), True)
    full = Settings.model_validate({**CONNECTION, **installed})
    assert ODOO.capabilities(full) == ODOO.manifest.capabilities
    assert ODOO.writes(full) == "conditional"
    assert ODOO.continue_url("CODE", full) == "https://odoo.example/cartbridge/join?code=CODE"
    assert (ODOO.placing(full), ODOO.accepted.status) == ("on_claim", 200)


def test_one_till_is_one_lane() -> None:
    one = Settings.model_validate({**CONNECTION, "config_ids": ["4"]})  # as the command line says
    two = Settings.model_validate({**CONNECTION, "config_ids": [4, 5]})
    assert ODOO.lane("4", one) == ODOO.lane(None, one) == ODOO.lane("4", two) == "pos.config 4"
    assert ODOO.lane("5", one) is None
    assert ODOO.lane(None, two) is None
    assert ODOO.lane("9", SETTINGS) == "pos.config 9"
