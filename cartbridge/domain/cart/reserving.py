"""Reserving: a cart waits in a store, the store says what it found, and it ends by itself."""

from datetime import datetime, timedelta

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.draft import Draft
from cartbridge.domain.cart.lifecycle import State
from cartbridge.domain.cart.reservation import Reservation, Reserve
from cartbridge.domain.refusals import Refusing
from cartbridge.domain.wanted import wanted


def check_wish(draft: Draft, command: c.OfferHandover) -> None:
    """A reservation is for goods, until a time to come that the retailer's limit allows."""
    if command.reserve is None:
        return
    check_until(command.reserve, draft.now, command.reserve_for)
    if not any(line.kind == "goods" for line in draft.cart.lines):
        raise Refusing("cart_empty")


def check_until(reserve: Reserve, now: datetime, longest: timedelta) -> None:
    """Refusing unless it ends in time to come, and no later than the retailer allows."""
    latest = now + longest
    if not now < reserve.until <= latest:
        told = latest.isoformat(timespec="minutes")
        raise Refusing("reserve_until_invalid", latest=told, store=reserve.store)


def mark(draft: Draft, command: c.MarkReservation) -> None:
    """What the store found is noted; once it has looked for everything, that is told."""
    reservation = draft.cart.reservation
    if reservation is None or reservation.handover != command.handover:
        raise Refusing("reservation_over")
    before = reservation.stage(draft.cart.lines)
    for found in command.lines:
        _mark_line(draft, reservation, found, command.staff)
    _tell_ready(draft, looked=before == "asked")


def _mark_line(draft: Draft, reservation: Reservation, found: c.Found, staff: str | None) -> None:
    line = draft.cart.line(found.line)
    if line is None or line.kind != "goods":
        raise Refusing("line_unknown", line=found.line)
    asked = line.quantity.value
    aside = (asked if found.quantity is None else found.quantity) if found.found else asked * 0
    if aside > asked or (found.found and aside <= 0):
        raise Refusing("quantity_invalid", line=found.line)
    known = reservation.marks.get(line.id)
    if known is not None and (known.quantity, known.of) == (aside, asked):
        return
    draft.tell(
        e.ReservationLineMarked(
            handover=reservation.handover,
            line=line.id,
            mark="set_aside" if found.found else "not_found",
            quantity=aside,
            asked=asked,
            staff=staff,
        )
    )


def _tell_ready(draft: Draft, *, looked: bool) -> None:
    """Told when the last line was looked for, not for each correction after it."""
    cart, now = draft.cart, draft.cart.reservation
    if now is None or now.stage(cart.lines) != "ready" or (now.told_ready and not looked):
        return
    told = now.lines(cart.lines)
    draft.tell(
        e.ReservationReady(
            handover=now.handover,
            store=now.store,
            until=now.until,
            set_aside=tuple(line.line for line in told if line.set_aside > 0),
            not_found=tuple(line.line for line in told if line.mark == "not_found"),
        )
    )
    if not now.told_ready:
        reach = (cart.customer, cart.consent, cart.locale, cart.brand)
        draft.tell(*wanted("reservation_ready", cart.slot_holder, *reach))


def wait_again(draft: Draft) -> None:
    """A till put the cart back, or she left the checkout: what was set aside still waits."""
    reservation = draft.cart.reservation
    if reservation is None or draft.cart.state is not State.OPEN:
        return
    if reservation.until <= draft.now:
        draft.end_reservation("lapsed")
    elif draft.cart.lines and not draft.cart.has_payment:
        draft.tell(
            e.HandoverOffered(
                handover=reservation.handover,
                direction="to_store",
                code_hash=reservation.code_hash,
                short_hash=reservation.short_hash,
                expires_at=reservation.until,
                store=reservation.store,
                reserve=Reserve(store=reservation.store, until=reservation.until),
            )
        )
