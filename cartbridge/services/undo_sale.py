"""After a sale: a cancelled ticket gives its lines back, goods come back to a store."""

from dataclasses import dataclass
from decimal import Decimal

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.lifecycle import BOUGHT
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.items import same_gtin
from cartbridge.services.find_cart import (
    cart_by_id,
    cart_of_pointer,
    living,
    receipt_key,
)
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.problems import Problem
from cartbridge.services.run_command import run_command


async def cart_of_receipt(gateway: Gateway, caller: Caller, receipt_number: str) -> Cart:
    """The cart that was sold under that receipt number in the caller's store."""
    key = receipt_key(caller.store or "", receipt_number)
    cart = await cart_of_pointer(gateway, caller.tenant, "receipt", key)
    if cart is None:
        raise Problem("sale_unknown", receipt_number=receipt_number)
    return cart


async def void_sale(
    gateway: Gateway, caller: Caller, receipt_number: str, attempt: Attempt
) -> Cart:
    """The ticket is cancelled: its lines are back in the cart that carries on."""
    cart = await cart_of_receipt(gateway, caller, receipt_number)

    async def make(now: Cart) -> c.VoidSale | None:
        if now.state not in BOUGHT:
            return None  # cancelled already
        heir = await living(gateway, caller.tenant, now)
        return c.VoidSale(receipt_number, heir if heir.id != now.id else None)

    if cart.state not in BOUGHT and cart.sale is not None:
        raise Problem("sale_not_voidable", receipt_number=receipt_number)
    outcome = await run_command(gateway, caller, cart.id, attempt.command_id, make)
    return await living(gateway, caller.tenant, outcome.cart)


@dataclass(frozen=True)
class Returned:
    """One line that came back, named by its id or by the article's number."""

    quantity: Decimal
    line: str | None = None
    gtin: str | None = None
    reason: str | None = None


async def return_goods(
    gateway: Gateway,
    caller: Caller,
    *,
    receipt_number: str | None,
    cart_id: str | None,
    lines: tuple[Returned, ...],
    attempt: Attempt,
) -> Cart:
    """Goods of a sale came back, wherever they were bought."""
    if cart_id is not None:
        cart = await cart_by_id(gateway, caller.tenant, cart_id)
    else:
        cart = await cart_of_receipt(gateway, caller, receipt_number or "")

    async def make(now: Cart) -> c.ReturnLines:
        back: dict[str, tuple[Decimal, str | None]] = {}
        for told in lines:
            line = _line(now, told)
            before = back.get(line, (Decimal(0), None))[0]
            back[line] = (before + told.quantity, told.reason)
        return c.ReturnLines(back, caller.store, caller.terminal)

    outcome = await run_command(gateway, caller, cart.id, attempt.command_id, make)
    return outcome.cart


def _line(cart: Cart, told: Returned) -> str:
    for line in cart.lines:
        gtin = line.item.gtin
        by_number = told.gtin is not None and gtin is not None and same_gtin(gtin, told.gtin)
        if line.id == told.line or by_number:
            return line.id
    raise Problem("line_unknown", line=told.line or told.gtin or "")
