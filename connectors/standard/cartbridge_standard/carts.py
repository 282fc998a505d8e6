"""Carts of a canonical body, and what became of them."""

from cartbridge.sdk.documents import Fulfilment
from cartbridge.sdk.observations import (
    CartGone,
    CartOrdered,
    CartReturned,
    CartSeen,
    OrderHandedOut,
)
from cartbridge_standard import payloads as wire
from cartbridge_standard.lines import taken_of
from cartbridge_standard.snapshots import shown
from cartbridge_standard.told import Told
from cartbridge_standard.unknown import count_unknown


def cart_seen(told: Told) -> tuple[CartSeen]:
    """`cart.snapshot`, or the cart that a read brought."""
    cart, snapshot = shown(wire.Cart, told)
    return (CartSeen(external_id=cart.external_id, snapshot=snapshot),)


def cart_gone(told: Told) -> tuple[CartGone]:
    """`cart.deleted`: it is no more, or lives on in another cart."""
    ending = _ending(told)
    seen = CartGone(
        external_id=ending.external_id,
        revision=ending.revision,
        at=told.moment(ending.at),
        merged_into=ending.merged_into,
    )
    return (seen,)


def cart_ordered(told: Told) -> tuple[CartOrdered]:
    """`cart.ordered`."""
    ending = _ending(told)
    way = ending.fulfilment
    seen = CartOrdered(
        external_id=ending.external_id,
        revision=ending.revision,
        at=told.moment(ending.at),
        order_number=ending.order_number,
        fulfilled=way is not None and way.kind == "carry_out",
        fulfilment=None if way is None else Fulfilment(kind=way.kind, store=way.store),
        lines=taken_of(ending.lines, told.report),
    )
    return (seen,)


def cart_returned(told: Told) -> tuple[CartReturned]:
    """`cart.returned`: goods of an order came back."""
    ending = _ending(told)
    if ending.order_number is not None:
        told.report.add("data.order_number", "dropped", "a return is found by its cart")
    lines = taken_of(ending.lines, told.report)
    return (CartReturned(external_id=ending.external_id, at=told.moment(ending.at), lines=lines),)


def handed_out(told: Told) -> tuple[OrderHandedOut]:
    """`order.handed_out`: the order of that cart is in the shopper's hands."""
    ending = _ending(told)
    return (
        OrderHandedOut(
            external_id=ending.external_id,
            at=told.moment(ending.at),
            order_number=ending.order_number,
        ),
    )


def _ending(told: Told) -> wire.Ending:
    ending = told.read_as(wire.Ending)
    count_unknown(ending, told.report)
    return ending
