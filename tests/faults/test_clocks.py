"""Gateways whose clocks are ten minutes wrong, and jump: holds and codes go by the database."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from cartbridge.app import Foundation, open_gateway, serving, working
from cartbridge.database.connection import Database
from cartbridge.database.vault import Vault
from cartbridge.sdk.webhook import sign
from cartbridge.settings import Settings
from cartbridge.worker.timeouts import look
from tests.acceptance.world import Clock, Json, Shop, World, free_port, until
from tests.faults.experiment import Counts, Experiment, Span

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]
SKEW = timedelta(minutes=10)
BODY = (
    b'{"type": "cart.snapshot", "timestamp": "2026-11-20T10:00:00Z", "data": {"external_id":'
    b' "%s", "revision": 1, "currency": "EUR", "lines": [{"item": {"sku": "PLAID", "title":'
    b' "Plaid"}, "quantity": 1, "unit_price": 7900}]}}'
)


@asynccontextmanager
async def a_gateway_at(world: World, folder: Path, ahead: timedelta) -> AsyncIterator[World]:
    """A second gateway on the world's database, whose clock is so far ahead (or behind)."""
    clock = Clock(ahead)
    settings = Settings(port=free_port(), data_dir=folder)
    async with AsyncExitStack() as stack:
        database = Database(world.dsn)
        await database.start()
        stack.push_async_callback(database.stop)
        base = Foundation(database, Vault.of(bytes(range(32))), world.dsn, None)
        opened = await stack.enter_async_context(open_gateway(settings, base))
        gateway = replace(opened, clock=clock)
        await stack.enter_async_context(working(gateway, base))
        await stack.enter_async_context(serving(gateway, settings))
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=settings.address, timeout=20, trust_env=False)
        )
        yield replace(world, gateway=gateway, client=client, clock=clock)


async def offered(world: World, at: World) -> tuple[Json, Json]:
    """A cart that came in at the gateway with the right time, and a code from either of them."""
    name = f"web-{uuid4().hex}"
    await posted(world.shop, name, uuid4().hex)
    await world.settled()
    cart = await world.shop.cart(name)
    assert cart is not None
    return cart, await at.shop.offer(cart["id"])


async def posted(shop: Shop, name: str, message: str) -> httpx.Response:
    """A hook that its shop signed just now, by the right time."""
    body = BODY % name.encode()
    headers = sign(shop.told["webhook_secret"], message, datetime.now(UTC), body)
    return await shop.client.post(f"/v1/hooks/{shop.told['hook']}", content=body, headers=headers)


@pytest.mark.parametrize("minutes", [10, -10])
async def test_a_cart_is_held_as_long_by_a_gateway_whose_clock_is_wrong(
    world: World, tmp_path: Path, experiment: Experiment, span: Span, minutes: int
) -> None:
    counts = experiment(f"clock {minutes:+d} minutes: claims and sales")
    lease = world.gateway.limits.lease.total_seconds()
    lefts = []
    async with a_gateway_at(world, tmp_path / "beside", timedelta(minutes=minutes)) as wrong:
        for number in range(span(4, 40)):
            one, other = (world, wrong) if number % 2 else (wrong, world)
            cart, offer = await offered(world, at=one)
            counts.sent += 1
            claim = (await other.till().claim(code=offer["code"])).json()
            lefts.append(claim["lease_seconds_left"])
            await look(world.gateway)
            await look(wrong.gateway)
            if number == 2:
                wrong.clock.ahead = timedelta(0)  # it is set right, in the middle of a claim
            renewed = (await one.till().act(claim, "renew")).json()
            lefts.append(renewed["lease_seconds_left"])
            assert renewed["over"] is False
            rival = await one.till(0, 1).claim(cart=cart["id"])
            counts.doubled += rival.status_code == 201
            sold = (await one.till().complete(claim, uuid4().hex)).json()
            counts.acknowledged += sold["conflict"] is False
            facts = await world.events_of(cart["id"])
            counts.stored += facts.count("cart.sold")
            counts.lost += "cart.sold" not in facts or "cart.claim_lapsed" in facts
            wrong.clock.ahead = timedelta(minutes=minutes)
    counts.extra |= {"shortest hold s": min(lefts), "longest hold s": max(lefts)}
    assert counts.held
    assert counts.acknowledged == counts.sent
    assert lease - 60 < min(lefts) <= max(lefts) <= lease


async def test_a_hold_time_that_is_over_ends_once_whatever_the_clocks_say(
    world: World, tmp_path: Path, experiment: Experiment, span: Span
) -> None:
    counts = experiment("clock -10 minutes: hold times that ended")
    async with a_gateway_at(world, tmp_path / "beside", -SKEW) as wrong:
        for _ in range(span(2, 20)):
            cart, offer = await offered(world, at=world)
            claim = (await wrong.till().claim(code=offer["code"])).json()
            counts.sent += 1
            await world.time_is_up(claim)
            await world.in_state(cart["id"], "open")
            await look(wrong.gateway)
            lapsed = (await world.events_of(cart["id"])).count("cart.claim_lapsed")
            counts.acknowledged += 1
            counts.stored += lapsed
            counts.lost += lapsed == 0
            counts.doubled += max(0, lapsed - 1)
    assert counts.held


async def test_a_gateway_with_the_wrong_time_refuses_and_loses_nothing(
    world: World, tmp_path: Path, experiment: Experiment, span: Span
) -> None:
    """A signature tells its time: five minutes are tolerated, and a hook is tried again."""
    counts = experiment("clock +10 minutes, then right: hooks")
    names = [f"web-{uuid4().hex}" for _ in range(span(10, 200))]
    async with a_gateway_at(world, tmp_path / "beside", SKEW) as wrong:
        for ahead, status in ((SKEW, 401), (timedelta(minutes=4), 202), (timedelta(0), 202)):
            wrong.clock.ahead = ahead
            for name in names:
                counts.sent += 1
                answer = await posted(wrong.shop, name, name)
                assert answer.status_code == status, (ahead, answer.text)
        counts.acknowledged = len(names)

        async def applied() -> bool:
            return await _applied(world, names, counts)

        await until(applied)
    assert counts.held


async def _applied(world: World, names: list[str], counts: Counts) -> bool:
    await world.settled()
    counts.stored = await world.owner.fetchval("select count(*) from inbox")
    counts.applied = sum([await world.shop.cart(name) is not None for name in names])
    counts.lost = len(names) - counts.applied
    counts.doubled = counts.stored - len(names)
    return counts.lost == 0


async def test_a_lease_by_the_gateways_own_clocks_has_two_holders(
    owner: Any, experiment: Experiment
) -> None:
    """The negative control: one writes until when by its clock, the other reads it by its own."""
    counts = experiment("clock +-10 minutes, leases by own clocks", control=True)
    await owner.execute("create table naive (id int primary key, until timestamptz not null)")
    early, late = Clock(-SKEW), Clock(SKEW)
    for cart in range(20):
        until_when = early() + timedelta(minutes=15)
        await owner.execute("insert into naive values ($1, $2)", cart, until_when)
        counts.sent += 2
        counts.acknowledged += 1
        stolen = await owner.fetchval(
            "update naive set until = $2 where id = $1 and until < $3 returning id",
            cart,
            late() + timedelta(minutes=15),
            late(),
        )
        counts.acknowledged += stolen is not None
        counts.doubled += stolen is not None
    counts.stored = await owner.fetchval("select count(*) from naive")
    assert counts.doubled == counts.stored
