"""What an append is made of: rows in the shape of the composite types of the journal's function."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4

from cartbridge.database.queries import queries
from cartbridge.domain.ids import uuid_of


class StreamRow(NamedTuple):
    """A stream's new head, if its present one is at the expected version."""

    id: UUID
    kind: str
    key_root: UUID
    expected: int
    version: int
    hash: bytes


class EventRow(NamedTuple):
    """One event: the bytes that were hashed, and columns to find it by."""

    stream: UUID
    version: int
    type: str
    schema_version: int
    occurred_at: datetime
    header: bytes
    body: bytes
    sealed: bytes | None
    hash: bytes


class ViewRow(NamedTuple):
    """A document as its last event left it."""

    id: UUID
    kind: str
    version: int
    state: str
    due_at: datetime | None
    customer: UUID | None
    body: bytes
    sealed: bytes | None


class KeyRow(NamedTuple):
    """A new data key, in place of the wrapped one that was seen (None: there was none)."""

    root: UUID
    wrapped: bytes
    wrapped_by: str
    replaces: bytes | None


class LeaseRow(NamedTuple):
    """A lease to set, or without a claim to drop."""

    document: UUID
    claim: UUID | None
    terminal: str | None
    until: datetime | None
    seconds: float | None
    hold: bool


class OutboxRow(NamedTuple):
    """A message that leaves once the events are stored."""

    id: UUID
    document: UUID
    lane: str
    kind: str
    connection: UUID | None
    payload: bytes
    run_at: datetime | None


class MarkRow(NamedTuple):
    """What became of a part of an inbox message."""

    shard: int
    message: UUID
    ordinal: int
    outcome: str


@dataclass(frozen=True, slots=True)
class Append:
    """One command on its way into the journal: all of it or nothing, in one shard."""

    tenant: UUID
    shard: int
    command: UUID
    streams: tuple[StreamRow, ...]
    events: tuple[EventRow, ...]
    views: tuple[ViewRow, ...]
    keys: tuple[KeyRow, ...] = ()
    leases: tuple[LeaseRow, ...] = ()
    outbox: tuple[OutboxRow, ...] = ()
    marks: tuple[MarkRow, ...] = ()
    submission: UUID = field(default_factory=uuid4)

    @property
    def touches(self) -> frozenset[tuple[UUID, UUID]]:
        """What two commands of one batch may not share: streams, data keys, their own id."""
        streams, keys = (one.id for one in self.streams), (key.root for key in self.keys)
        return frozenset((self.tenant, touched) for touched in (self.command, *streams, *keys))

    @property
    def size(self) -> int:
        """About how many bytes it sends to the database."""
        events = sum(len(e.header) + len(e.body) + len(e.sealed or b"") for e in self.events)
        views = sum(len(view.body) + len(view.sealed or b"") for view in self.views)
        return 500 + events + views + sum(len(message.payload) for message in self.outbox)


@dataclass(frozen=True, slots=True)
class Appended:
    """The command is in the journal; `versions` are the new ones of the streams it wrote.

    `position` is its last event's in its shard, None when an earlier try had already stored it.
    """

    versions: dict[UUID, int]
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Somebody stored this command before; its marks were applied, nothing else was written."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A document had moved on, or its data key changed: load it again and decide again."""


Outcome = Appended | Duplicate | Conflict

_APPENDED, _REPEATED, _DUPLICATE = 0, 1, 2
_PARTS: Final = ("streams", "events", "views", "keys", "leases", "outbox", "marks")
_NONE: Final = b"\xff" * 8


def chain(previous: bytes, header: bytes, body: bytes, sealed: bytes | None) -> bytes:
    """An event's link: SHA-256 of the previous link (empty at first) and the event's bytes.

    Each part is preceded by its length in eight bytes; no sealed part has the length 2^64 - 1.
    """
    digest = hashlib.sha256()
    for part in (previous, header, body, sealed):
        digest.update(_NONE if part is None else len(part).to_bytes(8, "big"))
        digest.update(part or b"")
    return digest.digest()


async def append(connection: Any, batch: list[Append]) -> list[Outcome]:
    """Send a batch in one call, its own transaction, and answer what became of each command."""
    commands = [(one.shard, one.tenant, one.command, one.submission) for one in batch]
    parts = [
        [(number, *row) for number, one in enumerate(batch, 1) for row in getattr(one, name)]
        for name in _PARTS
    ]
    row = await connection.fetchrow(queries("journal")["append_commands"], commands, *parts)
    last: dict[int, int] = {}
    for event, position in zip(parts[_PARTS.index("events")], row["positions"], strict=True):
        last[event[0]] = position
    return [
        _outcome(one, status, last.get(number))
        for number, (one, status) in enumerate(zip(batch, row["statuses"], strict=True), 1)
    ]


def _outcome(one: Append, status: int, position: int | None) -> Outcome:
    if status == _DUPLICATE:
        return Duplicate()
    if status not in (_APPENDED, _REPEATED):
        return Conflict()
    versions = {stream.id: stream.version for stream in one.streams}
    return Appended(versions, position if status == _APPENDED else None)


def bare(identifier: UUID | str) -> UUID:
    """The UUID of an id, with or without its prefix."""
    return identifier if isinstance(identifier, UUID) else uuid_of(identifier)
