"""Database connections that break in mid-message: nothing lost, nothing twice."""

import asyncio
import base64
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from tests.acceptance.world import free_port
from tests.faults.experiment import Experiment, Span
from tests.faults.processes import GatewayProcess
from tests.faults.senders import Callers, calling
from tests.faults.wire import Wire, wired

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]
SEED = 23
KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
async def wire(dsn: str) -> AsyncIterator[Wire]:
    async with wired(dsn) as wire:
        yield wire


@asynccontextmanager
async def harmed(wire: Wire, dice: random.Random) -> AsyncIterator[None]:
    """While this is open, something happens to a connection several times a second."""

    async def go_on() -> None:
        while True:
            await asyncio.sleep(dice.uniform(0.02, 0.2))
            await wire.harm(dice)

    harming = asyncio.create_task(go_on())
    try:
        yield
    finally:
        harming.cancel()


async def test_nothing_is_lost_or_doubled_when_connections_to_the_database_break(
    wire: Wire, folder: Path, experiment: Experiment, span: Span
) -> None:
    dice = random.Random(SEED)  # noqa: S311 - chance, not secrecy
    hooks = experiment("database connections cut and torn: hooks", SEED)
    commands = experiment("database connections cut and torn: commands", SEED)
    gateway = GatewayProcess(folder, free_port(), DATABASE_URL=wire.dsn, CARTBRIDGE_MASTER_KEY=KEY)
    await gateway.start("--demo")
    try:
        callers = Callers((gateway.url,), gateway.told)
        over = time.monotonic() + span(3.0, 60.0)
        async with calling(callers, hooks, commands):
            await callers.more(50)
            async with harmed(wire, dice):
                while time.monotonic() < over or wire.harmed.total() < span(50, 500):
                    await callers.more(5)
            await callers.more(50)
    finally:
        await gateway.end()
    hooks.extra |= dict(sorted(wire.harmed.items()))
    commands.extra["not taken"] = sum(
        count for status, count in callers.answered.items() if not 200 <= status < 300
    )
    assert hooks.held
    assert commands.held
    assert callers.answered.keys() <= {0, 200, 201, 202, 409, 503}


async def test_without_command_ids_what_is_repeated_is_done_twice(
    wire: Wire, dsn: str, experiment: Experiment, span: Span
) -> None:
    """The negative control: a sender that repeats what was not answered, as we do, but nameless."""
    counts = experiment("connections cut, commands without ids", SEED, control=True)
    dice = random.Random(SEED)  # noqa: S311 - chance, not secrecy
    owner = await asyncpg.connect(dsn)
    await owner.execute("create table naive (number int not null)")

    async def persist(number: int) -> None:
        while True:
            counts.sent += 1
            try:
                connection = await asyncpg.connect(wire.dsn, timeout=2)
                async with asyncio.timeout(2):
                    await connection.execute("insert into naive values ($1)", number)
                    await connection.close()
                counts.acknowledged += 1
                return
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                continue

    over = time.monotonic() + span(20.0, 45.0)
    async with harmed(wire, dice):
        number = 0
        while counts.doubled < span(1, 20) and time.monotonic() < over:
            await asyncio.gather(*(persist(number + more) for more in range(20)))
            number += 20
            counts.stored = await owner.fetchval("select count(*) from naive")
            counts.doubled = counts.stored - await owner.fetchval(
                "select count(distinct number) from naive"
            )
    await owner.close()
    counts.extra |= dict(sorted(wire.harmed.items()))
    assert counts.doubled > 0
