"""What a line of a quote costs: with tax or without, its discounts taken off, to the cent."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from cartbridge.domain.line import Discount, Line, Prices, Tax
from cartbridge.domain.money import TaxMode, minor_digits
from cartbridge.domain.quantity import plain


def prices_of(
    unit_price: int,
    quantity: Decimal,
    rate: str | None,
    discounts: Sequence[Discount],
    tax_mode: TaxMode,
) -> Prices:
    """The prices of a line at a unit price in the quote's own tax mode.

    ValueError where the discounts take off more than the line costs.
    """
    total = _round(unit_price * quantity) - sum(discount.amount for discount in discounts)
    if total < 0:
        raise ValueError("the discounts take off more than the line costs")
    return Prices(
        unit_price=unit_price,
        taxes=() if rate is None else (Tax(rate=rate, amount=_tax(total, rate, tax_mode)),),
        discounts=tuple(discounts),
        total=total,
    )


def prices_without_tax(
    listed: int, quantity: Decimal, rate: str, discounts: Sequence[Discount], currency: str
) -> Prices:
    """The net prices behind a list price that holds tax: with tax they are the listed ones again.

    ValueError where the discounts take off more than the line costs.
    """
    factor = 1 + Decimal(rate)
    gross = _round(listed * quantity)
    net = _round(gross / factor)
    off = sum(discount.amount for discount in discounts)
    if off > net:
        raise ValueError("the discounts take off more than the line costs")
    tax = _tax(net - off, rate, "exclusive") if off else gross - net
    exact = (listed / factor).scaleb(-minor_digits(currency)).quantize(Decimal("0.000001"))
    return Prices(
        unit_price=_round(listed / factor),
        unit_price_exact=plain(exact),
        taxes=(Tax(rate=rate, amount=tax),),
        discounts=tuple(discounts),
        total=net - off,
    )


def with_quantity(line: Line, quantity: Decimal, tax_mode: TaxMode) -> Prices | None:
    """The line's prices for another quantity, told anew; None where only proportion tells them."""
    prices = line.prices
    rates = {tax.rate for tax in prices.taxes}
    if prices.unit_price is None or prices.unit_price_exact is not None or len(rates) > 1:
        return None
    if prices.total is None or prices.fees:
        return None
    rate = next(iter(rates), None)
    try:
        known = prices_of(prices.unit_price, line.quantity.value, rate, prices.discounts, tax_mode)
        if known.total != prices.total:
            return None
        discounts = prices.scaled(line.quantity.value, quantity).discounts
        return prices_of(prices.unit_price, quantity, rate, discounts, tax_mode).model_copy(
            update={"list_price": prices.list_price}
        )
    except ValueError:
        return None


def _tax(total: int, rate: str, tax_mode: TaxMode) -> int:
    """The tax of a line's total: on top of it, or held in it."""
    if tax_mode == "exclusive":
        return _round(total * Decimal(rate))
    return total - _round(total / (1 + Decimal(rate)))


def _round(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_HALF_UP))
