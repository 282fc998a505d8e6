"""What a platform showed of a cart takes effect on the cart that holds its twin."""

import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.ids import slot_of, uuid_of
from cartbridge.domain.twin import TwinRef
from cartbridge.sdk import observations as o
from cartbridge.services.connectors import Link
from cartbridge.services.consequences import project
from cartbridge.services.find_cart import (
    TwinMoved,
    cart_of_twin,
    check_still_there,
    living,
    new_id,
    twin_key,
)
from cartbridge.services.gateway import Gateway
from cartbridge.services.hand_out_order import in_our_words, observe_hand_out
from cartbridge.services.observe_twin import Cause, caller_for, observe_twin
from cartbridge.services.run_command import Make, Outcome, run_command
from cartbridge.services.watched_sale import as_order, claimed_for, completed

OfCart = (
    o.CartSeen
    | o.CartGone
    | o.CheckoutSeen
    | o.CartOrdered
    | o.CartReturned
    | o.SaleSeen
    | o.OrderHandedOut
)


async def apply_to_cart(
    gateway: Gateway, link: Link, ref: TwinRef, seen: OfCart, cause: Cause
) -> Outcome | None:
    """Lets one observation of a cart take effect, once; None if there was nothing to do."""
    match seen:
        case o.CartSeen():
            return await observe_twin(gateway, link, ref, seen.snapshot, cause)
        case o.CartGone():
            return await _lose(gateway, link, ref, seen, cause)
        case o.CheckoutSeen():
            return await _known(gateway, link, ref, cause, seen.at, _at_checkout(link, ref, seen))
        case _:
            return await _bought(gateway, link, ref, seen, cause)


async def _bought(
    gateway: Gateway,
    link: Link,
    ref: TwinRef,
    seen: o.CartOrdered | o.OrderHandedOut | o.CartReturned | o.SaleSeen,
    cause: Cause,
) -> Outcome | None:
    match seen:
        case o.CartOrdered():
            return await _order(gateway, link, ref, seen, cause)
        case o.OrderHandedOut():
            return await observe_hand_out(gateway, link, ref, seen, cause)
        case o.CartReturned():
            return await _returned(gateway, link, ref, seen, cause)
        case o.SaleSeen():
            return await _sold(gateway, link, ref, seen, cause)
        case _:
            assert_never(seen)


async def _known(
    gateway: Gateway,
    link: Link,
    ref: TwinRef,
    cause: Cause,
    at: datetime | None,
    make: Make,
) -> Outcome | None:
    """Runs a command on the cart that holds the twin; nothing if no cart ever did."""
    while True:
        held = await cart_of_twin(gateway, link.tenant, ref)
        if held is None or held.version == 0:
            return None
        with suppress(TwinMoved):
            return await run_command(
                gateway,
                caller_for(link),
                held.id,
                cause.command,
                _while_it_holds(held, ref, make),
                occurred_at=at,
                marks=cause.marks,
                causation=cause.message,
            )


def _while_it_holds(held: Cart, ref: TwinRef, make: Make) -> Make:
    async def still_there(now: Cart) -> c.Command | None:
        check_still_there(held, now, ref)
        return await make(now)

    return still_there


def _fixed(command: c.Command) -> Make:
    async def make(cart: Cart) -> c.Command:
        return command

    return make


def _at_checkout(link: Link, ref: TwinRef, seen: o.CheckoutSeen) -> Make:
    async def make(cart: Cart) -> c.SeeCheckout | None:
        twin = cart.twin(ref)
        if twin is not None and twin.placed is not None:
            return None  # it is to be paid there: that is what it was made for
        return c.SeeCheckout(link.id, seen.step)

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
    fulfilment = await in_our_words(gateway, link, seen.fulfilment)

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
            fulfilment=fulfilment,
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
        rows = link.connector.project(cart.lines, link.settings)
        back = {
            row.lines[0]: (line.quantity, None)
            for line in seen.lines
            for row in rows
            if row.key == line.key
        }
        return c.ReturnLines(lines=back)

    if seen.name is not None:  # by a hook and by a look: whoever tells it first
        cause = replace(cause, command=uuid.uuid5(link.uuid, f"{ref} returned {seen.name}"))
    return await _known(gateway, link, ref, cause, seen.at, make)


async def _sold(
    gateway: Gateway, link: Link, ref: TwinRef, seen: o.SaleSeen, cause: Cause
) -> Outcome | None:
    """A till that we watch sold the cart: completed with the claim that it was put there for."""
    cart = await cart_of_twin(gateway, link.tenant, ref)
    twin = cart.twin(ref) if cart is not None else None
    if cart is not None and claimed_for(twin) is None:
        return await _order(gateway, link, ref, as_order(seen), cause)

    async def make(now: Cart) -> c.CompleteSale | None:
        return completed(gateway, link, now, ref, seen)

    return await _known(gateway, link, ref, cause, seen.at, make)
