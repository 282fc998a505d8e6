"""What has to go out: at least once, in order per lane, and no endpoint waits for another."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from cartbridge.database.circuits import THRESHOLD
from cartbridge.database.connection import Database
from cartbridge.database.deliveries import OutboxMessage, Outcome, finish, hold
from cartbridge.database.pointers import slot_of_key
from cartbridge.database.queries import queries
from cartbridge.domain.ids import make_id, shard_of_slot, slot_of, uuid_of

__all__ = ["ATTEMPTS", "Backlog", "DeadLetter", "Outbox", "OutboxMessage", "Outcome"]

PER_CONNECTION: Final = 8  # messages of one connection under way at once, in all workers
ATTEMPTS: Final = 24  # a message taken so often without an outcome kills its worker: set it aside
COUNTED: Final = 1001  # how far a backlog is counted
_PREFIX: Final = "out"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was given up, and why."""

    id: UUID
    document: UUID | None
    lane: str
    kind: str
    connection: UUID | None
    payload: bytes = field(repr=False)
    created_at: datetime
    attempts: int
    reason: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits, counted to a thousand and one, and when the oldest of it was put there."""

    waiting: int
    oldest: datetime | None


class Outbox:
    """The messages waiting to leave. The journal puts them here with the events they follow from.

    A payload is kept as it comes: what is personal in it must be sealed already.
    """

    def __init__(self, database: Database, *, per_connection: int = PER_CONNECTION) -> None:
        self._database = database
        self._per_connection = per_connection
        self._sql = queries("outbox")

    async def enqueue(
        self,
        tenant: UUID,
        lane: str,
        kind: str,
        payload: bytes,
        *,
        connection: UUID | None = None,
        document: str | None = None,
        delay: timedelta = timedelta(0),
        coalesce: bool = True,
    ) -> UUID:
        """Add a message that follows from no event, such as reading a twin again.

        With `coalesce` a message of that lane and kind that nobody has taken yet carries the new
        payload instead; its id is answered.
        """
        slot = slot_of(document) if document else slot_of_key(lane.encode())
        identifier = make_id(_PREFIX, datetime.now(UTC), slot, secrets.token_bytes(8))
        row = (tenant, uuid_of(document) if document else None, lane, kind, connection, payload)
        shard = shard_of_slot(slot, self._database.shards)
        async with self._database.tenant(tenant) as db:
            if coalesce:
                waiting: UUID | None = await db.fetchval(
                    self._sql["coalesce"], tenant, connection, lane, kind, payload, delay
                )
                if waiting is not None:
                    return waiting
            await db.execute(self._sql["enqueue"], shard, uuid_of(identifier), delay, *row)
        self._database.errands.tell()
        return uuid_of(identifier)

    async def take(self, limit: int, lease_seconds: float = 60.0) -> list[OutboxMessage]:
        """Messages of any tenant to send now: of each lane the oldest, if nobody holds one of it.

        One that is not told about before its lease ends is handed out again.
        """
        lease = timedelta(seconds=lease_seconds)
        async with self._database.connection() as db:
            rows = await db.fetch(
                self._sql["take"], limit, lease, self._per_connection, THRESHOLD, ATTEMPTS
            )
        return [OutboxMessage(**row) for row in rows]

    async def hold(
        self, messages: Sequence[OutboxMessage], lease_seconds: float = 60.0
    ) -> list[bool]:
        """Hold messages longer, in one statement; False where another worker has one by now."""
        return await hold(self._database, messages, timedelta(seconds=lease_seconds))

    async def finish(self, outcomes: Sequence[Outcome]) -> list[bool]:
        """Note what became of messages, in one statement; False where another worker has one."""
        return await finish(self._database, outcomes)

    async def done(self, message: OutboxMessage) -> bool:
        """The message was taken by the other side; False if another worker has it by now."""
        return (await self.finish([Outcome(message, "done")]))[0]

    async def retry(self, message: OutboxMessage, delay: timedelta, reason: str) -> bool:
        """Try again after the delay; its lane waits. False if another worker has it by now."""
        return (await self.finish([Outcome(message, "retry", reason, delay)]))[0]

    async def dead(self, message: OutboxMessage, reason: str) -> bool:
        """Give the message up, visible to operators; its lane goes on."""
        return (await self.finish([Outcome(message, "dead", reason)]))[0]

    async def backlog(self, tenant: UUID, connection: UUID) -> Backlog:
        """How much waits for a connection, dead letters aside, and since when."""
        async with self._database.tenant(tenant) as db:
            row = await db.fetchrow(self._sql["backlog"], tenant, connection, COUNTED)
        return Backlog(row["waiting"], row["oldest"])

    async def drop(self, tenant: UUID, connection: UUID, *, dead_letters: bool = False) -> int:
        """Remove what waits for a connection that is no more, but not what is under way."""
        async with self._database.tenant(tenant) as db:
            dropped: int = await db.fetchval(self._sql["drop"], tenant, connection, dead_letters)
        return dropped

    async def dead_letters(
        self,
        tenant: UUID,
        *,
        connection: UUID | None = None,
        limit: int = 50,
        after: UUID | None = None,
    ) -> list[DeadLetter]:
        """The messages that were given up, oldest first, beginning after one of them."""
        async with self._database.tenant(tenant) as db:
            rows = await db.fetch(self._sql["dead_letters"], tenant, connection, after, limit)
        return [DeadLetter(**row) for row in rows]

    async def replay(
        self,
        tenant: UUID,
        *,
        ids: Sequence[UUID] | None = None,
        connection: UUID | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> int:
        """Let dead letters leave after all: those named, or of a connection or a time; how many.

        They go before newer messages of their lane.
        """
        if ids is None and connection is None and since is None and until is None:
            raise ValueError("name the messages, a connection or a time")
        wanted = None if ids is None else list(ids)
        async with self._database.tenant(tenant) as db:
            rows = await db.fetch(self._sql["replay"], tenant, wanted, connection, since, until)
        return len(rows)
