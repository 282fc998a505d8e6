"""Processes the benchmark starts, asks, weighs and ends: the product, its rivals, the callers."""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Any, Final, Self

from pydantic_core import from_json, to_json

READY_SECONDS: Final = 60.0
LONGEST_LINE: Final = 256 * 1024 * 1024  # a result is one line
_COMPLAINT: Final = 800
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def can_weigh() -> bool:
    """Whether this system tells what a process uses, as Linux does."""
    return Path("/proc/self/stat").exists()


class BenchFailed(Exception):
    """A part of the benchmark could not be measured; the text says why and where to look."""


class Process:
    """A program that is told things on its standard input and answers line by line."""

    def __init__(self, child: asyncio.subprocess.Process, log: Path) -> None:
        self._child = child
        self._log = log

    @classmethod
    async def start(cls, log: Path, *command: str, **environment: str) -> Self:
        """Start it; what it complains about goes to the log."""
        with log.open("ab") as complaints:
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", *command),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=complaints,
                env={**os.environ, **environment},
                limit=LONGEST_LINE,
            )
        return cls(child, log)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    async def line(self, containing: str = "", seconds: float = READY_SECONDS) -> str:
        """Its next line that contains a text; BenchFailed if it ends or the time is over."""
        assert self._child.stdout is not None
        try:
            async with asyncio.timeout(seconds):
                while told := (await self._child.stdout.readline()).decode():
                    if containing in told:
                        return told
        except TimeoutError:
            raise BenchFailed(f"no answer within {seconds:.0f} s: {self.complaint()}") from None
        raise BenchFailed(f"a program ended before it answered: {self.complaint()}")

    def complaint(self) -> str:
        """The end of what it said on its error output; the log goes with the databases."""
        return self._log.read_text(errors="replace")[-_COMPLAINT:].strip() or "it said nothing"

    def tell(self, text: str) -> None:
        """Give it a line."""
        assert self._child.stdin is not None
        self._child.stdin.write(text.encode() + b"\n")

    async def end(self) -> None:
        """End it as an administrator would, and wait until it has ended."""
        with contextlib.suppress(ProcessLookupError):
            self._child.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(20):
                await self._child.wait()
        except TimeoutError:
            self._child.kill()
            await self._child.wait()

    def cpu_seconds(self) -> float:
        """What it has used of the processors so far, in user and in kernel mode."""
        stat = Path(f"/proc/{self.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()  # the name before it may hold anything
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def resident_mib(self) -> float:
        """The memory it holds now."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


class Worker(Process):
    """One of the benchmark's own programs: it prepares a job, and does it when it is told to."""

    async def prepare(self, job: dict[str, Any]) -> None:
        """Hand the job over and wait until everything is ready for it."""
        self.tell(to_json(job).decode())
        await self.line("ready", 120.0)

    async def work(self, seconds: float) -> Any:
        """Let it do the job; its result, or BenchFailed if that takes longer than so."""
        self.tell("go")
        return from_json(await self.line("{", seconds))


def take_job() -> Any:
    """Inside such a program: what it is to do."""
    return from_json(sys.stdin.buffer.readline())


def wait_for_go() -> None:
    """Inside such a program: say that all is ready, and wait for the word."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.buffer.readline()


def answer(result: Any) -> None:
    """Inside such a program: what came out."""
    sys.stdout.write(to_json(result).decode() + "\n")
    sys.stdout.flush()
