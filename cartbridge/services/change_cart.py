"""A cart begun or changed in a store by a till, a tablet or an associate."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Cart, Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.ids import SLOTS, make_id
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.identify_customer import customer_told
from cartbridge.services.problems import Problem
from cartbridge.services.run_command import run_command
from cartbridge.services.scanned_lines import Scanned, channel_of, lines_of, store_of

MAX_LINES: Final = 2000


@dataclass(frozen=True)
class Begun:
    """What a cart begins with."""

    lines: tuple[Scanned, ...]
    codes: tuple[str, ...] = ()
    customer: Customer | None = None
    locale: str | None = None
    metadata: dict[str, str] | None = None


@dataclass(frozen=True)
class Changed:
    """What is to change: quantities of lines, more lines, all codes, the customer."""

    set: dict[str, Decimal]
    add: tuple[Scanned, ...] = ()
    codes: tuple[str, ...] | None = None
    customer: Customer | None = None
    version: int | None = None  # the version the caller looked at


async def begin_cart(gateway: Gateway, caller: Caller, begun: Begun, attempt: Attempt) -> Cart:
    """A cart is begun in this store; what the item list knows of each article is filled in."""
    store = await store_of(gateway, caller)
    terminal = await gateway.directory.terminals.get(caller.tenant, caller.terminal or "")
    slot = int.from_bytes(attempt.entropy("slot")[:2], "big") % SLOTS
    cart_id = make_id("crt", attempt.started_at, slot, attempt.entropy("cart"))
    command = c.StartCart(
        origin=Origin(
            channel=channel_of(terminal),
            store=caller.store,
            terminal=caller.terminal,
        ),
        currency=store.currency,
        lines=await lines_of(gateway, caller, store, begun.lines, attempt),
        codes=begun.codes,
        brand=store.brand,
        locale=begun.locale,
        price_list=store.price_list,
        customer=await customer_told(gateway, caller, store, begun.customer, begun.locale),
        metadata=begun.metadata,
    )

    async def make(now: Cart) -> c.StartCart | None:
        return command if now.version == 0 else None

    outcome = await run_command(gateway, caller, cart_id, attempt.command_id, make)
    return outcome.cart


async def change_cart(
    gateway: Gateway, caller: Caller, cart: Cart, changed: Changed, attempt: Attempt
) -> Cart:
    """The cart is changed from a terminal, if it is still the version the terminal looked at."""
    store = await store_of(gateway, caller)
    add = await lines_of(gateway, caller, store, changed.add, attempt)
    customer = await customer_told(gateway, caller, store, changed.customer)

    async def make(now: Cart) -> c.EditCart:
        if changed.version is not None and now.version != changed.version:
            raise Problem("precondition_failed", cart=now.id, version=str(now.version))
        if len(now.lines) + len(add) > MAX_LINES:
            why = f"a cart holds {MAX_LINES} lines at most: begin another one"
            raise Problem("invalid_request", errors=({"field": "add", "why": why},))
        return c.EditCart(
            set=changed.set,
            add=add,
            codes=changed.codes,
            customer=customer,
            terminal=caller.terminal,
        )

    outcome = await run_command(gateway, caller, cart.id, attempt.command_id, make)
    return outcome.cart
