"""Group commit: what a process stores at the same time rides in one call, one call at a time."""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final, Generic, TypeVar

import structlog

from cartbridge.database.connection import Database, Unavailable, is_unavailable
from cartbridge.metrics import APPENDS, BATCHES

Item = TypeVar("Item")
Result = TypeVar("Result")
Send = Callable[[Any, list[Item]], Awaitable[list[Result]]]

_LOOKS: Final = 8  # how often, while a caller is patient, it is looked whether it was long enough
_FIRST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 0.5

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Bounds:
    """How much rides in one call, how much may wait, and for how long."""

    batch_items: int
    batch_bytes: int
    queue_items: int
    queue_bytes: int
    resend_seconds: float  # how long a batch of unknown outcome is sent again
    patience_seconds: float  # how long a caller waits at most


class _Waiting(Generic[Item, Result]):
    """One thing in the queue and whoever waits for what becomes of it."""

    __slots__ = ("item", "result", "since", "size", "touches")

    def __init__(
        self,
        item: Item,
        size: int,
        touches: frozenset[Hashable],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.item = item
        self.size = size
        self.touches = touches
        self.since = loop.time()
        self.result: asyncio.Future[Result] = loop.create_future()

    def fail(self, error: Exception) -> None:
        if not self.result.done():
            self.result.set_exception(error)


class GroupCommit(Generic[Item, Result]):
    """One task and one connection that store what callers submit, batch by batch.

    When the connection breaks in mid-call nobody knows whether the batch was stored; the same
    items are sent again under the same ids, so what stores them must know what it already has.
    """

    def __init__(
        self,
        database: Database,
        name: str,
        send: Send[Item, Result],
        bounds: Bounds,
        *,
        size: Callable[[Item], int],
        touches: Callable[[Item], frozenset[Hashable]] = lambda _: frozenset(),
    ) -> None:
        self._database = database
        self._name = name
        self._send = send
        self._bounds = bounds
        self._size = size
        self._touches = touches
        self._queue: deque[_Waiting[Item, Result]] = deque()
        self._batch: list[_Waiting[Item, Result]] = []  # what is being stored
        self._bytes = 0
        self._watch: asyncio.TimerHandle | None = None
        self._filled = asyncio.Event()
        self._connection: Any = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; the connection is opened with the first batch."""
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Stop; whoever still waits is told to come back later."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        for waiting in self._queue:
            waiting.fail(Unavailable("the gateway is shutting down"))
        self._queue.clear()
        self._bytes = 0
        self._disconnect()

    @property
    def load(self) -> int:
        """How many items wait or are being stored."""
        return len(self._queue) + len(self._batch)

    def check_room(self) -> None:
        """Refuse, before any work is done for it, what could not be taken in: Unavailable."""
        if self._task is None:
            raise Unavailable("the gateway is shutting down")
        bounds = self._bounds
        if len(self._queue) >= bounds.queue_items or self._bytes >= bounds.queue_bytes:
            raise Unavailable("too much is waiting to be stored")

    async def submit(self, item: Item) -> Result:
        """Store an item and answer once that is durable.

        Unavailable means that it may or may not be stored: submit it again under the same id.
        """
        self.check_room()
        loop = asyncio.get_running_loop()
        waiting: _Waiting[Item, Result] = _Waiting(
            item, self._size(item), self._touches(item), loop
        )
        self._queue.append(waiting)
        self._bytes += waiting.size
        self._filled.set()
        if self._watch is None:
            self._watch = loop.call_later(self._bounds.patience_seconds / _LOOKS, self._look)
        return await waiting.result

    def _look(self) -> None:
        """Tells whoever has waited long enough; one clock for all costs each of them nothing."""
        loop = asyncio.get_running_loop()
        patience = self._bounds.patience_seconds
        late = loop.time() - patience
        for waiting in (*self._batch, *self._queue):
            if waiting.since <= late:
                waiting.fail(Unavailable("the database did not store it in time"))
        waits = bool(self._batch or self._queue)
        self._watch = loop.call_later(patience / _LOOKS, self._look) if waits else None

    async def _run(self) -> None:
        while True:
            await self._filled.wait()
            await asyncio.sleep(0)  # what is ready to be submitted rides along
            self._batch = self._next_batch()
            if not self._batch:
                self._filled.clear()
                continue
            try:
                await self._store(self._batch)
            finally:
                for waiting in self._batch:
                    waiting.fail(Unavailable("whether it was stored is not known"))
                self._batch = []

    def _next_batch(self) -> list[_Waiting[Item, Result]]:
        """The oldest that fit together; one that touches what another does waits for its turn."""
        batch: list[_Waiting[Item, Result]] = []
        held_back: list[_Waiting[Item, Result]] = []
        touched: set[Hashable] = set()
        size = 0
        bounds = self._bounds
        while self._queue and len(batch) < bounds.batch_items and size < bounds.batch_bytes:
            waiting = self._queue.popleft()
            self._bytes -= waiting.size
            if waiting.result.done():  # its caller gave up before it was sent
                continue
            if touched.isdisjoint(waiting.touches):
                batch.append(waiting)
                size += waiting.size
            else:
                held_back.append(waiting)
                self._bytes += waiting.size
            touched |= waiting.touches
        self._queue.extendleft(reversed(held_back))
        return batch

    async def _store(self, batch: list[_Waiting[Item, Result]]) -> None:
        began = perf_counter()
        try:
            results = await self._persistently([waiting.item for waiting in batch])
        except Unavailable as error:
            for waiting in batch:
                waiting.fail(Unavailable(str(error)))
        except Exception as error:
            await self._store_apart(batch, error)
        else:
            APPENDS.since(began, self._name)
            BATCHES.add(len(batch), self._name)
            for waiting, result in zip(batch, results, strict=True):
                if not waiting.result.done():
                    waiting.result.set_result(result)

    async def _store_apart(self, batch: list[_Waiting[Item, Result]], error: Exception) -> None:
        """One item that the database refuses does not take the others of its batch along."""
        if len(batch) > 1:
            for waiting in batch:
                await self._store([waiting])
            return
        log.error("database.refused", by=self._name, error=type(error).__name__)
        batch[0].fail(error)

    async def _persistently(self, items: list[Item]) -> list[Result]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._bounds.resend_seconds
        pause = _FIRST_PAUSE
        while True:
            try:
                if self._connection is None:
                    self._connection = await self._database.dedicated(f"cartbridge {self._name}")
                return await self._send(self._connection, items)
            except BaseException as error:
                self._disconnect()
                if not isinstance(error, Unavailable) and not is_unavailable(error):
                    raise
                log.warning("database.write_interrupted", by=self._name, error=type(error).__name__)
                if loop.time() + pause > deadline:
                    raise Unavailable("the database cannot store anything now") from error
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
