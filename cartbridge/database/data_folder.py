"""Where the embedded database lives: its folder, the files beside it, who may use them."""

import contextlib
import fcntl
import glob
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import IO

from cartbridge.database.binaries import Account, DatabaseSetupError

SUBSTITUTE_ROOT = Path("/var/lib/cartbridge")
LOG_LIMIT_BYTES = 10_000_000
SOCKET_PATH_LIMIT = 100  # the kernel's own limit is 108 bytes on Linux and 104 on macOS
SOCKET_NAME = ".s.PGSQL.5432"


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
    if holds_cluster(wanted):
        if account.can_enter(wanted):
            return wanted
        raise DatabaseSetupError(
            f"The account {account.name} cannot reach the database in {wanted}: move that folder "
            f"and the files beside it, or set CARTBRIDGE_RUN_AS to an account that reaches it."
        )
    if holds_cluster(substitute) or not account.can_enter(wanted.parent):
        return substitute
    return wanted


def make_substitute_root() -> None:
    """Make /var/lib/cartbridge if it is not there; the database's account must pass through it."""
    if not SUBSTITUTE_ROOT.exists():
        SUBSTITUTE_ROOT.mkdir(parents=True)
        SUBSTITUTE_ROOT.chmod(0o711)  # ours, whatever root's umask


def _check_owner(data_dir: Path, account: Account | None) -> None:
    expected = os.geteuid() if account is None else account.uid
    try:
        mine = not holds_cluster(data_dir) or data_dir.stat().st_uid == expected
    except PermissionError:
        mine = False
    if not mine:
        raise DatabaseSetupError(
            f"The database in {data_dir} belongs to another account than number {expected}, which "
            "PostgreSQL would run as: run CartBridge as the account that made it, or as root with "
            "CARTBRIDGE_RUN_AS set to that account."
        )


def holds_cluster(data_dir: Path) -> bool:
    """Whether a database was made in this folder."""
    return (data_dir / "PG_VERSION").is_file()


def acquire_lock(path: Path, data_dir: Path) -> IO[str]:
    """Take the lock of the data folder; the kernel gives it back when this process ends."""
    try:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+")
    except OSError as error:
        raise not_writable(data_dir, error) from error
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


def not_writable(data_dir: Path, error: OSError) -> DatabaseSetupError:
    """The error of a folder that cannot hold the database, with the way out."""
    return DatabaseSetupError(
        f"{data_dir} cannot hold the database ({error.strerror}): set DATA_DIR to a folder that "
        "this account may write."
    )


def make_aside(data_dir: Path, account: Account | None) -> Path:
    """An empty folder beside the data folder, to make the database in."""
    prefix = f"{data_dir.name}.new-"
    for leftover in data_dir.parent.glob(f"{glob.escape(prefix)}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    # A new name each time: the initdb of a killed start may still write under the old one.
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=data_dir.parent))
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    return folder


def socket_dir_for(data_dir: Path, account: Account | None) -> Path:
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


def open_log(path: Path) -> IO[bytes]:
    """The server's own log, emptied first when it grew past its limit."""
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
    if os.fstat(file.fileno()).st_size > LOG_LIMIT_BYTES:
        file.truncate(0)
    return file


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
