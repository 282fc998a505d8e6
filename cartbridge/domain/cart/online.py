"""What platforms tell of a cart's life beside its lines: checkout, order, loss, merge at log-in."""

from decimal import Decimal

from cartbridge.domain import merge
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.draft import Draft
from cartbridge.domain.cart.lifecycle import BOUGHT, State
from cartbridge.domain.cart.sale import OUT_OF_REACH, give_back
from cartbridge.domain.cart.state import Cart, SoldLine
from cartbridge.domain.line import Line
from cartbridge.domain.projection import Projection
from cartbridge.domain.twin import Twin


def order(draft: Draft, command: c.OrderOnline) -> None:
    """The cart was bought on a platform; what a till had sold already is a double sale."""
    cart = draft.cart
    if cart.sale is not None and cart.sale.order_number == command.order_number:
        return
    if cart.state in BOUGHT | OUT_OF_REACH:
        draft.tell(
            e.DoubleSaleFound(order_number=command.order_number, connection=command.ref.connection)
        )
        return
    sold, more = _ordered_lines(cart, command)
    draft.end_codes()
    draft.tell(
        e.Ordered(
            connection=command.ref.connection,
            order_number=command.order_number,
            at=command.at,
            lines=sold,
        )
    )
    if draft.cart.twin(command.ref) is not None:
        draft.tell(e.TwinLeft(ref=command.ref))
    if more:
        draft.tell(
            e.DoubleSaleFound(order_number=command.order_number, connection=command.ref.connection)
        )
    if command.fulfilled:
        draft.tell(e.Fulfilled())


def _ordered_lines(cart: Cart, command: c.OrderOnline) -> tuple[tuple[SoldLine, ...], bool]:
    """The lines the order took, and whether it took more than the cart still had."""
    if command.taken is None:
        return tuple(_sold(line, line.quantity.value) for line in cart.lines), False
    rows = {row.key: row.lines for row in command.projection}
    sold: list[SoldLine] = []
    more = False
    for key, quantity in command.taken.items():
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


def lose_twin(draft: Draft, command: c.LoseTwin) -> None:
    """A twin is gone: its lines live in another cart, on another twin, or nowhere any more."""
    twin = draft.cart.twin(command.ref)
    if twin is None or twin.ended:
        return
    if command.into is not None and draft.cart.state in (
        State.OPEN,
        State.OFFERED,
        State.CHECKOUT,
        State.ABANDONED,
    ):
        draft.tell(e.TwinLeft(ref=command.ref))
        draft.end_codes()
        draft.tell(e.Merged(into=command.into))
        return
    draft.tell(e.TwinLeft(ref=command.ref))
    alone = not any(not other.ended for other in draft.cart.twins)
    if alone and draft.cart.origin.connection == command.ref.connection:
        _cancel(draft, command)


def _cancel(draft: Draft, command: c.LoseTwin) -> None:
    if draft.cart.state in (State.OPEN, State.OFFERED, State.CHECKOUT, State.ABANDONED):
        draft.end_codes()
        draft.tell(e.Cancelled(connection=command.ref.connection))


def adopt(draft: Draft, command: c.AdoptMerged) -> None:
    """Takes over a merged cart; what the platform joined by itself is then only an echo."""
    merged = command.merged
    gone = merged.twin(command.from_ref)
    shown = dict(gone.shadow) if gone is not None else {}
    if command.already_shown:
        _add_unshown(draft, command, shown)
    else:
        for line in merged.lines:
            give_back(draft, line, line.quantity.value, merged.id)
        _add_to_shadow(draft, command, shown)
    for code in merged.codes:
        if code not in draft.cart.codes:
            draft.tell(e.CodeApplied(code=code))
    for twin in merged.twins:
        if not twin.ended and twin.ref != command.from_ref and draft.cart.twin(twin.ref) is None:
            draft.tell(e.TwinJoined(twin=twin, from_cart=merged.id))


def _add_unshown(draft: Draft, command: c.AdoptMerged, shown: dict[str, Decimal]) -> None:
    """Only what the merged cart had beyond its twin: the platform has shown the rest already."""
    for key, amount in merge.diff(shown, _basket(command.merged_projection)).items():
        line_id = next(row.lines[0] for row in command.merged_projection if row.key == key)
        line = command.merged.line(line_id)
        if line is not None and amount > 0:
            give_back(draft, line, amount, command.merged.id)


def _add_to_shadow(draft: Draft, command: c.AdoptMerged, shown: dict[str, Decimal]) -> None:
    twin = draft.cart.twin(command.ref)
    if twin is None:
        return
    both = {
        key: twin.shadow.get(key, merge.ZERO) + shown.get(key, merge.ZERO)
        for key in {*twin.shadow, *shown}
    }
    draft.tell(_shadow_moved(twin, both))


def _shadow_moved(twin: Twin, shadow: dict[str, Decimal]) -> e.TwinObserved:
    return e.TwinObserved(
        ref=twin.ref,
        shadow=shadow,
        codes=twin.shadow_codes,
        revision=twin.revision,
        last_push=twin.last_push,
        refusals=twin.refusals,
        refused_codes=twin.refused_codes,
        echo=True,
    )


def _basket(projection: Projection) -> dict[str, Decimal]:
    return {row.key: row.quantity for row in projection}


def abandon(draft: Draft) -> None:
    """An idle cart is closed for the moment; one whose outcome is unknown is left alone."""
    if draft.cart.outcome is None and draft.cart.state in (State.OPEN, State.CHECKOUT):
        draft.tell(e.Abandoned())
