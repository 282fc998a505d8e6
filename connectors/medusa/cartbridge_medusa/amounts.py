"""Medusa's unrounded major units in minor ones: each amount is rounded once, and they add up."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from cartbridge.sdk.documents import Discount, Tax, TaxMode, minor_digits, plain, to_minor
from cartbridge_medusa import payloads as wire

ZERO: Final = Decimal(0)
PERCENT: Final = Decimal(100)


@dataclass(frozen=True)
class Charged:
    """What a line costs in the cart's tax mode: with all of Medusa's digits, and rounded."""

    unit: Decimal
    full: int  # before discounts
    total: int
    list_price: int | None


def mode_of(lines: Sequence[wire.MedusaLine]) -> TaxMode:
    """Without tax only if every line's price is; a mixed cart is shown with tax."""
    exclusive = lines and not any(line.is_tax_inclusive for line in lines)
    return "exclusive" if exclusive else "inclusive"


def charged(line: wire.MedusaLine, mode: TaxMode, currency: str) -> Charged:
    """A line's amounts in the cart's tax mode."""
    own = line.is_tax_inclusive == (mode == "inclusive")
    unit, quantity = line.unit_price, line.quantity
    if not own and quantity:
        unit = line.original_total / quantity
    factor = unit / line.unit_price if line.unit_price else Decimal(1)
    listed = line.compare_at_unit_price
    net = line.total - line.tax_total
    return Charged(
        unit=unit,
        full=to_minor(line.original_total if mode == "inclusive" else unit * quantity, currency),
        total=to_minor(line.total if mode == "inclusive" else net, currency),
        list_price=None if listed is None else to_minor(listed * factor, currency),
    )


def goods_total(cart: wire.MedusaCart, mode: TaxMode, currency: str) -> int:
    """What all articles cost together, as Medusa counts it."""
    tax = cart.tax_total - cart.shipping_tax_total
    return to_minor(cart.item_total if mode == "inclusive" else cart.item_total - tax, currency)


def shipping_total(cart: wire.MedusaCart, mode: TaxMode, currency: str) -> int:
    """What the shipping costs."""
    tax = ZERO if mode == "inclusive" else cart.shipping_tax_total
    return to_minor(cart.shipping_total - tax, currency)


def taxes(line: wire.MedusaLine, currency: str) -> tuple[Tax, ...]:
    """The line's tax, dealt out over its rates."""
    rates = [tax.rate for tax in line.tax_lines]
    shares = dealt(to_minor(line.tax_total, currency), rates)
    return tuple(
        Tax(rate=rate_of(rate), amount=amount) for rate, amount in zip(rates, shares, strict=True)
    )


def rate_of(percent: Decimal) -> str:
    """A rate as a decimal string: 20 percent is 0.20, 5.5 percent is 0.055."""
    whole, _, digits = plain((percent / PERCENT).quantize(Decimal("0.000001"))).partition(".")
    return f"{whole}.{digits.ljust(2, '0')}"


def discounts(adjustments: Sequence[wire.MedusaAdjustment], off: int) -> tuple[Discount, ...]:
    """What was taken off, by what: Medusa's amounts may be without tax, their shares hold."""
    if off <= 0:
        return ()
    if not any(one.amount > 0 for one in adjustments):
        return (Discount(amount=off),)
    shares = dealt(off, [max(one.amount, ZERO) for one in adjustments])
    return tuple(
        Discount(code=one.code, label=one.label, amount=share)
        for one, share in zip(adjustments, shares, strict=True)
        if share
    )


def exact_price(unit: Decimal, currency: str) -> str | None:
    """The unit price where Medusa has more digits than the currency; None where it has not."""
    rounded = round(unit, 12)
    cents = unit.scaleb(minor_digits(currency))
    return None if cents == cents.to_integral_value() else plain(rounded)


def dealt(total: int, weights: Sequence[Decimal]) -> list[int]:
    """A total dealt out by weight, to the unit: the parts always add up to it."""
    whole, passed, given, parts = sum(weights, ZERO), ZERO, 0, []
    for place, weight in enumerate(weights):
        passed += weight
        last = place == len(weights) - 1
        upto = total if last or not whole else round(total * passed / whole)
        parts.append(upto - given)
        given = upto
    return parts
