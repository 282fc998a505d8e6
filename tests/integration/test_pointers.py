"""Pointers on a real PostgreSQL: written once, and one winner."""

import asyncio
import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cartbridge.database.connection import Database
from cartbridge.database.pointers import Owned, Pointers, shard_of_key, slot_of_key
from cartbridge.domain.ids import shard_of_slot

KEY = hashlib.sha256(b"a code").digest()


@pytest.fixture
def pointers(database: Database) -> Pointers:
    return Pointers(database)


async def test_of_twenty_at_once_one_wins_and_all_hear_of_it(
    pointers: Pointers, tenant: uuid.UUID
) -> None:
    targets = [uuid.uuid4() for _ in range(20)]
    heard = await asyncio.gather(
        *[pointers.claim_pointer(tenant, "twin", KEY, target) for target in targets]
    )
    assert len(set(heard)) == 1
    assert heard[0] in targets
    assert await pointers.find(tenant, "twin", KEY) == heard[0]


async def test_an_expired_pointer_is_not_found_and_gives_way(
    pointers: Pointers, tenant: uuid.UUID, owner: Any
) -> None:
    old, new = uuid.uuid4(), uuid.uuid4()
    soon = datetime.now(UTC) + timedelta(minutes=15)
    assert await pointers.claim_pointer(tenant, "short_code", KEY, old, soon) == old
    assert await pointers.claim_pointer(tenant, "short_code", KEY, new, soon) == old
    await owner.execute("update pointer set expires_at = clock_timestamp() - interval '1 s'")
    assert await pointers.find(tenant, "short_code", KEY) is None
    assert await pointers.find(tenant, "short_code", KEY, lapsed=True) == old
    assert await pointers.claim_pointer(tenant, "short_code", KEY, new, soon) == new


async def test_repointing_compares_first(pointers: Pointers, tenant: uuid.UUID) -> None:
    first, second, third = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    await pointers.claim_pointer(tenant, "twin", KEY, first)
    assert await pointers.repoint(tenant, "twin", KEY, first, second)
    assert not await pointers.repoint(tenant, "twin", KEY, first, third)
    assert await pointers.find(tenant, "twin", KEY) == second
    assert await pointers.drop(tenant, "twin", KEY)
    assert not await pointers.drop(tenant, "twin", KEY)


async def test_kinds_and_tenants_are_apart(pointers: Pointers, tenant: uuid.UUID) -> None:
    stranger, mine, theirs = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    await pointers.claim_pointer(tenant, "code", KEY, mine)
    assert await pointers.find(tenant, "receipt", KEY) is None
    assert await pointers.find(stranger, "code", KEY) is None
    assert not await pointers.repoint(stranger, "code", KEY, mine, theirs)
    assert not await pointers.drop(stranger, "code", KEY)
    assert await pointers.claim_pointer(stranger, "code", KEY, theirs) == theirs
    assert await pointers.find(tenant, "code", KEY) == mine


async def test_a_pass_says_whose_it_is_and_a_short_code_does_not(
    pointers: Pointers, tenant: uuid.UUID
) -> None:
    target = uuid.uuid4()
    await pointers.claim_pointer(tenant, "pass", KEY, target)
    await pointers.claim_pointer(tenant, "short_code", KEY, target)
    assert await pointers.find_owner("pass", KEY) == Owned(tenant, target)
    assert await pointers.find_owner("short_code", KEY) is None  # type: ignore[arg-type]
    assert await pointers.find_owner("pass", b"unknown") is None


async def test_expired_pointers_are_forgotten_after_a_while(
    pointers: Pointers, tenant: uuid.UUID, owner: Any
) -> None:
    past = datetime.now(UTC) - timedelta(days=2)
    for number in range(5):
        await pointers.claim_pointer(tenant, "code", bytes([number]), uuid.uuid4(), past)
    await pointers.claim_pointer(tenant, "pass", KEY, uuid.uuid4())
    assert await pointers.forget(timedelta(days=3)) == 0
    assert await pointers.forget(timedelta(days=1)) == 5
    assert await owner.fetchval("select count(*) from pointer") == 1


async def test_the_database_finds_the_same_shard_as_we_do(database: Database, owner: Any) -> None:
    keys = [uuid.uuid4().bytes for _ in range(200)]
    theirs = [await owner.fetchval("select shard_of_key($1)", key) for key in keys]
    assert theirs == [shard_of_key(key, database.shards) for key in keys]
    assert len(set(theirs)) == 16


@pytest.mark.parametrize("shards", [1, 3, 16, 100, 4096])
def test_a_key_and_an_id_in_its_slot_share_a_shard(shards: int) -> None:
    for number in range(500):
        key = number.to_bytes(4, "big")
        assert shard_of_key(key, shards) == shard_of_slot(slot_of_key(key), shards)
        assert 0 <= shard_of_key(key, shards) < shards


async def test_only_the_transaction_that_says_so_does_not_wait_for_the_disk(
    database: Database,
) -> None:
    mode = "select current_setting('synchronous_commit')"
    async with database.connection() as connection:
        assert await connection.fetchval(f"{mode} from commit_unwaited()") == "off"
        assert await connection.fetchval(mode) == "on"


async def test_tables_spread_over_several_servers_always_wait(
    database: Database, owner: Any
) -> None:
    """Several servers have several logs, and no order between them."""
    await owner.execute("set allow_system_table_mods = on")
    await owner.execute("create table pg_catalog.pg_dist_node (nodeid int)")
    async with database.connection() as connection:
        mode = "select current_setting('synchronous_commit') from commit_unwaited()"
        assert await connection.fetchval(mode) == "on"
