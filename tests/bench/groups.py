"""The groups of figures, in the order of the report."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from tests.bench import (
    accept,
    append,
    claims,
    end_to_end,
    history,
    journal_size,
    memory,
    outbox,
    rebuild,
)
from tests.bench.goals import Measured, names_of
from tests.bench.processes import BenchFailed
from tests.bench.stage import Stage

LONGEST_SECONDS: Final = 600  # for one group
GROUPS: Final[dict[str, Callable[[Stage], Awaitable[list[Measured]]]]] = {
    "accept": accept.measure,
    "append": append.measure,
    "end_to_end": end_to_end.measure,
    "claims": claims.measure,
    "outbox": outbox.measure,
    "journal_size": journal_size.measure,
    "memory": memory.measure,
    "history": history.measure,
    "rebuild": rebuild.measure,
}


async def measured(group: str, stage: Stage) -> list[Measured]:
    """A group's figures; what could not be measured is there too, with the reason."""
    begun = time.monotonic()
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            found = await GROUPS[group](stage)
    except (BenchFailed, TimeoutError) as failure:
        why = " ".join(str(failure).split()) or f"It was not done within {LONGEST_SECONDS} seconds."
        found = [Measured(name, None, note=why) for name in names_of(group)]
    around = {
        "load average": [round(load, 2) for load in os.getloadavg()],
        "seconds": round(time.monotonic() - begun),
    }
    return [replace(one, raw={**one.raw, **around}) for one in found]
