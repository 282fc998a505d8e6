"""Receiving: a delivery is on disk before its sender hears "accepted"."""

import asyncio
import hashlib
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import structlog

from cartbridge.database.connection import Database, Unavailable, is_unavailable
from cartbridge.database.inbox_envelope import Delivery, Envelopes, Headers
from cartbridge.database.pointers import slot_of_key
from cartbridge.database.queries import queries
from cartbridge.domain.ids import make_id, named, shard_of_slot, uuid_of

MESSAGE_PREFIX: Final = "msg"
BATCH_MESSAGES: Final = 128
BATCH_BYTES: Final = 4_000_000
QUEUE_BYTES: Final = 64_000_000
QUEUE_MESSAGES: Final = 5000
PATIENCE_SECONDS: Final = 1.0  # platforms wait five seconds at most, some little more than one

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A delivery whose signature was verified, and the key its connector names it by, if any."""

    tenant: UUID
    connection: UUID
    method: str
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)
    query: str = field(default="", repr=False)
    dedup: bytes | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """Under which message a delivery is kept, and whether it had come before."""

    message: str  # msg_…
    duplicate: bool


class _Row(NamedTuple):
    shard: int
    tenant: UUID
    connection: UUID
    message: UUID
    method: str
    headers: bytes
    body: bytes
    size: int
    day: date
    dedup: bytes | None


class _Waiting(NamedTuple):
    row: _Row
    stored: "asyncio.Future[Received]"


def delivery_key(dedup: bytes, body: bytes) -> bytes:
    """What makes two deliveries the same: the key the connector named, and the very same body.

    A platform's delivery id alone is not always unique (WooCommerce derives it from the second):
    the same id with another body is another delivery.
    """
    named_by = len(dedup).to_bytes(8, "big") + dedup
    return hashlib.sha256(b"delivery" + named_by + hashlib.sha256(body).digest()).digest()


class Reception:
    """Takes deliveries in. Those that come at the same time are stored in one call."""

    def __init__(
        self, database: Database, envelopes: Envelopes, *, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._database = database
        self._envelopes = envelopes
        self._patience = patience
        self._queue: deque[_Waiting] = deque()
        self._bytes = 0
        self._filled = asyncio.Event()
        self._connection: Any = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to receive; the connection is opened with the first delivery."""
        self._task = asyncio.create_task(self._run(), name="inbox reception")

    async def stop(self) -> None:
        """Stop; senders still waiting are told to come back later."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        while self._queue:
            _fail(self._queue.popleft(), Unavailable("the gateway is shutting down"))
        self._bytes = 0
        self._disconnect()

    async def receive(self, arrival: Arrival) -> Received:
        """Store a delivery and answer once it is durable; a duplicate answers the first one.

        Unavailable means that it may or may not be stored: the sender must send it again.
        """
        if self._task is None:
            raise Unavailable("the gateway is shutting down")
        if len(self._queue) >= QUEUE_MESSAGES or self._bytes >= QUEUE_BYTES:
            raise Unavailable("too many deliveries are waiting to be stored")
        try:
            async with asyncio.timeout(self._patience):
                row = await self._seal(arrival)
                waiting = _Waiting(row, asyncio.get_running_loop().create_future())
                self._queue.append(waiting)
                self._bytes += len(row.body)
                self._filled.set()
                return await waiting.stored
        except TimeoutError as error:
            raise Unavailable("the database did not store the delivery in time") from error

    async def _seal(self, arrival: Arrival) -> _Row:
        now = datetime.now(UTC)
        slot = slot_of_key(arrival.connection.bytes)
        message = uuid_of(make_id(MESSAGE_PREFIX, now, slot, secrets.token_bytes(8)))
        delivery = Delivery(arrival.method, arrival.query, arrival.headers, arrival.body)
        sealed = await self._envelopes.seal(arrival.tenant, message, now.date(), delivery)
        return _Row(
            shard_of_slot(slot, self._database.shards),
            arrival.tenant,
            arrival.connection,
            message,
            arrival.method,
            sealed.headers,
            sealed.body,
            len(arrival.body),
            now.date(),
            None if arrival.dedup is None else delivery_key(arrival.dedup, arrival.body),
        )

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
                    _fail(waiting, Unavailable("whether the delivery was stored is not known"))

    def _next_batch(self) -> list[_Waiting]:
        batch: list[_Waiting] = []
        size = 0
        while self._queue and len(batch) < BATCH_MESSAGES and size < BATCH_BYTES:
            waiting = self._queue.popleft()
            self._bytes -= len(waiting.row.body)
            if not waiting.stored.done():  # else its sender was told to come back
                batch.append(waiting)
                size += len(waiting.row.body)
        return batch

    async def _store(self, batch: list[_Waiting]) -> None:
        try:
            stored = await self._send([waiting.row for waiting in batch])
        except Unavailable as error:
            for waiting in batch:
                _fail(waiting, Unavailable(str(error)))
        except Exception as error:
            await self._store_apart(batch, error)
        else:
            for waiting, received in zip(batch, stored, strict=True):
                if not waiting.stored.done():
                    waiting.stored.set_result(received)

    async def _store_apart(self, batch: list[_Waiting], error: Exception) -> None:
        """One delivery that the database refuses does not take the others of its batch along."""
        if len(batch) > 1:
            for waiting in batch:
                await self._store([waiting])
            return
        log.error("inbox.delivery_refused", connection=str(batch[0].row.connection))
        _fail(batch[0], error)

    async def _send(self, rows: list[_Row]) -> list[Received]:
        """Store the batch. After a cut it is sent again, under the same ids, as long as waited."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience
        columns = [list(column) for column in zip(*rows, strict=True)]
        while True:
            try:
                if self._connection is None:
                    self._connection = await self._database.dedicated("cartbridge inbox")
                stored = await self._connection.fetch(queries("inbox")["receive"], *columns)
                return [
                    Received(named(MESSAGE_PREFIX, row["message"]), row["duplicate"])
                    for row in stored
                ]
            except BaseException as error:
                self._disconnect()
                if not isinstance(error, Unavailable) and not is_unavailable(error):
                    raise
                log.warning("inbox.write_interrupted", error=type(error).__name__)
                if loop.time() > deadline:
                    raise Unavailable("the database cannot store anything now") from error
            await asyncio.sleep(0.05)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.stored.done():
        waiting.stored.set_exception(error)
