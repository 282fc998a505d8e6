"""Writing a twin: planned and stored first, sent on condition, its answer only an observation."""

import uuid
from uuid import UUID

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.items import Item
from cartbridge.domain.projection import Projection
from cartbridge.domain.twin import PlannedWrite, Snapshot, TwinRef
from cartbridge.sdk import errors
from cartbridge.sdk import observations as o
from cartbridge.sdk.contract import Write, WriteLine
from cartbridge.services.apply_observation import apply_observation
from cartbridge.services.connectors import Link
from cartbridge.services.consequences import project, write_due
from cartbridge.services.find_cart import cart_of_twin
from cartbridge.services.gateway import Gateway
from cartbridge.services.listings import LISTINGS
from cartbridge.services.observe_twin import Cause, caller_for, observe_twin
from cartbridge.services.refresh_credentials import call_platform
from cartbridge.services.run_command import run_command


async def push_cart(gateway: Gateway, link: Link, ref: TwinRef, errand: UUID) -> None:
    """Tells a twin what it should show, if it does not; raises what the outbox must do else."""
    cart = await cart_of_twin(gateway, link.tenant, ref)
    if cart is None or link.writes == "none":
        return
    planned = await _plan(gateway, link, ref, cart.id, errand)
    if planned is None:
        return
    cart, write = planned
    try:
        wire = _wire(cart, link, ref, write)
        answer = await call_platform(
            gateway, link, lambda remote: link.connector.push(wire, remote)
        )
    except errors.Unknown:
        # Read at once: a write that landed shows itself, one that did not is due again.
        await fetch_twin(gateway, link, ref, uuid.uuid5(errand, f"read {write.push_id}"))
        if await _still_due(gateway, link, ref):
            raise
        return
    except errors.Ignore:
        await _gone(gateway, link, ref, errand)
        return
    await _acknowledge(gateway, link, ref, answer.snapshot, errand)


async def _still_due(gateway: Gateway, link: Link, ref: TwinRef) -> bool:
    cart = await cart_of_twin(gateway, link.tenant, ref)
    twin = cart.twin(ref) if cart is not None else None
    return cart is not None and twin is not None and write_due(cart, twin, link)


async def _plan(
    gateway: Gateway, link: Link, ref: TwinRef, cart_id: str, errand: UUID
) -> tuple[Cart, PlannedWrite] | None:
    push_id = f"psh_{uuid.uuid5(errand, gateway.clock().isoformat()).hex}"

    async def make(cart: Cart) -> c.PlanWrite:
        return c.PlanWrite(ref=ref, push_id=push_id, projection=project(cart, link))

    command = uuid.uuid5(errand, push_id)
    outcome = await run_command(gateway, caller_for(link), cart_id, command, make)
    cart = outcome.cart
    twin = cart.twin(ref)
    if twin is None or not twin.planned or not write_due(cart, twin, link):
        return None
    return cart, twin.planned[-1]


def _wire(cart: Cart, link: Link, ref: TwinRef, planned: PlannedWrite) -> Write:
    """The write as the connector is given it: every row it touches, with the item behind it."""
    twin = cart.twin(ref)
    shadow = dict(twin.shadow) if twin is not None else {}
    known = _items(cart, project(cart, link))
    lines = []
    for key in sorted({*shadow, *planned.expected}):
        quantity = planned.expected.get(key, 0)
        item, unit = known.get(key, (Item(title=key), "C62"))
        changed = shadow.get(key, 0) != quantity
        lines.append(WriteLine(key=key, item=item, quantity=quantity, unit=unit, changed=changed))
    return Write(
        push_id=planned.push_id,
        ref=ref,
        base_revision=planned.base_revision,
        lines=tuple(lines),
        codes=planned.codes,
        customer=cart.customer,
    )


def _items(cart: Cart, projection: Projection) -> dict[str, tuple[Item, str]]:
    found: dict[str, tuple[Item, str]] = {}
    for row in projection:
        line = cart.line(row.lines[0])
        if line is not None:
            found[row.key] = (line.item, line.quantity.unit)
    return found


async def _acknowledge(
    gateway: Gateway, link: Link, ref: TwinRef, snapshot: Snapshot, errand: UUID
) -> None:
    seen = uuid.uuid5(errand, f"seen {snapshot.revision} {snapshot.last_push}")
    await observe_twin(gateway, link, ref, snapshot, Cause(command=seen))


async def fetch_twin(gateway: Gateway, link: Link, ref: TwinRef, errand: UUID) -> None:
    """Reads a twin as it is there now, and takes in what it shows."""
    if not link.can("fetch"):
        return
    document = await call_platform(gateway, link, lambda remote: link.connector.fetch(ref, remote))
    if document is None:
        await _gone(gateway, link, ref, errand)
        return
    for place, seen in enumerate(link.connector.read(document, link.settings).observations):
        if not isinstance(seen, o.Hint):  # a document that is only a hint would be read for ever
            command = uuid.uuid5(errand, f"fetched {place} {gateway.clock().isoformat()}")
            await apply_observation(gateway, link, seen, Cause(command=command))


async def _gone(gateway: Gateway, link: Link, ref: TwinRef, errand: UUID) -> None:
    left = o.DocumentGone if ref.kind in LISTINGS else o.CartGone
    gone = left(kind=ref.kind, external_id=ref.external_id, at=gateway.clock())
    await apply_observation(gateway, link, gone, Cause(command=uuid.uuid5(errand, "gone")))
