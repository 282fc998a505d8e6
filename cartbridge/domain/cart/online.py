"""What platforms tell of a cart's life beside its lines: checkout, order, loss, merge at log-in."""

from collections.abc import Mapping
from decimal import Decimal

from cartbridge.domain import merge
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.draft import Draft
from cartbridge.domain.cart.handover import taken_off
from cartbridge.domain.cart.lifecycle import BOUGHT, State
from cartbridge.domain.cart.observing import lose
from cartbridge.domain.cart.remainder import give_back, remainder
from cartbridge.domain.cart.reserving import wait_again
from cartbridge.domain.cart.sale import OUT_OF_REACH
from cartbridge.domain.cart.state import Cart, Sale, SoldLine
from cartbridge.domain.line import Line
from cartbridge.domain.projection import basket_of
from cartbridge.domain.refusals import Refusing
from cartbridge.domain.wanted import MessageWanted, wanted


def order(draft: Draft, command: c.OrderOnline) -> Draft | None:
    """The cart was bought on a platform; what a till had sold already is a double sale."""
    cart = draft.cart
    if _same_order(cart.sale, command):
        if command.fulfilled and cart.state is State.ORDERED:
            draft.tell(e.Fulfilled())
        return None
    if cart.state in BOUGHT | OUT_OF_REACH:
        draft.tell(
            e.DoubleSaleFound(order_number=command.order_number, connection=command.ref.connection)
        )
        return None
    sold, more = _ordered_lines(cart, command)
    left = _not_ordered(cart, sold) if command.remainder else ()
    draft.end_codes()
    draft.end_reservation("bought")
    draft.tell(
        e.Ordered(
            connection=command.ref.connection,
            order_number=command.order_number,
            at=command.at,
            lines=sold,
            remainder=command.remainder if left else None,
            fulfilment=command.fulfilment,
        )
    )
    if draft.cart.twin(command.ref) is not None:
        draft.tell(e.TwinLeft(ref=command.ref))
    child = remainder(draft, cart, left, command.remainder) if command.remainder and left else None
    if more:
        draft.tell(
            e.DoubleSaleFound(order_number=command.order_number, connection=command.ref.connection)
        )
    if command.fulfilled:
        draft.tell(e.Fulfilled())
    return child


def hand_out(draft: Draft, command: c.HandOut) -> None:
    """An order is given to the shopper; one that she has already changes nothing."""
    cart = draft.cart
    if cart.state in (State.FULFILLED, State.RETURNED):
        return
    if cart.sale is None or cart.state is not State.ORDERED:
        raise Refusing("order_unknown")
    number = cart.sale.order_number
    draft.tell(e.HandedOut(order_number=number, store=command.store, terminal=command.terminal))
    draft.tell(e.Fulfilled())


def _same_order(sale: Sale | None, command: c.OrderOnline) -> bool:
    return (
        sale is not None
        and sale.connection == command.ref.connection
        and sale.order_number == command.order_number
    )


def _not_ordered(cart: Cart, sold: tuple[SoldLine, ...]) -> tuple[Line, ...]:
    """What she had put into the cart elsewhere, and the order did not take."""
    taken = {line.line: line.quantity for line in sold}
    left = ((line, line.quantity.value - taken.get(line.id, merge.ZERO)) for line in cart.lines)
    return tuple(line.with_quantity(amount) for line, amount in left if amount > 0)


def _ordered_lines(cart: Cart, command: c.OrderOnline) -> tuple[tuple[SoldLine, ...], bool]:
    """The lines the order took, and whether it took more than the cart still had."""
    twin = cart.twin(command.ref)
    showed = twin.shadow if twin is not None and command.remainder and command.projection else None
    ordered = showed if command.taken is None else command.taken
    if ordered is None:
        return tuple(_sold(line, line.quantity.value) for line in cart.lines), False
    rows = {row.key: row.lines for row in command.projection}
    sold: list[SoldLine] = []
    more = False
    for key, quantity in ordered.items():
        left = quantity
        for line in (cart.line(line_id) for line_id in rows.get(key, ())):
            if line is not None and left > 0:
                part = min(left, line.quantity.value)
                sold.append(_sold(line, part))
                left -= part
        more = more or left > 0
    return tuple(sold), more


def _sold(line: Line, quantity: Decimal) -> SoldLine:
    prices = line.with_quantity(quantity).prices
    return SoldLine(
        line=line.id,
        quantity=quantity,
        unit_price=prices.unit_price,
        total=prices.total,
        assumed=True,
    )


def see_checkout(draft: Draft, command: c.SeeCheckout) -> None:
    """The shopper entered or left the online checkout."""
    state = draft.cart.state
    if command.step == "started" and state in (State.OPEN, State.OFFERED, State.ABANDONED):
        draft.end_codes()
        draft.tell(e.CheckoutStarted(connection=command.connection))
    elif command.step == "left" and state is State.CHECKOUT:
        draft.tell(e.CheckoutLeft(connection=command.connection))
        wait_again(draft)


def lose_twin(draft: Draft, command: c.LoseTwin) -> None:
    """A twin is gone: its lines live in another cart, on another twin, or nowhere any more."""
    twin = draft.cart.twin(command.ref)
    if twin is None or twin.ended:
        return
    if twin.placed is not None:
        draft.tell(e.TwinLeft(ref=command.ref))
        taken_off(draft, twin)
        return
    if command.into is not None and draft.cart.claim is not None:
        raise Refusing("held_elsewhere", terminal=draft.cart.claim.terminal)
    if command.into is not None and draft.cart.state in (
        State.OPEN,
        State.OFFERED,
        State.CHECKOUT,
        State.ABANDONED,
    ):
        draft.tell(e.TwinLeft(ref=command.ref))
        draft.end_codes()
        draft.end_reservation("closed")
        draft.tell(e.Merged(into=command.into, into_revision=command.into_revision))
        return
    draft.tell(e.TwinLeft(ref=command.ref))
    alone = all(other.ended or other.placed is not None for other in draft.cart.twins)
    if alone and draft.cart.origin.connection == command.ref.connection:
        _cancel(draft, command)


def _cancel(draft: Draft, command: c.LoseTwin) -> None:
    if draft.cart.state in (State.OPEN, State.OFFERED, State.CHECKOUT, State.ABANDONED):
        draft.end_codes()
        draft.end_reservation("closed")
        draft.tell(e.Cancelled(connection=command.ref.connection))


def rename_twin(draft: Draft, command: c.RenameTwin) -> None:
    """A twin goes on under another id of its platform; its revisions begin anew there."""
    twin = draft.cart.twin(command.ref)
    if twin is None or twin.ended or draft.cart.twin(command.to) is not None:
        return
    moved = twin.model_copy(
        update={
            "ref": command.to,
            "aliases": (*twin.aliases, command.ref.external_id),
            "revision": None,
        }
    )
    draft.tell(e.TwinJoined(twin=moved), e.TwinLeft(ref=command.ref))


def merge_into(draft: Draft, command: c.MergeInto) -> None:
    """The cart goes into another one, which takes over its lines and twins."""
    if draft.cart.claim is not None:
        raise Refusing("held_elsewhere", terminal=draft.cart.claim.terminal)
    if draft.cart.state is not State.MERGED:
        draft.end_codes()
        draft.end_reservation("closed")
        draft.tell(e.Merged(into=command.into))


def adopt(draft: Draft, command: c.AdoptMerged) -> None:
    """Takes over a merged cart; what the platform joined by itself is then only an echo."""
    merged = command.merged
    gone = merged.twin(command.gone) if command.gone is not None else None
    shown = dict(gone.shadow) if gone is not None else {}
    if command.already_shown:
        _add_unshown(draft, command, shown)
    else:
        for line in merged.lines:
            give_back(draft, line, line.quantity.value, merged.id, merged.notes.get(line.id))
        _add_to_shadow(draft, command, shown)
    for code in merged.codes:
        if code not in draft.cart.codes:
            draft.tell(e.CodeApplied(code=code))
    for twin in merged.twins:
        if not twin.ended and twin.placed is None and draft.cart.twin(twin.ref) is None:
            draft.tell(e.TwinJoined(twin=twin, from_cart=merged.id))
            waiting = merged.waiting.get(str(twin.ref))
            if waiting is not None:
                draft.tell(e.ObservationHeld(ref=twin.ref, snapshot=waiting))


def _add_unshown(draft: Draft, command: c.AdoptMerged, shown: dict[str, Decimal]) -> None:
    """Only what the merged cart had beyond its twin: the platform has shown the rest already."""
    merged, rows = command.merged, {row.key: row.lines for row in command.merged_projection}
    mine = {row.key: row.lines for row in command.projection}
    for key, amount in merge.diff(shown, basket_of(command.merged_projection)).items():
        line = merged.line(rows[key][0]) if amount > 0 else None
        if line is not None:
            give_back(draft, line, amount, merged.id, merged.notes.get(line.id))
        else:  # taken out of the merged cart, and its twin did not hear of it in time
            lose(draft, amount, mine.get(key, ()))
    known_there = {line for lines in rows.values() for line in lines}
    for line in merged.lines:
        if line.id not in known_there:
            give_back(draft, line, line.quantity.value, merged.id, merged.notes.get(line.id))


def _add_to_shadow(draft: Draft, command: c.AdoptMerged, shown: dict[str, Decimal]) -> None:
    """Our twin, and what our writes under way lead to, will show the joined lines as well."""
    twin = draft.cart.twin(command.ref) if command.ref is not None else None
    if twin is None:
        return
    planned = tuple(
        write.model_copy(update={"expected": _both(write.expected, shown)})
        for write in twin.planned
    )
    both = {"shadow": _both(twin.shadow, shown), "planned": planned}
    draft.tell(e.TwinJoined(twin=twin.model_copy(update=both)))


def _both(one: Mapping[str, Decimal], other: Mapping[str, Decimal]) -> dict[str, Decimal]:
    keys = sorted({*one, *other})
    return {key: one.get(key, merge.ZERO) + other.get(key, merge.ZERO) for key in keys}


def _chaser(cart: Cart) -> tuple[MessageWanted, ...]:
    """She may be reminded of what she left, unless we only found it there."""
    if not cart.lines or cart.origin.imported:
        return ()
    return wanted(
        "cart_left", cart.pass_holder, cart.customer, cart.consent, cart.locale, cart.brand
    )


def abandon(draft: Draft) -> None:
    """An idle cart is closed for the moment, unless its outcome is unknown or it is set aside."""
    idle = draft.cart.outcome is None and draft.cart.reservation is None
    if idle and draft.cart.state in (State.OPEN, State.CHECKOUT):
        draft.tell(e.Abandoned(), *_chaser(draft.cart))
