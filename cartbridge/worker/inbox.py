"""Sorts new messages and applies their parts, twin by twin in order."""

import asyncio
import random
from typing import Final

import structlog

from cartbridge.database.connection import Unavailable
from cartbridge.database.inbox import Part
from cartbridge.domain.retry import delay
from cartbridge.services.apply_part import apply_part
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem
from cartbridge.services.sort_inbox import sort_inbox

log = structlog.get_logger(__name__)

BATCH: Final = 64
LEASE_SECONDS: Final = 30


async def sort(gateway: Gateway) -> int:
    """One turn of the sorter."""
    return await sort_inbox(gateway, BATCH)


async def apply(gateway: Gateway) -> int:
    """One turn of the appliers: the oldest part of each twin, side by side."""
    parts = await gateway.inbox.take_parts(BATCH, LEASE_SECONDS)
    await asyncio.gather(*(_apply(gateway, part) for part in parts))
    return len(parts)


async def _apply(gateway: Gateway, part: Part) -> None:
    try:
        await apply_part(gateway, part)
    except Unavailable:
        raise
    except Problem as problem:
        await _again(gateway, part, problem.code)
    except Exception as error:  # one bad message must not hold back the others
        log.exception("inbox.apply_failed", message=part.message, ordinal=part.ordinal)
        await _again(gateway, part, type(error).__name__)


async def _again(gateway: Gateway, part: Part, reason: str) -> None:
    wait = delay(part.attempts, random.random())  # noqa: S311 - jitter, not a secret
    await gateway.inbox.retry(part, wait, reason)
