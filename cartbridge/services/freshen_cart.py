"""Before a till sees a cart: what waits for it is applied, and its twin is read where it can be."""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import structlog

from cartbridge.database.inbox import Horizon
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.twin import Twin, TwinRef
from cartbridge.sdk.errors import ConnectorError, Unreadable
from cartbridge.services.apply_part import settle_part
from cartbridge.services.carry_out import links_of
from cartbridge.services.connectors import Link
from cartbridge.services.errand import Links
from cartbridge.services.gateway import Gateway
from cartbridge.services.push_cart import fetch_twin
from cartbridge.services.sort_inbox import sort_inbox

log = structlog.get_logger(__name__)

_LOOK_AGAIN: Final = 0.004  # seconds


@dataclass(frozen=True)
class Freshened:
    """As of when a cart is known; whether the time ran out before it was fresh (`stale`), and
    whether it may have moved on since it was looked at (`moved`)."""

    as_of: datetime
    stale: bool
    moved: bool


async def freshen_cart(gateway: Gateway, tenant: UUID, cart: Cart) -> Freshened:
    """What was accepted before this moment reaches the cart, and what can be read is read."""
    links = await links_of(gateway, tenant, [cart])
    twins = [
        twin
        for twin in cart.twins
        if not twin.ended and twin.placed is None and twin.ref.connection in links
    ]
    as_of = gateway.clock()
    behind: list[TwinRef] = []
    try:
        async with asyncio.timeout(gateway.limits.patience.total_seconds()):
            whole = await _take_in(gateway, links, [twin.ref for twin in twins], behind)
    except TimeoutError:
        whole = False
    if not whole:
        return Freshened(cart.updated_at or as_of, stale=True, moved=True)
    readable = [twin for twin in twins if links[twin.ref.connection].can("fetch")]
    moved = bool(behind or readable)
    try:
        async with asyncio.timeout(gateway.limits.freshness.total_seconds()):
            reads = (_read(gateway, links[twin.ref.connection], twin) for twin in readable)
            stale = not all(await asyncio.gather(*reads))
    except TimeoutError:
        stale = True
    return Freshened(as_of, stale, moved)


async def _take_in(
    gateway: Gateway, links: Links, twins: list[TwinRef], behind: list[TwinRef]
) -> bool:
    """Everything accepted before this moment reaches the cart, ahead of the queue.

    `behind` gets the twins that something waited for. False if it could not be applied now.
    """
    asked = (_horizon(gateway, links[ref.connection], ref) for ref in twins)
    horizons = zip(twins, await asyncio.gather(*asked), strict=True)
    for ref, horizon in horizons:
        link = links[ref.connection]
        if horizon.clear or (await _sorted(gateway, link, ref, horizon)).clear:
            continue
        behind.append(ref)
        if not await _take_in_lane(gateway, link, ref):
            return False
    return True


async def _horizon(gateway: Gateway, link: Link, ref: TwinRef, upto: int | None = None) -> Horizon:
    return await gateway.inbox.horizon(link.tenant, link.uuid, str(ref), upto)


async def _sorted(gateway: Gateway, link: Link, ref: TwinRef, horizon: Horizon) -> Horizon:
    """How it stands once the sorter has passed that moment."""
    while not horizon.sorted:
        if not await gateway.inbox.in_turn(partial(sort_inbox, gateway)):
            await asyncio.sleep(_LOOK_AGAIN)  # another process has the connection
        horizon = await _horizon(gateway, link, ref, horizon.arrived)
    return horizon


async def _take_in_lane(gateway: Gateway, link: Link, ref: TwinRef) -> bool:
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
    if twin.revision is None:
        return False  # without revisions two reads may cross: only its own lane may read it
    try:
        await fetch_twin(gateway, link, twin.ref, uuid.UUID(bytes=gateway.draw(16)))
    except (ConnectorError, Unreadable) as error:
        log.info("claim.twin_not_read", connection=link.id, why=type(error).__name__)
        return False
    return True
