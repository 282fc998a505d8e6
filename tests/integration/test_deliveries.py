"""The worker's deliveries on a real outbox: places filled again, leases held, nothing forgotten."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from cartbridge.database.connection import Database, Unavailable
from cartbridge.database.outbox import Outbox, OutboxMessage
from cartbridge.sdk import errors
from cartbridge.worker import outbox as worker
from tests.acceptance.world import until

Errand = Callable[[OutboxMessage], Awaitable[None]]


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database)


@pytest.fixture
def gateway(outbox: Outbox) -> Any:
    return SimpleNamespace(outbox=outbox)


@pytest.fixture
def errand(monkeypatch: pytest.MonkeyPatch) -> Callable[[Errand], None]:
    """Sets what is done for each message."""

    def choose(done: Errand) -> None:
        async def run(gateway: Any, message: OutboxMessage) -> None:
            await done(message)

        monkeypatch.setattr(worker, "run_errand", run)

    return choose


async def put(outbox: Outbox, tenant: uuid.UUID, lane: str, connection: Any = None) -> uuid.UUID:
    return await outbox.enqueue(tenant, lane, "push", b"", connection=connection, coalesce=False)


async def left(owner: Any) -> int:
    return int(await owner.fetchval("select count(*) from outbox where state = 'waiting'"))


async def test_a_slow_message_takes_one_place_and_the_others_go_on(
    outbox: Outbox, gateway: Any, tenant: uuid.UUID, owner: Any, errand: Callable[[Errand], None]
) -> None:
    slow, quick = uuid.uuid4(), uuid.uuid4()
    answered = asyncio.Event()
    done: list[str] = []

    async def run(message: OutboxMessage) -> None:
        if message.connection == slow:
            await answered.wait()
        done.append(message.lane)

    errand(run)
    await put(outbox, tenant, "slow", slow)
    for number in range(400):
        await put(outbox, tenant, f"l{number % 7}", quick)
    working = asyncio.create_task(worker.deliver(gateway))

    async def others_done() -> bool:
        return len(done) == 400

    await until(others_done)
    await put(outbox, tenant, "later", quick)  # seen though the slow one is still under way

    async def later_done() -> bool:
        return "later" in done

    await until(later_done)
    answered.set()
    assert await working == 402
    assert await left(owner) == 0


async def test_each_lane_keeps_its_order_through_failures(
    outbox: Outbox, gateway: Any, tenant: uuid.UUID, owner: Any, errand: Callable[[Errand], None]
) -> None:
    sent: dict[str, list[uuid.UUID]] = {}
    done: dict[str, list[uuid.UUID]] = {}

    async def run(message: OutboxMessage) -> None:
        if message.attempts == 1 and message.id.int % 3 == 0:
            raise errors.Unknown("cut")
        done.setdefault(message.lane, []).append(message.id)

    errand(run)
    connection = uuid.uuid4()
    for number in range(60):
        lane = f"l{number % 4}"
        sent.setdefault(lane, []).append(await put(outbox, tenant, lane, connection))
    while await left(owner):
        await worker.deliver(gateway)
        await owner.execute("update outbox set run_at = clock_timestamp()")
        await owner.execute("update circuit set open_until = null, failures = 0")
    assert done == sent


@pytest.mark.parametrize(
    ("raised", "state", "conduct"),
    [
        (errors.Refuse("never"), "dead", 0),
        (errors.Credentials("unknown key"), "dead", 0),
        (errors.Ignore("gone"), None, 0),
        (errors.Retry("busy", 900), "waiting", 1),
        (errors.Unknown("cut"), "waiting", 1),
        (RuntimeError("ours"), "waiting", 0),
        (Unavailable("away"), "waiting", 0),
    ],
)
async def test_an_error_says_what_becomes_of_a_message(
    outbox: Outbox,
    gateway: Any,
    tenant: uuid.UUID,
    owner: Any,
    errand: Callable[[Errand], None],
    raised: Exception,
    state: str | None,
    conduct: int,
) -> None:
    async def run(message: OutboxMessage) -> None:
        raise raised

    errand(run)
    await put(outbox, tenant, "lane", uuid.uuid4())
    assert await worker.deliver(gateway) == 1
    row = await owner.fetchrow(
        "select state, reason, extract(epoch from run_at - clock_timestamp()) as wait from outbox"
    )
    assert (row and row["state"]) == state
    assert await owner.fetchval("select failures from circuit") == conduct
    if isinstance(raised, errors.Retry):
        assert 800 < row["wait"] <= 900


async def test_what_takes_long_is_held_on_to(
    outbox: Outbox,
    gateway: Any,
    tenant: uuid.UUID,
    owner: Any,
    errand: Callable[[Errand], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "_BEAT_SECONDS", 0.05)
    monkeypatch.setattr(worker, "LEASE_SECONDS", 1.0)
    answered = asyncio.Event()

    async def run(message: OutboxMessage) -> None:
        await answered.wait()

    errand(run)
    await put(outbox, tenant, "lane")
    working = asyncio.create_task(worker.deliver(gateway))
    first = None

    async def extended_past_its_first_end() -> bool:
        nonlocal first
        until_when = await owner.fetchval("select lease_until from outbox")
        first = first or until_when
        return bool(first and await owner.fetchval("select clock_timestamp() > $1", first))

    await until(extended_past_its_first_end)
    assert await outbox.take(5) == []
    answered.set()
    assert await working == 1
    assert await left(owner) == 0


async def test_a_message_that_another_worker_has_is_let_go(
    outbox: Outbox,
    gateway: Any,
    tenant: uuid.UUID,
    owner: Any,
    errand: Callable[[Errand], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "_BEAT_SECONDS", 0.05)
    given_up = asyncio.Event()

    async def run(message: OutboxMessage) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            given_up.set()
            raise

    errand(run)
    await put(outbox, tenant, "lane")
    working = asyncio.create_task(worker.deliver(gateway))

    async def taken() -> bool:
        return bool(await owner.fetchval("select count(*) from outbox where lease_fence = 1"))

    await until(taken)
    await owner.execute("update outbox set lease_fence = 2")
    async with asyncio.timeout(10):
        await given_up.wait()
        assert await working == 1
    assert await left(owner) == 1


async def test_a_worker_that_ends_gives_back_what_it_holds(
    outbox: Outbox, gateway: Any, tenant: uuid.UUID, owner: Any, errand: Callable[[Errand], None]
) -> None:
    begun = asyncio.Event()

    async def run(message: OutboxMessage) -> None:
        begun.set()
        await asyncio.Event().wait()

    errand(run)
    await put(outbox, tenant, "lane")
    working = asyncio.create_task(worker.deliver(gateway))
    await begun.wait()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    row = await owner.fetchrow("select lease_until, reason from outbox")
    assert row["lease_until"] is None
    assert "stopped" in row["reason"]


async def test_outcomes_outlive_a_database_that_is_away(
    outbox: Outbox,
    gateway: Any,
    tenant: uuid.UUID,
    owner: Any,
    errand: Callable[[Errand], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "_AWAY_SECONDS", 0.01)
    ran, refusals = [], 3
    finish = Outbox.finish

    async def sometimes(self: Outbox, outcomes: Any) -> list[bool]:
        nonlocal refusals
        refusals -= 1
        if refusals >= 0:
            raise Unavailable("away")
        return await finish(self, outcomes)

    async def run(message: OutboxMessage) -> None:
        ran.append(message.id)

    errand(run)
    monkeypatch.setattr(Outbox, "finish", sometimes)
    sent = [await put(outbox, tenant, f"l{number}") for number in range(5)]
    assert await worker.deliver(gateway) == 5
    assert sorted(ran) == sorted(sent)
    assert await left(owner) == 0
