"""Receiving: a delivery is on disk before its sender hears "accepted"."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from cartbridge.database.connection import Database, Unavailable
from cartbridge.database.group_commit import Bounds, GroupCommit
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
        self._commits: GroupCommit[_Row, Received] = GroupCommit(
            database,
            "inbox",
            _store,
            Bounds(
                batch_items=BATCH_MESSAGES,
                batch_bytes=BATCH_BYTES,
                queue_items=QUEUE_MESSAGES,
                queue_bytes=QUEUE_BYTES,
                resend_seconds=patience,
                patience_seconds=patience,
            ),
            size=lambda row: len(row.body),
        )

    async def start(self) -> None:
        """Begin to receive; the connection is opened with the first delivery."""
        await self._commits.start()

    async def stop(self) -> None:
        """Stop; senders still waiting are told to come back later."""
        await self._commits.stop()

    async def receive(self, arrival: Arrival) -> Received:
        """Store a delivery and answer once it is durable; a duplicate answers the first one.

        Unavailable means that it may or may not be stored: the sender must send it again.
        """
        self._commits.check_room()
        try:
            async with asyncio.timeout(self._patience):
                return await self._commits.submit(await self._seal(arrival))
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


async def _store(connection: Any, rows: list[_Row]) -> list[Received]:
    columns = [list(column) for column in zip(*rows, strict=True)]
    stored = await connection.fetch(queries("inbox")["receive"], *columns)
    return [Received(named(MESSAGE_PREFIX, row["message"]), row["duplicate"]) for row in stored]
