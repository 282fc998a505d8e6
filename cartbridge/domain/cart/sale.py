"""What a till tells of a sale: sold, cancelled, returned; never what was paid, nor how."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.draft import Draft
from cartbridge.domain.cart.editing import added, set_quantity
from cartbridge.domain.cart.lifecycle import BOUGHT, State
from cartbridge.domain.cart.remainder import give_back, move_twins, remainder
from cartbridge.domain.cart.state import Cart, Sale, SoldLine
from cartbridge.domain.line import Line
from cartbridge.domain.refusals import Refusing
from cartbridge.domain.wanted import wanted

ZERO: Final = Decimal(0)
OUT_OF_REACH: Final = frozenset({State.MERGED, State.EXPIRED, State.CANCELLED})


def complete(draft: Draft, command: c.CompleteSale) -> Draft | None:
    """The sold lines make this cart ordered; what is left and wanted becomes a new cart."""
    cart = draft.cart
    if cart.state in BOUGHT and _same_sale(cart.sale, command):
        return None
    if command.fence != cart.fence or cart.state in BOUGHT | OUT_OF_REACH:
        _report_late(draft, command)
        return None
    for extra in command.extra_lines:
        draft.tell(added(extra))
    sold = _sold_lines(draft.cart, command)
    left = _left_over(draft.cart, sold, command)
    draft.end_codes()
    draft.end_reservation("bought")
    before = draft.cart
    used = command.codes_used or before.codes
    carried_out = all(
        line.fulfilment.kind == "carry_out" for line in before.lines if _taken(sold, line.id)
    )
    draft.tell(
        e.Sold(
            claim=command.claim,
            fence=command.fence,
            receipt_number=command.receipt_number,
            sold_at=command.sold_at,
            store=command.store,
            terminal=command.terminal,
            lines=sold,
            not_taken=command.not_taken,
            codes_used=used,
            discounts=command.discounts,
            total=command.total,
            remainder=command.remainder if left else None,
            loyalty_shown=command.loyalty_shown,
            carried_out=carried_out,
        )
    )
    child = None
    if left:
        unused = tuple(code for code in before.codes if code not in used)
        child = remainder(draft, before, left, command.remainder, unused)
        rest = child.cart
        told = (rest.customer, rest.consent, rest.locale, rest.brand)
        child.tell(*wanted("remainder_waiting", rest.pass_holder, *told))
    if carried_out:
        draft.tell(e.Fulfilled())
    return child


def _same_sale(sale: Sale | None, command: c.CompleteSale) -> bool:
    return (
        sale is not None
        and sale.receipt_number == command.receipt_number
        and sale.terminal == command.terminal
    )


def _report_late(draft: Draft, command: c.CompleteSale) -> None:
    """Money was taken by a terminal that no longer held the cart: kept, and raised."""
    draft.tell(
        e.SaleReportedLate(
            claim=command.claim,
            fence=command.fence,
            receipt_number=command.receipt_number,
            sold_at=command.sold_at,
            store=command.store,
            terminal=command.terminal,
            lines=tuple(
                SoldLine(
                    line=line.line,
                    quantity=line.quantity,
                    unit_price=line.unit_price,
                    total=line.total,
                    discounts=line.discounts,
                )
                for line in _together(command.lines or ())
            ),
        )
    )
    if draft.cart.state in BOUGHT:
        draft.tell(e.DoubleSaleFound(receipt_number=command.receipt_number))


def _sold_lines(cart: Cart, command: c.CompleteSale) -> tuple[SoldLine, ...]:
    extra = {line.id for line in command.extra_lines}
    if command.lines is None:  # all of it, but what the store did not find for her
        told = tuple(
            c.TakenAtTill(line.id, line.quantity.value - _declined(command, line.id))
            for line in cart.at_hand
            if line.id not in extra
        )
    else:
        told = _together(command.lines)
    added_at_till = tuple(
        c.TakenAtTill(line.id, line.quantity.value, line.prices.unit_price, line.prices.total)
        for line in command.extra_lines
    )
    return tuple(_sold(cart, line, extra) for line in (*told, *added_at_till) if line.quantity > 0)


def _declined(command: c.CompleteSale, line_id: str) -> Decimal:
    return sum((x.quantity for x in command.not_taken if x.line == line_id), ZERO)


def _together(told: tuple[c.TakenAtTill, ...]) -> tuple[c.TakenAtTill, ...]:
    """One entry per line; a ticket may hold a line twice, at two prices."""
    whole: dict[str, c.TakenAtTill] = {}
    for part in told:
        before = whole.get(part.line)
        whole[part.line] = part if before is None else _added(before, part)
    return tuple(whole.values())


def _added(one: c.TakenAtTill, other: c.TakenAtTill) -> c.TakenAtTill:
    totals = [_total(part) for part in (one, other)]
    known = [total for total in totals if total is not None]
    return c.TakenAtTill(
        line=one.line,
        quantity=one.quantity + other.quantity,
        unit_price=one.unit_price if one.unit_price == other.unit_price else None,
        total=sum(known) if len(known) == len(totals) else None,
        discounts=(*one.discounts, *other.discounts),
    )


def _total(part: c.TakenAtTill) -> int | None:
    if part.total is not None or part.unit_price is None:
        return part.total
    return int((part.unit_price * part.quantity).to_integral_value(ROUND_HALF_UP))


def _sold(cart: Cart, told: c.TakenAtTill, extra: set[str]) -> SoldLine:
    line = cart.line(told.line)
    if line is None:
        raise Refusing("line_unknown", line=told.line)
    assumed = told.unit_price is None and told.total is None
    captured = line.with_quantity(told.quantity).prices
    return SoldLine(
        line=told.line,
        quantity=told.quantity,
        unit_price=captured.unit_price if assumed else told.unit_price,
        total=captured.total if assumed else told.total,
        discounts=told.discounts,
        assumed=assumed,
        extra=told.line in extra,
    )


def _taken(sold: tuple[SoldLine, ...], line_id: str) -> Decimal:
    return sum((line.quantity for line in sold if line.line == line_id), ZERO)


def _left_over(cart: Cart, sold: tuple[SoldLine, ...], command: c.CompleteSale) -> tuple[Line, ...]:
    """What was neither sold nor declined for good; never below zero."""
    gone: dict[str, Decimal] = {line.line: line.quantity for line in sold}
    for declined in command.not_taken:
        if cart.line(declined.line) is None:
            raise Refusing("line_unknown", line=declined.line)
        if not declined.keep:
            gone[declined.line] = gone.get(declined.line, ZERO) + declined.quantity
    left = ((line, line.quantity.value - gone.get(line.id, ZERO)) for line in cart.lines)
    return tuple(line.with_quantity(amount) for line, amount in left if amount > 0)


def void(draft: Draft, command: c.VoidSale) -> Draft | None:
    """The ticket is cancelled: its lines go to the cart that carries on, or this one reopens."""
    cart = draft.cart
    if cart.sale is None or cart.sale.receipt_number != command.receipt_number:
        raise Refusing("sale_unknown", receipt_number=command.receipt_number)
    sold = cart.sale.lines
    successor = command.successor
    if successor is None or successor.state in BOUGHT | OUT_OF_REACH:
        return _reopen(draft, command, successor, sold)
    heir = Draft(successor, draft.now, draft.happened_at)
    for taken in sold:
        line = cart.line(taken.line)
        if line is not None and not taken.extra:
            left = taken.quantity - taken.returned
            give_back(heir, line, left, cart.id, cart.notes.get(line.id))
    draft.tell(e.SaleVoided(receipt_number=command.receipt_number, to_cart=successor.id))
    draft.tell(e.Merged(into=successor.id))
    return heir


def _reopen(
    draft: Draft, command: c.VoidSale, successor: Cart | None, sold: tuple[SoldLine, ...]
) -> Draft | None:
    heir = Draft(successor, draft.now, draft.happened_at) if successor is not None else None
    draft.tell(e.SaleVoided(receipt_number=command.receipt_number))
    for taken in sold:
        line = draft.cart.line(taken.line)
        if line is not None:
            left = ZERO if taken.extra else taken.quantity - taken.returned
            set_quantity(draft, line.id, left)
    if heir is not None:
        move_twins(heir, draft)
    return heir


def give_back_goods(draft: Draft, command: c.ReturnLines) -> None:
    """Goods come back: told with quantities; when all are back the cart counts as returned."""
    sale = draft.cart.sale
    if sale is None:
        raise Refusing("sale_unknown")
    for line_id, (quantity, _) in command.lines.items():
        taken = next((line for line in sale.lines if line.line == line_id), None)
        if taken is None:
            raise Refusing("line_unknown", line=line_id)
        if quantity <= 0:
            raise Refusing("quantity_invalid", line=line_id)
        if taken.returned + quantity > taken.quantity:
            raise Refusing("return_exceeds_sale", line=line_id)
    draft.tell(
        e.LinesReturned(
            lines=tuple(
                e.ReturnedLine(line=line_id, quantity=quantity, reason=reason)
                for line_id, (quantity, reason) in command.lines.items()
            ),
            store=command.store,
            terminal=command.terminal,
        )
    )
    if draft.cart.sale is not None and draft.cart.sale.all_returned:
        draft.tell(e.AllReturned())
