"""Duties: what the gateway does by itself at its times, each in one process at a time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from cartbridge.database.connection import Database
from cartbridge.database.pointers import shard_of_key
from cartbridge.database.queries import queries
from cartbridge.database.texts import as_reason

DutyKind = Literal["reconcile", "close", "refresh", "watch", "forget_browsing", "gather"]
INSTALLATION: Final = UUID(int=0)  # the tenant of what concerns all of them


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty in a process's hands; `fence` proves that it still is."""

    tenant: UUID
    kind: DutyKind
    subject: str
    fence: int
    failures: int = 0  # in a row, before this time


class Duties:
    """Hands each duty to one process at a time; a lease that ends gives it to another one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("duties")

    async def take(
        self,
        tenant: UUID,
        kind: DutyKind,
        subject: str,
        lease: timedelta,
        *,
        upto: datetime | None = None,
    ) -> Duty | None:
        """The duty, if nobody has it and it is due by `upto` (None: by the database's clock)."""
        async with self._database.tenant(tenant) as db:
            row = await db.fetchrow(
                self._sql["take"], self._shard(tenant), tenant, kind, subject, lease, upto
            )
        return None if row is None else Duty(tenant, kind, subject, row["fence"], row["failures"])

    async def take_reconciliations(self, limit: int, lease: timedelta) -> list[Duty]:
        """Active connections of any tenant, by their ids, that are due to be reconciled."""
        async with self._database.connection() as db:
            rows = await db.fetch(self._sql["take_reconciliations"], limit, lease)
        return [
            Duty(row["tenant"], "reconcile", row["subject"], row["fence"], row["failures"])
            for row in rows
        ]

    async def heartbeat(self, duty: Duty, lease: timedelta) -> bool:
        """Hold the duty longer; False if another process has it by now."""
        return await self._fenced("heartbeat", duty, lease)

    async def done(
        self, duty: Duty, *, again_in: timedelta | None = None, again_at: datetime | None = None
    ) -> bool:
        """It was done, and is due again then; False if another process has it by now."""
        return await self._fenced("settle", duty, again_at, again_in or timedelta(0), None)

    async def failed(self, duty: Duty, again_in: timedelta, reason: str) -> bool:
        """It could not be done, and is tried again; False if another process has it by now."""
        return await self._fenced("settle", duty, None, again_in, as_reason(reason))

    async def _fenced(self, query: str, duty: Duty, *arguments: Any) -> bool:
        place = (self._shard(duty.tenant), duty.tenant, duty.kind, duty.subject, duty.fence)
        async with self._database.tenant(duty.tenant) as db:
            return bool(await db.fetchval(self._sql[query], *place, *arguments))

    def _shard(self, tenant: UUID) -> int:
        return shard_of_key(tenant.bytes, self._database.shards)
