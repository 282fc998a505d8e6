"""Drift: what a cart was captured at against what the till says, and whose price wins."""

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

from pydantic import ConfigDict, Field

from cartbridge.domain.cart.state import Cart
from cartbridge.domain.code_drift import CodeDrift
from cartbridge.domain.compared import (
    Compared,
    ComparedPromotion,
    ComparedRate,
    OnlinePrice,
    Verdict,
    together,
    verdict_of,
)
from cartbridge.domain.line import Line
from cartbridge.domain.model import Strict
from cartbridge.domain.money import CurrencyCode, Minor, TaxMode
from cartbridge.domain.policy import PolicyFrom
from cartbridge.domain.quantity import Amount
from cartbridge.domain.stock import ComparedStock, StockKnown, compared_stock
from cartbridge.domain.store import PricePolicy
from cartbridge.domain.winner import Winner, price_held, winner_of

PriceSource = Literal["till", "price_file", "shop", "none"]
Aspect = Literal["price", "tax_rate", "promotion", "stock"]

_ASPECTS: Final[tuple[Aspect, ...]] = ("price", "tax_rate", "promotion", "stock")


class TillPrice(Strict):
    """What the till's side says of one line; None: it does not say. Amounts in minor units."""

    unit_price: Minor | None = None
    total: Minor | None = None  # of the whole line; else the unit price times the quantity
    tax_rate: Amount | None = None  # 0.20 is 20 %
    in_stock: Amount | None = None  # in the line's own unit
    promotion: str | None = None  # its name, if the till gives one
    discount: Minor | None = None  # of the whole line; 0: no promotion
    source: PriceSource | None = None  # where the price is from; None: as the whole report
    as_of: datetime | None = None  # since when it is so; None: now, or nobody knows


class TillSide(Strict):
    """The till that took the cart: its currency, whether its prices hold tax, whose price wins."""

    currency: CurrencyCode
    policy: PricePolicy = "lower"
    policy_from: PolicyFrom = "default"
    tax_mode: TaxMode = "inclusive"
    held: frozenset[str] = frozenset()  # lines whose captured price holds: of a quote


class OnlineNow(Strict):
    """What a piece costs in a web shop now, with or without tax as the shop counts."""

    unit_price: Minor
    currency: CurrencyCode
    tax_mode: TaxMode = "inclusive"
    as_of: datetime | None = None
    connection: str | None = None


class Beside(Strict):
    """What is known beside the till's prices: web prices and stock by line, and the codes."""

    online: dict[str, OnlineNow] = Field(default_factory=dict)
    stock: dict[str, StockKnown] = Field(default_factory=dict)
    reliable_since: datetime | None = None  # stock told before that decides nothing
    codes: tuple[CodeDrift, ...] = ()


class LineDrift(Strict):
    """One line, captured against the till."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True
    )

    line: str
    from_: PriceSource = Field(alias="from")
    as_of: datetime | None = None  # of the till's price; None: now, or nobody knows
    unit_price: Compared
    total: Compared
    tax_rate: ComparedRate
    promotion: ComparedPromotion
    stock: ComparedStock
    online: OnlinePrice = OnlinePrice()
    verdict: Verdict
    unknown: tuple[Aspect, ...] = ()  # what nobody told, said and not guessed
    winner: Winner

    def wins(self, policy: PricePolicy) -> Winner:
        """Whose price would hold under that rule: till, captured, or the lower of the two."""
        if self.winner.note in ("other_currency", "price_held"):
            return self.winner
        return winner_of(self.unit_price, self.total, policy)


class Drift(Strict):
    """The whole report, as it rides in the answer to a claim."""

    currency: CurrencyCode
    till_currency: CurrencyCode
    policy: PricePolicy
    policy_from: PolicyFrom = "default"
    articles_only: bool = False  # the till sells the articles at its own prices
    reason: Literal["other_currency"] | None = None
    verdict: Verdict
    lines: tuple[LineDrift, ...]
    codes: tuple[CodeDrift, ...] = ()

    def wins(self, policy: PricePolicy) -> dict[str, Winner]:
        """Whose price would hold for each line under that rule."""
        return {line.line: line.wins(policy) for line in self.lines}


def report(
    cart: Cart,
    till_prices: Mapping[str, TillPrice],
    source: PriceSource,
    side: TillSide | None = None,
    beside: Beside | None = None,
) -> Drift:
    """Every line of the cart against the till's prices, by line id, and whose price wins.

    Without `side` the till counts in the cart's own currency and tax mode, and the lower wins.
    """
    side = side or TillSide(currency=cart.currency, tax_mode=cart.tax_mode)
    told = {} if source == "none" else till_prices
    foreign = cart.currency != side.currency
    besides = beside or Beside()
    lines = tuple(
        _line(cart, line, told.get(line.id), source, side, besides) for line in cart.lines
    )
    return Drift(
        currency=cart.currency,
        till_currency=side.currency,
        policy=side.policy,
        policy_from=side.policy_from,
        articles_only=foreign,
        reason="other_currency" if foreign else None,
        verdict=together([line.verdict for line in lines]),
        lines=lines,
        codes=besides.codes,
    )


def _line(
    cart: Cart,
    line: Line,
    told: TillPrice | None,
    source: PriceSource,
    side: TillSide,
    beside: Beside,
) -> LineDrift:
    till = told or TillPrice()
    foreign = cart.currency != side.currency
    unit_price, total = _prices(line, till, cart.tax_mode, side.tax_mode, foreign)
    tax_rate = _tax_rate(line, till)
    promotion = _promotion(line, till, foreign)
    stock = compared_stock(
        line.quantity.value,
        wanted_of(cart, line),
        till.in_stock,
        beside.stock.get(line.id) or StockKnown(),
        beside.reliable_since,
    )
    price = together([total.verdict] if total.verdict != "unknown" else [unit_price.verdict])
    verdicts = (price, tax_rate.verdict, promotion.verdict, stock.verdict)
    winner = (
        Winner(side="till", unit_price=till.unit_price, total=total.till, note="other_currency")
        if foreign
        else price_held(unit_price, total)
        if line.id in side.held and line.prices.total is not None
        else winner_of(unit_price, total, side.policy)
    )
    return LineDrift(
        line=line.id,
        from_=(till.source or source) if told is not None else "none",
        as_of=till.as_of,
        unit_price=unit_price,
        total=total,
        tax_rate=tax_rate,
        promotion=promotion,
        stock=stock,
        online=_online(cart, line, beside.online.get(line.id)),
        verdict=_line_verdict(price, verdicts),
        unknown=tuple(
            aspect
            for aspect, verdict in zip(_ASPECTS, verdicts, strict=True)
            if verdict == "unknown"
        ),
        winner=winner.model_copy(update={"policy_from": side.policy_from}),
    )


def wanted_of(cart: Cart, line: Line) -> Decimal:
    """How much of a line's article the cart wants in this unit, in whichever of its lines."""
    wanted = (line.item.key, line.quantity.unit)
    alike = (one for one in cart.lines if (one.item.key, one.quantity.unit) == wanted)
    return sum((one.quantity.value for one in alike), Decimal(0))


def _online(cart: Cart, line: Line, now: OnlineNow | None) -> OnlinePrice:
    """The web price then and now; only amounts of one kind are compared."""
    captured = line.prices.unit_price
    if now is None:
        return OnlinePrice(captured=captured)
    alike = (now.currency, now.tax_mode) == (cart.currency, cart.tax_mode)
    return OnlinePrice(
        captured=captured,
        now=now.unit_price if alike else None,
        as_of=now.as_of,
        connection=now.connection,
        verdict=verdict_of(captured == now.unit_price)
        if alike and captured is not None
        else "unknown",
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
        captured=captured, till=till, verdict=verdict_of(captured == till) if known else "unknown"
    )


def _tax_rate(line: Line, till: TillPrice) -> ComparedRate:
    rates = {Decimal(tax.rate) for tax in line.prices.taxes}
    captured = rates.pop() if len(rates) == 1 else None
    known = captured is not None and till.tax_rate is not None
    return ComparedRate(
        captured=captured,
        till=till.tax_rate,
        verdict=verdict_of(captured == till.tax_rate) if known else "unknown",
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
        verdict=verdict_of(captured == till.discount) if known else "unknown",
    )
