"""A transaction that somebody forgot, even in another database, does not stall the feed."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from cartbridge.database.connection import Database
from cartbridge.database.documents import Documents
from cartbridge.database.feed import Feed
from tests.acceptance.world import until
from tests.conftest import Carts
from tests.faults.experiment import Experiment, Span

pytestmark = pytest.mark.timeout(60)
SEEN_WITHIN = 3.0


@asynccontextmanager
async def idle_transaction(server: Callable[[str], str]) -> AsyncIterator[None]:
    """While this is open, a transaction with an id of its own does nothing, in another database."""
    never = {"idle_in_transaction_session_timeout": "0"}
    connection = await asyncpg.connect(server("postgres"), server_settings=never)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.fetchval("select pg_current_xact_id()")
        yield
        await transaction.rollback()
    finally:
        await connection.close()


async def test_the_feed_goes_on_beside_a_transaction_that_never_ends(
    server: Callable[[str], str],
    database: Database,
    documents: Documents,
    carts: Carts,
    tenant: uuid.UUID,
    experiment: Experiment,
    span: Span,
) -> None:
    counts = experiment("long idle transaction in another database")
    feed = Feed(database, documents)
    cursor: str | None = None
    loop = asyncio.get_running_loop()
    longest = 0.0
    async with idle_transaction(server):
        over = loop.time() + span(1.0, 20.0)
        while loop.time() < over:
            begun = loop.time()
            new = await asyncio.gather(*(carts.start() for _ in range(10)))
            counts.sent += len(new)
            counts.acknowledged += len(new)
            seen: list[str] = []
            while len(seen) < len(new) and loop.time() < begun + SEEN_WITHIN:
                events, cursor = await feed.read(tenant, cursor)
                seen += [event.document for event in events]
            counts.applied += len(set(seen))
            counts.lost += len(set(new) - set(seen))
            counts.doubled += len(seen) - len(set(seen))
            longest = max(longest, loop.time() - begun)
    counts.extra["seen within s"] = longest
    assert counts.held


async def test_a_reader_that_trusts_transaction_ids_stalls(
    server: Callable[[str], str], owner: Any, experiment: Experiment
) -> None:
    """The negative control: what every finished transaction wrote, as the server sees that."""
    counts = experiment("idle transaction, a reader by transaction id", control=True)
    await owner.execute("create table naive (number int, xid xid8 default pg_current_xact_id())")
    seen = "select count(*) from naive where xid < pg_snapshot_xmin(pg_current_snapshot())"
    async with idle_transaction(server):
        for number in range(30):
            counts.sent += 1
            await owner.execute("insert into naive values ($1)", number)
            counts.acknowledged += 1
        counts.stored = await owner.fetchval("select count(*) from naive")
        counts.applied = await owner.fetchval(seen)
        counts.lost = counts.acknowledged - counts.applied
    assert counts.stored == 30
    assert counts.lost == 30

    async def caught_up() -> bool:
        return bool(await owner.fetchval(seen) == counts.stored)

    await until(caught_up, 20)  # whatever else runs on this server has to end, too
