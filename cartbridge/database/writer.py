"""The one writer of a process: commands in, outcomes out, nothing stored twice."""

from typing import Any, Final

from cartbridge.database.connection import Database
from cartbridge.database.group_commit import Bounds, GroupCommit
from cartbridge.database.journal import Append, Outcome, append

BOUNDS: Final = Bounds(
    batch_items=128,
    batch_bytes=1_000_000,
    queue_items=2048,
    queue_bytes=64_000_000,
    resend_seconds=4.0,
    patience_seconds=6.0,
)


class Writer:
    """Stores commands in the journal; at most one command per document rides in a batch."""

    def __init__(self, database: Database, bounds: Bounds = BOUNDS) -> None:
        self._database = database
        self._commits: GroupCommit[Append, Outcome] = GroupCommit(
            database,
            "writer",
            self._append,
            bounds,
            size=lambda command: command.size,
            touches=lambda command: command.touches,
        )

    async def start(self) -> None:
        """Begin to write; the connection is opened with the first batch."""
        await self._commits.start()

    async def stop(self) -> None:
        """Stop; commands still waiting are told that the database is unavailable."""
        await self._commits.stop()

    async def submit(self, command: Append) -> Outcome:
        """Store a command and answer its outcome once that is durable.

        Unavailable means that it may or may not be stored: submit the same command id again.
        """
        return await self._commits.submit(command)

    async def _append(self, connection: Any, commands: list[Append]) -> list[Outcome]:
        outcomes = await append(connection, commands)
        self._database.news.tell()
        if any(command.outbox for command in commands):
            self._database.errands.tell()
        return outcomes
