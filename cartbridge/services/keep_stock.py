"""Keeping goods aside in a store's own system for a cart, and letting them go again."""

from decimal import Decimal

import structlog

from cartbridge.database.outbox import OutboxMessage
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.ids import named
from cartbridge.sdk import errors
from cartbridge.sdk.both_sides import HoldLine, StockHold
from cartbridge.services.connectors import Link
from cartbridge.services.find_cart import cart_by_id
from cartbridge.services.gateway import Gateway
from cartbridge.services.refresh_credentials import call_platform
from cartbridge.services.stock_holds import Holding, hold_name, kept_for

log = structlog.get_logger(__name__)


async def hold_stock(
    gateway: Gateway, link: Link, holding: Holding, message: OutboxMessage
) -> None:
    """Keeps the cart's goods, while its hand-over still stands and its time is not over."""
    cart = await _cart(gateway, link, message)
    store = await gateway.directory.stores.get(link.tenant, holding.store)
    there = store.external_ids.get(link.id) if store is not None else None
    over = holding.handover not in kept_for(cart) or holding.until <= gateway.clock()
    lines = _lines(cart)
    if there is None or over or not lines:
        return
    hold = StockHold(
        name=hold_name(cart.id, holding.handover),
        store=there,
        until=holding.until,
        label=f"WEB {cart.id[-4:].upper()}",
        lines=lines,
    )
    held = await call_platform(
        gateway, link, lambda remote: link.connector.reserve_stock(hold, remote)
    )
    kept = {one.key: one.quantity for one in held}
    if any(kept.get(line.item.key, Decimal(0)) < line.quantity for line in lines):
        log.info("stock.held_in_part", connection=link.id)


async def release_stock(
    gateway: Gateway, link: Link, holding: Holding, message: OutboxMessage
) -> None:
    """Frees what was kept for a hand-over to that store; an offer to no store kept nothing."""
    cart = await _cart(gateway, link, message)
    history = await gateway.documents.history(link.tenant, cart.id)
    offers = [one.event for one in history if isinstance(one.event, e.HandoverOffered)]
    if not any(offer.handover == holding.handover and offer.store for offer in offers):
        return
    name = hold_name(cart.id, holding.handover)
    await call_platform(gateway, link, lambda remote: link.connector.release_stock(name, remote))


async def _cart(gateway: Gateway, link: Link, message: OutboxMessage) -> Cart:
    if message.document is None:
        raise errors.Refuse("goods are kept for a cart, and none is named")
    return await cart_by_id(gateway, link.tenant, named("crt", message.document))


def _lines(cart: Cart) -> tuple[HoldLine, ...]:
    """Each article once, with what all its lines want of it."""
    wanted: dict[str, HoldLine] = {}
    for line in cart.lines:
        if line.kind != "goods" or not (line.item.sku or line.item.gtin):
            continue
        known = wanted.get(line.item.key)
        more = known.quantity if known is not None else Decimal(0)
        wanted[line.item.key] = HoldLine(
            item=line.item, quantity=line.quantity.value + more, unit=line.quantity.unit
        )
    return tuple(wanted.values())
