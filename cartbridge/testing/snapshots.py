"""Snapshots and carts, looked at by tests: as payload files write them, and as the merge does."""

from decimal import Decimal
from typing import Any

from cartbridge.domain.cart.state import Cart
from cartbridge.domain.items import Item
from cartbridge.domain.line import Line
from cartbridge.domain.merge import Change, observe
from cartbridge.domain.model import Strict
from cartbridge.domain.quantity import Quantity
from cartbridge.domain.twin import PlannedWrite, Snapshot, Twin
from cartbridge.sdk.contract import Connector, Write
from cartbridge.sdk.observations import CartSeen, QuoteSeen, WishlistSeen

WHOLE = (CartSeen, WishlistSeen, QuoteSeen)  # what tells a document with all its lines


def shown(said: Strict) -> dict[str, Any]:
    """An observation or a report entry as payload files write it: what differs from defaults."""
    return {"saw": type(said).__name__, **said.model_dump(mode="json", exclude_defaults=True)}


def snapshot_in(said: object) -> Snapshot | None:
    """The snapshot in an observation of a whole cart, wish list or quote; None in any other."""
    return said.snapshot if isinstance(said, WHOLE) else None


def cart_of(snapshot: Snapshot) -> Cart:
    """A cart that holds just what a platform shows."""
    lines = tuple(
        Line(
            id=f"lin_{number}",
            kind=row.kind,
            sold_by=row.sold_by,
            item=row.item,
            quantity=Quantity(value=row.quantity, unit=row.unit),
            prices=row.prices,
        )
        for number, row in enumerate(snapshot.lines)
    )
    return Cart(id="crt_0", lines=lines, codes=snapshot.codes)


def is_echo(before: Snapshot, write: Write, after: Snapshot) -> bool:
    """Whether what a platform shows after a write is that write, and no edit of the shopper."""
    change = seen_after(before, write, after)
    return change is not None and change.is_echo


def seen_after(before: Snapshot, write: Write, after: Snapshot) -> Change | None:
    """What the gateway makes of a snapshot that comes after its write; None if it is stale."""
    planned = PlannedWrite(
        push_id=write.push_id,
        base_revision=write.base_revision,
        expected=write.basket,
        codes=write.codes,
        wanted=write.basket,
    )
    twin = Twin(
        ref=write.ref,
        shadow=before.basket,
        shadow_codes=before.codes,
        revision=before.revision,
        planned=(planned,),
    )
    return observe(twin, after)


def key_of(connector: Connector, item: Item, settings: Any, unit: str = "C62") -> str:
    """The item key of an article in the platform's own form."""
    line = Line(id="lin_0", item=item, quantity=Quantity(value=Decimal(1), unit=unit))
    rows = connector.project((line,), settings)
    assert len(rows) == 1, f"project leaves out {item.sku or item.title}, which is sold there"
    return rows[0].key
