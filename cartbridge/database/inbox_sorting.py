"""Sorting: which twins a message speaks of, in the order of arrival per connection."""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from cartbridge.database.connection import Database
from cartbridge.database.gathering import Gathering, rows
from cartbridge.database.inbox_envelope import Delivery, Envelopes
from cartbridge.database.inbox_reception import MESSAGE_PREFIX
from cartbridge.database.pointers import shard_of_key
from cartbridge.database.queries import queries
from cartbridge.database.texts import as_reason, is_storable
from cartbridge.domain.ids import named, uuid_of
from cartbridge.domain.twin import TwinRef

LEASE_SECONDS: Final = 30.0
LONGEST_LANE: Final = 600
UNREADABLE: Final = "its content can no longer be decrypted: the key of its day is gone"


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A message in a sorter's hands; `fence` proves that its connection still is."""

    tenant: UUID
    connection: UUID
    message: str  # msg_…
    arrived: int
    received_at: datetime
    delivery: Delivery
    fence: int
    shard: int


@dataclass(frozen=True, slots=True)
class PartKey:
    """One thing a message speaks of: parts of one lane are applied in order, one at a time.

    The lane is the twin unless another is named. `dedup` is the connector's key for this very
    change; what came with it once is ignored as long as the connection lives.
    """

    ref: TwinRef | None
    revision: int | None = None
    dedup: bytes | None = field(default=None, repr=False)
    lane: str = ""

    def __post_init__(self) -> None:
        lane = self.lane or (str(self.ref) if self.ref else "")
        if not lane or len(lane) > LONGEST_LANE or not is_storable(lane):
            raise ValueError("a part needs a lane, or a twin whose id is a plain text")
        object.__setattr__(self, "lane", lane)


@dataclass(frozen=True, slots=True)
class Sorted:
    """What a sorter found in a message: its parts, or why it was set aside or ignored."""

    row: InboxRow
    parts: tuple[PartKey, ...] = ()
    state: Literal["sorted", "quarantined", "ignored"] = "sorted"
    reason: str | None = None


class Horizon(NamedTuple):
    """How far a connection has arrived, and whether all of that was sorted at that moment.

    `clear`: it was, and nothing waits any more in the lane that was asked about.
    """

    arrived: int
    sorted: bool
    clear: bool


class Sorting:
    """The sorter's face of the inbox: one sorter per connection at a time."""

    def __init__(self, database: Database, envelopes: Envelopes) -> None:
        self._database = database
        self._envelopes = envelopes
        self._sql = queries("inbox")
        self._turn: asyncio.Future[int] | None = None
        self._horizons: Gathering[tuple[int, UUID, UUID, str, int | None], Any] = Gathering(
            rows(database, self._sql["horizon"])
        )

    async def take_new(self, limit: int, lease_seconds: float = LEASE_SECONDS) -> list[InboxRow]:
        """New messages of any tenant, oldest first per connection.

        Their connections are this sorter's until it has settled the last one or the lease ends.
        """
        shards = list(range(self._database.shards))
        random.shuffle(shards)
        lease = timedelta(seconds=lease_seconds)
        async with self._database.connection() as connection:
            rows = await connection.fetch(self._sql["take_new"], shards, limit, lease)
        taken, lost = [], []
        for row in rows:
            delivery = await self._envelopes.open(row["tenant"], row["message"], row["day"], row)
            opened = InboxRow(
                row["tenant"],
                row["connection"],
                named(MESSAGE_PREFIX, row["message"]),
                row["arrived"],
                row["received_at"],
                delivery or Delivery(row["method"], "", (), b""),
                row["fence"],
                row["shard"],
            )
            if delivery is None:
                lost.append(Sorted(opened, (), "quarantined", UNREADABLE))
            else:
                taken.append(opened)
        if lost:
            await self.settle(lost)
        return taken

    async def sorted(self, row: InboxRow, parts: Sequence[PartKey]) -> bool:
        """The message speaks of these; False if another sorter has its connection by now."""
        return (await self.settle([Sorted(row, tuple(parts))]))[0]

    async def quarantine(self, row: InboxRow, reason: str) -> bool:
        """Nobody could read the message: it waits, visible, for an operator to replay it."""
        return (await self.settle([Sorted(row, (), "quarantined", reason)]))[0]

    async def ignore(self, row: InboxRow, reason: str) -> bool:
        """The message concerns nothing that is followed here."""
        return (await self.settle([Sorted(row, (), "ignored", reason)]))[0]

    async def settle(self, found: Sequence[Sorted]) -> list[bool]:
        """What was found in several messages, in one call; says of each whether it was noted."""
        rows = [one.row for one in found]
        parts = [
            (number, ordinal, part)
            for number, one in enumerate(found, 1)
            for ordinal, part in enumerate(one.parts)
        ]
        async with self._database.connection() as connection:
            noted: list[bool] = await connection.fetchval(
                self._sql["settle"],
                [row.shard for row in rows],
                [row.tenant for row in rows],
                [row.connection for row in rows],
                [row.fence for row in rows],
                [uuid_of(row.message) for row in rows],
                [one.state for one in found],
                [None if one.reason is None else as_reason(one.reason) for one in found],
                [number for number, _, _ in parts],
                [ordinal for _, ordinal, _ in parts],
                [part.lane for _, _, part in parts],
                [part.ref.model_dump_json() if part.ref else None for _, _, part in parts],
                [part.revision for _, _, part in parts],
                [_part_key(part.dedup) for _, _, part in parts],
            )
        self._database.parts.tell()
        return noted

    async def horizon(
        self, tenant: UUID, connection: UUID, lane: str, upto: int | None = None
    ) -> Horizon:
        """How far the connection has arrived by now, or how it stands with an earlier moment."""
        row = await self._horizons.ask((self._shard(connection), tenant, connection, lane, upto))
        passed = not row["waits"]
        return Horizon(row["arrived"], passed, passed and not row["lane_waits"])

    async def in_turn(self, sort: Callable[[], Awaitable[int]]) -> int:
        """One turn of the sorter for all in this process who wait for one."""
        if self._turn is None or self._turn.done():
            self._turn = asyncio.ensure_future(sort())
            self._turn.add_done_callback(lambda turn: turn.cancelled() or turn.exception())
        return await asyncio.shield(self._turn)

    def _shard(self, connection: UUID) -> int:
        return shard_of_key(connection.bytes, self._database.shards)


def _part_key(dedup: bytes | None) -> bytes | None:
    return None if dedup is None else hashlib.sha256(b"part" + dedup).digest()
