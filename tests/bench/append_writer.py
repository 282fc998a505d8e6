"""One writer process of the gateway and its callers, each of whom waits for its own outcome."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeVar

from cartbridge.database.connection import Database
from cartbridge.database.documents import Appended, Change, Outcome
from cartbridge.database.journal import Append
from cartbridge.database.writer import Writer
from tests.bench.appends import bare_appends, changes, documents_of, whole_appends
from tests.bench.load import percentile
from tests.bench.processes import BenchFailed, answer, take_job, wait_for_go

Order = TypeVar("Order", Append, Change)


async def main() -> None:
    """Prepare commands, wait for the word, store them, tell how long that took."""
    job = take_job()
    database = Database(job["dsn"])
    await database.start()
    writer = Writer(database)
    await writer.start()
    try:
        tenant = uuid.UUID(job["tenant"])
        count, seed, kind = job["count"], job["seed"], job["kind"]
        if kind == "commit":
            commit = documents_of(database, writer).commit
            answer(await _timed(job, list(changes(count, seed, tenant)), commit))
            return
        orders = bare_appends(count, seed, tenant)
        if kind == "whole":
            orders = await whole_appends(database, count, seed, tenant)
        answer(await _timed(job, orders, writer.submit))
    finally:
        await writer.stop()
        await database.stop()


async def _timed(
    job: dict[str, Any], orders: Sequence[Order], store: Callable[[Order], Awaitable[Outcome]]
) -> dict[str, Any]:
    waiting = iter(orders)
    took: list[float] = []
    wait_for_go()
    begun = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for _ in range(job["callers"]):
            group.create_task(_call(waiting, store, took))
    ended = time.monotonic()
    return {
        "stored": len(took),
        "begun": begun,
        "ended": ended,
        "rate": len(took) / (ended - begun),
        "p50_ms": percentile(took, 0.5) * 1000,
        "p99_ms": percentile(took, 0.99) * 1000,
    }


async def _call(
    waiting: Iterator[Order], store: Callable[[Order], Awaitable[Outcome]], took: list[float]
) -> None:
    for order in waiting:
        begun = time.monotonic()
        outcome = await store(order)
        if not isinstance(outcome, Appended):
            raise BenchFailed(f"a new command was answered {type(outcome).__name__}")
        took.append(time.monotonic() - begun)


if __name__ == "__main__":
    asyncio.run(main())
