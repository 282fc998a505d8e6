"""The stand-in for the journal and what is written with it: heads, leases, errands, marks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cartbridge.database.changes import (
    Change,
    LeaseDrop,
    LeaseSet,
    Loaded,
    PreparedWrite,
    Write,
)
from cartbridge.database.history import DocumentKind, StoredEvent, StoredHeader, at_version
from cartbridge.database.journal import Appended, Conflict, Duplicate, Outcome, bare
from cartbridge.database.leases import LapsedLease, Lease
from cartbridge.domain.header import Header
from cartbridge.domain.ids import named, shard_of_slot, slot_of, uuid_of
from tests.simulation.errands import put_errand
from tests.simulation.store import SHARDS, Part, Session, Store, statement

Key = tuple[UUID, str]  # a tenant and a document of it


@dataclass(frozen=True)
class Recorded:
    """An event as the journal has it."""

    event: Any
    header: Header
    command: UUID
    recorded_at: datetime
    position: int


class Journal(Part):
    """Stands where `Documents` is."""

    def __init__(self, store: Store, session: Session, kind: DocumentKind[Any]) -> None:
        super().__init__(store, session)
        self.kind = kind

    @statement
    def load(self, tenant: UUID, document: str) -> Loaded[Any] | None:
        """The document as it stands."""
        loaded: Loaded[Any] | None = self.store.table("heads").get((tenant, document))
        return loaded

    @statement
    def knows(self, tenant: UUID, document: str, command: UUID) -> bool:
        """Whether a command of that id took effect in the document's shard."""
        return (_shard(document), tenant, command) in self.store.table("commands")

    @statement
    def history(self, tenant: UUID, document: str, after: int = 0) -> list[StoredEvent]:
        """What happened to a document after a version, in order."""
        events: list[Recorded] = self.store.table("events").get((tenant, document), [])
        found = enumerate(events[after:], after + 1)
        return [_told(tenant, document, number, one) for number, one in found]

    @statement
    def due(self, limit: int) -> list[tuple[UUID, str]]:
        """The documents that somebody has to look at now, the longest waiting first."""
        now = self.store.now()
        due = [(at, key) for key, at in self.store.table("due").items() if at <= now]
        return [key for _, key in sorted(due, key=lambda one: (one[0], one[1][1]))[:limit]]

    async def commit(self, change: Change) -> Outcome:
        """Store a change whole, or not at all."""
        if not change.writes:
            raise ValueError("a change writes to at least one document")
        streams = {PreparedWrite(change, write, self.kind).stream for write in change.writes}
        if len({_shard(write.document) for write in change.writes}) > 1:
            raise ValueError("the documents of a change share a shard")
        if len(streams) < len(change.writes):
            raise ValueError("the documents of a change differ")
        return await self._append(change)

    @statement
    def _append(self, change: Change) -> Outcome:
        shard = _shard(change.writes[0].document)
        command = (shard, change.tenant, change.command)
        if command in self.store.table("commands"):
            self._mark(change)
            return Duplicate()
        if any(self._moved(change.tenant, write) for write in change.writes):
            return Conflict()
        self.store.watch(change)
        if "commands" not in self.store.forgets:
            self.store.table("commands")[command] = self.store.now()
        versions = {}
        for write in change.writes:
            versions[uuid_of(write.document)] = self._write(change, write, shard)
        for lease in change.leases:
            self._lease(change.tenant, lease)
        for outgoing in change.outbox:
            put_errand(self.store, change.tenant, shard, outgoing)
        self._mark(change)
        self.store.bell.ring()
        return Appended(versions, self.store.table("positions")[shard])

    def _moved(self, tenant: UUID, write: Write) -> bool:
        if "versions" in self.store.forgets:
            return False
        present = self.store.table("heads").get((tenant, write.document))
        expected = 0 if write.before is None else write.before.version
        return (0 if present is None else present.version) != expected

    def _write(self, change: Change, write: Write, shard: int) -> int:
        key = (change.tenant, write.document)
        events = self.store.table("events").setdefault(key, [])
        positions = self.store.table("positions")
        for event in write.events:
            positions[shard] = positions.get(shard, 0) + 1
            now = self.store.now()
            events.append(Recorded(event, write.header, change.command, now, positions[shard]))
        before = 0 if write.before is None else write.before.version
        version = before + len(write.events)
        state: Any = at_version(write.after, version)
        self.store.table("heads")[key] = Loaded(
            write.document, state, version, b"", bare(write.root)
        )
        due = self.kind.due(state)
        if due is None:
            self.store.table("due").pop(key, None)
        else:
            self.store.table("due")[key] = due
        return version

    def _lease(self, tenant: UUID, lease: LeaseSet | LeaseDrop) -> None:
        row = lease.row
        key = (tenant, named("crt", row.document))
        if isinstance(lease, LeaseDrop):
            self.store.table("leases").pop(key, None)
            return
        until = row.until or self.store.now() + timedelta(seconds=row.seconds or 0)
        self.store.table("leases")[key] = _Lease(
            named("crt", row.document), named("clm", bare(lease.claim)), lease.terminal, until
        )
        self.store.table("leases")[key].hold = lease.hold

    def _mark(self, change: Change) -> None:
        for mark in change.marks:
            part = self.store.table("parts").get((bare(mark.message), mark.ordinal))
            if part is not None and part.state in ("sorted", "taken"):
                part.state, part.lease_until = mark.outcome, None
                self.store.bell.ring()


def _shard(document: str) -> int:
    return shard_of_slot(slot_of(document), SHARDS)


def _told(tenant: UUID, document: str, version: int, one: Recorded) -> StoredEvent:
    header = StoredHeader(
        **dict(one.header),
        tenant=tenant,
        document=document,
        version=version,
        type=one.event.type,
        schema_version=one.event.schema_version,
        command=one.command,
    )
    return StoredEvent(
        tenant=tenant,
        document=document,
        version=version,
        type=one.event.type,
        header=header,
        event=one.event,
        body=b"{}",
        erased=False,
        recorded_at=one.recorded_at,
        position=one.position,
    )


@dataclass
class _Lease:
    document: str
    claim: str
    terminal: str
    until: datetime
    hold: bool = False


class Clocks(Part):
    """Stands where `Leases` is."""

    @statement
    def of(self, tenant: UUID, document: str) -> Lease | None:
        """The lease on a document."""
        row = self.store.table("leases").get((tenant, document))
        if row is None:
            return None
        left = (row.until - self.store.now()).total_seconds()
        return Lease(row.document, row.claim, row.terminal, row.until, row.hold, left)

    @statement
    def renew(
        self,
        tenant: UUID,
        document: str,
        claim: str,
        *,
        seconds: float | None = None,
        until: datetime | None = None,
        hold: bool | None = None,
    ) -> float | None:
        """Run on, unless it has run out or another claim holds the document."""
        if (seconds is None) == (until is None):
            raise ValueError("a lease runs for seconds or until a time: give one of the two")
        row, now = self.store.table("leases").get((tenant, document)), self.store.now()
        if row is None or row.claim != claim or row.until <= now:
            return None
        row.until = until or now + timedelta(seconds=seconds or 0)
        row.hold = row.hold if hold is None else hold
        self.store.bell.ring()
        left: float = (row.until - now).total_seconds()
        return left

    @statement
    def at_terminals(self, tenant: UUID, terminals: list[str]) -> list[str]:
        """The documents these terminals hold."""
        leases = self.store.table("leases").items()
        return [doc for (owner, doc), x in leases if owner == tenant and x.terminal in terminals]

    @statement
    def lapsed(self, limit: int) -> list[LapsedLease]:
        """Leases that ran out, the longest first."""
        now = self.store.now()
        over = [(x.until, key, x) for key, x in self.store.table("leases").items()]
        over = sorted((one for one in over if one[0] <= now), key=lambda one: (one[0], one[1][1]))
        return [
            LapsedLease(tenant, x.document, x.claim, x.terminal, x.hold)
            for _, (tenant, _), x in over[:limit]
        ]
