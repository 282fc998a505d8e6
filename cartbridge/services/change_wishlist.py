"""A wish list begun or changed from our side: in a store, by a shop, or by its owner."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart.commands import NewLine
from cartbridge.domain.cart.state import Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.ids import SLOTS, make_id
from cartbridge.domain.listing.commands import Edit
from cartbridge.domain.wishlist import commands as c
from cartbridge.domain.wishlist.state import Wishlist
from cartbridge.services.carry_out import carry_out
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.identify_customer import customer_told
from cartbridge.services.machines import WISHLIST
from cartbridge.services.problems import Problem
from cartbridge.services.scanned_lines import Scanned, channel_of, lines_of, store_of

MAX_LINES: Final = 2000


@dataclass(frozen=True)
class Begun:
    """What a wish list begins with."""

    name: str | None
    kind: str
    lines: tuple[Scanned, ...] = ()
    customer: Customer | None = None
    locale: str | None = None
    metadata: dict[str, str] | None = None


@dataclass(frozen=True)
class Changed:
    """What is to change; None: nothing of it."""

    name: str | None
    kind: str | None
    state: Literal["open", "shared", "archived"] | None
    set: dict[str, Decimal]
    add: tuple[Scanned, ...] = ()
    customer: Customer | None = None
    version: int | None = None  # the version the caller looked at


async def begin_wishlist(
    gateway: Gateway, caller: Caller, begun: Begun, attempt: Attempt
) -> Wishlist:
    """A wish list is begun in this store."""
    store = await store_of(gateway, caller)
    terminal = await gateway.directory.terminals.get(caller.tenant, caller.terminal or "")
    slot = int.from_bytes(attempt.entropy("slot")[:2], "big") % SLOTS
    name = make_id(WISHLIST.prefix, attempt.started_at, slot, attempt.entropy("wishlist"))
    command = c.StartWishlist(
        origin=Origin(channel=channel_of(terminal), store=caller.store, terminal=caller.terminal),
        currency=store.currency,
        lines=await lines_of(gateway, caller, store, begun.lines, attempt),
        name=begun.name,
        kind=begun.kind,
        brand=store.brand,
        locale=begun.locale,
        price_list=store.price_list,
        customer=await customer_told(gateway, caller, store, begun.customer, begun.locale),
        metadata=begun.metadata,
    )

    async def make(now: Wishlist) -> c.Command | None:
        return command if now.version == 0 else None

    done = await carry_out(gateway, caller, WISHLIST, name, attempt.command_id, make)
    return done.document


async def change_wishlist(
    gateway: Gateway, caller: Caller, wishlist: Wishlist, changed: Changed, attempt: Attempt
) -> Wishlist:
    """The wish list is changed, if it is still the version the caller looked at."""
    add: tuple[NewLine, ...] = ()
    store = await store_of(gateway, caller) if changed.add or caller.store else None
    if store is not None:
        add = await lines_of(gateway, caller, store, changed.add, attempt)
    customer = await customer_told(gateway, caller, store, changed.customer)

    async def make(now: Wishlist) -> c.Command:
        if changed.version is not None and now.version != changed.version:
            raise Problem("precondition_failed", version=str(now.version))
        if len(now.lines) + len(add) > MAX_LINES:
            why = f"a wish list holds {MAX_LINES} lines at most: begin another one"
            raise Problem("invalid_request", errors=({"field": "add", "why": why},))
        return c.Change(
            Edit(set=changed.set, add=add, customer=customer),
            name=changed.name,
            kind=changed.kind,
            state=changed.state,
        )

    done = await carry_out(gateway, caller, WISHLIST, wishlist.id, attempt.command_id, make)
    return done.document
