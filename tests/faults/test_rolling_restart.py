"""Two gateways on one database under load: one dies, both are restarted in turn."""

import asyncio
import base64
import contextlib
import itertools
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cartbridge.app import serving
from cartbridge.settings import Settings
from tests.acceptance.world import World, flaws, free_port
from tests.faults.experiment import Experiment, Span
from tests.faults.processes import GatewayProcess
from tests.faults.senders import Callers, calling

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]
SEED = 11
KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
async def pair(world: World, dsn: str, tmp_path: Path) -> AsyncIterator[list[GatewayProcess]]:
    """Two processes; the story's own gateway only set the retailer up."""
    both = [
        GatewayProcess(
            tmp_path / f"gateway-{number}",
            free_port(),
            DATABASE_URL=dsn,
            CARTBRIDGE_MASTER_KEY=KEY,
        )
        for number in range(2)
    ]
    try:
        await asyncio.gather(*(each.start() for each in both))
        yield both
    finally:
        await asyncio.gather(*(each.end() for each in both))


@pytest.mark.parametrize("how", ["killed", "restarted in turn"])
async def test_while_one_gateway_is_away_its_callers_are_served_by_the_other(
    world: World, pair: list[GatewayProcess], experiment: Experiment, span: Span, how: str
) -> None:
    dice = random.Random(SEED)  # noqa: S311 - chance, not secrecy
    hooks = experiment(f"two gateways, {how}: hooks", SEED)
    commands = experiment(f"two gateways, {how}: commands", SEED)
    callers = Callers(tuple(each.url for each in pair), world.told)
    rounds = span(2, 10)
    async with calling(callers, hooks, commands):
        for number in range(rounds):
            await callers.more(dice.randint(20, 80))
            gone = pair[number % 2]
            await (gone.kill() if how == "killed" else gone.end())
            await callers.more(40)  # by the other alone
            await gone.start()
        await callers.more(20)
    commands.extra |= {"times": rounds, "slowest s": callers.slowest}
    assert hooks.held
    assert commands.held
    assert callers.answered.keys() <= {0, 200, 201, 202, 409, 503}
    assert await flaws(world.dsn) == []


async def test_a_call_that_is_half_sent_when_the_gateway_closes_is_to_be_sent_again(
    world: World, tmp_path: Path
) -> None:
    """It is not told that it was too slow: a till would take that for a refusal."""
    settings = Settings(port=free_port(), data_dir=tmp_path)
    async with serving(world.gateway, settings) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        told = f"Authorization: Bearer {world.till().key}\r\nIdempotency-Key: half\r\n"
        head = f"POST /v1/pos/carts HTTP/1.1\r\nHost: gateway\r\n{told}Content-Length: 2\r\n\r\n"
        writer.write(head.encode())
        await writer.drain()
        await world.operator.get("/v1/carts")  # by now the head has been read, too
    answer = await reader.read()
    writer.close()

    assert answer.startswith(b"HTTP/1.1 503 "), answer
    assert b"Retry-After: 1" in answer


class Naive:
    """A gateway that remembers in its own memory which commands it has done."""

    def __init__(self, database: Any, dice: random.Random) -> None:
        self._database, self._dice = database, dice
        self._done: set[int] = set()

    async def take(self, command: int) -> None:
        """Stores a command once, as far as this process knows; ConnectionError if it dies."""
        if command not in self._done:
            await self._database.execute("insert into naive values ($1)", command)
            self._done.add(command)
        if self._dice.random() < 0.1:
            self._done.clear()  # started anew
            raise ConnectionError("killed before it answered")


async def test_gateways_that_remember_commands_each_for_itself_do_them_twice(
    owner: Any, experiment: Experiment
) -> None:
    """The negative control: whoever is not answered by one asks the other, as above."""
    counts = experiment("two gateways, commands known to one", SEED, control=True)
    dice = random.Random(SEED)  # noqa: S311 - chance, not secrecy
    await owner.execute("create table naive (command int not null)")
    both = [Naive(owner, dice) for _ in range(2)]
    for command in range(200):
        for asked in itertools.cycle(both):
            counts.sent += 1
            with contextlib.suppress(ConnectionError):
                await asked.take(command)
                counts.acknowledged += 1
                break
    counts.stored = await owner.fetchval("select count(distinct command) from naive")
    counts.lost = counts.acknowledged - counts.stored
    counts.doubled = await owner.fetchval("select count(*) from naive") - counts.stored
    assert counts.doubled > 0
