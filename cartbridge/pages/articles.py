"""A cart's lines as people see them: picture, title, how much, and the price."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cartbridge.domain.cart.reservation import Mark, Reservation
from cartbridge.domain.cart.state import Cart, SoldLine
from cartbridge.domain.line import Line
from cartbridge.pages.page import allowed_picture
from cartbridge.pages.words import Words

_SHOWN_FEES: Final = ("eco_participation", "private_copy")


@dataclass(frozen=True)
class Article:
    """One line in words; what is not known is None and left out."""

    title: str
    detail: str | None
    quantity: str
    price: str | None
    fees: tuple[str, ...]
    picture: str | None
    initial: str  # stands in for the picture
    mark: Mark | None = None  # of a reservation: what the store found of it
    mark_text: str | None = None


@dataclass(frozen=True)
class Articles:
    """A list of articles, and its total if every price is known."""

    rows: tuple[Article, ...]
    total: str | None


def articles_of(words: Words, cart: Cart, picture_origins: Sequence[str] = ()) -> Articles:
    """The lines of a cart, at the prices of the shop where it began."""
    told = _articles(words, cart, cart.lines, picture_origins)
    if cart.reservation is None:
        return told
    shown = [line for line in cart.lines if line.quantity.value > 0]
    rows = (_marked(words, cart.reservation, *both) for both in zip(told.rows, shown, strict=True))
    return replace(told, rows=tuple(rows))


def _marked(words: Words, reservation: Reservation, row: Article, line: Line) -> Article:
    """The article with what the store says of it; a fee or a service waits on no shelf."""
    if line.kind != "goods":
        return row
    found = reservation.line(line)
    key, params = f"pass.reserved.{found.mark}", {}
    if found.mark == "set_aside" and found.missing > 0:
        key = "pass.reserved.set_aside_part"
        amounts = {"quantity": found.set_aside, "asked": found.asked}
        params = {name: words.amount(x, line.quantity.unit) for name, x in amounts.items()}
    return replace(row, mark=found.mark, mark_text=words.text(key, **params))


def bought_of(words: Words, cart: Cart, picture_origins: Sequence[str] = ()) -> Articles:
    """What was sold and has not come back, at the prices the sale told; its total is the ticket's.

    A price that the till did not tell is not shown: she paid what her ticket says.
    """
    sold = cart.sale.lines if cart.sale is not None else ()
    lines = (_as_sold(cart, taken) for taken in sold if taken.quantity > taken.returned)
    known = [line for line in lines if line is not None]
    return Articles(_articles(words, cart, known, picture_origins).rows, total=None)


def _as_sold(cart: Cart, taken: SoldLine) -> Line | None:
    line = cart.line(taken.line)
    if line is None:
        return None
    total = None if taken.assumed else taken.total
    at_sale = line.with_quantity(taken.quantity)
    told = at_sale.prices.model_copy(update={"unit_price": taken.unit_price, "total": total})
    left = taken.quantity - taken.returned
    return at_sale.model_copy(update={"prices": told}).with_quantity(left)


def _articles(
    words: Words, cart: Cart, lines: Iterable[Line], picture_origins: Sequence[str]
) -> Articles:
    shown = [line for line in lines if line.quantity.value > 0]
    totals = [line.prices.total for line in shown]
    known = [total for total in totals if total is not None]
    complete = bool(known) and len(known) == len(totals)
    return Articles(
        tuple(article_of(words, cart.currency, line, picture_origins) for line in shown),
        words.money(sum(known), cart.currency) if complete else None,
    )


def article_of(words: Words, currency: str, line: Line, origins: Sequence[str]) -> Article:
    """One line in words."""
    item, prices = line.item, line.prices
    return Article(
        title=item.title,
        detail=item.variant,
        quantity=words.quantity(line.quantity),
        price=None if prices.total is None else words.money(prices.total, currency),
        fees=tuple(
            words.text(
                f"fees.{fee.kind}_{'included' if fee.included else 'added'}",
                amount=words.money(fee.amount, currency),
            )
            for fee in prices.fees
            if fee.kind in _SHOWN_FEES
        ),
        picture=allowed_picture(item.image_url, origins),
        initial=item.title[:1].upper(),
    )
