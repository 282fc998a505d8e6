"""What shops call: snapshots, carts, hand-overs, joins; tills and operators read carts here too."""

from datetime import timedelta
from typing import Final

from cartbridge.domain.canonical import CanonicalCart
from cartbridge.domain.cart.reservation import Reserve
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.twin import TwinRef
from cartbridge.http import shop_models as m
from cartbridge.http.routes import Answer, Call, Role, Routes
from cartbridge.services.connectors import Link
from cartbridge.services.find_cart import cart_by_id, cart_of_twin
from cartbridge.services.find_document import document_by_id
from cartbridge.services.join_handover import join_handover
from cartbridge.services.led_to import document_of_handover
from cartbridge.services.machines import QUOTE
from cartbridge.services.offer_handover import (
    Offer,
    Wish,
    cart_of_handover,
    offer_handover,
    revoke_handover,
)
from cartbridge.services.offer_quote import revoke_code
from cartbridge.services.problems import Problem
from cartbridge.services.put_snapshot import put_snapshot
from cartbridge.services.show_cart import show_cart
from cartbridge.services.tell_timeline import tell_timeline

routes: Final = Routes("shop")
_READERS: Final[frozenset[Role]] = frozenset({"shop", "pos", "ops"})
_SHOP_AND_TILL: Final[frozenset[Role]] = frozenset({"shop", "pos"})
_STAFF: Final[frozenset[Role]] = frozenset({"pos", "ops"})


async def own_link(call: Call) -> Link:
    """The connection that a shop's key belongs to."""
    name = call.caller.connection
    link = await call.gateway.connectors.by_name(call.caller.tenant, name) if name else None
    if link is None:
        raise Problem("not_found", what="connection")
    return link


async def visible(call: Call, cart_id: str) -> Cart:
    """A cart the caller may see: a shop sees only those that have a twin in it."""
    cart = await cart_by_id(call.gateway, call.caller.tenant, cart_id)
    if call.caller.role == "shop":
        known = {twin.ref.connection for twin in cart.twins} | {cart.origin.connection}
        if call.caller.connection not in known:
            raise Problem("not_found", what="cart")
    return cart


@routes.add(
    "PUT",
    "/v1/connections/{connection}/carts/{external_id}",
    "Tell a whole cart as it is in the shop now",
    body=m.SnapshotRequest,
    answer=m.JoinAnswer,
)
async def put_cart(call: Call) -> Answer:
    """For shops without webhooks: the snapshot is merged like one that came by a hook."""
    link = await own_link(call)
    if call.path("connection") not in (link.id, link.connection.id):
        raise Problem("not_found", what="connection")
    document = call.body.model_dump(mode="python")
    cart = await put_snapshot(call.gateway, link, call.path("external_id"), document)
    return Answer(m.JoinAnswer(cart=await show_cart(call.gateway, call.caller, cart)))


@routes.add(
    "GET",
    "/v1/carts/{cart}",
    "A cart, now or as it was",
    roles=_READERS,
    query=m.CartQuery,
    answer=CanonicalCart,
)
async def get_cart(call: Call) -> Answer:
    """The cart as it is, as it was at a version, or as it was known at a time."""
    cart = await visible(call, call.path("cart"))
    if call.query.version is not None or call.query.at is not None:
        past = await call.gateway.documents.fold(
            call.caller.tenant, cart.id, version=call.query.version, at=call.query.at
        )
        if past is None:
            raise Problem("not_found", what="version")
        cart = past
    shown = await show_cart(call.gateway, call.caller, cart)
    return Answer(shown, headers={"ETag": f'"{cart.version}"'})


@routes.add(
    "GET",
    "/v1/carts",
    "Find carts",
    roles=_READERS,
    query=m.CartsQuery,
    answer=m.Carts,
    problems=("not_found",),
)
async def find_carts(call: Call) -> Answer:
    """Carts by their id in a shop, by customer or by state."""
    query: m.CartsQuery = call.query
    if query.connection is not None and query.external_id is not None:
        return Answer(await _by_twin(call, query.connection, query.external_id))
    if call.caller.role == "shop":
        raise Problem("forbidden", role="shop")
    try:
        page = await call.gateway.documents.find(
            call.caller.tenant,
            "cart",
            state=query.state,
            customer=query.customer,
            limit=query.limit,
            after=query.after,
        )
    except ValueError:
        raise Problem("invalid_request", errors=({"field": "after", "why": "bad"},)) from None
    items = [await show_cart(call.gateway, call.caller, x.state) for x in page.items]
    return Answer(m.Carts(items=tuple(items), next=page.next))


async def _by_twin(call: Call, connection: str, external_id: str) -> m.Carts:
    link = await call.gateway.connectors.by_name(call.caller.tenant, connection)
    if link is None or call.caller.connection not in (None, link.id):
        raise Problem("not_found", what="connection")
    ref = TwinRef(connection=link.id, kind=call.query.kind, external_id=external_id)
    cart = await cart_of_twin(call.gateway, call.caller.tenant, ref)
    if cart is None or cart.version == 0:
        return m.Carts(items=(), next=None)
    return m.Carts(items=(await show_cart(call.gateway, call.caller, cart),), next=None)


@routes.add(
    "GET",
    "/v1/carts/{cart}/timeline",
    "What happened to a cart, in words",
    roles=_STAFF,
    query=m.TimelineQuery,
    answer=m.Timeline,
)
async def timeline(call: Call) -> Answer:
    """Who did what, where and when, in French or English."""
    locale = call.query.locale or call.locale
    entries = await tell_timeline(
        call.gateway, call.caller.tenant, call.path("cart"), locale, call.query.time_zone
    )
    return Answer(m.Timeline(items=tuple(entries)))


@routes.add(
    "POST",
    "/v1/carts/{cart}/handovers",
    "Offer a cart to the other side",
    roles=_SHOP_AND_TILL,
    body=m.HandoverRequest,
    answer=m.HandoverAnswer,
    status=201,
    problems=(
        "cart_has_payment",
        "cart_empty",
        "cart_in_checkout",
        "held_elsewhere",
        "reserve_until_invalid",
    ),
)
async def offer(call: Call) -> Answer:
    """A code for the till, or a link to go on online; with it the pass the shopper keeps.

    With `reserve` the store sets the cart aside, and the code lives until then.
    """
    cart = await visible(call, call.path("cart"))
    seconds = call.body.ttl_seconds
    ttl = call.gateway.limits.code if seconds is None else timedelta(seconds=seconds)
    wish = Wish(call.body.direction, ttl, await _store(call, call.body.store, "store"))
    if call.body.reserve is not None:
        reserve = Reserve(**call.body.reserve.model_dump())
        await _store(call, reserve.store, "reserve.store")
        wish = Wish("to_store", ttl, reserve=reserve)
    made = await offer_handover(call.gateway, call.caller, cart, wish, call.drawn)
    return Answer(handover_answer(made, call.gateway.public_url), status=201)


async def _store(call: Call, store: str | None, field: str) -> str | None:
    if store and await call.gateway.directory.stores.get(call.caller.tenant, store) is None:
        raise Problem("invalid_request", errors=({"field": field, "why": "no such store"},))
    return store


def handover_answer(made: Offer, public_url: str) -> m.HandoverAnswer:
    """A hand-over as the one who asked for it is shown it."""
    return m.HandoverAnswer(
        id=made.id,
        direction=made.direction,
        code=made.code,
        short_code=made.short_code,
        url=made.url(public_url),
        qr_svg_url=f"{public_url}/h/{made.code}/qr.svg",
        qr_png_url=f"{public_url}/h/{made.code}/qr.png",
        pass_url=made.pass_url(public_url),
        expires_at=made.expires_at,
        reserve=made.reserve,
    )


@routes.add(
    "DELETE",
    "/v1/handovers/{handover}",
    "Revoke a code",
    roles=_SHOP_AND_TILL,
    status=204,
)
async def revoke(call: Call) -> Answer:
    """The code is dead from now on; a dead one stays so."""
    handover = call.path("handover")
    tenant = call.caller.tenant
    document = await document_of_handover(call.gateway, tenant, handover)
    if document is not None and document.startswith("qte_"):
        quote = await document_by_id(call.gateway, tenant, QUOTE, document)
        if call.caller.role == "shop" and not quote.is_known_to(call.caller.connection):
            raise Problem("not_found", what="handover")
        await revoke_code(call.gateway, call.caller, quote, handover)
        return Answer(None, status=204)
    offered = await cart_of_handover(call.gateway, call.caller, handover)
    cart = await visible(call, offered.id)
    await revoke_handover(call.gateway, call.caller, cart, handover)
    return Answer(None, status=204)


@routes.add(
    "POST",
    "/v1/handovers/join",
    "Join the shopper's session to a cart by its to-online code",
    body=m.JoinRequest,
    answer=m.JoinAnswer,
    problems=(
        "code_unknown",
        "code_bound",
        "code_used",
        "code_revoked",
        "code_lapsed",
        "code_wrong_direction",
        "held_elsewhere",
        "cart_not_open",
    ),
)
async def join(call: Call) -> Answer:
    """The first customer or browser gets the cart and may come back; nobody else does."""
    body: m.JoinRequest = call.body
    link = await own_link(call)
    ref = TwinRef(connection=link.id, kind=body.kind, external_id=body.external_id)
    cart = await join_handover(call.gateway, link, body.code, ref, body.customer, call.drawn)
    return Answer(m.JoinAnswer(cart=await show_cart(call.gateway, call.caller, cart)))
