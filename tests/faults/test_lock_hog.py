"""Somebody holds the lock that every append needs: callers are told, and do not pile up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from tests.acceptance.world import World, until
from tests.faults.experiment import Experiment, Span
from tests.faults.senders import Callers, calling

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]
AT_MOST_WAITING = 3  # sessions: a gateway appends through one connection
PATIENCE = 6.0  # seconds that the gateway itself tries to store a command
WITHIN = 2 * PATIENCE  # on a machine that does other things, too


@dataclass
class Crowd:
    """The most sessions that were seen to wait for a lock at once."""

    waiting: int = 0


@asynccontextmanager
async def watched(owner: Any) -> AsyncIterator[Crowd]:
    """Looks at the server's sessions while this is open."""
    crowd = Crowd()

    async def look() -> None:
        while True:
            waiting = await owner.fetchval(
                "select count(*) from pg_stat_activity"
                " where wait_event_type = 'Lock' and datname = current_database()"
            )
            crowd.waiting = max(crowd.waiting, waiting)
            await asyncio.sleep(0.05)

    looking = asyncio.create_task(look())
    try:
        yield crowd
    finally:
        looking.cancel()
        await asyncio.wait([looking])


@asynccontextmanager
async def hog(dsn: str) -> AsyncIterator[None]:
    """While this is open another session holds the counters of all shards."""
    connection = await asyncpg.connect(
        dsn, server_settings={"idle_in_transaction_session_timeout": "0"}
    )
    try:
        async with connection.transaction():
            await connection.execute("select from shard_counter for update")
            yield
    finally:
        await connection.close()


async def test_a_held_lock_costs_a_503_and_nothing_else(
    world: World, experiment: Experiment, span: Span
) -> None:
    hooks = experiment("lock hog: hooks")
    commands = experiment("lock hog: commands")
    callers = Callers((world.gateway.public_url,), world.told)
    loop = asyncio.get_running_loop()
    held = span(8.0, 10.0)
    async with watched(world.owner) as crowd, calling(callers, hooks, commands):
        await callers.more(40)
        async with hog(world.dsn):
            hooks_before = len(callers.acked_hooks)
            await asyncio.sleep(held)
            hooks_meanwhile = len(callers.acked_hooks) - hooks_before
        freed = loop.time()
        lines = callers.acked_lines.total()
        async with callers.grown:
            await callers.grown.wait_for(lambda: callers.acked_lines.total() > lines)
        recovered = loop.time() - freed

    hooks.extra |= {"accepted meanwhile": hooks_meanwhile}
    commands.extra |= {
        "held s": held,
        "sessions waiting": crowd.waiting,
        "slowest s": callers.slowest,
        "503": callers.answered[503],
        "recovered after s": recovered,
    }
    assert hooks.held
    assert commands.held
    assert callers.answered.keys() <= {200, 201, 202, 409, 503}
    assert callers.answered[503] > 0
    assert hooks_meanwhile > 0  # the inbox needs no counter
    assert 1 <= crowd.waiting <= AT_MOST_WAITING
    assert callers.slowest < WITHIN
    assert recovered < WITHIN


async def test_a_transaction_for_every_request_piles_up_behind_the_lock(
    dsn: str, owner: Any, experiment: Experiment
) -> None:
    """The negative control: each caller its own transaction, all of them waiting."""
    counts = experiment("lock hog, a transaction per request", control=True)

    async def naive() -> None:
        connection = await asyncpg.connect(dsn)
        try:
            counts.sent += 1
            await connection.execute("update shard_counter set position = position where shard = 0")
            counts.acknowledged += 1
        finally:
            await connection.close()

    async with watched(owner) as crowd:
        async with hog(dsn):
            calls = [asyncio.create_task(naive()) for _ in range(20)]

            async def all_wait() -> bool:
                return crowd.waiting == len(calls)

            await until(all_wait, 20)
            answered_meanwhile = counts.acknowledged
        await asyncio.gather(*calls)

    counts.extra |= {"sessions waiting": crowd.waiting}
    assert crowd.waiting > AT_MOST_WAITING
    assert answered_meanwhile == 0
