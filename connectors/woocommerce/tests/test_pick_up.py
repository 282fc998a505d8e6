"""Orders that are picked up: where they wait, and that she has them; accounts of customers."""

import json
from pathlib import Path
from typing import Any

import pytest
from cartbridge_woocommerce import WooCommerce
from cartbridge_woocommerce.settings import Settings

from cartbridge.sdk.contract import Raw
from cartbridge.sdk.documents import Fulfilment
from cartbridge.sdk.observations import (
    CartOrdered,
    CartSeen,
    CustomerSeen,
    Observation,
    OrderHandedOut,
)

CAPTURES = Path(__file__).parent / "captures"
WOO = WooCommerce()
SETTINGS = Settings.model_validate(
    {
        "webhook_secrets": ["capture-secret-0123456789"],
        "shop_url": "https://shop.example",
        "consumer_key": "ck_1",
        "consumer_secret": "cs_1",
        "companion": True,
    }
)
LYON = Fulfilment(kind="pick_up", store="Lyon Part-Dieu")
FLAT = {"id": 1, "method_id": "flat_rate", "instance_id": "1", "meta_data": []}


def hook(name: str) -> Raw:
    told = json.loads((CAPTURES / f"webhook.{name}.json").read_text())
    url = "https://gateway.example/v1/hooks/hk"
    return Raw("POST", url, told["headers"], told["body"].encode())


def seen(name: str) -> tuple[Observation, ...]:
    return WOO.read(hook(name), SETTINGS).observations


def order(name: str, **other: Any) -> dict[str, Any]:
    return {**json.loads(hook(name).body), **other}


def listed(told: dict[str, Any]) -> tuple[Observation, ...]:
    return WOO.read({"order": told}, SETTINGS).observations


def ordered(told: dict[str, Any]) -> CartOrdered:
    (one,) = (x for x in listed({**told, "meta_data": []}) if isinstance(x, CartOrdered))
    return one


def test_the_plugin_and_the_order_name_the_place_alike() -> None:
    for name in ("cart.updated.pick_up", "order.created.pick_up"):
        (sold,) = (one for one in seen(name) if isinstance(one, CartOrdered))
        assert (sold.order_number, sold.fulfilment) == ("91", LYON)
        assert not sold.fulfilled


def test_the_classic_method_has_a_number() -> None:
    (sold,) = seen("order.created.classic_pick_up")
    assert isinstance(sold, CartOrdered)
    assert sold.fulfilment == Fulfilment(kind="pick_up", store="local_pickup:2")


@pytest.mark.parametrize("lines", [[], [FLAT]])
def test_what_is_sent_or_needs_no_way_is_not_picked_up(lines: list[Any]) -> None:
    assert ordered(order("order.created.pick_up", shipping_lines=lines)).fulfilment is None


def test_an_order_in_two_ways_is_not_picked_up_as_a_whole() -> None:
    told = order("order.created.pick_up")
    (place,) = told["shipping_lines"]
    other = {**place, "meta_data": [{"id": 1, "key": "pickup_location", "value": "Paris"}]}
    assert ordered({**told, "shipping_lines": [place, place]}).fulfilment == LYON
    assert ordered({**told, "shipping_lines": [place, other]}).fulfilment is None
    assert ordered({**told, "shipping_lines": [place, FLAT]}).fulfilment is None


def test_a_place_is_named_without_markup_and_may_have_no_name() -> None:
    told = order("order.created.pick_up")
    (place,) = told["shipping_lines"]
    for value, store in (("<b>Lyon</b> &amp; Vienne", "Lyon & Vienne"), ("", None), ([1], None)):
        meta = [{"id": 1, "key": "pickup_location", "value": value}]
        said = ordered({**told, "shipping_lines": [{**place, "meta_data": meta}]})
        assert said.fulfilment == Fulfilment(kind="pick_up", store=store)


def test_completed_it_is_in_her_hands_whatever_her_cart_is_by_now() -> None:
    (told,) = seen("order.updated.handed_out")
    assert isinstance(told, OrderHandedOut)
    assert told.order_number == "91"
    (mention,) = WOO.identify(hook("order.updated.handed_out"), SETTINGS)
    (bought,) = WOO.identify(hook("order.created.pick_up"), SETTINGS)
    assert mention.external_id == bought.external_id == told.external_id
    assert mention.dedup != bought.dedup, "or it would be taken for the sale told again"
    assert listed(order("order.updated.handed_out")) == (told,), "a lost webhook is made up for"


def test_an_order_without_a_cart_is_bought_and_then_handed_out() -> None:
    shown, sold, told = listed(order("order.updated.handed_out", meta_data=[]))
    assert isinstance(shown, CartSeen)
    assert isinstance(sold, CartOrdered)
    assert isinstance(told, OrderHandedOut)
    assert (sold.fulfilled, sold.fulfilment) == (False, LYON)
    assert {one.external_id for one in (shown, sold, told)} == {"91"}


def test_completed_and_sent_it_is_fulfilled() -> None:
    sold = ordered(order("order.updated.handed_out", shipping_lines=[FLAT]))
    assert (sold.fulfilled, sold.fulfilment) == (True, None)


def test_an_account_is_told_as_it_is_now_and_without_consent() -> None:
    for name, email in (("created", "nora@example.fr"), ("updated", "nora.faure@example.fr")):
        (one,) = seen(f"customer.{name}")
        assert isinstance(one, CustomerSeen)
        assert one.customer.email == email
        assert one.customer.company is not None
        assert (one.customer.external_id, one.consent) == (one.external_id, None)


def test_whoever_works_on_the_shop_is_no_customer() -> None:
    staff = hook("customer.created.staff")
    assert WOO.identify(staff, SETTINGS) == []
    read = WOO.read(staff, SETTINGS)
    assert (read.observations, [lost.field for lost in read.report]) == ((), ["role"])
    assert "kim" not in read.model_dump_json()
