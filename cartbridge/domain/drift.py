"""Drift: what a cart was captured at against what the till says, and whose price wins."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

from pydantic import ConfigDict, Field

from cartbridge.domain.cart.state import Cart
from cartbridge.domain.line import Line
from cartbridge.domain.model import Strict
from cartbridge.domain.money import CurrencyCode, Minor, TaxMode
from cartbridge.domain.quantity import Amount
from cartbridge.domain.store import PricePolicy

PriceSource = Literal["till", "price_file", "shop", "none"]
Verdict = Literal["same", "different", "unknown"]
Aspect = Literal["price", "tax_rate", "promotion", "stock"]
Note = Literal[
    "till_price_unknown",
    "captured_price_unknown",
    "no_price_known",
    "not_comparable",  # one side tells a unit price only, the other a total only
    "other_currency",
    "price_held",  # a quote that still holds: whatever the policy
]

_ASPECTS: Final[tuple[Aspect, ...]] = ("price", "tax_rate", "promotion", "stock")


class TillPrice(Strict):
    """What the till's side says of one line; None: it does not say. Amounts in minor units."""

    unit_price: Minor | None = None
    total: Minor | None = None  # of the whole line; else the unit price times the quantity
    tax_rate: Amount | None = None  # 0.20 is 20 %
    in_stock: Amount | None = None  # in the line's own unit
    promotion: str | None = None  # its name, if the till gives one
    discount: Minor | None = None  # of the whole line; 0: no promotion


class TillSide(Strict):
    """The till that took the cart: its currency, whether its prices hold tax, whose price wins."""

    currency: CurrencyCode
    policy: PricePolicy = "lower"
    tax_mode: TaxMode = "inclusive"
    held: frozenset[str] = frozenset()  # lines whose captured price holds: of a quote


class Compared(Strict):
    """One amount on both sides, in minor units, both with tax or both without."""

    captured: Minor | None = None
    till: Minor | None = None
    verdict: Verdict = "unknown"


class ComparedRate(Strict):
    """The tax rate on both sides; a line taxed at several rates has none to compare."""

    captured: Amount | None = None
    till: Amount | None = None
    verdict: Verdict = "unknown"


class ComparedPromotion(Strict):
    """What the promotions take off the whole line on both sides, and how they are called."""

    captured: Minor = 0
    till: Minor | None = None
    captured_labels: tuple[str, ...] = ()
    till_label: str | None = None
    verdict: Verdict = "unknown"


class ComparedStock(Strict):
    """How much is wanted and how much the store has: enough is the same."""

    wanted: Amount
    till: Amount | None = None
    verdict: Verdict = "unknown"


class Winner(Strict):
    """Whose price holds for a line, and why where it is not plain."""

    side: Literal["till", "captured"]
    unit_price: Minor | None = None  # None: the till rings up its own, which we do not know
    total: Minor | None = None
    note: Note | None = None


class LineDrift(Strict):
    """One line, captured against the till."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True
    )

    line: str
    from_: PriceSource = Field(alias="from")
    unit_price: Compared
    total: Compared
    tax_rate: ComparedRate
    promotion: ComparedPromotion
    stock: ComparedStock
    verdict: Verdict
    unknown: tuple[Aspect, ...] = ()  # what nobody told, said and not guessed
    winner: Winner

    def wins(self, policy: PricePolicy) -> Winner:
        """Whose price would hold under that rule: till, captured, or the lower of the two."""
        if self.winner.note in ("other_currency", "price_held"):
            return self.winner
        return _winner(self.unit_price, self.total, policy)


class Drift(Strict):
    """The whole report, as it rides in the answer to a claim."""

    currency: CurrencyCode
    till_currency: CurrencyCode
    policy: PricePolicy
    articles_only: bool = False  # the till sells the articles at its own prices
    reason: Literal["other_currency"] | None = None
    verdict: Verdict
    lines: tuple[LineDrift, ...]

    def wins(self, policy: PricePolicy) -> dict[str, Winner]:
        """Whose price would hold for each line under that rule."""
        return {line.line: line.wins(policy) for line in self.lines}


def report(
    cart: Cart,
    till_prices: Mapping[str, TillPrice],
    source: PriceSource,
    side: TillSide | None = None,
) -> Drift:
    """Every line of the cart against the till's prices, by line id, and whose price wins.

    Without `side` the till counts in the cart's own currency and tax mode, and the lower wins.
    """
    side = side or TillSide(currency=cart.currency, tax_mode=cart.tax_mode)
    told = {} if source == "none" else till_prices
    foreign = cart.currency != side.currency
    lines = tuple(_line(cart, line, told.get(line.id), source, side) for line in cart.lines)
    return Drift(
        currency=cart.currency,
        till_currency=side.currency,
        policy=side.policy,
        articles_only=foreign,
        reason="other_currency" if foreign else None,
        verdict=_together([line.verdict for line in lines]),
        lines=lines,
    )


def _line(
    cart: Cart, line: Line, told: TillPrice | None, source: PriceSource, side: TillSide
) -> LineDrift:
    till = told or TillPrice()
    foreign = cart.currency != side.currency
    unit_price, total = _prices(line, till, cart.tax_mode, side.tax_mode, foreign)
    tax_rate = _tax_rate(line, till)
    promotion = _promotion(line, till, foreign)
    stock = _stock(line, till)
    price = _together([total.verdict] if total.verdict != "unknown" else [unit_price.verdict])
    verdicts = (price, tax_rate.verdict, promotion.verdict, stock.verdict)
    return LineDrift(
        line=line.id,
        from_=source if told is not None else "none",
        unit_price=unit_price,
        total=total,
        tax_rate=tax_rate,
        promotion=promotion,
        stock=stock,
        verdict=_line_verdict(price, verdicts),
        unknown=tuple(
            aspect
            for aspect, verdict in zip(_ASPECTS, verdicts, strict=True)
            if verdict == "unknown"
        ),
        winner=(
            Winner(side="till", unit_price=till.unit_price, total=total.till, note="other_currency")
            if foreign
            else _captured_wins(unit_price, total, "price_held")
            if line.id in side.held and line.prices.total is not None
            else _winner(unit_price, total, side.policy)
        ),
    )


def _line_verdict(price: Verdict, verdicts: tuple[Verdict, ...]) -> Verdict:
    """Different if anything is; unknown if no price can be compared; same otherwise."""
    return "different" if "different" in verdicts else price


def _prices(
    line: Line, till: TillPrice, captured_mode: TaxMode, till_mode: TaxMode, foreign: bool
) -> tuple[Compared, Compared]:
    """Unit price and line total, each only where both sides mean the same kind of amount."""
    unit, total = line.prices.unit_price, line.prices.total
    if captured_mode != till_mode:
        unit, total = None, _with_other_tax(line, till_mode)
    rung = till.total if till.total is not None else _rung_up(line, till)
    return (
        _compared(unit, till.unit_price, foreign),
        _compared(total, rung, foreign),
    )


def _with_other_tax(line: Line, till_mode: TaxMode) -> int | None:
    """The captured total with tax, or without, by the taxes its shop told; None if it did not."""
    if line.prices.total is None or not line.prices.taxes:
        return None
    tax = sum(part.amount for part in line.prices.taxes)
    return line.prices.total + (tax if till_mode == "inclusive" else -tax)


def _rung_up(line: Line, till: TillPrice) -> int | None:
    if till.unit_price is None:
        return None
    exact = till.unit_price * line.quantity.value - (till.discount or 0)
    return int(exact.to_integral_value(ROUND_HALF_UP))


def _compared(captured: int | None, till: int | None, foreign: bool) -> Compared:
    known = captured is not None and till is not None and not foreign
    return Compared(
        captured=captured, till=till, verdict=_verdict(captured == till) if known else "unknown"
    )


def _tax_rate(line: Line, till: TillPrice) -> ComparedRate:
    rates = {Decimal(tax.rate) for tax in line.prices.taxes}
    captured = rates.pop() if len(rates) == 1 else None
    known = captured is not None and till.tax_rate is not None
    return ComparedRate(
        captured=captured,
        till=till.tax_rate,
        verdict=_verdict(captured == till.tax_rate) if known else "unknown",
    )


def _promotion(line: Line, till: TillPrice, foreign: bool) -> ComparedPromotion:
    captured = sum(discount.amount for discount in line.prices.discounts)
    labels = (discount.label or discount.code for discount in line.prices.discounts)
    known = till.discount is not None and line.prices.total is not None and not foreign
    return ComparedPromotion(
        captured=captured,
        till=till.discount,
        captured_labels=tuple(label for label in labels if label),
        till_label=till.promotion,
        verdict=_verdict(captured == till.discount) if known else "unknown",
    )


def _stock(line: Line, till: TillPrice) -> ComparedStock:
    wanted = line.quantity.value
    return ComparedStock(
        wanted=wanted,
        till=till.in_stock,
        verdict="unknown" if till.in_stock is None else _verdict(till.in_stock >= wanted),
    )


def _winner(unit: Compared, total: Compared, policy: PricePolicy) -> Winner:
    captured_known = (unit.captured, total.captured) != (None, None)
    till_known = (unit.till, total.till) != (None, None)
    if not captured_known:
        note: Note = "captured_price_unknown" if till_known else "no_price_known"
        return _till_wins(unit, total, note)
    if policy == "till":
        return _till_wins(unit, total, None if till_known else "till_price_unknown")
    if policy == "captured":
        return _captured_wins(unit, total, None)
    if not till_known:
        return _captured_wins(unit, total, "till_price_unknown")
    return _lower(unit, total)


def _lower(unit: Compared, total: Compared) -> Winner:
    """The lower total, or the lower unit price if a side has no total; a tie stays captured."""
    for both in (total, unit):
        if both.captured is not None and both.till is not None:
            wins = _till_wins if both.till < both.captured else _captured_wins
            return wins(unit, total, None)
    return _captured_wins(unit, total, "not_comparable")


def _till_wins(unit: Compared, total: Compared, note: Note | None) -> Winner:
    return Winner(side="till", unit_price=unit.till, total=total.till, note=note)


def _captured_wins(unit: Compared, total: Compared, note: Note | None) -> Winner:
    return Winner(side="captured", unit_price=unit.captured, total=total.captured, note=note)


def _verdict(same: bool) -> Verdict:
    return "same" if same else "different"


def _together(verdicts: list[Verdict]) -> Verdict:
    """Different if one is; same if all are; unknown otherwise."""
    if "different" in verdicts:
        return "different"
    return "same" if verdicts and all(verdict == "same" for verdict in verdicts) else "unknown"
