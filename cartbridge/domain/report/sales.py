"""What a cart's history tells of its sales: sold, left, voided, come back, told too late."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.state import SoldLine
from cartbridge.domain.header import Header
from cartbridge.domain.line import Line
from cartbridge.domain.report.facts import Article, CartSale, LineLeft, LineSold
from cartbridge.domain.report.gathered import LIVE, UNHEARD, Gathered, Notes


def _sold(fold: Gathered, event: e.Sold, header: Header) -> None:
    fold.end(event.claim, "sold", UNHEARD)
    fold.sold_under[event.receipt_number] = event.claim
    lines = {line.id: line for line in fold.cart.lines}
    fold.touched_before.append(len(fold.touches))
    fold.sales.append(
        CartSale(
            at=event.sold_at,
            told_at=header.occurred_at,
            receipt_number=event.receipt_number,
            store=event.store,
            terminal=event.terminal,
            staff=header.staff,
            lines=_lines_sold(fold, event.lines),
            not_taken=tuple(
                LineLeft(
                    article=_article(lines[left.line]),
                    quantity=left.quantity,
                    reason=left.reason,
                    keep=left.keep,
                )
                for left in event.not_taken
                if left.line in lines
            ),
            codes=event.codes_used,
            remainder=event.remainder,
        )
    )


def _ordered(fold: Gathered, event: e.Ordered, header: Header) -> None:
    if fold.cart.claim is not None:
        fold.end(fold.cart.claim.id, "ordered_online", LIVE)
    fold.touched_before.append(len(fold.touches))
    fold.sales.append(
        CartSale(
            at=event.at,
            told_at=header.occurred_at,
            order_number=event.order_number,
            connection=event.connection,
            lines=_lines_sold(fold, event.lines),
            codes=fold.cart.codes,
            remainder=event.remainder,
        )
    )


def _lines_sold(fold: Gathered, told: tuple[SoldLine, ...]) -> tuple[LineSold, ...]:
    lines = {line.id: line for line in fold.cart.lines}
    return tuple(
        _line_sold(fold, lines[one.line], one)
        for one in told
        if one.line in lines and one.quantity > 0
    )


def _line_sold(fold: Gathered, line: Line, sold: SoldLine) -> LineSold:
    captured = None if sold.extra else line.with_quantity(sold.quantity).prices.total
    web = Decimal(0) if sold.extra else fold.web.get(line.id, line.quantity.value)
    return LineSold(
        line=line.id,
        article=_article(line),
        quantity=sold.quantity,
        added=max(Decimal(0), sold.quantity - web),
        total=_total(sold),
        assumed=sold.assumed,
        captured=captured,
    )


def _article(line: Line) -> Article:
    return Article.of(line.item, line.quantity.unit)


def _total(sold: SoldLine) -> int | None:
    """The line's total binds; where a till tells the price of one, so many less the discounts."""
    if sold.total is not None or sold.unit_price is None:
        return sold.total
    full = (sold.unit_price * sold.quantity).to_integral_value(ROUND_HALF_UP)
    return int(full) - sum(discount.amount for discount in sold.discounts)


def _returned(fold: Gathered, event: e.LinesReturned, header: Header) -> None:
    if not fold.sales:
        return
    back = {line.line: line.quantity for line in event.lines}
    sale = fold.sales[-1]
    lines = tuple(
        line.model_copy(update={"returned": line.returned + back.get(line.line, Decimal(0))})
        for line in sale.lines
    )
    fold.sales[-1] = sale.model_copy(update={"lines": lines})


def _voided(fold: Gathered, event: e.SaleVoided, header: Header) -> None:
    if fold.sales:
        fold.sales[-1] = fold.sales[-1].model_copy(update={"voided": True})
    fold.end(fold.sold_under.get(event.receipt_number), "voided", frozenset({"sold"}))


def _reported_late(fold: Gathered, event: e.SaleReportedLate, header: Header) -> None:
    fold.late.append(event.store)


def _double_sale(fold: Gathered, event: e.DoubleSaleFound, header: Header) -> None:
    fold.double += 1


NOTES: Final[Notes] = {
    e.Sold: _sold,
    e.Ordered: _ordered,
    e.LinesReturned: _returned,
    e.SaleVoided: _voided,
    e.SaleReportedLate: _reported_late,
    e.DoubleSaleFound: _double_sale,
}
