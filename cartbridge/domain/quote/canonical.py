"""The canonical quote: what every side is shown of a quote, whoever wrote it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from cartbridge.domain.canonical import (
    CanonicalHandover,
    CanonicalLine,
    CanonicalTwin,
    Id,
    Totals,
    canonical_line,
    totals_of,
)
from cartbridge.domain.cart.state import Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.line import Line
from cartbridge.domain.model import Strict
from cartbridge.domain.money import TaxMode
from cartbridge.domain.quantity import Amount
from cartbridge.domain.quote.lifecycle import State
from cartbridge.domain.quote.state import Answerer, PartSold, Quote, TakenUp


class RateTotal(Strict):
    """What is taxed at one rate: without tax, the tax, and with it; in minor units."""

    rate: str
    net: int
    tax: int
    gross: int


class CanonicalIssue(Strict):
    """What holds: the lines at their prices as they went out, until when, and the sums."""

    revision: int
    at: datetime
    valid_until: datetime | None
    lines: tuple[CanonicalLine, ...]
    totals: Totals
    rates: tuple[RateTotal, ...]


class LeftLine(Strict):
    """How much of a line that holds was not sold yet."""

    line: str
    quantity: Amount


class CanonicalQuote(Strict):
    """A quote as every side is shown it: `lines` as they are being written, `issued` what holds."""

    id: Id
    version: int
    state: State
    number: str | None
    revision: int
    valid_until: datetime | None
    next_valid_until: datetime | None
    pricing: str | None
    currency: str
    tax_mode: TaxMode
    brand: str | None
    locale: str | None
    price_list: str | None
    customer: Customer | None
    origin: Origin
    message: str | None
    from_cart: str | None
    lines: tuple[CanonicalLine, ...]
    totals: Totals
    being_changed: bool
    issued: CanonicalIssue | None
    left: tuple[LeftLine, ...]
    sold: tuple[PartSold, ...]
    carts: tuple[TakenUp, ...]
    accepted_by: Answerer | None
    declined_by: Answerer | None
    decline_reason: str | None
    double_sales: int
    metadata: dict[str, str]
    twins: tuple[CanonicalTwin, ...]
    handover: CanonicalHandover | None
    started_at: datetime | None
    updated_at: datetime | None


def canonical_quote(quote: Quote, in_step: Mapping[str, bool]) -> CanonicalQuote:
    """The canonical form of a quote; `in_step` tells which twins show what they should."""
    offer = quote.handovers[-1] if quote.handovers else None
    return CanonicalQuote(
        **{name: getattr(quote, name) for name in _SAME},
        lines=_lines(quote, quote.lines),
        totals=totals_of(quote.lines, quote.tax_mode),
        being_changed=quote.is_being_changed,
        issued=_issued(quote),
        left=tuple(LeftLine(line=x.id, quantity=x.quantity.value) for x in quote.left),
        twins=tuple(
            CanonicalTwin(
                connection=twin.ref.connection,
                kind=twin.ref.kind,
                external_id=twin.ref.external_id,
                in_step=in_step.get(str(twin.ref), False),
                refused=tuple(refusal.key for refusal in twin.refusals),
            )
            for twin in quote.twins
            if not twin.ended
        ),
        handover=offer
        and CanonicalHandover(
            id=offer.id, direction="to_store", expires_at=offer.expires_at, store=None
        ),
    )


# What is shown as it is.
_SAME = (
    "id",
    "version",
    "state",
    "number",
    "revision",
    "valid_until",
    "next_valid_until",
    "pricing",
    "currency",
    "tax_mode",
    "brand",
    "locale",
    "price_list",
    "customer",
    "origin",
    "message",
    "from_cart",
    "sold",
    "carts",
    "accepted_by",
    "declined_by",
    "decline_reason",
    "double_sales",
    "metadata",
    "started_at",
    "updated_at",
)


def rates_of(lines: Sequence[Line], tax_mode: TaxMode) -> tuple[RateTotal, ...]:
    """The sums of lines rate by rate; lines of several rates, or of none told, are left out."""
    found: dict[Decimal, list[int]] = {}
    names: dict[Decimal, str] = {}
    for line in lines:
        prices = line.prices
        if len(prices.taxes) != 1 or prices.total is None:
            continue
        tax, rate = prices.taxes[0], Decimal(prices.taxes[0].rate)
        names.setdefault(rate, tax.rate)
        sums = found.setdefault(rate, [0, 0])
        apart = sum(fee.amount for fee in prices.fees if not fee.included)
        sums[0] += prices.total + apart - (0 if tax_mode == "exclusive" else tax.amount)
        sums[1] += tax.amount
    return tuple(
        RateTotal(rate=names[rate], net=net, tax=tax, gross=net + tax)
        for rate, (net, tax) in sorted(found.items(), reverse=True)
    )


def _issued(quote: Quote) -> CanonicalIssue | None:
    issued = quote.issued
    if issued is None:
        return None
    return CanonicalIssue(
        revision=issued.revision,
        at=issued.at,
        valid_until=issued.valid_until,
        lines=_lines(quote, issued.lines),
        totals=totals_of(issued.lines, quote.tax_mode),
        rates=rates_of(issued.lines, quote.tax_mode),
    )


def _lines(quote: Quote, lines: Sequence[Line]) -> tuple[CanonicalLine, ...]:
    return tuple(canonical_line(line, quote.notes.get(line.id)) for line in lines)
