"""A quote is asked for, or written by an associate, or asked for what is in a cart."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart.commands import NewLine
from cartbridge.domain.cart.state import Cart, Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.ids import SLOTS, make_id, slot_of
from cartbridge.domain.money import TaxMode
from cartbridge.domain.quote import commands as c
from cartbridge.domain.quote.state import Quote
from cartbridge.domain.store import Store
from cartbridge.services.carry_out import carry_out
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.identify_customer import customer_told
from cartbridge.services.machines import QUOTE
from cartbridge.services.problems import Problem
from cartbridge.services.quote_lines import Quoted, Terms, quoted_lines
from cartbridge.services.quote_number import number_for
from cartbridge.services.scanned_lines import channel_of

HOLDS: Final = timedelta(days=30)  # a quote whose associate sets no date


@dataclass(frozen=True)
class Written:
    """What a quote begins with; `issue`: it goes out at once."""

    lines: tuple[Quoted, ...]
    tax_mode: TaxMode = "inclusive"
    currency: str | None = None  # None: the store's
    customer: Customer | None = None
    locale: str | None = None
    message: str | None = None
    valid_until: datetime | None = None
    issue: bool = False
    metadata: dict[str, str] | None = None


@dataclass(frozen=True)
class _Place:
    """Where a quote is written: in a store, or on a shop."""

    origin: Origin
    currency: str
    brand: str | None
    price_list: str | None


async def write_quote(
    gateway: Gateway, caller: Caller, written: Written, attempt: Attempt
) -> Quote:
    """A quote begins where the caller is; what an associate issues at once holds from now on."""
    store = await _store(gateway, caller)
    place = await _place(gateway, caller, written, store)
    slot = int.from_bytes(attempt.entropy("slot")[:2], "big") % SLOTS
    quote_id = make_id("qte", attempt.started_at, slot, attempt.entropy("quote"))
    terms = Terms(place.currency, written.tax_mode, place.price_list)
    issue = issuing(quote_id, attempt.started_at, store, written.valid_until)
    command = c.StartQuote(
        origin=place.origin,
        currency=place.currency,
        lines=await quoted_lines(gateway, caller, terms, written.lines, attempt),
        tax_mode=written.tax_mode,
        brand=place.brand,
        locale=written.locale,
        price_list=place.price_list,
        customer=await customer_told(gateway, caller, store, written.customer, written.locale),
        metadata=written.metadata,
        message=written.message,
        valid_until=None if written.issue else written.valid_until,
        issue=issue if written.issue else None,
    )
    return await _begin(gateway, caller, quote_id, command, attempt)


async def ask_for_quote(
    gateway: Gateway, caller: Caller, cart: Cart, message: str | None, attempt: Attempt
) -> Quote:
    """A quote is asked for what is in a cart: its lines at the prices that she sees."""
    quote_id = make_id("qte", attempt.started_at, slot_of(cart.id), attempt.entropy("quote"))
    if not cart.lines:
        raise Problem("cart_empty")
    command = c.StartQuote(
        origin=cart.origin,
        currency=cart.currency,
        lines=tuple(
            NewLine(
                id=line.id,
                item=line.item,
                quantity=line.quantity,
                prices=line.prices,
                kind=line.kind,
                sold_by=line.sold_by,
                parent_line=line.parent_line,
                fulfilment=line.fulfilment,
                note=cart.notes.get(line.id),
            )
            for line in cart.lines
        ),
        tax_mode=cart.tax_mode,
        root=cart.slot_holder,
        brand=cart.brand,
        locale=cart.locale,
        price_list=cart.price_list,
        customer=cart.customer,
        attribution=cart.attribution,
        consent=cart.consent,
        metadata=cart.metadata,
        message=message,
        from_cart=cart.id,
    )
    return await _begin(gateway, caller, quote_id, command, attempt)


def issuing(
    quote_id: str, at: datetime, store: Store | None, valid_until: datetime | None
) -> c.IssueQuote:
    """The issue of a quote at a moment: its own number, and a date if nobody set one."""
    return c.IssueQuote(number_for(quote_id, at), valid_until, _end_of_day(at + HOLDS, store))


async def _begin(
    gateway: Gateway, caller: Caller, quote_id: str, command: c.StartQuote, attempt: Attempt
) -> Quote:
    async def make(now: Quote) -> c.StartQuote | None:
        return command if now.version == 0 else None

    done = await carry_out(gateway, caller, QUOTE, quote_id, attempt.command_id, make)
    return done.document


async def _store(gateway: Gateway, caller: Caller) -> Store | None:
    if caller.store is None:
        return None
    return await gateway.directory.stores.get(caller.tenant, caller.store)


async def _place(gateway: Gateway, caller: Caller, written: Written, store: Store | None) -> _Place:
    if store is not None:
        terminal = await gateway.directory.terminals.get(caller.tenant, caller.terminal or "")
        origin = Origin(channel=channel_of(terminal), store=caller.store, terminal=caller.terminal)
        currency = written.currency or store.currency
        return _Place(origin, currency, store.brand, store.price_list)
    link = await gateway.connectors.by_name(caller.tenant, caller.connection or "")
    if link is None:
        raise Problem("not_found", what="connection")
    if written.currency is None:
        why = "tell the currency of the prices, such as EUR"
        raise Problem("invalid_request", errors=({"field": "currency", "why": why},))
    origin = Origin(channel=link.connection.channel or "web", connection=link.id)
    return _Place(origin, written.currency, link.connection.brand, None)


def _end_of_day(at: datetime, store: Store | None) -> datetime:
    """The last second of that day by the store's clock: people read a date, not an hour."""
    zone = ZoneInfo(store.time_zone) if store is not None else UTC
    day = at.astimezone(zone).date()
    return datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)
