"""Per connection: whether calls go out, or wait because the other side fails or is paused."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from cartbridge.database.connection import Database
from cartbridge.database.pointers import shard_of_key
from cartbridge.database.queries import queries
from cartbridge.database.texts import as_reason

THRESHOLD: Final = 10  # failures in a row that open a circuit
FIRST_PAUSE: Final = timedelta(seconds=30)
LONGEST_PAUSE: Final = timedelta(minutes=15)
CircuitState = Literal["closed", "open", "half_open", "paused"]


@dataclass(frozen=True, slots=True)
class Circuit:
    """How it stands with a connection: after how many failures in a row, and until when."""

    state: CircuitState
    failures: int = 0
    open_until: datetime | None = None
    reason: str | None = None


class Circuits:
    """The circuits of all connections, shared by all workers.

    Ten failures in a row open a circuit for 30 seconds, each further one for twice as long, up to
    15 minutes. Then it is half open: the outbox hands out one message, whose outcome closes it or
    opens it again.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("outbox")

    async def failed(self, tenant: UUID, connection: UUID, reason: str) -> Circuit:
        """Count a failure of the other side; may open the circuit."""
        await self._run(
            "circuit_failed",
            tenant,
            connection,
            as_reason(reason),
            THRESHOLD,
            FIRST_PAUSE,
            LONGEST_PAUSE,
        )
        return await self.read(tenant, connection)

    async def succeeded(self, tenant: UUID, connection: UUID) -> None:
        """The other side answered well: the circuit is closed and its failures are forgotten."""
        await self._run("circuit_succeeded", tenant, connection)

    async def pause(self, tenant: UUID, connection: UUID, reason: str) -> None:
        """Send nothing to the connection until an operator resumes it."""
        await self._run("circuit_pause", tenant, connection, as_reason(reason))

    async def resume(self, tenant: UUID, connection: UUID) -> None:
        """Send again, at once and without counting earlier failures."""
        await self._run("circuit_resume", tenant, connection)

    async def read(self, tenant: UUID, connection: UUID) -> Circuit:
        """How it stands with the connection now."""
        row = await self._run("circuit_read", tenant, connection)
        if row is None:
            return Circuit("closed")
        state: CircuitState = "closed"
        if row["paused"]:
            state = "paused"
        elif row["open"]:
            state = "open"
        elif row["failures"] >= THRESHOLD:
            state = "half_open"
        return Circuit(state, row["failures"], row["open_until"], row["reason"])

    async def _run(self, query: str, tenant: UUID, connection: UUID, *arguments: Any) -> Any:
        shard = shard_of_key(connection.bytes, self._database.shards)
        async with self._database.tenant(tenant) as db:
            return await db.fetchrow(self._sql[query], shard, tenant, connection, *arguments)
