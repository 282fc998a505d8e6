"""From canonical bodies to observations, and from a write to what is sent: all of it pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.observations import (
    CartGone,
    CartOrdered,
    CartReturned,
    CartSeen,
    Observation,
    Read,
)
from cartbridge.sdk.payload import understood
from cartbridge_standard import payloads as wire
from cartbridge_standard.lines import taken_of
from cartbridge_standard.report import Report
from cartbridge_standard.settings import Settings
from cartbridge_standard.snapshots import count_unknown, snapshot_of

KEPT_ASIDE: Final = frozenset(
    {
        *("wishlist.snapshot", "quote.snapshot"),
        *("product.viewed", "product.searched", "list.viewed"),
        *("enquiry.opened", "enquiry.message"),
        *("customer.updated", "consent.updated", "customer.erasure_requested"),
        *("stock.level", "price.changed"),
    }
)


def cart_seen(
    data: Mapping[str, Any], settings: Settings, report: Report, made: datetime | None = None
) -> Observation:
    """`cart.snapshot`, or the cart that a read brought."""
    cart = understood(wire.Cart, data, "data")
    snapshot = snapshot_of(cart, settings, report)
    if snapshot.at is None:
        snapshot = snapshot.model_copy(update={"at": made})
    return CartSeen(external_id=cart.external_id, snapshot=snapshot)


def _gone(ending: wire.Ending, at: datetime, report: Report) -> Observation:
    return CartGone(
        external_id=ending.external_id,
        revision=ending.revision,
        at=at,
        merged_into=ending.merged_into,
    )


def _ordered(ending: wire.Ending, at: datetime, report: Report) -> Observation:
    return CartOrdered(
        external_id=ending.external_id,
        revision=ending.revision,
        at=at,
        order_number=ending.order_number,
        fulfilled=ending.fulfilment is not None and ending.fulfilment.kind == "carry_out",
        lines=taken_of(ending.lines, report),
    )


def _returned(ending: wire.Ending, at: datetime, report: Report) -> Observation:
    if ending.order_number is not None:
        report.add("data.order_number", "dropped", "a return is found by its cart")
    lines = taken_of(ending.lines, report)
    return CartReturned(external_id=ending.external_id, at=at, lines=lines)


ENDINGS: Final[dict[str, Callable[[wire.Ending, datetime, Report], Observation]]] = {
    "cart.deleted": _gone,
    "cart.ordered": _ordered,
    "cart.returned": _returned,
}


def ended(envelope: wire.Envelope, report: Report) -> Observation:
    """`cart.deleted`, `cart.ordered` or `cart.returned`."""
    ending = understood(wire.Ending, envelope.data, "data")
    at = ending.at or envelope.timestamp
    if at is None:
        raise Unreadable("data.at: tell when it happened, for example 2026-11-20T10:00:00Z")
    observation = ENDINGS[envelope.type](ending, at, report)
    count_unknown(ending, report)
    return observation


def read_envelope(envelope: wire.Envelope, settings: Settings) -> Read:
    """What a body says; documented types this version makes nothing of yet are said so."""
    report = Report()
    if envelope.type in KEPT_ASIDE:
        report.add("type", "dropped", f"this version keeps {envelope.type} aside")
        return Read(report=report.entries)
    if envelope.type == "cart.snapshot":
        data = {
            "updated_at": envelope.timestamp and envelope.timestamp.isoformat(),
            **envelope.data,
        }
        return Read(observations=(cart_seen(data, settings, report),), report=report.entries)
    return Read(observations=(ended(envelope, report),), report=report.entries)
