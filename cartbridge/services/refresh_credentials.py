"""Calling a platform with credentials that run out: renewed by one process, stored before use."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeVar

import structlog
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_fixed

from cartbridge.database.connection import Unavailable
from cartbridge.database.credentials import Renewed
from cartbridge.domain.alarm.state import Details
from cartbridge.sdk import errors
from cartbridge.sdk.contract import Refreshed, Remote
from cartbridge.services.connectors import Link
from cartbridge.services.gateway import Gateway
from cartbridge.services.raise_alarm import clear_alarm, raise_alarm

log = structlog.get_logger(__name__)

LEASE: Final = timedelta(seconds=60)  # much longer than the exchange may take
EXCHANGE_SECONDS: Final = 20.0
PATIENCE_SECONDS: Final = 25.0  # for another process that is exchanging them
AHEAD: Final = timedelta(seconds=60)  # what runs out so soon is renewed now
_LOOK_AGAIN: Final = 0.05  # seconds
# A short outage of the database must not lose what exists only once.
_STORING: Final = AsyncRetrying(
    retry=retry_if_exception_type(Unavailable),
    stop=stop_after_delay(20),
    wait=wait_fixed(0.2),
    reraise=True,
)

Answer = TypeVar("Answer")
_running: Final[set[asyncio.Task[Renewed]]] = set()


async def call_platform(
    gateway: Gateway, link: Link, call: Callable[[Remote], Awaitable[Answer]]
) -> Answer:
    """One call with the connection's present credentials; a refusal of them is told by alarm."""
    try:
        answer = await _called(gateway, link, call)
    except errors.Credentials as error:
        why = Details(why=str(error)[:300])
        await raise_alarm(gateway, link.tenant, "token_refresh_failed", link.id, why)
        raise
    if await gateway.alarms.lately_open(link.tenant, "token_refresh_failed", link.id):
        await clear_alarm(gateway, link.tenant, "token_refresh_failed", link.id)
    return answer


async def _called(
    gateway: Gateway, link: Link, call: Callable[[Remote], Awaitable[Answer]]
) -> Answer:
    if not link.can("refresh"):
        return await call(link.remote(gateway.client))
    present = await gateway.renewed.read(link.tenant, link.uuid)
    if present is None or _runs_out(gateway, present):
        present = await refresh_credentials(gateway, link, present.version if present else 0)
    try:
        return await call(link.remote(gateway.client, present.values))
    except errors.Credentials:  # taken back before their time
        present = await refresh_credentials(gateway, link, present.version)
        return await call(link.remote(gateway.client, present.values))


def _runs_out(gateway: Gateway, present: Renewed) -> bool:
    return present.expires_at is not None and present.expires_at - AHEAD <= gateway.clock()


async def refresh_credentials(gateway: Gateway, link: Link, used: int) -> Renewed:
    """Credentials newer than the version used: renewed by this process, or by who was first.

    An exchange that began is finished even if the caller gives up: its result exists only once.
    """
    task = asyncio.create_task(_refreshed(gateway, link, used))
    _running.add(task)
    task.add_done_callback(_over)
    return await asyncio.shield(task)


def _over(task: asyncio.Task[Renewed]) -> None:
    _running.discard(task)
    if not task.cancelled() and task.exception() is not None:
        log.warning("credentials.not_renewed", why=type(task.exception()).__name__)


async def _refreshed(gateway: Gateway, link: Link, used: int) -> Renewed:
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        duty = await gateway.duties.take(link.tenant, "refresh", link.connection.id, LEASE)
        # Looked at after the duty was taken: what others renewed before is seen.
        present = await gateway.renewed.read(link.tenant, link.uuid)
        if duty is None:
            if present is not None and present.version > used:
                return present
            await asyncio.sleep(_LOOK_AGAIN)
            continue
        try:
            if present is not None and present.version > used:
                return present
            return await _exchange(gateway, link, present)
        finally:
            await gateway.duties.done(duty)
    raise errors.Retry("another process renews the credentials", PATIENCE_SECONDS)


async def _exchange(gateway: Gateway, link: Link, present: Renewed | None) -> Renewed:
    version, values = (present.version, present.values) if present else (0, {})
    try:
        async with asyncio.timeout(EXCHANGE_SECONDS):
            fresh = await link.connector.refresh(link.remote(gateway.client, values))
    except TimeoutError as error:
        raise errors.Unknown("the credentials may have been exchanged: no answer") from error
    except errors.Refuse as error:
        raise errors.Credentials(f"the credentials cannot be renewed: {error}") from error
    async for attempt in _STORING.copy():
        with attempt:
            return await _kept(gateway, link, fresh, version)
    raise errors.Unknown("the renewed credentials could not be stored")


async def _kept(gateway: Gateway, link: Link, fresh: Refreshed, version: int) -> Renewed:
    kept = await gateway.renewed.keep(
        link.tenant, link.uuid, fresh.values, fresh.expires_at, after=version
    )
    if kept is not None:
        return kept
    present = await gateway.renewed.read(link.tenant, link.uuid)
    if present is not None and present.values == fresh.values:
        return present  # stored by the try whose answer was lost
    raise errors.Retry("another process renewed the credentials", 1)
