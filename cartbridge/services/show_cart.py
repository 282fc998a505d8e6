"""Showing a cart in canonical form, with what its twins should show and do."""

from cartbridge.domain import merge
from cartbridge.domain.canonical import CanonicalCart, canonical
from cartbridge.domain.cart.observing import CLOSED
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.projection import basket_of
from cartbridge.services.carry_out import links_of
from cartbridge.services.consequences import project
from cartbridge.services.gateway import Caller, Gateway


async def show_cart(gateway: Gateway, caller: Caller, cart: Cart) -> CanonicalCart:
    """The cart as every side is shown it; another shop's customer ids stay with that shop."""
    cart = await _as_a_till_knows_it(gateway, caller, cart)
    links = await links_of(gateway, caller.tenant, [cart])
    codes = () if cart.state in CLOSED else cart.codes
    in_step = {
        str(twin.ref): merge.in_step(
            twin, basket_of(project(cart, links[twin.ref.connection])), codes
        )
        for twin in cart.twins
        if twin.ref.connection in links
    }
    return canonical(cart, in_step)


async def _as_a_till_knows_it(gateway: Gateway, caller: Caller, cart: Cart) -> Cart:
    """For a cashier's eyes: what has no GTIN and is not on the item list either is unresolved."""
    doubtful = {line.id for line in cart.lines if line.item.resolved and line.item.gtin is None}
    if caller.role != "pos" or not doubtful:
        return cart
    skus = [line.item.sku for line in cart.lines if line.id in doubtful and line.item.sku]
    known = await gateway.items.find_many(caller.tenant, skus=skus)
    unknown = {"resolved": False}
    lines = tuple(
        line.model_copy(update={"item": line.item.model_copy(update=unknown)})
        if line.id in doubtful and line.item.sku not in known
        else line
        for line in cart.lines
    )
    return cart.model_copy(update={"lines": lines})
