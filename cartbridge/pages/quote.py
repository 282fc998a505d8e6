"""The customer's quote: on her phone and on paper, her answer to it, and what was sold of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from cartbridge.domain.canonical import totals_of
from cartbridge.domain.line import Line
from cartbridge.domain.quote.canonical import rates_of
from cartbridge.domain.quote.lifecycle import State
from cartbridge.domain.quote.state import PartSold, Quote
from cartbridge.domain.store import Brand
from cartbridge.pages import qr
from cartbridge.pages.page import Page, data_url, render
from cartbridge.pages.words import Words

Question = Literal["accept", "decline"]


@dataclass(frozen=True)
class QuoteCode:
    """The quote's own code: the QR's content in capitals, and the 8 digits."""

    qr_text: str
    short_code: str


@dataclass(frozen=True)
class QuoteView:
    """All that the pass of a quote shows; `url` is the page's own address.

    `stores` are the names of the stores where it was sold; `goes_online`: a shop can take it over.
    """

    quote: Quote
    brand: Brand
    now: datetime
    url: str
    time_zone: str = "Europe/Paris"
    code: QuoteCode | None = None
    asked: Question | None = None  # she is asked once more
    stores: Mapping[str, str] | None = None
    goes_online: bool = False
    picture_origins: Sequence[str] = ()

    @property
    def mark(self) -> str:
        """Changes when the page would look different."""
        return f"{self.quote.version}{self.face[:1]}"

    @property
    def face(self) -> str:
        """Which page it is: the quote's state, and expired as soon as it no longer holds."""
        if self.quote.state is State.ISSUED and not self.quote.holds(self.now):
            return State.EXPIRED.value
        return self.quote.state.value


@dataclass(frozen=True)
class Sum:
    """An amount and what it is: a line of the totals, or a discount."""

    label: str
    amount: str
    strong: bool = False


@dataclass(frozen=True)
class Row:
    """One line in words; what is not known is None and left out."""

    title: str
    detail: str | None
    note: str | None
    quantity: str
    unit_price: str | None
    discounts: tuple[Sum, ...]
    rate: str | None
    total: str | None


@dataclass(frozen=True)
class Part:
    """What was sold at once: where, under which number, and of which articles how much."""

    where: str
    rows: tuple[Row, ...]


def quote_page(view: QuoteView, locale: str | None) -> Page:
    """The quote as it stands: its prices and code while it holds, or what became of it."""
    quote = view.quote
    words = Words.for_locale(locale or quote.locale or view.brand.locale)
    partly = bool(quote.sold) and view.face in ("issued", "accepted")
    return render(
        "quote.html",
        words,
        brand=view.brand,
        picture_origins=view.picture_origins,
        view=view,
        face=view.face,
        exclusive=quote.tax_mode == "exclusive",
        customer=_customer(quote),
        dates=_dates(words, view),
        rows=_rows(words, quote, quote.wanted),
        sums=_sums(words, quote, quote.wanted),
        left=_rows(words, quote, quote.left) if partly else (),
        left_sums=_sums(words, quote, quote.left) if partly else (),
        sold=tuple(_part(words, view, part) for part in quote.sold if part.lines),
        total=_gross(words, quote, quote.left if partly else quote.wanted),
        qr=data_url(qr.svg(view.code.qr_text)) if view.code else None,
    )


def _customer(quote: Quote) -> tuple[str, ...]:
    """Whom it is for: the company, and the person's name; never how to reach her."""
    customer = quote.customer
    if customer is None:
        return ()
    person = " ".join(x for x in (customer.first_name, customer.last_name) if x)
    company = customer.company.name if customer.company else None
    return tuple(x for x in (company, person) if x)


def _dates(words: Words, view: QuoteView) -> tuple[str, ...]:
    quote, zone = view.quote, view.time_zone
    if quote.issued is None:
        begun = quote.started_at or view.now
        return (words.text("quote.asked_on", date=words.date(begun, zone)),)
    told = [words.text("quote.issued_on", date=words.date(quote.issued.at, zone))]
    until = quote.issued.valid_until
    if quote.state is State.ACCEPTED:
        told.append(words.text("quote.accepted_holds"))
    elif until is not None:
        told.append(words.text("quote.valid_until", date=words.date(until, zone)))
    return tuple(told)


def _rows(words: Words, quote: Quote, lines: Iterable[Line]) -> tuple[Row, ...]:
    return tuple(_row(words, quote, line) for line in lines)


def _row(words: Words, quote: Quote, line: Line) -> Row:
    prices, currency = line.prices, quote.currency
    rates = [words.percent(Decimal(tax.rate)) for tax in prices.taxes]
    return Row(
        title=line.item.title,
        detail=", ".join(x for x in (line.item.variant, line.item.sku) if x) or None,
        note=quote.notes.get(line.id),
        quantity=words.quantity(line.quantity),
        unit_price=None if prices.unit_price is None else words.money(prices.unit_price, currency),
        discounts=tuple(
            Sum(one.label or words.text("quote.discount"), words.money(-one.amount, currency))
            for one in prices.discounts
            if one.amount
        ),
        rate=", ".join(rates) or None,
        total=None if prices.total is None else words.money(prices.total, currency),
    )


def _sums(words: Words, quote: Quote, lines: Sequence[Line]) -> tuple[Sum, ...]:
    """Net, tax by rate and gross where prices are without tax; else gross, and the tax in it."""
    totals = totals_of(lines, quote.tax_mode)
    if not lines or not totals.complete:
        return ()
    money = _Money(words, quote.currency)
    gross = Sum(words.text("quote.gross"), money.of(totals.total), strong=True)
    net = Sum(words.text("quote.net"), money.of(totals.total - totals.tax))
    exclusive = quote.tax_mode == "exclusive"
    key = "quote.tax_at" if exclusive else "quote.tax"
    taxes = [
        Sum(
            words.text(key, rate=words.percent(Decimal(one.rate)), net=money.of(one.net)),
            money.of(one.tax),
        )
        for one in rates_of(lines, quote.tax_mode)
    ]
    return (net, *taxes, gross) if exclusive else (gross, *taxes)


@dataclass(frozen=True)
class _Money:
    words: Words
    currency: str

    def of(self, amount: int) -> str:
        """An amount of the quote in words."""
        return self.words.money(amount, self.currency)


def _gross(words: Words, quote: Quote, lines: Sequence[Line]) -> str:
    return words.money(totals_of(lines, quote.tax_mode).total, quote.currency)


def _part(words: Words, view: QuoteView, part: PartSold) -> Part:
    quote = view.quote
    lines = (
        line.with_quantity(part.lines[line.id]) for line in quote.wanted if line.id in part.lines
    )
    name = (view.stores or {}).get(part.store or "", part.store)
    if name is not None:
        told = {"store": name} | ({"receipt": part.receipt_number} if part.receipt_number else {})
        where = words.text("quote.sold_store", **told)
    else:
        told = {"order": part.order_number} if part.order_number else {}
        where = words.text("quote.sold_online", **told)
    return Part(where, _rows(words, quote, lines))
