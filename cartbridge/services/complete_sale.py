"""A till sold: the cart is bought, what is left carries on, a late report becomes a conflict."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.lifecycle import BOUGHT
from cartbridge.domain.cart.state import Cart, NotTaken
from cartbridge.domain.ids import make_id, slot_of, uuid_of
from cartbridge.domain.items import Item
from cartbridge.domain.line import Discount, Prices
from cartbridge.domain.quantity import Quantity
from cartbridge.services.claim_cart import cart_of_claim, claim_of
from cartbridge.services.find_cart import receipt_key
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.name_item import name_item
from cartbridge.services.problems import Problem
from cartbridge.services.run_command import run_command


@dataclass(frozen=True)
class ExtraLine:
    """An article sold with the cart that was not in it."""

    item: Item
    quantity: Decimal
    unit: str = "C62"
    unit_price: int | None = None


@dataclass(frozen=True)
class Told:
    """What the till says of the sale; what it leaves out is taken from the cart and marked."""

    fence: int
    receipt_number: str
    sold_at: datetime
    lines: tuple[c.TakenAtTill, ...] | None = None
    extra_lines: tuple[ExtraLine, ...] = ()
    not_taken: tuple[NotTaken, ...] = ()
    codes_used: tuple[str, ...] = ()
    discounts: tuple[Discount, ...] = ()
    total: int | None = None
    loyalty_shown: bool = False


@dataclass(frozen=True)
class Completed:
    """The cart after the sale, and what is left of it; `conflict` if it was sold elsewhere too."""

    cart: Cart
    remainder: Cart | None
    conflict: bool


async def complete_sale(
    gateway: Gateway, caller: Caller, claim_id: str, told: Told, attempt: Attempt
) -> Completed:
    """Stores that a sale happened, under its receipt number; never a payment."""
    cart = await cart_of_claim(gateway, caller, claim_id)
    if caller.store is None or caller.terminal is None:
        raise Problem("terminal_required")
    claim = await claim_of(gateway, caller, cart, claim_id)
    if claim.terminal != caller.terminal:
        raise Problem("not_found", what="claim")
    slot = slot_of(cart.id)
    remainder = make_id("crt", attempt.started_at, slot, attempt.entropy("remainder"))
    extras = tuple(
        [
            await _extra(gateway, caller, place, extra, attempt)
            for place, extra in enumerate(told.extra_lines)
        ]
    )
    command = c.CompleteSale(
        claim=claim_id,
        fence=min(told.fence, claim.fence),  # nobody reports with a newer claim's fence
        receipt_number=told.receipt_number,
        sold_at=told.sold_at,
        store=caller.store,
        terminal=caller.terminal,
        remainder=remainder,
        lines=told.lines,
        extra_lines=extras,
        not_taken=told.not_taken,
        codes_used=told.codes_used,
        discounts=told.discounts,
        total=told.total,
        loyalty_shown=told.loyalty_shown,
    )

    async def make(now: Cart) -> c.CompleteSale:
        return command

    outcome = await run_command(
        gateway, caller, cart.id, attempt.command_id, make, occurred_at=told.sold_at
    )
    done = await completed(gateway, caller, outcome.cart, told.receipt_number)
    if not done.conflict:  # last: a till that got no answer repeats its call
        key = receipt_key(caller.store, told.receipt_number)
        await _point_receipt(gateway, caller, key, cart)
    return done


async def _point_receipt(gateway: Gateway, caller: Caller, key: bytes, cart: Cart) -> None:
    """The receipt number leads to its newest sale: tills begin to count anew."""
    target = uuid_of(cart.id)
    winner = await gateway.pointers.claim_pointer(caller.tenant, "receipt", key, target)
    if winner != target:
        await gateway.pointers.repoint(caller.tenant, "receipt", key, winner, target)


async def completed(gateway: Gateway, caller: Caller, cart: Cart, receipt_number: str) -> Completed:
    """The outcome of a sale as it stands now."""
    sale = cart.sale
    sold_here = cart.state in BOUGHT and sale is not None and sale.receipt_number == receipt_number
    rest = None
    if sold_here and sale is not None and sale.remainder is not None:
        loaded = await gateway.documents.load(caller.tenant, sale.remainder)
        rest = loaded.state if loaded is not None else None
    return Completed(cart, rest, conflict=not sold_here)


async def _extra(
    gateway: Gateway, caller: Caller, place: int, extra: ExtraLine, attempt: Attempt
) -> c.NewLine:
    item, indexed = await name_item(gateway, caller.tenant, extra.item, caller.store)
    price = extra.unit_price
    total = None if price is None else int((price * extra.quantity).to_integral_value())
    return c.NewLine(
        id=make_id("lin", attempt.started_at, 0, attempt.entropy(f"extra {place}")),
        item=item,
        quantity=Quantity(value=extra.quantity, unit=indexed.unit if indexed else extra.unit),
        prices=Prices(unit_price=price, total=total),
        sold_by=indexed.sold_by if indexed else "piece",
    )
