"""Applying: the parts of messages, in the order of each lane, one worker per lane."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from cartbridge.database.connection import Database
from cartbridge.database.gathering import Gathering, values
from cartbridge.database.inbox_envelope import Delivery, Envelopes
from cartbridge.database.inbox_reception import MESSAGE_PREFIX
from cartbridge.database.inbox_sorting import UNREADABLE
from cartbridge.database.pointers import shard_of_key
from cartbridge.database.queries import queries
from cartbridge.database.texts import as_reason
from cartbridge.domain.ids import named, uuid_of
from cartbridge.domain.twin import TwinRef
from cartbridge.metrics import PARTS

PART_ATTEMPTS: Final = 8
PartOutcome = Literal["applied", "echo", "stale", "ignored", "held", "quarantined"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part in a worker's hands, with the delivery it came in; `fence` proves it still is."""

    tenant: UUID
    connection: UUID
    message: str  # msg_…
    ordinal: int
    arrived: int
    received_at: datetime
    lane: str
    ref: TwinRef | None
    revision: int | None
    delivery: Delivery
    attempts: int  # this one included
    fence: int
    shard: int


def count_part(part: Part, outcome: PartOutcome | Literal["retried"]) -> None:
    """Counts what became of a part, and how long after its message was accepted."""
    PARTS.add(max(0.0, (datetime.now(UTC) - part.received_at).total_seconds()), outcome)


class _Finish(NamedTuple):
    shard: int
    tenant: UUID
    message: UUID
    ordinal: int
    fence: int
    outcome: PartOutcome
    reason: str | None


class Applying:
    """The applier's face of the inbox. A change that is stored in the journal marks its part there;
    what changes nothing is told here."""

    def __init__(self, database: Database, envelopes: Envelopes) -> None:
        self._database = database
        self._envelopes = envelopes
        self._sql = queries("inbox")
        self._finished: Gathering[_Finish, bool] = Gathering(values(database, self._sql["finish"]))

    async def take_parts(self, limit: int, lease_seconds: float = 30.0) -> list[Part]:
        """Parts of any tenant to apply now: of each lane the oldest, if nobody holds one of it.

        One that is not told about before its lease ends is handed out again.
        """
        shards = list(range(self._database.shards))
        random.shuffle(shards)
        lease = timedelta(seconds=lease_seconds)
        async with self._database.connection() as connection:
            taken = await connection.fetch(
                self._sql["take_parts"], shards, limit, lease, PART_ATTEMPTS
            )
            if not taken:
                return []
            columns = [[row[place] for row in taken] for place in range(4)]
            rows = await connection.fetch(self._sql["read_parts"], *columns)
        return await self._open(rows)

    async def take_lane(
        self, tenant: UUID, connection: UUID, lane: str, lease_seconds: float = 30.0
    ) -> list[Part] | None:
        """Everything that waits in one lane, oldest first, ahead of the queue and of any delay.

        None while another worker holds the lane: what waited is being applied.
        """
        shard = shard_of_key(connection.bytes, self._database.shards)
        lease = timedelta(seconds=lease_seconds)
        async with self._database.connection() as db:
            found = await db.fetchrow(self._sql["take_lane"], shard, tenant, lane, lease)
            if found["held"]:
                return None
            count = len(found["messages"])
            if not count:
                return []
            rows = await db.fetch(
                self._sql["read_parts"],
                [shard] * count,
                [tenant] * count,
                found["messages"],
                found["ordinals"],
            )
        return await self._open(rows)

    async def heartbeat(self, part: Part, lease_seconds: float = 30.0) -> bool:
        """Hold the part longer; False if it is finished or another worker has it by now."""
        return await self._fenced("heartbeat", part, timedelta(seconds=lease_seconds)) is not None

    async def finish(self, part: Part, outcome: PartOutcome, reason: str | None = None) -> bool:
        """The part led to no change; False if it is finished or another worker has it by now."""
        why = None if reason is None else as_reason(reason)
        message = uuid_of(part.message)
        noted = await self._finished.ask(
            _Finish(part.shard, part.tenant, message, part.ordinal, part.fence, outcome, why)
        )
        if noted:
            count_part(part, outcome)
        return noted

    async def drop(self, part: Part) -> None:
        """Forget at once what a finished part was told in, and of whom; the message's id stays."""
        message = (part.shard, part.tenant, uuid_of(part.message))
        async with self._database.tenant(part.tenant) as connection:
            await connection.execute(self._sql["drop_part"], *message, part.ordinal)
            await connection.execute(self._sql["drop_body"], *message)

    async def retry(
        self, part: Part, delay: timedelta, reason: str
    ) -> Literal["sorted", "quarantined"] | None:
        """Try again after the delay, its lane waiting; after eight attempts set it aside instead.

        None if it is finished or another worker has it by now.
        """
        state: Literal["sorted", "quarantined"] | None = await self._fenced(
            "retry", part, delay, as_reason(reason), PART_ATTEMPTS
        )
        if state is not None:
            count_part(part, "retried" if state == "sorted" else state)
        return state

    async def _fenced(self, query: str, part: Part, *arguments: Any) -> Any:
        async with self._database.tenant(part.tenant) as connection:
            return await connection.fetchval(
                self._sql[query],
                part.shard,
                part.tenant,
                uuid_of(part.message),
                part.ordinal,
                part.fence,
                *arguments,
            )

    async def _open(self, rows: Sequence[Any]) -> list[Part]:
        parts = []
        for row in rows:
            delivery = await self._envelopes.open(row["tenant"], row["message"], row["day"], row)
            part = Part(
                row["tenant"],
                row["connection"],
                named(MESSAGE_PREFIX, row["message"]),
                row["ordinal"],
                row["arrived"],
                row["received_at"],
                row["lane"],
                None if row["ref"] is None else TwinRef.model_validate_json(row["ref"]),
                row["revision"],
                delivery or Delivery(row["method"], "", (), b""),
                row["attempts"],
                row["fence"],
                row["shard"],
            )
            if delivery is None:
                await self.finish(part, "quarantined", UNREADABLE)
            else:
                parts.append(part)
        return parts
