"""The clocks of claims: how long a terminal still holds a cart, by the database's time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cartbridge.database.connection import Database
from cartbridge.database.gathering import Gathering, rows
from cartbridge.database.queries import queries
from cartbridge.domain.ids import named, shard_of_slot, slot_of, uuid_of


@dataclass(frozen=True)
class Lease:
    """The clock of a claim that runs, or has run out (`seconds_left` is then negative)."""

    document: str
    claim: str
    terminal: str
    until: datetime
    hold: bool
    seconds_left: float


@dataclass(frozen=True)
class LapsedLease:
    """A lease that ran out and that nobody has dealt with yet."""

    tenant: UUID
    document: str
    claim: str
    terminal: str
    hold: bool


class Leases:
    """Leases of carts. They are set and dropped by a change; here they are read and renewed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._of: Gathering[tuple[int, UUID, UUID], Any] = Gathering(
            rows(database, queries("leases")["of"])
        )

    async def of(self, tenant: UUID, document: str) -> Lease | None:
        """The lease on a document, None if no terminal holds it."""
        row = await self._of.ask((self._shard(document), tenant, uuid_of(document)))
        return None if row["document"] is None else _lease(row)

    async def renew(
        self,
        tenant: UUID,
        document: str,
        claim: str,
        *,
        seconds: float | None = None,
        until: datetime | None = None,
        hold: bool | None = None,
    ) -> float | None:
        """Run for so many seconds from now, or until a time; answers the seconds left.

        None: the lease has run out, or another claim holds the document; it stays as it is.
        """
        if (seconds is None) == (until is None):
            raise ValueError("a lease runs for seconds or until a time: give one of the two")
        async with self._database.tenant(tenant) as connection:
            left = await connection.fetchval(
                queries("leases")["renew"],
                self._shard(document),
                tenant,
                uuid_of(document),
                uuid_of(claim),
                seconds,
                until,
                hold,
            )
        return None if left is None else float(left)

    async def at_terminals(self, tenant: UUID, terminals: Sequence[str]) -> list[str]:
        """The documents these terminals hold, or of which they have not told the outcome."""
        async with self._database.tenant(tenant) as connection:
            rows = await connection.fetch(
                queries("leases")["at_terminals"],
                list(range(self._database.shards)),
                tenant,
                list(terminals),
            )
        return [named("crt", row["document"]) for row in rows]

    async def lapsed(self, limit: int) -> list[LapsedLease]:
        """Leases of any tenant that ran out, the longest first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch("select * from lapsed_leases($1)", limit)
        return [
            LapsedLease(
                row["tenant"],
                named("crt", row["document"]),
                named("clm", row["claim"]),
                row["terminal"],
                row["hold"],
            )
            for row in rows
        ]

    def _shard(self, document: str) -> int:
        return shard_of_slot(slot_of(document), self._database.shards)


def _lease(row: Any) -> Lease:
    return Lease(
        document=named("crt", row["document"]),  # nothing but a cart is ever claimed
        claim=named("clm", row["claim"]),
        terminal=row["terminal"],
        until=row["until"],
        hold=row["hold"],
        seconds_left=float(row["seconds_left"]),
    )
