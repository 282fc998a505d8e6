"""From the companion's words to observations, and what was lost on the way."""

from collections.abc import Mapping
from typing import Any, Final

from cartbridge.sdk.documents import CodeRefusal, Customer, Refusal, Snapshot
from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.observations import (
    CartGone,
    CartOrdered,
    CartSeen,
    CheckoutSeen,
    CustomerSeen,
    Lost,
    Read,
)
from cartbridge.sdk.payload import understood
from cartbridge_vendure import payloads as wire
from cartbridge_vendure.lines import key_of, observed, taken, taken_of

GONE: Final = frozenset({"Cancelled", "Deleted"})
CUSTOMER: Final = "customer"
FILLING: Final = frozenset({"Created", "AddingItems"})


def read_envelope(envelope: wire.Envelope) -> Read:
    """What a webhook of the companion says."""
    match envelope.type:
        case "cart.snapshot":
            return read_order(envelope.data)
        case "cart.deleted":
            return read_gone(envelope.data)
        case "cart.ordered":
            return _ordered(understood(wire.VendureOrdered, envelope.data, "data"))
        case _:
            raise Unreadable("type: not one that the companion sends; does its version fit ours?")


def read_gone(data: Mapping[str, Any]) -> Read:
    """That an order is deleted, and where its lines went."""
    gone = understood(wire.VendureDeleted, data, "data")
    seen = CartGone(
        external_id=gone.external_id,
        revision=gone.revision,
        at=gone.at,
        merged_into=gone.merged_into,
        into_revision=gone.into_revision,
    )
    return Read(observations=(seen,))


def read_customer(data: Mapping[str, Any]) -> Read:
    """Who the owner of an account is."""
    told = understood(wire.VendureAccount, data, "")
    known = {name: value for name, value in told if value and name != "updated_at"}
    seen = CustomerSeen(
        external_id=told.external_id, at=told.updated_at, customer=Customer(**known)
    )
    return Read(observations=(seen,))


def read_order(data: Mapping[str, Any]) -> Read:
    """What a whole order says: still a cart, bought, or gone."""
    order = understood(wire.VendureOrder, data, "data")
    report: list[Lost] = []
    if order.state in GONE:
        return Read(observations=(_ended(order),))
    if not order.active:
        return Read(observations=(_bought(order, report),), report=tuple(report))
    seen = CartSeen(external_id=order.external_id, snapshot=snapshot(order, report))
    # A shop may have states of its own on the way to paying: whatever is not filling is checkout.
    step = CheckoutSeen(
        external_id=order.external_id,
        at=order.updated_at,
        step="left" if order.state in FILLING else "started",
    )
    return Read(observations=(seen, step), report=tuple(report))


def snapshot(order: wire.VendureOrder, report: list[Lost]) -> Snapshot:
    """The cart as Vendure shows it."""
    return Snapshot(
        lines=observed(order.lines, report),
        codes=order.codes,
        revision=order.revision,
        last_push=order.last_push,
        refused=tuple(
            Refusal(
                key=key_of(one.sku), wanted=one.wanted, accepted=one.accepted, reason=one.reason
            )
            for one in order.refused
            if one.sku is not None
        ),
        refused_codes=tuple(
            CodeRefusal(code=one.code, reason=one.reason)
            for one in order.refused
            if one.code is not None
        ),
        at=order.updated_at,
        currency=order.currency,
        tax_mode=order.tax_mode,
        locale=order.locale,
        shipping=order.shipping,
        customer=_customer(order.customer),
    )


def _customer(told: wire.VendureCustomer | None) -> Customer | None:
    if told is None:
        return None
    known = {name: value for name, value in told if value}
    return Customer(**known) if known else None


def _ended(order: wire.VendureOrder) -> CartGone:
    return CartGone(
        external_id=order.external_id,
        revision=order.revision,
        at=order.updated_at,
        merged_into=order.merged_into,
        into_revision=order.into_revision,
    )


def _ordered(order: wire.VendureOrdered) -> Read:
    report: list[Lost] = []
    seen = CartOrdered(
        external_id=order.external_id,
        revision=order.revision,
        at=order.at,
        order_number=order.order_number,
        lines=taken(order, report),
    )
    return Read(observations=(seen,), report=tuple(report))


def _bought(order: wire.VendureOrder, report: list[Lost]) -> CartOrdered:
    return CartOrdered(
        external_id=order.external_id,
        revision=order.revision,
        at=order.updated_at,
        order_number=order.external_id,
        lines=taken_of(order, report),
    )
