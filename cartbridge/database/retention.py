"""Removes whole ended documents unless a legal hold keeps them, and forgets old command ids."""

from datetime import datetime
from uuid import UUID

import asyncpg

from cartbridge.database.connection import Database
from cartbridge.database.queries import queries
from cartbridge.domain.ids import shard_of_slot, slot_of, uuid_of


class RetentionRefused(Exception):
    """The document stays; the text says why and what would have to happen first."""


class Retention:
    """Removes ended documents for good; a tombstone tells `verify` what is missing and why."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def retire(self, tenant: UUID, document: str) -> int:
        """Remove a whole ended document and answer how many events that were.

        RetentionRefused while it is alive or under a legal hold, and if there is no such one.
        """
        async with self._database.connection() as connection:
            try:
                removed = await connection.fetchval(
                    "select retire_stream($1, $2, $3)",
                    self._shard(document),
                    tenant,
                    uuid_of(document),
                )
            except (asyncpg.ObjectInUseError, asyncpg.NoDataFoundError) as error:
                hint = f": {error.hint}" if error.hint else ""
                raise RetentionRefused(f"{error.args[0]}{hint}") from error
        return int(removed)

    async def hold(self, tenant: UUID, document: str, reason: str) -> None:
        """Keep a document whatever the retention rules say, and why; a new reason replaces."""
        async with self._database.tenant(tenant) as connection:
            await connection.execute(
                queries("retention")["place_hold"],
                self._shard(document),
                tenant,
                uuid_of(document),
                reason,
            )

    async def lift_hold(self, tenant: UUID, document: str) -> bool:
        """Let the retention rules apply to a document again; False if it was not held."""
        async with self._database.tenant(tenant) as connection:
            done = await connection.execute(
                "delete from legal_hold where shard = $1 and tenant = $2 and document = $3",
                self._shard(document),
                tenant,
                uuid_of(document),
            )
        return bool(done == "DELETE 1")

    async def forget_commands(self, before: datetime, limit: int = 5000) -> int:
        """Forget command ids stored before that time, never younger ones than seven days."""
        async with self._database.connection() as connection:
            forgotten = await connection.fetchval("select forget_commands($1, $2)", before, limit)
        return int(forgotten)

    def _shard(self, document: str) -> int:
        return shard_of_slot(slot_of(document), self._database.shards)
