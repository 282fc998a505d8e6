"""Forty tills scan one cart at once, and again with the next: one of them holds it each time."""

import asyncio
from collections import Counter
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from tests.acceptance.world import Till, World, until
from tests.faults.experiment import Experiment, Span

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]
TILLS = 40


async def scanned(till: Till, code: str) -> httpx.Response:
    """The answer of a scan, which is repeated as the same call while the gateway is too busy."""
    found: list[httpx.Response] = []
    key = uuid4().hex

    async def answered() -> bool:
        body = {"code": code}
        found.append(await till.call("POST", "/v1/pos/claims", body, Idempotency_Key=key))
        return found[-1].status_code != 503 and found[-1].json().get("code") != "still_running"

    await until(answered, 60)
    return found[-1]


async def test_of_forty_tills_exactly_one_gets_each_cart(
    world: World, experiment: Experiment, span: Span
) -> None:
    counts = experiment(f"claim race of {TILLS} tills")
    tills = await world.more_tills(TILLS)
    wrong_holder = 0
    for _ in range(span(3, 80)):
        cart, offer = await world.offered()
        answers = await asyncio.gather(*(scanned(till, offer["code"]) for till in tills))
        counts.sent += len(answers)
        told = Counter(answer.status_code for answer in answers)
        assert told.keys() <= {201, 409}, told
        winners = [till for till, got in zip(tills, answers, strict=True) if got.status_code == 201]
        claimed = (await world.events_of(cart["id"])).count("cart.claimed")
        counts.acknowledged += bool(winners)
        counts.stored += claimed
        counts.lost += not winners
        counts.doubled += max(len(winners), claimed) - 1 if winners else 0
        holder = (await world.cart(cart["id"]))["claim"]["terminal"]
        wrong_holder += holder not in [till.id for till in winners]
    counts.extra |= {"wrong holder": wrong_holder}
    assert counts.held
    assert wrong_holder == 0


async def test_a_claim_that_looks_first_and_writes_then_lets_several_win(
    dsn: str, owner: Any, experiment: Experiment
) -> None:
    """The negative control: without the journal's conditions the race above is real."""
    counts = experiment("claim race, look first and write then", control=True)
    await owner.execute("create table naive (holder text)")
    await owner.execute("insert into naive values (null)")
    at_the_same_moment = asyncio.Barrier(10)

    async def naive(till: int) -> bool:
        connection = await asyncpg.connect(dsn)
        try:
            holder = await connection.fetchval("select holder from naive")
            await at_the_same_moment.wait()  # every till looks before one of them writes
            if holder is None:
                await connection.execute("update naive set holder = $1", str(till))
            return bool(holder is None)
        finally:
            await connection.close()

    won = await asyncio.gather(*(naive(till) for till in range(10)))
    counts.sent, counts.acknowledged, counts.stored = len(won), sum(won), 1
    counts.doubled = counts.acknowledged - counts.stored
    assert not counts.held
