"""Sorts new messages and applies their parts, twin by twin in order."""

import asyncio
from typing import Final

from cartbridge.services.apply_part import settle_part
from cartbridge.services.gateway import Gateway
from cartbridge.services.sort_inbox import sort_inbox

BATCH: Final = 64
LEASE_SECONDS: Final = 30


async def sort(gateway: Gateway) -> int:
    """One turn of the sorter."""
    return await sort_inbox(gateway, BATCH)


async def apply(gateway: Gateway) -> int:
    """One turn of the appliers: the oldest part of each twin, side by side."""
    parts = await gateway.inbox.take_parts(BATCH, LEASE_SECONDS)
    await asyncio.gather(*(settle_part(gateway, part) for part in parts))
    return len(parts)
