"""Issuing a quote: what is written goes out as a revision, and the cart born of it follows."""

from datetime import datetime
from typing import Any, Final

from cartbridge.domain.cart.commands import NewLine, RefillCart
from cartbridge.domain.cart.decide import decide as decide_cart
from cartbridge.domain.cart.lifecycle import BOUGHT
from cartbridge.domain.cart.lifecycle import State as CartState
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.decided import Decided
from cartbridge.domain.line import Line
from cartbridge.domain.listing.draft import Draft
from cartbridge.domain.quote import commands as c
from cartbridge.domain.quote import events as e
from cartbridge.domain.quote.state import Quote
from cartbridge.domain.refusals import Refused, Refusing
from cartbridge.domain.wanted import wanted

_OVER: Final = BOUGHT | {CartState.MERGED, CartState.EXPIRED, CartState.CANCELLED}


def issue(draft: Draft[Quote], command: c.IssueQuote) -> Decided[Any] | None:
    """Our associate issues it: every line has its price, and the date lies ahead."""
    quote = draft.document
    if not quote.lines:
        raise Refusing("quote_empty")
    unpriced = next((line for line in quote.lines if line.prices.total is None), None)
    if unpriced is not None:
        raise Refusing("quote_unpriced", line=unpriced.id)
    until = command.valid_until or quote.next_valid_until or _still(quote, draft.now)
    until = until or command.otherwise
    if until is not None and until <= draft.now:
        raise Refusing("quote_date_passed", valid_until=until.isoformat())
    tell_issue(draft, quote.number or command.number, until, pricing=None)
    told = (quote.customer, quote.consent, quote.locale, quote.brand)
    draft.tell(*wanted("quote_issued", quote.id, *told))
    return refill(draft, command.cart)


def tell_issue(
    draft: Draft[Quote], number: str, until: datetime | None, pricing: str | None
) -> None:
    """The next revision is out."""
    revision = draft.document.revision + 1
    draft.tell(e.Issued(number=number, revision=revision, valid_until=until, pricing=pricing))


def refill(draft: Draft[Quote], cart: Cart | None) -> Decided[Any] | None:
    """The living cart becomes what holds now; one that a till holds refuses the revision."""
    quote = draft.document
    if cart is None or cart.state in _OVER or cart.quote == quote.ref:
        return None
    refill_it = RefillCart(lines=new_lines(quote.left, quote.notes), quote=quote.ref)
    decision = decide_cart(cart, refill_it, draft.now, draft.happened_at)
    if isinstance(decision, Refused):
        raise Refusing(decision.code, **decision.params)
    return decision[0]


def unless_busy(cart: Cart | None) -> Cart | None:
    """The cart, but not while a till holds it or it is being paid online: seen prices stay."""
    busy = (CartState.CLAIMED, CartState.CHECKOUT)
    return None if cart is None or cart.state in busy else cart


def new_lines(lines: tuple[Line, ...], notes: dict[str, str]) -> tuple[NewLine, ...]:
    """Lines on their way into a cart, under the ids that they have in the quote."""
    return tuple(
        NewLine(
            id=line.id,
            item=line.item,
            quantity=line.quantity,
            prices=line.prices,
            kind=line.kind,
            sold_by=line.sold_by,
            parent_line=line.parent_line,
            fulfilment=line.fulfilment,
            note=notes.get(line.id),
        )
        for line in lines
    )


def _still(quote: Quote, now: datetime) -> datetime | None:
    """The date that it has already, if that lies ahead."""
    until = quote.issued.valid_until if quote.issued is not None else None
    return until if until is not None and until > now else None
