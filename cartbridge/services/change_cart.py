"""A cart begun or changed in a store by a till, a tablet or an associate."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Cart, Channel, Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.ids import SLOTS, make_id
from cartbridge.domain.items import Item
from cartbridge.domain.line import Prices, Tax
from cartbridge.domain.quantity import Quantity
from cartbridge.domain.store import Store
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.identify_customer import chosen_customer, identify_customer
from cartbridge.services.name_item import name_item
from cartbridge.services.problems import Problem
from cartbridge.services.run_command import run_command

MAX_LINES: Final = 2000
_CHANNEL: Final[dict[str, Channel]] = {"till": "till", "tablet": "tablet", "kiosk": "kiosk"}


@dataclass(frozen=True)
class Scanned:
    """An article put into the cart in a store."""

    item: Item
    quantity: Decimal
    unit: str | None = None
    unit_price: int | None = None
    note: str | None = None


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
    store = await _store(gateway, caller)
    terminal = await gateway.directory.terminals.get(caller.tenant, caller.terminal or "")
    slot = int.from_bytes(attempt.entropy("slot")[:2], "big") % SLOTS
    cart_id = make_id("crt", attempt.started_at, slot, attempt.entropy("cart"))
    command = c.StartCart(
        origin=Origin(
            channel=_CHANNEL[terminal.kind] if terminal is not None else "till",
            store=caller.store,
            terminal=caller.terminal,
        ),
        currency=store.currency,
        lines=await _lines(gateway, caller, store, begun.lines, attempt),
        codes=begun.codes,
        brand=store.brand,
        locale=begun.locale,
        price_list=store.price_list,
        customer=await _identified(gateway, caller, store, begun.customer, begun.locale),
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
    store = await _store(gateway, caller)
    add = await _lines(gateway, caller, store, changed.add, attempt)
    customer = await _identified(gateway, caller, store, changed.customer)

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


async def _store(gateway: Gateway, caller: Caller) -> Store:
    store = await gateway.directory.stores.get(caller.tenant, caller.store or "")
    if store is None:
        raise Problem("terminal_required")
    return store


async def _identified(
    gateway: Gateway,
    caller: Caller,
    store: Store,
    customer: Customer | None,
    locale: str | None = None,
) -> Customer | None:
    """The customer as everybody knows her: the one staff chose, or the one who was told."""
    if customer is None:
        return None
    if customer.id is None:
        return await identify_customer(
            gateway, caller.tenant, caller.connection, customer, store=store, locale=locale
        )
    return await chosen_customer(gateway, caller.tenant, customer, store)


async def _lines(
    gateway: Gateway,
    caller: Caller,
    store: Store,
    scanned: tuple[Scanned, ...],
    attempt: Attempt,
) -> tuple[c.NewLine, ...]:
    return tuple(
        [
            await _line(gateway, caller, store, place, line, attempt)
            for place, line in enumerate(scanned)
        ]
    )


async def _line(
    gateway: Gateway,
    caller: Caller,
    store: Store,
    place: int,
    scanned: Scanned,
    attempt: Attempt,
) -> c.NewLine:
    item, indexed = await name_item(gateway, caller.tenant, scanned.item, caller.store)
    listed = indexed.prices.get(store.price_list or "", {}) if indexed is not None else {}
    price = scanned.unit_price if scanned.unit_price is not None else listed.get(store.currency)
    rate = indexed.tax_rate if indexed is not None else None
    return c.NewLine(
        id=make_id("lin", attempt.started_at, 0, attempt.entropy(f"line {place}")),
        item=item,
        quantity=Quantity(
            value=scanned.quantity,
            unit=scanned.unit or (indexed.unit if indexed is not None else "C62"),
        ),
        prices=_prices(price, scanned.quantity, rate),
        sold_by=indexed.sold_by if indexed is not None else "piece",
        note=scanned.note,
    )


def _prices(price: int | None, quantity: Decimal, rate: str | None) -> Prices:
    """Prices with tax included, as a store shows them."""
    if price is None:
        return Prices()
    total = int((price * quantity).to_integral_value())
    taxes: tuple[Tax, ...] = ()
    if rate is not None:
        net = Decimal(total) / (1 + Decimal(rate))
        taxes = (Tax(rate=rate, amount=total - int(net.to_integral_value())),)
    return Prices(unit_price=price, taxes=taxes, total=total)
