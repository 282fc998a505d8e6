"""What people looked at, on a real PostgreSQL: sealed, apart from each other, and forgotten."""

import uuid
from datetime import date, timedelta
from typing import Any

import pytest

from cartbridge.database.browsing import MOST_A_DAY, Browsing, Person
from cartbridge.database.connection import Database, Unavailable
from cartbridge.database.directory import Directory
from cartbridge.database.keys import KeyRing
from cartbridge.database.shop_floor import FloorCount, ShopFloor
from cartbridge.database.vault import Vault
from cartbridge.domain.browsing import Counted, LookedAt
from cartbridge.domain.ids import uuid_of

DAY = date(2026, 11, 20)
CONNECTION = uuid.uuid4()
ANNA, ZOE = f"cus_{uuid.uuid4().hex}", f"cus_{uuid.uuid4().hex}"


@pytest.fixture
def browsing(database: Database, vault: Vault) -> Browsing:
    return Browsing(database, vault)


def lamp(day: date = DAY, sku: str = "LAMP-OAK", count: int = 1) -> Counted:
    seen = LookedAt(what="product_viewed", day=day, sku=sku, title=f"Lampe {sku}")
    return Counted(seen=seen, count=count)


async def kept(browsing: Browsing, person: Person) -> dict[str | None, int]:
    return {one.seen.sku: one.count for one in await browsing.of(person, date.min, 1000)}


async def test_each_sees_her_own_by_brand_and_nothing_can_be_compared(
    browsing: Browsing, tenant: uuid.UUID, owner: Any
) -> None:
    anna = browsing.customer(tenant, "maison", ANNA)
    others = [
        browsing.customer(tenant, "maison", ZOE),
        browsing.customer(tenant, "other-brand", ANNA),
        browsing.customer(uuid.uuid4(), "maison", ANNA),
        browsing.session(tenant, CONNECTION, ANNA),
        browsing.session(tenant, uuid.uuid4(), ANNA),
    ]
    for person in (anna, *others):
        assert await kept(browsing, person) == {}
        await browsing.keep(person, [lamp()])

    assert await kept(browsing, anna) == {"LAMP-OAK": 1}
    rows = await owner.fetch("select person, item, sealed from browsing")
    assert len({row["item"] for row in rows}) == len({row["person"] for row in rows}) == 6
    assert not any(b"LAMP" in row["sealed"] for row in rows)


async def test_the_newest_day_comes_first_and_then_what_was_seen_most(
    browsing: Browsing, tenant: uuid.UUID
) -> None:
    anna = browsing.customer(tenant, None, ANNA)
    before = DAY - timedelta(days=1)
    await browsing.keep(anna, [lamp(before, "A", 9), lamp(DAY, "B", 1), lamp(DAY, "C", 2)])

    assert [one.seen.sku for one in await browsing.of(anna, before, 9)] == ["C", "B", "A"]
    assert [one.seen.sku for one in await browsing.of(anna, before, 1)] == ["C"]
    assert [one.seen.sku for one in await browsing.of(anna, DAY, 9)] == ["C", "B"]


async def test_a_session_becomes_hers_once_and_stays_hers(
    browsing: Browsing, tenant: uuid.UUID
) -> None:
    session, anna = (
        browsing.session(tenant, CONNECTION, "s-1"),
        browsing.customer(tenant, None, ANNA),
    )
    await browsing.keep(session, [lamp(), lamp(sku="BOOK")])
    await browsing.keep(anna, [lamp(count=2)])
    assert await browsing.whose(session) is None

    for _ in range(2):
        await browsing.join(session, anna, DAY)

    assert await browsing.whose(session) == ANNA
    assert await kept(browsing, anna) == {"LAMP-OAK": 3, "BOOK": 1}
    assert await kept(browsing, session) == {}
    await browsing.forget(anna)
    assert await kept(browsing, anna) == {}
    assert await browsing.whose(session) == ANNA
    await browsing.untie(anna)
    assert await browsing.whose(session) is None


async def test_a_join_that_was_cut_short_counts_nothing_twice(
    browsing: Browsing, tenant: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, anna = (
        browsing.session(tenant, CONNECTION, "s-1"),
        browsing.customer(tenant, None, ANNA),
    )
    await browsing.keep(session, [lamp(count=2)])
    whole = browsing._sql
    monkeypatch.setattr(browsing, "_sql", {**whole, "moved": "select 1"})
    with pytest.raises(Unavailable):
        await browsing.join(session, anna, DAY)
    monkeypatch.setattr(browsing, "_sql", whole)

    await browsing.join(session, anna, DAY)

    assert await kept(browsing, anna) == {"LAMP-OAK": 2}
    assert await kept(browsing, session) == {}


async def test_of_one_day_a_bounded_number_of_things_is_kept(
    browsing: Browsing, tenant: uuid.UUID
) -> None:
    anna = browsing.customer(tenant, None, ANNA)
    await browsing.keep(anna, [lamp(sku=str(number)) for number in range(MOST_A_DAY)])

    await browsing.keep(anna, [lamp(sku="one more"), lamp(sku="0")])
    await browsing.keep(anna, [lamp(DAY + timedelta(days=1), "next day")])

    found = await kept(browsing, anna)
    assert len(found) == MOST_A_DAY + 1
    assert (found["0"], found["next day"]) == (2, 1)
    assert "one more" not in found


async def test_once_her_key_is_destroyed_nothing_is_left_and_none_is_made(
    browsing: Browsing, database: Database, vault: Vault, tenant: uuid.UUID, owner: Any
) -> None:
    anna = browsing.customer(tenant, None, ANNA)
    await browsing.keep(anna, [lamp()])

    await KeyRing(database, vault).destroy_person(tenant, uuid_of(ANNA))

    assert await kept(browsing, anna) == {}
    assert await owner.fetchval("select count(*) from person_key") == 0


async def test_old_days_go_of_all_retailers(browsing: Browsing, database: Database) -> None:
    floor, tenants = ShopFloor(database), [uuid.uuid4(), uuid.uuid4()]
    for tenant in tenants:
        session = browsing.session(tenant, CONNECTION, "s-1")
        anna = browsing.customer(tenant, None, ANNA)
        await browsing.keep(anna, [lamp(DAY), lamp(DAY - timedelta(days=1))])
        await browsing.join(session, anna, DAY - timedelta(days=1))
        for day in (DAY, DAY - timedelta(days=1)):
            await floor.count(tenant, "lyon", day, "tried", {"LAMP-OAK": 2}, b"1")

    assert await browsing.forget_older(DAY, DAY) == 6

    for tenant in tenants:
        anna = browsing.customer(tenant, None, ANNA)
        assert await kept(browsing, anna) == {"LAMP-OAK": 1}
        assert await browsing.whose(browsing.session(tenant, CONNECTION, "s-1")) is None
        assert await floor.counts(tenant) == [FloorCount("LAMP-OAK", "tried", 2)]


async def test_shop_floor_counts_add_up_by_store_and_day(
    database: Database, tenant: uuid.UUID
) -> None:
    floor, next_day = ShopFloor(database), DAY + timedelta(days=1)
    await floor.count(tenant, "lyon", DAY, "tried", {"A": 2, "B": 1}, b"1")
    await floor.count(tenant, "lyon", DAY, "tried", {"A": 2, "B": 1}, b"1")
    await floor.count(tenant, "lyon", next_day, "tried", {"A": 1}, b"2")
    await floor.count(tenant, "rivoli", DAY, "asked", {"A": 1}, b"3")

    everything = [FloorCount("A", "tried", 3), FloorCount("A", "asked", 1)]
    assert await floor.counts(tenant) == [*everything, FloorCount("B", "tried", 1)]
    assert await floor.counts(tenant, "rivoli") == [FloorCount("A", "asked", 1)]
    assert await floor.counts(tenant, "lyon", next_day) == [FloorCount("A", "tried", 1)]
    assert await floor.counts(tenant, "lyon", None, DAY) == [
        FloorCount("A", "tried", 2),
        FloorCount("B", "tried", 1),
    ]
    assert await floor.counts(uuid.uuid4()) == []
    assert await floor.counts(tenant, "\0") == []


async def test_a_connection_is_found_by_its_public_name_while_pages_may_tell(
    database: Database, vault: Vault
) -> None:
    directory = Directory(database, vault)
    tenant = (await directory.tenants.add("maison", "Maison")).uuid
    added = await directory.connections.add(tenant, "web", "standard", {})
    find = directory.connections.by_browse_id
    assert await find(added.browse_id) is None

    for _ in range(2):
        await directory.connections.let_browse(tenant, added.id, ["https://shop.example"])
    found = await find(added.browse_id)
    assert found is not None
    assert (found.id, found.browse_origins) == (added.id, ("https://shop.example",))
    assert await find(added.hook) is None
    await directory.connections.let_browse(tenant, added.id, [])
    assert await find(added.browse_id) is None
    await directory.connections.let_browse(tenant, added.id, ["https://shop.example"])
    await directory.connections.remove(tenant, added.id)
    assert await find(added.browse_id) is None
