"""Everyday work on the carts of a filled journal: looks, edits and claims, by turns."""

import asyncio
import random
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain
from typing import Any

import asyncpg

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.header import Actor
from cartbridge.domain.ids import make_id, named, slot_of
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.run_command import run_command
from tests.bench.append import TENANT
from tests.bench.insiders import insider
from tests.bench.journal_size import KINDS
from tests.bench.load import percentile
from tests.bench.processes import answer, take_job, wait_for_go

CALLER = Caller(TENANT, "pos", Actor(kind="staff", id="bench"), None, "store", "till")


async def main() -> None:
    """Prepare, wait for the word, work, tell how long it took."""
    job = take_job()
    chance = random.Random(job["seed"])  # noqa: S311 - the same figures each time
    work = await _some_work(job, chance)
    took: list[float] = []
    async with insider(job["dsn"]) as (gateway, _):
        wait_for_go()
        begun = time.monotonic()
        waiting = iter(work)
        async with asyncio.TaskGroup() as group:
            for number in range(job["callers"]):
                mine = random.Random(f"{job['seed']}/{number}")  # noqa: S311 - as above
                group.create_task(_work(gateway, waiting, mine, took))
        seconds = time.monotonic() - begun
    answer(
        {
            "done": len(took),
            "us": seconds * 1e6 / len(took),
            "p50_ms": percentile(took, 0.5) * 1000,
            "p99_ms": percentile(took, 0.99) * 1000,
        }
    )


async def _some_work(job: dict[str, Any], chance: random.Random) -> list[tuple[int, str]]:
    """Kinds of work with carts from all over the journal; none is claimed in two turns."""
    count = job["count"] // KINDS
    claimed = chance.sample(range(job["turn"], job["carts"], job["turns"]), count)
    numbers = [claimed, *([chance.randrange(job["carts"]) for _ in claimed] for _ in range(4))]
    connection = await asyncpg.connect(job["dsn"])
    try:
        rows = await connection.fetch(
            "select n, id from bench_cart where n = any ($1::bigint[])", [*chain(*numbers)]
        )
    finally:
        await connection.close()
    ids = {row["n"]: named("crt", row["id"]) for row in rows}
    work = [(kind, ids[number]) for kind, some in enumerate(numbers) for number in some]
    chance.shuffle(work)
    return work


async def _work(
    gateway: Gateway,
    waiting: Iterator[tuple[int, str]],
    chance: random.Random,
    took: list[float],
) -> None:
    for kind, cart in waiting:
        begun = time.monotonic()
        match kind:
            case 0:
                await _run(gateway, cart, _claim(chance), chance)
            case 1 | 2:
                await _run(gateway, cart, _edit(chance), chance)
            case _:
                await _look(gateway, cart)
        took.append(time.monotonic() - begun)


async def _look(gateway: Gateway, cart: str) -> None:
    loaded = await gateway.documents.load(TENANT, cart)
    assert loaded is not None
    assert loaded.state.lines


def _edit(chance: random.Random) -> Any:
    async def make(cart: Cart) -> c.EditCart:
        line = cart.lines[chance.randrange(len(cart.lines))]
        return c.EditCart(set={line.id: line.quantity.value + Decimal(1)}, terminal="till")

    return make


def _claim(chance: random.Random) -> Any:
    async def make(cart: Cart) -> c.ClaimCart:
        claim = make_id("clm", datetime.now(UTC), slot_of(cart.id), chance.randbytes(8))
        return c.ClaimCart(claim=claim, terminal="till", store="store")

    return make


async def _run(gateway: Gateway, cart: str, make: Any, chance: random.Random) -> None:
    command = uuid.UUID(int=chance.getrandbits(128), version=4)
    await run_command(gateway, CALLER, cart, command, make)


if __name__ == "__main__":
    asyncio.run(main())
