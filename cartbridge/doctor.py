"""The doctor: looks at an installation, and says of each part that it is well or how to mend it."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import entry_points
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg
import httpx
from pydantic import ValidationError

from cartbridge.administration.complaints import CommandRefused, complaint_about, faults_of
from cartbridge.administration.session import quiet_settings
from cartbridge.database.binaries import choose_account, find_binaries, program_version
from cartbridge.database.data_folder import choose_data_dir
from cartbridge.database.embedded import attach_or_start
from cartbridge.database.migrate import pending
from cartbridge.database.vault import parse_master_keys
from cartbridge.listening import local_host, port_is_free
from cartbridge.services.connectors import GROUP
from cartbridge.settings import Settings

OLDEST: Final = 150000  # PostgreSQL 15
CLOCK_SECONDS: Final = 2.0  # more than that, and codes lapse before or after their time
_CONNECT_SECONDS: Final = 5


@dataclass(frozen=True)
class Finding:
    """One part of the installation: what was seen, and how to mend it if it is not well."""

    part: str
    seen: str
    mend: str | None = None

    @property
    def well(self) -> bool:
        """Whether nothing is to be done."""
        return self.mend is None


async def examine() -> AsyncIterator[Finding]:
    """Look at everything, one part after the other; nothing is changed."""
    try:
        settings = quiet_settings()
    except (CommandRefused, ValidationError, ValueError, OSError) as error:
        yield _settings_wrong(error)
        return
    yield Finding("settings", "can be read")
    yield _data_folder(settings.data_dir)
    yield _master_key(settings)
    async for finding in _database(settings):
        yield finding
    yield await asyncio.to_thread(_port, settings)
    yield _public_url(settings)
    for finding in _connectors():
        yield finding


def _settings_wrong(error: Exception) -> Finding:
    if isinstance(error, ValidationError):
        return Finding("settings", "; ".join(faults_of(error)), "correct what is named")
    told = complaint_about(error)
    text = told.text if told else type(error).__name__
    return Finding("settings", text, "correct the file, or unset CARTBRIDGE_CONFIG")


def _data_folder(folder: Path) -> Finding:
    place = folder.resolve()
    nearest = next(path for path in (place, *place.parents) if path.exists())
    try:
        tempfile.TemporaryFile(dir=nearest).close()
    except OSError:
        return Finding(
            "data folder",
            f"{place} cannot be written by this account",
            "set DATA_DIR to a folder that this account may write",
        )
    told = place / "demo.json"
    if told.exists() and told.stat().st_mode & 0o077:
        return Finding(
            "data folder", f"{told} holds keys and others can read it", f"chmod 600 {told}"
        )
    return Finding("data folder", f"{place} {'is there' if place.exists() else 'can be made'}")


def _master_key(settings: Settings) -> Finding:
    part = "master key"
    if settings.master_key is not None:
        try:
            epochs = parse_master_keys(settings.master_key.get_secret_value())
        except Exception as error:
            return _wrong(part, error, "make one with: openssl rand -base64 32")
        return Finding(part, f"CARTBRIDGE_MASTER_KEY holds {len(epochs)}")
    path = settings.data_dir / "master.key"
    if not path.exists():
        if settings.database_url is not None:
            return Finding(
                part,
                "there is none yet, and each gateway would make its own",
                "set CARTBRIDGE_MASTER_KEY to the same for all: openssl rand -base64 32",
            )
        return Finding(part, f"{path} is made at the first start: keep a copy of it elsewhere")
    if path.stat().st_mode & 0o077:
        return Finding(part, f"{path} can be read by others", f"chmod 600 {path}")
    try:
        parse_master_keys(path.read_text(encoding="ascii"))
    except Exception as error:
        return _wrong(part, error, f"put the copy of {path} back that you kept elsewhere")
    return Finding(part, f"{path}: without a copy elsewhere, its loss loses every secret")


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    if settings.database_url is not None:
        async for finding in _server(settings.database_url.get_secret_value()):
            yield finding
        return
    try:
        account = await asyncio.to_thread(choose_account, settings.run_as)
        programs = await asyncio.to_thread(find_binaries, settings.pg_bin)
        version = await asyncio.to_thread(program_version, programs)
        folder = settings.data_dir / "pg"
        if settings.data_dir.exists():
            folder = await asyncio.to_thread(choose_data_dir, folder, account)
    except Exception as error:
        yield _wrong("PostgreSQL", error, "do what it says, or set DATABASE_URL")
        return
    runs_as = "this account" if account is None else f"account {account.name}"
    yield Finding("PostgreSQL", f"embedded {version} in {programs}, run as {runs_as}")
    if not (folder / "PG_VERSION").is_file():
        yield Finding("database", f"{folder} is made at the first start")
        return
    try:
        server = await attach_or_start(
            settings.data_dir / "pg", run_as=settings.run_as, binaries=settings.pg_bin
        )
    except Exception as error:
        yield _wrong("database", error, "do what it says, then try again")
        return
    try:
        async for finding in _server(server.dsn()):
            yield finding
    finally:
        await server.stop()


async def _server(dsn: str) -> AsyncIterator[Finding]:
    try:
        connection = await asyncpg.connect(dsn, timeout=_CONNECT_SECONDS)
    except Exception as error:
        yield _wrong("database", error, "see that the server runs and DATABASE_URL names it")
        return
    try:
        yield await _version(connection)
        yield await _clock(connection)
        if (activity := await _activity(connection)) is not None:
            yield activity
    finally:
        await connection.close(timeout=2)
    yield await _migrations(dsn)


async def _version(connection: Any) -> Finding:
    number = int(await connection.fetchval("show server_version_num"))
    shown = await connection.fetchval("show server_version")
    if number < OLDEST:
        return Finding("database", f"PostgreSQL {shown} is too old", "upgrade it to 15 or newer")
    if await connection.fetchval("show synchronous_commit") == "off":
        return Finding(
            "database",
            "synchronous_commit is off: what is acknowledged could be lost",
            "turn synchronous_commit on in the server's configuration",
        )
    return Finding("database", f"answers, PostgreSQL {shown}")


async def _clock(connection: Any) -> Finding:
    before = datetime.now(UTC)
    theirs = await connection.fetchval("select clock_timestamp()")
    after = datetime.now(UTC)
    apart = abs((theirs - (before + (after - before) / 2)).total_seconds())
    seen = f"{apart:.1f} s from the database's"
    if apart > CLOCK_SECONDS:
        return Finding("clock", seen, "let both machines keep time by NTP (timedatectl status)")
    return Finding("clock", seen)


async def _activity(connection: Any) -> Finding | None:
    """Whether idle transactions of other accounts can be seen; None before the first migration."""
    seen = await connection.fetchval(
        "select pg_has_role(oid, 'pg_read_all_stats', 'usage')"
        " from pg_roles where rolname = 'cartbridge_engine'"
    )
    if seen is None:
        return None
    if seen:
        return Finding("transactions", "idle ones of every account would be seen")
    return Finding(
        "transactions",
        "idle ones of other accounts cannot be seen, and they slow every append",
        "as an administrator run: grant pg_read_all_stats to cartbridge_engine",
    )


async def _migrations(dsn: str) -> Finding:
    part = "migrations"
    try:
        missing = await pending(dsn)
    except Exception as error:
        return _wrong(part, error, "put the released files back")
    if missing:
        return Finding(part, f"{len(missing)} are pending", "run: cartbridge migrate")
    return Finding(part, "all are applied")


def _port(settings: Settings) -> Finding:
    place = f"{settings.host}:{settings.port}"
    if port_is_free(settings.host, settings.port):
        return Finding("port", f"{place} is free")
    here = f"http://{local_host(settings.host)}:{settings.port}/healthz"
    try:
        answer = httpx.get(here, timeout=2, trust_env=False)
        if answer.is_success and "version" in answer.json():
            return Finding("port", f"CartBridge {answer.json()['version']} answers on {place}")
    except (httpx.HTTPError, ValueError):
        pass
    return Finding(
        "port", f"{place} is taken by another program", "set PORT to another one: PORT=8081"
    )


def _public_url(settings: Settings) -> Finding:
    part, address = "public URL", settings.address
    parts = urlsplit(address)
    if parts.scheme == "https" and parts.hostname:
        return Finding(part, address)
    if parts.scheme == "http" and _is_loopback(parts.hostname or ""):
        return Finding(part, f"{address}, seen by this machine alone")
    return Finding(
        part,
        f"{address} is neither https nor this machine: cameras and platforms refuse it",
        "set CARTBRIDGE_PUBLIC_URL to the https address that leads here",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _connectors() -> Iterator[Finding]:
    found = sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
    if not found:
        yield Finding(
            "connectors", "none is installed", "install one: pip install ./connectors/standard"
        )
    for entry in found:
        try:
            manifest = entry.load().manifest
        except Exception as error:
            yield _wrong(f"connector {entry.name}", error, "install it again, or remove it")
        else:
            yield Finding(f"connector {entry.name}", f"{manifest.title}: {manifest.versions}")


def _wrong(part: str, error: Exception, mend: str) -> Finding:
    told = complaint_about(error)
    return Finding(part, told.text if told else type(error).__name__, mend)
