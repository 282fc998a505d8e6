"""Appending: the journal's writer against PostgreSQL itself and against another library."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from importlib.util import find_spec
from statistics import median
from typing import Any, Final

from cartbridge.database.connection import Database
from cartbridge.database.journal import append
from tests.bench.appends import (
    EVENT_BODY_BYTES,
    EVENT_HEADER_BYTES,
    SHARDS,
    whole_appends,
)
from tests.bench.goals import Measured
from tests.bench.literals import script_of
from tests.bench.pgbench import per_second
from tests.bench.processes import BenchFailed
from tests.bench.stage import Json, Stage, connected, libpq_environment

TENANT: Final = uuid.UUID(int=0xBE7C, version=4)
BATCH: Final = 128
THREADS: Final = (1, 8)
_PLANNING: Final = 6  # seconds until 128 connections have planned what is in the function
CHANCE: Final = "\\set chance random(1, 9000000000000000000)\n"
# The same columns and the same indexes as the journal's, filled by the server itself.
PLAIN: Final = """
create table plain_event (like event including all);
create sequence plain_position;
"""
INSERT: Final = f"""
insert into plain_event (shard, position, tenant, stream, version, type, schema_version, command,
                         occurred_at, header, body, hash)
  select random() * {SHARDS - 1}, nextval('plain_position'), '{TENANT}', gen_random_uuid(), 1,
         'cart.line_added', 1, gen_random_uuid(), '2026-11-20T10:00:00Z',
         repeat('h', {EVENT_HEADER_BYTES})::bytea, repeat('b', {EVENT_BODY_BYTES})::bytea,
         sha256('link')
    from generate_series(1, %d)
""".replace("\n", " ")  # noqa: S608 - of our own constants

Run = Callable[[], Awaitable[float]]


async def measure(stage: Stage) -> list[Measured]:
    """The three figures; everybody by turns on one server."""
    async with stage.database() as dsn, connected(dsn) as owner:
        await owner.execute(PLAIN)
        bench = _Bench(stage, dsn, owner)
        runs: dict[str, Run] = {
            "journal, one process /s": partial(bench.ours, "bare", processes=1),
            "pgbench, one row per transaction /s": partial(bench.pgbench, INSERT % 1),
            "journal, two processes /s": partial(bench.ours, "bare", processes=2),
            "pgbench, 128 rows per transaction (the ceiling) /s": bench.ceiling,
            "whole append, one process /s": partial(bench.ours, "whole", processes=1),
            "pgbench, same function, 128 callers /s": partial(bench.same_function, 1),
            "pgbench, same function, 16 callers /s": partial(bench.same_function, 8),
            "Documents.commit, one process /s": partial(bench.ours, "commit", processes=1),
        }
        if find_spec("eventsourcing") is not None:
            for threads in THREADS:
                name = f"eventsourcing, {threads} threads /s"
                runs[name] = partial(bench.eventsourcing, threads)
        rates = await _by_turns(stage, runs)
    return _figures(rates)


async def _by_turns(stage: Stage, runs: dict[str, Run]) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(stage.scale.repeats):
        for name, run in runs.items():
            stage.tell(f"{name}, {turn + 1} of {stage.scale.repeats}")
            rates[name].append(round(await run(), 1))
    return rates


class _Bench:
    """One database, and everybody who writes to it."""

    def __init__(self, stage: Stage, dsn: str, owner: Any) -> None:
        self._stage, self._dsn, self._owner = stage, dsn, owner

    async def ours(self, kind: str, processes: int) -> float:
        """Commands per second of so many writer processes with their callers together."""
        scale = self._stage.scale
        job = {
            "dsn": self._dsn,
            "tenant": str(TENANT),
            "kind": kind,
            # A whole append is prepared, and weighs, several times as much as a bare one.
            "count": max(1, scale.appends // (processes if kind == "bare" else 3)),
            "callers": max(1, scale.callers // processes),
        }
        async with AsyncExitStack() as stack:
            workers = [
                await stack.enter_async_context(
                    self._stage.worker("append_writer", {**job, "seed": self._stage.seed()})
                )
                for _ in range(processes)
            ]
            results = await asyncio.gather(*(worker.work(120) for worker in workers))
        begun = min(result["begun"] for result in results)
        ended = max(result["ended"] for result in results)
        return float(sum(result["stored"] for result in results) / (ended - begun))

    async def pgbench(self, script: str, callers: int | None = None) -> float:
        """Transactions per second."""
        scale = self._stage.scale
        return await per_second(
            self._dsn, self._stage.folder, [script], callers or scale.callers, scale.seconds
        )

    async def ceiling(self) -> float:
        """Rows per second when one transaction carries as many as a full batch of ours."""
        return BATCH * await self.pgbench(INSERT % BATCH, callers=1)

    async def same_function(self, fewer: int) -> float:
        """Calls per second, each in its own transaction, spread over the shards as ours are."""
        scale = self._stage.scale
        callers = max(1, scale.callers // fewer)
        scripts = await self._scripts()
        warm = _PLANNING if callers > 8 else 1
        before = await self._commands()
        rate = await per_second(
            self._dsn,
            self._stage.folder,
            scripts,
            callers,
            scale.seconds,
            warm,
        )
        stored = await self._commands() - before
        if stored < rate * scale.seconds / 2:
            raise BenchFailed(f"pgbench says {rate:.0f} calls a second, but stored {stored}")
        return rate

    async def _commands(self) -> int:
        return int(await self._owner.fetchval("select count(*) from command"))

    async def _scripts(self) -> list[str]:
        database = Database(self._dsn)
        await database.start()
        try:
            seed = self._stage.seed()
            rows = await whole_appends(database, SHARDS * 20, seed, TENANT)
        finally:
            await database.stop()
        by_shard = {one.shard: one for one in rows}
        return [
            CHANCE + await script_of(partial(append, batch=[one]), frozenset({TENANT}), "chance")
            for one in by_shard.values()
        ]

    async def eventsourcing(self, threads: int) -> float:
        """Events per second of the other library, with so many threads of one process."""
        stage = self._stage
        job: Json = {"threads": threads, "seconds": stage.scale.seconds, "seed": stage.seed()}
        environment = libpq_environment(self._dsn)
        async with stage.worker("eventsourcing_writer", job, environment) as worker:
            return float((await worker.work(stage.scale.seconds + 60))["rate"])


def _figures(rates: dict[str, list[float]]) -> list[Measured]:
    middle = {name: median(values) for name, values in rates.items()}
    ours = middle["journal, one process /s"]
    others = {name: values for name, values in rates.items() if name.startswith("eventsourcing")}
    return [
        Measured(
            "append_event_ratio",
            ours / middle["pgbench, one row per transaction /s"],
            {name: values for name, values in rates.items() if "journal" in name or "row" in name},
        ),
        Measured(
            "append_eventsourcing_ratio",
            ours / max(middle[name] for name in others) if others else None,
            others,
            "" if others else "The library is not installed: `make bench` installs it.",
        ),
        Measured(
            "append_whole_ratio",
            middle["whole append, one process /s"]
            / max(rate for name, rate in middle.items() if "same function" in name),
            {
                name: values
                for name, values in rates.items()
                if "whole" in name or "function" in name or "commit" in name
            },
        ),
    ]
