"""What a service wants stored, and how it becomes hashed and sealed rows of the journal."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic
from uuid import UUID

from pydantic_core import to_json

from cartbridge.database.history import (
    DocumentKind,
    S,
    at_version,
    event_place,
    view_place,
)
from cartbridge.database.journal import (
    EventRow,
    LeaseRow,
    MarkRow,
    OutboxRow,
    StreamRow,
    ViewRow,
    bare,
    chain,
)
from cartbridge.database.keys import WrappedKey
from cartbridge.database.sealing import DataKey, split
from cartbridge.domain.header import Header
from cartbridge.domain.ids import slot_of, uuid_of
from cartbridge.domain.model import Strict


@dataclass(frozen=True)
class Loaded(Generic[S]):
    """A document as it stands, with what the next write to it has to follow on."""

    id: str
    state: S
    version: int
    hash: bytes
    root: UUID  # the document whose data key seals it: itself, or the one it descends from
    key: DataKey | None = None  # None: nothing personal was sealed yet, or it was erased
    stored_key: WrappedKey | None = None


@dataclass(frozen=True)
class Write:
    """New events of one document, what it is after them, and their circumstances."""

    document: str
    root: UUID | str
    before: Loaded[Any] | None  # None: the document begins
    events: tuple[Strict, ...]
    after: Strict
    header: Header


@dataclass(frozen=True)
class Outgoing:
    """A message that leaves once the change is stored; in one lane they go in order."""

    id: UUID
    document: UUID | str
    lane: str
    kind: str
    payload: bytes
    connection: UUID | str | None = None
    run_at: datetime | None = None  # None: at once

    @property
    def row(self) -> OutboxRow:
        """The row it becomes."""
        connection = None if self.connection is None else bare(self.connection)
        return OutboxRow(
            self.id,
            bare(self.document),
            self.lane,
            self.kind,
            connection,
            self.payload,
            self.run_at,
        )


@dataclass(frozen=True)
class Mark:
    """What became of a part of an inbox message: applied, echo, stale, ignored, held."""

    shard: int
    message: UUID | str
    ordinal: int
    outcome: str

    @property
    def row(self) -> MarkRow:
        """The row it becomes."""
        return MarkRow(self.shard, bare(self.message), self.ordinal, self.outcome)


@dataclass(frozen=True)
class LeaseSet:
    """The clock of a claim starts: for so many seconds from now, or until a time."""

    document: UUID | str
    claim: UUID | str
    terminal: str
    seconds: float | None = None
    until: datetime | None = None
    hold: bool = False

    @property
    def row(self) -> LeaseRow:
        """The row it becomes."""
        if (self.seconds is None) == (self.until is None):
            raise ValueError("a lease runs for seconds or until a time: give one of the two")
        document, claim = bare(self.document), bare(self.claim)
        return LeaseRow(document, claim, self.terminal, self.until, self.seconds, self.hold)


@dataclass(frozen=True)
class LeaseDrop:
    """The claim is over: its clock stops."""

    document: UUID | str

    @property
    def row(self) -> LeaseRow:
        """The row it becomes."""
        return LeaseRow(bare(self.document), None, None, None, None, False)


@dataclass(frozen=True)
class Change:
    """Everything one command does, stored whole or not at all; its documents share a shard."""

    command: UUID
    tenant: UUID
    writes: tuple[Write, ...]
    outbox: tuple[Outgoing, ...] = ()
    marks: tuple[Mark, ...] = ()
    leases: tuple[LeaseSet | LeaseDrop, ...] = ()


class PreparedWrite:
    """A write taken apart into plain and personal parts, ready to be sealed and chained."""

    def __init__(self, change: Change, write: Write, kind: DocumentKind[Any]) -> None:
        self._change, self._write, self._kind = change, write, kind
        before = write.before
        self.root = bare(write.root)
        self.stream = uuid_of(write.document)
        self._expected = 0 if before is None else before.version
        self._version = self._expected + len(write.events)
        self._after: Any = at_version(write.after, self._version)
        self._check()
        self._events = [(event, *split(event)) for event in write.events]
        self._view = split(self._after)
        self.personal = self._view[1] is not None or any(part for _, _, part in self._events)

    def _check(self) -> None:
        write = self._write
        if not write.events:
            raise ValueError(f"{write.document}: a write without events changes nothing")
        if (self.root.int >> 64) & 0xFFF != slot_of(write.document):
            raise ValueError(f"{write.document}: a descendant carries the slot of its root")
        if write.before is not None and write.before.id != write.document:
            raise ValueError(f"{write.document}: loaded was {write.before.id}")
        if self._after.id != write.document:
            raise ValueError(f"{write.document}: the state after it is of {self._after.id}")

    def rows(self, key: DataKey | None) -> tuple[StreamRow, list[EventRow], ViewRow]:
        """The head, the events and the view; `key` seals what is personal."""
        before = self._write.before
        link = b"" if before is None else before.hash
        # What the events share is dumped once; the rest follows it, as StoredHeader reads it back.
        shared = self._write.header.model_dump(mode="json", exclude_none=True) | {
            "tenant": str(self._change.tenant),
            "document": self._write.document,
        }
        events = []
        for number, (event, body, personal) in enumerate(self._events, self._expected + 1):
            row = self._event_row(event, number, shared, body, personal, key, link)
            events.append(row)
            link = row.hash
        head = StreamRow(
            self.stream, self._kind.kind, self.root, self._expected, self._version, link
        )
        return head, events, self._view_row(key)

    def _event_row(
        self,
        event: Any,
        version: int,
        shared: dict[str, Any],
        body: bytes,
        personal: bytes | None,
        key: DataKey | None,
        link: bytes,
    ) -> EventRow:
        header = to_json(
            shared
            | {
                "version": version,
                "type": event.type,
                "schema_version": event.schema_version,
                "command": self._change.command,
            }
        )
        sealed = None
        if personal is not None:
            aad = event_place(self._change.tenant, self.root, self.stream, version)
            sealed = seal(key, personal, aad)
        return EventRow(
            self.stream,
            version,
            event.type,
            event.schema_version,
            self._write.header.occurred_at,
            header,
            body,
            sealed,
            chain(link, header, body, sealed),
        )

    def _view_row(self, key: DataKey | None) -> ViewRow:
        body, personal = self._view
        aad = view_place(self._change.tenant, self.root, self.stream, self._version)
        return view_row(self._kind, self._after, body, seal(key, personal, aad))


def view_row(kind: DocumentKind[Any], state: Any, body: bytes, sealed: bytes | None) -> ViewRow:
    """The view of a document in that state."""
    customer = kind.customer(state)
    return ViewRow(
        uuid_of(state.id),
        kind.kind,
        state.version,
        str(state.state),
        kind.due(state),
        None if customer is None else uuid_of(customer),
        body,
        sealed,
    )


def seal(key: DataKey | None, personal: bytes | None, aad: bytes) -> bytes | None:
    """The personal part as ciphertext, None if there is none."""
    if personal is None:
        return None
    if key is None:
        raise ValueError("personal data without a data key")
    return key.seal(personal, aad)
