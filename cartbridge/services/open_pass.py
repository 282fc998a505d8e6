"""The shopper opens her pass, or a code's own address; the secret itself is her right to."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart.lifecycle import BOUGHT, State
from cartbridge.domain.cart.state import Cart, Direction
from cartbridge.domain.header import Actor
from cartbridge.domain.ids import named
from cartbridge.domain.quote.state import Quote
from cartbridge.domain.store import Brand
from cartbridge.domain.wishlist.state import Wishlist
from cartbridge.pages.reserved import ReservedAt
from cartbridge.pages.shopper import LiveCode, PassView, Place, SoldBefore
from cartbridge.sdk.errors import ConnectorError
from cartbridge.services.codes import hashed, scanned
from cartbridge.services.find_cart import living
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.offer_handover import Offer, Wish, offer_handover
from cartbridge.services.placements import online_shop, shop_for
from cartbridge.services.problems import Problem
from cartbridge.services.refresh_credentials import call_platform

_SHOWS_CODE = (State.OPEN, State.OFFERED, State.ABANDONED)


@dataclass(frozen=True)
class CodeLink:
    """Where a code's own address leads: to a till, or on to the shop."""

    code: str
    direction: Direction
    brand: Brand | None
    url: str | None = None


async def open_pass(gateway: Gateway, text: str) -> PassView | None:
    """The cart behind a pass, with a fresh code while a till may take it; None if unknown."""
    found = await _cart_of_pass(gateway, text)
    if found is None:
        return None
    tenant, cart = found
    brand = await brand_of(gateway, tenant, cart.brand)
    code = await _fresh_code(gateway, tenant, cart) if _may_be_taken(cart) else None
    pass_code = scanned(text)
    reserved = await _reserved_at(gateway, tenant, cart)
    onward = reserved is not None and await _may_go_online(gateway, tenant, cart)
    return PassView(
        cart=cart,
        brand=brand,
        code=code,
        fresh_url=f"/c/{pass_code}",
        watch_url=f"/c/{pass_code}/mark",
        held_by=await _holder(gateway, tenant, cart),
        sold_in=await _sold_in(gateway, tenant, cart),
        before=await _before(gateway, tenant, cart),
        reserved_at=reserved,
        online_url=f"/c/{pass_code}/online" if onward else None,
        picture_origins=brand.picture_origins,
    )


async def watch_pass(gateway: Gateway, text: str) -> str | None:
    """A mark that changes when the pass would look different."""
    found = await _cart_of_pass(gateway, text)
    if found is None:
        return None
    tenant, cart = found
    return PassView(cart=cart, brand=await brand_of(gateway, tenant, cart.brand)).mark


async def go_online(gateway: Gateway, text: str) -> str | None:
    """Where she goes on with her cart in the shop; None for an unknown pass, or where she cannot.

    What a store set aside for her stays aside meanwhile.
    """
    found = await _cart_of_pass(gateway, text)
    if found is None:
        return None
    tenant, cart = found
    if not _may_be_taken(cart) or not await _may_go_online(gateway, tenant, cart):
        return None
    offer = await _fresh(gateway, tenant, cart, "to_online")
    return await _continue_url(gateway, tenant, offer.cart, offer.code)


async def code_link(gateway: Gateway, text: str) -> CodeLink | None:
    """Where a live code leads; None for one that is dead or was never made."""
    code = scanned(text)
    owned = code and await gateway.pointers.find_owner("code", hashed(code))
    if not owned or not code:
        return None
    loaded = await gateway.documents.load(owned.tenant, named("crt", owned.target))
    if loaded is None:
        return await _quote_link(gateway, owned.tenant, owned.target, code) or await _wishlist_link(
            gateway, owned.tenant, owned.target, code
        )
    cart: Cart = loaded.state
    code_hash = hashed(code).hex()
    live = next((x for x in cart.handovers if x.code_hash == code_hash), None)
    brand = await brand_of(gateway, owned.tenant, cart.brand)
    if live is not None and live.direction == "to_store":
        return CodeLink(code, "to_store", brand)
    if live is None and code_hash not in cart.bindings:
        return None
    url = await _continue_url(gateway, owned.tenant, cart, code)
    return CodeLink(code, "to_online", brand, url)


async def _quote_link(gateway: Gateway, tenant: UUID, target: UUID, code: str) -> CodeLink | None:
    """The same for a quote's own code, which is live as long as the quote holds."""
    loaded = await gateway.documents.load(tenant, named("qte", target))
    if loaded is None:
        return None
    quote: Quote = loaded.state
    live = any(x.code_hash == hashed(code).hex() for x in quote.handovers)
    if not live or not quote.holds(gateway.clock()):
        return None
    return CodeLink(code, "to_store", await brand_of(gateway, tenant, quote.brand))


async def _wishlist_link(
    gateway: Gateway, tenant: UUID, target: UUID, code: str
) -> CodeLink | None:
    """The same for a code of a wish list: to a till, or on to the shop where it is joined."""
    loaded = await gateway.documents.load(tenant, named("wsh", target))
    if loaded is None:
        return None
    wishlist: Wishlist = loaded.state
    key = hashed(code).hex()
    live = next((x for x in wishlist.handovers if x.code_hash == key), None)
    brand = await brand_of(gateway, tenant, wishlist.brand)
    if live is not None and live.direction == "to_store":
        return CodeLink(code, "to_store", brand)
    if live is None and key not in wishlist.joined:
        return None
    known = [twin.ref.connection for twin in wishlist.twins]
    link = await shop_for(gateway, tenant, wishlist.brand, known)
    onward = link is not None and link.can("continue_online")
    url = link.connector.continue_url(code, link.settings) if link and onward else None
    return CodeLink(code, "to_online", brand, url)


async def _cart_of_pass(gateway: Gateway, text: str) -> tuple[UUID, Cart] | None:
    pass_code = scanned(text)
    owned = pass_code and await gateway.pointers.find_owner("pass", hashed(pass_code))
    if not owned:
        return None
    loaded = await gateway.documents.load(owned.tenant, named("crt", owned.target))
    if loaded is None:
        return None
    return owned.tenant, await living(gateway, owned.tenant, loaded.state)


def _may_be_taken(cart: Cart) -> bool:
    return cart.state in _SHOWS_CODE and bool(cart.lines) and not cart.has_payment


async def _fresh(gateway: Gateway, tenant: UUID, cart: Cart, direction: Direction) -> Offer:
    """A live code. For a third of its life every look at the pass gets the same one."""
    caller = Caller(tenant, "shop", Actor(kind="shopper"))
    wish = Wish(direction, gateway.limits.code)
    offer = await offer_handover(gateway, caller, cart, wish, _shared(gateway, cart, direction))
    if offer.cart.handover(offer.id) is None:  # used, or replaced by one made elsewhere
        attempt = Attempt(gateway.draw(16), gateway.clock(), True)
        offer = await offer_handover(gateway, caller, cart, wish, attempt)
    return offer


async def _fresh_code(gateway: Gateway, tenant: UUID, cart: Cart) -> LiveCode:
    offer = await _fresh(gateway, tenant, cart, "to_store")
    left = offer.expires_at - gateway.clock()
    return LiveCode(
        qr_text=offer.url(gateway.public_url),
        short_code=offer.short_code or "",
        expires_in=max(0, int(left.total_seconds())),
    )


def _shared(gateway: Gateway, cart: Cart, direction: Direction) -> Attempt:
    """The same ids for every look within one stretch of time and between two claims."""
    stretch = gateway.limits.code.total_seconds() / 3
    number = int(gateway.clock().timestamp() // stretch)
    seen = f"{cart.id} {cart.fence} {number}" + (" online" if direction == "to_online" else "")
    seed = gateway.vault.keyed_hash("code of a pass", seen)[:16]
    return Attempt(seed, datetime.fromtimestamp(number * stretch, UTC), first=False)


async def brand_of(gateway: Gateway, tenant: UUID, name: str | None) -> Brand:
    """The brand of that name, else the retailer's first."""
    brand = await gateway.directory.brands.get(tenant, name) if name else None
    if brand is None:
        brands = await gateway.directory.brands.list(tenant)
        brand = brands[0] if brands else None
    if brand is None:
        raise Problem("not_found", what="brand")
    return brand


async def _holder(gateway: Gateway, tenant: UUID, cart: Cart) -> Place | None:
    if cart.claim is None:
        return None
    store = await gateway.directory.stores.get(tenant, cart.claim.store)
    terminal = await gateway.directory.terminals.get(tenant, cart.claim.terminal)
    if store is None:
        return None
    return Place(store=store.name, terminal=terminal.name if terminal is not None else None)


async def _reserved_at(gateway: Gateway, tenant: UUID, cart: Cart) -> ReservedAt | None:
    if cart.reservation is None:
        return None
    store = await gateway.directory.stores.get(tenant, cart.reservation.store)
    return ReservedAt(store.name, store.time_zone) if store is not None else None


async def _may_go_online(gateway: Gateway, tenant: UUID, cart: Cart) -> bool:
    link = await online_shop(gateway, tenant, cart)
    return link is not None and link.can("continue_online")


async def _sold_in(gateway: Gateway, tenant: UUID, cart: Cart) -> str | None:
    if cart.sale is None or cart.sale.store is None or cart.state not in BOUGHT:
        return None
    store = await gateway.directory.stores.get(tenant, cart.sale.store)
    return store.name if store is not None else None


async def _before(gateway: Gateway, tenant: UUID, cart: Cart) -> SoldBefore | None:
    """The sale this cart is what was left of."""
    if cart.parent is None:
        return None
    loaded = await gateway.documents.load(tenant, cart.parent)
    if loaded is None or loaded.state.state not in BOUGHT:
        return None
    return SoldBefore(loaded.state, await _sold_in(gateway, tenant, loaded.state))


async def _continue_url(gateway: Gateway, tenant: UUID, cart: Cart, code: str) -> str | None:
    """Where the shopper goes on; None while there is no such place."""
    link = await online_shop(gateway, tenant, cart)
    if link is None or link.can("continue_online"):
        return None if link is None else link.connector.continue_url(code, link.settings)
    made = (x for x in cart.twins if x.placed and not x.ended and x.ref.connection == link.id)
    twin = next(made, None)
    if twin is None:
        return None
    with suppress(ConnectorError):
        return await call_platform(
            gateway, link, lambda remote: link.connector.pay_url(twin.ref, remote)
        )
    return None
