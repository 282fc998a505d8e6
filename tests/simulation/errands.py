"""The stand-in for the outbox and the circuits before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Final
from uuid import UUID

from cartbridge.database.changes import Outgoing
from cartbridge.database.circuits import FIRST_PAUSE, LONGEST_PAUSE, THRESHOLD
from cartbridge.database.journal import bare
from cartbridge.database.outbox import ATTEMPTS, PER_CONNECTION, OutboxMessage, Outcome
from cartbridge.database.pointers import slot_of_key
from cartbridge.domain.ids import make_id, shard_of_slot, slot_of, uuid_of
from tests.simulation.store import SHARDS, Part, Store, statement

_ORDER: Final = count()
INSIDE: Final = UUID(int=0)


@dataclass
class Row:
    """A message that waits, is in a worker's hands, or was given up."""

    tenant: UUID
    id: UUID
    document: UUID | None
    lane: str
    kind: str
    connection: UUID | None
    payload: bytes
    created_at: datetime
    run_at: datetime
    order: int
    shard: int
    attempts: int = 0
    fence: int = 0
    lease_until: datetime | None = None
    dead: str | None = None

    def held(self, now: datetime) -> bool:
        """Whether a worker has it."""
        return self.lease_until is not None and self.lease_until > now


def put_errand(store: Store, tenant: UUID, shard: int, out: Outgoing) -> None:
    """A message is written with the change it follows from."""
    row = out.row
    now = store.now()
    store.table("outbox")[row.id] = Row(
        tenant,
        row.id,
        row.document,
        row.lane,
        row.kind,
        row.connection,
        row.payload,
        now,
        row.run_at or now,
        next(_ORDER),
        shard,
    )


def lanes(store: Store) -> dict[tuple[UUID, UUID, str], list[Row]]:
    """What waits, lane by lane, oldest first."""
    found: dict[tuple[UUID, UUID, str], list[Row]] = {}
    rows: list[Row] = [row for row in store.table("outbox").values() if row.dead is None]
    for row in sorted(rows, key=lambda row: row.order):
        found.setdefault((row.tenant, row.connection or INSIDE, row.lane), []).append(row)
    return found


def next_errand(store: Store) -> datetime | None:
    """When the next message may be taken."""
    now = store.now()
    moments = []
    for (tenant, endpoint, _), rows in lanes(store).items():
        held = [row.lease_until for row in rows if row.held(now)]
        at = max((x for x in held if x is not None), default=rows[0].run_at)
        circuit = store.table("circuits").get((tenant, endpoint))
        if circuit is not None and circuit.open_until is not None:
            at = max(at, circuit.open_until)
        moments.append(at)
    return min(moments, default=None)


class Errands(Part):
    """Stands where `Outbox` is."""

    @statement
    def enqueue(
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
        """Add a message that follows from no event, or change one that nobody has taken."""
        now = self.store.now()
        run_at = now + delay
        same = [
            row
            for row in self.store.table("outbox").values()
            if (row.tenant, row.connection, row.lane, row.kind) == (tenant, connection, lane, kind)
            and row.dead is None
            and row.lease_until is None
        ]
        self.store.bell.ring()
        if coalesce and same:
            newest: Row = max(same, key=lambda row: row.order)
            newest.payload, newest.run_at = payload, min(newest.run_at, run_at)
            return newest.id
        slot = slot_of(document) if document else slot_of_key(lane.encode())
        identifier = uuid_of(make_id("out", now, slot, self.store.dice.randbytes(8)))
        out = Outgoing(identifier, bare(document or identifier), lane, kind, payload, connection)
        put_errand(self.store, tenant, shard_of_slot(slot, SHARDS), out)
        row = self.store.table("outbox")[identifier]
        row.run_at = run_at
        row.document = bare(document) if document else None
        return identifier

    @statement
    def take(self, limit: int, lease_seconds: float = 60.0) -> list[OutboxMessage]:
        """Of each lane the oldest, if nobody holds one of it."""
        now = self.store.now()
        ready = [rows for rows in lanes(self.store).values() if self._may_go(rows, now)]
        taken: list[OutboxMessage] = []
        for row in sorted((rows[0] for rows in ready), key=lambda row: (row.run_at, row.order)):
            if len(taken) >= limit or not self._room(row, now):
                continue
            if row.attempts >= ATTEMPTS:
                row.dead, row.lease_until = f"taken {row.attempts} times without an outcome", None
                continue
            row.attempts, row.fence = row.attempts + 1, row.fence + 1
            row.lease_until = now + timedelta(seconds=lease_seconds)
            circuit = self.store.table("circuits").get((row.tenant, row.connection or INSIDE))
            if circuit is not None and circuit.failures >= THRESHOLD:
                circuit.open_until = row.lease_until
            taken.append(_message(row))
        return taken

    def _may_go(self, rows: list[Row], now: datetime) -> bool:
        return rows[0].run_at <= now and not any(row.held(now) for row in rows)

    def _room(self, row: Row, now: datetime) -> bool:
        circuit = self.store.table("circuits").get((row.tenant, row.connection or INSIDE))
        if circuit is not None and circuit.shut(now):
            return False
        if row.connection is None:
            return True
        rows: list[Row] = list(self.store.table("outbox").values())
        busy = sum(x.connection == row.connection and x.dead is None and x.held(now) for x in rows)
        return busy < PER_CONNECTION

    @statement
    def hold(self, messages: Sequence[OutboxMessage], lease_seconds: float = 60.0) -> list[bool]:
        """Hold messages longer; False where another worker has one by now."""
        until = self.store.now() + timedelta(seconds=lease_seconds)
        rows = [self._fenced(message) for message in messages]
        for row in rows:
            if row is not None:
                row.lease_until = until
        return [row is not None for row in rows]

    @statement
    def finish(self, outcomes: Sequence[Outcome]) -> list[bool]:
        """Note what became of messages, and how their endpoints behaved."""
        self._count(outcomes)
        return [self._finish(outcome) for outcome in outcomes]

    def _finish(self, outcome: Outcome) -> bool:
        row = self._fenced(outcome.message)
        if row is None:
            return False
        row.lease_until = None
        if outcome.became == "done":
            del self.store.table("outbox")[row.id]
        elif outcome.became == "dead":
            row.dead = outcome.reason
        else:
            row.run_at = self.store.now() + outcome.delay
        return True

    def _count(self, outcomes: Sequence[Outcome]) -> None:
        """Who answered well is trusted again, and then its failures are counted."""
        told = [one for one in outcomes if one.message.connection and one.conduct != "unknown"]
        circuits = self.store.table("circuits")
        for conduct in ("well", "failed"):
            endpoints = [
                (one.message.tenant, one.message.connection)
                for one in told
                if one.conduct == conduct
            ]
            for endpoint in dict.fromkeys(endpoints):
                circuit = circuits.setdefault(endpoint, Circuit())
                circuit.count(0 if conduct == "well" else endpoints.count(endpoint), self.store)

    def _fenced(self, message: OutboxMessage) -> Row | None:
        row: Row | None = self.store.table("outbox").get(message.id)
        self.store.bell.ring()
        known = row is not None and row.fence == message.fence and row.dead is None
        return row if known and row is not None and row.lease_until is not None else None


def _message(row: Row) -> OutboxMessage:
    return OutboxMessage(
        tenant=row.tenant,
        id=row.id,
        document=row.document,
        lane=row.lane,
        kind=row.kind,
        connection=row.connection,
        payload=row.payload,
        created_at=row.created_at,
        attempts=row.attempts,
        fence=row.fence,
        shard=row.shard,
    )


@dataclass
class Circuit:
    """Whether calls go out to a connection, by how it behaved."""

    failures: int = 0
    open_until: datetime | None = None

    def shut(self, now: datetime) -> bool:
        """Whether nothing goes out."""
        return self.open_until is not None and self.open_until > now

    def count(self, failures: int, store: Store) -> None:
        """So many more failures in a row, or none any more."""
        self.failures = self.failures + failures if failures else 0
        beyond, self.open_until = self.failures - THRESHOLD, None
        if beyond >= 0:
            self.open_until = store.now() + min(FIRST_PAUSE * 2 ** min(beyond, 20), LONGEST_PAUSE)
