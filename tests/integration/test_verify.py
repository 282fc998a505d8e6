"""Whatever is changed behind the gateway's back is found and named; what ended may be removed."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cartbridge.database.changes import LeaseSet
from cartbridge.database.connection import Database
from cartbridge.database.documents import Conflict
from cartbridge.database.feed import Feed
from cartbridge.database.rebuild import Rebuilt, rebuild
from cartbridge.database.retention import Retention, RetentionRefused
from cartbridge.database.verify import Finding, Progress, verify
from cartbridge.domain.cart.events import Cancelled, CustomerIdentified, DetailsChanged
from cartbridge.domain.customer import Customer
from cartbridge.domain.ids import uuid_of

CUSTOMER = Customer(email="camille@example.fr")
FINE = DetailsChanged(shipping=1)


async def findings(database: Database) -> list[Finding]:
    return [one async for one in verify(database) if isinstance(one, Finding)]


@asynccontextmanager
async def behind_its_back(owner: Any) -> AsyncIterator[Any]:
    """What an administrator with full rights can do: switch the triggers off."""
    await owner.execute("set session_replication_role = replica")
    yield owner
    await owner.execute("reset session_replication_role")


async def test_a_sound_journal_has_no_findings_while_the_gateway_writes(
    carts: Any, database: Database
) -> None:
    made = [await carts.start(CUSTOMER) for _ in range(5)]
    stop = asyncio.Event()

    async def write() -> None:
        while not stop.is_set():
            await carts.add(made[0], FINE)

    writing = asyncio.create_task(write())
    for _ in range(3):
        steps = [one async for one in verify(database)]
        assert not [one for one in steps if isinstance(one, Finding)]
    stop.set()
    await writing
    assert isinstance(steps[-1], Progress)
    assert steps[-1].documents == 5
    assert steps[-1].events >= 5


FLIP = "set {0} = set_byte({0}, octet_length({0}) / 2, get_byte({0}, octet_length({0}) / 2) # 1)"


@pytest.mark.parametrize("column", ["header", "body", "sealed", "hash"])
async def test_one_flipped_bit_is_found_and_named(
    carts: Any, database: Database, owner: Any, column: str
) -> None:
    cart = await carts.start(CUSTOMER)
    await carts.add(cart, CustomerIdentified(customer=CUSTOMER))
    await carts.add(cart, CustomerIdentified(customer=CUSTOMER))
    await carts.start(CUSTOMER)
    async with behind_its_back(owner):
        await owner.execute(
            f"update event {FLIP.format(column)} where stream = $1 and version = 2",
            uuid_of(cart),
        )
    row = await owner.fetchrow(
        "select shard, position from event where stream = $1 and version = 2", uuid_of(cart)
    )
    assert await findings(database) == [
        Finding("broken_link", row["shard"], carts.tenant, uuid_of(cart), 2, row["position"])
    ]


@pytest.mark.parametrize(
    "change",
    [
        "type = 'cart.cancelled'",
        "occurred_at = occurred_at - interval '1 day'",
        "command = gen_random_uuid()",
        "schema_version = 9",
    ],
)
async def test_a_column_beside_the_hashed_bytes_cannot_lie(
    carts: Any, database: Database, owner: Any, change: str
) -> None:
    await carts.start()
    async with behind_its_back(owner):
        await owner.execute("update event set " + change)  # noqa: S608 - of the list above
    assert [one.flaw for one in await findings(database)] == ["broken_link"]


async def test_a_removed_event_is_missed_in_its_chain_and_by_its_position(
    carts: Any, database: Database, owner: Any
) -> None:
    cart = await carts.start(slot=0)
    await carts.add(cart, FINE)
    await carts.add(cart, FINE)
    async with behind_its_back(owner):
        await owner.execute("delete from event where version = 2")
    found = await findings(database)
    assert found == [
        Finding("missing_version", 0, carts.tenant, uuid_of(cart), 2),
        Finding("missing_position", 0, position=2),
    ]
    assert str(found[1]) == "missing position: shard 0, position 2"


async def test_a_cut_off_end_is_missed_too(carts: Any, database: Database, owner: Any) -> None:
    cart = await carts.start(slot=0)
    await carts.add(cart, FINE)
    async with behind_its_back(owner):
        await owner.execute("delete from event where version = 2")
        await owner.execute("update stream set version = 1")
    assert [one.flaw for one in await findings(database)] == [
        "wrong_head",
        "missing_position",
    ]


async def test_a_stream_without_head_and_a_view_behind_are_found(
    carts: Any, database: Database, owner: Any
) -> None:
    behind, headless = await carts.start(slot=0), await carts.start(slot=4095)
    async with behind_its_back(owner):
        await owner.execute("update view set version = 0 where id = $1", uuid_of(behind))
        await owner.execute("delete from stream where id = $1", uuid_of(headless))
    assert await findings(database) == [
        Finding("view_behind", 0, carts.tenant, uuid_of(behind), 0),
        Finding("no_stream", 15, carts.tenant, uuid_of(headless), 1, 1),
        Finding("orphan_view", 15, carts.tenant, uuid_of(headless), 1),
    ]


async def test_a_chain_verifies_after_its_key_was_destroyed(carts: Any, database: Database) -> None:
    cart = await carts.start(CUSTOMER)
    await carts.documents.keys.destroy_document(carts.tenant, uuid_of(cart))
    assert await findings(database) == []


async def test_an_ended_cart_is_removed_whole_and_leaves_a_tombstone(
    carts: Any, database: Database, documents: Any, owner: Any
) -> None:
    cart = await carts.start(CUSTOMER, slot=0)
    kept = await carts.start(CUSTOMER, slot=0)
    before = await carts.add(cart, FINE, Cancelled())
    await carts.add(kept, FINE)
    assert await Retention(database).retire(carts.tenant, cart) == 3

    assert await findings(database) == []
    assert await documents.load(carts.tenant, cart) is None
    stone = await owner.fetchrow("select * from tombstone")
    assert (stone["id"], stone["positions"]) == (uuid_of(cart), [1, 3, 4])
    assert stone["last_hash"] == before.hash
    assert await owner.fetchval("select array_agg(root) from document_key") == [uuid_of(kept)]
    events, _ = await Feed(database, documents).read(carts.tenant)
    assert [event.document for event in events] == [kept, kept]
    # Its id is not used again, even by a command that was under way.
    assert await documents.commit(carts.change(carts.write(cart, FINE))) == Conflict()


async def test_the_root_of_a_living_cart_leaves_its_key_behind(
    carts: Any, database: Database
) -> None:
    root = await carts.start(CUSTOMER)
    remainder = await carts.start(CUSTOMER, root=root)
    await carts.add(root, Cancelled())
    await Retention(database).retire(carts.tenant, root)
    assert (await carts.load(remainder)).state.customer == CUSTOMER


async def test_a_living_cart_and_one_under_a_legal_hold_stay(
    carts: Any, database: Database
) -> None:
    cart, retention = await carts.start(), Retention(database)
    with pytest.raises(RetentionRefused, match="alive"):
        await retention.retire(carts.tenant, cart)
    await carts.add(cart, Cancelled())
    await retention.hold(carts.tenant, cart, "court case 7")
    with pytest.raises(RetentionRefused, match="legal hold"):
        await retention.retire(carts.tenant, cart)
    with pytest.raises(RetentionRefused, match="no such document"):
        await retention.retire(uuid.uuid4(), cart)
    assert (await carts.load(cart)).version == 2
    assert await retention.lift_hold(carts.tenant, cart)
    assert await retention.retire(carts.tenant, cart) == 2


async def test_young_commands_are_not_forgotten(carts: Any, database: Database, owner: Any) -> None:
    await carts.start()
    await carts.start()
    await owner.execute(
        "update command set recorded_at = $1 "
        "where ctid = any (array(select ctid from command limit 1))",
        datetime.now(UTC) - timedelta(days=8),
    )
    assert await Retention(database).forget_commands(datetime.now(UTC)) == 1
    assert await owner.fetchval("select count(*) from command") == 1


async def test_rebuilt_views_are_the_live_ones_and_working_tables_stay(
    carts: Any, database: Database, documents: Any, owner: Any
) -> None:
    made = [await carts.start(CUSTOMER if number % 2 else None) for number in range(8)]
    for cart in made[:5]:
        await carts.add(cart, FINE, DetailsChanged(has_payment=True))
    before = await carts.load(made[0])
    lease = LeaseSet(made[0], f"clm_{uuid.uuid4().hex}", "till-4", seconds=60)
    write = carts.write(made[0], FINE, before=before)
    await documents.commit(carts.change(write, leases=(lease,)))

    everything = "select * from view order by id"
    plain = (
        "select shard, tenant, id, kind, version, state, updated_at, due_at, customer, body, "
        "sealed is null from view order by id"
    )
    live, live_plain = await owner.fetch(everything), await owner.fetch(plain)
    states = [(await carts.load(cart)).state for cart in made]
    clock = await owner.fetch("select * from lease")

    told: list[Rebuilt] = []
    assert await rebuild(database, documents, told.append) == Rebuilt(8, 19, 0)
    assert await owner.fetch(everything) == live

    await owner.execute("delete from view where id = $1", uuid_of(made[1]))
    await owner.execute("update view set body = '\\x7b7d' where id = $1", uuid_of(made[2]))
    await owner.execute("update view set sealed = body where id = $1", uuid_of(made[3]))
    await owner.execute("update view set state = 'lost', due_at = null, version = 0")
    assert await rebuild(database, documents, told.append) == Rebuilt(8, 19, 8)
    assert await owner.fetch(plain) == live_plain
    assert [(await carts.load(cart)).state for cart in made] == states
    assert await owner.fetch("select * from lease") == clock
    assert told[-1] == Rebuilt(8, 19, 8)
    assert await rebuild(database, documents, told.append) == Rebuilt(8, 19, 0)


async def test_a_rebuild_after_an_erasure_brings_nobody_back(
    carts: Any, database: Database, documents: Any, owner: Any
) -> None:
    cart = await carts.start(CUSTOMER)
    await documents.keys.destroy_document(carts.tenant, uuid_of(cart))
    await owner.execute("delete from view")
    assert await rebuild(database, documents, lambda _: None) == Rebuilt(1, 1, 1)
    assert await owner.fetchval("select sealed from view") is None
    assert (await carts.load(cart)).state.customer is None
    assert await findings(database) == []
