"""Runs CartBridge's own PostgreSQL: one server per data folder, kept alive, off the network."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import subprocess
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
from cartbridge.database.data_folder import (
    ServerInUseError,
    acquire_lock,
    choose_data_dir,
    holds_cluster,
    make_aside,
    make_substitute_root,
    not_writable,
    open_log,
    socket_dir_for,
    sync_folder,
)
from cartbridge.database.orphans import end_child, end_orphan, pid_file_lines

log = structlog.get_logger(__name__)

DATABASE = "cartbridge"
ROLE = "cartbridge"
START_LIMIT_S = 300.0  # a server that recovers from a crash replays its log before it answers
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
        self._lock = acquire_lock(self._beside(".lock"), self.data_dir)
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
        lines = pid_file_lines(self.data_dir)
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
            if self.data_dir != self._wanted_dir:
                make_substitute_root()
        except OSError as error:
            raise not_writable(self._wanted_dir, error) from error

    def _prepare(self) -> None:
        found = find_binaries(self._wanted_binaries)
        self._refuse_other_major(program_version(found))
        self._programs = runnable_by(found, self._account, self._beside(".programs"))
        self._socket_dir = socket_dir_for(self.data_dir, self._account)
        self._password = self._read_or_make_password()

    def _refuse_other_major(self, version: str) -> None:
        if not holds_cluster(self.data_dir):
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
        if holds_cluster(self.data_dir):
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
        if holds_cluster(self.data_dir):
            return
        begun = time.monotonic()
        for locale in ("C.UTF-8", "C"):
            aside = await asyncio.to_thread(make_aside, self.data_dir, self._account)
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
        sync_folder(self.data_dir.parent)
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
                await end_child(child)
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
        await end_orphan(self.data_dir, self._socket_dir)
        settings = {
            **SETTINGS,
            "fsync": "on" if self._fsync else "off",
            "unix_socket_directories": '"' + str(self._socket_dir).replace('"', '""') + '"',
        }
        with open_log(self._beside(".log")) as output:
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
                await end_child(child)
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
