"""Carries messages out, so many at once: a slow one takes one place, and the others go on."""

import asyncio
import contextlib
import random
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter
from typing import Final

import structlog

from cartbridge.database.connection import Unavailable
from cartbridge.database.deliveries import Conduct
from cartbridge.database.outbox import OutboxMessage, Outcome
from cartbridge.domain.ids import named
from cartbridge.domain.retry import next_attempt
from cartbridge.metrics import DELIVERIES
from cartbridge.sdk import errors
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem
from cartbridge.services.run_errand import run_errand

log = structlog.get_logger(__name__)

PLACES: Final = 192  # messages carried out at once by this process
REFILL: Final = 16  # so many free places are worth a look for more
LEASE_SECONDS: Final = 60.0
_BEAT_SECONDS: Final = 20.0  # what is under way for longer is held on to
_LOOK_SECONDS: Final = 0.05  # how late new messages are seen while others are under way
_AWAY_SECONDS: Final = 0.5  # between two tries to tell a database that is away
_LEAVE_SECONDS: Final = 2.0  # for telling what became of messages when the worker ends
_AGAIN: Final = timedelta(seconds=1)


async def deliver(gateway: Gateway) -> int:
    """Carries out what is due, and what becomes due meanwhile, until nothing is left of it."""
    return await Deliveries(gateway).work()


@dataclass(frozen=True, slots=True)
class _UnderWay:
    message: OutboxMessage
    task: asyncio.Task[None]
    since: float


class Deliveries:
    """Messages under way in this process, their places filled again as they end."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._under_way: dict[tuple[object, int], _UnderWay] = {}
        self._ended: list[Outcome] = []
        self._news = asyncio.Event()
        self._beat_at = asyncio.get_running_loop().time()

    async def work(self) -> int:
        """How many messages were taken until none was due and none under way."""
        taken = 0
        try:
            while True:
                try:
                    told, more = await self._turn()
                    await self._beat()
                except Unavailable as error:
                    if not self._under_way and not self._ended:
                        raise
                    log.warning("worker.database_away", loop="deliver", why=str(error))
                    await asyncio.sleep(_AWAY_SECONDS)
                    continue
                taken += more
                if self._under_way or self._ended:
                    await self._wait()
                elif not told:  # what was just told may have opened lanes
                    return taken
        finally:
            await self._leave()

    async def _turn(self) -> tuple[int, int]:
        """Tells what has ended and takes more, side by side; how many of each."""
        told, more = await asyncio.gather(self._tell(), self._refill(), return_exceptions=True)
        if isinstance(told, BaseException):
            raise told
        if isinstance(more, BaseException):
            raise more
        return told, more

    async def _tell(self) -> int:
        """Notes what has ended, all in one statement; kept for the next try if that fails."""
        ended, self._ended = self._ended, []
        if not ended:
            return 0
        try:
            noted = await self._gateway.outbox.finish(ended)
        except BaseException:
            self._ended = ended + self._ended
            raise
        for outcome, held in zip(ended, noted, strict=True):
            if not held:
                log.warning("outbox.told_too_late", errand=outcome.message.kind)
        return len(ended)

    async def _refill(self) -> int:
        free = PLACES - len(self._under_way)
        if free < REFILL:
            return 0
        messages = await self._gateway.outbox.take(free, LEASE_SECONDS)
        now = asyncio.get_running_loop().time()
        for message in messages:
            task = asyncio.create_task(self._carry_out(message))
            self._under_way[message.id, message.fence] = _UnderWay(message, task, now)
        return len(messages)

    async def _carry_out(self, message: OutboxMessage) -> None:
        structlog.contextvars.bind_contextvars(**_about(message))
        began = perf_counter()
        try:
            outcome = await outcome_of(self._gateway, message)
            self._ended.append(outcome)
            DELIVERIES.since(began, outcome.became)
        finally:
            del self._under_way[message.id, message.fence]
            self._news.set()

    async def _beat(self) -> None:
        """Holds on to what takes long; what another worker has by now is given up."""
        now = asyncio.get_running_loop().time()
        if now - self._beat_at < _BEAT_SECONDS:
            return
        self._beat_at = now
        long = [one for one in self._under_way.values() if now - one.since >= _BEAT_SECONDS]
        if not long:
            return
        held = await self._gateway.outbox.hold([one.message for one in long], LEASE_SECONDS)
        for one, still in zip(long, held, strict=True):
            if not still:
                log.warning("outbox.lease_lost", errand=one.message.kind)
                one.task.cancel()

    async def _wait(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                await self._news.wait()
        self._news.clear()

    async def _leave(self) -> None:
        """Gives back what is not done: another worker carries it out, perhaps a second time."""
        left = list(self._under_way.values())
        for one in left:
            one.task.cancel()
        await asyncio.gather(*(one.task for one in left), return_exceptions=True)
        told = {outcome.message.id for outcome in self._ended}
        self._ended += [
            Outcome(one.message, "retry", "the worker was stopped meanwhile", _AGAIN)
            for one in left
            if one.message.id not in told
        ]
        with contextlib.suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(_LEAVE_SECONDS):
                await self._tell()


def _about(message: OutboxMessage) -> dict[str, str]:
    """What the log lines of a message belong to."""
    about = {"message": named("out", message.id)}
    if message.connection is not None:
        to_subscription = message.kind == "event"
        key, prefix = ("subscription", "sub") if to_subscription else ("connection", "con")
        about[key] = named(prefix, message.connection)
    if message.document is not None:
        about["document"] = message.document.hex
    return about


async def outcome_of(gateway: Gateway, message: OutboxMessage) -> Outcome:
    """Carries one message out; the connector's error decides what becomes of it."""
    try:
        await run_errand(gateway, message)
    except (errors.Refuse, errors.Credentials) as error:
        log.warning("outbox.dead", errand=message.kind, why=str(error))
        return Outcome(message, "dead", str(error))
    except errors.Ignore:
        return Outcome(message, "done")
    except errors.Retry as error:
        return _later(message, str(error), error.seconds, "failed")
    except errors.Unknown as error:
        return _later(message, str(error), None, "failed")
    except Problem as problem:
        return _later(message, problem.code, None)
    except Unavailable as error:
        return Outcome(message, "retry", str(error), _AGAIN)
    except Exception as error:  # one bad errand must not hold back the others
        log.exception("outbox.errand_failed", errand=message.kind)
        return _later(message, type(error).__name__, None)
    return Outcome(message, "done", conduct="well")


def _later(
    message: OutboxMessage, reason: str, seconds: float | None, conduct: Conduct = "unknown"
) -> Outcome:
    """Again after the schedule's wait, and not before the other side wants it; at last, never."""
    wish = None if seconds is None else timedelta(seconds=seconds)
    wait = next_attempt(message.attempts, wish, random.random())  # noqa: S311 - jitter
    if wait is None:
        log.warning("outbox.dead", errand=message.kind, why=reason)
        return Outcome(message, "dead", reason, conduct=conduct)
    return Outcome(message, "retry", reason, wait, conduct)
