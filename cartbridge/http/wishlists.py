"""Wish lists: begun in a store or a shop, shared, pulled by a code, moved into carts and back."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from cartbridge.domain.cart.state import Cart
from cartbridge.domain.twin import TwinRef
from cartbridge.domain.wishlist.canonical import CanonicalWishlist
from cartbridge.domain.wishlist.lifecycle import State
from cartbridge.domain.wishlist.state import Wishlist
from cartbridge.http import shop_models
from cartbridge.http import wishlist_models as m
from cartbridge.http.pos import if_match, scanned_line
from cartbridge.http.routes import Answer, Call, Role, Routes
from cartbridge.http.shop import own_link
from cartbridge.services.change_wishlist import Begun, Changed, begin_wishlist, change_wishlist
from cartbridge.services.find_cart import cart_by_id
from cartbridge.services.find_document import document_by_id, document_of_twin
from cartbridge.services.join_wishlist import join_wishlist
from cartbridge.services.machines import WISHLIST
from cartbridge.services.move_wishes import from_cart, to_cart
from cartbridge.services.offer_wishlist import offer_wishlist
from cartbridge.services.problems import Problem
from cartbridge.services.pull_wishlist import pull_wishlist
from cartbridge.services.share_wishlist import open_links, share_of
from cartbridge.services.show_cart import show_cart
from cartbridge.services.show_wishlist import show_wishlist
from cartbridge.services.tell_timeline import tell_timeline

routes: Final = Routes("shop", "pos")
_READERS: Final[frozenset[Role]] = frozenset({"shop", "pos", "ops"})
_STAFF: Final[frozenset[Role]] = frozenset({"pos", "ops"})
_TILL: Final[frozenset[Role]] = frozenset({"pos"})


async def visible_wishlist(call: Call) -> Wishlist:
    """A wish list the caller may see: a shop sees only those that have a twin in it."""
    wishlist = await document_by_id(
        call.gateway, call.caller.tenant, WISHLIST, call.path("wishlist")
    )
    if call.caller.role == "shop":
        known = {twin.ref.connection for twin in wishlist.twins} | {wishlist.origin.connection}
        if call.caller.connection not in known:
            raise Problem("not_found", what="wishlist")
    return wishlist


@routes.add(
    "POST",
    "/v1/wishlists",
    "Begin a wish list in a store",
    roles=_TILL,
    body=m.WishlistBeginRequest,
    answer=m.WishlistAnswer,
    status=201,
)
async def begin(call: Call) -> Answer:
    """A wish list begun by a till, tablet or kiosk."""
    body: m.WishlistBeginRequest = call.body
    begun = Begun(
        name=body.name,
        kind=body.kind,
        lines=tuple(map(scanned_line, body.add)),
        customer=body.customer,
        locale=body.locale,
        metadata=body.metadata,
    )
    begins = await begin_wishlist(call.gateway, call.caller, begun, call.drawn)
    return await _answer(call, begins, 201)


@routes.add(
    "GET",
    "/v1/wishlists",
    "Find wish lists",
    roles=_READERS,
    query=m.WishlistsQuery,
    answer=m.Wishlists,
    problems=("not_found",),
)
async def find(call: Call) -> Answer:
    """Wish lists by their id in a shop, by customer or by state."""
    query: m.WishlistsQuery = call.query
    if query.connection is not None and query.external_id is not None:
        return Answer(await _by_twin(call, query.connection, query.external_id))
    if call.caller.role == "shop":
        raise Problem("forbidden", role="shop")
    try:
        page = await call.gateway.documents.find(
            call.caller.tenant,
            "wishlist",
            state=query.state,
            customer=query.customer,
            limit=query.limit,
            after=query.after,
        )
    except ValueError:
        raise Problem("invalid_request", errors=({"field": "after", "why": "bad"},)) from None
    items = [await show_wishlist(call.gateway, call.caller, x.state) for x in page.items]
    return Answer(m.Wishlists(items=tuple(items), next=page.next))


async def _by_twin(call: Call, connection: str, external_id: str) -> m.Wishlists:
    link = await call.gateway.connectors.by_name(call.caller.tenant, connection)
    if link is None or call.caller.connection not in (None, link.id):
        raise Problem("not_found", what="connection")
    ref = TwinRef(connection=link.id, kind="wishlist", external_id=external_id)
    found = await document_of_twin(call.gateway, call.caller.tenant, WISHLIST, ref)
    shown = () if found is None else (await show_wishlist(call.gateway, call.caller, found),)
    return m.Wishlists(items=shown, next=None)


@routes.add(
    "GET",
    "/v1/wishlists/{wishlist}",
    "A wish list, now or as it was",
    roles=_READERS,
    query=shop_models.CartQuery,
    answer=CanonicalWishlist,
)
async def get(call: Call) -> Answer:
    """The wish list as it is, as it was at a version, or as it was known at a time."""
    wishlist = await visible_wishlist(call)
    if call.query.version is not None or call.query.at is not None:
        past = await call.gateway.documents.fold(
            call.caller.tenant, wishlist.id, version=call.query.version, at=call.query.at
        )
        if past is None:
            raise Problem("not_found", what="version")
        wishlist = past
    shown = await show_wishlist(call.gateway, call.caller, wishlist)
    return Answer(shown, headers={"ETag": f'"{wishlist.version}"'})


@routes.add(
    "PATCH",
    "/v1/wishlists/{wishlist}",
    "Change a wish list",
    body=m.WishlistChangeRequest,
    answer=m.WishlistAnswer,
    problems=("line_unknown", "wishlist_not_open", "precondition_failed", "terminal_required"),
)
async def change(call: Call) -> Answer:
    """Lines, name, kind or state change; `shared` makes a link, another state takes it back."""
    body: m.WishlistChangeRequest = call.body
    wishlist = await visible_wishlist(call)
    changed = Changed(
        name=body.name,
        kind=body.kind,
        state=body.state,
        set={x.line: x.quantity for x in body.set} | {x: Decimal(0) for x in body.remove},
        add=tuple(map(scanned_line, body.add)),
        customer=body.customer,
        version=if_match(call),
    )
    try:
        after = await change_wishlist(call.gateway, call.caller, wishlist, changed, call.drawn)
    except Problem as problem:
        if problem.code == "precondition_failed":
            present = await show_wishlist(call.gateway, call.caller, await visible_wishlist(call))
            problem.extra["wishlist"] = present.model_dump(mode="json")
        raise
    return await _answer(call, after)


@routes.add(
    "GET",
    "/v1/wishlists/{wishlist}/timeline",
    "What happened to a wish list, in words",
    roles=_STAFF,
    query=shop_models.TimelineQuery,
    answer=shop_models.Timeline,
)
async def timeline(call: Call) -> Answer:
    """Who did what, where and when, in French or English."""
    entries = await tell_timeline(
        call.gateway,
        call.caller.tenant,
        call.path("wishlist"),
        call.query.locale or call.locale,
        call.query.time_zone,
        WISHLIST,
    )
    return Answer(shop_models.Timeline(items=tuple(entries)))


@routes.add(
    "POST",
    "/v1/wishlists/{wishlist}/handovers",
    "Make a code by which a till pulls a wish list, or a shop takes it over",
    body=m.WishlistCodeRequest,
    answer=m.WishlistCodeAnswer,
    status=201,
    problems=("wishlist_empty", "wishlist_not_open"),
)
async def offer(call: Call) -> Answer:
    """A code for the till, or a link to go on online; the wish list itself stays as it is."""
    wishlist = await visible_wishlist(call)
    seconds, store = call.body.ttl_seconds, call.body.store
    ttl = call.gateway.limits.code if seconds is None else timedelta(seconds=seconds)
    if store and await call.gateway.directory.stores.get(call.caller.tenant, store) is None:
        raise Problem("invalid_request", errors=({"field": "store", "why": "no such store"},))
    way = call.body.direction
    made = await offer_wishlist(call.gateway, call.caller, wishlist, ttl, store, call.drawn, way)
    url = call.gateway.public_url
    answer = m.WishlistCodeAnswer(
        id=made.id,
        direction=way,
        code=made.code,
        short_code=made.short_code,
        url=f"{url}/h/{made.code}".upper(),
        qr_svg_url=f"{url}/h/{made.code}/qr.svg",
        qr_png_url=f"{url}/h/{made.code}/qr.png",
        pass_url=f"{url}/c/{made.pass_code}",
        expires_at=made.expires_at,
    )
    return Answer(answer, status=201)


@routes.add(
    "POST",
    "/v1/wishlists/join",
    "Join the shopper's own wish list to one by its to-online code",
    roles=frozenset({"shop"}),
    body=m.WishlistJoinRequest,
    answer=m.WishlistAnswer,
    problems=(
        "code_unknown",
        "code_bound",
        "code_used",
        "code_lapsed",
        "code_wrong_direction",
        "wishlist_not_open",
    ),
)
async def join(call: Call) -> Answer:
    """What lay on her own is on it, too; the first list that joins may come back, no other."""
    body: m.WishlistJoinRequest = call.body
    link = await own_link(call)
    ref = TwinRef(connection=link.id, kind="wishlist", external_id=body.external_id)
    joined = await join_wishlist(call.gateway, link, body.code, ref, body.customer, call.drawn)
    return await _answer(call, joined)


@routes.add(
    "POST",
    "/v1/wishlists/{wishlist}/to-cart",
    "Put wishes into a cart",
    body=m.ToCartRequest,
    answer=m.MovedAnswer,
    problems=(
        "line_unknown",
        "quantity_invalid",
        "wishlist_empty",
        "held_elsewhere",
        "cart_not_open",
    ),
)
async def into_cart(call: Call) -> Answer:
    """They leave the list, unless they are to stay wished until they are bought."""
    body: m.ToCartRequest = call.body
    wishlist = await visible_wishlist(call)
    cart = None if body.cart is None else await _cart(call, body.cart)
    wanted = None if body.lines is None else {x.line: x.quantity for x in body.lines}
    moved = await to_cart(call.gateway, call.caller, wishlist, wanted, cart, body.keep, call.drawn)
    return await _moved(call, *moved)


@routes.add(
    "POST",
    "/v1/wishlists/{wishlist}/from-cart",
    "Wish for lines of a cart later",
    body=m.FromCartRequest,
    answer=m.MovedAnswer,
    problems=(
        "line_unknown",
        "quantity_invalid",
        "held_elsewhere",
        "cart_not_open",
        "wishlist_not_open",
    ),
)
async def out_of_cart(call: Call) -> Answer:
    """They come onto the list and leave the cart."""
    body: m.FromCartRequest = call.body
    wishlist = await visible_wishlist(call)
    cart = await _cart(call, body.cart)
    wanted = {x.line: x.quantity for x in body.lines}
    moved = await from_cart(call.gateway, call.caller, wishlist, cart, wanted, call.drawn)
    return await _moved(call, *moved)


@routes.add(
    "POST",
    "/v1/pos/wishlists",
    "Look at the wish list whose code a customer shows",
    roles=_TILL,
    body=m.PullRequest,
    answer=m.WishlistAnswer,
    idempotent=False,
    problems=(
        "code_unknown",
        "code_revoked",
        "code_lapsed",
        "code_other_store",
        "code_entry_locked",
    ),
)
async def pull(call: Call) -> Answer:
    """The list on a till or tablet; the code is not used up by looking."""
    body: m.PullRequest = call.body
    return await _answer(
        call, await pull_wishlist(call.gateway, call.caller, body.code, body.short_code)
    )


async def _cart(call: Call, name: str) -> Cart:
    cart = await cart_by_id(call.gateway, call.caller.tenant, name)
    if call.caller.role == "shop":
        known = {twin.ref.connection for twin in cart.twins} | {cart.origin.connection}
        if call.caller.connection not in known:
            raise Problem("not_found", what="cart")
    return cart


async def _answer(call: Call, wishlist: Wishlist, status: int = 200) -> Answer:
    url = None
    if wishlist.state is State.SHARED:
        await open_links(call.gateway, call.caller.tenant, wishlist)
        url = f"{call.gateway.public_url}/w/{share_of(call.gateway.vault, wishlist)}"
    shown = await show_wishlist(call.gateway, call.caller, wishlist)
    headers = {"ETag": f'"{wishlist.version}"'}
    return Answer(m.WishlistAnswer(wishlist=shown, share_url=url), status, headers=headers)


async def _moved(call: Call, wishlist: Wishlist, cart: Cart) -> Answer:
    return Answer(
        m.MovedAnswer(
            wishlist=await show_wishlist(call.gateway, call.caller, wishlist),
            cart=await show_cart(call.gateway, call.caller, cart),
        )
    )
