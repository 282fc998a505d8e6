"""The journal loses no update, writes nothing twice, and lets nobody change what happened."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cartbridge.database.changes import LeaseDrop, LeaseSet, Mark, Outgoing
from cartbridge.database.connection import Database, Unavailable
from cartbridge.database.documents import Appended, Change, Conflict, Documents, Duplicate
from cartbridge.database.feed import Feed
from cartbridge.database.journal import Append, append
from cartbridge.database.writer import BOUNDS, Writer
from cartbridge.domain.cart.events import DetailsChanged
from cartbridge.domain.ids import uuid_of

WRITERS, CARTS, EDITS = 32, 20, 12
FINE = DetailsChanged(shipping=1)
READ_BY_KEY = ["command", "stream", "view", "event", "document_key", "tombstone"]


@pytest.fixture
async def second_gateway(dsn: str, vault: Any, kinds: Any) -> AsyncIterator[Documents]:
    """Another process on the same database: its own pool, its own writer."""
    database = Database(dsn)
    await database.start()
    writer = Writer(database)
    await writer.start()
    yield Documents(database, writer, vault, kinds)
    await writer.stop()
    await database.stop()


async def add_one(carts: Any, documents: Documents, cart: str) -> None:
    """Raise the cart's shipping by one, as often as it takes."""
    while True:
        before = await documents.load(carts.tenant, cart)
        assert before is not None
        event = DetailsChanged(shipping=before.state.shipping + 1)
        outcome = await documents.commit(carts.change(carts.write(cart, event, before=before)))
        if isinstance(outcome, Appended):
            return
        assert isinstance(outcome, Conflict)


async def test_writers_on_hot_carts_lose_no_update_and_readers_miss_no_event(
    carts: Any, database: Database, second_gateway: Documents, owner: Any
) -> None:
    hot = [await carts.start() for _ in range(CARTS)]
    gateways = (carts.documents, second_gateway)
    finished = asyncio.Event()

    async def write(number: int) -> None:
        chance = random.Random(number)  # noqa: S311 - the same choice in every run
        for _ in range(EDITS):
            await add_one(carts, gateways[number % 2], chance.choice(hot))

    async def read(limit: int) -> list[Any]:
        feed, cursor, seen = Feed(database, carts.documents), None, []
        while True:
            last_look = finished.is_set()
            events, cursor = await feed.read(carts.tenant, cursor, limit=limit)
            seen += events
            if last_look and not events:
                return seen

    readers = [asyncio.create_task(read(limit)) for limit in (3, 50)]
    await asyncio.gather(*(write(number) for number in range(WRITERS)))
    finished.set()

    total = CARTS + WRITERS * EDITS
    for reader in readers:
        seen = await reader
        assert len(seen) == total
        for cart in hot:
            versions = [event.version for event in seen if event.document == cart]
            assert versions == list(range(1, len(versions) + 1))
    assert sum([(await carts.load(cart)).state.shipping for cart in hot]) == WRITERS * EDITS
    assert await owner.fetchval("select count(*) from event") == total
    gaps = await owner.fetch(
        "select shard from event right join shard_counter c using (shard) "
        "group by shard, c.position "
        "having count(event) <> c.position or coalesce(max(event.position), 0) <> c.position"
    )
    assert gaps == []


async def test_a_number_drawn_before_the_commit_would_make_readers_miss_events(
    dsn: str, owner: Any
) -> None:
    """The control: without the counter's lock, "all after my last position" skips."""
    await owner.execute("create table naive (position bigint generated always as identity)")
    slow, quick = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    begun = slow.transaction()
    await begun.start()
    first = await slow.fetchval("insert into naive default values returning position")
    await quick.execute("insert into naive default values")
    cursor = await owner.fetchval("select max(position) from naive")
    await begun.commit()
    later = await owner.fetch("select position from naive where position > $1", cursor)
    await slow.close()
    await quick.close()
    assert first < cursor
    assert later == []


async def test_a_command_over_two_carts_is_stored_whole_or_not_at_all(
    carts: Any, owner: Any
) -> None:
    sold = await carts.start(slot=7)
    before = await carts.load(sold)
    remainder = carts.new_id(slot=7)
    both = (carts.write(sold, FINE, before=before), carts.write(remainder, FINE, root=sold))
    await carts.add(sold, FINE)  # somebody was quicker
    assert await carts.documents.commit(carts.change(*both)) == Conflict()
    assert await carts.documents.load(carts.tenant, remainder) is None

    again = carts.write(sold, FINE, before=await carts.load(sold))
    outcome = await carts.documents.commit(carts.change(again, both[1]))
    assert outcome.versions == {uuid_of(sold): 3, uuid_of(remainder): 1}
    assert await owner.fetchval("select count(*) from view") == 2


async def test_a_repeated_command_is_a_duplicate_and_its_marks_are_applied(
    carts: Any, owner: Any
) -> None:
    cart, command = await carts.start(), uuid.uuid4()
    before = await carts.load(cart)
    message = await an_inbox_part(carts, owner)
    first = carts.change(carts.write(cart, FINE, before=before), command=command)
    assert isinstance(await carts.documents.commit(first), Appended)
    mark = Mark(shard=3, message=message, ordinal=1, outcome="applied")
    later = carts.write(cart, FINE, before=await carts.load(cart))
    again = carts.change(later, command=command, marks=(mark,))
    assert await carts.documents.commit(again) == Duplicate()
    assert (await carts.load(cart)).version == 2
    assert await owner.fetchval("select state from inbox_part") == "applied"


async def test_what_goes_out_and_what_came_in_ride_with_the_events(carts: Any, owner: Any) -> None:
    cart = await carts.start()
    before = await carts.load(cart)
    message = await an_inbox_part(carts, owner)
    rest: dict[str, Any] = {
        "outbox": (Outgoing(uuid.uuid4(), cart, "a lane", "push", b"payload"),),
        "marks": (Mark(3, message, 1, "applied"),),
        "leases": (LeaseSet(cart, "clm_" + uuid.uuid4().hex, "till-4", seconds=60),),
    }
    write = carts.write(cart, FINE, before=before)
    assert isinstance(await carts.documents.commit(carts.change(write, **rest)), Appended)
    lost = carts.change(write, leases=(LeaseDrop(cart),), outbox=rest["outbox"])
    assert await carts.documents.commit(lost) == Conflict()
    assert await owner.fetchval("select count(*) from lease") == 1
    row = await owner.fetchrow("select * from outbox")
    assert (row["lane"], row["kind"], row["payload"]) == ("a lane", "push", b"payload")
    assert row["document"] == uuid_of(cart)
    assert await owner.fetchval("select state from inbox_part") == "applied"


async def test_one_batch_carries_several_tenants_and_nobody_reads_the_others(
    carts: Any, database: Database, owner: Any
) -> None:
    tenants = [uuid.uuid4() for _ in range(6)]
    cart = carts.new_id()  # all of them use the same id
    writes = carts.write(cart, FINE)
    changes = [Change(uuid.uuid4(), tenant, (writes,)) for tenant in tenants]
    outcomes = await asyncio.gather(*(carts.documents.commit(change) for change in changes))
    assert [type(outcome) for outcome in outcomes] == [Appended] * 6
    assert await owner.fetchval("select count(distinct recorded_at) from event") < 6
    for table in ("event", "stream", "view", "command"):
        async with database.tenant(tenants[0]) as connection:
            assert await connection.fetch(f"select distinct tenant from {table}") == [  # noqa: S608
                (tenants[0],)
            ]
        async with database.connection() as connection:
            assert await connection.fetch(f"select * from {table}") == []  # noqa: S608


@pytest.mark.parametrize("table", ["event", "stream", "view", "command", "shard_counter"])
async def test_the_gateways_role_cannot_write_to_the_journal(
    carts: Any, database: Database, table: str
) -> None:
    await carts.start()
    for statement in (
        f"insert into {table} select * from {table}",  # noqa: S608
        f"update {table} set shard = shard",  # noqa: S608
        f"delete from {table}",  # noqa: S608
        f"truncate {table}",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.tenant(carts.tenant) as connection:
                await connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    ["update event set body = body", "delete from event", "truncate event"],
)
async def test_even_the_owner_cannot_change_what_happened(
    carts: Any, owner: Any, statement: str
) -> None:
    await carts.start()
    await owner.execute("select set_config('cartbridge.retiring', stream::text, false) from event")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await owner.execute(statement)
    assert await owner.fetchval("select count(*) from event") == 1


async def test_the_connection_is_killed_in_mid_append_and_every_command_is_stored_once(
    carts: Any, owner: Any
) -> None:
    cart = await carts.start()
    kill = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 "
    kill += "and datname = current_database()"
    edits = [asyncio.create_task(add_one(carts, carts.documents, cart)) for _ in range(40)]
    killed = 0
    for ended in range(0, 30, 6):  # not so often that it could never come through
        while sum(edit.done() for edit in edits) < ended:
            await asyncio.wait(edits, timeout=0.01, return_when=asyncio.ALL_COMPLETED)
        killed += len(await owner.fetch(kill, "cartbridge writer"))
    await asyncio.gather(*edits)
    assert killed > 0
    loaded = await carts.load(cart)
    assert (loaded.version, loaded.state.shipping) == (41, 40)


async def test_an_answer_lost_after_the_commit_is_not_stored_twice(
    carts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[Any] = []

    async def append_and_lose(connection: Any, batch: list[Append]) -> Any:
        outcomes = await append(connection, batch)
        if not lost:
            lost.append(outcomes)
            raise ConnectionResetError
        return outcomes

    monkeypatch.setattr("cartbridge.database.writer.append", append_and_lose)
    cart = carts.new_id()
    outcome = await carts.documents.commit(carts.change(carts.write(cart, FINE)))
    assert lost
    assert outcome == Appended({uuid_of(cart): 1})
    assert (await carts.load(cart)).version == 1


async def test_a_command_the_database_refuses_takes_no_other_along(carts: Any, owner: Any) -> None:
    ids = [carts.new_id() for _ in range(6)]
    await owner.execute(f"alter table view add check (id <> '{uuid_of(ids[5])}')")
    changes = [carts.change(carts.write(cart, FINE)) for cart in ids]
    outcomes = await asyncio.gather(
        *(carts.documents.commit(change) for change in changes), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes[:5]] == [Appended] * 5
    assert isinstance(outcomes[5], asyncpg.CheckViolationError)


async def test_a_held_lock_makes_a_command_wait_and_then_be_stored_once(
    carts: Any, owner: Any
) -> None:
    cart = carts.new_id()
    async with owner.transaction():
        await owner.execute("select from shard_counter for update")
        commit = asyncio.create_task(carts.documents.commit(carts.change(carts.write(cart, FINE))))
        waiting = "select count(*) from pg_locks where not granted "
        waiting += "and transactionid = pg_current_xact_id()::xid"
        while not await owner.fetchval(waiting):
            await asyncio.wait([commit], timeout=0.01)
    assert isinstance(await commit, Appended)


@pytest.mark.parametrize("listens", [False, True])
async def test_a_server_that_is_down_or_silent_is_told_in_bounded_time(
    tmp_path: Path, listens: bool
) -> None:
    never = asyncio.Event()

    async def say_nothing(_reader: Any, stream: asyncio.StreamWriter) -> None:
        await never.wait()
        stream.close()

    async with asyncio.timeout(5):
        silent = None
        if listens:
            path = str(tmp_path / ".s.PGSQL.5432")
            silent = await asyncio.start_unix_server(say_nothing, path)
        database = Database(f"postgresql://somebody:x@/cartbridge?host={tmp_path}&port=5432")
        with pytest.raises(Unavailable):
            await database.start()
        with pytest.raises(Unavailable):
            async with database.connection():
                pass
        never.set()
        if silent is not None:
            silent.close()


async def test_a_command_waits_for_the_database_in_bounded_time_and_then_goes_through(
    carts: Any, database: Database, monkeypatch: pytest.MonkeyPatch, owner: Any
) -> None:
    async def refuse(_application: str) -> Any:
        raise Unavailable

    cart = await carts.start()
    before = await carts.load(cart)
    change = carts.change(carts.write(cart, FINE, before=before))
    await owner.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid()"
    )
    with monkeypatch.context() as outage:
        outage.setattr(database, "dedicated", refuse)
        with pytest.raises(Unavailable):
            await carts.documents.commit(change)
    assert isinstance(await carts.documents.commit(change), Appended)
    assert (await carts.load(cart)).version == 2


async def test_errors_say_whether_to_come_back(database: Database) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        async with database.connection() as connection:
            await connection.execute("select * from no_such_table")
    with pytest.raises(Unavailable):
        async with database.connection() as connection:
            await connection.execute("set local statement_timeout = 5; select pg_sleep(10)")
    read_only = "set transaction_read_only = on; select forget_commands(now(), 1)"
    with pytest.raises(Unavailable):
        async with database.connection() as connection:
            await connection.execute(f"set default_transaction_read_only = on; {read_only}")
    async with database.connection() as connection:  # not one of those that turned read-only
        assert await connection.fetchval("show default_transaction_read_only") == "off"


async def test_a_tenant_does_not_outlive_its_transaction(carts: Any, database: Database) -> None:
    await carts.start()
    async with database.tenant(carts.tenant) as connection:
        assert await connection.fetchval("select count(*) from event") == 1
    async with database.connection() as connection:
        assert await connection.fetchval("select count(*) from event") == 0
    await carts.documents.load(carts.tenant, carts.new_id())
    async with database.connection() as connection:
        assert await connection.fetchval("select count(*) from event") == 0


async def test_a_full_queue_refuses_at_once_and_stopping_leaves_nobody_waiting(
    database: Database, carts: Any, vault: Any, kinds: Any, owner: Any
) -> None:
    writer = Writer(database)
    documents = Documents(database, writer, vault, kinds)
    with pytest.raises(Unavailable):
        await documents.commit(carts.change(carts.write(carts.new_id(), FINE)))
    await writer.start()
    async with owner.transaction():
        await owner.execute("select from shard_counter for update")
        commits = [
            asyncio.create_task(documents.commit(carts.change(carts.write(carts.new_id(), FINE))))
            for _ in range(BOUNDS.queue_items + 200)
        ]
        refused, _ = await asyncio.wait(commits, return_when=asyncio.FIRST_COMPLETED)
        assert all(isinstance(commit.exception(), Unavailable) for commit in refused)
        await writer.stop()
    outcomes = await asyncio.gather(*commits, return_exceptions=True)
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)


async def test_look_ups_of_the_append_use_the_whole_key_of_a_new_database(
    carts: Any, database: Database, writer: Writer, owner: Any
) -> None:
    """With empty statistics a join reads the whole shard: each look-up may read one row at most."""
    made = [await carts.start(slot=1) for _ in range(40)]
    for cart in made:
        await carts.add(cart, FINE)
    await writer.stop()
    await database.stop()
    gateway = "select count(*) from pg_stat_activity where application_name like 'cartbridge%' "
    gateway += "and datname = current_database()"
    while True:  # a backend hands in its counts when it ends
        if not await owner.fetchval(gateway):
            break
    for index in ("command_pkey", "stream_pkey", "view_pkey", "event_pkey"):
        row = await owner.fetchrow(
            "select idx_scan, idx_tup_read from pg_stat_user_indexes where indexrelname = $1", index
        )
        assert row["idx_tup_read"] <= row["idx_scan"]
    looked = "select relname, idx_scan from pg_stat_user_tables where relname = any ($1)"
    scans = {row["relname"]: row["idx_scan"] for row in await owner.fetch(looked, READ_BY_KEY)}
    assert scans["command"] >= 80
    assert scans["stream"] >= 120
    whole = "select relname from pg_stat_user_tables where seq_scan > 0 and relname = any ($1)"
    assert await owner.fetch(whole, READ_BY_KEY) == []


async def an_inbox_part(carts: Any, owner: Any) -> uuid.UUID:
    """A part of a message of this tenant, waiting to be applied."""
    message = uuid.uuid4()
    await owner.execute(
        "insert into inbox_part (shard, tenant, message, ordinal, connection, arrived, lane, state)"
        " values (3, $1, $2, 1, $2, 1, 'a lane', 'taken')",
        carts.tenant,
        message,
    )
    return message
