"""What waits and what was given up, as operators look at it: gauges, lags, letters."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from cartbridge.database.connection import Database
from cartbridge.database.history import DocumentKind
from cartbridge.database.queries import queries
from cartbridge.domain.ids import named, uuid_of

OUTGOING_PREFIX: Final = "out"
MOST_COUNTED: Final = 10_000  # beyond that many it does not matter how many more there are


@dataclass(frozen=True, slots=True)
class Gauges:
    """How much waits in the queues of all retailers, and for how long; seconds where it says so."""

    inbox_new: int
    inbox_new_seconds: float
    parts_waiting: int
    parts_overdue_seconds: float
    messages_quarantined: int
    parts_quarantined: int
    outbox_waiting: int
    outbox_overdue_seconds: float
    dead_letters: int
    circuits_open: int
    circuits_paused: int


@dataclass(frozen=True, slots=True)
class SortLag:
    """How far the sorter is behind with what one connection sent."""

    connection: UUID
    waiting: int
    oldest: datetime | None
    seconds: float | None
    taken_at: datetime | None  # when a sorter last took something of it
    held: bool  # by a sorter at work


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that is to go out or was given up, without what it carries."""

    id: str  # out_…
    document: str | None  # crt_…
    kind: str
    connection: UUID | None
    created_at: datetime
    attempts: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that is still to go out, when it is tried next, and whether it is just now."""

    letter: Letter
    next_try: datetime
    under_way: bool


@dataclass(frozen=True, slots=True)
class OpenedLetter:
    """A dead letter with what it carries; what is personal in that is sealed."""

    letter: Letter
    payload: bytes = field(repr=False)


class Queues:
    """The operator's look at inbox and outbox; it changes nothing."""

    def __init__(
        self, database: Database, kind_named: Callable[[str], DocumentKind[Any] | None]
    ) -> None:
        self._database = database
        self._kind_named = kind_named
        self._sql = queries("queues")

    async def gauges(self) -> Gauges:
        """What waits, of all retailers; nothing is counted beyond 10,000."""
        async with self._database.connection() as db:
            row = await db.fetchrow(self._sql["gauges"], MOST_COUNTED)
        return Gauges(**row)

    async def sort_lag(self, tenant: UUID) -> list[SortLag]:
        """How far the sorter is behind, by connection, the furthest first."""
        async with self._database.tenant(tenant) as db:
            rows = await db.fetch(self._sql["sort_lag"], tenant, MOST_COUNTED)
        return [SortLag(**row) for row in rows]

    async def waiting(
        self,
        tenant: UUID,
        *,
        connection: UUID | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> list[Waiting]:
        """What is still to go out, oldest first, beginning after one of them."""
        async with self._database.tenant(tenant) as db:
            rows = await db.fetch(self._sql["waiting"], tenant, connection, _bare(after), limit)
        return [Waiting(self._letter(row), row["run_at"], row["under_way"]) for row in rows]

    async def dead_letters(
        self,
        tenant: UUID,
        *,
        connection: UUID | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> list[Letter]:
        """What was given up, oldest first, beginning after one of them."""
        async with self._database.tenant(tenant) as db:
            rows = await db.fetch(
                self._sql["dead_letters"], tenant, connection, _bare(after), limit, since, until
            )
        return self._letters(rows)

    async def dead_letter(self, tenant: UUID, letter: str) -> OpenedLetter | None:
        """One that was given up, with what it carries; None if this retailer has no such one."""
        async with self._database.tenant(tenant) as db:
            row = await db.fetchrow(self._sql["dead_letter"], tenant, uuid_of(letter))
        return None if row is None else OpenedLetter(self._letter(row), row["payload"])

    async def waits(self, tenant: UUID, letter: str) -> bool:
        """Whether a message is still to go out."""
        shards = list(range(self._database.shards))
        async with self._database.tenant(tenant) as db:
            found: bool = await db.fetchval(self._sql["waits"], shards, tenant, uuid_of(letter))
        return found

    def _letters(self, rows: Sequence[Any]) -> list[Letter]:
        return [self._letter(row) for row in rows]

    def _letter(self, row: Any) -> Letter:
        kind = self._kind_named(row["document_kind"] or "")
        return Letter(
            named(OUTGOING_PREFIX, row["id"]),
            None if kind is None else named(kind.prefix, row["document"]),
            row["kind"],
            row["connection"],
            row["created_at"],
            row["attempts"],
            row["reason"],
        )


def _bare(letter: str | None) -> UUID | None:
    return None if letter is None else uuid_of(letter)
