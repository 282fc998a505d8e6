"""The database's disk is full: callers are told to come back, and what was promised is there."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import asyncpg
import pytest

from tests.acceptance.world import free_port, until
from tests.faults.experiment import Experiment, Span
from tests.faults.processes import GatewayProcess
from tests.faults.senders import Callers, calling

CHUNK = bytes(256 * 1024)


def with_a_disk_of(folder: Path, size: str) -> Sequence[str]:
    """Runs a command in a mount namespace of its own, where the folder is a disk of that size."""
    mount = 'mount -t tmpfs -o "size=$0,mode=0711" none "$1" && shift && exec "$@"'
    return ("unshare", "-m", "sh", "-c", mount, size, str(folder))


def may_mount() -> bool:
    """Whether this account may have a disk of its own."""
    command = (*with_a_disk_of(Path("/mnt"), "1m"), "true")
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603
    except FileNotFoundError:
        return False


pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.slow,
    pytest.mark.skipif(
        not may_mount(), reason="a small disk needs `unshare -m` and the right to mount (root)"
    ),
]


class SmallDisk(GatewayProcess):
    """A gateway whose data folder, PostgreSQL's included, is a small disk."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        within = with_a_disk_of(folder, "190m")
        super().__init__(folder, free_port(), within=within)
        self._inside = folder

    async def start(self, *more: str) -> None:
        """Starts it; its disk is seen through its process."""
        await super().start(*more)
        self.folder = Path(f"/proc/{self.pid}/root{self._inside}")

    def fill(self) -> None:
        """Somebody else's file takes what is left."""
        with (self.folder / "filler").open("ab", buffering=0) as file:
            for size in (len(CHUNK), 4096):
                with contextlib.suppress(OSError):  # that is what it was for
                    while file.write(CHUNK[:size]) == size:
                        pass

    def free(self) -> None:
        """That file is removed."""
        (self.folder / "filler").unlink()

    async def write_log_files(self) -> None:
        """The database needs a new file of its write-ahead log: it cannot live without."""
        lines = (self.folder / "pg" / "postmaster.pid").read_text().splitlines()
        password = (self.folder / "pg.password").read_text().strip()
        connection = await asyncpg.connect(
            host=f"/proc/{self.pid}/root{lines[4]}",
            port=int(lines[3]),
            user="cartbridge",
            password=password,
            database="cartbridge",
            timeout=5,
        )
        try:
            for _ in range(8):
                await connection.execute("select pg_switch_wal()")
                await connection.execute("create table filled (); drop table filled")
        finally:
            connection.terminate()


@pytest.fixture
async def disk(folder: Path) -> AsyncIterator[SmallDisk]:
    process = SmallDisk(folder)
    await process.start("--demo")
    yield process
    await process.end()


async def test_a_full_disk_costs_a_503_and_nothing_that_was_acknowledged(
    disk: SmallDisk, experiment: Experiment, span: Span
) -> None:
    hooks = experiment("disk full: hooks")
    commands = experiment("disk full: commands")
    callers = Callers((disk.url,), disk.told)
    loop = asyncio.get_running_loop()
    restarts, longest = 0, 0.0
    async with calling(callers, hooks, commands):
        for _ in range(span(1, 5)):
            await callers.more(40)
            disk.fill()
            try:
                await disk.write_log_files()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                restarts += 1
            enough = callers.answered[503] + 20

            async def told(enough: int = enough) -> bool:
                return callers.answered[503] >= enough

            await until(told, 30)
            await asyncio.sleep(span(0.5, 5.0))
            disk.free()
            freed = loop.time()
            await callers.more(60)
            longest = max(longest, loop.time() - freed)
    commands.extra |= {
        "503": callers.answered[503],
        "database went down": restarts,
        "recovered after s": longest,
    }
    assert hooks.held
    assert commands.held
    assert callers.answered.keys() <= {0, 200, 201, 202, 409, 503}


NAIVE = """
import json, sys
told = {"sent": 0, "acknowledged": 0}
file = open(sys.argv[1] + "/kept", "wb", buffering=0)
for number in range(600):
    told["sent"] += 1
    try:
        file.write(bytes(4096))
    except OSError:
        pass  # it will be better next time
    told["acknowledged"] += 1
told["stored"] = file.tell() // 4096
print(json.dumps(told))
"""


async def test_a_receiver_that_does_not_look_at_what_the_disk_says_loses(
    folder: Path, experiment: Experiment
) -> None:
    """The negative control: it acknowledges although nothing more fits."""
    counts = experiment("disk full, a receiver that does not look", control=True)
    folder.mkdir()  # noqa: ASYNC240 - nothing else runs
    command = (*with_a_disk_of(folder, "1m"), sys.executable, "-c", NAIVE, str(folder))
    program = await asyncio.create_subprocess_exec(
        *command, env=dict(os.environ), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await program.communicate()
    told = json.loads(output)
    counts.sent, counts.acknowledged, counts.stored = told.values()
    counts.lost = counts.acknowledged - counts.stored
    assert counts.acknowledged == 600
    assert counts.lost > 0
