"""evolve: the cart after a fact. It never raises on what decide produced."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from cartbridge.domain.cart import events as e
from cartbridge.domain.cart import reserved, twins
from cartbridge.domain.cart.lifecycle import following
from cartbridge.domain.cart.state import Cart, Claim, Handover, Sale, waiting_in
from cartbridge.domain.cart.twins import Changes
from cartbridge.domain.line import Line
from cartbridge.domain.model import Strict
from cartbridge.domain.wanted import MessageWanted

E = TypeVar("E", bound=Strict)


def evolve(cart: Cart, event: e.CartEvent, occurred_at: datetime) -> Cart:
    """The cart once this event has happened to it, one version further."""
    changes = _APPLY[type(event)](cart, event, occurred_at)
    after = cart.model_copy(
        update={
            **changes,
            "version": cart.version + 1,
            "state": following(cart.state, event.type),
            "updated_at": occurred_at,
        }
    )
    here = waiting_in(after) or (None, None)
    if here == (after.at_store, after.at_store_by):
        return after
    return after.model_copy(update={"at_store": here[0], "at_store_by": here[1]})


_APPLY: Final[dict[type[Strict], Callable[[Cart, Any, datetime], Changes]]] = {}


def _on(
    *kinds: type[E],
) -> Callable[[Callable[[Cart, E, datetime], Changes]], Callable[[Cart, E, datetime], Changes]]:
    def register(
        apply: Callable[[Cart, E, datetime], Changes],
    ) -> Callable[[Cart, E, datetime], Changes]:
        for kind in kinds:
            _APPLY[kind] = apply
        return apply

    return register


@_on(e.Started)
def _started(cart: Cart, event: e.Started, at: datetime) -> Changes:
    told = event.model_dump(exclude={"type"}, exclude_none=True)
    return {**{name: getattr(event, name) for name in told}, "started_at": at}


@_on(e.LineAdded)
def _line_added(cart: Cart, event: e.LineAdded, at: datetime) -> Changes:
    notes = {**cart.notes, event.line.id: event.note} if event.note else cart.notes
    return {"lines": (*cart.lines, event.line), "notes": notes}


@_on(e.LineChanged)
def _line_changed(cart: Cart, event: e.LineChanged, at: datetime) -> Changes:
    return {"lines": _with(cart, event.line, lambda line: line.with_quantity(event.quantity))}


@_on(e.LineRemoved)
def _line_removed(cart: Cart, event: e.LineRemoved, at: datetime) -> Changes:
    notes = {line: note for line, note in cart.notes.items() if line != event.line}
    lines = tuple(line for line in cart.lines if line.id != event.line)
    return {"lines": lines, "notes": notes, **reserved.line_removed(cart, event.line)}


@_on(e.LinePriced)
def _line_priced(cart: Cart, event: e.LinePriced, at: datetime) -> Changes:
    return {
        "lines": _with(
            cart, event.line, lambda line: line.model_copy(update={"prices": event.prices})
        )
    }


@_on(e.CodeApplied)
def _code_applied(cart: Cart, event: e.CodeApplied, at: datetime) -> Changes:
    return {"codes": tuple(sorted({*cart.codes, event.code}))}


@_on(e.CodeRemoved)
def _code_removed(cart: Cart, event: e.CodeRemoved, at: datetime) -> Changes:
    return {"codes": tuple(code for code in cart.codes if code != event.code)}


@_on(e.CustomerIdentified)
def _customer_identified(cart: Cart, event: e.CustomerIdentified, at: datetime) -> Changes:
    return {"customer": event.customer}


@_on(e.DetailsChanged)
def _details_changed(cart: Cart, event: e.DetailsChanged, at: datetime) -> Changes:
    told = event.model_dump(exclude={"type"}, exclude_none=True)
    return {name: getattr(event, name) for name in told}


@_on(e.QuoteRevised)
def _quote_revised(cart: Cart, event: e.QuoteRevised, at: datetime) -> Changes:
    return {"quote": event.quote}


_on(e.TwinJoined)(twins.joined)
_on(e.TwinObserved)(twins.observed)
_on(e.ObservationHeld)(twins.held)
_on(e.WritePlanned)(twins.planned)
_on(e.TwinPlaced)(twins.placed)
_on(e.TwinLeft)(twins.left)


@_on(e.HandoverOffered)
def _handover_offered(cart: Cart, event: e.HandoverOffered, at: datetime) -> Changes:
    offer = Handover(
        id=event.handover,
        direction=event.direction,
        code_hash=event.code_hash,
        short_hash=event.short_hash,
        expires_at=event.expires_at,
        store=event.store,
    )
    return {"handovers": (*cart.handovers, offer), **reserved.offered(cart, event)}


_on(e.ReservationLineMarked)(reserved.line_marked)
_on(e.ReservationReady)(reserved.ready)
_on(e.ReservationEnded)(reserved.ended)


@_on(e.HandoverEnded)
def _handover_ended(cart: Cart, event: e.HandoverEnded, at: datetime) -> Changes:
    return {"handovers": tuple(offer for offer in cart.handovers if offer.id != event.handover)}


@_on(e.HandoverJoined)
def _handover_joined(cart: Cart, event: e.HandoverJoined, at: datetime) -> Changes:
    return {"bindings": {**cart.bindings, event.code_hash: event.bound_to}}


@_on(e.Claimed)
def _claimed(cart: Cart, event: e.Claimed, at: datetime) -> Changes:
    before = cart.claim.handover if cart.claim is not None else None
    claim = Claim(
        id=event.claim,
        terminal=event.terminal,
        store=event.store,
        fence=event.fence,
        since=at,
        handover=event.handover or before,
    )
    return {
        "claim": claim,
        "last_claim": claim,
        "fence": event.fence,
        "outcome": None,
        "unheard": None,
    }


@_on(e.ClaimPutOnHold)
def _claim_put_on_hold(cart: Cart, event: e.ClaimPutOnHold, at: datetime) -> Changes:
    return {"claim": cart.claim and cart.claim.model_copy(update={"on_hold": True})}


@_on(e.ClaimReleased)
def _claim_released(cart: Cart, event: e.ClaimReleased, at: datetime) -> Changes:
    return {"claim": None}


@_on(e.ClaimLapsed)
def _claim_lapsed(cart: Cart, event: e.ClaimLapsed, at: datetime) -> Changes:
    return {"claim": None, "outcome": event.outcome, "unheard": cart.claim}


@_on(e.OutcomeTold)
def _outcome_told(cart: Cart, event: e.OutcomeTold, at: datetime) -> Changes:
    return {"outcome": None, "unheard": None}


@_on(e.Sold)
def _sold(cart: Cart, event: e.Sold, at: datetime) -> Changes:
    sale = Sale(
        receipt_number=event.receipt_number,
        store=event.store,
        terminal=event.terminal,
        at=event.sold_at,
        lines=event.lines,
        not_taken=event.not_taken,
        remainder=event.remainder,
    )
    return {
        **_bought(cart, {line.line: line.quantity for line in event.lines}),
        "sale": sale,
        "successor": event.remainder or cart.successor,
    }


@_on(e.Ordered)
def _ordered(cart: Cart, event: e.Ordered, at: datetime) -> Changes:
    sale = Sale(
        order_number=event.order_number,
        connection=event.connection,
        at=event.at,
        lines=event.lines,
        remainder=event.remainder,
        fulfilment=event.fulfilment,
    )
    return {
        **_bought(cart, {line.line: line.quantity for line in event.lines}),
        "sale": sale,
        "successor": event.remainder or cart.successor,
    }


@_on(e.SaleReportedLate)
def _sale_reported_late(cart: Cart, event: e.SaleReportedLate, at: datetime) -> Changes:
    return {"late_sales": cart.late_sales + 1}


@_on(e.SaleVoided)
def _sale_voided(cart: Cart, event: e.SaleVoided, at: datetime) -> Changes:
    if event.to_cart:
        return {"sale": None, "lines": ()}
    return {"sale": None, "successor": None}


@_on(e.LinesReturned)
def _lines_returned(cart: Cart, event: e.LinesReturned, at: datetime) -> Changes:
    back = {line.line: line.quantity for line in event.lines}
    if cart.sale is None:
        return {}
    lines = tuple(
        line.model_copy(update={"returned": line.returned + back.get(line.line, Decimal(0))})
        for line in cart.sale.lines
    )
    return {"sale": cart.sale.model_copy(update={"lines": lines})}


@_on(e.Merged)
def _merged(cart: Cart, event: e.Merged, at: datetime) -> Changes:
    return {
        "successor": event.into,
        "claim": None,
        "handovers": (),
        "merged_at_revision": event.into_revision,
        "merges": cart.merges + 1,
    }


@_on(e.Unmerged)
def _unmerged(cart: Cart, event: e.Unmerged, at: datetime) -> Changes:
    return {"successor": None}


@_on(
    e.AllReturned,
    e.CheckoutStarted,
    e.CheckoutLeft,
    e.Fulfilled,
    e.HandedOut,
    e.Abandoned,
    e.Expired,
    e.Cancelled,
    e.OfferClosed,
    e.EditOverwritten,
    e.DoubleSaleFound,
    MessageWanted,
)
def _state_only(cart: Cart, event: Strict, at: datetime) -> Changes:
    return {}


def _bought(cart: Cart, taken: dict[str, Decimal]) -> Changes:
    """What a sale leaves on the cart: the lines it took; nobody holds it and no code is live."""
    lines = tuple(line.with_quantity(taken[line.id]) for line in cart.lines if line.id in taken)
    return {"lines": lines, "claim": None, "outcome": None, "unheard": None, "handovers": ()}


def _with(cart: Cart, line_id: str, change: Callable[[Line], Line]) -> tuple[Line, ...]:
    return tuple(change(line) if line.id == line_id else line for line in cart.lines)
