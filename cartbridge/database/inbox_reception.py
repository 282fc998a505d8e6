"""Receiving: a delivery is on disk before its sender hears "accepted"."""

import asyncio
import hashlib
import os
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

from cartbridge.database.connection import Database, Unavailable
from cartbridge.database.group_commit import Bounds, GroupCommit
from cartbridge.database.inbox_envelope import Envelopes, Headers, seal
from cartbridge.database.pointers import slot_of_key
from cartbridge.database.queries import queries
from cartbridge.database.sealing import DataKey
from cartbridge.domain.ids import make_uuid, named

MESSAGE_PREFIX: Final = "msg"
BATCH_MESSAGES: Final = 128
BATCH_BYTES: Final = 200_000  # what a socket takes at once: more of it costs several times as much
LANES: Final = 2  # while the database stores one batch, the next one is received
QUEUE_BYTES: Final = 64_000_000
QUEUE_MESSAGES: Final = 5000
PATIENCE_SECONDS: Final = 1.0  # platforms wait five seconds at most, some little more than one


@dataclass(slots=True)  # not frozen: that alone would cost as much as a hash of a small body
class Arrival:
    """A delivery whose signature was verified, and the key its connector names it by, if any."""

    tenant: UUID
    connection: UUID
    method: str
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)
    query: str = field(default="", repr=False)
    dedup: bytes | None = None


class Received(NamedTuple):
    """Under which message a delivery is kept, and whether it had come before."""

    message: str  # msg_…
    duplicate: bool


class _Row(NamedTuple):
    tenant: UUID
    connection: UUID
    message: UUID
    method: str
    headers: bytes
    body: bytes
    day: date
    dedup: bytes | None


def delivery_key(dedup: bytes, body: bytes) -> bytes:
    """What makes two deliveries the same: the key the connector named, and the very same body.

    A platform's delivery id alone is not always unique (WooCommerce derives it from the second):
    the same id with another body is another delivery.
    """
    hashed = hashlib.sha256(b"delivery" + len(dedup).to_bytes(8, "big") + dedup)
    hashed.update(body)
    return hashed.digest()


class Reception:
    """Takes deliveries in. Those that come at the same time are stored in one call."""

    def __init__(
        self, database: Database, envelopes: Envelopes, *, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._database = database
        self._envelopes = envelopes
        self._patience = patience
        bounds = Bounds(
            batch_items=BATCH_MESSAGES,
            batch_bytes=BATCH_BYTES,
            queue_items=QUEUE_MESSAGES // LANES,
            queue_bytes=QUEUE_BYTES // LANES,
            resend_seconds=patience,
            patience_seconds=patience,
        )
        self._lanes: list[GroupCommit[_Row, Received]] = [
            GroupCommit(database, "inbox", self._store, bounds, size=lambda row: len(row.body))
            for _ in range(LANES)
        ]

    async def start(self) -> None:
        """Begin to receive; connections are opened with the first deliveries."""
        for lane in self._lanes:
            await lane.start()

    async def stop(self) -> None:
        """Stop; senders still waiting are told to come back later."""
        for lane in self._lanes:
            await lane.stop()

    async def receive(self, arrival: Arrival) -> Received:
        """Store a delivery and answer once it is durable; a duplicate answers the first one.

        Unavailable means that it may or may not be stored: the sender must send it again.
        """
        lane = min(self._lanes, key=lambda lane: lane.load)
        lane.check_room()
        now = datetime.now(UTC)
        key = self._envelopes.known_key(arrival.tenant, now.date())
        if key is None:
            key = await self._key(arrival.tenant, now.date())
        return await lane.submit(self._seal(arrival, key, now))

    async def _key(self, tenant: UUID, day: date) -> DataKey:
        making = asyncio.ensure_future(self._envelopes.key(tenant, day))
        try:
            async with asyncio.timeout(self._patience):
                return await asyncio.shield(making)  # the next delivery finds it made
        except TimeoutError as error:
            making.add_done_callback(lambda made: made.cancelled() or made.exception())
            raise Unavailable("the database did not give the key of the day in time") from error

    def _seal(self, arrival: Arrival, key: DataKey, now: datetime) -> _Row:
        message = make_uuid(now, _slot(arrival.connection), os.urandom(8))
        sealed = seal(key, arrival.tenant, message, arrival)
        return _Row(
            arrival.tenant,
            arrival.connection,
            message,
            arrival.method,
            sealed.headers,
            sealed.body,
            now.date(),
            None if arrival.dedup is None else delivery_key(arrival.dedup, arrival.body),
        )

    async def _store(self, connection: Any, rows: list[_Row]) -> list[Received]:
        columns = [list(column) for column in zip(*rows, strict=True)]
        told = await connection.fetch(queries("inbox")["accept"], *columns)
        self._database.arrivals.tell()
        received = [Received(named(MESSAGE_PREFIX, row.message), False) for row in rows]
        for place, message in told:
            received[place - 1] = Received(named(MESSAGE_PREFIX, message), True)
        return received


@lru_cache(maxsize=10_000)
def _slot(connection: UUID) -> int:
    return slot_of_key(connection.bytes)
