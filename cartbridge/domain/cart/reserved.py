"""What becomes of a cart's reservation after a fact: the part of `evolve` for what is set aside."""

from datetime import datetime

from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.reservation import LineMark, Reservation
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.cart.twins import Changes


def offered(cart: Cart, event: e.HandoverOffered) -> Changes:
    """A reservation begins; one that was offered before waits again, with what was found."""
    known = cart.reservation
    if event.reserve is None or (known is not None and known.handover == event.handover):
        return {}
    return {
        "reservation": Reservation(
            handover=event.handover,
            code_hash=event.code_hash,
            short_hash=event.short_hash,
            store=event.reserve.store,
            until=event.reserve.until,
        )
    }


def line_marked(cart: Cart, event: e.ReservationLineMarked, at: datetime) -> Changes:
    """The store said what it found of a line; what it said before no longer counts."""
    if cart.reservation is None:
        return {}
    mark = LineMark(quantity=event.quantity, of=event.asked, staff=event.staff, at=at)
    marks = {**cart.reservation.marks, event.line: mark}
    return {"reservation": cart.reservation.model_copy(update={"marks": marks})}


def line_removed(cart: Cart, line_id: str) -> Changes:
    """A line that is gone has no mark: one that comes back is looked for anew."""
    if cart.reservation is None or line_id not in cart.reservation.marks:
        return {}
    marks = {line: mark for line, mark in cart.reservation.marks.items() if line != line_id}
    return {"reservation": cart.reservation.model_copy(update={"marks": marks})}


def ready(cart: Cart, event: e.ReservationReady, at: datetime) -> Changes:
    """She can be told that it waits for her."""
    known = cart.reservation
    return {"reservation": known and known.model_copy(update={"told_ready": True})}


def ended(cart: Cart, event: e.ReservationEnded, at: datetime) -> Changes:
    """Nothing is kept aside for her any more."""
    return {"reservation": None}
