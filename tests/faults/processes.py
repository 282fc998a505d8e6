"""Processes as an operating system runs them, and as it kills them."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

READY_SECONDS = 60.0


def fault_seconds() -> float:
    """How long to do damage: short in CI, longer with CARTBRIDGE_FAULT_SECONDS."""
    return float(os.environ.get("CARTBRIDGE_FAULT_SECONDS", "8"))


class Process:
    """A program that says `ready` on its standard output."""

    def __init__(self, *command: str, **environment: str) -> None:
        self._command = command
        self.environment = {**os.environ, **environment}
        self._child: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[None] | None = None

    async def start(self, *more: str) -> None:
        """Starts it and returns once it is ready."""
        self._child = await asyncio.create_subprocess_exec(
            *self._command,
            *more,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert self._child.stdout is not None
        async with asyncio.timeout(READY_SECONDS):
            while b"ready" not in (told := await self._child.stdout.readline()):
                assert told, f"ended before it was ready: {self._child.returncode}"
        self._drain = asyncio.create_task(_drain(self._child.stdout))

    async def kill(self) -> None:
        """As a power cut would."""
        await self._stop(signal.SIGKILL)

    async def end(self) -> None:
        """As an administrator would."""
        await self._stop(signal.SIGTERM)

    async def _stop(self, how: signal.Signals) -> None:
        if self._child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._child.send_signal(how)
        await self._child.wait()
        if self._drain is not None:
            await self._drain
        self._child = self._drain = None


async def _drain(stream: asyncio.StreamReader) -> None:
    while await stream.read(65536):
        pass


class GatewayProcess(Process):
    """`cartbridge serve` on a port and a data folder of its own."""

    def __init__(self, folder: Path, port: int, **more: str) -> None:
        environment = {"DATA_DIR": str(folder), "PORT": str(port), **more}
        super().__init__(sys.executable, "-m", "cartbridge", "serve", **environment)
        if "DATABASE_URL" not in more:  # else it has a PostgreSQL of its own
            self.environment.pop("DATABASE_URL", None)
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"

    @property
    def told(self) -> dict[str, Any]:
        """What the demo retailer's set-up left for scripts."""
        told: dict[str, Any] = json.loads((self.folder / "demo.json").read_text())
        return told

    def kill_database(self) -> bool:
        """Kills its PostgreSQL; says whether one was there to be killed."""
        try:
            pid = int((self.folder / "pg" / "postmaster.pid").read_text().split()[0])
            os.kill(pid, signal.SIGKILL)
        except (OSError, ValueError, IndexError):
            return False
        return True
