"""Articles that an associate quotes, on their way to being lines: at her price, or the listed."""

from dataclasses import dataclass
from decimal import Decimal

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart.commands import NewLine
from cartbridge.domain.ids import make_id
from cartbridge.domain.item_list import IndexedItem
from cartbridge.domain.items import Item
from cartbridge.domain.line import Discount, Line, Prices
from cartbridge.domain.money import TaxMode
from cartbridge.domain.quantity import Quantity
from cartbridge.domain.quote.pricing import prices_of, prices_without_tax
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.name_item import name_item
from cartbridge.services.problems import Problem


@dataclass(frozen=True)
class Priced:
    """What somebody says a line costs; the price is in the quote's tax mode, None: the listed."""

    unit_price: int | None = None
    tax_rate: str | None = None
    discounts: tuple[Discount, ...] = ()


@dataclass(frozen=True)
class Quoted:
    """An article to be quoted."""

    item: Item
    quantity: Decimal
    priced: Priced = Priced()
    unit: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Terms:
    """What prices of a quote mean: its currency, its tax mode, and the list they come from."""

    currency: str
    tax_mode: TaxMode
    price_list: str | None


async def quoted_lines(
    gateway: Gateway, caller: Caller, terms: Terms, lines: tuple[Quoted, ...], attempt: Attempt
) -> tuple[NewLine, ...]:
    """The lines to add, ids drawn: what the item list knows of each article is filled in."""
    return tuple(
        [
            await _line(gateway, caller, terms, place, quoted, attempt)
            for place, quoted in enumerate(lines)
        ]
    )


async def _line(
    gateway: Gateway,
    caller: Caller,
    terms: Terms,
    place: int,
    quoted: Quoted,
    attempt: Attempt,
) -> NewLine:
    item, indexed = await name_item(gateway, caller.tenant, quoted.item, caller.store)
    try:
        prices = _prices(terms, quoted, indexed)
    except ValueError as error:
        fault = {"field": f"add.{place}.discounts", "why": str(error)}
        raise Problem("invalid_request", errors=(fault,)) from None
    return NewLine(
        id=make_id("lin", attempt.started_at, 0, attempt.entropy(f"line {place}")),
        item=item,
        quantity=Quantity(
            value=quoted.quantity, unit=quoted.unit or (indexed.unit if indexed else "C62")
        ),
        prices=prices,
        sold_by=indexed.sold_by if indexed is not None else "piece",
        note=quoted.note,
    )


def _prices(terms: Terms, quoted: Quoted, indexed: IndexedItem | None) -> Prices:
    told, listed = quoted.priced, None
    rate = told.tax_rate or (indexed.tax_rate if indexed is not None else None)
    if indexed is not None and terms.price_list is not None:
        listed = indexed.prices.get(terms.price_list, {}).get(terms.currency)
    if told.unit_price is not None:
        prices = prices_of(told.unit_price, quoted.quantity, rate, told.discounts, terms.tax_mode)
    elif listed is None:
        return Prices()  # an associate has to say what it costs before the quote goes out
    elif terms.tax_mode == "inclusive":
        prices = prices_of(listed, quoted.quantity, rate, told.discounts, "inclusive")
    elif rate is not None:
        prices = prices_without_tax(listed, quoted.quantity, rate, told.discounts, terms.currency)
    else:
        return Prices()
    return prices


def repriced(place: int, line: Line, quantity: Decimal, told: Priced, mode: TaxMode) -> Prices:
    """The prices of a line that is on it, at another price; its tax rate stays if untold."""
    known = line.prices
    rates = {tax.rate for tax in known.taxes}
    rate = told.tax_rate or (rates.pop() if len(rates) == 1 else None)
    unit_price = told.unit_price if told.unit_price is not None else known.unit_price
    if unit_price is None:
        raise Problem("quote_unpriced", line=line.id)
    try:
        return prices_of(unit_price, quantity, rate, told.discounts, mode)
    except ValueError as error:
        fault = {"field": f"prices.{place}.discounts", "why": str(error)}
        raise Problem("invalid_request", errors=(fault,)) from None
