"""Proves the journal: every chain link by link, every position, every view at its head."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import ValidationError

from cartbridge.database.connection import Database
from cartbridge.database.history import HeaderPlace
from cartbridge.database.journal import chain
from cartbridge.database.queries import queries

HEADS_PER_PAGE: Final = 500
EVENTS_PER_LOOK: Final = 2000
POSITIONS_PER_LOOK: Final = 5000
FIRST: Final = UUID(int=0)

Flaw = Literal[
    "broken_link",  # the event, or one before it, is not what was hashed
    "missing_version",  # the chain has a hole
    "wrong_head",  # the head names another version or link than the last event
    "view_behind",  # the view does not stand at the head: `rebuild` mends it
    "missing_position",  # an event is gone and no tombstone tells of it
    "no_stream",  # the event belongs to a stream that has no head, or a lower one
    "orphan_view",  # a view of no stream
]


@dataclass(frozen=True)
class Finding:
    """Something in the journal is not as it was written; names where it is."""

    flaw: Flaw
    shard: int
    tenant: UUID | None = None
    document: UUID | None = None
    version: int | None = None
    position: int | None = None

    def __str__(self) -> str:
        place = {
            "shard": self.shard,
            "tenant": self.tenant,
            "document": self.document,
            "version": self.version,
            "position": self.position,
        }
        where = ", ".join(f"{name} {value}" for name, value in place.items() if value is not None)
        return f"{self.flaw.replace('_', ' ')}: {where}"


@dataclass(frozen=True)
class Progress:
    """How much was proved so far."""

    shard: int
    documents: int
    events: int


async def verify(database: Database) -> AsyncIterator[Progress | Finding]:
    """Walk all of it, while the gateway goes on writing; no Finding means that all is well."""
    documents = events = 0
    for shard in range(database.shards):
        async for streams in streams_of(database, shard):
            for head, chained in streams:
                finding = _check_chain(shard, head, chained)
                if finding is not None and not await _removed(database, shard, head):
                    yield finding
                events += len(chained)
            documents += len(streams)
            yield Progress(shard, documents, events)
        async for finding in _positions(database, shard):
            yield finding
        async for finding in _orphans(database, shard):
            yield finding
    yield Progress(database.shards - 1, documents, events)


async def streams_of(database: Database, shard: int) -> AsyncIterator[list[tuple[Any, list[Any]]]]:
    """The heads of a shard, each with its events up to there in order, some at a time."""
    tenant = after = FIRST
    while heads := await fetch(database, "stream_heads", shard, tenant, after, HEADS_PER_PAGE):
        for group in _by_size(heads):
            chains = await _chains_of(database, shard, group)
            yield [(head, chains.get((head["tenant"], head["id"]), [])) for head in group]
        tenant, after = heads[-1]["tenant"], heads[-1]["id"]


async def fetch(database: Database, query: str, *arguments: Any) -> list[Any]:
    """The rows of a look-up across tenants; each is short, so that nothing has to wait for it."""
    async with database.connection() as connection:
        rows: list[Any] = await connection.fetch(queries("verify")[query], *arguments)
    return rows


async def _chains_of(
    database: Database, shard: int, heads: list[Any]
) -> dict[tuple[UUID, UUID], list[Any]]:
    rows = await fetch(
        database,
        "chain_events",
        shard,
        [head["tenant"] for head in heads],
        [head["id"] for head in heads],
        [head["version"] for head in heads],
    )
    return {key: list(group) for key, group in groupby(rows, lambda r: (r["tenant"], r["stream"]))}


def _by_size(heads: list[Any]) -> list[list[Any]]:
    """The heads in groups of so many events that one look-up stays short."""
    groups: list[list[Any]] = []
    size = EVENTS_PER_LOOK
    for head in heads:
        if size + head["version"] > EVENTS_PER_LOOK:
            groups.append([])
            size = 0
        groups[-1].append(head)
        size += head["version"]
    return groups


def _check_chain(shard: int, head: Any, events: list[Any]) -> Finding | None:
    tenant, document = head["tenant"], head["id"]
    link, expected = b"", 0
    for event in events:
        expected += 1
        if event["version"] != expected:
            return Finding("missing_version", shard, tenant, document, expected)
        link = chain(link, event["header"], event["body"], event["sealed"])
        if link != event["hash"] or not _is_in_place(event):
            position = event["position"]
            return Finding("broken_link", shard, tenant, document, expected, position)
    if expected < head["version"]:
        return Finding("missing_version", shard, tenant, document, expected + 1)
    if link != head["hash"]:
        return Finding("wrong_head", shard, tenant, document, expected)
    if head["view_version"] != head["version"]:
        return Finding("view_behind", shard, tenant, document, head["view_version"])
    return None


def _is_in_place(event: Any) -> bool:
    """Whether the columns beside the hashed bytes say what those bytes say."""
    try:
        header = HeaderPlace.model_validate_json(event["header"])
    except ValidationError:
        return False
    return (
        header.tenant == event["tenant"]
        and header.document.endswith(f"_{event['stream'].hex}")
        and header.version == event["version"]
        and header.type == event["type"]
        and header.schema_version == event["schema_version"]
        and header.command == event["command"]
        and header.occurred_at == event["occurred_at"]
    )


async def _removed(database: Database, shard: int, head: Any) -> bool:
    """Whether retention removed the document between two look-ups: then nothing is wrong."""
    rows = await fetch(database, "stream_head", shard, head["tenant"], head["id"])
    return rows[0]["version"] is None and bool(rows[0]["tombstoned"])


async def _positions(database: Database, shard: int) -> AsyncIterator[Finding]:
    end = (await fetch(database, "counter", shard))[0]["position"]
    for after in range(0, end, POSITIONS_PER_LOOK):
        upto = min(after + POSITIONS_PER_LOOK, end)
        rows = await fetch(database, "stored_positions", shard, after, upto)
        for row in rows:
            if row["headless"]:
                yield Finding(
                    "no_stream",
                    shard,
                    row["tenant"],
                    row["stream"],
                    row["version"],
                    row["position"],
                )
        missing = sorted(set(range(after + 1, upto + 1)) - {row["position"] for row in rows})
        if missing:
            removed = await fetch(database, "removed_positions", shard, missing)
            for position in sorted(set(missing) - {row["position"] for row in removed}):
                yield Finding("missing_position", shard, position=position)


async def _orphans(database: Database, shard: int) -> AsyncIterator[Finding]:
    place = (FIRST, FIRST)
    while views := await fetch(database, "stored_view_keys", shard, *place, POSITIONS_PER_LOOK):
        for view in views:
            if view["orphaned"]:
                yield Finding("orphan_view", shard, view["tenant"], view["id"], view["version"])
        place = (views[-1]["tenant"], views[-1]["id"])
