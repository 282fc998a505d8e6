"""Exact arithmetic between our minor units and Odoo's unit price, percentage and taxes."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

from cartbridge.sdk.documents import Prices, to_major, to_minor

HUNDRED: Final = Decimal(100)
_EXACT: Final = Decimal("0.000001")
_MEANT: Final = (0, 1)  # decimals of a percentage that somebody thought of as one
_KEPT: Final = (*_MEANT, 2)  # those that a sales order keeps
_FINE: Final = (*_KEPT, 3, 4, 5, 6)  # those of a till

TaxMode = Literal["inclusive", "exclusive"]


@dataclass(frozen=True)
class Taxed:
    """The taxes of an article: their ids there, the whole rate, and whether prices hold it."""

    ids: tuple[int, ...] = ()
    rate: Decimal = Decimal(0)
    included: bool = True


@dataclass(frozen=True)
class Priced:
    """How Odoo is told what a line costs; `off` stands on a line of its own, if there is any."""

    price_unit: Decimal  # major units, in the article's own tax mode
    discount: Decimal  # per cent
    untaxed: int  # minor units, before `off`
    total: int
    off: int = 0


def with_tax(amount: Decimal, rate: Decimal) -> int:
    """An amount before tax in minor units, tax added, rounded half up once."""
    return rounded(amount * (1 + rate))


def without_tax(amount: int, taxed: Taxed) -> int:
    """An amount with tax, tax taken out: Odoo rounds the tax, or the net where tax is on top."""
    whole = Decimal(amount)
    if taxed.included:
        return amount - rounded(whole * taxed.rate / (1 + taxed.rate))
    return rounded(whole / (1 + taxed.rate))


def rounded(amount: Decimal) -> int:
    """To the minor unit, half away from zero as tills do."""
    return int(amount.to_integral_value(ROUND_HALF_UP))


def both(total: int, mode: TaxMode, taxed: Taxed) -> tuple[int, int]:
    """An amount without and with tax, whichever of the two it was told as."""
    if mode == "inclusive":
        return without_tax(total, taxed), total
    return total, with_tax(Decimal(total), taxed.rate)


def own_price(price: Decimal, quantity: Decimal, currency: str, taxed: Taxed) -> Priced:
    """What the article costs by Odoo's own price list."""
    whole = to_minor(price * quantity, currency)
    mode: TaxMode = "inclusive" if taxed.included else "exclusive"
    untaxed, total = both(whole, mode, taxed)
    return Priced(price, Decimal(0), untaxed, total)


def told_price(
    prices: Prices,
    quantity: Decimal,
    currency: str,
    mode: TaxMode,
    taxed: Taxed,
    *,
    apart: bool,
    fine: bool,
) -> Priced:
    """How a binding total is said in unit price and discount, so that Odoo finds the same one.

    `apart`: a fixed reduction may stand on a line of its own; `fine`: percentages may have six
    decimals. What cannot be said so becomes a unit price that already holds the reduction.
    """
    asked = prices.total or 0
    untaxed, total = both(asked, mode, taxed)
    own = total if taxed.included else untaxed
    unit = _unit(prices, currency, mode, taxed)
    gross = None if unit is None else to_minor(unit * quantity, currency)
    if unit is not None and gross is not None:
        digits = _MEANT if apart else _FINE if fine else _KEPT
        percent = _percent(unit * quantity, own, currency, digits)
        if percent is not None:
            return Priced(unit, percent, untaxed, total)
        if apart and gross > own:
            own_mode: TaxMode = "inclusive" if taxed.included else "exclusive"
            before = both(gross, own_mode, taxed)
            return Priced(unit, Decimal(0), before[0], before[1], gross - own)
    flat = to_major(own, currency) / quantity
    return Priced(flat.quantize(_EXACT), Decimal(0), untaxed, total)


def _unit(prices: Prices, currency: str, mode: TaxMode, taxed: Taxed) -> Decimal | None:
    """The unit price in the article's own tax mode; None if only a total was told."""
    if prices.unit_price is None:
        return None
    told = to_major(prices.unit_price, currency)
    exact = Decimal(prices.unit_price_exact or told)
    if to_minor(exact, currency) == prices.unit_price:
        told = exact
    if taxed.included and mode == "exclusive":
        return (told * (1 + taxed.rate)).quantize(_EXACT)
    if not taxed.included and mode == "inclusive":
        return (told / (1 + taxed.rate)).quantize(_EXACT)
    return told


def _percent(gross: Decimal, want: int, currency: str, digits: Sequence[int]) -> Decimal | None:
    """The discount with the fewest decimals that leads from one amount to the other."""
    if to_minor(gross, currency) == want:
        return Decimal(0)
    if gross <= 0 or not 0 <= to_major(want, currency) < gross:
        return None
    exact = (1 - to_major(want, currency) / gross) * HUNDRED
    for places in digits:
        percent = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        if to_minor(gross * (1 - percent / HUNDRED), currency) == want:
            return percent
    return None


def dealt(total: int, weights: Sequence[int]) -> list[int]:
    """An amount dealt out by weight, to the minor unit: the parts always add up to it."""
    whole, parts, given, passed = sum(weights), [], 0, 0
    for weight in weights:
        passed += weight
        upto = rounded(Decimal(total * passed) / whole) if whole else 0
        parts.append(upto - given)
        given = upto
    if parts and not whole:
        parts[0] = total
    return parts
