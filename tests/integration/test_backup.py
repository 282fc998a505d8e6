"""A backup is taken under load and comes back whole, or is refused before anything is touched."""

import asyncio
import base64
import json
import re
import shutil
import stat
import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import structlog
from typer.testing import CliRunner

from cartbridge.cli import app
from cartbridge.database.backup import Backup, back_up
from cartbridge.database.connection import Database
from cartbridge.database.copying import BackupRefused, choose_copiers, without_password
from cartbridge.database.documents import Documents
from cartbridge.database.embedded import EmbeddedServer
from cartbridge.database.feed import BadCursor, Feed
from cartbridge.database.migrate import migrate
from cartbridge.database.restore import restore
from cartbridge.database.vault import Vault
from cartbridge.database.verify import Finding, Progress, verify
from cartbridge.database.writer import Writer
from cartbridge.domain.cart.events import DetailsChanged
from cartbridge.domain.customer import Customer
from cartbridge.domain.ids import uuid_of
from tests.conftest import Carts

CUSTOMER = Customer(email="camille@example.fr")
FINE = DetailsChanged(shipping=1)
STRANGER = Vault.of(bytes(range(1, 33)))
KEY = bytes(range(32))

New = Callable[[], Awaitable[str]]

# What a database consists of beside its rows, as far as it decides who may do what.
SHAPE = """
select 'function', p.oid::regprocedure::text, r.rolname, p.prosecdef::text, p.proacl::text,
       md5(pg_get_functiondef(p.oid))
  from pg_proc p join pg_roles r on r.oid = p.proowner
 where p.pronamespace = 'public'::regnamespace
union all
select 'relation', c.relname, r.rolname, c.relkind::text,
       array(select a::text from unnest(c.relacl) a order by 1)::text,
       concat(c.relrowsecurity, c.relforcerowsecurity, c.reloptions)
  from pg_class c join pg_roles r on r.oid = c.relowner
 where c.relnamespace = 'public'::regnamespace
union all
select 'policy', polname, polrelid::regclass::text, polcmd::text, polroles::regrole[]::text,
       concat(pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
  from pg_policy
union all
select 'trigger', tgname, tgrelid::regclass::text, tgenabled::text, '', pg_get_triggerdef(oid)
  from pg_trigger where not tgisinternal
union all
select 'schema', nspname, '', '', array(select a::text from unnest(nspacl) a order by 1)::text, ''
  from pg_namespace where nspname = 'public'
order by 1, 2, 3
"""


def told(_: str) -> None:
    """Nobody looks at the progress."""


@pytest.fixture
async def new(server: Any) -> AsyncIterator[New]:
    """Makes empty databases on the tests' server."""
    made: list[str] = []
    connection = await asyncpg.connect(server("postgres"))

    async def make() -> str:
        made.append(f"cartbridge_restored_{uuid.uuid4().hex[:12]}")
        await connection.execute(f"create database {made[-1]}")
        return str(server(made[-1]))

    yield make
    for name in made:
        await connection.execute(f"drop database {name} with (force)")
    await connection.close()


@asynccontextmanager
async def opened(dsn: str, vault: Vault, kinds: Any) -> AsyncIterator[tuple[Database, Documents]]:
    """A database as a gateway sees it."""
    database = Database(dsn)
    await database.start()
    writer = Writer(database)
    await writer.start()
    try:
        yield database, Documents(database, writer, vault, kinds)
    finally:
        await writer.stop()
        await database.stop()


async def rows(dsn: str, query: str) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def counts(dsn: str) -> dict[str, int]:
    names = "select relname from pg_class where relkind = 'r' and relnamespace = 2200"
    return {
        name: (await rows(dsn, f'select count(*) from "{name}"'))[0][0]  # noqa: S608
        for (name,) in await rows(dsn, names)
    }


async def is_sound(database: Database) -> Progress:
    """The journal is proved; answers how much of it there is."""
    steps = [step async for step in verify(database)]
    assert [step for step in steps if isinstance(step, Finding)] == []
    assert isinstance(steps[-1], Progress)
    return steps[-1]


class Taken:
    """Backups of this test's database, and where they are."""

    def __init__(self, dsn: str, folder: Path, vault: Vault) -> None:
        self.folder, self.keys = folder / "backup", folder / "keys"
        self._dsn, self._vault = dsn, vault

    async def take(self, name: str = "backup") -> Backup:
        """One more."""
        folder = self.folder.with_name(name)
        return await back_up(self._dsn, folder, self.keys, self._vault, told)

    async def bring_back(self, dsn: str, vault: Vault | None = None, keys: bool = True) -> Any:
        """The first of them, into that database."""
        wrapped = self.keys if keys else None
        return await restore(dsn, self.folder, wrapped, vault or self._vault, told)


@pytest.fixture
def taken(dsn: str, tmp_path: Path, vault: Vault) -> Taken:
    return Taken(dsn, tmp_path, vault)


async def test_what_was_stored_before_is_in_it_and_nothing_by_halves(
    carts: Any, taken: Taken, new: New, vault: Vault, kinds: Any, dsn: str
) -> None:
    """The gateway appends all the time: the copy is of one moment, and proves itself."""
    mine = [await carts.start(CUSTOMER) for _ in range(20)]
    stop = asyncio.Event()
    stored: list[str] = []

    async def write() -> None:
        while not stop.is_set():
            stored.append(await carts.start(CUSTOMER))
            await carts.add(stored[-1], FINE, FINE)

    writers = [asyncio.create_task(write()) for _ in range(4)]
    while len(stored) < 20:
        await carts.add(mine[0], FINE)
    before = len(stored)
    done = await taken.take()
    during = len(stored) - before
    stop.set()
    await asyncio.gather(*writers)
    assert during > 10

    copy = await new()
    await taken.bring_back(copy)

    assert await counts(copy) == done.data.tables | done.keys.tables
    assert await rows(copy, SHAPE) == await rows(dsn, SHAPE)
    async with opened(copy, vault, kinds) as (database, documents):
        proved = await is_sound(database)
        assert proved.documents == done.data.tables["stream"] == done.keys.tables["document_key"]
        for cart in mine + stored[:before]:
            loaded = await documents.load(carts.tenant, cart)
            assert loaded is not None
            assert loaded.state.customer == CUSTOMER


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A data folder of another machine, which the server's account can reach."""
    folder = Path(tempfile.mkdtemp(prefix="cartbridge-restored-"))
    folder.chmod(0o711)
    yield folder / "pg"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.timeout(120)
async def test_it_comes_back_on_a_machine_that_never_had_it_and_goes_on_there(
    carts: Any, taken: Taken, vault: Vault, kinds: Any, database: Database, elsewhere: Path
) -> None:
    cart = await carts.start(CUSTOMER)
    done = await taken.take()
    await carts.add(cart, FINE)
    ahead = await Feed(database, carts.documents).now()

    async with EmbeddedServer(elsewhere, fsync=False) as fresh:
        dsn = fresh.dsn()
        assert await rows(dsn, "select rolname from pg_roles where rolname ~ '^cartbridge_'") == []
        await taken.bring_back(dsn)
        assert await counts(dsn) == done.data.tables | done.keys.tables
        assert await migrate(dsn) == []
        async with opened(dsn, vault, kinds) as (there, documents):
            await is_sound(there)
            feed = Feed(there, documents)
            assert await feed.now() == done.data.cursor
            with pytest.raises(BadCursor, match="behind this cursor"):
                await feed.read(carts.tenant, ahead)
            life = Carts(documents, carts.tenant)
            assert (await life.load(cart)).state.customer == CUSTOMER
            assert (await life.add(cart, FINE)).version == 2
            events, _ = await feed.read(carts.tenant, done.data.cursor)
            assert [event.version for event in events] == [2]
            await is_sound(there)


async def test_an_account_that_is_no_administrator_can_do_both(
    server: Any, new: New, vault: Vault, kinds: Any, tmp_path: Path
) -> None:
    """Row level security is forced, so that it binds the owner, too."""
    source, copy = await new(), await new()
    account = f"cartbridge_plain_{uuid.uuid4().hex[:12]}"
    mine, theirs = (re.sub(r"//[^@/]*@", f"//{account}:x@", dsn) for dsn in (source, copy))
    roles = "cartbridge_app, cartbridge_engine, cartbridge_retention"
    connection = await asyncpg.connect(server("postgres"))
    try:
        await migrate(await new())  # the server has the roles
        await connection.execute(f"create role {account} login password 'x'")
        await connection.execute(f"grant {roles} to {account}")
        for dsn in (source, copy):
            name = dsn.partition("?")[0].rpartition("/")[2]
            await connection.execute(f"alter database {name} owner to {account}")
        await migrate(mine)
        async with opened(mine, vault, kinds) as (database, documents):
            carts = Carts(documents, uuid.uuid4())
            cart = await carts.start(CUSTOMER)
            await is_sound(database)
        done = await back_up(mine, tmp_path / "backup", tmp_path / "keys", vault, told)
        await restore(theirs, tmp_path / "backup", tmp_path / "keys", vault, told)

        assert await counts(copy) == done.data.tables | done.keys.tables == await counts(source)
        assert done.data.tables["event"] == done.keys.tables["document_key"] == 1
        assert await rows(copy, SHAPE) == await rows(source, SHAPE)
        async with opened(theirs, vault, kinds) as (database, documents):
            await is_sound(database)
            assert await documents.load(carts.tenant, cart)

        await connection.execute(f"revoke cartbridge_engine, cartbridge_retention from {account}")
        with pytest.raises(BackupRefused, match=r"does not see every row.*grant cartbridge_engine"):
            await back_up(mine, tmp_path / "blind", tmp_path / "keys", vault, told)
    finally:
        for dsn in (source, copy):
            name = dsn.partition("?")[0].rpartition("/")[2]
            await connection.execute(f"alter database {name} owner to current_user")
            await rows(dsn, f"reassign owned by {account} to current_user")
            await rows(dsn, f"drop owned by {account}")
        await connection.execute(f"drop role if exists {account}")
        await connection.close()


async def test_the_newest_keys_open_an_older_backup_but_nobody_who_was_erased_since(
    carts: Any, taken: Taken, new: New, vault: Vault, kinds: Any
) -> None:
    kept, erased, later = [await carts.start(CUSTOMER) for _ in range(3)]
    keys = carts.documents.keys
    subject = uuid.uuid4()
    assert await keys.hand_to_person(carts.tenant, uuid_of(erased), subject)
    await taken.take()
    await keys.destroy_person(carts.tenant, subject)
    await keys.destroy_document(carts.tenant, uuid_of(later))
    await taken.take("newer")
    assert len(list(taken.keys.glob("*.dump"))) == 1

    copy = await new()
    await taken.bring_back(copy)
    async with opened(copy, vault, kinds) as (database, documents):
        await is_sound(database)
        found = [await documents.load(carts.tenant, cart) for cart in (kept, erased, later)]
    assert [one and one.state.customer for one in found] == [CUSTOMER, None, None]


async def test_without_any_keys_carts_come_back_and_nobody_is_in_them(
    carts: Any, taken: Taken, new: New, vault: Vault, kinds: Any
) -> None:
    cart = await carts.start(CUSTOMER)
    await taken.take()
    copy = await new()
    await taken.bring_back(copy, keys=False)
    async with opened(copy, vault, kinds) as (database, documents):
        await is_sound(database)
        loaded = await documents.load(carts.tenant, cart)
    assert loaded is not None
    assert (loaded.state.currency, loaded.state.customer) == ("EUR", None)


def flip(file: Path) -> None:
    """One bit in the middle of a file."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def edit(folder: Path, **changes: Any) -> None:
    """Another story in a manifest."""
    file = folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def damage(taken: Taken, what: str) -> None:
    """One of the things that can be wrong with a backup."""
    (key_file,) = taken.keys.glob("*.dump")
    match what:
        case "data":
            flip(taken.folder / "database.dump")
        case "keys":
            flip(key_file)
        case "gone":
            key_file.unlink()
        case "story":
            edit(taken.folder, owners={"append_commands()": "cartbridge_retention"})
        case "format":
            edit(taken.folder, format=2, cartbridge="9.0.0", tables="in another form")
        case "newer":
            told = json.loads((taken.folder / "manifest.json").read_text())
            new = told["migrations"] | {"0099_pre_more.sql": "00"}
            edit(taken.folder, migrations=new, cartbridge="9.0.0")
        case "unfinished":
            (taken.folder / "manifest.json").unlink()
        case "unreadable":
            (taken.folder / "manifest.json").write_text("{")


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("data", "database.dump is damaged.*another copy"),
        ("keys", r"keys-.*\.dump is damaged.*another copy"),
        ("gone", r"keys-.*\.dump is missing.*another copy"),
        ("story", "manifest.json was changed.*another copy"),
        ("format", "CartBridge 9.0.0, which is newer.*restore it with that version"),
        ("newer", "CartBridge 9.0.0.*0099_pre_more.sql.*restore it with that version"),
        ("unfinished", "holds no manifest.json.*not finished"),
        ("unreadable", "cannot be read.*another copy"),
    ],
)
async def test_a_backup_that_is_not_as_it_was_written_is_refused_before_anything_is_touched(
    carts: Any, taken: Taken, new: New, what: str, said: str
) -> None:
    await carts.start(CUSTOMER)
    await taken.take()
    damage(taken, what)
    copy = await new()
    with pytest.raises(BackupRefused, match=said):
        await taken.bring_back(copy)
    assert await counts(copy) == {}


async def test_another_master_key_is_refused(carts: Any, taken: Taken, new: New) -> None:
    await carts.start(CUSTOMER)
    await taken.take()
    copy = await new()
    with pytest.raises(
        BackupRefused, match=r"master key here is not the one.*CARTBRIDGE_MASTER_KEY"
    ):
        await taken.bring_back(copy, STRANGER)
    assert await counts(copy) == {}


async def test_a_database_that_holds_anything_is_refused(
    carts: Any, taken: Taken, dsn: str
) -> None:
    cart = await carts.start()
    await taken.take()
    with pytest.raises(BackupRefused, match=r"is not empty.*make a new one"):
        await taken.bring_back(dsn)
    assert (await carts.load(cart)).version == 1


async def test_keys_that_are_older_or_of_another_installation_are_refused(
    carts: Any, taken: Taken, new: New, owner: Any
) -> None:
    await carts.start(CUSTOMER)
    await taken.take("older")
    old = {file.name: file.read_bytes() for file in taken.keys.iterdir()}
    await taken.take()
    shutil.rmtree(taken.keys)
    taken.keys.mkdir()
    for name, content in old.items():
        (taken.keys / name).write_bytes(content)
    with pytest.raises(BackupRefused, match="older than the data"):
        await taken.bring_back(await new())

    await owner.execute("update installation set created_at = now()")
    with pytest.raises(BackupRefused, match=r"keys of another installation.*--keys"):
        await taken.take("stranger")
    assert list(taken.folder.with_name("stranger").iterdir()) == []
    assert {file.name for file in taken.keys.iterdir()} == set(old)


async def test_a_folder_that_holds_something_is_left_alone(taken: Taken) -> None:
    taken.folder.mkdir()
    (taken.folder / "mine").touch()
    with pytest.raises(BackupRefused, match="not empty: name a new folder"):
        await taken.take()
    taken.keys.joinpath("mine").touch()
    with pytest.raises(BackupRefused, match="holds mine, too"):
        await taken.take("other")


def programs(folder: Path, version: str) -> Path:
    """Programs that tell that version and can do nothing else."""
    for name in ("pg_dump", "pg_restore"):
        program = folder / name
        program.write_text(
            f'#!/bin/sh\n[ "$1" = --version ] && echo "{name} (PostgreSQL) {version}" && exit\n'
            f'echo "{name}: error: no room" >&2\nexit 1\n'
        )
        program.chmod(0o755)
    return folder


@pytest.mark.parametrize(("server", "fits"), [(14, True), (15, True), (16, False)])
def test_programs_older_than_the_server_are_not_used(
    tmp_path: Path, server: int, fits: bool
) -> None:
    found = programs(tmp_path, "15.9")
    if fits:
        assert choose_copiers(server, found).major == 15
        return
    with pytest.raises(BackupRefused, match=r"15 in .*client programs of PostgreSQL 16.*PG_BIN"):
        choose_copiers(server, found)


async def test_a_backup_that_breaks_off_leaves_nothing_and_the_older_keys(
    carts: Any, taken: Taken, dsn: str, vault: Vault, tmp_path: Path
) -> None:
    await carts.start(CUSTOMER)
    await taken.take()
    before = {file.name: file.read_bytes() for file in taken.keys.iterdir()}
    broken = tmp_path / "programs"
    broken.mkdir()
    folder = tmp_path / "later"
    with pytest.raises(BackupRefused, match="pg_dump gave up: pg_dump: error: no room"):
        await back_up(dsn, folder, taken.keys, vault, told, programs(broken, "99.1"))
    assert list(folder.iterdir()) == []
    assert {file.name: file.read_bytes() for file in taken.keys.iterdir()} == before


@pytest.mark.parametrize(
    ("dsn", "address", "password"),
    [
        (
            "postgresql://u:p%40ss@h:1/d?sslmode=require",
            "postgresql://u@h:1/d?sslmode=require",
            "p@ss",
        ),
        ("postgresql://u:p@a:1,b/d", "postgresql://u@a:1,b/d", "p"),
        ("postgresql://u:p@/d?host=%2Frun", "postgresql://u@/d?host=%2Frun", "p"),
        ("postgres:///d?user=u&password=p", "postgres:///d?user=u", "p"),
        ("postgresql://h/d", "postgresql://h/d", None),
    ],
)
def test_the_password_is_not_among_the_arguments(
    dsn: str, address: str, password: str | None
) -> None:
    assert without_password(dsn) == (address, password)


@pytest.fixture
def logs_as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


class Person:
    """Runs the commands as an operator does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, dsn: str) -> None:
        self._monkeypatch = monkeypatch
        self.folder = folder
        monkeypatch.setenv("DATA_DIR", str(folder / "var"))
        monkeypatch.setenv("CARTBRIDGE_MASTER_KEY", base64.b64encode(KEY).decode())
        self.use(dsn)

    def use(self, dsn: str) -> None:
        """From here on, that database."""
        self._monkeypatch.setenv("DATABASE_URL", dsn)

    async def run(self, *line: str) -> tuple[int, str]:
        """The status and what was said."""
        result = await asyncio.to_thread(CliRunner().invoke, app, list(line))
        return result.exit_code, " ".join(result.output.split())


async def test_an_operator_does_it_by_two_commands(
    carts: Any,
    new: New,
    dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    logs_as_before: None,
) -> None:
    await carts.start(CUSTOMER)
    person = Person(monkeypatch, tmp_path, dsn)
    folder = tmp_path / "backups" / "today"
    status, said = await person.run("backup", str(folder))
    assert (status, "1 documents, 1 events" in said) == (0, True), said
    assert "master key is in neither: it is in CARTBRIDGE_MASTER_KEY" in said
    files = [file for file in folder.parent.rglob("*") if file.is_file()]
    assert len(files) == 4
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert {
        stat.S_IMODE(one.stat().st_mode) for one in (folder, folder.parent / "cartbridge-keys")
    } == {0o700}
    assert not [file for file in files if base64.b64encode(KEY) in file.read_bytes()]

    person.use(await new())
    monkeypatch.delenv("CARTBRIDGE_MASTER_KEY")
    status, said = await person.run("restore", str(folder))
    assert (status, "there is no master key here" in said) == (1, True), said
    assert not (tmp_path / "var" / "master.key").exists()
    monkeypatch.setenv("CARTBRIDGE_MASTER_KEY", base64.b64encode(KEY).decode())
    status, said = await person.run("restore", str(folder), "--keys", str(tmp_path / "nowhere"))
    assert (status, "--without-keys" in said) == (2, True), said
    status, said = await person.run("restore", str(folder))
    assert (status, "All is well: 1 documents, 1 events" in said) == (0, True), said
    status, said = await person.run("restore", str(folder))
    assert (status, "is not empty" in said) == (1, True), said
