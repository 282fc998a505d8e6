"""Brings a database to what this version needs: numbered SQL files, each applied once."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import asyncpg
import structlog

from cartbridge.database.connection import Unavailable, is_unavailable
from cartbridge.database.dialing import dial, each_host
from cartbridge.database.queries import queries

Phase = Literal["pre", "post", "all"]
FOLDER: Final = Path(__file__).parent / "migrations"
DEFAULT_SHARDS: Final = 16
_FORM: Final = re.compile(r"^\d{4}_(pre|post)_[a-z0-9_]+\.sql$")
_LOCK: Final = 0x43617274  # one migration at a time in a database

log = structlog.get_logger(__name__)


class MigrationRefused(Exception):
    """The database was not touched; the text says what to mend before trying again."""


@dataclass(frozen=True)
class Migration:
    """One SQL file: `pre` runs before the new code is deployed, `post` after it."""

    name: str
    phase: str
    sha256: str
    text: str


def find_migrations(folder: Path = FOLDER) -> list[Migration]:
    """The migrations that belong to this version of the code, in the order they run in."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        form = _FORM.match(path.name)
        if form is None:
            raise MigrationRefused(f"{path.name}: name it NNNN_pre_… or NNNN_post_….sql")
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        found.append(Migration(path.name, form[1], digest, content.decode("utf-8")))
    return found


async def migrate(
    dsn: str, phase: Phase = "all", *, shards: int = DEFAULT_SHARDS, folder: Path = FOLDER
) -> list[str]:
    """Apply what is missing and answer the names; `shards` counts only for a new database."""
    wanted = find_migrations(folder)
    connection = await _connect(dsn)
    try:
        # Held by the session: a process that dies gives it back.
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        await connection.execute(queries("migrate")["create_record"])
        await connection.execute("select set_config('cartbridge.shards', $1, false)", str(shards))
        todo = _pending(wanted, await _applied(connection), phase)
        for migration in todo:
            await _apply(connection, migration)
        return [migration.name for migration in todo]
    except asyncpg.LockNotAvailableError as error:
        raise Unavailable("another migration is running on this database: wait for it") from error
    finally:
        await connection.close(timeout=2)


async def pending(dsn: str, phase: Phase = "all", *, folder: Path = FOLDER) -> list[str]:
    """The names of the migrations that this version wants and the database does not have."""
    wanted = find_migrations(folder)
    connection = await _connect(dsn)
    try:
        known = await connection.fetchval("select to_regclass('migration') is not null")
        applied = await _applied(connection) if known else {}
        return [migration.name for migration in _pending(wanted, applied, phase)]
    finally:
        await connection.close(timeout=2)


async def _connect(dsn: str) -> Any:
    try:
        return await dial(
            each_host(dsn),
            timeout=5,
            server_settings={"lock_timeout": "30s", "application_name": "cartbridge migrate"},
        )
    except Exception as error:
        if is_unavailable(error):
            raise Unavailable("the database cannot be reached: is it running?") from error
        raise


async def _applied(connection: Any) -> dict[str, str]:
    rows = await connection.fetch("select name, sha256 from migration")
    return {row["name"]: row["sha256"] for row in rows}


def _pending(wanted: list[Migration], applied: dict[str, str], phase: Phase) -> list[Migration]:
    for migration in wanted:
        if applied.get(migration.name, migration.sha256) != migration.sha256:
            raise MigrationRefused(
                f"{migration.name} was changed after it was applied to this database: put the "
                "file back as it was released and write the change as a new migration"
            )
    return [
        migration
        for migration in wanted
        if migration.name not in applied and phase in ("all", migration.phase)
    ]


async def _apply(connection: Any, migration: Migration) -> None:
    statements = queries("migrate")
    async with connection.transaction():
        # A function can be given only to a role that may create in its schema.
        await connection.execute(statements["lend_schema"])
        await connection.execute(migration.text)
        await connection.execute(statements["take_schema_back"])
        await connection.execute(
            "insert into migration (name, sha256) values ($1, $2)", migration.name, migration.sha256
        )
    log.info("database.migrated", migration=migration.name)
