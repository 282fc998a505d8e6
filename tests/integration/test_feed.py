"""The feed tells everything once, in order per document, from any cursor, and wakes who waits."""

import asyncio
import uuid
from typing import Any

import pytest

from cartbridge.database.connection import Database
from cartbridge.database.documents import Documents
from cartbridge.database.feed import BadCursor, Feed
from cartbridge.database.writer import Writer
from cartbridge.domain.cart.events import Cancelled, DetailsChanged
from cartbridge.domain.customer import Customer
from cartbridge.domain.ids import uuid_of

FINE = DetailsChanged(shipping=1)


@pytest.fixture
def feed(database: Database, documents: Documents) -> Feed:
    return Feed(database, documents)


async def test_reading_in_small_steps_tells_everything_once_and_in_order(
    carts: Any, feed: Feed
) -> None:
    made = [await carts.start(Customer(email=f"{number}@example.fr")) for number in range(7)]
    for cart in (*made, *made[:3]):
        await carts.add(cart, FINE)
    told, cursor = [], None
    while True:
        events, cursor = await feed.read(carts.tenant, cursor, limit=2)
        if not events:
            break
        assert len(events) <= 2
        told += events
    assert len(told) == 17
    for cart in made:
        versions = [event.version for event in told if event.document == cart]
        assert versions == list(range(1, len(versions) + 1))
    assert [event.recorded_at for event in told] == sorted(event.recorded_at for event in told)
    assert told[0].event.customer.email == "0@example.fr"
    assert await feed.read(carts.tenant, limit=100) == (told, cursor)


async def test_only_the_wanted_types_are_told_and_the_cursor_passes_the_others(
    carts: Any, feed: Feed
) -> None:
    cart = await carts.start()
    await carts.add(cart, FINE, FINE, Cancelled())
    events, cursor = await feed.read(carts.tenant, types=["cart.cancelled"])
    assert [event.type for event in events] == ["cart.cancelled"]
    assert await feed.now() == cursor
    assert await feed.read(carts.tenant, cursor) == ([], cursor)


async def test_what_is_rare_is_found_however_far_away(
    carts: Any, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cartbridge.database.feed.WINDOW", 2)
    cart = await carts.start()
    await carts.add(cart, *[FINE] * 9, Cancelled())
    (event,), cursor = await feed.read(carts.tenant, types=["cart.cancelled"])
    assert event.version == 11
    assert cursor == await feed.now()

    monkeypatch.setattr("cartbridge.database.feed.SEARCH_SECONDS", 0)
    events, cursor = await feed.read(carts.tenant, types=["cart.cancelled"])
    assert events == []
    assert cursor != await feed.now()
    while (news := await feed.tenants_with_news(cursor))[1] != cursor:
        assert news[0] == [carts.tenant]
        cursor = news[1]
    assert cursor == await feed.now()


async def test_another_tenants_events_are_not_told(carts: Any, feed: Feed) -> None:
    await carts.start()
    events, cursor = await feed.read(uuid.uuid4())
    assert events == []
    assert cursor == await feed.now()


async def test_tenants_with_news_are_named_once(carts: Any, feed: Feed) -> None:
    beginning, quiet = await feed.now(), carts.tenant
    await carts.start()
    before = await feed.now()
    carts.tenant = uuid.uuid4()
    for _ in range(3):
        await carts.start()
    tenants, after = await feed.tenants_with_news(before)
    assert tenants == [carts.tenant]
    assert await feed.tenants_with_news(after) == ([], after)
    assert set((await feed.tenants_with_news(beginning))[0]) == {carts.tenant, quiet}


async def test_an_erased_person_is_not_told_and_the_events_are(carts: Any, feed: Feed) -> None:
    cart = await carts.start(Customer(email="gone@example.fr"))
    await carts.documents.keys.destroy_document(carts.tenant, uuid_of(cart))
    (event,), _ = await feed.read(carts.tenant)
    assert event.erased
    assert event.event.customer is None


@pytest.mark.parametrize("cursor", ["", "!", "bm9uc2Vuc2U=", "WzEsMl0=", "é"])
async def test_what_is_no_cursor_is_refused(feed: Feed, tenant: uuid.UUID, cursor: str) -> None:
    with pytest.raises(BadCursor):
        await feed.read(tenant, cursor)


async def test_a_cursor_from_after_a_restored_copy_is_refused_instead_of_skipping(
    carts: Any, feed: Feed, owner: Any
) -> None:
    await carts.start(slot=0)
    cursor = await feed.now()
    await owner.execute("update shard_counter set position = 0")
    with pytest.raises(BadCursor, match="restored"):
        await feed.read(carts.tenant, cursor)


async def test_who_waits_is_woken_by_this_process_and_by_another_one(
    carts: Any, feed: Feed, dsn: str, vault: Any, kinds: Any
) -> None:
    cursor = await feed.now()
    assert not await feed.wait_for_more(cursor, 0)
    waiting = [asyncio.create_task(feed.wait_for_more(cursor, 10)) for _ in range(5)]
    await carts.start()
    assert await asyncio.gather(*waiting) == [True] * 5

    other = Database(dsn)
    await other.start()
    writer = Writer(other)
    await writer.start()
    cursor = await feed.now()
    later = asyncio.create_task(feed.wait_for_more(cursor, 10))
    await asyncio.sleep(0)
    carts.documents = Documents(other, writer, vault, kinds)
    await carts.start()
    started = asyncio.get_running_loop().time()
    assert await later
    assert asyncio.get_running_loop().time() - started < 2
    await writer.stop()
    await other.stop()
