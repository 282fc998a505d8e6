"""Before a till sees a cart: what waits for it is applied, and its twin is read where it can be."""

import asyncio
import uuid
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import structlog

from cartbridge.domain.cart.state import Cart
from cartbridge.domain.twin import Twin, TwinRef
from cartbridge.sdk.errors import ConnectorError, Unreadable
from cartbridge.services.apply_part import settle_part
from cartbridge.services.connectors import Link
from cartbridge.services.consequences import Links
from cartbridge.services.gateway import Gateway
from cartbridge.services.push_cart import fetch_twin
from cartbridge.services.run_command import links_of
from cartbridge.services.sort_inbox import sort_inbox

log = structlog.get_logger(__name__)

_LOOK_AGAIN: Final = 0.004  # seconds


async def freshen_cart(gateway: Gateway, tenant: UUID, cart: Cart) -> tuple[datetime, bool]:
    """As of when the cart is known, and whether the time ran out before it was fresh."""
    links = await links_of(gateway, tenant, [cart])
    twins = [twin for twin in cart.twins if not twin.ended and twin.ref.connection in links]
    as_of = gateway.clock()
    try:
        async with asyncio.timeout(gateway.limits.patience.total_seconds()):
            whole = await _take_in(gateway, links, [twin.ref for twin in twins])
    except TimeoutError:
        whole = False
    if not whole:
        return cart.updated_at or as_of, True
    try:
        async with asyncio.timeout(gateway.limits.freshness.total_seconds()):
            reads = (_read(gateway, links[twin.ref.connection], twin) for twin in twins)
            return as_of, not all(await asyncio.gather(*reads))
    except TimeoutError:
        return as_of, True


async def _take_in(gateway: Gateway, links: Links, twins: list[TwinRef]) -> bool:
    """Everything accepted before this moment reaches the cart, ahead of the queue.

    False if something of it could not be applied now.
    """
    for name in sorted({ref.connection for ref in twins}):
        link = links[name]
        horizon = await gateway.inbox.horizon(link.tenant, link.uuid)
        passed = horizon.sorted
        while not passed:
            if not await gateway.inbox.in_turn(partial(sort_inbox, gateway)):
                await asyncio.sleep(_LOOK_AGAIN)  # another process has the connection
            passed = await gateway.inbox.sorted_up_to(link.tenant, link.uuid, horizon.arrived)
    for ref in twins:
        link = links[ref.connection]
        parts = None
        while parts is None:  # another worker is applying what waited
            parts = await gateway.inbox.take_lane(link.tenant, link.uuid, str(ref))
            if parts is None:
                await asyncio.sleep(_LOOK_AGAIN)
        for part in parts:
            if not await settle_part(gateway, part):
                return False
    return True


async def _read(gateway: Gateway, link: Link, twin: Twin) -> bool:
    if not link.can("fetch"):
        return True
    if twin.revision is None:
        return False  # without revisions two reads may cross: only its own lane may read it
    try:
        await fetch_twin(gateway, link, twin.ref, uuid.UUID(bytes=gateway.draw(16)))
    except (ConnectorError, Unreadable) as error:
        log.info("claim.twin_not_read", connection=link.id, why=type(error).__name__)
        return False
    return True
