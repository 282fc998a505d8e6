"""A message in a worker's hands, and what becomes of it: noted for many in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from cartbridge.database.circuits import FIRST_PAUSE, LONGEST_PAUSE, THRESHOLD
from cartbridge.database.connection import Database
from cartbridge.database.pointers import shard_of_key
from cartbridge.database.queries import queries
from cartbridge.database.texts import as_reason

Became = Literal["done", "retry", "dead"]
Conduct = Literal["well", "failed", "unknown"]
_AT_ONCE: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message in a worker's hands; `fence` proves that it still is."""

    tenant: UUID
    id: UUID
    document: UUID | None
    lane: str
    kind: str
    connection: UUID | None
    payload: bytes = field(repr=False)
    created_at: datetime
    attempts: int  # this one included
    fence: int
    shard: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message, and how the other side behaved, which its circuit counts."""

    message: OutboxMessage
    became: Became
    reason: str | None = None
    delay: timedelta = _AT_ONCE
    conduct: Conduct = "unknown"


async def finish(database: Database, outcomes: Sequence[Outcome]) -> list[bool]:
    """Note the outcomes, all or none; False where another worker has the message by now.

    A connection's circuit is written only where its count changes.
    """
    messages = _held([outcome.message for outcome in outcomes])
    told = (
        [outcome.became for outcome in outcomes],
        [outcome.delay for outcome in outcomes],
        [None if one.reason is None else as_reason(one.reason) for one in outcomes],
    )
    circuits = _circuits(outcomes, database.shards)
    async with database.connection() as db:
        noted: list[bool] = await db.fetchval(
            queries("outbox")["finish"],
            *messages,
            *told,
            *circuits,
            THRESHOLD,
            FIRST_PAUSE,
            LONGEST_PAUSE,
        )
    return noted


async def hold(
    database: Database, messages: Sequence[OutboxMessage], lease: timedelta
) -> list[bool]:
    """Hold the messages that much longer; False where another worker has one by now."""
    async with database.connection() as db:
        held: list[bool] = await db.fetchval(queries("outbox")["hold"], *_held(messages), lease)
    return held


def _held(messages: Sequence[OutboxMessage]) -> tuple[list[Any], ...]:
    return (
        [message.shard for message in messages],
        [message.tenant for message in messages],
        [message.id for message in messages],
        [message.fence for message in messages],
    )


@dataclass
class _Behaved:
    """How one connection behaved in these deliveries."""

    well: bool = False
    failures: int = 0
    reason: str | None = None


def _circuits(outcomes: Sequence[Outcome], shards: int) -> tuple[list[Any], ...]:
    behaved: dict[tuple[UUID, UUID], _Behaved] = {}
    for outcome in outcomes:
        message = outcome.message
        if message.connection is None or outcome.conduct == "unknown":
            continue
        seen = behaved.setdefault((message.tenant, message.connection), _Behaved())
        if outcome.conduct == "well":
            seen.well = True
        else:
            seen.failures += 1
            seen.reason = as_reason(outcome.reason or "")
    return (
        [shard_of_key(connection.bytes, shards) for _, connection in behaved],
        [tenant for tenant, _ in behaved],
        [connection for _, connection in behaved],
        [seen.well for seen in behaved.values()],
        [seen.failures for seen in behaved.values()],
        [seen.reason for seen in behaved.values()],
    )
