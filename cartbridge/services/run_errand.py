"""Running one errand of the outbox: a write, a re-read, a freeze, what waited for a till."""

import json
import uuid

from cartbridge.database.outbox import OutboxMessage
from cartbridge.domain.ids import named
from cartbridge.domain.twin import PlacedFor, TwinRef
from cartbridge.sdk import errors
from cartbridge.services.adopt_cart import adopt_cart
from cartbridge.services.answer_enquiry import answer_enquiry
from cartbridge.services.codes import hashed, pass_of
from cartbridge.services.connectors import Link
from cartbridge.services.deliver_event import deliver_event
from cartbridge.services.find_cart import cart_by_id, cart_of_twin
from cartbridge.services.gateway import Gateway
from cartbridge.services.keep_stock import hold_stock, release_stock
from cartbridge.services.listings import LISTINGS
from cartbridge.services.observe_twin import Cause, observe_twin
from cartbridge.services.offer_wishlist import note_bought
from cartbridge.services.place_cart import place_cart, withdraw_cart
from cartbridge.services.push_cart import fetch_twin, push_cart
from cartbridge.services.push_listing import push_listing
from cartbridge.services.refresh_credentials import call_platform
from cartbridge.services.stock_holds import Holding
from cartbridge.services.tell_quote import tell_quote


async def run_errand(gateway: Gateway, message: OutboxMessage) -> None:
    """Does what the message asks; raises a ConnectorError that tells the worker what to do."""
    if message.kind == "event":
        await deliver_event(gateway, message)
    elif message.kind == "adopt":
        await _adopt(gateway, message)
    elif message.kind == "tell_quote":
        await tell_quote(gateway, message.tenant, json.loads(message.payload)["cart"], message.id)
    elif message.kind == "open_pass":
        await _open_pass(gateway, message)
    elif message.kind == "note_bought":
        told = json.loads(message.payload)
        cart = await cart_by_id(gateway, message.tenant, told["cart"])
        await note_bought(gateway, message.tenant, told["wishlist"], cart)
    elif message.kind == "place":
        details = json.loads(message.payload)
        link = await _link(gateway, message, details["on"])
        await place_cart(gateway, link, PlacedFor.model_validate(details["placing"]), message)
    elif message.kind in ("hold_stock", "release_stock"):
        details = json.loads(message.payload)
        link = await _link(gateway, message, details["on"])
        keep = hold_stock if message.kind == "hold_stock" else release_stock
        await keep(gateway, link, Holding.told(details), message)
    else:
        ref = TwinRef.model_validate(json.loads(message.payload)["ref"])
        await _for_twin(gateway, await _link(gateway, message, ref.connection), ref, message)


async def _link(gateway: Gateway, message: OutboxMessage, name: str) -> Link:
    link = await gateway.connectors.by_name(message.tenant, name)
    if link is None:
        raise errors.Refuse("the connection was removed")
    if link.connection.state == "paused":
        raise errors.Retry("the connection is paused", 60)
    return link


async def _adopt(gateway: Gateway, message: OutboxMessage) -> None:
    if message.document is None:
        raise errors.Refuse("an adoption without a cart")
    merged = await cart_by_id(gateway, message.tenant, named("crt", message.document))
    await adopt_cart(gateway, message.tenant, merged)


async def _open_pass(gateway: Gateway, message: OutboxMessage) -> None:
    if message.document is None:
        raise errors.Refuse("a pass for no document")
    secret = hashed(pass_of(gateway.vault, json.loads(message.payload)["document"]))
    await gateway.pointers.claim_pointer(message.tenant, "pass", secret, message.document)


async def _for_twin(gateway: Gateway, link: Link, ref: TwinRef, message: OutboxMessage) -> None:
    match message.kind:
        case "write" if ref.kind in LISTINGS:
            kind = LISTINGS[ref.kind]
            name = named(kind.machine.prefix, message.document or message.id)
            await push_listing(gateway, link, kind, ref, name, message.id)
        case "write":
            await push_cart(gateway, link, ref, message.id)
        case "answer":
            await answer_enquiry(gateway, link, ref, message)
        case "fetch":
            await fetch_twin(gateway, link, ref, message.id)
        case "take_in":
            await _take_in(gateway, link, ref, message)
        case "freeze" | "thaw":
            await _follow_claim(gateway, link, ref)
        case "withdraw":
            await withdraw_cart(gateway, link, ref, message)
        case _:
            raise errors.Refuse(f"no such errand: {message.kind}")


async def _take_in(gateway: Gateway, link: Link, ref: TwinRef, message: OutboxMessage) -> None:
    """Applies what the shopper changed elsewhere while a till held her cart."""
    cart = await cart_of_twin(gateway, link.tenant, ref)
    if cart is None or cart.claim is not None:
        return
    waiting = cart.waiting.get(str(ref))
    if waiting is not None:
        await observe_twin(
            gateway, link, ref, waiting, Cause(command=uuid.uuid5(message.id, "take in"))
        )


async def _follow_claim(gateway: Gateway, link: Link, ref: TwinRef) -> None:
    """Freezes or thaws a twin by whether a till holds its cart now, not when it was asked."""
    cart = await cart_of_twin(gateway, link.tenant, ref)
    if cart is None or not link.can("freeze"):
        return
    try:
        if cart.claim is None:
            await call_platform(gateway, link, lambda remote: link.connector.thaw(ref, remote))
            return
        store = await gateway.directory.stores.get(link.tenant, cart.claim.store)
        if store is None:
            return
        # The end of the claim thaws it; the closing time only if nobody is left to say so.
        until, where = store.next_closing(gateway.clock()), store.name
        await call_platform(
            gateway, link, lambda remote: link.connector.freeze(ref, until, where, remote)
        )
    except errors.Ignore:
        return  # the twin is gone: there is nothing left to freeze
