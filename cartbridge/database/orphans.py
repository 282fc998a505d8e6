"""Ending PostgreSQL: our own child, or the server that a killed CartBridge left behind."""

import asyncio
import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import structlog

from cartbridge.database.binaries import DatabaseSetupError
from cartbridge.database.data_folder import SOCKET_NAME

log = structlog.get_logger(__name__)

STOP_SIGNALS = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))


async def end_child(child: asyncio.subprocess.Process) -> None:
    """End a process we started: asked first, then told, then killed."""
    for number, patience in STOP_SIGNALS:
        if child.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(child.wait(), patience)


async def end_orphan(data_dir: Path, socket_dir: Path) -> None:
    """End the server that a killed CartBridge left here, and clear what would block a start."""
    lines = pid_file_lines(data_dir)
    pid = int(lines[0]) if lines and lines[0].isdigit() else 0
    for number, patience in STOP_SIGNALS:
        if not serves(pid, data_dir):
            break
        log.warning("database.orphan_found", pid=pid, signal=number.name)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + patience
        while serves(pid, data_dir) and time.monotonic() < deadline:  # noqa: ASYNC110 - not ours
            await asyncio.sleep(0.02)
    if serves(pid, data_dir):
        raise DatabaseSetupError(f"An older PostgreSQL, process {pid}, does not end: end it.")
    # PostgreSQL takes a zombie, or a stranger under the same number, for a server that lives.
    (data_dir / "postmaster.pid").unlink(missing_ok=True)
    (socket_dir / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)


def serves(pid: int, data_dir: Path) -> bool:
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


def pid_file_lines(data_dir: Path) -> list[str]:
    """Lines of postmaster.pid: id, data folder, start time, port, socket folder, ..., status."""
    try:
        return (data_dir / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []
