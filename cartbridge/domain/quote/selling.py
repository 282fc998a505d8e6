"""A quote on its way to the till: taken up as a cart, sold in part or whole, or twice."""

from decimal import Decimal
from typing import Any

from cartbridge.domain.cart.commands import StartCart
from cartbridge.domain.cart.decide import decide as decide_cart
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.decided import Decided
from cartbridge.domain.listing.draft import Draft
from cartbridge.domain.quote import commands as c
from cartbridge.domain.quote import events as e
from cartbridge.domain.quote.answering import check_it_holds, end_codes
from cartbridge.domain.quote.issuing import new_lines, refill, unless_busy
from cartbridge.domain.quote.lifecycle import State
from cartbridge.domain.quote.state import PartSold, Quote
from cartbridge.domain.refusals import Refused, Refusing

_Draft = Draft[Quote]


def take_up(draft: _Draft, command: c.TakeUp) -> Decided[Any] | None:
    """A cart is born at the quote's prices; the one that is alive stays the one."""
    check_it_holds(draft)
    if command.alive is not None:
        return refill(draft, unless_busy(command.alive))
    quote = draft.document
    if not quote.left:
        raise Refusing("quote_converted", number=quote.number or "")
    draft.tell(e.TakenUp(cart=command.cart, revision=quote.revision))
    decision = decide_cart(Cart(id=command.cart), _cart_of(quote), draft.now, draft.happened_at)
    if isinstance(decision, Refused):
        raise Refusing(decision.code, **decision.params)
    return decision[0]


def _cart_of(quote: Quote) -> StartCart:
    return StartCart(
        origin=quote.origin,
        currency=quote.currency,
        tax_mode=quote.tax_mode,
        root=quote.slot_holder,
        brand=quote.brand,
        locale=quote.locale,
        price_list=quote.price_list,
        customer=quote.customer,
        attribution=quote.attribution,
        consent=quote.consent,
        metadata=quote.metadata,
        lines=new_lines(quote.left, quote.notes),
        quote=quote.ref,
    )


def note(draft: _Draft, command: c.NoteSale | c.UndoSale) -> None:
    """A cart born of it was bought, or its ticket was cancelled."""
    match command:
        case c.NoteSale():
            _sold(draft, command)
        case c.UndoSale():
            _undone(draft, command.cart)


def _sold(draft: _Draft, command: c.NoteSale) -> None:
    """Sold beyond what was left is sold twice; it is kept all the same: money was taken."""
    quote = draft.document
    mine = {line.id for line in quote.wanted}
    lines = {line: amount for line, amount in command.lines.items() if line in mine and amount}
    number = (command.receipt_number, command.order_number)
    if not lines or any(_is(part, command.cart, number) for part in quote.sold):
        return
    left = {line.id: line.quantity.value for line in quote.left}
    twice = quote.state is State.CONVERTED and any(
        amount > left.get(line, Decimal(0)) for line, amount in lines.items()
    )
    told: dict[str, Any] = {
        "cart": command.cart,
        "receipt_number": command.receipt_number,
        "order_number": command.order_number,
        "connection": command.connection,
        "store": command.store,
        "lines": lines,
    }
    over = all(lines.get(line, Decimal(0)) >= amount for line, amount in left.items())
    whole = over or command.nothing_left
    if whole and quote.state is not State.CONVERTED:
        draft.tell(e.Converted(**told))
        end_codes(draft)
    else:
        draft.tell(e.SoldInPart(**told))
    if twice:
        draft.tell(
            e.DoubleSaleFound(
                receipt_number=command.receipt_number,
                order_number=command.order_number,
                connection=command.connection,
            )
        )


def _is(part: PartSold, cart: str, number: tuple[str | None, str | None]) -> bool:
    return part.cart == cart and (part.receipt_number, part.order_number) == number


def _undone(draft: _Draft, cart: str) -> None:
    if not any(part.cart == cart for part in draft.document.sold):
        return
    converted = draft.document.state is State.CONVERTED
    draft.tell(e.SaleUndone(cart=cart))
    if converted and not draft.document.left:  # sold elsewhere as well: that sale stands
        draft.tell(e.Converted())
