"""Money: integer minor units and an ISO 4217 code, never a float."""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Annotated, Final, Literal

from pydantic import Field

# A cart's amount fits far below this; more is a sender's mistake, not a sale.
Minor = Annotated[int, Field(ge=-(10**12), le=10**12, strict=True)]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
TaxMode = Literal["inclusive", "exclusive"]

_DIGITS: Final = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def minor_digits(currency: str) -> int:
    """How many decimals a currency has (ISO 4217): 2 for EUR, 0 for JPY, 3 for TND."""
    return _DIGITS.get(currency, 2)


def to_minor(amount: Decimal, currency: str) -> int:
    """A major-unit amount in minor units, rounded once, half up as tills do."""
    if not amount.is_finite():
        raise ValueError("an amount must be a finite number")
    return int(amount.scaleb(minor_digits(currency)).to_integral_value(ROUND_HALF_UP))


def to_major(amount: int, currency: str) -> Decimal:
    """A minor-unit amount in major units, exact."""
    return Decimal(amount).scaleb(-minor_digits(currency))


def share(total: int, weights: list[Decimal]) -> list[int]:
    """`total` dealt out by weight, to the unit: the parts always add up to it."""
    if not weights:
        return []
    whole = sum(weights)
    if whole == 0:
        weights, whole = [Decimal(1)] * len(weights), Decimal(len(weights))
    parts, given, passed = [], 0, Decimal(0)
    for weight in weights:
        passed += weight
        upto = int((total * passed / whole).to_integral_value(ROUND_HALF_EVEN))
        parts.append(upto - given)
        given = upto
    return parts
