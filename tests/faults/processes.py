"""Processes as an operating system runs them, and as it kills them."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

READY_SECONDS = 60.0


class Process:
    """A program that says `ready` on its standard output."""

    def __init__(self, *command: str, **environment: str) -> None:
        self._command = command
        self.environment = {**os.environ, **environment}
        self._child: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[None] | None = None

    async def start(self, *more: str) -> None:
        """Starts it and returns once it is ready."""
        with tempfile.TemporaryFile() as complaints:
            self._child = await asyncio.create_subprocess_exec(
                *self._command,
                *more,
                env=self.environment,
                stdout=asyncio.subprocess.PIPE,
                stderr=complaints,
            )
            try:
                await self._until_ready(self._child, complaints)
            except BaseException:
                await self.kill()
                raise

    async def _until_ready(self, child: asyncio.subprocess.Process, complaints: IO[bytes]) -> None:
        assert child.stdout is not None
        async with asyncio.timeout(READY_SECONDS):
            while b"ready" not in (told := await child.stdout.readline()):
                assert told, f"ended before it was ready: {_last_words(complaints)}"
        self._drain = asyncio.create_task(_drain(child.stdout))

    async def kill(self) -> None:
        """As a power cut would."""
        await self._stop(signal.SIGKILL)

    async def end(self) -> None:
        """As an administrator would."""
        await self._stop(signal.SIGTERM)

    def pause(self) -> None:
        """As a machine does that has run out of memory: nothing goes on, nothing is closed."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on where it stood, as if no time had passed."""
        self._signal(signal.SIGCONT)

    def _signal(self, how: signal.Signals) -> None:
        assert self._child is not None, "it does not run"
        self._child.send_signal(how)

    @property
    def pid(self) -> int:
        """Its process id, while it runs."""
        assert self._child is not None, "it does not run"
        return self._child.pid

    async def _stop(self, how: signal.Signals) -> None:
        if self._child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._child.send_signal(how)
        await self._child.wait()
        if self._drain is not None:
            await self._drain
        self._child = self._drain = None


def _last_words(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    return complaints.read().decode(errors="replace")[-3000:]


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(65536):
        pass


class GatewayProcess(Process):
    """`cartbridge serve` on a port and a data folder of its own."""

    def __init__(self, folder: Path, port: int, *, within: Sequence[str] = (), **more: str) -> None:
        environment = {"DATA_DIR": str(folder), "PORT": str(port), **more}
        command = (*within, sys.executable, "-m", "cartbridge", "serve")
        super().__init__(*command, **environment)
        if "DATABASE_URL" not in more:  # else it has a PostgreSQL of its own
            self.environment.pop("DATABASE_URL", None)
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"

    @property
    def told(self) -> dict[str, Any]:
        """What the demo retailer's set-up left for scripts."""
        told: dict[str, Any] = json.loads((self.folder / "demo.json").read_text())
        return told

    def kill_member(self) -> bool:
        """Kills one of the processes that share its port; says whether there was one."""
        for number in children(self.pid):
            with contextlib.suppress(OSError):
                if b"--member" in Path(f"/proc/{number}/cmdline").read_bytes():
                    os.kill(number, signal.SIGKILL)
                    return True
        return False

    def kill_database(self) -> bool:
        """Kills its PostgreSQL; says whether one was there to be killed."""
        try:
            pid = int((self.folder / "pg" / "postmaster.pid").read_text().split()[0])
            os.kill(pid, signal.SIGKILL)
        except (OSError, ValueError, IndexError):
            return False
        return True


def children(parent: int) -> list[int]:
    """The processes that a process started, as /proc tells them."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(status.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(status.parent.name))
    return sorted(found)
