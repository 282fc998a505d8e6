"""Applying what a platform showed: each part of a message to the cart that holds its twin."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cartbridge.database.documents import Mark
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Cart, Channel, Origin
from cartbridge.domain.header import Actor
from cartbridge.domain.ids import named, slot_of, uuid_of
from cartbridge.domain.twin import Snapshot, TwinRef
from cartbridge.sdk import observations as o
from cartbridge.services.connectors import Link
from cartbridge.services.consequences import Errand, project
from cartbridge.services.find_cart import cart_for_twin, cart_of_twin, living, new_id, twin_key
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.run_command import Make, Outcome, run_command


@dataclass(frozen=True)
class Cause:
    """Why something is observed: the command's id, the message behind it, what it finishes."""

    command: UUID
    message: str | None = None
    marks: Sequence[Mark] = ()


def caller_for(link: Link) -> Caller:
    """The connection itself as the one who acts."""
    return Caller(
        tenant=link.tenant,
        role="gateway",
        actor=Actor(kind="connector", id=link.connection.connector),
        connection=link.id,
    )


async def apply_observation(
    gateway: Gateway, link: Link, seen: o.Observation, cause: Cause
) -> Outcome | None:
    """Lets one observation take effect, once; None if there was nothing to do."""
    ref = TwinRef(connection=link.id, kind=seen.kind, external_id=seen.external_id)
    match seen:
        case o.Hint():
            await _reread(gateway, link, ref, cause)
            return None
        case o.CartSeen():
            return await observe_twin(gateway, link, ref, seen.snapshot, cause)
        case o.CartGone():
            return await _lose(gateway, link, ref, seen, cause)
        case o.CartOrdered():
            return await _order(gateway, link, ref, seen, cause)
        case o.CheckoutSeen():
            return await _known(
                gateway, link, ref, cause, seen.at, _fixed(c.SeeCheckout(link.id, seen.step))
            )
        case o.CartReturned():
            return await _returned(gateway, link, ref, seen, cause)
        case o.SaleSeen():
            return await _sold(gateway, link, ref, seen, cause)


async def observe_twin(
    gateway: Gateway,
    link: Link,
    ref: TwinRef,
    snapshot: Snapshot,
    cause: Cause,
    *,
    at_once: bool = False,
) -> Outcome:
    """The three-way merge of a snapshot into the cart that holds the twin."""
    look = await cart_for_twin(gateway, link.tenant, ref)
    channel: Channel = link.connection.channel or "web"
    origin = Origin(channel=channel, connection=link.id)

    async def make(now: Cart) -> c.Observe:
        slot = slot_of(now.id)
        return c.Observe(
            ref=ref,
            snapshot=snapshot,
            projection=project(now, link),
            line_ids=tuple(new_id(gateway, "lin") for _ in snapshot.lines),
            new_cart=new_id(gateway, "crt", slot),
            origin=origin,
            brand=link.connection.brand,
            at_once=at_once,
        )

    outcome = await run_command(
        gateway,
        caller_for(link),
        look.cart.id,
        cause.command,
        make,
        occurred_at=snapshot.at,
        marks=cause.marks,
        causation=cause.message,
        look=look,
    )
    if look.loaded is None and outcome.events:
        await _meet(gateway, link, ref, outcome.cart, cause)
    return outcome


async def _meet(gateway: Gateway, link: Link, ref: TwinRef, begun: Cart, cause: Cause) -> None:
    """A cart that began while its twin was joined to another one goes into that one."""
    target = await gateway.pointers.find(link.tenant, "twin", twin_key(ref))
    if target is None or target == uuid_of(begun.id):
        return

    async def make(now: Cart) -> c.MergeInto:
        return c.MergeInto(named("crt", target))

    command = uuid.uuid5(cause.command, "met")
    await run_command(gateway, caller_for(link), begun.id, command, make)


async def _reread(gateway: Gateway, link: Link, ref: TwinRef, cause: Cause) -> None:
    cart = (await cart_for_twin(gateway, link.tenant, ref)).cart
    errand = Errand(cart.id, "fetch", ref)
    await gateway.outbox.enqueue(
        link.tenant,
        errand.lane,
        errand.kind,
        errand.payload,
        connection=link.uuid,
        document=cart.id,
    )


async def _known(
    gateway: Gateway,
    link: Link,
    ref: TwinRef,
    cause: Cause,
    at: datetime | None,
    make: Make,
) -> Outcome | None:
    """Runs a command on the cart that holds the twin; nothing if no cart ever did."""
    cart = await cart_of_twin(gateway, link.tenant, ref)
    if cart is None or cart.version == 0:
        return None
    return await run_command(
        gateway,
        caller_for(link),
        cart.id,
        cause.command,
        make,
        occurred_at=at,
        marks=cause.marks,
        causation=cause.message,
    )


def _fixed(command: c.Command) -> Make:
    async def make(cart: Cart) -> c.Command:
        return command

    return make


async def _lose(
    gateway: Gateway, link: Link, ref: TwinRef, gone: o.CartGone, cause: Cause
) -> Outcome | None:
    into = None
    if gone.merged_into is not None:
        target = TwinRef(connection=link.id, kind=gone.kind, external_id=gone.merged_into)
        heir = await cart_of_twin(gateway, link.tenant, target)
        if heir is None or heir.version == 0:
            return await _rename(gateway, link, ref, target, cause)
        into = (await living(gateway, link.tenant, heir)).id
    return await _known(
        gateway,
        link,
        ref,
        cause,
        gone.at,
        _fixed(c.LoseTwin(ref=ref, into=into, into_revision=gone.into_revision)),
    )


async def _rename(
    gateway: Gateway, link: Link, ref: TwinRef, target: TwinRef, cause: Cause
) -> Outcome | None:
    """The platform gave the same cart another id: the twin goes on under it."""
    cart = await cart_of_twin(gateway, link.tenant, ref)
    if cart is None:
        return None
    await gateway.pointers.claim_pointer(link.tenant, "twin", twin_key(target), uuid_of(cart.id))
    return await _known(gateway, link, ref, cause, None, _fixed(c.RenameTwin(ref=ref, to=target)))


async def _order(
    gateway: Gateway, link: Link, ref: TwinRef, seen: o.CartOrdered, cause: Cause
) -> Outcome | None:
    await _catch_up(gateway, link, ref, cause)

    async def make(cart: Cart) -> c.OrderOnline:
        taken = {line.key: line.quantity for line in seen.lines} if seen.lines else None
        return c.OrderOnline(
            ref=ref,
            at=seen.at,
            order_number=seen.order_number,
            taken=taken,
            fulfilled=seen.fulfilled,
            projection=project(cart, link),
            remainder=new_id(gateway, "crt", slot_of(cart.id)),
        )

    return await _known(gateway, link, ref, cause, seen.at, make)


async def _catch_up(gateway: Gateway, link: Link, ref: TwinRef, cause: Cause) -> None:
    """What she changed online while a till held her cart is part of what she bought there."""
    cart = await cart_of_twin(gateway, link.tenant, ref)
    waiting = cart.waiting.get(str(ref)) if cart is not None else None
    if waiting is not None:
        held = Cause(uuid.uuid5(cause.command, "held"), cause.message)
        await observe_twin(gateway, link, ref, waiting, held, at_once=True)


async def _returned(
    gateway: Gateway, link: Link, ref: TwinRef, seen: o.CartReturned, cause: Cause
) -> Outcome | None:
    async def make(cart: Cart) -> c.ReturnLines:
        rows = link.connector.project(cart)
        back = {
            row.lines[0]: (line.quantity, None)
            for line in seen.lines
            for row in rows
            if row.key == line.key
        }
        return c.ReturnLines(lines=back)

    return await _known(gateway, link, ref, cause, seen.at, make)


async def _sold(
    gateway: Gateway, link: Link, ref: TwinRef, seen: o.SaleSeen, cause: Cause
) -> Outcome | None:
    """A till that we watch sold the cart: completed with the claim that was put on its twin."""

    async def make(cart: Cart) -> c.CompleteSale | None:
        claim = cart.claim or cart.last_claim
        if claim is None:
            return None
        sold = {line.key: line for line in seen.lines}
        rows = {row.lines[0]: sold[row.key] for row in project(cart, link) if row.key in sold}
        return c.CompleteSale(
            claim=claim.id,
            fence=claim.fence,
            receipt_number=seen.receipt_number,
            sold_at=seen.at,
            store=claim.store,
            terminal=claim.terminal,
            remainder=new_id(gateway, "crt", slot_of(cart.id)),
            lines=tuple(
                c.TakenAtTill(line, taken.quantity, taken.unit_price, taken.total)
                for line, taken in rows.items()
            ),
        )

    return await _known(gateway, link, ref, cause, seen.at, make)


def part_command(message: str, ordinal: int) -> UUID:
    """The command id of one part of a message: the same whenever it is applied again."""
    return uuid.uuid5(uuid_of(message), f"part {ordinal}")
