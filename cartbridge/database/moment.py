"""The database as it was at one moment, seen alike by whatever looks at it meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from cartbridge.database.copying import BackupRefused
from cartbridge.database.dialing import dial, each_host
from cartbridge.database.queries import queries

_BEAT_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Moment:
    """The database as it was at one moment, which several programs see alike."""

    row: Any
    counts: dict[str, int]
    migrations: dict[str, str]
    owners: dict[str, str]
    filtered: bool


@asynccontextmanager
async def frozen(dsn: str) -> AsyncIterator[tuple[Any, Moment]]:
    """The moment, and the connection that holds it as long as this is open."""
    connection = await session(dsn)
    try:
        await connection.execute("begin isolation level repeatable read read only")
        yield connection, await _moment(connection)
    finally:
        await connection.close(timeout=2)


async def session(dsn: str) -> Any:
    """A connection as the database's owner that may take its time."""
    settings = {
        "application_name": "cartbridge backup",
        "idle_in_transaction_session_timeout": "0",
        "statement_timeout": "0",
        "lock_timeout": "60s",
    }
    return await dial(each_host(dsn), timeout=10, server_settings=settings)


async def _moment(connection: Any) -> Moment:
    if await connection.fetchval("select to_regclass('installation')") is None:
        raise BackupRefused("there is nothing to back up yet: run `cartbridge migrate` first")
    statements = queries("backup")
    row = await connection.fetchrow(statements["snapshot"])
    counts, filtered = await count_rows(connection)
    migrations = await connection.fetch("select name, sha256 from migration order by name")
    owners = await connection.fetch(statements["owners"])
    return Moment(
        row,
        counts,
        {row["name"]: row["sha256"] for row in migrations},
        {row["function"]: row["owner"] for row in owners},
        filtered,
    )


async def count_rows(connection: Any) -> tuple[dict[str, int], bool]:
    """How many rows each table has, and whether they are seen only by a policy.

    BackupRefused if some of them would not be seen by this account.
    """
    tables = await connection.fetch(queries("backup")["tables"])
    hidden = [table["name"] for table in tables if table["hidden"]]
    if hidden:
        account = await connection.fetchval("select current_user")
        raise BackupRefused(
            f"the account {account} does not see every row of {', '.join(hidden)}: as an "
            f'administrator run: grant cartbridge_engine to "{account}" with inherit true'
        )
    counts = {
        table["name"]: await connection.fetchval(
            f'select count(*) from "{table["name"]}"'  # noqa: S608 - a name of the catalogue
        )
        for table in tables
    }
    return counts, any(table["filtered"] for table in tables)


async def beating(connection: Any, *work: Coroutine[Any, Any, None]) -> None:
    """Do the work while the connection holds the moment, never idle: that would raise an alarm."""
    tasks = [asyncio.create_task(one) for one in work]
    left = set(tasks)
    try:
        while left:
            await connection.execute("select 1")
            done, left = await asyncio.wait(left, timeout=_BEAT_SECONDS)
            for task in done:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
