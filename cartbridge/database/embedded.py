"""Runs CartBridge's own PostgreSQL: one server per data folder, kept alive, off the network."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import glob
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

import asyncpg
import structlog
import tenacity

from cartbridge.database.binaries import (
    Account,
    DatabaseSetupError,
    choose_account,
    find_binaries,
    process_arguments,
    program_version,
    runnable_by,
)

log = structlog.get_logger(__name__)

DATABASE = "cartbridge"
ROLE = "cartbridge"
SUBSTITUTE_ROOT = Path("/var/lib/cartbridge")
START_LIMIT_S = 300.0  # a server that recovers from a crash replays its log before it answers
LOG_LIMIT_BYTES = 10_000_000
SOCKET_PATH_LIMIT = 100  # the kernel's own limit is 108 bytes on Linux and 104 on macOS
SOCKET_NAME = ".s.PGSQL.5432"
STOP_SIGNALS = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))
NOT_READY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "synchronous_commit": "on",
    "idle_in_transaction_session_timeout": "5s",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A failed statement and its details quote the shopper's data: they stay out of the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class ServerInUseError(DatabaseSetupError):
    """Another process of CartBridge runs the server of this data folder."""


def choose_data_dir(wanted: Path, account: Account | None) -> Path:
    """Return `wanted`, or its substitute in /var/lib/cartbridge when `account` cannot reach it.

    Existing data decides first, so that a start never turns to a new empty database.
    """
    wanted = wanted.resolve()
    _check_owner(wanted, account)
    if account is None:
        return wanted
    substitute = SUBSTITUTE_ROOT / hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16]
    if _holds_cluster(wanted):
        if account.can_enter(wanted):
            return wanted
        raise DatabaseSetupError(
            f"The account {account.name} cannot reach the database in {wanted}: move that folder "
            f"and the files beside it, or set CARTBRIDGE_RUN_AS to an account that reaches it."
        )
    if _holds_cluster(substitute) or not account.can_enter(wanted.parent):
        return substitute
    return wanted


async def attach_or_start(
    data_dir: Path,
    *,
    run_as: str | None = None,
    binaries: Path | None = None,
    fsync: bool = True,
    wait_s: float = 20.0,
) -> EmbeddedServer:
    """Start the server, or use the one that another process runs; then `stop()` leaves it alone.

    Waits at most `wait_s` seconds for the other process's server to answer.
    """
    server = EmbeddedServer(data_dir, run_as=run_as, binaries=binaries, fsync=fsync)
    deadline = time.monotonic() + wait_s
    while True:
        try:
            await server.start()
            return server
        except ServerInUseError:
            if await server._attach():
                return server
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(0.1)


class EmbeddedServer:
    """A PostgreSQL server in `data_dir`, restarted whenever it dies, until it is stopped.

    As root it runs as `run_as`, else `postgres`, else `nobody`. `binaries` names the folder of
    PostgreSQL's programs. `fsync=False` is for tests alone: a power cut may then lose data.
    `on_restart` is called after each restart, once the server answers again.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        run_as: str | None = None,
        binaries: Path | None = None,
        fsync: bool = True,
        on_restart: Callable[[], None] | None = None,
    ) -> None:
        self.data_dir = data_dir.resolve()
        self._wanted_dir = self.data_dir
        self._run_as = run_as
        self._wanted_binaries = binaries
        self._fsync = fsync
        self._on_restart = on_restart
        self._account: Account | None = None
        self._programs = Path()
        self._socket_dir = Path()
        self._password: str | None = None
        self._lock: IO[str] | None = None
        self._child: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._attached = False

    def dsn(self, database: str = DATABASE) -> str:
        """Return the address of `database` for asyncpg; it holds the password, so never log it."""
        if self._password is None:
            raise DatabaseSetupError("The embedded server has no address before it is started.")
        place = quote(str(self._socket_dir), safe="")
        return f"postgresql://{ROLE}:{self._password}@/{quote(database)}?host={place}&port=5432"

    @property
    def pid(self) -> int | None:
        """The process id of the server that this object runs, None when it runs none."""
        running = self._child is not None and self._child.returncode is None
        return self._child.pid if self._child is not None and running else None

    async def start(self) -> None:
        """Start the server and return once it answers; does nothing when it already does.

        Raises ServerInUseError when another process runs it, DatabaseSetupError with what to do.
        """
        if self._watcher is not None or self._attached:
            return
        begun = time.monotonic()
        await asyncio.to_thread(self._locate)
        self._lock = _acquire(self._beside(".lock"), self.data_dir)
        if self.data_dir != self._wanted_dir:
            moved = {"wanted": str(self._wanted_dir), "used": str(self.data_dir)}
            reason = f"the account {self._account and self._account.name} cannot reach it"
            log.warning("database.data_dir_moved", **moved, reason=reason)
        try:
            await asyncio.to_thread(self._prepare)
            await self._initialise()
            async with asyncio.timeout(START_LIMIT_S):
                await self._launch_persistently(tenacity.stop_after_attempt(8))
            await self._create_database()
        except BaseException as error:
            await self._halt()
            if isinstance(error, TimeoutError):
                raise DatabaseSetupError(self._look_at_log("did not answer in time")) from error
            raise
        self._watcher = asyncio.create_task(self._watch())
        self._announce("database.ready", begun)

    async def _attach(self) -> bool:
        lines = _pid_file_lines(self.data_dir)
        if len(lines) < 8 or lines[7].strip() != "ready":  # the socket's line may still be empty
            return False
        self._password = self._beside(".password").read_text().strip()
        self._socket_dir = Path(lines[4])
        self._attached = await _answers(self.dsn())
        if self._attached:
            log.info("database.attached", data_dir=str(self.data_dir))
        return self._attached

    async def stop(self) -> None:
        """Stop the server and wait until it has ended; an attached server is left running."""
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.cancel()
            await asyncio.wait([watcher])
        await self._halt()

    async def __aenter__(self) -> Self:
        """Start the server."""
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the server."""
        await self.stop()

    def _beside(self, suffix: str) -> Path:
        return self.data_dir.with_name(self.data_dir.name + suffix)

    def _look_at_log(self, what: str) -> str:
        return f"PostgreSQL {what}; its own log says why: {self._beside('.log')}"

    def _announce(self, event: str, begun: float) -> None:
        seconds = round(time.monotonic() - begun, 2)
        log.info(event, data_dir=str(self.data_dir), pid=self.pid, seconds=seconds)

    def _locate(self) -> None:
        self._account = choose_account(self._run_as)
        try:
            self._wanted_dir.parent.mkdir(parents=True, exist_ok=True)
            self.data_dir = choose_data_dir(self._wanted_dir, self._account)
            if self.data_dir != self._wanted_dir and not SUBSTITUTE_ROOT.exists():
                SUBSTITUTE_ROOT.mkdir(parents=True)
                SUBSTITUTE_ROOT.chmod(0o711)  # ours: the account must pass, whatever root's umask
        except OSError as error:
            raise _not_writable(self._wanted_dir, error) from error

    def _prepare(self) -> None:
        found = find_binaries(self._wanted_binaries)
        self._refuse_other_major(program_version(found))
        self._programs = runnable_by(found, self._account, self._beside(".programs"))
        self._socket_dir = _socket_dir(self.data_dir, self._account)
        self._password = self._read_or_make_password()

    def _refuse_other_major(self, version: str) -> None:
        if not _holds_cluster(self.data_dir):
            return
        data = (self.data_dir / "PG_VERSION").read_text().strip()
        if version.split(".")[0] != data:
            raise DatabaseSetupError(
                f"The data in {self.data_dir} was made by PostgreSQL {data}, but the programs "
                f"found are PostgreSQL {version}. Nothing was touched. Install PostgreSQL {data} "
                f"and set CARTBRIDGE_PG_BIN to the folder of its programs, or dump the data with "
                f"PostgreSQL {data} (pg_dump), start with a new data folder, and restore it there."
            )

    def _read_or_make_password(self) -> str:
        kept = self._beside(".password")
        if kept.exists():
            return kept.read_text().strip()
        if _holds_cluster(self.data_dir):
            raise DatabaseSetupError(
                f"The password file {kept} of the database is missing: restore it from the backup "
                "that holds the data folder."
            )
        password = secrets.token_urlsafe(32)
        unfinished = self._beside(".password.new")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(password)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(kept)
        return password

    async def _initialise(self) -> None:
        """Make the cluster aside and move it into place whole: half a cluster is never used."""
        if _holds_cluster(self.data_dir):
            return
        begun = time.monotonic()
        for locale in ("C.UTF-8", "C"):
            aside = await asyncio.to_thread(_make_aside, self.data_dir, self._account)
            code, complaint = await self._initdb(aside, locale)
            if code == 0 or "locale" not in complaint:
                break
        if code != 0:
            raise DatabaseSetupError(f"PostgreSQL could not make its data folder: {complaint}")
        try:
            aside.rename(self.data_dir)
        except OSError as error:
            raise DatabaseSetupError(
                f"{self.data_dir} is not empty, or is a mount point: give the database an empty "
                "folder of its own inside the mounted one."
            ) from error
        _sync_folder(self.data_dir.parent)
        self._announce("database.initialised", begun)

    async def _initdb(self, aside: Path, locale: str) -> tuple[int, str]:
        options = ["-U", ROLE, "-A", "scram-sha-256", "-E", "UTF8", "--locale", locale, "-k"]
        if not self._fsync:
            options.append("--no-sync")
        with _pipe_holding(f"{self._password}\n", self._account) as password:
            child = await asyncio.create_subprocess_exec(
                self._programs / "initdb",
                *("-D", str(aside), "--pwfile", "/dev/stdin", *options),
                stdin=password,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                **process_arguments(self._account),
            )
            try:
                _, complaint = await child.communicate()
            finally:
                await _end_child(child)
        return await child.wait(), complaint.decode(errors="replace").strip()

    async def _launch_persistently(self, stop: tenacity.stop.stop_base) -> None:
        # After a kill -9 the old server's last processes hold its memory for a moment.
        retrying = tenacity.AsyncRetrying(
            stop=stop,
            wait=tenacity.wait_exponential(multiplier=0.1, max=5),
            before_sleep=self._log_failed_launch,
            reraise=True,
        )
        await retrying(self._launch)

    def _log_failed_launch(self, state: tenacity.RetryCallState) -> None:
        failure = state.outcome.exception() if state.outcome else None
        log.warning("database.start_failed", attempt=state.attempt_number, error=str(failure))

    async def _launch(self) -> None:
        await _end_orphan(self.data_dir, self._socket_dir)
        settings = {
            **SETTINGS,
            "fsync": "on" if self._fsync else "off",
            "unix_socket_directories": '"' + str(self._socket_dir).replace('"', '""') + '"',
        }
        with _open_log(self._beside(".log")) as output:
            self._child = await asyncio.create_subprocess_exec(
                self._programs / "postgres",
                *("-D", str(self.data_dir)),
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C in a terminal is for us; we then stop the server
                **process_arguments(self._account),
            )
        while not await _answers(self.dsn("postgres")):
            if self._child.returncode is not None:
                raise DatabaseSetupError(self._look_at_log("ended while it started"))
            await asyncio.sleep(0.02)

    async def _create_database(self) -> None:
        connection = await asyncpg.connect(self.dsn("postgres"), timeout=10)
        try:
            if not await connection.fetchval(
                "select exists (select from pg_database where datname = $1)", DATABASE
            ):
                await connection.execute(f'create database "{DATABASE}"')
        finally:
            await connection.close()

    async def _watch(self) -> None:
        while self._child is not None:
            code = await self._child.wait()
            begun = time.monotonic()
            log.error("database.died", data_dir=str(self.data_dir), exit_code=code)
            await self._launch_persistently(tenacity.stop_never)
            self._announce("database.restarted", begun)
            if self._on_restart is not None:
                try:
                    self._on_restart()
                except Exception:
                    log.exception("database.on_restart_failed")

    async def _halt(self) -> None:
        child, self._child = self._child, None
        try:
            if child is not None:
                await _end_child(child)
        finally:
            if self._lock is not None:
                if self._socket_dir not in (self.data_dir, Path()):
                    with contextlib.suppress(OSError):
                        self._socket_dir.rmdir()
                self._lock.close()
                self._lock = None


async def _answers(dsn: str) -> bool:
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except asyncpg.InvalidPasswordError as error:
        raise DatabaseSetupError(
            "The database refuses the password in the file beside its data folder: restore both "
            "from the same backup."
        ) from error
    except NOT_READY:
        return False
    await connection.close()
    return True


async def _end_child(child: asyncio.subprocess.Process) -> None:
    for number, patience in STOP_SIGNALS:
        if child.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(child.wait(), patience)


async def _end_orphan(data_dir: Path, socket_dir: Path) -> None:
    """End the server that a killed CartBridge left here, and clear what would block a start."""
    lines = _pid_file_lines(data_dir)
    pid = int(lines[0]) if lines and lines[0].isdigit() else 0
    for number, patience in STOP_SIGNALS:
        if not _serves(pid, data_dir):
            break
        log.warning("database.orphan_found", pid=pid, signal=number.name)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + patience
        while _serves(pid, data_dir) and time.monotonic() < deadline:  # noqa: ASYNC110 - not ours
            await asyncio.sleep(0.02)
    if _serves(pid, data_dir):
        raise DatabaseSetupError(f"An older PostgreSQL, process {pid}, does not end: end it.")
    # PostgreSQL takes a zombie, or a stranger under the same number, for a server that lives.
    (data_dir / "postmaster.pid").unlink(missing_ok=True)
    (socket_dir / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)


def _serves(pid: int, data_dir: Path) -> bool:
    """Say whether `pid` is a living PostgreSQL of this data folder; a zombie has no command."""
    if pid <= 0:
        return False
    if not Path("/proc/self").exists():
        shown = subprocess.run(  # noqa: S603 - fixed program, the number is one argument
            ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)],
            check=False,
            capture_output=True,
            timeout=10,
        )
        return b"-D " + os.fsencode(data_dir) in shown.stdout
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    if Path(os.fsdecode(words[0])).name not in ("postgres", "postmaster"):
        return False
    if os.fsencode(data_dir) in words:
        return True
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cwd").readlink() == data_dir
    return False


def _pid_file_lines(data_dir: Path) -> list[str]:
    """Lines of postmaster.pid: id, data folder, start time, port, socket folder, ..., status."""
    try:
        return (data_dir / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _acquire(path: Path, data_dir: Path) -> IO[str]:
    """Take the lock of the data folder; the kernel gives it back when this process ends."""
    try:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+")
    except OSError as error:
        raise _not_writable(data_dir, error) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = file.read().strip() or "unknown"
        file.close()
        raise ServerInUseError(
            f"Process {holder} of CartBridge runs the database in {data_dir}: use that one, or "
            "stop it first."
        ) from error
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def _not_writable(data_dir: Path, error: OSError) -> DatabaseSetupError:
    return DatabaseSetupError(
        f"{data_dir} cannot hold the database ({error.strerror}): set DATA_DIR to a folder that "
        "this account may write."
    )


def _check_owner(data_dir: Path, account: Account | None) -> None:
    expected = os.geteuid() if account is None else account.uid
    try:
        mine = not _holds_cluster(data_dir) or data_dir.stat().st_uid == expected
    except PermissionError:
        mine = False
    if not mine:
        raise DatabaseSetupError(
            f"The database in {data_dir} belongs to another account than number {expected}, which "
            "PostgreSQL would run as: run CartBridge as the account that made it, or as root with "
            "CARTBRIDGE_RUN_AS set to that account."
        )


def _holds_cluster(data_dir: Path) -> bool:
    return (data_dir / "PG_VERSION").is_file()


def _make_aside(data_dir: Path, account: Account | None) -> Path:
    prefix = f"{data_dir.name}.new-"
    for leftover in data_dir.parent.glob(f"{glob.escape(prefix)}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    # A new name each time: the initdb of a killed start may still write under the old one.
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=data_dir.parent))
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    return folder


def _socket_dir(data_dir: Path, account: Account | None) -> Path:
    """The data folder, or a short private folder when an address cannot hold the socket's path."""
    fits = len(os.fsencode(data_dir / SOCKET_NAME)) <= SOCKET_PATH_LIMIT
    if fits and "," not in str(data_dir):  # in an address a comma separates two hosts
        return data_dir
    owner = os.geteuid() if account is None else account.uid
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"cartbridge-{digest}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if account is not None:
            os.chown(folder, account.uid, account.gid)
    found = folder.lstat()
    if not folder.is_dir() or folder.is_symlink() or found.st_uid != owner or found.st_mode & 0o077:
        raise DatabaseSetupError(
            f"{folder}, for the database's socket, belongs to somebody else or is open to others: "
            "remove it, or use a data folder with a shorter path."
        )
    return folder


def _open_log(path: Path) -> IO[bytes]:
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
    if os.fstat(file.fileno()).st_size > LOG_LIMIT_BYTES:
        file.truncate(0)
    return file


@contextlib.contextmanager
def _pipe_holding(secret: str, account: Account | None) -> Iterator[int]:
    """A pipe that holds `secret` for `account` alone, so that it touches no file of theirs."""
    reader, writer = os.pipe()
    try:
        if account is not None:
            os.fchown(reader, account.uid, account.gid)
        os.write(writer, secret.encode())
    finally:
        os.close(writer)
    try:
        yield reader
    finally:
        os.close(reader)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
