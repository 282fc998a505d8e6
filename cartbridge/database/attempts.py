"""Wrong entries, counted in the database so that two gateways behave as one."""

import math
from datetime import timedelta
from typing import Final
from uuid import UUID

from cartbridge.database.connection import Database
from cartbridge.database.pointers import shard_of_key
from cartbridge.database.queries import queries

LIMIT: Final = 20
WINDOW: Final = timedelta(seconds=60)
LOCK: Final = timedelta(seconds=300)


class Attempts:
    """Who enters wrong codes too often waits. The subject is a hash made by the caller."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("directory")

    async def count_failure(
        self,
        tenant: UUID,
        subject: bytes,
        limit: int = LIMIT,
        window: timedelta = WINDOW,
        lock: timedelta = LOCK,
    ) -> int:
        """Count a wrong entry; answers for how many seconds the subject is locked, else 0."""
        shard = shard_of_key(subject, self._database.shards)
        async with self._database.tenant(tenant) as db:
            left = await db.fetchval(
                self._sql["count_failure"], shard, tenant, subject, limit, window, lock
            )
        return max(0, math.ceil(left or 0))

    async def locked(self, tenant: UUID, subject: bytes) -> int:
        """For how many seconds the subject is still locked, 0 if it is not."""
        shard = shard_of_key(subject, self._database.shards)
        async with self._database.tenant(tenant) as db:
            left = await db.fetchval(self._sql["locked"], shard, tenant, subject)
        return max(0, math.ceil(left or 0))
