"""A gateway that freezes in the middle of an append does not hold up the other one."""

import asyncio
import base64
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.acceptance.world import World, free_port, until
from tests.faults.experiment import Experiment, Span
from tests.faults.processes import GatewayProcess, Process
from tests.faults.senders import Callers, calling

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]
WHAT = ("hooks", "commands")
PAUSE = 2.0
AT_MOST = 1.0  # seconds that others wait on a busy machine; a held lock costs all of the pause


@pytest.fixture
async def beside(world: World, dsn: str, tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    """A second gateway on the retailer's database, as a process of its own."""
    key = base64.b64encode(bytes(range(32))).decode()
    process = GatewayProcess(
        tmp_path / "beside", free_port(), DATABASE_URL=dsn, CARTBRIDGE_MASTER_KEY=key
    )
    await process.start()
    yield process
    await process.end()


async def longest_wait(owner: Any, seconds: float) -> float:
    """How long somebody else waits for the lock of an append, asking again and again."""
    loop = asyncio.get_running_loop()
    over, longest = loop.time() + seconds, 0.0
    while loop.time() < over:
        begun = loop.time()
        await owner.execute("select from shard_counter for update")
        longest = max(longest, loop.time() - begun)
        await asyncio.sleep(0.01)
    return longest


@asynccontextmanager
async def appends_begun(dsn: str, owner: Any) -> AsyncIterator[None]:
    """Until this is closed, both gateways have sent an append that waits in the database."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute("select from shard_counter for update")

            async def both_wait() -> bool:
                waiting = await owner.fetchval(
                    "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
                    " and application_name = 'cartbridge writer'"
                    " and datname = current_database()"
                )
                return bool(waiting == 2)

            await until(both_wait)
            yield
    finally:
        await connection.close()


async def test_a_gateway_paused_inside_an_append_holds_nobody_up(
    world: World, beside: GatewayProcess, experiment: Experiment, span: Span
) -> None:
    frozen, others = (
        [experiment(f"a gateway paused, {whose}: {what}") for what in WHAT]
        for whose in ("its own", "of the other")
    )
    theirs = Callers((beside.url,), world.told, hooks=2, tills=8)
    ours = Callers((world.gateway.public_url,), world.told, hooks=2, tills=8)
    longest = 0.0
    async with calling(theirs, frozen[0], frozen[1]), calling(ours, others[0], others[1]):
        for _ in range(span(2, 12)):
            await theirs.more(20)
            async with appends_begun(world.dsn, world.owner):
                beside.pause()
            before = ours.acked_lines.total()
            longest = max(longest, await longest_wait(world.owner, PAUSE))
            assert ours.acked_lines.total() > before
            beside.resume()
    others[1].extra |= {"paused s": PAUSE, "longest wait s": longest}
    assert all(counts.held for counts in (*frozen, *others))
    assert longest < AT_MOST


NAIVE = """
import asyncio, asyncpg, sys

async def main():
    connection = await asyncpg.connect(sys.argv[1])
    async with connection.transaction():
        await connection.execute("update shard_counter set position = position")
        print("ready", flush=True)  # in the middle of its append
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_an_append_in_a_transaction_of_several_calls_holds_everybody_up(
    dsn: str, owner: Any, experiment: Experiment
) -> None:
    """The negative control: paused between two calls, it keeps the lock for as long."""
    counts = experiment("paused inside a transaction", control=True)
    writer = Process(sys.executable, "-c", NAIVE, dsn)
    await writer.start()
    writer.pause()
    waits = asyncio.create_task(longest_wait(owner, PAUSE))
    await asyncio.wait([waits], timeout=PAUSE)
    counts.sent, counts.lost = 1, int(not waits.done())
    await writer.kill()
    counts.extra |= {"paused s": PAUSE, "longest wait s": await waits}
    assert waits.result() > AT_MOST
