"""A quote as a platform shows it: its lines by the merge, its terms, and where it stands."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from cartbridge.domain import merge
from cartbridge.domain.cart.lifecycle import State as CartState
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.decided import Decided
from cartbridge.domain.listing import observing
from cartbridge.domain.listing.draft import Draft
from cartbridge.domain.quote import commands as c
from cartbridge.domain.quote import events as e
from cartbridge.domain.quote.answering import accept, decline, end_codes, expire
from cartbridge.domain.quote.issuing import refill, tell_issue
from cartbridge.domain.quote.lifecycle import HOLDS, State
from cartbridge.domain.quote.state import PartSold, Quote
from cartbridge.domain.twin import Twin, TwinRef

_Draft = Draft[Quote]
_OUT = ("issued", "accepted", "converted")  # with these states a platform holds its prices


def see(draft: _Draft, command: c.SeeQuote) -> Decided[Any] | None:
    """What it shows takes effect; what it issues is a new revision, whose prices are its own."""
    ref = command.seen.ref
    if draft.document.version == 0:
        begun = observing.started(command.seen, e.Started)
        told = {"number": command.number, "message": command.message}
        draft.tell(begun.model_copy(update=told))
    before = draft.document
    theirs, known = _issues_there(before, command), _says_so_already(before, command)
    seen = replace(command.seen, details=_details(before, command))
    if not observing.observe(draft, seen, priced_there=theirs):
        return None
    follow = None
    if theirs and _is_news(draft, command):
        number = command.number or draft.document.number or command.drawn_number
        tell_issue(draft, number, _until(draft.document, command), ref.connection)
        follow = refill(draft, _fillable(command.cart))
    if not known:
        _follow_state(draft, command)
    return follow


def cancel_if_it_was_theirs(draft: _Draft, ref: TwinRef) -> None:
    """The platform that asked or issued deleted it; what our associate issued goes on."""
    quote = draft.document
    theirs = ref.connection in (quote.pricing, quote.origin.connection)
    ours = quote.issued is not None and quote.pricing is None
    alone = all(twin.ended for twin in quote.twins)
    if theirs and alone and not ours and draft.may(e.Cancelled):
        draft.tell(e.Cancelled(connection=ref.connection))
        end_codes(draft)


def _issues_there(quote: Quote, command: c.SeeQuote) -> bool:
    """Whether this platform holds its own prices: it issued before, or changes what we did."""
    if command.state not in _OUT or _shows_our_write(quote, command):
        return False
    if quote.issued is None or quote.pricing == command.seen.ref.connection:
        return True
    twin = quote.twin(command.seen.ref)
    change = merge.observe(twin or Twin(ref=command.seen.ref), command.seen.snapshot)
    return quote.state in HOLDS and change is not None and bool(change.quantities)


def _is_news(draft: _Draft, command: c.SeeQuote) -> bool:
    """Whether what it shows differs from what holds, and may hold at all."""
    quote, until = draft.document, command.valid_until
    if not draft.may(e.Issued) or (not quote.lines and quote.issued is None):
        return False
    if quote.issued is None:
        return True
    past = until is not None and until <= draft.now
    if past and command.state == "issued":
        return False
    return quote.lines != quote.issued.lines or until not in (None, quote.issued.valid_until)


def _until(quote: Quote, command: c.SeeQuote) -> datetime | None:
    known = quote.issued.valid_until if quote.issued is not None else None
    return command.valid_until or known


def _fillable(cart: Cart | None) -> Cart | None:
    """A cart that is just being paid online is left as its buyer sees it."""
    return None if cart is not None and cart.state is CartState.CHECKOUT else cart


def _shows_our_write(quote: Quote, command: c.SeeQuote) -> bool:
    """Whether the platform shows, for the first time, what we told it."""
    twin, push = quote.twin(command.seen.ref), command.seen.snapshot.last_push
    if twin is None:
        return False
    if push is None:  # one that cannot tell whose change it shows
        return bool(twin.planned)
    return any(push == write.push_id for write in twin.planned)


def _says_so_already(quote: Quote, command: c.SeeQuote) -> bool:
    """Whether it showed that state before, or was told it by us."""
    known = quote.details.get(str(command.seen.ref), {}).get("state")
    return known == command.state or _shows_our_write(quote, command)


def _details(quote: Quote, command: c.SeeQuote) -> Mapping[str, str]:
    """What it shows; no platform tells our revision, so the one that it was told stands."""
    known = quote.details.get(str(command.seen.ref), {})
    kept = {"revision": known["revision"]} if "revision" in known else {}
    return {"state": command.state, **kept}


def _follow_state(draft: _Draft, command: c.SeeQuote) -> None:
    quote = draft.document
    match command.state:
        case "accepted" if quote.state is State.ISSUED and quote.holds(draft.now):
            accept(draft, "platform")
        case "declined" if draft.may(e.Declined):
            decline(draft, "platform")
        case "expired" if quote.state is State.ISSUED and quote.pricing is not None:
            expire(draft)
        case "converted":
            _converted(draft, command)


def _converted(draft: _Draft, command: c.SeeQuote) -> None:
    """Sold there: what a cart of ours sold elsewhere as well is sold twice."""
    quote, connection = draft.document, command.seen.ref.connection
    twice = _sold_twice(quote, command)
    if quote.state is not State.CONVERTED and draft.may(e.Converted):
        left = {line.id: line.quantity.value for line in quote.left}
        draft.tell(e.Converted(connection=connection, lines=left))
        end_codes(draft)
    if twice is not None:
        draft.tell(
            e.DoubleSaleFound(
                receipt_number=twice.receipt_number,
                order_number=twice.order_number,
                connection=connection,
            )
        )


def _sold_twice(quote: Quote, command: c.SeeQuote) -> PartSold | None:
    """A sale of ours of which the platform sold the same goods, by what it shows of each."""
    elsewhere = [part for part in quote.sold if part.connection != command.seen.ref.connection]
    shown = command.seen.snapshot.basket
    for row in command.seen.projection:
        offered = sum(line.quantity.value for line in quote.wanted if line.id in row.lines)
        for part in elsewhere:
            sold = sum(part.lines.get(line, Decimal(0)) for line in row.lines)
            if sold and sold + shown.get(row.key, Decimal(0)) > offered:
                return part
    return None
