"""Webhooks as real shops sent them, byte for byte: who is believed, and what is one mention."""

import base64
import hmac
import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cartbridge_woocommerce import WooCommerce
from pydantic import BaseModel

from cartbridge.sdk.contract import Named, Raw
from cartbridge.sdk.errors import Forged
from cartbridge.sdk.observations import (
    CartGone,
    CartOrdered,
    CartSeen,
    CustomerSeen,
    Hint,
)
from cartbridge.testing.connector import NOW

HERE = Path(__file__).parent
WOO = WooCommerce()
SECRET = "capture-secret-0123456789"
PLUGIN = sorted(file.stem for file in (HERE / "captures").glob("webhook.*.json"))
SHOP = sorted(file.stem for file in (HERE / "recorded").glob("*.body"))


def settings(secret: str = SECRET) -> BaseModel:
    return WooCommerce.manifest.settings.model_validate(
        {
            "webhook_secrets": [secret],
            "shop_url": "https://shop.example",
            "consumer_key": "ck_1",
            "consumer_secret": "cs_1",
            "companion": True,
        }
    )


@cache
def hook(name: str) -> Raw:
    """A delivery as it came, of a shop with the plugin or of one without."""
    body = HERE / "recorded" / f"{name}.body"
    if body.exists():
        told = json.loads((HERE / "recorded" / f"{name}.json").read_text())
        headers, content = dict(told["headers"]), body.read_bytes()
    else:
        told = json.loads((HERE / "captures" / f"{name}.json").read_text())
        headers, content = told["headers"], told["body"].encode()
    lower = {header.lower(): text for header, text in headers.items()}
    return Raw("POST", "https://gateway.example/v1/hooks/hk", lower, content, NOW)


def named(name: str) -> list[Named]:
    return WOO.identify(hook(name), settings())


def seen(name: str) -> Any:
    return WOO.read(hook(name), settings()).observations


@pytest.mark.parametrize("name", [name for name in PLUGIN if "ping" not in name])
def test_what_the_shop_signed_is_believed_and_no_rewriting_of_it(name: str) -> None:
    WOO.verify(hook(name), settings(), NOW)
    rewritten = json.dumps(json.loads(hook(name).body), indent=1).encode()
    with pytest.raises(Forged):
        WOO.verify(replace(hook(name), body=rewritten), settings(), NOW)
    with pytest.raises(Forged):
        WOO.verify(hook(name), settings("another-secret-0123456789"), NOW)


@pytest.mark.parametrize("name", [name for name in SHOP if "ping" not in name])
def test_the_exact_bytes_are_what_is_signed(name: str) -> None:
    one = hook(name)
    assert len(one.body) == int(one.headers["content-length"])
    digest = hmac.digest(SECRET.encode(), one.body, "sha256")
    signed = {**one.headers, "x-wc-webhook-signature": base64.b64encode(digest).decode()}
    WOO.verify(replace(one, headers=signed), settings(), NOW)
    with pytest.raises(Forged):
        WOO.verify(one, settings(), NOW)


@pytest.mark.parametrize("name", ["003-ping", "webhook.ping"])
def test_an_unsigned_ping_is_answered_200_and_nothing_else_is(name: str) -> None:
    assert "x-wc-webhook-signature" not in hook(name).headers
    answer = WOO.answer(hook(name), settings())
    assert answer is not None
    assert answer.status == 200
    for body in (b"webhook_id=", b"webhook_id=1&x=1", b"webhook_id=1\n", b"", b" webhook_id=1"):
        assert WOO.answer(replace(hook(name), body=body), settings()) is None
    assert WOO.answer(hook("026-order.created"), settings()) is None


def test_one_delivery_id_with_two_bodies_is_two_mentions() -> None:
    first, second = hook("026-order.created"), hook("028-order.created")
    delivery = "x-wc-webhook-delivery-id"
    assert first.headers[delivery] == second.headers[delivery]
    assert named("026-order.created")[0].dedup != named("028-order.created")[0].dedup


@pytest.mark.parametrize("numbers", [("024", "025"), ("027", "026"), ("029", "028")])
def test_created_and_updated_in_the_same_bytes_are_one_mention(numbers: tuple[str, str]) -> None:
    updated, created = f"{numbers[0]}-order.updated", f"{numbers[1]}-order.created"
    assert hook(updated).body == hook(created).body
    assert named(updated) == named(created)
    assert seen(updated) == seen(created)


def test_an_order_that_is_deleted_twice_is_two_mentions() -> None:
    first = hook("032-order.deleted")
    again = replace(first, headers={**first.headers, "x-wc-webhook-delivery-id": "0" * 32})
    assert seen("032-order.deleted") == (Hint(kind="order", external_id="17"),)
    (one,), (other,) = (WOO.identify(each, settings()) for each in (first, again))
    assert one.dedup != other.dedup


@pytest.mark.parametrize("name", ["033-customer.created", "034-customer.updated"])
def test_an_error_in_the_place_of_a_customer_is_no_observation(name: str) -> None:
    assert b"wc_user_invalid_id" in hook(name).body
    assert named(name) == []
    assert seen(name) == ()
    assert [lost.field for lost in WOO.read(hook(name), settings()).report] == ["code"]


def test_an_account_is_told_with_what_she_is_known_by() -> None:
    (told,) = named("037-customer.updated")
    assert (told.kind, told.external_id) == ("customer", "4")
    (one,) = seen("037-customer.updated")
    assert isinstance(one, CustomerSeen)
    assert one.customer.model_dump(exclude_none=True) == {
        "external_id": "4",
        "email": "zoe@example.test",
        "phone": "+33612345678",
        "first_name": "Zoé",
        "last_name": "L'Hermite",
    }
    assert one.consent is None, "WooCommerce keeps none"


def test_a_sale_is_one_mention_whoever_tells_it() -> None:
    """The plugin's message, and every later webhook of the order: it ends no cart but its own."""
    by_plugin = named("webhook.cart.updated.ordered")
    assert by_plugin == named("webhook.order.created") == named("webhook.order.updated")
    shown, sold = seen("webhook.cart.updated.ordered")
    (told,) = seen("webhook.order.created")
    assert isinstance(shown, CartSeen)
    assert isinstance(sold, CartOrdered)
    assert isinstance(told, CartOrdered)
    assert (sold.order_number, sold.external_id) == (told.order_number, told.external_id)
    assert [(x.key, x.quantity) for x in sold.lines] == [(x.key, x.quantity) for x in told.lines]
    assert sum(line.total or 0 for line in sold.lines) == 12790
    assert sum(line.total or 0 for line in told.lines) == 12790
    assert told.revision == sold.revision == 7


def test_a_log_in_names_the_guests_cart_and_the_customers() -> None:
    gone, shown, _ = seen("webhook.cart.updated.login")
    assert isinstance(gone, CartGone)
    assert isinstance(shown, CartSeen)
    assert gone.merged_into == shown.external_id == "2"
    assert gone.into_revision == shown.snapshot.revision == 13
    guest, customer = named("webhook.cart.updated.login")
    assert (guest.external_id, guest.revision) == (gone.external_id, None)
    assert (customer.external_id, customer.revision) == ("2", 13)
    assert guest.dedup != customer.dedup


def test_an_emptied_cart_is_a_cart_and_no_sale() -> None:
    shown, step = seen("webhook.cart.updated.emptied")
    assert isinstance(shown, CartSeen)
    assert shown.snapshot.basket == {}
    assert not isinstance(step, CartOrdered)


@pytest.mark.parametrize(
    ("name", "total", "tax"),
    [
        ("webhook.cart.updated.coupon", 11673, 1945),  # 14.97 and 4.485, which the shop rounds down
        ("webhook.cart.updated.to_store", 16160, 2693),
        ("webhook.cart.updated.remainder", 2590, 432),
        ("webhook.cart.updated.from_store_ordered", 12570, 1877),
    ],
)
def test_lines_add_up_to_what_the_shop_shows(name: str, total: int, tax: int) -> None:
    shown = seen(name)[0]
    assert isinstance(shown, CartSeen)
    prices = [line.prices for line in shown.snapshot.lines]
    assert sum(one.total or 0 for one in prices) == total
    assert sum(each.amount or 0 for one in prices for each in one.taxes) == tax


def test_two_rates_and_a_coupon_to_the_cent() -> None:
    (shown, _) = seen("webhook.cart.updated.coupon")
    rows = [
        (row.key, row.prices.unit_price, row.prices.total, row.prices.taxes[0].amount)
        for row in shown.snapshot.lines
    ]
    assert rows == [("sku:LAMP-OAK", 4990, 8982, 1497), ("sku:COUSSIN-ECRU", 2990, 2691, 448)]
    assert shown.snapshot.lines[1].item.attributes == {"Couleur": "Écru"}
    assert shown.snapshot.codes == ("noel",)
    assert shown.snapshot.locale == "fr-FR"
