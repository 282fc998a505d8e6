"""A snapshot of a twin on its way into the cart that holds it."""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from cartbridge.database.documents import Mark
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Cart, Channel, Origin
from cartbridge.domain.header import Actor
from cartbridge.domain.ids import named, slot_of, uuid_of
from cartbridge.domain.twin import Snapshot, TwinRef
from cartbridge.services.connectors import Link
from cartbridge.services.consequences import project
from cartbridge.services.find_cart import (
    TwinMoved,
    cart_for_twin,
    check_still_there,
    new_id,
    twin_key,
)
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.recognise_shopper import recognised
from cartbridge.services.run_command import Outcome, run_command


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
    while True:
        with suppress(TwinMoved):
            return await _observe(gateway, link, ref, snapshot, cause, at_once)


async def _observe(
    gateway: Gateway, link: Link, ref: TwinRef, snapshot: Snapshot, cause: Cause, at_once: bool
) -> Outcome:
    look = await cart_for_twin(gateway, link.tenant, ref)
    snapshot = await recognised(gateway, link, snapshot, look.cart.customer, look.cart.consent)
    channel: Channel = link.connection.channel or "web"
    if ref.kind == "till_order":  # of a platform that is shop and till at once
        channel = "till"
    origin = Origin(channel=channel, connection=link.id)

    async def make(now: Cart) -> c.Observe:
        check_still_there(look.cart, now, ref)
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
