"""Money is whole minor units; parts of it always add up."""

from decimal import Decimal

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from cartbridge.domain.money import CurrencyCode, Minor, minor_digits, share, to_major, to_minor

MINOR: TypeAdapter[int] = TypeAdapter(Minor)
CODE: TypeAdapter[str] = TypeAdapter(CurrencyCode)
CURRENCIES = ["EUR", "JPY", "TND"]


@pytest.mark.parametrize(("currency", "digits"), [("EUR", 2), ("JPY", 0), ("TND", 3)])
def test_a_currency_has_its_own_number_of_decimals(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("49.90", "EUR", 4990),
        ("0.005", "EUR", 1),
        ("-0.005", "EUR", -1),
        ("0.0049", "EUR", 0),
        ("2.675", "EUR", 268),
        ("1500.4", "JPY", 1500),
        ("1.2345", "TND", 1235),
        ("1E+3", "EUR", 100000),
    ],
)
def test_an_amount_is_rounded_once_half_up(amount: str, currency: str, minor: int) -> None:
    assert to_minor(Decimal(amount), currency) == minor


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_number_is_no_amount(amount: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        to_minor(Decimal(amount), "EUR")


@for_all(st.integers(-(10**12), 10**12), st.sampled_from(CURRENCIES))
def test_there_and_back(minor: int, currency: str) -> None:
    assert to_minor(to_major(minor, currency), currency) == minor


@for_all(
    st.integers(-(10**9), 10**9),
    st.lists(st.decimals(0, 10**6, places=3), min_size=1, max_size=12),
)
def test_shares_add_up(total: int, weights: list[Decimal]) -> None:
    parts = share(total, weights)
    assert sum(parts) == total
    assert len(parts) == len(weights)


@for_all(st.integers(0, 10**9), st.lists(st.integers(1, 1000), min_size=1, max_size=12))
def test_a_share_is_its_weight_to_the_unit(total: int, weights: list[int]) -> None:
    parts = share(total, [Decimal(weight) for weight in weights])
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Decimal(total) * weight / sum(weights)) <= 1


def test_shares_of_nothing() -> None:
    assert share(100, []) == []
    assert share(10, [Decimal(0), Decimal(0), Decimal(0)]) == [3, 4, 3]
    assert share(0, [Decimal(1), Decimal(2)]) == [0, 0]


@pytest.mark.parametrize("amount", [1.0, "1", True, 10**12 + 1, -(10**12) - 1, None])
def test_an_amount_is_a_whole_number_within_bounds(amount: object) -> None:
    with pytest.raises(ValidationError):
        MINOR.validate_python(amount)


@pytest.mark.parametrize("code", ["eur", "EURO", "EU", "E1R", ""])
def test_a_currency_is_three_capitals(code: str) -> None:
    with pytest.raises(ValidationError):
        CODE.validate_python(code)
    assert CODE.validate_python("EUR") == "EUR"
