"""Quantities are exact decimals with a unit: never a float, never negative."""

from decimal import Decimal

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from pydantic import ValidationError

from cartbridge.domain.quantity import Quantity, plain

exact = st.decimals(0, 10**9 - 1, places=6)


@for_all(exact)
def test_a_quantity_survives_being_stored(value: Decimal) -> None:
    quantity = Quantity(value=value, unit="MTR")
    assert Quantity.model_validate_json(quantity.model_dump_json()) == quantity


@for_all(exact)
def test_it_is_written_as_people_write_it(value: Decimal) -> None:
    text = plain(value)
    assert Decimal(text) == value
    assert "E" not in text.upper()
    assert not (("." in text) and text.endswith(("0", ".")))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1.500", "1.5"),
        ("100", "100"),
        ("2.000000", "2"),
        ("1E+2", "100"),
        ("0.000001", "0.000001"),
    ],
)
def test_examples(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


@pytest.mark.parametrize(
    "value", [1.5, True, "-1", "NaN", "Infinity", "0.0000001", "1000000000", "one"]
)
def test_what_is_no_quantity(value: object) -> None:
    with pytest.raises(ValidationError):
        Quantity.model_validate({"value": value})


def test_a_float_is_told_how_to_be_written() -> None:
    with pytest.raises(ValidationError, match="decimal string"):
        Quantity.model_validate({"value": 1.5})


@pytest.mark.parametrize("unit", ["c62", "piece", "", "M"])
def test_a_unit_is_a_code_of_the_un(unit: str) -> None:
    with pytest.raises(ValidationError):
        Quantity.model_validate({"value": "1", "unit": unit})


def test_another_amount_keeps_the_unit() -> None:
    cord = Quantity(value=Decimal("2.5"), unit="MTR")
    assert cord.of(Decimal(3)) == Quantity(value=Decimal(3), unit="MTR")
    assert Quantity(value=Decimal(1)).unit == "C62"
