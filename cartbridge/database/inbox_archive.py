"""Looking back: what an operator sees of the messages, replays, and what is forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from cartbridge.database.connection import Database
from cartbridge.database.inbox_envelope import Delivery, Envelopes
from cartbridge.database.inbox_reception import MESSAGE_PREFIX
from cartbridge.database.queries import queries
from cartbridge.domain.ids import named, shard_of_slot, slot_of, uuid_of

_FORGET_BATCH: Final = 1000
_OPEN_DAYS: Final = timedelta(days=2)  # a key may still be in use by a process whose clock is late
MessageState = Literal["new", "sorted", "quarantined", "ignored"]


@dataclass(frozen=True, slots=True)
class PartState:
    """What became of one part of a message."""

    ordinal: int
    lane: str
    state: str
    attempts: int
    reason: str | None
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class MessageSummary:
    """A message without its content."""

    message: str  # msg_…
    connection: UUID
    received_at: datetime
    size: int
    state: MessageState
    reason: str | None
    parts: tuple[PartState, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message with what was sent; None once that is forgotten."""

    summary: MessageSummary
    delivery: Delivery | None = field(repr=False)


class Archive:
    """The operator's face of the inbox."""

    def __init__(self, database: Database, envelopes: Envelopes) -> None:
        self._database = database
        self._envelopes = envelopes
        self._sql = queries("inbox")

    async def messages(
        self,
        tenant: UUID,
        *,
        state: MessageState | None = None,
        connection: UUID | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> list[MessageSummary]:
        """Messages, newest first, of a state, connection or time, beginning before one of them.

        `quarantined` also lists messages of which a part is.
        """
        last = None if before is None else uuid_of(before)
        query = "list_quarantined" if state == "quarantined" else "list"
        wanted = () if state == "quarantined" else (state,)
        async with self._database.tenant(tenant) as db:
            rows = await db.fetch(
                self._sql[query], tenant, connection, last, limit, since, until, *wanted
            )
            parts = await db.fetch(
                self._sql["parts_of"],
                tenant,
                [row["shard"] for row in rows],
                [row["message"] for row in rows],
            )
        found: dict[UUID, list[PartState]] = {}
        for part in parts:
            found.setdefault(part["message"], []).append(PartState(*part[1:]))
        return [
            _summary(named(MESSAGE_PREFIX, row["message"]), row, found.get(row["message"], ()))
            for row in rows
        ]

    async def summary(self, tenant: UUID, message: str) -> MessageSummary | None:
        """One message without what was sent; None if this retailer has no such message."""
        found = await self._find(tenant, message)
        return None if found is None else _summary(message, *found)

    async def read(self, tenant: UUID, message: str) -> StoredMessage | None:
        """One message with what was sent, decrypted; None if this retailer has no such message."""
        found = await self._find(tenant, message)
        if found is None:
            return None
        row, parts = found
        delivery = await self._envelopes.open(tenant, uuid_of(message), row["day"], row)
        return StoredMessage(_summary(message, row, parts), delivery)

    async def _find(self, tenant: UUID, message: str) -> tuple[Any, list[PartState]] | None:
        shard, identifier = self._place(message)
        async with self._database.tenant(tenant) as db:
            row = await db.fetchrow(self._sql["read"], shard, tenant, identifier)
            if row is None:
                return None
            parts = await db.fetch(self._sql["parts_of"], tenant, [shard], [identifier])
        return row, [PartState(*part[1:]) for part in parts]

    async def replay(self, tenant: UUID, message: str) -> bool:
        """Sort a quarantined or ignored message again, or apply its quarantined parts again."""
        shard, identifier = self._place(message)
        async with self._database.tenant(tenant) as db:
            again = await db.fetch(self._sql["replay"], shard, tenant, identifier)
            parts = await db.fetch(self._sql["replay_parts"], shard, tenant, identifier)
        return bool(again or parts)

    async def replay_range(
        self,
        tenant: UUID,
        *,
        connection: UUID | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> int:
        """Replay everything quarantined, of a connection or a time; how many messages."""
        bounds = (tenant, connection, since, until)
        async with self._database.tenant(tenant) as db:
            messages = await db.fetch(self._sql["replay_range"], *bounds)
            parts = await db.fetch(self._sql["replay_parts_range"], *bounds)
        return len({row["message"] for row in (*messages, *parts)})

    async def forget_bodies(self, older_than: timedelta) -> int:
        """Drop what was sent, of all tenants, once it is applied and so old; answers how many.

        Ids, hashes and reasons stay; so does what is quarantined. Keys of days of which nothing is
        left are destroyed: what lay on pages or in backups cannot be read again.
        """
        now = datetime.now(UTC)
        forgotten = 0
        for shard in range(self._database.shards):
            dropped = _FORGET_BATCH
            while dropped >= _FORGET_BATCH:
                async with self._database.connection() as connection:
                    dropped = await connection.fetchval(
                        self._sql["forget"], shard, now - older_than, _FORGET_BATCH
                    )
                forgotten += dropped
        async with self._database.connection() as connection:
            await connection.fetchval(
                self._sql["forget_day_keys"], (now - max(older_than, _OPEN_DAYS)).date()
            )
        return forgotten

    def _place(self, message: str) -> tuple[int, UUID]:
        """A message's id carries the slot of its connection."""
        return shard_of_slot(slot_of(message), self._database.shards), uuid_of(message)


def _summary(message: str, row: Any, parts: Sequence[PartState]) -> MessageSummary:
    return MessageSummary(
        message,
        row["connection"],
        row["received_at"],
        row["size"],
        row["state"],
        row["reason"],
        tuple(parts),
    )
