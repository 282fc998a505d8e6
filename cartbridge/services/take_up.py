"""What a till gets of a code that leads to no cart: a quote is taken up, and its cart is claimed.

The one place where any kind of document becomes the cart that a cashier, or a shop, goes on with.
"""

import uuid
from collections.abc import Awaitable, Callable
from typing import Final

from cartbridge.database.idempotency import Attempt
from cartbridge.database.pointers import PointerKind
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.ids import make_id, slot_of
from cartbridge.domain.quote import commands as c
from cartbridge.domain.quote.state import Quote
from cartbridge.services.carry_out import carry_out
from cartbridge.services.find_document import document_by_id
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.living_cart import living_cart, newest_cart
from cartbridge.services.machines import QUOTE, WISHLIST
from cartbridge.services.offer_wishlist import cart_of_wishlist
from cartbridge.services.problems import Problem

Taken = Callable[[Gateway, Caller, str, Attempt, str], Awaitable[Cart]]


async def take_up_by_code(
    gateway: Gateway, caller: Caller, key: bytes, attempt: Attempt, *, short: bool = False
) -> Cart | None:
    """The cart of what a code's hash leads to; None if it leads to nothing that can be taken up."""
    kind: PointerKind = "short_code" if short else "code"
    target = await gateway.pointers.find(caller.tenant, kind, key, lapsed=True)
    document = None if target is None else await gateway.documents.name_of(caller.tenant, target)
    if document is None or document[:3] not in _BY_CODE:
        return None
    return await _BY_CODE[document[:3]](gateway, caller, document, attempt, key.hex())


async def take_up_quote(
    gateway: Gateway, caller: Caller, quote: Quote, attempt: Attempt
) -> tuple[Quote, Cart]:
    """The quote, and the cart that is born of it; while one is alive, the same one.

    A repeat of a call finds the cart it found before, whatever became of it since.
    """
    fresh = make_id("crt", attempt.started_at, slot_of(quote.id), attempt.entropy("taken up"))

    async def make(now: Quote) -> c.TakeUp | None:
        if not attempt.first and now.carts:
            return None
        return c.TakeUp(fresh, await living_cart(gateway, caller.tenant, now))

    command = uuid.uuid5(attempt.command_id, "take up")
    done = await carry_out(gateway, caller, QUOTE, quote.id, command, make)
    cart = await newest_cart(gateway, caller.tenant, done.document)
    if cart is None:
        raise Problem("not_found", what="cart")
    return done.document, cart


async def _quote_by_code(
    gateway: Gateway, caller: Caller, document: str, attempt: Attempt, code_hash: str
) -> Cart:
    """Not single use: its claim is what makes a sale the only one. A dead quote says why first."""
    quote = await document_by_id(gateway, caller.tenant, QUOTE, document)
    live = any(code_hash in (offer.code_hash, offer.short_hash) for offer in quote.handovers)
    if quote.holds(gateway.clock()) and not live and attempt.first:
        raise Problem("code_revoked")
    return (await take_up_quote(gateway, caller, quote, attempt))[1]


async def _wishlist_by_code(
    gateway: Gateway, caller: Caller, document: str, attempt: Attempt, key: str
) -> Cart:
    """A cart of all that is still wished; the list stays as it is."""
    wishlist = await document_by_id(gateway, caller.tenant, WISHLIST, document)
    codes = (x.code_hash for x in wishlist.handovers if key in (x.code_hash, x.short_hash))
    return await cart_of_wishlist(gateway, caller, wishlist, next(codes, key), attempt)


# How each kind becomes a cart at a till that has its code, by the prefix of its ids.
_BY_CODE: Final[dict[str, Taken]] = {"qte": _quote_by_code, "wsh": _wishlist_by_code}
