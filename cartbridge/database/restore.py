"""Brings a backup back into an empty database, or refuses before anything was touched."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from cartbridge.database.backup import sized
from cartbridge.database.backup_manifest import (
    KEY_TABLES,
    DataManifest,
    KeysManifest,
    prove,
    read_manifest,
    refuse_damaged,
    refuse_newer,
)
from cartbridge.database.copying import BackupRefused, Copiers, CopyFailed, choose_copiers, load
from cartbridge.database.migrate import find_migrations
from cartbridge.database.moment import count_rows, session
from cartbridge.database.queries import queries
from cartbridge.database.vault import Vault

Told = Callable[[str], None]
_OLDEST: Final = 15
_HALF: Final = "What is there now is half a database: make it anew, empty, and try again"


async def restore(
    dsn: str,
    folder: Path,
    keys: Path | None,
    vault: Vault,
    told: Told,
    programs: Path | None = None,
) -> DataManifest:
    """Restore the data, and the keys unless there are none, into an empty database.

    Everything that can be wrong is looked at first. BackupRefused says what, and what to do.
    """
    data, data_file = await _checked_data(folder, vault, told)
    key_file = None if keys is None else await _checked_keys(keys, data, vault, told)
    copiers = await _checked_database(dsn, data, programs)
    try:
        await _lay_out(copiers, dsn, data, data_file, told)
        if key_file is not None:
            told("restoring the keys")
            await load(copiers, dsn, key_file, "--section=data")
        told(f"restoring {sized(data.file.size)} of data")
        # With the record of migrations, all in one transaction: before, no gateway starts here.
        await load(copiers, dsn, data_file, "--section=data", "--section=post-data")
    except CopyFailed as error:
        raise BackupRefused(f"{error}. {_HALF}") from error
    told("counting the rows")
    await _counted(dsn, data)
    return data


async def _checked_data(folder: Path, vault: Vault, told: Told) -> tuple[DataManifest, Path]:
    data = read_manifest(folder, DataManifest)
    refuse_newer(folder, data, find_migrations())
    prove(folder, data, vault)
    return data, await refuse_damaged(folder, data.file, told)


async def _checked_keys(keys: Path, data: DataManifest, vault: Vault, told: Told) -> Path:
    wrapped = read_manifest(keys, KeysManifest)
    prove(keys, wrapped, vault)
    if wrapped.installation != data.installation:
        raise BackupRefused(f"{keys} holds the keys of another installation: name the right folder")
    if wrapped.made_at < data.made_at:
        raise BackupRefused(
            f"the keys in {keys} are of {wrapped.made_at:%Y-%m-%d %H:%M} UTC, older than the data: "
            "what began in between could not be read. Name the folder of the newest keys"
        )
    return await refuse_damaged(keys, wrapped.file, told)


async def _checked_database(dsn: str, data: DataManifest, programs: Path | None) -> Copiers:
    async with _session(dsn) as connection:
        there = await connection.fetchrow(queries("backup")["inhabitants"])
    if there["found"]:
        raise BackupRefused(
            f"the database {there['name']} is not empty. Nothing was touched: make a new one "
            "(`createdb`, and DATABASE_URL naming it), or, for the embedded one, set DATA_DIR to a "
            "new folder"
        )
    oldest = max(_OLDEST, data.server, data.programs)
    if there["server"] < oldest:
        raise BackupRefused(
            f"the server is PostgreSQL {there['server']}, and this backup needs {oldest}: restore "
            "it into a server of that version or a newer one"
        )
    if there["encoding"] != "UTF8":
        raise BackupRefused(
            f"the database {there['name']} is not in UTF8: make it anew with encoding UTF8"
        )
    return await asyncio.to_thread(choose_copiers, there["server"], programs, back=True)


async def _lay_out(
    copiers: Copiers, dsn: str, data: DataManifest, data_file: Path, told: Told
) -> None:
    """The roles, then tables and functions without any rows, each function under its owner."""
    told("making tables and functions")
    statements = queries("migrate")
    async with _session(dsn) as connection:
        await connection.execute(find_migrations()[0].text)
        await connection.execute(queries("backup")["see_transactions"])
        await connection.execute(statements["lend_schema"])
        await load(copiers, dsn, data_file, "--section=pre-data")
        async with connection.transaction():
            for function, owner in data.owners.items():
                change = await connection.fetchval(queries("backup")["hand_over"], function, owner)
                if change is None:
                    raise BackupRefused(f"the backup lacks the function {function}. {_HALF}")
                await connection.execute(change)
            await connection.execute(statements["take_schema_back"])


async def _counted(dsn: str, data: DataManifest) -> None:
    async with _session(dsn) as connection:
        await connection.execute("analyze")
        counts, _ = await count_rows(connection)
    found = {name: count for name, count in counts.items() if name not in KEY_TABLES}
    wrong = sorted(
        name for name in data.tables.keys() | found if data.tables.get(name) != found.get(name)
    )
    if wrong:
        raise BackupRefused(f"other rows than were backed up are in {', '.join(wrong)}. {_HALF}")


@asynccontextmanager
async def _session(dsn: str) -> AsyncIterator[Any]:
    connection = await session(dsn)
    try:
        yield connection
    finally:
        await connection.close(timeout=2)
