"""Drift: what is known is compared, what is not is said, and the store's rule decides."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartbridge.domain.cart.state import Cart
from cartbridge.domain.drift import (
    Beside,
    Drift,
    LineDrift,
    OnlineNow,
    PriceSource,
    TillPrice,
    TillSide,
    report,
)
from cartbridge.domain.items import Item
from cartbridge.domain.line import Discount, Line, Prices, Tax
from cartbridge.domain.quantity import Quantity
from cartbridge.domain.stock import Level, StockKnown
from cartbridge.domain.store import PricePolicy
from cartbridge.domain.winner import Winner

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)
EUR = TillSide(currency="EUR")


def a_cart(prices: Prices, quantity: str = "1", **more: object) -> Cart:
    line = Line(
        id="lin_1",
        item=Item(title="Lamp", sku="LAMP"),
        quantity=Quantity(value=Decimal(quantity)),
        prices=prices,
    )
    return Cart.model_validate({"id": "crt_1", "lines": (line,), **more})


def the_line(drift: Drift) -> LineDrift:
    [line] = drift.lines
    return line


LAMP = a_cart(Prices(unit_price=4990, total=4990, taxes=(Tax(rate="0.20", amount=832),)))


def at_till(**told: object) -> dict[str, TillPrice]:
    return {"lin_1": TillPrice.model_validate(told)}


def test_everything_the_same() -> None:
    till = at_till(unit_price=4990, tax_rate=Decimal("0.2"), in_stock=Decimal(3), discount=0)
    drift = report(LAMP, till, "till", EUR)
    line = the_line(drift)
    assert (drift.verdict, line.verdict, line.unknown, line.from_) == ("same", "same", (), "till")
    assert (line.total.captured, line.total.till, line.total.verdict) == (4990, 4990, "same")
    assert line.winner == Winner(side="captured", unit_price=4990, total=4990)


@pytest.mark.parametrize(
    ("told", "aspect"),
    [
        ({"unit_price": 5490}, "total"),
        ({"unit_price": 5490}, "unit_price"),
        ({"total": 4000}, "total"),
        ({"tax_rate": Decimal("0.055")}, "tax_rate"),
        ({"in_stock": Decimal(0)}, "stock"),
        ({"unit_price": 4990, "discount": 500, "promotion": "-10 %"}, "promotion"),
    ],
)
def test_one_difference_makes_the_line_different(told: dict[str, object], aspect: str) -> None:
    drift = report(LAMP, at_till(**told), "till", EUR)
    assert getattr(the_line(drift), aspect).verdict == "different"
    assert (the_line(drift).verdict, drift.verdict) == ("different", "different")


def test_what_nobody_told_is_said_to_be_unknown() -> None:
    line = the_line(report(LAMP, {}, "none", EUR))
    assert line.verdict == "unknown"
    assert line.unknown == ("price", "tax_rate", "promotion", "stock")
    assert (line.total.till, line.stock.till, line.promotion.till) == (None, None, None)
    assert line.from_ == "none"


def test_a_price_alone_is_compared_and_the_rest_said_unknown() -> None:
    line = the_line(report(LAMP, at_till(unit_price=4990), "price_file", EUR))
    assert line.verdict == "same"
    assert line.unknown == ("tax_rate", "promotion", "stock")
    assert line.from_ == "price_file"


def test_a_till_that_does_not_know_the_line_says_nothing_about_it() -> None:
    drift = report(LAMP, {"lin_other": TillPrice(unit_price=1)}, "till", EUR)
    assert the_line(drift).from_ == "none"
    assert the_line(drift).verdict == "unknown"


def test_a_source_of_none_has_no_prices() -> None:
    assert the_line(report(LAMP, at_till(unit_price=1), "none", EUR)).total.till is None


@pytest.mark.parametrize("source", get_args(PriceSource))
def test_where_the_price_comes_from_is_told(source: PriceSource) -> None:
    line = the_line(report(LAMP, at_till(unit_price=4990), source, EUR))
    assert line.from_ == source


@pytest.mark.parametrize(
    ("policy", "till", "wins"),
    [
        ("till", 5490, "till"),
        ("till", 3990, "till"),
        ("captured", 5490, "captured"),
        ("captured", 3990, "captured"),
        ("lower", 5490, "captured"),
        ("lower", 3990, "till"),
        ("lower", 4990, "captured"),
    ],
)
def test_the_stores_rule_decides(policy: PricePolicy, till: int, wins: str) -> None:
    side = TillSide(currency="EUR", policy=policy)
    drift = report(LAMP, at_till(unit_price=till), "till", side)
    winner = the_line(drift).winner
    assert (winner.side, winner.note) == (wins, None)
    assert winner.total == (till if wins == "till" else 4990)
    assert drift.wins(policy) == {"lin_1": winner}
    assert report(LAMP, at_till(unit_price=till), "till", EUR).wins(policy) == {"lin_1": winner}


@pytest.mark.parametrize(
    ("policy", "side", "note", "total"),
    [
        ("lower", "captured", "till_price_unknown", 4990),
        ("captured", "captured", None, 4990),
        ("till", "till", "till_price_unknown", None),
    ],
)
def test_a_till_that_tells_no_price(
    policy: PricePolicy, side: str, note: str | None, total: int | None
) -> None:
    winner = report(LAMP, {}, "none", EUR).wins(policy)["lin_1"]
    assert (winner.side, winner.note, winner.total) == (side, note, total)


@pytest.mark.parametrize("policy", get_args(PricePolicy))
def test_a_line_captured_without_price_goes_at_the_tills(policy: PricePolicy) -> None:
    bare = a_cart(Prices())
    known = report(bare, at_till(unit_price=100), "till", EUR).wins(policy)["lin_1"]
    assert (known.side, known.total, known.note) == ("till", 100, "captured_price_unknown")
    unknown = report(bare, {}, "none", EUR).wins(policy)["lin_1"]
    assert (unknown.side, unknown.total, unknown.note) == ("till", None, "no_price_known")


def test_a_unit_price_is_never_compared_with_a_total() -> None:
    only_unit = a_cart(Prices(unit_price=4990), "2")
    line = the_line(report(only_unit, at_till(total=100), "till", EUR))
    assert (line.unit_price.verdict, line.total.verdict) == ("unknown", "unknown")
    assert line.winner.note == "not_comparable"
    assert line.winner.side == "captured"


def test_the_till_rings_up_unit_price_times_quantity_less_its_promotion() -> None:
    cart = a_cart(Prices(unit_price=590, total=1475), "2.5")
    rung = the_line(report(cart, at_till(unit_price=590), "till", EUR)).total
    assert (rung.till, rung.verdict) == (1475, "same")
    less = the_line(report(cart, at_till(unit_price=590, discount=75), "till", EUR)).total
    assert (less.till, less.verdict) == (1400, "different")
    third = a_cart(Prices(unit_price=333, total=112), "0.335")
    assert the_line(report(third, at_till(unit_price=333), "till", EUR)).total.till == 112


def test_a_promotion_on_both_sides_is_the_same() -> None:
    cart = a_cart(
        Prices(unit_price=4990, total=3990, discounts=(Discount(code="NOEL", amount=1000),))
    )
    till = at_till(unit_price=4990, discount=1000, promotion="Noël")
    promotion = the_line(report(cart, till, "till", EUR)).promotion
    assert promotion.verdict == "same"
    assert (promotion.captured_labels, promotion.till_label) == (("NOEL",), "Noël")


@pytest.mark.parametrize(("stock", "verdict"), [("1", "different"), ("2", "same"), ("9", "same")])
def test_stock_is_enough_or_not(stock: str, verdict: str) -> None:
    cart = a_cart(Prices(total=100), "2")
    assert the_line(report(cart, at_till(in_stock=Decimal(stock)), "till", EUR)).stock.verdict == (
        verdict
    )


def test_a_line_taxed_at_two_rates_has_no_rate_to_compare() -> None:
    taxes = (Tax(rate="0.20", amount=80), Tax(rate="0.055", amount=20))
    cart = a_cart(Prices(total=1000, taxes=taxes))
    line = the_line(report(cart, at_till(tax_rate=Decimal("0.20")), "till", EUR))
    assert line.tax_rate.captured is None
    assert "tax_rate" in line.unknown


def test_prices_without_tax_meet_a_till_with_tax_by_their_totals() -> None:
    net = a_cart(
        Prices(unit_price=1000, total=1000, taxes=(Tax(rate="0.20", amount=200),)),
        tax_mode="exclusive",
    )
    line = the_line(report(net, at_till(unit_price=1200), "till", EUR))
    assert (line.unit_price.captured, line.unit_price.verdict) == (None, "unknown")
    assert (line.total.captured, line.total.verdict) == (1200, "same")
    untold = a_cart(Prices(unit_price=1000, total=1000), tax_mode="exclusive")
    assert the_line(report(untold, at_till(unit_price=1200), "till", EUR)).total.captured is None


def test_prices_with_tax_meet_a_till_without() -> None:
    side = TillSide(currency="EUR", tax_mode="exclusive")
    total = the_line(report(LAMP, at_till(total=4158), "till", side)).total
    assert (total.captured, total.verdict) == (4158, "same")


@pytest.mark.parametrize("policy", get_args(PricePolicy))
def test_another_currency_brings_articles_only(policy: PricePolicy) -> None:
    side = TillSide(currency="CHF", policy=policy)
    told = at_till(unit_price=100, in_stock=Decimal(0), discount=0)
    drift = report(LAMP, told, "till", side)
    line = the_line(drift)
    assert (drift.articles_only, drift.reason) == (True, "other_currency")
    assert (drift.currency, drift.till_currency) == ("EUR", "CHF")
    assert line.total.verdict == line.unit_price.verdict == line.promotion.verdict == "unknown"
    assert line.stock.verdict == "different"
    for rule in get_args(PricePolicy):
        winner = drift.wins(rule)["lin_1"]
        assert (winner.side, winner.total, winner.note) == ("till", 100, "other_currency")


def test_the_same_currency_brings_prices() -> None:
    assert report(LAMP, {}, "none", EUR).articles_only is False


def test_without_a_till_side_the_carts_own_currency_and_the_lower_price_hold() -> None:
    swiss = a_cart(Prices(total=500), currency="CHF", tax_mode="exclusive")
    drift = report(swiss, at_till(total=400), "shop")
    assert (drift.articles_only, drift.policy) == (False, "lower")
    assert the_line(drift).winner.side == "till"


def test_an_empty_cart_has_nothing_to_compare() -> None:
    drift = report(a_cart(Prices()).model_copy(update={"lines": ()}), {}, "till", EUR)
    assert (drift.lines, drift.verdict) == ((), "unknown")


def test_it_rides_as_json_and_comes_back() -> None:
    till = at_till(unit_price=5490, tax_rate=Decimal("0.20"), in_stock=Decimal("2.50"))
    drift = report(LAMP, till, "till", EUR)
    body = json.loads(drift.model_dump_json())
    line = body["lines"][0]
    assert line["from"] == "till"
    assert "from_" not in line
    assert line["total"] == {"captured": 4990, "till": 5490, "verdict": "different"}
    assert (line["stock"]["wanted"], line["stock"]["till"]) == ("1", "2.5")
    assert line["winner"]["side"] == "captured"
    assert Drift.model_validate(body) == drift


def test_a_line_tells_since_when_its_price_is_so_and_where_it_is_from() -> None:
    till = at_till(unit_price=4990, source="price_file", as_of=AT)
    line = the_line(report(LAMP, till, "till", EUR))
    assert (line.from_, line.as_of) == ("price_file", AT)


@pytest.mark.parametrize(
    ("now", "shown", "verdict"),
    [
        ({"unit_price": 4990}, 4990, "same"),
        ({"unit_price": 4590}, 4590, "different"),
        ({"unit_price": 4990, "tax_mode": "exclusive"}, None, "unknown"),
        ({"unit_price": 4990, "currency": "CHF"}, None, "unknown"),
    ],
)
def test_the_web_price_by_now_stands_beside_the_captured_one(
    now: dict[str, object], shown: int | None, verdict: str
) -> None:
    told = OnlineNow.model_validate({"currency": "EUR", "connection": "web", "as_of": AT, **now})
    drift = report(LAMP, {}, "none", EUR, Beside(online={"lin_1": told}))
    online = the_line(drift).online
    assert (online.captured, online.now, online.verdict) == (4990, shown, verdict)
    assert (online.connection, online.as_of) == ("web", AT)
    assert drift.verdict == "unknown"  # what it costs online by now is no till price


def test_a_web_price_that_nobody_told_is_unknown() -> None:
    online = the_line(report(LAMP, {}, "none", EUR)).online
    assert (online.captured, online.now, online.verdict) == (4990, None, "unknown")


def test_who_made_the_rule_is_told_with_every_winner() -> None:
    side = TillSide(currency="EUR", policy="till", policy_from="brand")
    drift = report(LAMP, at_till(unit_price=5490), "till", side)
    assert (drift.policy, drift.policy_from) == ("till", "brand")
    assert the_line(drift).winner.policy_from == "brand"
    abroad = report(LAMP, {}, "till", side.model_copy(update={"currency": "CHF"}))
    assert the_line(abroad).winner.policy_from == "brand"


QUANTITIES = st.lists(st.integers(1, 9), min_size=1, max_size=6)


@given(QUANTITIES, QUANTITIES, st.integers(0, 30))
def test_stock_is_enough_for_all_lines_of_an_article_or_for_none(
    lamps: list[int], books: list[int], left: int
) -> None:
    """Two lines of two and a stock of three: neither line is told that there is enough."""
    rows = [("LAMP", count) for count in lamps] + [("BOOK", count) for count in books]
    lines = tuple(
        Line(
            id=f"lin_{number}",
            item=Item(title=sku, sku=sku),
            quantity=Quantity(value=Decimal(count)),
        )
        for number, (sku, count) in enumerate(rows)
    )
    here = StockKnown(here=Level(quantity=Decimal(left), as_of=AT))
    known = {line.id: here for line in lines}
    drift = report(Cart(id="crt_1", lines=lines), {}, "none", EUR, Beside(stock=known))
    for sku, counts in (("LAMP", lamps), ("BOOK", books)):
        verdicts = {
            one.stock.verdict
            for one, line in zip(drift.lines, lines, strict=True)
            if line.item.sku == sku
        }
        assert verdicts == {"same" if sum(counts) <= left else "different"}


def test_grams_and_pieces_of_an_article_are_not_added_up() -> None:
    item = Item(title="Tea", sku="TEA")
    lines = tuple(
        Line(id=f"lin_{unit}", item=item, quantity=Quantity(value=Decimal(value), unit=unit))
        for unit, value in (("C62", 2), ("GRM", 500))
    )
    known = {"lin_C62": StockKnown(here=Level(quantity=Decimal(3), as_of=AT))}
    drift = report(Cart(id="crt_1", lines=lines), {}, "none", EUR, Beside(stock=known))
    assert [line.stock.verdict for line in drift.lines] == ["same", "unknown"]


def test_stock_that_was_told_too_long_ago_is_shown_and_decides_nothing() -> None:
    known = {"lin_1": StockKnown(here=Level(quantity=Decimal(9), as_of=AT))}
    beside = Beside(stock=known, reliable_since=AT + timedelta(seconds=1))
    line = the_line(report(LAMP, {}, "none", EUR, beside))
    assert (line.stock.till, line.stock.as_of, line.stock.verdict) == (Decimal(9), AT, "unknown")
    assert "stock" in line.unknown


def test_what_the_till_itself_has_goes_before_what_was_told() -> None:
    known = {"lin_1": StockKnown(here=Level(quantity=Decimal(0), as_of=AT))}
    drift = report(LAMP, at_till(in_stock=Decimal(1)), "till", EUR, Beside(stock=known))
    stock = the_line(drift).stock
    assert (stock.till, stock.as_of, stock.verdict) == (Decimal(1), None, "same")
