"""A till that freezes for longer than it may hold a cart wakes up and tells its sale."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.acceptance.world import Json, World, open_world, until
from tests.faults.experiment import Experiment, Span

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]
LEASE = timedelta(seconds=1)

TILL = """
import asyncio, json, sys
from pathlib import Path
from cartbridge_sandbox.till import Till

async def main(url, file, key):
    async with Till(url, Path(file), key) as till:
        held = [await till.claim(code=code) for code in json.loads(sys.stdin.readline())]
        print(json.dumps([one["claim"] for one in held]), flush=True)
        sys.stdin.readline()  # the shoppers pay; it is here that the till freezes
        told = []
        for one in held:
            lines = [{"line": one["cart"]["lines"][0]["id"], "quantity": "1"}]
            told.append(await till.complete(one["claim"], "OLD-" + one["claim"], lines))
        print(json.dumps([one["conflict"] for one in told]), flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


class PausedTill:
    """The sandbox's till as a process of its own."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self._child = child

    async def asked(self, question: Any) -> Any:
        """One line in, one line out."""
        self.tell(question)
        return await self.answer()

    def tell(self, what: Any) -> None:
        """A line that it reads when it runs."""
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(what).encode() + b"\n")

    async def answer(self) -> Any:
        """The next line it writes."""
        assert self._child.stdout is not None
        return json.loads(await self._child.stdout.readline())

    def pause(self) -> None:
        """It freezes."""
        self._child.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on as if no time had passed."""
        self._child.send_signal(signal.SIGCONT)


@asynccontextmanager
async def a_till(world: World, file: Path) -> AsyncIterator[PausedTill]:
    """The first till of Lyon."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", TILL, world.gateway.public_url, str(file), world.till().key),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield PausedTill(child)
    finally:
        if child.returncode is None:
            child.kill()
        await child.communicate()


async def test_a_till_paused_beyond_its_lease_never_sells_a_cart_that_another_took(
    dsn: str, tmp_path: Path, experiment: Experiment, span: Span
) -> None:
    counts = experiment("till paused beyond its lease")
    async with open_world(dsn, tmp_path, limits={"lease": LEASE}) as world:
        carts, codes = [], []
        for _ in range(span(4, 50)):
            cart, offer = await world.offered()
            carts.append(cart["id"])
            codes.append(offer["code"])
        async with a_till(world, tmp_path / "till.db") as till:
            await till.asked(codes)
            till.pause()
            held = [await _taken_by_the_neighbour(world, cart) for cart in carts]
            half = len(held) // 2
            sold = [await world.till(0, 1).complete(one, uuid4().hex) for one in held[:half]]
            till.tell("paid")
            till.resume()
            conflicts = await till.answer()
        sold += [await world.till(0, 1).complete(one, uuid4().hex) for one in held[half:]]
        for cart in carts:
            facts = await world.events_of(cart)
            counts.stored += facts.count("cart.sale_reported_late")
            counts.doubled += max(0, facts.count("cart.sold") - 1)
            counts.lost += "cart.sold" not in facts or "cart.sale_reported_late" not in facts
    counts.sent = len(carts) + len(sold)
    counts.acknowledged = len(conflicts) + sum(answer.status_code == 200 for answer in sold)
    counts.extra |= {"told as late": sum(conflicts)}
    assert counts.held
    assert conflicts == [True] * len(carts)
    assert counts.acknowledged == counts.sent


async def _taken_by_the_neighbour(world: World, cart: str) -> Json:
    """The next till's claim, as soon as the lease of the frozen one ran out."""
    held: Json = {}

    async def taken() -> bool:
        answer = await world.till(0, 1).claim(cart=cart)
        held.update(answer.json())
        return answer.status_code == 201

    await until(taken)
    return held


async def test_without_a_fence_the_frozen_till_sells_once_more(
    owner: Any, experiment: Experiment, span: Span
) -> None:
    """The negative control: a lease alone; whoever held the cart may say that it was sold."""
    counts = experiment("till paused, no fence", control=True)
    await owner.execute(
        "create table naive (id int, holder text, until timestamptz, sales int not null default 0)"
    )
    take = (
        "update naive set holder = $2, until = clock_timestamp() + interval '50 ms'"
        " where id = $1 and until < clock_timestamp() returning id"
    )
    for cart in range(span(4, 50)):
        await owner.execute("insert into naive values ($1, 'frozen', clock_timestamp())", cart)

        async def taken(cart: int = cart) -> bool:
            return await owner.fetchval(take, cart, "neighbour") is not None

        await until(taken)
        for _ in ("neighbour", "frozen"):
            counts.sent += 1
            await owner.execute("update naive set sales = sales + 1 where id = $1", cart)
            counts.acknowledged += 1
    counts.stored = await owner.fetchval("select count(*) from naive where sales > 0")
    counts.doubled = await owner.fetchval("select sum(sales - 1) from naive")
    assert counts.doubled == counts.stored
