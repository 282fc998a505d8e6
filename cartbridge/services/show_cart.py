"""Showing a cart in canonical form, with what its twins should show and do."""

from cartbridge.domain import merge
from cartbridge.domain.canonical import CanonicalCart, canonical
from cartbridge.domain.cart.observing import CLOSED
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.projection import basket_of
from cartbridge.services.consequences import project
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.run_command import links_of


async def show_cart(gateway: Gateway, caller: Caller, cart: Cart) -> CanonicalCart:
    """The cart as every side is shown it; another shop's customer ids stay with that shop."""
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
