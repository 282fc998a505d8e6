"""What the companion says, field by field and to the cent, on what a real shop sent."""

import json
from pathlib import Path
from typing import Any

import pytest
from cartbridge_vendure import Vendure
from cartbridge_vendure.settings import Settings
from pydantic import ValidationError

from cartbridge.sdk.contract import Raw
from cartbridge.sdk.documents import Cart, Item, Line, ObservedLine, Quantity, Snapshot
from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.observations import CartGone, CartOrdered, CartSeen, CheckoutSeen, Read
from cartbridge.testing.connector import shown

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PAYLOADS = Path(__file__).parent / "payloads"
VENDURE = Vendure()
SETTINGS = Settings.model_validate(
    {"webhook_secrets": [SECRET], "shop_url": "https://shop.example"}
)
CARTS = sorted(
    path.stem
    for path in PAYLOADS.glob("*.json")
    if path.stem not in ("cart.deleted", "cart.ordered", "cart.cancelled")
)


def recorded(name: str) -> dict[str, Any]:
    """One recorded file: `body`, and what is expected of it."""
    file: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_text())
    return file


def data(name: str = "cart.snapshot", **more: Any) -> dict[str, Any]:
    return {**recorded(name)["body"]["data"], **more}


def with_line(**more: Any) -> dict[str, Any]:
    """The recorded cart with its first line told otherwise."""
    cart = data()
    first, *rest = cart["lines"]
    return {**cart, "lines": [{**first, **more}, *rest]}


def hook(kind: str, said: Any) -> Raw:
    body = {"type": kind, "timestamp": "2026-11-20T10:00:00.000Z", "data": said}
    return Raw("POST", "https://gateway.example/v1/hooks/hk", {}, json.dumps(body).encode())


def read(said: Any, kind: str = "cart.snapshot") -> Read:
    return VENDURE.read(hook(kind, said), SETTINGS)


def snapshot(said: Any) -> Snapshot:
    seen = read(said).observations[0]
    assert isinstance(seen, CartSeen)
    return seen.snapshot


def line_of(seen: Snapshot, sku: str) -> ObservedLine:
    return next(line for line in seen.lines if line.item.sku == sku)


@pytest.mark.parametrize("name", CARTS)
def test_the_cents_are_those_of_the_shop(name: str) -> None:
    cart = data(name)
    seen = snapshot(cart)
    fees = [line for line in cart["lines"] if line.get("kind") == "fee"]
    totals = [line.prices.total or 0 for line in seen.lines]
    assert sum(totals) + seen.shipping + sum(fee["total"] for fee in fees) == cart["total"]
    for line in seen.lines:
        off = sum(discount.amount for discount in line.prices.discounts)
        assert (line.prices.unit_price or 0) * line.quantity - off == line.prices.total
    taxes = sum(tax.amount for line in seen.lines for tax in line.prices.taxes)
    shipping_tax = 82 if seen.shipping else 0  # 20 % within 4.90 EUR
    assert taxes + sum(fee["tax"] for fee in fees) + shipping_tax == cart["total_tax"]


def test_a_cart_with_a_coupon_and_two_rates_of_tax() -> None:
    seen = snapshot(data())
    assert (seen.currency, seen.tax_mode, seen.locale) == ("EUR", "inclusive", "fr")
    assert (seen.codes, seen.shipping) == (("BIENVENUE10",), 490)
    assert seen.customer is not None
    assert (seen.customer.email, seen.customer.first_name) == ("ada@example.fr", "Ada")
    assert seen.customer.phone is None
    amounts = {
        str(line.item.sku): (
            int(line.quantity),
            line.prices.unit_price,
            line.prices.total,
            [(tax.rate, tax.amount) for tax in line.prices.taxes],
            [(discount.code, discount.amount) for discount in line.prices.discounts],
        )
        for line in seen.lines
    }
    assert amounts == {
        "LAMPE-CHENE-40": (2, 4990, 8982, [("0.20", 1497)], [("BIENVENUE10", 998)]),
        "LIVRE-CUISINE": (1, 2500, 2250, [("0.055", 117)], [("BIENVENUE10", 250)]),
        "CARNET-A5": (7, 333, 2098, [("0.20", 350)], [("BIENVENUE10", 233)]),
    }
    lamp = line_of(seen, "LAMPE-CHENE-40")
    assert (lamp.key, lamp.item.gtin, lamp.item.variant) == (
        "sku:LAMPE-CHENE-40",
        "3700123456780",
        "40 cm",
    )


def test_prices_before_tax_stay_before_tax() -> None:
    seen = snapshot(data("cart.exclusive"))
    book = line_of(seen, "ROMAN-LYON").prices
    assert seen.tax_mode == "exclusive"
    assert (book.unit_price, book.total) == (795, 2161)
    assert [(tax.rate, tax.amount) for tax in book.taxes] == [("0.055", 119)]


def test_a_surcharge_is_no_article_and_the_report_says_so() -> None:
    result = read(data("cart.surcharge"))
    seen = snapshot(data("cart.surcharge"))
    assert set(seen.basket) == {"sku:LAMPE-CHENE-40", "sku:LIVRE-CUISINE"}
    (lost,) = result.report
    assert (lost.field, lost.what) == ("data.lines[2]", "dropped")
    assert "surcharge" in lost.why


def test_a_surcharge_with_a_number_is_none_either() -> None:
    seen = snapshot(with_line(kind="fee"))
    assert "sku:LAMPE-CHENE-40" not in seen.basket


@pytest.mark.parametrize("sku", [None, ""])
def test_an_article_without_a_number_is_reported_and_the_rest_goes_on(sku: str | None) -> None:
    result = read(with_line(sku=sku))
    assert [(lost.field, lost.what) for lost in result.report] == [("data.lines[0]", "dropped")]
    assert set(snapshot(with_line(sku=sku)).basket) == {"sku:LIVRE-CUISINE", "sku:CARNET-A5"}


@pytest.mark.parametrize("gtin", ["3700123456781", "12", "37001234567AB", "\u0663" * 13])
def test_a_gtin_with_a_wrong_check_digit_is_dropped_and_reported(gtin: str) -> None:
    said = with_line(gtin=gtin)
    lamp = line_of(snapshot(said), "LAMPE-CHENE-40")
    assert (lamp.item.gtin, int(lamp.quantity)) == (None, 2)
    (lost,) = read(said).report
    assert lost.field == "data.lines[0].gtin"


def test_a_line_of_none_is_no_line() -> None:
    result = read(with_line(quantity=0))
    assert result.report == ()
    assert "sku:LAMPE-CHENE-40" not in snapshot(with_line(quantity=0)).basket


def test_a_promotion_that_raises_a_price_is_in_the_total_alone() -> None:
    discounts = [{"code": None, "label": "Gravure", "amount": -500}]
    said = with_line(discounts=discounts, total=10480)
    prices = line_of(snapshot(said), "LAMPE-CHENE-40").prices
    assert (prices.discounts, prices.total) == ((), 10480)
    assert [lost.field for lost in read(said).report] == ["data.lines[0].discounts[0]"]


def test_rows_of_one_article_are_summed() -> None:
    cart = data()
    cart["lines"].append({**cart["lines"][0], "external_id": "99", "quantity": 3})
    assert snapshot(cart).basket["sku:LAMPE-CHENE-40"] == 5


def test_what_the_shop_refused_is_named_by_item_key() -> None:
    seen = snapshot(data("cart.refused"))
    assert [(row.key, int(row.wanted), int(row.accepted), row.reason) for row in seen.refused] == [
        ("sku:LAMPE-CHENE-60", 5, 3, "insufficient_stock"),
        ("sku:NOWHERE", 1, 0, "unknown_sku"),
        ("sku:CARNET-A5", 5000, 1, "order_limit"),
    ]
    assert [(row.code, row.reason) for row in seen.refused_codes] == [
        ("NOSUCHCODE", "code_unknown")
    ]
    assert seen.last_push == "psh_refused"


@pytest.mark.parametrize(
    ("state", "step"),
    [
        ("AddingItems", "left"),
        ("Created", "left"),
        ("ArrangingPayment", "started"),
        ("CheckingAddress", "started"),  # a shop may have states of its own
    ],
)
def test_the_way_to_paying_is_the_checkout(state: str, step: str) -> None:
    cart, checkout = read(data(state=state)).observations
    assert isinstance(cart, CartSeen)
    assert isinstance(checkout, CheckoutSeen)
    assert checkout.step == step


@pytest.mark.parametrize("state", ["PaymentAuthorized", "PaymentSettled", "Shipped", "Delivered"])
def test_an_order_that_is_no_longer_filled_is_bought(state: str) -> None:
    (seen,) = read(data(state=state, active=False)).observations
    assert isinstance(seen, CartOrdered)
    assert seen.order_number == seen.external_id
    assert [(line.key, int(line.quantity)) for line in seen.lines] == [
        ("sku:LAMPE-CHENE-40", 2),
        ("sku:LIVRE-CUISINE", 1),
        ("sku:CARNET-A5", 7),
    ]


def test_a_cart_joined_at_log_in_names_its_heir_and_from_which_revision_on() -> None:
    (gone,) = read(data("cart.deleted"), "cart.deleted").observations
    heir = data("cart.merged")
    assert isinstance(gone, CartGone)
    assert (gone.merged_into, gone.into_revision) == (heir["external_id"], heir["revision"])
    assert "sku:ROMAN-LYON" in snapshot(heir).basket


def test_a_joined_order_that_the_shop_only_cancelled_names_its_heir_as_well() -> None:
    said = data("cart.cancelled", merged_into="HEIR", into_revision=7)
    (gone,) = read(said).observations
    assert isinstance(gone, CartGone)
    assert (gone.merged_into, gone.into_revision) == ("HEIR", 7)


@pytest.mark.parametrize("name", ["read", "read.ordered", "changed.deleted"])
def test_an_order_that_was_asked_for_reads_like_one_that_was_told(name: str) -> None:
    answer = recorded(f"answers/{name}")
    result = VENDURE.read(answer["body"], SETTINGS)
    assert [shown(seen) for seen in result.observations] == answer["expect"]["observations"]
    assert result.report == ()


def test_bought_articles_without_a_number_are_reported() -> None:
    said = data("cart.ordered")
    said["lines"][0]["sku"] = ""
    result = read(said, "cart.ordered")
    (seen,) = result.observations
    assert isinstance(seen, CartOrdered)
    assert len(seen.lines) == 3
    assert [lost.field for lost in result.report] == ["data.lines[0]"]


def test_only_a_snapshot_is_ordered_by_its_revision() -> None:
    for kind, revision in (("cart.snapshot", 7), ("cart.ordered", None), ("cart.deleted", None)):
        (named,) = VENDURE.identify(hook(kind, {"external_id": "C1", "revision": 7}), SETTINGS)
        assert (named.external_id, named.revision) == ("C1", revision)


def test_fields_of_a_later_companion_are_passed_over() -> None:
    said = with_line(weight={"g": 900}, discounts=[{"amount": 998, "kind": "coupon"}])
    assert snapshot({**said, "gift": True}).basket == snapshot(data()).basket
    assert read({**said, "gift": True}).report == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("external_id", ""),
        ("external_id", 7),
        ("revision", "7"),
        ("revision", True),
        ("revision", 2**63),
        ("updated_at", 5),
        ("updated_at", "2026-11-20T10:00:00"),
        ("updated_at", "0001-01-01T00:00:00+23:59"),
        ("active", "yes"),
        ("currency", "euro"),
        ("tax_mode", "gross"),
        ("shipping", 4.9),
        ("lines", None),
        ("customer", "Ada"),
        ("locale", "f\0r"),
    ],
)
def test_a_hostile_field_of_a_cart_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(Unreadable, match=rf"^data\.{field}\b.*: "):
        read(data(**{field: value}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("unit_price", 49.9),
        ("unit_price", "4990"),
        ("total", True),
        ("total", 10**13),
        ("quantity", 1.5),
        ("quantity", -1),
        ("quantity", 10**7),
        ("tax_rate", "20"),
        ("tax_rate", "\u0660.\u0662"),
        ("kind", "gift"),
        ("title", "x" * 501),
        ("sku", "x" * 101),
        ("discounts", [{"amount": "1"}]),
    ],
)
def test_a_hostile_field_of_a_line_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(Unreadable, match=rf"^data\.lines\[0\]\.{field}.*: "):
        read(with_line(**{field: value}))


def test_an_error_repeats_no_content() -> None:
    said = data(customer={"email": ["ada@example.fr"]})
    with pytest.raises(Unreadable) as caught:
        read(said)
    assert "data.customer.email" in str(caught.value)
    assert "ada@" not in repr(caught.value) + repr(caught.value.__cause__)


def test_another_type_of_message_is_quarantined_by_name() -> None:
    with pytest.raises(Unreadable, match=r"^type: ") as caught:
        read(data(), "cart.exploded")
    assert "exploded" not in str(caught.value)


@pytest.mark.parametrize(
    ("item", "quantity", "held"),
    [
        (Item(sku="A", title="A"), Quantity(value="2"), True),
        (Item(sku="A", title="A"), Quantity(value="1.5"), False),
        (Item(sku="A", title="A"), Quantity(value="2", unit="MTR"), False),
        (Item(gtin="3700123456780", title="A"), Quantity(value="2"), False),
    ],
)
def test_whole_pieces_with_a_sku_are_what_vendure_can_hold(
    item: Item, quantity: Quantity, held: bool
) -> None:
    cart = Cart(id="crt_0", lines=(Line(id="lin_0", item=item, quantity=quantity),))
    assert [row.key for row in VENDURE.project(cart.lines, None)] == (["sku:A"] if held else [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook_secrets": []},
        {"webhook_secrets": ["whsec_dG9vIHNob3J0"]},
        {"webhook_secrets": ["c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0"]},
        {"shop_url": "http://shop.example"},
        {"shop_url": "http://127.0.0.1.shop.example"},
        {"shop_url": "https://user:word@shop.example"},
        {"shop_url": "https://shop.example/?channel=fr"},
        {"shop_url": "ftp://127.0.0.1/"},
        {"colour": "red"},
    ],
)
def test_wrong_settings_are_refused_without_repeating_them(wrong: dict[str, Any]) -> None:
    right = {"webhook_secrets": [SECRET], "shop_url": "https://shop.example"}
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({**right, **wrong})
    for secret in (SECRET, "dG9vIHNob3J0", "c2VjcmV0", "word@"):
        assert secret not in str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1:3000", "localhost", "[::1]:3000"])
def test_plain_http_is_for_this_machine_alone(host: str) -> None:
    settings = Settings.model_validate({"webhook_secrets": [SECRET], "shop_url": f"http://{host}/"})
    assert VENDURE.continue_url("CODE", settings) == f"http://{host}/cartbridge/continue/CODE"
