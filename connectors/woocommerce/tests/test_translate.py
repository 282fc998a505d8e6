"""What orders and carts say in their less usual states, field by field and to the cent."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cartbridge_woocommerce import WooCommerce
from cartbridge_woocommerce.keys import key_of, named
from cartbridge_woocommerce.order_stages import cart_id, phase
from cartbridge_woocommerce.payloads import Stage
from cartbridge_woocommerce.settings import Settings

from cartbridge.sdk import payload
from cartbridge.sdk.contract import Raw
from cartbridge.sdk.documents import Item, Line, Quantity
from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.observations import CartReturned, CartSeen, Read
from cartbridge.testing.connector import NOW, shown

CASES = Path(__file__).parent / "cases"
WOO = WooCommerce()
SETTINGS = Settings.model_validate(
    {
        "webhook_secrets": ["woo-secret-of-today"],
        "shop_url": "https://shop.example",
        "consumer_key": "ck_1",
        "consumer_secret": "cs_1",
    }
)


def case(name: str) -> dict[str, Any]:
    told: dict[str, Any] = payload.loads((CASES / f"{name}.json").read_bytes())
    return told


def read(told: dict[str, Any]) -> Read:
    if "document" in told:
        return WOO.read(told["document"], SETTINGS)
    return WOO.read(hook(told["topic"], told["body"]), SETTINGS)


def hook(topic: str, body: Any) -> Raw:
    headers = {"x-wc-webhook-topic": topic, "x-wc-webhook-delivery-id": "d1"}
    content = json.dumps(body, default=float).encode()
    return Raw("POST", "https://gateway.example/v1/hooks/hk", headers, content, NOW)


@pytest.mark.parametrize("name", sorted(file.stem for file in CASES.glob("*.json")))
def test_each_state_says_what_it_is(name: str) -> None:
    told = case(name)
    said = read(told)
    assert [shown(seen) for seen in said.observations] == told["observations"]
    assert [lost.field for lost in said.report] == told["report"]
    if "body" in told:
        mentions = WOO.identify(hook(told["topic"], told["body"]), SETTINGS)
        ids = [{"external_id": one.external_id, "kind": one.kind} for one in mentions]
        assert ids == told["named"]


@pytest.mark.parametrize(
    ("status", "paid", "method", "expected"),
    [
        ("pending", None, "stripe", "unpaid"),
        ("failed", None, "stripe", "unpaid"),
        ("on-hold", None, "bacs", "bought"),
        ("processing", None, "cod", "bought"),
        ("completed", "2026-11-21T20:27:51", "stripe", "bought"),
        ("shipped", "2026-11-21T20:27:51", "stripe", "bought"),
        ("shipped", None, "stripe", "unpaid"),
        ("refunded", "2026-11-21T20:27:51", "stripe", "returned"),
        ("cancelled", None, "stripe", "ended"),
        ("cancelled", None, "bacs", "returned"),
        ("trash", "2026-11-21T20:27:51", "", "discarded"),
        ("trash", None, "", "ended"),
        ("checkout-draft", None, "", "draft"),
    ],
)
def test_a_status_says_how_far_an_order_is(
    status: str, paid: str | None, method: str, expected: str
) -> None:
    told = {"id": 1, "status": status, "date_paid_gmt": paid, "payment_method": method}
    assert phase(Stage.model_validate(told)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("7", "7"), (7, "7"), ("", None), (True, None), (["7"], None), ("x" * 256, None)],
)
def test_a_cart_is_known_by_its_meta(value: Any, expected: str | None) -> None:
    meta = [{"key": "_cartbridge_cart_id", "value": "old"}]
    meta.append({"key": "_cartbridge_cart_id", "value": value})
    assert cart_id(Stage.model_validate({"id": 1, "status": "x", "meta_data": meta})) == expected


def test_the_float_of_a_row_is_never_a_price() -> None:
    told = case("order.refunded")
    before = read(told)
    for row in told["body"]["line_items"]:
        row["price"] = 99999.99
    assert read(told) == before


def test_an_order_paid_back_whole_comes_back_whole() -> None:
    (back,) = read(case("order.refunded")).observations
    assert isinstance(back, CartReturned)
    assert {line.key: line.quantity for line in back.lines} == {
        "sku:CB-002": 1,
        "sku:CB-003-S": 2,
    }
    assert sum(line.total or 0 for line in back.lines) == 16880


def test_rows_of_one_article_are_one() -> None:
    told = case("document.order.pending")["document"]["order"]
    told["line_items"] = [told["line_items"][0], {**told["line_items"][0], "id": 99}]
    told["total"] = "80.00"
    (seen, _) = WOO.read({"order": told}, SETTINGS).observations
    assert isinstance(seen, CartSeen)
    assert seen.snapshot.basket == {"sku:CB-001": Decimal(2)}


def test_what_the_shop_rounds_for_the_whole_cart_goes_to_the_dearest_line() -> None:
    told = case("cart.open")["body"]
    before = WOO.read(hook("cart.updated", told), SETTINGS)
    told["totals"]["total"] = str(Decimal(told["totals"]["total"]) + Decimal("0.01"))
    after = WOO.read(hook("cart.updated", told), SETTINGS)
    one, other = before.observations[0], after.observations[0]
    assert isinstance(one, CartSeen)
    assert isinstance(other, CartSeen)
    totals = [[row.prices.total or 0 for row in seen.snapshot.lines] for seen in (one, other)]
    assert totals[1] == [totals[0][0] + 1, *totals[0][1:]]
    assert "total" in [lost.field for lost in after.report if lost.what == "rounded"]


def test_a_total_that_the_lines_do_not_make_is_reported() -> None:
    told = case("cart.open")["body"]
    told["totals"]["total"] = "999"
    after = WOO.read(hook("cart.updated", told), SETTINGS)
    assert "total" in [lost.field for lost in after.report if lost.what == "dropped"]


@pytest.mark.parametrize("topic", ["", "order", "carts.updated", "subscription.created"])
def test_a_topic_nobody_listed_is_put_aside(topic: str) -> None:
    with pytest.raises(Unreadable):
        WOO.read(hook(topic, case("cart.open")["body"]), SETTINGS)
    if topic != "order":
        with pytest.raises(Unreadable):
            WOO.identify(hook(topic, case("cart.open")["body"]), SETTINGS)


@pytest.mark.parametrize("topic", ["product.updated", "coupon.created", "action.woocommerce_x"])
def test_what_concerns_no_cart_is_reported(topic: str) -> None:
    assert WOO.identify(hook(topic, {"id": 3}), SETTINGS) == []
    assert [lost.field for lost in WOO.read(hook(topic, {"id": 3}), SETTINGS).report] == ["body"]


@pytest.mark.parametrize(
    ("item", "key", "name"),
    [
        (Item(sku="A:1", title="A"), "sku:A:1", {"sku": "A:1"}),
        (Item(gtin="3760123450010", title="B"), "gtin:03760123450010", {"gtin": "3760123450010"}),
        (Item(title="C", attributes={"woocommerce": "12/15"}), "woo:12/15", {"variation_id": 15}),
        (Item(title="D", attributes={"woocommerce": "12/0"}), "woo:12/0", {"product_id": 12}),
    ],
)
def test_an_article_is_named_as_the_shop_knows_it(
    item: Item, key: str, name: dict[str, Any]
) -> None:
    assert key_of(item) == key
    assert named(key) == name


def test_numbers_that_are_not_the_shops_are_no_name() -> None:
    assert key_of(Item(title="E", attributes={"woocommerce": "twelve"})) is None


def test_what_the_shop_has_no_name_for_is_left_out() -> None:
    lines = (
        Line(id="lin_1", item=Item(title="by hand"), quantity=Quantity(value=Decimal(1))),
        Line(id="lin_2", item=Item(sku="M", title="M"), quantity=_metres("1.5")),
        Line(id="lin_3", item=Item(sku="A", title="A"), quantity=Quantity(value=Decimal(2))),
    )
    rows = WOO.project(lines, None)
    assert [(row.key, row.quantity) for row in rows] == [("sku:A", Decimal(2))]


def _metres(amount: str) -> Quantity:
    return Quantity(value=Decimal(amount), unit="MTR")
