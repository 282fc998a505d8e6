"""A new database has no statistics: the two-hundredth batch costs what the fifth did."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from cartbridge.database.writer import BOUNDS
from cartbridge.domain.cart.events import Started
from cartbridge.domain.cart.state import Origin
from tests.conftest import Carts
from tests.faults.experiment import Experiment

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]
BATCHES = 200
PER_BATCH = BOUNDS.batch_items
SLOT = 7  # one shard gets everything, as a large one would
MEASURED = 12
GROWS = 3.0  # times dearer: far below what a scan of the shard costs, far above a busy machine


async def ratio(batch: Callable[[], Awaitable[float]]) -> float:
    """What a batch costs after so many of them, against what it cost at first, undisturbed."""
    seconds = [await batch() for _ in range(BATCHES)]
    return min(seconds[-MEASURED:]) / min(seconds[5 : 5 + MEASURED])


async def kept_without_statistics(owner: Any, *tables: str) -> None:
    """Nobody comes along and repairs the plans."""
    for table in tables:
        await owner.execute(f"alter table {table} set (autovacuum_enabled = false)")


async def test_an_append_does_not_grow_dearer_in_a_new_database(
    owner: Any, carts: Carts, experiment: Experiment
) -> None:
    counts = experiment("planner of a new database after 200 batches")
    tables = ("event", "stream", "view", "command", "document_key", "lease", "outbox")
    await kept_without_statistics(owner, *tables)

    async def batch() -> float:
        changes = []
        for _ in range(PER_BATCH):
            cart = carts.new_id(SLOT)
            started = Started(origin=Origin(), currency="EUR")
            changes.append(carts.change(carts.write(cart, started)))
        begun = time.perf_counter()
        await asyncio.gather(*(carts.documents.commit(change) for change in changes))
        counts.sent += PER_BATCH
        counts.acknowledged += PER_BATCH
        return time.perf_counter() - begun

    grown = await ratio(batch)

    counts.stored = await owner.fetchval("select count(*) from event")
    counts.lost = counts.acknowledged - counts.stored
    counts.extra["batch 200 costs x"] = grown
    assert counts.held
    assert grown < GROWS


NAIVE = """
create table naive (
  shard smallint not null, tenant uuid not null, id uuid not null, version int not null,
  primary key (shard, tenant, id)
);
create function naive_append(p_shard smallint, p_tenant uuid, p_ids uuid[]) returns bigint
language plpgsql as $$
declare
  v_known bigint;
begin
  select count(*) into v_known
    from unnest(p_ids) as u(id)
    join naive n on n.shard = p_shard and n.tenant = p_tenant and n.id = u.id;
  insert into naive select p_shard, p_tenant, u.id, 1 from unnest(p_ids) as u(id);
  return v_known;
end $$
"""


async def test_a_join_reads_the_whole_shard(
    owner: Any, tenant: uuid.UUID, experiment: Experiment
) -> None:
    """The negative control: the same look-up, written as a join."""
    counts = experiment("planner of a new database, a join", control=True)
    await owner.execute(NAIVE)
    await kept_without_statistics(owner, "naive")

    async def batch() -> float:
        ids = [uuid.uuid4() for _ in range(PER_BATCH)]
        begun = time.perf_counter()
        await owner.fetchval("select naive_append(0::smallint, $1, $2)", tenant, ids)
        counts.sent += PER_BATCH
        counts.acknowledged += PER_BATCH
        return time.perf_counter() - begun

    grown = await ratio(batch)

    counts.stored = await owner.fetchval("select count(*) from naive")
    counts.extra["batch 200 costs x"] = grown
    assert grown > GROWS
