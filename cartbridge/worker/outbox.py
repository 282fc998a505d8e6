"""Runs errands lane by lane; the connector's error decides what becomes of a failed one."""

import asyncio
import random
from datetime import timedelta
from typing import Final

import structlog

from cartbridge.database.connection import Unavailable
from cartbridge.database.outbox import OutboxMessage
from cartbridge.domain.retry import next_attempt
from cartbridge.sdk import errors
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem
from cartbridge.services.run_errand import run_errand

log = structlog.get_logger(__name__)

BATCH: Final = 64
LEASE_SECONDS: Final = 60


async def deliver(gateway: Gateway) -> int:
    """One turn: the oldest errand of each lane, side by side."""
    messages = await gateway.outbox.take(BATCH, LEASE_SECONDS)
    await asyncio.gather(*(_run(gateway, message) for message in messages))
    return len(messages)


async def _run(gateway: Gateway, message: OutboxMessage) -> None:
    try:
        await run_errand(gateway, message)
    except (errors.Refuse, errors.Credentials) as error:
        log.warning("outbox.dead", errand=message.kind, why=str(error))
        await gateway.outbox.dead(message, str(error))
    except errors.Ignore:
        await gateway.outbox.done(message)
    except errors.Retry as error:
        await _failed(gateway, message, str(error))
        await _later(gateway, message, str(error), error.seconds)
    except errors.Unknown as error:
        await _failed(gateway, message, str(error))
        await _later(gateway, message, str(error), None)
    except Problem as problem:
        await _later(gateway, message, problem.code, None)
    except Unavailable:
        raise
    except Exception as error:  # one bad errand must not hold back the others
        log.exception("outbox.errand_failed", errand=message.kind)
        await _later(gateway, message, type(error).__name__, None)
    else:
        await gateway.outbox.done(message)
        if message.connection is not None:
            await gateway.circuits.succeeded(message.tenant, message.connection)


async def _failed(gateway: Gateway, message: OutboxMessage, reason: str) -> None:
    """A platform that fails again and again is left alone for a while; others go on."""
    if message.connection is not None:
        await gateway.circuits.failed(message.tenant, message.connection, reason)


async def _later(
    gateway: Gateway, message: OutboxMessage, reason: str, seconds: float | None
) -> None:
    wait = next_attempt(message.attempts, _wish(seconds), random.random())  # noqa: S311 - jitter
    if wait is None:
        log.warning("outbox.dead", errand=message.kind, why=reason)
        await gateway.outbox.dead(message, reason)
    else:
        await gateway.outbox.retry(message, wait, reason)


def _wish(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
