"""A line's amounts are for the whole line, and follow its quantity until the shop tells its own."""

from decimal import Decimal

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from pydantic import ValidationError

from cartbridge.domain.line import Discount, Fee, Line, Prices, Tax
from tests.unit.domain.words import line

FULL = Prices(
    unit_price=4990,
    unit_price_exact="49.9000",
    list_price=5990,
    taxes=(Tax(rate="0.20", amount=1497),),
    fees=(Fee(kind="eco_participation", amount=60),),
    discounts=(Discount(code="NOEL", amount=1000),),
    total=8980,
)


def test_all_amounts_of_the_whole_line_are_scaled_and_those_of_a_piece_are_not() -> None:
    assert FULL.scaled(Decimal(2), Decimal(3)) == Prices(
        unit_price=4990,
        unit_price_exact="49.9000",
        list_price=5990,
        taxes=(Tax(rate="0.20", amount=2246),),
        fees=(Fee(kind="eco_participation", amount=90),),
        discounts=(Discount(code="NOEL", amount=1500),),
        total=13470,
    )


def test_a_price_nobody_told_stays_untold() -> None:
    assert Prices().scaled(Decimal(1), Decimal(4)) == Prices()


@pytest.mark.parametrize("old", [0, 2])
def test_from_nothing_or_to_the_same_nothing_is_scaled(old: int) -> None:
    assert FULL.scaled(Decimal(old), Decimal(2)) == FULL


@for_all(st.integers(1, 500), st.integers(1, 500), st.integers(0, 10**6))
def test_a_whole_number_of_pieces_costs_that_many_times(old: int, new: int, unit: int) -> None:
    prices = Prices(unit_price=unit, total=unit * old)
    assert prices.scaled(Decimal(old), Decimal(new)).total == unit * new


def test_a_line_takes_its_amounts_along() -> None:
    lamps = line("LAMP", 2, prices=FULL)
    one = lamps.with_quantity(Decimal(1))
    assert one.id == lamps.id
    assert one.quantity.value == 1
    assert one.prices.total == 4490
    assert lamps.quantity.value == 2


@for_all(st.integers(1, 99), st.integers(1, 99))
def test_a_line_survives_being_stored(old: int, new: int) -> None:
    kept = line("LAMP", old, prices=FULL).with_quantity(Decimal(new))
    assert Line.model_validate_json(kept.model_dump_json()) == kept


@pytest.mark.parametrize(
    "wrong",
    [
        {"unit_price": 49.9},
        {"total": "8980"},
        {"unit_price_exact": "49,90"},
        {"taxes": [{"rate": "20 %", "amount": 1}]},
        {"discounts": [{"amount": -1}]},
        {"discount": []},
    ],
)
def test_what_is_no_price(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Prices.model_validate(wrong)
