"""Wishes on their way into a cart and back: whatever breaks between, they are in one of the two."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart import commands as cart_commands
from cartbridge.domain.cart.commands import NewLine
from cartbridge.domain.cart.state import Cart, Origin
from cartbridge.domain.ids import SLOTS, make_id
from cartbridge.domain.line import Line
from cartbridge.domain.wishlist import commands as c
from cartbridge.domain.wishlist.state import Wishlist
from cartbridge.services.carry_out import carry_out
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.machines import WISHLIST
from cartbridge.services.problems import Problem
from cartbridge.services.run_command import run_command
from cartbridge.services.scanned_lines import channel_of

Wanted = Mapping[str, Decimal]  # line → how much of it


async def to_cart(
    gateway: Gateway,
    caller: Caller,
    wishlist: Wishlist,
    wanted: Wanted | None,
    cart: Cart | None,
    keep: bool,
    attempt: Attempt,
) -> tuple[Wishlist, Cart]:
    """Wishes go into a cart, a new one if none is named; with `keep` they stay wished, too.

    Without `wanted` all that is still wished goes.
    """
    amounts = dict(wanted) if wanted is not None else still_wished(wishlist)
    lines = tuple(
        _as_new(_line(wishlist, name), amount, wishlist, keep=keep)
        for name, amount in amounts.items()
    )
    if not lines:
        raise Problem("wishlist_empty")
    filled = await _fill(gateway, caller, wishlist, lines, cart, attempt)
    if keep:
        return wishlist, filled

    async def make(now: Wishlist) -> c.MoveOut:
        return c.MoveOut(amounts, filled.id)

    command = uuid.uuid5(attempt.command_id, "moved out")
    done = await carry_out(gateway, caller, WISHLIST, wishlist.id, command, make)
    return done.document, filled


async def from_cart(
    gateway: Gateway,
    caller: Caller,
    wishlist: Wishlist,
    cart: Cart,
    wanted: Wanted,
    attempt: Attempt,
) -> tuple[Wishlist, Cart]:
    """Lines of a cart are wished for later: they come onto the list, then leave the cart."""
    if cart.claim is not None and cart.claim.terminal != caller.terminal:
        raise Problem("held_elsewhere", terminal=cart.claim.terminal, store=cart.claim.store)
    left, lines = {}, []
    for name, amount in wanted.items():
        line = cart.line(name)
        if line is None:
            raise Problem("line_unknown", line=name)
        if not 0 < amount <= line.quantity.value:
            raise Problem("quantity_invalid", line=name)
        left[name] = line.quantity.value - amount
        lines.append(_as_new(line, amount, wishlist, keep=False))

    async def take_in(now: Wishlist) -> c.MoveIn:
        return c.MoveIn(tuple(lines), cart.id)

    command = uuid.uuid5(attempt.command_id, "moved in")
    done = await carry_out(gateway, caller, WISHLIST, wishlist.id, command, take_in)

    async def take_out(now: Cart) -> cart_commands.EditCart:
        return cart_commands.EditCart(set=left, terminal=caller.terminal)

    outcome = await run_command(gateway, caller, cart.id, attempt.command_id, take_out)
    return done.document, outcome.cart


def still_wished(wishlist: Wishlist) -> dict[str, Decimal]:
    """How much of each line nobody bought yet."""
    left = {x.id: x.quantity.value - wishlist.bought_of(x.id) for x in wishlist.lines}
    return {line: amount for line, amount in left.items() if amount > 0}


async def _fill(
    gateway: Gateway,
    caller: Caller,
    wishlist: Wishlist,
    lines: tuple[NewLine, ...],
    cart: Cart | None,
    attempt: Attempt,
) -> Cart:
    if cart is None:
        return await begin_cart_of(gateway, caller, wishlist, lines, attempt)

    async def make(now: Cart) -> cart_commands.EditCart:
        there = {line.id: line.quantity.value for line in now.lines}
        more = {x.id: there[x.id] + x.quantity.value for x in lines if x.id in there}
        new = tuple(line for line in lines if line.id not in there)
        return cart_commands.EditCart(set=more, add=new, terminal=caller.terminal)

    outcome = await run_command(gateway, caller, cart.id, attempt.command_id, make)
    return outcome.cart


async def begin_cart_of(
    gateway: Gateway,
    caller: Caller,
    wishlist: Wishlist,
    lines: tuple[NewLine, ...],
    attempt: Attempt,
) -> Cart:
    """A cart begins with wishes; the same attempt makes the same one."""
    name = new_cart_id(attempt)
    terminal = await gateway.directory.terminals.get(caller.tenant, caller.terminal or "")
    in_shop = caller.terminal is None
    command = cart_commands.StartCart(
        origin=Origin(
            channel="web" if in_shop else channel_of(terminal),
            connection=caller.connection,
            store=caller.store,
            terminal=caller.terminal,
        ),
        currency=wishlist.currency,
        tax_mode=wishlist.tax_mode,
        lines=lines,
        brand=wishlist.brand,
        locale=wishlist.locale,
        price_list=wishlist.price_list,
        customer=wishlist.customer,
    )

    async def make(now: Cart) -> cart_commands.StartCart | None:
        return command if now.version == 0 else None

    command_id = uuid.uuid5(attempt.command_id, "cart of wishes")
    return (await run_command(gateway, caller, name, command_id, make)).cart


def new_cart_id(attempt: Attempt) -> str:
    """The id of the cart that this attempt begins."""
    slot = int.from_bytes(attempt.entropy("cart slot")[:2], "big") % SLOTS
    return make_id("crt", attempt.started_at, slot, attempt.entropy("cart of wishes"))


def lines_of_wishes(wishlist: Wishlist) -> tuple[NewLine, ...]:
    """All that is still wished, as lines of a cart that leave it wished until they are bought."""
    amounts = still_wished(wishlist).items()
    return tuple(_as_new(_line(wishlist, x), amount, wishlist, keep=True) for x, amount in amounts)


def _line(wishlist: Wishlist, name: str) -> Line:
    line = wishlist.line(name)
    if line is None:
        raise Problem("line_unknown", line=name)
    return line


def _as_new(line: Line, amount: Decimal, wishlist: Wishlist, *, keep: bool) -> NewLine:
    if not 0 < amount <= line.quantity.value:
        raise Problem("quantity_invalid", line=line.id)
    part = line.with_quantity(amount)
    new = NewLine(
        id=line.id,
        item=part.item,
        quantity=part.quantity,
        prices=part.prices,
        kind=part.kind,
        sold_by=part.sold_by,
        note=wishlist.notes.get(line.id),
    )
    return replace(new, wishlist=wishlist.id) if keep else new
