"""A database is brought up to date once, in order, by whoever comes first, and never half."""

import asyncio
import itertools
import re
import shutil
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cartbridge.database.connection import Database, Misconfigured, Unavailable
from cartbridge.database.dialing import dial, each_host
from cartbridge.database.migrate import (
    FOLDER,
    MigrationRefused,
    find_migrations,
    migrate,
    pending,
)

Server = Any
NAMES = [migration.name for migration in find_migrations()]


@pytest.fixture
async def empty(server: Server) -> AsyncIterator[list[str]]:
    """The DSNs of three databases with nothing in them."""
    names = [f"cartbridge_empty_{uuid.uuid4().hex[:12]}" for _ in range(3)]
    for name in names:
        await run(server("postgres"), f"create database {name}")
    yield [server(name) for name in names]
    for name in names:
        await run(server("postgres"), f"drop database {name} with (force)")


async def run(dsn: str, *statements: str) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            rows = await connection.fetch(statement)
        return rows
    finally:
        await connection.close()


async def test_each_file_is_applied_once_in_order(empty: list[str]) -> None:
    dsn = empty[0]
    assert await pending(dsn) == NAMES
    assert await migrate(dsn) == NAMES
    assert await pending(dsn) == []
    assert await migrate(dsn) == []
    applied = await run(dsn, "select name from migration order by at")
    assert [row["name"] for row in applied] == NAMES == sorted(NAMES)


async def test_several_processes_and_several_databases_may_migrate_at_once(
    empty: list[str],
) -> None:
    done = await asyncio.gather(*(migrate(dsn) for dsn in empty for _ in range(3)))
    assert sorted(itertools.chain(*done)) == sorted(NAMES * 3)


async def test_what_comes_after_the_deployment_waits_for_it(
    empty: list[str], tmp_path: Path
) -> None:
    roles = shutil.copy(FOLDER / "0001_pre_roles.sql", tmp_path)
    (tmp_path / "0002_pre_new.sql").write_text("create table new (id int)")
    (tmp_path / "0003_post_old.sql").write_text("create table cleaned (id int)")
    before = [Path(roles).name, "0002_pre_new.sql"]
    assert await migrate(empty[0], "pre", folder=tmp_path) == before
    assert await pending(empty[0], folder=tmp_path) == ["0003_post_old.sql"]
    assert await migrate(empty[0], "post", folder=tmp_path) == ["0003_post_old.sql"]


async def test_a_failing_file_leaves_nothing_of_itself_behind(
    empty: list[str], tmp_path: Path
) -> None:
    shutil.copy(FOLDER / "0001_pre_roles.sql", tmp_path)
    (tmp_path / "0002_pre_new.sql").write_text("create table half (id int); select 1 / 0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty[0], folder=tmp_path)
    assert await run(empty[0], "select to_regclass('half')") == [(None,)]
    assert await pending(empty[0], folder=tmp_path) == ["0002_pre_new.sql"]


async def test_a_file_changed_after_its_release_is_refused(
    empty: list[str], tmp_path: Path
) -> None:
    for path in FOLDER.glob("*.sql"):
        shutil.copy(path, tmp_path)
    await migrate(empty[0], folder=tmp_path)
    changed = tmp_path / NAMES[1]
    changed.write_text(changed.read_text() + "\n-- a small improvement")
    (tmp_path / "0099_pre_more.sql").write_text("create table more (id int)")
    with pytest.raises(MigrationRefused, match=re.escape(NAMES[1])):
        await migrate(empty[0], folder=tmp_path)
    assert await run(empty[0], "select to_regclass('more')") == [(None,)]


def test_a_file_of_another_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "create_table.sql").write_text("")
    with pytest.raises(MigrationRefused, match="create_table"):
        find_migrations(tmp_path)


async def test_the_number_of_shards_is_fixed_when_the_database_is_made(empty: list[str]) -> None:
    await migrate(empty[0], shards=4)
    await migrate(empty[0], shards=64)
    database = Database(empty[0])
    await database.start()
    assert database.shards == 4
    async with database.connection() as connection:
        assert await connection.fetchval("select count(*) from shard_counter") == 4
    await database.stop()


async def test_an_account_without_the_roles_is_told_what_its_administrator_must_do(
    server: Server, empty: list[str]
) -> None:
    account, dsn = f"cartbridge_person_{uuid.uuid4().hex[:12]}", empty[0]
    name = dsn.partition("?")[0].rpartition("/")[2]
    await migrate(empty[1])  # the server has the roles, and this account may not use them
    await run(
        server("postgres"),
        f"create role {account} login password 'x'",
        f"alter database {name} owner to {account}",
    )
    theirs = re.sub(r"//[^@/]*@", f"//{account}:x@", dsn)
    try:
        with pytest.raises(asyncpg.RaiseError) as refused:
            await migrate(theirs)
        grant = f"grant cartbridge_app, cartbridge_engine, cartbridge_retention to {account}"
        assert grant in (refused.value.hint or "")
        await run(server("postgres"), grant)
        assert await migrate(theirs) == NAMES
        database = Database(theirs)
        await database.start()
        await database.stop()
    finally:
        await run(dsn, f"reassign owned by {account} to current_user", f"drop owned by {account}")
        await run(server("postgres"), f"alter database {name} owner to current_user")
        await run(server("postgres"), f"drop role {account}")


async def test_a_database_that_would_lose_acknowledged_data_is_refused(
    dsn: str, owner: Any
) -> None:
    name = await owner.fetchval("select current_database()")
    await owner.execute(f"alter database {name} set synchronous_commit = off")
    with pytest.raises(Misconfigured, match="synchronous_commit"):
        await Database(dsn).start()


async def test_a_database_that_was_not_migrated_says_so(empty: list[str]) -> None:
    with pytest.raises(Misconfigured, match="cartbridge migrate"):
        await Database(empty[0]).start()


async def test_a_silent_host_does_not_hold_up_the_one_that_answers(
    dsn: str, tmp_path: Path
) -> None:
    never = asyncio.Event()

    async def say_nothing(_reader: Any, stream: asyncio.StreamWriter) -> None:
        await never.wait()
        stream.close()

    silent = await asyncio.start_unix_server(say_nothing, str(tmp_path / ".s.PGSQL.5432"))
    dead = f"postgresql://x:x@/x?host={tmp_path}&port=5432"
    gone = f"postgresql://x:x@/x?host={tmp_path}&port=5433"
    async with asyncio.timeout(3):
        connection = await dial([dead, gone, dsn], timeout=5)
        assert await connection.fetchval("select 1") == 1
        await connection.close()
        with pytest.raises(OSError, match=r"5433|such file"):
            await dial([gone, gone])
    never.set()
    silent.close()


def test_a_dsn_of_several_hosts_names_each_of_them() -> None:
    assert each_host("postgresql://u:p@a:1,b/db?target_session_attrs=read-write") == [
        "postgresql://u:p@a:1/db?target_session_attrs=read-write",
        "postgresql://u:p@b/db?target_session_attrs=read-write",
    ]
    assert each_host("postgresql://u@/db?host=/run/a,/run/b&port=1,2") == [
        "postgresql://u@/db?host=%2Frun%2Fa&port=1",
        "postgresql://u@/db?host=%2Frun%2Fb&port=2",
    ]
    for single in ("postgresql://u@a/db", "postgresql:///db?host=/run/a&port=1", "postgres://a"):
        assert each_host(single) == [single]


async def test_no_server_is_told_as_that(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        await migrate(f"postgresql://x:x@/x?host={tmp_path}&port=5432")
