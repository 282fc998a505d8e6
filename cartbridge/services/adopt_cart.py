"""A cart went into another one: the heir takes over its lines and twins, once."""

import uuid
from uuid import UUID

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.header import Actor
from cartbridge.domain.ids import uuid_of
from cartbridge.domain.twin import Twin
from cartbridge.services.carry_out import links_of
from cartbridge.services.consequences import project
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.run_command import run_command


async def adopt_cart(gateway: Gateway, tenant: UUID, merged: Cart) -> Cart | None:
    """The heir, with everything of the merged cart; the same whoever asks, and how often."""
    heir = await heir_of(gateway, tenant, merged)
    if heir is None or heir.id == merged.id:
        return None
    caller = Caller(tenant, "gateway", Actor(kind="gateway", id=None))
    gone = next((twin for twin in merged.twins if twin.ended), None)
    links = await links_of(gateway, tenant, [merged])

    async def make(cart: Cart) -> c.AdoptMerged:
        shared = next((x for x in merged.twins if not x.ended and cart.twin(x.ref)), None)
        if shared is not None and shared.ref.connection in links:
            link = links[shared.ref.connection]
            return c.AdoptMerged(
                merged,
                gone=shared.ref,
                already_shown=True,  # our own twin there will show what it holds
                merged_projection=link.connector.project(merged.lines, link.settings),
            )
        if gone is None or gone.ref.connection not in links:
            return c.AdoptMerged(merged)
        link = links[gone.ref.connection]
        own = next(
            (x for x in cart.twins if x.ref.connection == gone.ref.connection and not x.ended),
            None,
        )
        return c.AdoptMerged(
            merged,
            gone=gone.ref,
            ref=own.ref if own is not None else None,
            already_shown=_shows(own, merged.merged_at_revision),
            merged_projection=link.connector.project(merged.lines, link.settings),
            projection=project(cart, link),
        )

    command = uuid.uuid5(uuid_of(merged.id), f"merge {merged.merges} adopted")
    outcome = await run_command(gateway, caller, heir.id, command, make)
    return outcome.cart


async def heir_of(gateway: Gateway, tenant: UUID, merged: Cart) -> Cart | None:
    """The cart that carries on for this one."""
    cart = merged
    seen = {cart.id}
    while cart.successor is not None and cart.successor not in seen:
        loaded = await gateway.documents.load(tenant, cart.successor)
        if loaded is None:
            return None
        cart = loaded.state
        seen.add(cart.id)
    return cart


def _shows(twin: Twin | None, from_revision: int | None) -> bool:
    """Whether the heir's twin was seen since the platform joined the two carts by itself."""
    if twin is None or twin.revision is None or from_revision is None:
        return False
    return twin.revision >= from_revision
