"""PostgreSQL's own benchmark program, as the measure of what the server itself can do."""

import asyncio
import os
import re
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

from cartbridge.database.binaries import find_binaries
from tests.bench.processes import BenchFailed
from tests.bench.stage import libpq_environment

_EACH_SECOND: Final = re.compile(r"^progress: [0-9.]+ s, ([0-9.]+) tps", re.MULTILINE)
_WHOLE_TIME: Final = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)


async def per_second(
    dsn: str, folder: Path, scripts: Sequence[str], callers: int, seconds: int, warm: int = 1
) -> float:
    """Transactions per second of these scripts by turns, prepared once per connection.

    The first seconds, in which each connection makes its plans, are not counted.
    """
    program = find_binaries() / "pgbench"
    if not program.is_file():
        raise BenchFailed(f"{program} is missing: install PostgreSQL's contributed programs")
    files = []
    for number, script in enumerate(scripts):
        path = folder / f"pgbench-{number}.sql"
        path.write_text(script)
        files += ["-f", str(path)]
    child = await asyncio.create_subprocess_exec(
        *(program, "-n", "-M", "prepared", "-c", str(callers), "-j", str(min(2, callers))),
        *("-T", str(warm + seconds), "-P", "1", *files),
        env={**os.environ, **libpq_environment(dsn)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(warm + seconds + 60):
            said, complained = await child.communicate()
    except TimeoutError:
        child.kill()
        await child.wait()
        raise BenchFailed("pgbench did not end in time") from None
    rates = [float(rate) for rate in _EACH_SECOND.findall(complained.decode())][warm:]
    # On a machine with too much to do, the seconds are not told one by one.
    rates = rates or [float(rate) for rate in _WHOLE_TIME.findall(said.decode())]
    if child.returncode != 0 or not rates:
        raise BenchFailed(f"pgbench failed: {complained.decode()[-500:]}")
    return median(rates)
