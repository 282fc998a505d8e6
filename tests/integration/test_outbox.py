"""The outbox on a real PostgreSQL: at least once, in order per lane, endpoints apart."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from cartbridge.database.circuits import THRESHOLD, Circuits
from cartbridge.database.connection import Database
from cartbridge.database.outbox import ATTEMPTS, Backlog, Outbox, OutboxMessage, Outcome
from cartbridge.domain.ids import make_id, shard_of_slot, uuid_of

NOW = timedelta(0)


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database)


@pytest.fixture
def circuits(database: Database) -> Circuits:
    return Circuits(database)


async def put(
    outbox: Outbox,
    tenant: uuid.UUID,
    lane: str = "lane",
    connection: uuid.UUID | None = None,
    payload: bytes = b"x",
) -> uuid.UUID:
    return await outbox.enqueue(
        tenant, lane, "push", payload, connection=connection, coalesce=False
    )


async def take_one(outbox: Outbox) -> OutboxMessage:
    (message,) = await outbox.take(1)
    return message


async def lapse(owner: Any) -> None:
    await owner.execute("update outbox set lease_until = clock_timestamp() - interval '1 s'")


async def test_four_workers_never_hold_one_lane_and_each_lane_keeps_its_order(
    outbox: Outbox, tenant: uuid.UUID, owner: Any
) -> None:
    connections = [uuid.uuid4(), uuid.uuid4(), None]
    sent: dict[tuple[Any, str], list[uuid.UUID]] = {}
    for number in range(120):
        at, lane = connections[number % 3], f"lane-{number % 7}"
        sent.setdefault((at, lane), []).append(await put(outbox, tenant, lane, at))
    held: set[tuple[Any, str]] = set()
    done: dict[tuple[Any, str], list[uuid.UUID]] = {}
    crossed, left = 0, 120

    async def worker() -> None:
        nonlocal crossed, left
        while left:
            for message in await outbox.take(5):
                key = (message.connection, message.lane)
                crossed += key in held
                held.add(key)
                await asyncio.sleep(0)
                held.discard(key)
                if message.attempts == 1 and message.id.int % 5 == 0:
                    assert await outbox.retry(message, NOW, "500")
                    continue
                done.setdefault(key, []).append(message.id)
                assert await outbox.done(message)
                left -= 1

    async with asyncio.TaskGroup() as workers:  # one that fails ends the others
        for _ in range(4):
            workers.create_task(worker())
    assert crossed == 0
    assert done == sent
    assert await owner.fetchval("select count(*) from outbox") == 0


async def test_the_oldest_of_a_lane_goes_first_though_documents_lie_in_other_shards(
    outbox: Outbox, tenant: uuid.UUID
) -> None:
    connection = uuid.uuid4()
    sent = []
    for slot in (4000, 10, 2000):
        document = make_id("crt", datetime.now(UTC), slot, b"12345678")
        sent.append(
            await outbox.enqueue(
                tenant,
                "shared",
                "push",
                b"",
                connection=connection,
                document=document,
                coalesce=False,
            )
        )
    got = []
    for slot in (4000, 10, 2000):
        (message,) = await outbox.take(5)
        assert message.shard == shard_of_slot(slot, 16)
        got.append(message.id)
        await outbox.done(message)
    assert got == sent


async def test_a_late_older_message_does_not_open_a_held_lane(
    outbox: Outbox, tenant: uuid.UUID, owner: Any
) -> None:
    """A message may become visible after a newer one was taken: the lane stays with its holder."""
    late = await put(outbox, tenant)
    await owner.execute("update outbox set state = 'dead', reason = 'x'")
    await put(outbox, tenant)
    newer = await take_one(outbox)
    assert await outbox.replay(tenant, ids=[late]) == 1
    assert await outbox.take(5) == []
    await outbox.done(newer)
    assert (await take_one(outbox)).id == late


async def test_a_take_under_way_keeps_its_lanes_though_nobody_sees_it_yet(
    outbox: Outbox, tenant: uuid.UUID, owner: Any, dsn: str
) -> None:
    late = await put(outbox, tenant)
    await owner.execute("update outbox set state = 'dead', reason = 'x'")
    await put(outbox, tenant)
    await outbox.retry(await take_one(outbox), NOW, "500")
    other = await asyncpg.connect(dsn)
    try:
        async with other.transaction():
            taken = await other.fetch("select id from outbox_take(5, '1 min', 8, 10, 24)")
            assert len(taken) == 1
            assert await outbox.replay(tenant, ids=[late]) == 1
            assert await outbox.take(5) == []
    finally:
        await other.close()


async def test_a_lapsed_message_goes_to_another_and_its_first_holder_is_fenced_off(
    outbox: Outbox, tenant: uuid.UUID, owner: Any
) -> None:
    await put(outbox, tenant)
    paused = await take_one(outbox)
    assert await outbox.take(1) == []
    await lapse(owner)
    taken = await take_one(outbox)
    assert (taken.id, taken.attempts) == (paused.id, 2)
    assert not await outbox.done(paused)
    assert not await outbox.retry(paused, NOW, "late")
    assert not await outbox.dead(paused, "late")
    assert await outbox.hold([paused, taken]) == [False, True]
    assert await outbox.done(taken)
    assert not await outbox.done(taken)


async def test_a_finished_try_cannot_be_told_twice(outbox: Outbox, tenant: uuid.UUID) -> None:
    await put(outbox, tenant)
    message = await take_one(outbox)
    assert await outbox.retry(message, NOW, "500")
    assert not await outbox.done(message)
    assert (await take_one(outbox)).attempts == 2


async def test_a_delayed_message_holds_its_lane_and_no_other(
    outbox: Outbox, tenant: uuid.UUID
) -> None:
    await put(outbox, tenant, "slow")
    await put(outbox, tenant, "slow")
    quick = await put(outbox, tenant, "quick")
    messages = {message.lane: message for message in await outbox.take(5)}
    assert set(messages) == {"slow", "quick"}
    await outbox.retry(messages["slow"], timedelta(hours=1), "503")
    await outbox.retry(messages["quick"], NOW, "503")
    assert [message.id for message in await outbox.take(5)] == [quick]


async def test_a_dead_letter_lets_its_lane_go_on_and_can_be_replayed(
    outbox: Outbox, tenant: uuid.UUID
) -> None:
    connection, other = uuid.uuid4(), uuid.uuid4()
    dead = [await put(outbox, tenant, "a", at) for at in (connection, other)]
    following = await put(outbox, tenant, "a", connection)
    for message in await outbox.take(5):
        assert await outbox.dead(message, "410 gone\0\udce9")
    assert (await take_one(outbox)).id == following
    letters = await outbox.dead_letters(tenant)
    assert {letter.id for letter in letters} == set(dead)
    assert {letter.reason for letter in letters} == {"410 gone\ufffd?"}
    (mine,) = await outbox.dead_letters(tenant, connection=connection)
    assert mine.id == dead[0]
    page = await outbox.dead_letters(tenant, limit=1)
    assert [page[0].id, (await outbox.dead_letters(tenant, after=page[0].id))[0].id] == sorted(dead)
    assert await outbox.replay(tenant, connection=connection) == 1
    assert await outbox.replay(tenant, since=datetime.now(UTC)) == 0
    assert await outbox.replay(tenant, until=datetime.now(UTC) + timedelta(minutes=1)) == 1
    assert await outbox.dead_letters(tenant) == []
    with pytest.raises(ValueError, match="name"):
        await outbox.replay(tenant)


async def test_a_message_that_kills_its_workers_is_given_up(
    outbox: Outbox, tenant: uuid.UUID, owner: Any
) -> None:
    poison = await put(outbox, tenant)
    following = await put(outbox, tenant)
    await owner.execute("update outbox set attempts = $1 where id = $2", ATTEMPTS, poison)
    assert await outbox.take(5) == []
    assert [message.id for message in await outbox.take(5)] == [following]
    (letter,) = await outbox.dead_letters(tenant)
    assert letter.id == poison


async def test_a_hint_that_nobody_took_yet_is_not_queued_twice(
    outbox: Outbox, tenant: uuid.UUID, owner: Any
) -> None:
    first = await outbox.enqueue(tenant, "twin", "read", b"1")
    assert await outbox.enqueue(tenant, "twin", "read", b"2") == first
    assert await outbox.enqueue(tenant, "twin", "write", b"3") != first
    assert await outbox.enqueue(tenant, "other", "read", b"4") != first
    assert await outbox.enqueue(tenant, "twin", "read", b"5", connection=uuid.uuid4()) != first
    taken = {message.id: message for message in await outbox.take(9)}
    assert taken[first].payload == b"2"
    again = await outbox.enqueue(tenant, "twin", "read", b"6")  # the first is being carried out
    assert again != first


async def test_an_open_circuit_holds_its_connection_and_no_other(
    outbox: Outbox, circuits: Circuits, tenant: uuid.UUID, owner: Any
) -> None:
    broken, fine = uuid.uuid4(), uuid.uuid4()
    for number in range(3):
        await put(outbox, tenant, f"b{number}", broken)
        await put(outbox, tenant, f"f{number}", fine)
    for _ in range(THRESHOLD - 1):
        assert (await circuits.failed(tenant, broken, "timeout")).state == "closed"
    assert (await circuits.failed(tenant, broken, "timeout")).state == "open"
    assert {message.connection for message in await outbox.take(9)} == {fine}
    await owner.execute("update circuit set open_until = clock_timestamp() - interval '1 s'")
    assert (await circuits.read(tenant, broken)).state == "half_open"
    (probe,) = await outbox.take(9)
    assert probe.connection == broken
    assert await outbox.take(9) == []  # until the probe is told
    await circuits.succeeded(tenant, broken)
    assert (await circuits.read(tenant, broken)).state == "closed"
    assert len(await outbox.take(9)) == 2


async def test_a_failing_probe_opens_the_circuit_for_longer(
    circuits: Circuits, tenant: uuid.UUID, owner: Any
) -> None:
    connection = uuid.uuid4()
    pauses = []
    for _ in range(THRESHOLD + 7):
        await circuits.failed(tenant, connection, "500")
        pauses.append(
            await owner.fetchval(
                "select round(extract(epoch from open_until - clock_timestamp()))::int from circuit"
            )
        )
    assert pauses[THRESHOLD - 2] is None
    assert pauses[THRESHOLD - 1 :] == [30, 60, 120, 240, 480, 900, 900, 900]


async def test_an_operator_pauses_and_resumes_a_connection(
    outbox: Outbox, circuits: Circuits, tenant: uuid.UUID
) -> None:
    connection = uuid.uuid4()
    await put(outbox, tenant, connection=connection)
    await circuits.pause(tenant, connection, "stock count")
    seen = await circuits.read(tenant, connection)
    assert (seen.state, seen.reason) == ("paused", "stock count")
    assert await outbox.take(5) == []
    await circuits.resume(tenant, connection)
    assert len(await outbox.take(5)) == 1


async def test_a_slow_connection_cannot_use_up_every_worker(
    database: Database, tenant: uuid.UUID
) -> None:
    outbox = Outbox(database, per_connection=4)
    slow, quick = uuid.uuid4(), uuid.uuid4()
    for number in range(20):
        await put(outbox, tenant, f"lane-{number}", slow)
    assert len(await outbox.take(50)) == 4
    await put(outbox, tenant, "lane", quick)
    assert [message.connection for message in await outbox.take(50)] == [quick]


async def test_a_take_by_two_workers_at_once_shares_the_work(
    outbox: Outbox, tenant: uuid.UUID
) -> None:
    for number in range(30):
        await put(outbox, tenant, f"lane-{number}", uuid.uuid4())
    batches = await asyncio.gather(*[outbox.take(10) for _ in range(3)])
    taken = [message.id for batch in batches for message in batch]
    assert len(taken) == len(set(taken))
    assert len(taken) > 10


async def test_messages_of_an_event_are_taken_like_others(
    outbox: Outbox, tenant: uuid.UUID, owner: Any
) -> None:
    """The journal's append names these columns and leaves the rest to their defaults."""
    document = make_id("crt", datetime.now(UTC), 77, b"12345678")
    await owner.execute(
        "insert into outbox (shard, tenant, id, document, lane, kind, connection, payload, run_at)"
        " values ($1, $2, $3, $4, 'l', 'push', null, 'p', clock_timestamp())",
        shard_of_slot(77, 16),
        tenant,
        uuid.uuid4(),
        uuid_of(document),
    )
    message = await take_one(outbox)
    assert (message.document, message.payload) == (uuid_of(document), b"p")
    assert await outbox.done(message)


async def test_another_tenant_sees_and_ends_nothing(outbox: Outbox, tenant: uuid.UUID) -> None:
    stranger, connection = uuid.uuid4(), uuid.uuid4()
    await put(outbox, tenant, connection=connection)
    message = await take_one(outbox)
    assert await outbox.dead(message, "no")
    assert await outbox.dead_letters(stranger) == []
    assert await outbox.replay(stranger, ids=[message.id]) == 0
    assert await outbox.replay(stranger, connection=connection) == 0


async def test_the_same_lane_of_two_tenants_is_two_lanes(outbox: Outbox, tenant: uuid.UUID) -> None:
    connection, stranger = uuid.uuid4(), uuid.uuid4()
    await put(outbox, tenant, "lane", connection)
    await put(outbox, stranger, "lane", connection)
    assert {message.tenant for message in await outbox.take(5)} == {tenant, stranger}


async def test_a_look_for_work_reads_the_index_and_not_the_backlog(
    outbox: Outbox, circuits: Circuits, tenant: uuid.UUID, owner: Any
) -> None:
    broken = uuid.uuid4()
    await owner.execute(
        "insert into outbox (shard, tenant, id, lane, kind, connection, payload)"
        " select 0, $1, gen_random_uuid(), 'l' || n, 'push', $2, 'p'"
        " from generate_series(1, 20000) n",
        tenant,
        broken,
    )
    for _ in range(THRESHOLD):
        await circuits.failed(tenant, broken, "down")
    await put(outbox, tenant, "fine", uuid.uuid4())
    assert [message.lane for message in await outbox.take(10)] == ["fine"]
    began = asyncio.get_running_loop().time()
    for _ in range(20):
        assert await outbox.take(10) == []
    assert asyncio.get_running_loop().time() - began < 1.0


async def waiting(
    owner: Any, tenant: uuid.UUID, connection: uuid.UUID, count: int, run: int
) -> None:
    """So many messages: in runs of one lane, or with -n one after another into n lanes."""
    await owner.execute(
        "insert into outbox (shard, tenant, id, lane, kind, connection, payload)"
        " select 0, $1, gen_random_uuid(), 'l' || lpad((case when $4 > 0 then n / $4"
        " else n % -$4 end)::text, 5, '0'), 'push', $2, 'p' from generate_series(1, $3::int) n",
        tenant,
        connection,
        count,
        run,
    )


async def test_long_lanes_in_front_hide_no_others(
    outbox: Outbox, tenant: uuid.UUID, owner: Any
) -> None:
    connection = uuid.uuid4()
    await waiting(owner, tenant, connection, 20_000, 1000)
    seen: set[str] = set()
    for _ in range(6):
        taken = await outbox.take(50)
        assert 6 <= len(taken) <= 8  # fewer only where the last lane is reached
        assert len({message.lane for message in taken}) == len(taken)
        seen |= {message.lane for message in taken}
        oldest = await owner.fetch(
            'select distinct on (lane) id from outbox order by lane, "order"'
        )
        assert {message.id for message in taken} <= {row["id"] for row in oldest}
        assert await outbox.finish([Outcome(message, "done") for message in taken]) == [True] * len(
            taken
        )
    assert len(seen) == 21  # it goes on behind the last lane, and begins again


async def test_a_look_costs_what_it_hands_out_and_not_what_waits(
    outbox: Outbox, tenant: uuid.UUID, owner: Any
) -> None:
    """Beside a table's first rows: the plans were made when it was nearly empty."""
    costs = []
    await put(outbox, tenant, "first", uuid.uuid4())
    await outbox.done(await take_one(outbox))
    for count in (500, 100_000):
        connection = uuid.uuid4()
        await waiting(owner, tenant, connection, count, -5000)
        await owner.execute("select pg_stat_force_next_flush()")
        blocks = "select coalesce(sum(heap_blks_hit + heap_blks_read + idx_blks_hit"
        blocks += " + idx_blks_read), 0) from pg_statio_user_tables where relname = 'outbox'"
        before = await owner.fetchval(blocks)
        rounds = 0
        for _ in range(10):
            taken = await outbox.take(50)
            rounds += len(taken)
            await outbox.finish([Outcome(message, "done", conduct="well") for message in taken])
        await owner.execute("select pg_stat_clear_snapshot()")
        costs.append((await owner.fetchval(blocks) - before) / max(rounds, 1))
    assert costs[1] < 4 * costs[0] + 40, costs


async def test_outcomes_are_noted_together_with_what_circuits_learn(
    outbox: Outbox, circuits: Circuits, tenant: uuid.UUID, owner: Any
) -> None:
    fine, broken = uuid.uuid4(), uuid.uuid4()
    for number in range(4):
        await put(outbox, tenant, f"f{number}", fine)
        await put(outbox, tenant, f"b{number}", broken)
    await circuits.failed(tenant, fine, "once")
    taken = await outbox.take(20)
    good = [message for message in taken if message.connection == fine]
    bad = [message for message in taken if message.connection == broken]
    outcomes = [
        *(Outcome(message, "done", conduct="well") for message in good[:3]),
        Outcome(good[3], "dead", "refused\0"),
        *(Outcome(m, "retry", "timeout", timedelta(hours=1), "failed") for m in bad),
    ]
    await owner.execute("update outbox set lease_fence = 99 where id = $1", good[0].id)

    noted = await outbox.finish(outcomes)

    assert noted == [False, *([True] * 7)]
    assert (await circuits.read(tenant, fine)).failures == 0
    seen = await circuits.read(tenant, broken)
    assert (seen.failures, seen.reason) == (4, "timeout")
    (letter,) = await outbox.dead_letters(tenant)
    assert (letter.id, letter.reason) == (good[3].id, "refused\ufffd")
    rows = await owner.fetch(
        "select run_at > clock_timestamp() + interval '50 min' from outbox where connection = $1",
        broken,
    )
    assert [row[0] for row in rows] == [True] * 4


async def test_a_circuit_is_written_only_when_its_count_changes(
    outbox: Outbox, tenant: uuid.UUID, owner: Any
) -> None:
    connection = uuid.uuid4()
    for _ in range(3):
        await put(outbox, tenant, "lane", connection)
        message = await take_one(outbox)
        before = await owner.fetchval("select xmin || ' ' || ctid from circuit")
        assert await outbox.finish([Outcome(message, "done", conduct="well")]) == [True]
        assert await owner.fetchval("select xmin || ' ' || ctid from circuit") == before


async def test_what_waits_for_a_connection_is_counted_and_dropped(
    outbox: Outbox, tenant: uuid.UUID
) -> None:
    connection = uuid.uuid4()
    for lane in ("a", "b", "c"):
        await put(outbox, tenant, lane, connection)
    held = await take_one(outbox)
    backlog = await outbox.backlog(tenant, connection)
    assert backlog.waiting == 3
    assert backlog.oldest is not None
    assert await outbox.backlog(uuid.uuid4(), connection) == Backlog(0, None)
    assert await outbox.drop(uuid.uuid4(), connection) == 0
    assert await outbox.drop(tenant, connection) == 2
    assert await outbox.dead(held, "no")
    assert await outbox.drop(tenant, connection) == 0
    assert await outbox.drop(tenant, connection, dead_letters=True) == 1
