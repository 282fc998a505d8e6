"""From a webhook, or a document that was read, to observations; and which documents it names."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from cartbridge.sdk import payload
from cartbridge.sdk.contract import Named, Raw
from cartbridge.sdk.documents import TwinKind
from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.observations import Hint, Lost, Read
from cartbridge.sdk.payload import understood
from cartbridge_woocommerce import cart_payloads, payloads
from cartbridge_woocommerce.accounts import is_staff, read_account
from cartbridge_woocommerce.carts import ENDED, read_cart
from cartbridge_woocommerce.order_stages import NO_NEWS, cart_id, order_of, phase
from cartbridge_woocommerce.orders import read_document, read_hook, twin_of
from cartbridge_woocommerce.pick_up import is_handed_out
from cartbridge_woocommerce.products import read_product
from cartbridge_woocommerce.settings import Settings

NO_TOPIC: Final = "x-wc-webhook-topic: not one that the README lists for this connection"
# What an error is made of; no document has two of them.
ERROR: Final = frozenset({"code", "message", "data"})
TOLD: Final = frozenset({"created", "updated", "restored"})
ASIDE: Final = {
    "customer": "an account that is gone says nothing more of who she was",
    "product": "the connection has neither a price list nor a store for the shop's stock",
    "coupon": "the shop alone computes its promotions",
    "action": "it tells neither cart nor order",
}


def read_webhook(hook: Raw, settings: Settings) -> Read:
    """What a webhook says; a body that is one of WordPress's errors says nothing but that."""
    body = payload.loads(hook.body)
    resource, _, event = topic(hook).partition(".")
    if is_error(body):
        why = "the shop could not find it any more, or the webhook's user may not read it"
        return Read(report=(Lost(field="code", what="dropped", why=why),))
    if resource == "cart":
        return read_cart(body)
    if resource == "order" and event == "deleted":  # the body is the id alone, with no time
        order = understood(payloads.Mention, body)
        return Read(observations=(Hint(kind="order", external_id=str(order.id)),))
    if resource == "order":
        return read_hook(order_of(body))
    if tells_account(resource, event):
        return read_account(body)
    if tells_product(resource, event, settings):
        return read_product(body, settings)
    if resource in ASIDE:
        return Read(report=(Lost(field="body", what="dropped", why=ASIDE[resource]),))
    raise Unreadable(NO_TOPIC)


def read_fetched(document: Mapping[str, Any]) -> Read:
    """What a document says that `fetch` or `changed_since` brought."""
    if "cart" in document:
        return read_cart(document["cart"])
    return read_document(order_of(document.get("order")))


def topic(hook: Raw) -> str:
    """Such as `order.updated`; nobody signed it."""
    return hook.headers.get("x-wc-webhook-topic", "")


def is_error(body: Mapping[str, Any]) -> bool:
    """Whether it is what WordPress answers in the place of a document."""
    return len(ERROR & body.keys()) > 1


def tells_account(resource: str, event: str) -> bool:
    """Whether a webhook shows a customer's account."""
    return resource == "customer" and event in TOLD


def tells_product(resource: str, event: str, settings: Settings) -> bool:
    """Whether a webhook shows an article, and the connection wants to know."""
    return resource == "product" and event in TOLD and settings.follows_products


def mentions(hook: Raw, settings: Settings) -> list[Named]:
    """The documents a webhook speaks of, each with what makes this the same mention."""
    body = payload.loads(hook.body)
    resource, _, event = topic(hook).partition(".")
    if is_error(body):
        return []
    if tells_account(resource, event):
        account = understood(payloads.Account, body)
        told = _mention(hook)
        return [] if is_staff(account) else [_named("customer", str(account.id), told)]
    if tells_product(resource, event, settings):
        product = understood(payloads.ChangedProduct, body)
        return [_named("item", str(product.id), _mention(hook))]
    if resource in ASIDE:
        return []
    if resource == "cart":
        return _carts(hook, understood(cart_payloads.CartMention, body))
    if resource == "order" and event == "deleted":
        order = understood(payloads.Mention, body)
        return [_named("order", str(order.id), _mention(hook))]
    if resource == "order":
        return _orders(hook, understood(payloads.Stage, body))
    raise Unreadable(NO_TOPIC)


def _carts(hook: Raw, cart: cart_payloads.CartMention) -> list[Named]:
    """The cart, and the guest's cart that went into it."""
    if cart.status in ENDED:
        return [_named("cart", cart.external_id, _mention(hook))]
    sale = cart.last_order if cart.status == "ordered" else None
    told = _mention(hook) if sale is None else _once("bought", sale.order_id)
    before = [] if cart.previous_id is None else [_named("cart", cart.previous_id, told)]
    revision = cart.revision if sale is None else None
    return [*before, _named("cart", cart.external_id, told, revision)]


def _orders(hook: Raw, order: payloads.Stage) -> list[Named]:
    """The cart that an order was placed from, or the order that stands for itself."""
    stage = phase(order)
    if stage in NO_NEWS:
        return []
    of_cart = cart_id(order) is not None
    if stage == "bought" and of_cart and is_handed_out(order):
        return [_named(*twin_of(order), _once("handed_out", order.id))]
    single = stage == "returned" or (stage == "bought" and of_cart)
    told = _once(stage, order.id) if single else _mention(hook)
    return [_named(*twin_of(order), told)]


def _named(
    kind: TwinKind, external_id: str, told: tuple[str, ...], revision: int | None = None
) -> Named:
    text = json.dumps((kind, external_id, *told))
    dedup = hashlib.sha256(text.encode()).hexdigest()
    return Named(external_id=external_id, kind=kind, revision=revision, dedup=dedup)


def _once(stage: str, order_id: int) -> tuple[str, ...]:
    """What must take effect a single time, however often and by whomever it is told.

    A customer's cart keeps its id for ever. That an order was bought is told by the plugin, and
    again with every later change of the order: without this it would end her next cart.
    """
    return stage, str(order_id)


def _mention(hook: Raw) -> tuple[str, ...]:
    """What it is about, and its bytes: an order is told as created and as updated in the same.

    WooCommerce's delivery id is shared by all it sends in a second. Only a body without a time
    needs it, or a second deletion would be taken for the first.
    """
    resource, _, event = topic(hook).partition(".")
    delivery = hook.headers.get("x-wc-webhook-delivery-id", "") if event == "deleted" else ""
    return resource, event if delivery else "", delivery, hashlib.sha256(hook.body).hexdigest()
