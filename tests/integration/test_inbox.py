"""The inbox on a real PostgreSQL: nothing accepted is lost, nothing is applied twice or crossed."""

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from cartbridge.database.connection import Database, Unavailable
from cartbridge.database.inbox import PART_ATTEMPTS, Arrival, Inbox, Part, PartKey
from cartbridge.database.pointers import shard_of_key
from cartbridge.database.vault import Vault
from cartbridge.domain.ids import named, shard_of_slot, slot_of, uuid_of
from cartbridge.domain.twin import TwinRef

MARKER = b"marie.durand@example.test"
NOW = timedelta(0)


@pytest.fixture
def connection() -> uuid.UUID:
    return uuid.uuid4()


@pytest.fixture
async def inbox(database: Database, vault: Vault) -> AsyncIterator[Inbox]:
    inbox = Inbox(database, vault, patience=10)
    await inbox.start()
    yield inbox
    await inbox.stop()


def arrival(
    tenant: uuid.UUID, connection: uuid.UUID, body: bytes = b"{}", dedup: bytes | None = None
) -> Arrival:
    return Arrival(tenant, connection, "POST", [("X-Topic", "cart")], body, dedup=dedup)


def twin(connection: uuid.UUID, external_id: str = "cart-1") -> TwinRef:
    return TwinRef(connection=named("con", connection), external_id=external_id)


async def sort_all(inbox: Inbox, lanes: int = 1) -> int:
    """Sort what is there; a body that is a number goes to the cart of that number, modulo."""
    done = 0
    while rows := await inbox.take_new(50):
        for row in rows:
            digits = row.delivery.body.decode(errors="replace")
            number = int(digits) % lanes if digits.isdigit() else 0
            part = PartKey(twin(row.connection, f"cart-{number}"))
            assert await inbox.sorted(row, [part])
            done += 1
    return done


async def a_part(inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID) -> Part:
    await inbox.receive(arrival(tenant, connection))
    await sort_all(inbox)
    (part,) = await inbox.take_parts(1)
    return part


async def lapse(owner: Any) -> None:
    """Let every lease end now."""
    await owner.execute("update inbox_part set lease_until = clock_timestamp() - interval '1 s'")
    await owner.execute(
        "update inbox_connection set lease_until = clock_timestamp() - interval '1 s'"
    )


# --- receiving


async def test_concurrent_receives_are_all_kept_in_order_of_arrival(
    inbox: Inbox, tenant: uuid.UUID, owner: Any
) -> None:
    connections = [uuid.uuid4() for _ in range(5)]
    bodies = [str(number).encode() for number in range(640)]

    async def sender(first: int) -> list[str]:
        kept = []
        for number in range(first, 640, 64):
            at = connections[first % 5]
            kept.append((await inbox.receive(arrival(tenant, at, bodies[number]))).message)
        return kept

    answers = await asyncio.gather(*[sender(first) for first in range(64)])
    kept = {message for answer in answers for message in answer}
    assert len(kept) == 640
    stored = await owner.fetch("select message, connection, arrived from inbox")
    assert {named("msg", row["message"]) for row in stored} == kept
    order = {named("msg", row["message"]): row["arrived"] for row in stored}
    for answer in answers:  # one sender's deliveries keep their order
        assert [order[message] for message in answer] == sorted(order[m] for m in answer)
    assert len({(row["connection"], row["arrived"]) for row in stored}) == 640
    read = {(await inbox.read(tenant, message)).delivery.body for message in kept}  # type: ignore[union-attr]
    assert read == set(bodies)


async def test_simultaneous_receives_share_a_transaction(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID, owner: Any
) -> None:
    await asyncio.gather(*[inbox.receive(arrival(tenant, connection)) for _ in range(64)])
    transactions = await owner.fetchval("select count(distinct xmin::text) from inbox")
    assert transactions < 16


async def test_a_duplicate_answers_the_first_message(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID
) -> None:
    first = await inbox.receive(arrival(tenant, connection, b"one", b"delivery-1"))
    assert not first.duplicate
    again = await asyncio.gather(
        *[inbox.receive(arrival(tenant, connection, b"one", b"delivery-1")) for _ in range(8)]
    )
    assert {(one.message, one.duplicate) for one in again} == {(first.message, True)}


async def test_twenty_at_once_with_one_key_are_one_message(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID, owner: Any
) -> None:
    answers = await asyncio.gather(
        *[inbox.receive(arrival(tenant, connection, b"one", b"delivery-1")) for _ in range(20)]
    )
    assert len({one.message for one in answers}) == 1
    assert sum(not one.duplicate for one in answers) == 1
    assert await owner.fetchval("select count(*) from inbox") == 1


async def test_the_same_delivery_key_with_another_body_is_no_duplicate(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID
) -> None:
    one = await inbox.receive(arrival(tenant, connection, b"one", b"delivery-1"))
    other = await inbox.receive(arrival(tenant, connection, b"two", b"delivery-1"))
    assert not other.duplicate
    assert other.message != one.message


async def test_the_same_key_on_another_connection_or_tenant_is_no_duplicate(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID
) -> None:
    await inbox.receive(arrival(tenant, connection, b"one", b"delivery-1"))
    elsewhere = await inbox.receive(arrival(tenant, uuid.uuid4(), b"one", b"delivery-1"))
    foreign = await inbox.receive(arrival(uuid.uuid4(), connection, b"one", b"delivery-1"))
    assert (elsewhere.duplicate, foreign.duplicate) == (False, False)


async def test_bytes_that_json_refuses_come_back_as_they_were(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID
) -> None:
    bodies = [
        b'{"a":"\\u0000"}', b"\x00\xff\xfe", b'"\\ud800"', b"\xef\xbb\xbf{}", b"NaN", b"",
        b"[" * 9999,
    ]  # fmt: skip
    headers = [("X-Name", "Zo\udce9"), ("X-Name", "twice"), ("X-Nul", "a\0b")]
    for body in bodies:
        sent = Arrival(tenant, connection, "POST", headers, body, query="shop=1&x=%00")
        await inbox.receive(sent)
    rows = await inbox.take_new(50)
    assert [row.delivery.body for row in rows] == bodies
    assert all(list(row.delivery.headers) == headers for row in rows)
    assert {row.delivery.query for row in rows} == {"shop=1&x=%00"}
    for row in rows:
        await inbox.sorted(row, [PartKey(twin(connection))])
    parts = await inbox.take_lane(tenant, connection, str(twin(connection)))
    assert [part.delivery.body for part in parts or []] == bodies


async def test_nothing_of_a_delivery_lies_in_plain_in_any_table(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID, owner: Any
) -> None:
    sent = Arrival(tenant, connection, "POST", [("X-From", MARKER.decode())], MARKER, dedup=MARKER)
    await inbox.receive(sent)
    (row,) = await inbox.take_new(1)
    await inbox.sorted(row, [PartKey(twin(connection), dedup=MARKER)])
    assert row.delivery.body == MARKER
    assert await tables_holding(owner, MARKER) == []
    await owner.execute("create table leak as select $1::bytea as body", MARKER)
    assert await tables_holding(owner, MARKER) == ["leak"]  # the search would find it


async def tables_holding(owner: Any, marker: bytes) -> list[str]:
    """The tables of which a row holds these bytes, as text or binary."""
    names = await owner.fetch("select tablename from pg_tables where schemaname = 'public'")
    found = []
    for (name,) in names:
        rows = await owner.fetch(f'select t::text from "{name}" t')  # noqa: S608 - a table's name
        if any(marker.decode() in row[0] or marker.hex() in row[0] for row in rows):
            found.append(name)
    return found


CUT = (
    "select count(pg_terminate_backend(pid)) from pg_stat_activity"
    " where application_name = 'cartbridge inbox' and datname = current_database()"
)


async def test_cut_connections_lose_and_double_nothing(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID, owner: Any
) -> None:
    kept, cuts = [], 0
    for _ in range(12):
        sending = [inbox.receive(arrival(tenant, connection, b"x")) for _ in range(8)]
        received = asyncio.gather(*sending)
        cuts += await owner.fetchval(CUT)
        kept += [one.message for one in await received]
    assert cuts > 5
    stored = await owner.fetch("select message from inbox")
    assert sorted(named("msg", row["message"]) for row in stored) == sorted(kept)


async def test_a_batch_cut_in_the_middle_is_sent_again_and_stored_once(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID, owner: Any
) -> None:
    await inbox.receive(arrival(tenant, connection))
    waiting = "select count(*) from pg_locks where not granted"
    async with owner.transaction():
        await owner.execute("select * from inbox_connection for update")
        sending = asyncio.create_task(inbox.receive(arrival(tenant, connection, b"second")))
        while not await owner.fetchval(waiting):
            pass
        assert await owner.fetchval(CUT) == 1
    received = await sending
    assert not received.duplicate
    assert await owner.fetchval("select count(*) from inbox") == 2


async def test_without_a_database_a_sender_is_told_to_come_back(
    database: Database, vault: Vault, tenant: uuid.UUID, connection: uuid.UUID
) -> None:
    inbox = Inbox(database, vault, patience=0.3)
    with pytest.raises(Unavailable):
        await inbox.receive(arrival(tenant, connection))
    await inbox.start()
    await database.stop()
    with pytest.raises(Unavailable):
        await inbox.receive(arrival(tenant, connection))
    await inbox.stop()


async def test_a_message_id_tells_the_shard_of_its_connection(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID, owner: Any
) -> None:
    received = await inbox.receive(arrival(tenant, connection))
    shard = await owner.fetchval("select shard from inbox")
    assert shard == shard_of_slot(slot_of(received.message), 16)
    assert shard == shard_of_key(connection.bytes, 16)
    assert shard == await owner.fetchval("select shard_of_key($1)", connection.bytes)


# --- sorting


async def test_a_connection_has_one_sorter_and_keeps_its_order(
    inbox: Inbox, database: Database, vault: Vault, tenant: uuid.UUID, connection: uuid.UUID
) -> None:
    sent = [(await inbox.receive(arrival(tenant, connection))).message for _ in range(12)]
    other = Inbox(database, vault)
    mine, theirs = await asyncio.gather(inbox.take_new(5), other.take_new(5))
    assert sorted([len(mine), len(theirs)]) == [0, 5]
    taken = [row.message for row in (mine or theirs)]
    assert taken == sent[:5]
    for row in mine or theirs:
        assert await inbox.ignore(row, "nothing")
    assert [row.message for row in await other.take_new(50)] == sent[5:]


async def test_one_busy_connection_does_not_keep_others_from_being_sorted(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID
) -> None:
    for _ in range(20):
        await inbox.receive(arrival(tenant, connection))
    first = await inbox.take_new(5)
    quiet = uuid.uuid4()
    await inbox.receive(arrival(tenant, quiet))
    for row in first:
        await inbox.ignore(row, "nothing")
    assert quiet in {row.connection for row in await inbox.take_new(5)}


async def test_a_sorter_whose_lease_ended_cannot_settle_any_more(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID, owner: Any
) -> None:
    await inbox.receive(arrival(tenant, connection))
    (slow,) = await inbox.take_new(1)
    assert await inbox.take_new(1) == []
    await lapse(owner)
    (quick,) = await inbox.take_new(1)
    assert quick.message == slow.message
    assert not await inbox.sorted(slow, [PartKey(twin(connection))])
    assert await owner.fetchval("select count(*) from inbox_part") == 0
    assert await inbox.sorted(quick, [PartKey(twin(connection))])


async def test_a_repeated_part_is_ignored_for_the_life_of_the_connection(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID, owner: Any
) -> None:
    for _ in range(2):
        await inbox.receive(arrival(tenant, connection))
        (row,) = await inbox.take_new(1)
        ref = twin(connection)
        await inbox.sorted(row, [PartKey(ref, 1, b"change-1"), PartKey(ref, 2)])
        await owner.execute("delete from inbox_part where state = 'applied'")
    newest = (await inbox.messages(tenant))[0]
    assert [(part.state, part.reason) for part in newest.parts] == [
        ("ignored", "duplicate"),
        ("sorted", None),
    ]


async def test_the_horizon_says_when_the_sorter_has_passed_a_moment(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID
) -> None:
    lane = str(twin(connection))
    assert (await inbox.horizon(tenant, connection, lane)).clear
    await inbox.receive(arrival(tenant, connection))
    moment, sorted_by_then, clear = await inbox.horizon(tenant, connection, lane)
    assert not sorted_by_then
    assert not clear
    await sort_all(inbox)
    await inbox.receive(arrival(tenant, connection))  # later: does not count
    assert not (await inbox.horizon(tenant, connection, lane)).sorted
    assert (await inbox.horizon(tenant, connection, lane, moment)).sorted


@pytest.mark.parametrize("lane", ["", "a\0b", "a\udce9b", "x" * 601])
def test_a_lane_that_cannot_be_stored_is_refused_when_it_is_named(lane: str) -> None:
    with pytest.raises(ValueError, match="lane"):
        PartKey(None, lane=lane)


async def test_a_reason_out_of_hostile_input_can_be_stored(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID
) -> None:
    await inbox.receive(arrival(tenant, connection))
    (row,) = await inbox.take_new(1)
    assert await inbox.quarantine(row, "cannot read \0 \ud800 " + "x" * 9999)
    (message,) = await inbox.messages(tenant, state="quarantined")
    assert message.reason is not None
    assert len(message.reason) == 500


# --- applying


async def test_two_workers_never_hold_one_lane_and_each_lane_keeps_its_order(
    inbox: Inbox, database: Database, vault: Vault, tenant: uuid.UUID, connection: uuid.UUID
) -> None:
    await asyncio.gather(
        *[inbox.receive(arrival(tenant, connection, str(n % 7).encode())) for n in range(140)]
    )
    await sort_all(inbox, lanes=7)
    held: set[str] = set()
    applied: dict[str, list[int]] = {}
    crossed = 0
    left = 140

    async def worker() -> None:
        nonlocal crossed, left
        while left:
            for part in await inbox.take_parts(4):
                crossed += part.lane in held
                held.add(part.lane)
                await asyncio.sleep(0)
                applied.setdefault(part.lane, []).append(part.arrived)
                held.discard(part.lane)
                if part.attempts == 1 and part.arrived % 10 == 0:
                    assert await inbox.retry(part, NOW, "again") == "sorted"
                    applied[part.lane].pop()
                    continue
                assert await inbox.finish(part, "echo")
                left -= 1

    async with asyncio.TaskGroup() as workers:  # one that fails ends the others
        for _ in range(4):
            workers.create_task(worker())
    assert crossed == 0
    assert sum(len(order) for order in applied.values()) == 140
    assert all(order == sorted(order) for order in applied.values())


async def test_the_check_for_crossed_lanes_can_fail(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID, owner: Any
) -> None:
    """Select first and update later, as a naive queue does, hands one lane to two workers."""
    for _ in range(2):
        await inbox.receive(arrival(tenant, connection))
    await sort_all(inbox)
    naive = "select message, lane from inbox_part where state = 'sorted' order by arrived limit 1"
    one, other = await owner.fetchrow(naive), await owner.fetchrow(naive)
    assert one["lane"] == other["lane"]
    assert len(await inbox.take_parts(2)) == 1
    assert await inbox.take_parts(2) == []


async def test_an_older_part_that_comes_back_does_not_open_a_held_lane(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID
) -> None:
    old = await a_part(inbox, tenant, connection)
    assert await inbox.finish(old, "quarantined", "cannot be read")
    newer = await a_part(inbox, tenant, connection)
    assert await inbox.replay(tenant, old.message)
    assert await inbox.take_parts(5) == []  # the lane is held, though not by its oldest
    assert await inbox.finish(newer, "echo")
    assert [part.message for part in await inbox.take_parts(5)] == [old.message]


async def test_a_take_under_way_keeps_its_lanes_though_nobody_sees_it_yet(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID, dsn: str
) -> None:
    old = await a_part(inbox, tenant, connection)
    assert await inbox.finish(old, "quarantined", "cannot be read")
    await inbox.receive(arrival(tenant, connection))
    await sort_all(inbox)
    other = await asyncpg.connect(dsn)
    try:
        async with other.transaction():
            taken = await other.fetch("select * from part_take($1, 5, '1 min', 8)", list(range(16)))
            assert len(taken) == 1
            assert await inbox.replay(tenant, old.message)
            assert await inbox.take_parts(5) == []
    finally:
        await other.close()


async def test_a_lapsed_part_goes_to_another_and_its_first_holder_is_fenced_off(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID, owner: Any
) -> None:
    paused = await a_part(inbox, tenant, connection)
    assert await inbox.take_parts(1) == []
    await lapse(owner)
    (taken,) = await inbox.take_parts(1)
    assert (taken.message, taken.attempts) == (paused.message, 2)
    assert not await inbox.finish(paused, "applied")
    assert not await inbox.heartbeat(paused)
    assert await inbox.retry(paused, NOW, "late") is None
    assert await inbox.finish(taken, "applied")


async def test_a_heartbeat_keeps_the_part(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID, owner: Any
) -> None:
    part = await a_part(inbox, tenant, connection)
    await lapse(owner)
    assert await inbox.heartbeat(part)
    assert await inbox.take_parts(1) == []


async def test_a_poison_part_is_set_aside_and_its_lane_goes_on(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID
) -> None:
    poison = await a_part(inbox, tenant, connection)
    await inbox.receive(arrival(tenant, connection))
    await sort_all(inbox)
    states = [await inbox.retry(poison, NOW, "boom")]
    while states[-1] == "sorted":
        (again,) = await inbox.take_parts(5)
        assert again.message == poison.message
        states.append(await inbox.retry(again, NOW, "boom"))
    assert states == ["sorted"] * (PART_ATTEMPTS - 1) + ["quarantined"]
    (next_one,) = await inbox.take_parts(5)
    assert next_one.message != poison.message
    (seen,) = await inbox.messages(tenant, state="quarantined")
    assert (seen.message, seen.parts[0].reason) == (poison.message, "boom")


async def test_a_part_that_kills_its_workers_is_set_aside_too(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID, owner: Any
) -> None:
    poison = await a_part(inbox, tenant, connection)
    await inbox.receive(arrival(tenant, connection))
    await sort_all(inbox)
    for _ in range(PART_ATTEMPTS - 1):
        await lapse(owner)
        assert [part.message for part in await inbox.take_parts(1)] == [poison.message]
    await lapse(owner)
    await inbox.take_parts(1)
    (next_one,) = await inbox.take_parts(1) or [poison]
    (seen,) = await inbox.messages(tenant, state="quarantined")
    assert seen.message == poison.message
    assert next_one.message != poison.message


async def test_a_lane_waits_while_its_oldest_part_is_delayed_and_others_do_not(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID
) -> None:
    for body in (b"0", b"0", b"1"):
        await inbox.receive(arrival(tenant, connection, body))
    await sort_all(inbox, lanes=2)
    first = {part.lane[-1]: part for part in await inbox.take_parts(5)}
    assert set(first) == {"0", "1"}
    await inbox.retry(first["0"], timedelta(hours=1), "later")
    await inbox.finish(first["1"], "applied")
    assert await inbox.take_parts(5) == []


async def test_a_claim_takes_what_waits_in_its_lane_ahead_of_any_delay(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID
) -> None:
    sent = [(await inbox.receive(arrival(tenant, connection))).message for _ in range(3)]
    await sort_all(inbox)
    lane = str(twin(connection, "cart-0"))
    (first,) = await inbox.take_parts(5)
    assert await inbox.take_lane(tenant, connection, lane) is None
    await inbox.retry(first, timedelta(hours=1), "later")
    parts = await inbox.take_lane(tenant, connection, lane)
    assert parts is not None
    assert [part.message for part in parts] == sent
    assert await inbox.take_parts(5) == []
    for part in parts:
        assert await inbox.finish(part, "applied")
    assert await inbox.take_lane(tenant, connection, lane) == []


async def test_a_mark_of_the_journal_frees_the_lane(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID, owner: Any
) -> None:
    part = await a_part(inbox, tenant, connection)
    await inbox.receive(arrival(tenant, connection))
    await sort_all(inbox)
    await owner.execute(
        "update inbox_part p set state = 'applied', lease_until = null,"
        " done_at = clock_timestamp() where p.shard = $1 and p.tenant = $2 and p.message = $3"
        " and p.ordinal = $4 and p.state in ('sorted', 'taken')",
        part.shard,
        part.tenant,
        uuid_of(part.message),
        part.ordinal,
    )
    assert len(await inbox.take_parts(5)) == 1
    assert not await inbox.finish(part, "echo")


# --- looking back


async def test_an_operator_finds_reads_and_replays_what_was_quarantined(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID
) -> None:
    broken = await inbox.receive(arrival(tenant, connection, b"<html>"))
    await inbox.receive(arrival(tenant, connection, b"fine"))
    rows = await inbox.take_new(5)
    await inbox.quarantine(rows[0], "not JSON")
    await inbox.sorted(rows[1], [PartKey(twin(connection))])
    (seen,) = await inbox.messages(tenant, state="quarantined")
    assert (seen.message, seen.reason) == (broken.message, "not JSON")
    stored = await inbox.read(tenant, seen.message)
    assert stored is not None
    assert stored.delivery is not None
    assert stored.delivery.body == b"<html>"
    assert await inbox.replay(tenant, seen.message)
    assert not await inbox.replay(tenant, seen.message)
    assert [row.message for row in await inbox.take_new(5)] == [broken.message]


async def test_a_range_of_quarantined_messages_is_replayed(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID
) -> None:
    other = uuid.uuid4()
    for at in (connection, connection, other):
        await inbox.receive(arrival(tenant, at))
    for row in await inbox.take_new(5):
        await inbox.quarantine(row, "a bug since mended")
    assert await inbox.replay_range(tenant, connection=connection) == 2
    assert {row.connection for row in await inbox.take_new(5)} == {connection}


async def test_messages_are_listed_newest_first_in_pages(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID
) -> None:
    sent = {(await inbox.receive(arrival(tenant, connection))).message for _ in range(5)}
    first = await inbox.messages(tenant, limit=3)
    rest = await inbox.messages(tenant, limit=3, before=first[-1].message)
    listed = [one.message for one in first + rest]
    assert listed == sorted(sent, reverse=True)
    assert await inbox.messages(tenant, connection=uuid.uuid4()) == []


async def test_two_tenants_with_the_same_connection_id_do_not_see_each_other(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID
) -> None:
    stranger = uuid.uuid4()
    mine = await inbox.receive(arrival(tenant, connection, b"mine"))
    theirs = await inbox.receive(arrival(stranger, connection, b"theirs"))
    assert [one.message for one in await inbox.messages(tenant)] == [mine.message]
    assert await inbox.read(tenant, theirs.message) is None
    assert not await inbox.replay(tenant, theirs.message)
    rows = {row.tenant: row for row in await inbox.take_new(5)}
    for row in rows.values():
        await inbox.sorted(row, [PartKey(twin(connection), dedup=b"same")])
    parts = await inbox.take_parts(5)
    assert {part.tenant: part.delivery.body for part in parts} == {
        tenant: b"mine",
        stranger: b"theirs",
    }


async def test_bodies_are_forgotten_once_applied_and_their_day_key_destroyed(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID, owner: Any
) -> None:
    done = await a_part(inbox, tenant, connection)
    await inbox.finish(done, "applied")
    broken = await inbox.receive(arrival(tenant, connection, b"<html>"))
    (row,) = await inbox.take_new(1)
    await inbox.quarantine(row, "not JSON")
    await owner.execute("update inbox set received_at = received_at - interval '30 days'")
    assert await inbox.forget_bodies(timedelta(days=31)) == 0
    assert await inbox.forget_bodies(timedelta(days=14)) == 1
    kept = await inbox.read(tenant, done.message)
    assert kept is not None
    assert (kept.delivery, kept.summary.parts[0].state) == (None, "applied")
    still = await inbox.read(tenant, broken.message)
    assert still is not None
    assert still.delivery is not None
    await owner.execute("update day_key set day = day - 30")
    await owner.execute("update inbox set day = day - 30")
    await inbox.forget_bodies(timedelta(days=14))
    assert await owner.fetchval("select count(*) from day_key") == 1  # the quarantined one needs it
    await owner.execute("update inbox set state = 'ignored' where body is not null")
    assert await inbox.forget_bodies(timedelta(days=14)) == 1
    assert await owner.fetchval("select count(*) from day_key") == 0


async def test_a_body_that_a_part_still_needs_is_never_forgotten(
    inbox: Inbox, tenant: uuid.UUID, connection: uuid.UUID, owner: Any
) -> None:
    for body in (b"0", b"1", b"2"):
        await inbox.receive(arrival(tenant, connection, body))
    await sort_all(inbox, lanes=3)
    for part in await inbox.take_parts(2):
        if part.lane.endswith("0"):
            await inbox.finish(part, "quarantined", "cannot be read")
    await owner.execute("update inbox set received_at = received_at - interval '30 days'")
    assert await inbox.forget_bodies(timedelta(days=14)) == 0  # one set aside, one taken, one due
    await owner.execute("update inbox_part set state = 'applied'")
    assert await inbox.forget_bodies(timedelta(days=14)) == 3


async def test_what_cannot_be_decrypted_any_more_is_set_aside_not_served_empty(
    inbox: Inbox,
    database: Database,
    vault: Vault,
    tenant: uuid.UUID,
    connection: uuid.UUID,
    owner: Any,
) -> None:
    await inbox.receive(arrival(tenant, connection, b"one"))
    await owner.execute("delete from day_key")
    other_process = Inbox(database, vault)
    assert await other_process.take_new(5) == []
    (seen,) = await inbox.messages(tenant, state="quarantined")
    assert "decrypted" in (seen.reason or "")


async def test_a_day_key_made_by_two_processes_at_once_is_one_key(
    inbox: Inbox, database: Database, vault: Vault, tenant: uuid.UUID, connection: uuid.UUID
) -> None:
    others = [Inbox(database, vault, patience=10) for _ in range(4)]
    for other in others:
        await other.start()
    body = hashlib.sha256(b"x").digest()
    got = await asyncio.gather(*[o.receive(arrival(tenant, connection, body)) for o in others])
    for one in got:
        stored = await inbox.read(tenant, one.message)
        assert stored is not None
        assert stored.delivery is not None
        assert stored.delivery.body == body
    for other in others:
        await other.stop()


# --- plans

BLOCKS = """
select coalesce(sum(heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read), 0)
  from pg_statio_user_tables where relname = 'inbox_part'"""


async def waiting(owner: Any, tenant: uuid.UUID, count: int) -> None:
    """So many parts in one shard, each in a lane of its own."""
    await owner.execute(
        """insert into inbox_part
             (shard, tenant, message, ordinal, connection, arrived, lane, state)
           select 3, $1, gen_random_uuid(), 0, $1, n, gen_random_uuid()::text, 'sorted'
             from generate_series(1, $2::int) n""",
        tenant,
        count,
    )


async def cost_of_a_part(session: Any, owner: Any) -> float:
    """Blocks of the table and its indexes that are touched for each part handed out and done."""
    before, taken = await touched(session, owner), 0
    for _ in range(5):
        rows = await session.fetch(
            "select * from part_take(array[3]::smallint[], 50, interval '1 min', 8)"
        )
        taken += len(rows)
        await owner.execute(
            "update inbox_part set state = 'applied', done_at = now(), lease_until = null"
            " where message = any ($1)",
            [row["message"] for row in rows],
        )
    assert taken == 250
    return (await touched(session, owner) - before) / taken


async def touched(session: Any, owner: Any) -> float:
    """Blocks so far, with what both sessions have not told yet."""
    for one in (session, owner):
        await one.execute("select pg_stat_force_next_flush()")
    await owner.execute("select pg_stat_clear_snapshot()")
    return float(await owner.fetchval(BLOCKS))


async def test_handing_out_parts_costs_the_same_however_many_wait(
    database: Database, tenant: uuid.UUID, owner: Any
) -> None:
    """The plans were made while the table was empty, and are kept."""
    session = await database.dedicated("test")
    try:
        for _ in range(7):
            await session.fetch("select * from part_take(array[3]::smallint[], 9, '1 min', 8)")
        await waiting(owner, tenant, 300)
        few = await cost_of_a_part(session, owner)
        await waiting(owner, tenant, 20_000)
        many = await cost_of_a_part(session, owner)
    finally:
        await session.close()
    assert many < 4 * few + 40, (few, many)
