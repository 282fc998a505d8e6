"""Reconciles each connection at its times; the connector's error decides when it is tried again."""

import asyncio
import random
from datetime import timedelta
from typing import Final

import structlog

from cartbridge.database.connection import Unavailable
from cartbridge.database.duties import Duty
from cartbridge.sdk.errors import ConnectorError, Retry
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem
from cartbridge.services.reconcile_connection import LEASE, reconcile_connection

log = structlog.get_logger(__name__)

AT_ONCE: Final = 4
LONGEST: Final = timedelta(hours=1)
_JITTER: Final = 0.1  # of the time, so that connections do not all come together


async def reconcile(gateway: Gateway) -> int:
    """One turn: the connections that are due and that no other process has."""
    duties = await gateway.duties.take_reconciliations(AT_ONCE, LEASE)
    await asyncio.gather(*(_reconcile(gateway, duty) for duty in duties))
    return len(duties)


async def _reconcile(gateway: Gateway, duty: Duty) -> None:
    try:
        connection = await gateway.directory.connections.get(duty.tenant, duty.subject)
        if connection is None:
            return
        link = gateway.connectors.link(connection)
        found = await reconcile_connection(gateway, link, duty)
    except ConnectorError as error:
        wait = timedelta(seconds=error.seconds or 0) if isinstance(error, Retry) else timedelta(0)
        await _failed(gateway, duty, f"{type(error).__name__}: {error}", wait)
    except Problem as problem:
        await _failed(gateway, duty, problem.code)
    except Unavailable:
        raise  # the lease ends by itself
    except Exception as error:  # one connection must not hold back the others
        log.exception("connection.not_reconciled", connection=duty.subject)
        await _failed(gateway, duty, type(error).__name__)
    else:
        again = timedelta(0) if found.more else _about(gateway.limits.reconcile_every)
        await gateway.duties.done(duty, again_in=again)


async def _failed(
    gateway: Gateway, duty: Duty, reason: str, wait: timedelta = timedelta(0)
) -> None:
    """At its next time, later and later; or when the platform said."""
    every = gateway.limits.reconcile_every
    later = min(every * 2 ** min(duty.failures, 10), max(LONGEST, every))
    log.info("connection.not_reconciled", connection=duty.subject, why=reason)
    await gateway.duties.failed(duty, max(_about(later), wait), reason)


def _about(time: timedelta) -> timedelta:
    return time * (1 + random.uniform(-_JITTER, _JITTER))  # noqa: S311 - jitter, not a secret
