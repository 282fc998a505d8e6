"""Sorts new messages and applies their parts, twin by twin in order."""

import asyncio
from typing import Final

import structlog

from cartbridge.database.inbox import Part
from cartbridge.domain.ids import named
from cartbridge.services.apply_part import settle_part
from cartbridge.services.gateway import Gateway
from cartbridge.services.sort_inbox import sort_inbox

SORTED_AT_ONCE: Final = 256
# What is applied at once works in one stretch: more of it would make a claim wait that comes then.
APPLIED_AT_ONCE: Final = 64
LEASE_SECONDS: Final = 30


async def sort(gateway: Gateway) -> int:
    """One turn of the sorter."""
    return await sort_inbox(gateway, SORTED_AT_ONCE)


async def apply(gateway: Gateway) -> int:
    """One turn of the appliers: the oldest part of each twin, side by side."""
    parts = await gateway.inbox.take_parts(APPLIED_AT_ONCE, LEASE_SECONDS)
    await asyncio.gather(*(_settle(gateway, part) for part in parts))
    return len(parts)


async def _settle(gateway: Gateway, part: Part) -> None:
    """In a task of its own, whose log lines tell which message they are about."""
    connection = named("con", part.connection)
    structlog.contextvars.bind_contextvars(message=part.message, connection=connection)
    await settle_part(gateway, part)
