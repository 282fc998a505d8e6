"""The same work in a journal of millions of events and in one of thousands."""

from contextlib import AsyncExitStack
from statistics import median
from typing import Final

from tests.bench.goals import Measured
from tests.bench.journal_fill import fill
from tests.bench.stage import Json, Stage, connected

CALLERS: Final = 16
KINDS: Final = 5  # of work, of which one claims: each cart can be claimed once


async def measure(stage: Stage) -> list[Measured]:
    """Both journals on one server, worked on by turns."""
    scale = stage.scale
    took: dict[str, list[float]] = {"small": [], "big": []}
    async with AsyncExitStack() as stack:
        dsns, carts, sizes = {}, {}, {}
        for name, events in (("small", scale.events_small), ("big", scale.events_big)):
            dsns[name] = await stack.enter_async_context(stage.database())
            carts[name] = await fill(dsns[name], events, stage.seed(), stage.tell)
            sizes[name] = await _size(dsns[name])
        turns = scale.repeats + 1  # the first one warms up
        count = KINDS * (carts["small"] // turns)
        for turn in range(turns):
            for name in took:
                stage.tell(f"working in the {name} journal, {turn} of {scale.repeats}")
                job = {"dsn": dsns[name], "carts": carts[name], "count": count}
                took[name].append(await _work(stage, {**job, "turn": turn, "turns": turns}))
        took = {name: values[1:] for name, values in took.items()}
    return [
        Measured(
            "journal_size_ratio",
            median(took["big"]) / median(took["small"]),
            {
                "small journal, µs per piece of work": took["small"],
                "big journal, µs per piece of work": took["big"],
                "small journal": sizes["small"],
                "big journal": sizes["big"],
                "pieces of work per repetition": count,
            },
        )
    ]


async def _work(stage: Stage, job: Json) -> float:
    """Microseconds per piece of work."""
    job = {**job, "callers": CALLERS, "seed": stage.seed()}
    async with stage.worker("journal_worker", job) as worker:
        return round(float((await worker.work(180))["us"]), 1)


async def _size(dsn: str) -> str:
    async with connected(dsn) as owner:
        events = await owner.fetchval("select count(*) from event")
        size = await owner.fetchval("select pg_database_size(current_database())")
    return f"{events:,} events, {size / 2**30:.2f} GiB"
