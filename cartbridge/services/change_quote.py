"""A quote is changed by an associate, issued as a new revision, accepted or declined."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart.commands import NewLine
from cartbridge.domain.customer import Customer
from cartbridge.domain.line import Prices
from cartbridge.domain.listing.commands import Edit
from cartbridge.domain.quote import commands as c
from cartbridge.domain.quote.pricing import with_quantity
from cartbridge.domain.quote.state import Answerer, Quote
from cartbridge.services.carry_out import carry_out
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.identify_customer import customer_told
from cartbridge.services.living_cart import living_cart
from cartbridge.services.machines import QUOTE
from cartbridge.services.offer_quote import renew_code
from cartbridge.services.problems import Problem
from cartbridge.services.quote_lines import Priced, Quoted, Terms, quoted_lines, repriced
from cartbridge.services.scanned_lines import store_of
from cartbridge.services.write_quote import issuing

MAX_LINES = 2000


@dataclass(frozen=True)
class Changed:
    """What is to change: quantities, more lines, prices of lines, the date, the customer."""

    set: Mapping[str, Decimal]
    add: tuple[Quoted, ...] = ()
    prices: Mapping[str, Priced] | None = None
    valid_until: datetime | None = None
    customer: Customer | None = None
    version: int | None = None  # the version the caller looked at


async def change_quote(
    gateway: Gateway, caller: Caller, quote: Quote, changed: Changed, attempt: Attempt
) -> Quote:
    """What is being written changes; it goes out, and holds, with the next issue."""
    terms = Terms(quote.currency, quote.tax_mode, quote.price_list)
    add = await quoted_lines(gateway, caller, terms, changed.add, attempt)
    store = await store_of(gateway, caller)
    customer = await customer_told(gateway, caller, store, changed.customer)

    async def make(now: Quote) -> c.EditQuote:
        if changed.version is not None and now.version != changed.version:
            raise Problem("precondition_failed", quote=now.id, version=str(now.version))
        if len(now.lines) + len(add) > MAX_LINES:
            why = f"a quote holds {MAX_LINES} lines at most: write another one"
            raise Problem("invalid_request", errors=({"field": "add", "why": why},))
        return c.EditQuote(_edit(now, changed, add, customer), changed.valid_until)

    done = await carry_out(gateway, caller, QUOTE, quote.id, attempt.command_id, make)
    return done.document


def _edit(
    now: Quote, changed: Changed, add: tuple[NewLine, ...], customer: Customer | None
) -> Edit:
    prices: dict[str, Prices] = {}
    for line_id, quantity in changed.set.items():
        line = now.line(line_id)
        told = with_quantity(line, quantity, now.tax_mode) if line and quantity > 0 else None
        if told is not None:
            prices[line_id] = told
    for place, (line_id, priced) in enumerate((changed.prices or {}).items()):
        line = now.line(line_id)
        if line is None:
            raise Problem("line_unknown", line=line_id)
        quantity = changed.set.get(line_id, line.quantity.value)
        if quantity > 0:
            prices[line_id] = repriced(place, line, quantity, priced, now.tax_mode)
    return Edit(set=changed.set, add=add, prices=prices, customer=customer)


async def issue_quote(
    gateway: Gateway, caller: Caller, quote: Quote, valid_until: datetime | None, attempt: Attempt
) -> Quote:
    """What is written goes out as a new revision; a cart that is alive is filled with it.

    Problem held_elsewhere while a till has that cart.
    """
    store = await store_of(gateway, caller)
    fresh = issuing(quote.id, attempt.started_at, store, valid_until)

    async def make(now: Quote) -> c.IssueQuote:
        alive = await living_cart(gateway, caller.tenant, now)
        return c.IssueQuote(fresh.number, fresh.valid_until, fresh.otherwise, alive)

    done = await carry_out(gateway, caller, QUOTE, quote.id, attempt.command_id, make)
    await renew_code(gateway, caller.tenant, done.document)
    return done.document


async def accept_quote(
    gateway: Gateway, caller: Caller, quote: Quote, by: Answerer, command: UUID
) -> Quote:
    """Yes to what holds now; saying it twice changes nothing."""

    async def make(now: Quote) -> c.AcceptQuote:
        return c.AcceptQuote(by, await living_cart(gateway, caller.tenant, now))

    return (await carry_out(gateway, caller, QUOTE, quote.id, command, make)).document


async def decline_quote(
    gateway: Gateway,
    caller: Caller,
    quote: Quote,
    by: Answerer,
    reason: str | None,
    command: UUID,
) -> Quote:
    """No, and why if that is told; saying it twice changes nothing."""

    async def make(now: Quote) -> c.DeclineQuote:
        return c.DeclineQuote(by, reason)

    return (await carry_out(gateway, caller, QUOTE, quote.id, command, make)).document
