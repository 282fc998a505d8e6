"""Quantities: an exact decimal and a UN/ECE Rec 20 unit (C62 is the piece, MTR the metre)."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer

from cartbridge.domain.model import Strict


def plain(value: Decimal) -> str:
    """A decimal as people write it: no exponent, no trailing zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _exact(value: Any) -> Any:
    if isinstance(value, float | bool):
        raise ValueError('write it as a decimal string, for example "1.5"')
    return value


# Up to 10^9 with six decimals: grams of a kilogram, millimetres of a kilometre.
Amount = Annotated[
    Decimal,
    # Right behind the type, or it would not be checked natively.
    Field(ge=0, max_digits=15, decimal_places=6, allow_inf_nan=False),
    BeforeValidator(_exact),
    PlainSerializer(plain, return_type=str),
]


class Quantity(Strict):
    """How much of an item: never negative, never a float."""

    value: Amount
    unit: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,3}$")] = "C62"

    def of(self, value: Decimal) -> "Quantity":
        """Another amount in the same unit."""
        return Quantity(value=value, unit=self.unit)
