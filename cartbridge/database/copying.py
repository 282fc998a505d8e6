"""Runs PostgreSQL's own `pg_dump` and `pg_restore`, of a version that fits the server."""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from cartbridge.database.binaries import find_copiers
from cartbridge.database.orphans import end_child

_LOOK_SECONDS: Final = 0.2  # between two looks at how far it is
_NEW_SETTING: Final = 17  # from here on, the programs set what older servers do not know
_KEPT: Final = ("PATH", "HOME", "USER", "TMPDIR", "LD_LIBRARY_PATH")
_OURS: Final = ("PG", "SSL_")  # how else an address of PostgreSQL is completed


class BackupRefused(Exception):
    """Nothing was copied, or nothing that counts; the text says what to do instead."""


class CopyFailed(BackupRefused):
    """A program of PostgreSQL gave up; the text holds its own complaint."""


@dataclass(frozen=True)
class Copiers:
    """The folder of `pg_dump` and `pg_restore`, and their major version."""

    folder: Path
    major: int


def choose_copiers(server: int, explicit: Path | None = None, *, back: bool = False) -> Copiers:
    """The programs for a server of that major version; its own version's if they are there.

    `back`: to restore with them, not to copy. BackupRefused if there are none that fit.
    """
    found = find_copiers(explicit)
    for major in sorted(found):
        if major >= server and not (back and server < _NEW_SETTING <= major):
            return Copiers(found[major], major)
    there = ", ".join(f"{major} in {folder}" for major, folder in sorted(found.items()))
    raise BackupRefused(
        f"the server is PostgreSQL {server}, and no pg_dump and pg_restore that fit it were found "
        f"(found: {there or 'none'}). Install the client programs of PostgreSQL {server} (Debian: "
        f"`postgresql-client-{server}`), or set CARTBRIDGE_PG_BIN to the folder they are in"
    )


async def dump(
    copiers: Copiers, dsn: str, file: Path, *options: str, told: Callable[[int], None]
) -> None:
    """Write a copy in custom format to a new file of 0600, durable on return.

    `told` hears from time to time how many bytes it has.
    """
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        await _run(
            copiers.folder / "pg_dump",
            dsn,
            ("--format=custom", "--lock-wait-timeout=60s", "--no-password", *options),
            descriptor,
            lambda: told(os.fstat(descriptor).st_size),
        )
        await asyncio.to_thread(os.fsync, descriptor)
    finally:
        os.close(descriptor)


async def load(copiers: Copiers, dsn: str, file: Path, *options: str) -> None:
    """Read a copy back in one transaction: all that the options name of it, or nothing."""
    own = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-password")
    await _run(
        copiers.folder / "pg_restore",
        dsn,
        (*own, "--schema=public", *options, "--", str(file)),
        asyncio.subprocess.DEVNULL,
        lambda: None,
    )


async def _run(
    program: Path, dsn: str, options: tuple[str, ...], output: int, told: Callable[[], None]
) -> None:
    address, password = without_password(dsn)
    child = await asyncio.create_subprocess_exec(
        program,
        f"--dbname={address}",
        *options,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=asyncio.subprocess.PIPE,
        env=_environment(os.environ, password),
    )
    ending = asyncio.create_task(child.communicate())
    try:
        while not ending.done():
            await asyncio.wait({ending}, timeout=_LOOK_SECONDS)
            told()
        _, said = await ending
    finally:
        ending.cancel()
        await end_child(child)
    if child.returncode:
        raise CopyFailed(f"{program.name} gave up: {_complaint(said)}")


def _complaint(said: bytes) -> str:
    """Its first error; the lines below one may quote a shopper's data."""
    lines = said.decode(errors="replace").splitlines()
    errors = (line for line in lines if "error:" in line)
    return next(errors, lines[0] if lines else "it did not say why")


def without_password(dsn: str) -> tuple[str, str | None]:
    """The address, and apart from it the password: everybody sees a program's arguments."""
    url = urlsplit(dsn)
    account, at, hosts = url.netloc.rpartition("@")
    user, _, password = account.partition(":")
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    told = query.pop("password", None) or unquote(password) or None
    rest = f"?{urlencode(query)}" if query else ""
    return f"{url.scheme}://{user}{at}{hosts}{url.path}{rest}", told


def _environment(ours: Mapping[str, str], password: str | None) -> dict[str, str]:
    """What the programs need of our environment, which holds the master key, too."""
    kept = {name: value for name, value in ours.items() if name in _KEPT or name.startswith(_OURS)}
    told = {} if password is None else {"PGPASSWORD": password}
    return {**kept, "LC_ALL": "C", "PGAPPNAME": "cartbridge backup", **told}
