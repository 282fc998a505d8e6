"""What waits in a store for somebody there: reservations to look for, orders to hand out."""

import hashlib
from typing import Final

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Cart
from cartbridge.http import store_models as m
from cartbridge.http.pos_models import CartAnswer
from cartbridge.http.routes import Answer, Call, Routes
from cartbridge.services.hand_out_order import hand_out_order
from cartbridge.services.list_store_work import orders_here, reservations_here
from cartbridge.services.mark_reservation import mark_reservation, reserved_cart
from cartbridge.services.problems import Problem
from cartbridge.services.show_cart import show_cart

routes: Final = Routes("pos")


@routes.add(
    "GET",
    "/v1/pos/reservations",
    "What this store was asked to set aside",
    query=m.ReservationsQuery,
    answer=m.Reservations,
)
async def list_reservations(call: Call) -> Answer:
    """Each with its lines and what was found, the one that she comes for first at the top."""
    query: m.ReservationsQuery = call.query
    found = await reservations_here(
        call.gateway, call.caller, query.state, query.limit, query.after
    )
    items = tuple(reservation_answer(cart) for cart in found.carts)
    return Answer(m.Reservations(items=items, next=found.next))


@routes.add(
    "GET",
    "/v1/pos/reservations/{reservation}",
    "One reservation, by its id or its 8 digits",
    answer=m.StoreReservation,
)
async def show_reservation(call: Call) -> Answer:
    """As the list tells it; also while a terminal has taken the cart."""
    return _answer(await reserved_cart(call.gateway, call.caller, call.path("reservation")))


@routes.add(
    "PATCH",
    "/v1/pos/reservations/{reservation}",
    "Say what is set aside, and what was not found",
    body=m.MarkRequest,
    answer=m.StoreReservation,
    problems=("reservation_over", "line_unknown", "quantity_invalid", "precondition_failed"),
)
async def mark(call: Call) -> Answer:
    """Once every line was looked for, and something is there, `cart.reservation_ready` is told."""
    cart = await reserved_cart(call.gateway, call.caller, call.path("reservation"))
    lines = tuple(c.Found(x.line, x.mark == "set_aside", x.quantity) for x in call.body.lines)
    asked = call.request.headers.get("If-Match")

    def as_read(now: Cart) -> bool:
        return asked is None or asked.strip() == "*" or asked.strip().endswith(_tag(now))

    try:
        cart = await mark_reservation(
            call.gateway, call.caller, cart, lines, call.drawn, as_read=as_read
        )
    except Problem as problem:
        if problem.code == "precondition_failed":
            present = await reserved_cart(call.gateway, call.caller, call.path("reservation"))
            problem.extra["reservation"] = reservation_answer(present).model_dump(mode="json")
        raise
    return _answer(cart)


@routes.add(
    "GET",
    "/v1/pos/orders",
    "Orders that were paid online, to be handed out here",
    query=m.OrdersQuery,
    answer=m.Orders,
)
async def list_orders(call: Call) -> Answer:
    """The oldest first; one that was handed out, or came back, is no longer told."""
    found = await orders_here(call.gateway, call.caller, call.query.limit, call.query.after)
    items = tuple(order_answer(cart) for cart in found.carts)
    return Answer(m.Orders(items=items, next=found.next))


@routes.add(
    "POST",
    "/v1/pos/orders/{cart}/hand-out",
    "Tell that the shopper has her order",
    body=m.HandOutRequest,
    answer=CartAnswer,
    problems=("order_unknown",),
)
async def hand_out(call: Call) -> Answer:
    """The order is in her hands; telling it again changes nothing."""
    cart = await hand_out_order(call.gateway, call.caller, call.path("cart"), call.drawn)
    shown = await show_cart(call.gateway, call.caller, cart)
    return Answer(CartAnswer(cart=shown), headers={"ETag": f'"{cart.version}"'})


def _answer(cart: Cart) -> Answer:
    return Answer(reservation_answer(cart), headers={"ETag": _tag(cart)})


def _tag(cart: Cart) -> str:
    """Changes with what is told of the reservation, not with each code of her pass."""
    told = reservation_answer(cart).model_dump_json()
    return f'"{hashlib.sha256(told.encode()).hexdigest()[:24]}"'


def reservation_answer(cart: Cart) -> m.StoreReservation:
    """A reservation as its store is shown it."""
    known = cart.reservation
    if known is None:
        raise Problem("reservation_over")
    lines = {line.id: line for line in cart.lines}
    return m.StoreReservation(
        id=known.handover,
        cart=cart.id,
        state=known.stage(cart.lines),
        until=known.until,
        held_at=cart.claim.terminal if cart.claim is not None else None,
        who=_who(cart),
        lines=tuple(
            m.ReservationLine(
                line=told.line,
                item=lines[told.line].item,
                quantity=lines[told.line].quantity,
                note=cart.notes.get(told.line),
                mark=told.mark,
                set_aside=told.set_aside,
                staff=told.staff,
                at=told.at,
            )
            for told in known.lines(cart.lines)
        ),
    )


def order_answer(cart: Cart) -> m.StoreOrder:
    """An order as the store that hands it out is shown it."""
    sale = cart.sale
    if sale is None:
        raise Problem("order_unknown")
    left = {line.line: line.quantity - line.returned for line in sale.lines}
    return m.StoreOrder(
        cart=cart.id,
        order_number=sale.order_number,
        connection=sale.connection,
        ordered_at=sale.at,
        who=_who(cart),
        lines=tuple(
            m.OrderLine(line=line.id, item=line.item, quantity=line.quantity.of(left[line.id]))
            for line in cart.lines
            if line.kind == "goods" and left.get(line.id, 0) > 0
        ),
    )


def _who(cart: Cart) -> m.Who:
    customer = cart.customer
    last = customer.last_name if customer is not None else None
    return m.Who(
        first_name=customer.first_name if customer is not None else None,
        initial=last[:1].upper() if last else None,
    )
