"""What the companion says, field by field and to the cent, on what a real shop sent."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cartbridge_medusa import Medusa
from cartbridge_medusa.amounts import dealt, rate_of
from cartbridge_medusa.settings import Settings
from pydantic import ValidationError

from cartbridge.sdk.contract import Raw
from cartbridge.sdk.documents import Item, Line, ObservedLine, Quantity, Snapshot
from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.observations import CartGone, CartOrdered, CartSeen, CheckoutSeen, Read

PAYLOADS = Path(__file__).parent / "payloads"
MEDUSA = Medusa()
ADDRESSES = {
    "base_url": "https://medusa.example",
    "storefront_url": "https://shop.example/panier",
    "api_key": "sk_0123456789abcdef",
    "webhook_secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
}
SETTINGS = Settings.model_validate(ADDRESSES)


def data(name: str = "cart.snapshot", **more: Any) -> dict[str, Any]:
    """The cart of a recorded message, told otherwise where `more` says so."""
    file = json.loads((PAYLOADS / f"{name}.json").read_text())
    return {**file["body"]["data"], **more}


def with_line(name: str = "cart.snapshot", **more: Any) -> dict[str, Any]:
    """The recorded cart with its first line told otherwise."""
    cart = data(name)
    first, *rest = cart["lines"]
    return {**cart, "lines": [{**first, **more}, *rest]}


def read(said: Any, kind: str = "cart.snapshot") -> Read:
    body = {"type": kind, "timestamp": "2026-11-20T10:00:00.000Z", "data": said}
    raw = Raw("POST", "https://gateway.example/v1/hooks/hk", {}, json.dumps(body).encode())
    return MEDUSA.read(raw, SETTINGS)


def snapshot(said: Any) -> Snapshot:
    seen = read(said).observations[0]
    assert isinstance(seen, CartSeen)
    return seen.snapshot


def first(said: Any) -> ObservedLine:
    return snapshot(said).lines[0]


@pytest.mark.parametrize(
    "name", ["cart.snapshot", "cart.checkout", "cart.exclusive", "cart.mixed", "cart.refused"]
)
def test_each_line_is_its_price_less_what_was_taken_off(name: str) -> None:
    for line in snapshot(data(name)).lines:
        off = sum(discount.amount for discount in line.prices.discounts)
        exact = Decimal(line.prices.unit_price_exact or 0) * 100
        full = (exact or Decimal(line.prices.unit_price or 0)) * line.quantity
        assert abs(full - off - Decimal(line.prices.total or 0)) < 1


def test_amounts_are_rounded_once_half_up_from_every_digit() -> None:
    line = with_line(original_total="0.145", total="0.145", quantity="1", unit_price="0.145")
    # 0.145 is 0.14 for a float, and for a sum that was rounded to even.
    seen = first({**line, "lines": line["lines"][:1], "item_total": "0.145"})
    assert (seen.prices.unit_price, seen.prices.unit_price_exact) == (15, "0.145")
    assert seen.prices.total == 15


def test_the_dearest_line_takes_the_cent_that_rounding_the_lines_costs() -> None:
    cart = data("cart.snapshot")
    thirds = [{**line, "total": "0.335", "original_total": "0.335"} for line in cart["lines"]]
    read_ = read({**cart, "lines": thirds, "item_total": "1.005"})
    seen = read_.observations[0]
    assert isinstance(seen, CartSeen)
    assert sum(line.prices.total or 0 for line in seen.snapshot.lines) == 101
    assert [(lost.field, lost.what) for lost in read_.report] == [
        ("data.lines[0].total", "rounded")
    ]


def test_lines_that_miss_the_total_by_far_hold_and_are_reported() -> None:
    read_ = read(data(item_total="1"))
    assert [(lost.field, lost.what) for lost in read_.report] == [("data.item_total", "dropped")]


def test_prices_without_tax_stay_without_tax() -> None:
    seen = snapshot(data("cart.exclusive"))
    assert seen.tax_mode == "exclusive"
    assert [line.prices.total for line in seen.lines] == [4491, 5130]


def test_a_mixed_cart_is_shown_with_tax() -> None:
    seen = snapshot(data("cart.mixed"))
    assert seen.tax_mode == "inclusive"
    lamp, book, candle = seen.lines
    assert (lamp.prices.unit_price, candle.prices.unit_price) == (5988, 2790)
    assert book.prices.unit_price_exact == "20.045"


def test_a_yen_has_no_decimals() -> None:
    seen = first(
        {**with_line(unit_price="50", total="90", original_total="100"), "currency_code": "jpy"}
    )
    assert (seen.prices.unit_price, seen.prices.total) == (50, 90)


def test_several_taxes_share_a_line_by_their_rates() -> None:
    rates = [{"rate": "5"}, {"rate": "9.975"}]
    taxes = first(with_line(tax_lines=rates)).prices.taxes
    assert [tax.rate for tax in taxes] == ["0.05", "0.09975"]
    assert sum(tax.amount for tax in taxes) == 1497


@pytest.mark.parametrize(
    ("percent", "rate"), [("20", "0.20"), ("5.5", "0.055"), ("0", "0.00"), ("100", "1.00")]
)
def test_rates_are_decimal_strings(percent: str, rate: str) -> None:
    assert rate_of(Decimal(percent)) == rate


def test_what_is_dealt_out_adds_up() -> None:
    assert dealt(100, [Decimal(1)] * 3) == [33, 34, 33]
    assert dealt(7, [Decimal(0), Decimal(0)]) == [7, 0]
    assert dealt(7, []) == []


def test_a_promotion_that_raises_the_price_is_in_the_total_alone() -> None:
    cart = with_line(total="120", original_total="99.8")
    read_ = read({**cart, "item_total": "160.05"})
    seen = read_.observations[0]
    assert isinstance(seen, CartSeen)
    assert seen.snapshot.lines[0].prices.discounts == ()
    assert seen.snapshot.lines[0].prices.total == 12000
    assert [lost.field for lost in read_.report] == ["data.lines[0].adjustments"]


def test_part_of_a_piece_is_reported() -> None:
    read_ = read(with_line(quantity="1.5"))
    seen = read_.observations[0]
    assert isinstance(seen, CartSeen)
    assert "sku:LAMP-OAK" not in seen.snapshot.basket
    assert "data.lines[0].quantity" in [lost.field for lost in read_.report]


def test_an_e_mail_that_was_only_typed_is_nobody() -> None:
    guest, known = read(data("cart.guest")), snapshot(data("cart.checkout"))
    assert isinstance(guest.observations[0], CartSeen)
    assert guest.observations[0].snapshot.customer is None
    assert [(lost.field, lost.what) for lost in guest.report] == [("data.customer", "dropped")]
    assert known.customer is not None
    assert known.customer.email == "claire@example.fr"


def test_what_a_cart_became_is_told() -> None:
    (bought,) = read(data("cart.ordered"), "cart.ordered").observations
    (sold,) = read(data("cart.sold"), "cart.sold").observations
    assert isinstance(bought, CartOrdered)
    assert bought.order_number == "1"
    assert {line.key: line.quantity for line in bought.lines} == {
        "sku:LAMP-OAK": 1,
        "sku:BOOK-LIGHT": 1,
    }
    assert isinstance(sold, CartGone)
    with pytest.raises(Unreadable, match=r"data\.order"):
        read(data("cart.ordered", order=None), "cart.ordered")


def test_choosing_how_to_pay_is_the_checkout() -> None:
    steps = [read(data(name)).observations[1] for name in ("cart.checkout", "cart.snapshot")]
    assert [step.step for step in steps if isinstance(step, CheckoutSeen)] == ["started", "left"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("total", 89.9), ("total", "1e3"), ("total", "NaN"), ("quantity", "-1"), ("unit_price", None)],
)
def test_an_amount_that_is_none_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(Unreadable, match=rf"data\.lines\[0\]\.{field}"):
        read(with_line(**{field: value}))


@pytest.mark.parametrize(
    ("item", "amount", "unit", "key"),
    [
        (Item(sku="A", gtin="3760123451093", title="A"), "2", "C62", "sku:A"),
        (Item(gtin="3760123451093", title="A"), "2", "C62", "gtin:03760123451093"),
        (Item(title="Retouche"), "1", "C62", "title:Retouche"),
        (Item(sku="A", title="A"), "1.5", "C62", None),
        (Item(sku="CABLE", title="A"), "3", "MTR", None),
    ],
)
def test_whole_pieces_are_projected(item: Item, amount: str, unit: str, key: str | None) -> None:
    line = Line(id="lin_1", item=item, quantity=Quantity(value=Decimal(amount), unit=unit))
    shown = MEDUSA.project((line,), SETTINGS)
    assert [row.key for row in shown] == ([key] if key else [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "http://medusa.example"},
        {"base_url": "https://me:secret@medusa.example"},
        {"storefront_url": "https://shop.example/panier?x=1"},
        {"api_key": "pk_0123456789abcdef"},
        {"api_key": "sk_a:b"},
        {"webhook_secrets": []},
        {"webhook_secrets": ["whsec_c2hvcnQ="]},
        {"product_url": "https://shop.example/produits"},
    ],
    ids=str,
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({**ADDRESSES, **wrong})


def test_a_link_from_the_store_leads_to_the_cart_page_behind_a_hash() -> None:
    url = MEDUSA.continue_url("BCDF", SETTINGS)
    assert url == "https://shop.example/panier#cartbridge=BCDF"
