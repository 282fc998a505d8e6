"""Group commit: the commands of a process ride together in one call, one call at a time."""

import asyncio
import random
from collections import deque
from typing import Any, Final
from uuid import UUID

import structlog

from cartbridge.database.connection import Database, Unavailable, is_unavailable
from cartbridge.database.journal import Append, Outcome, append

BATCH_COMMANDS: Final = 128
BATCH_BYTES: Final = 1_000_000
QUEUE_COMMANDS: Final = 2048
RETRY_SECONDS: Final = 4.0  # how long a batch of unknown outcome is sent again
SUBMIT_SECONDS: Final = 6.0  # how long a caller waits at most

log = structlog.get_logger(__name__)


class _Waiting:
    """A command in the queue and whoever waits for its outcome."""

    __slots__ = ("append", "outcome", "size", "touches")

    def __init__(self, command: Append) -> None:
        self.append = command
        self.outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.touches = command.touches
        self.size = command.size


class Writer:
    """The one writer of a process: commands in, outcomes out, nothing stored twice.

    When the connection breaks in mid-call nobody knows whether the batch was stored; the same
    command ids are then sent again, and the database tells which of them it already has.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: deque[_Waiting] = deque()
        self._filled = asyncio.Event()
        self._connection: Any = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to write; the connection is opened with the first batch."""
        self._task = asyncio.create_task(self._run(), name="journal writer")

    async def stop(self) -> None:
        """Stop; commands still waiting are told that the database is unavailable."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        for waiting in self._queue:
            _fail(waiting, Unavailable("the gateway is shutting down"))
        self._queue.clear()
        self._disconnect()

    async def submit(self, command: Append) -> Outcome:
        """Store a command and answer its outcome once that is durable.

        Unavailable means that it may or may not be stored: submit the same command id again.
        """
        if self._task is None:
            raise Unavailable("the gateway is shutting down")
        if len(self._queue) >= QUEUE_COMMANDS:
            raise Unavailable("too many commands are waiting to be stored")
        waiting = _Waiting(command)
        self._queue.append(waiting)
        self._filled.set()
        try:
            async with asyncio.timeout(SUBMIT_SECONDS):
                return await waiting.outcome
        except TimeoutError as error:
            raise Unavailable("the database did not store the command in time") from error

    async def _run(self) -> None:
        while True:
            await self._filled.wait()
            batch = self._next_batch()
            if not batch:
                self._filled.clear()
                continue
            try:
                await self._store(batch)
            finally:
                for waiting in batch:
                    _fail(waiting, Unavailable("the command's outcome is not known"))

    def _next_batch(self) -> list[_Waiting]:
        """The oldest commands that fit together; one on a touched stream waits for its turn."""
        batch: list[_Waiting] = []
        held_back: list[_Waiting] = []
        touched: set[tuple[UUID, UUID]] = set()
        size = 0
        while self._queue and len(batch) < BATCH_COMMANDS and size < BATCH_BYTES:
            waiting = self._queue.popleft()
            if waiting.outcome.done():  # its caller gave up before it was sent
                continue
            (batch if touched.isdisjoint(waiting.touches) else held_back).append(waiting)
            if batch and batch[-1] is waiting:
                size += waiting.size
            touched |= waiting.touches
        self._queue.extendleft(reversed(held_back))
        return batch

    async def _store(self, batch: list[_Waiting]) -> None:
        try:
            outcomes = await self._send([waiting.append for waiting in batch])
        except Unavailable as error:
            for waiting in batch:
                _fail(waiting, Unavailable(str(error)))
        except Exception as error:
            await self._store_apart(batch, error)
        else:
            for waiting, outcome in zip(batch, outcomes, strict=True):
                if not waiting.outcome.done():
                    waiting.outcome.set_result(outcome)
            self._database.news.tell()

    async def _store_apart(self, batch: list[_Waiting], error: Exception) -> None:
        """One command that the database refuses does not take the others of its batch along."""
        if len(batch) > 1:
            for waiting in batch:
                await self._store([waiting])
            return
        log.error("journal.command_refused", command=str(batch[0].append.command))
        _fail(batch[0], error)

    async def _send(self, commands: list[Append]) -> list[Outcome]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + RETRY_SECONDS
        pause = 0.02
        while True:
            try:
                if self._connection is None:
                    self._connection = await self._database.dedicated("cartbridge writer")
                return await append(self._connection, commands)
            except BaseException as error:
                self._disconnect()
                if not isinstance(error, Unavailable) and not is_unavailable(error):
                    raise
                log.warning("journal.write_interrupted", error=type(error).__name__)
                if loop.time() + pause > deadline:
                    raise Unavailable("the database cannot store anything now") from error
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            pause = min(pause * 2, 0.5)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.outcome.done():
        waiting.outcome.set_exception(error)
