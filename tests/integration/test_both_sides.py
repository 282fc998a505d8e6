"""Stock and prices as they were told, on a real PostgreSQL: the newer stays, tenants apart."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from cartbridge.database.both_sides import PricesTold, PriceTold, StockLevel, StockLevels
from cartbridge.database.connection import Database
from cartbridge.database.items import ItemIndex
from cartbridge.domain.item_list import IndexedItem
from cartbridge.domain.stock import Level

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.fixture
def stock(database: Database) -> StockLevels:
    return StockLevels(database)


@pytest.fixture
def prices(database: Database) -> PricesTold:
    return PricesTold(database)


def told(quantity: str, at: datetime = AT, store: str = "lyon-2", sku: str = "LAMP") -> StockLevel:
    return StockLevel(sku, store, Level(quantity=Decimal(quantity), as_of=at))


async def known(stock: StockLevels, tenant: uuid.UUID) -> dict[str, tuple[Decimal, str | None]]:
    levels = await stock.of(tenant, ["LAMP", "nobody's", "not\x00storable"])
    return {one.store: (one.level.quantity, one.source) for one in levels}


async def test_what_was_told_last_stays_whatever_comes_last(
    stock: StockLevels, tenant: uuid.UUID
) -> None:
    later, latest = AT + timedelta(seconds=1), AT + timedelta(seconds=2)
    await stock.put(tenant, [told("3"), told("2", later), told("1.5", store="paris")], "erp")
    assert await known(stock, tenant) == {
        "lyon-2": (Decimal(2), "erp"),
        "paris": (Decimal("1.5"), "erp"),
    }
    await stock.put(tenant, [told("9")], "late")
    assert (await known(stock, tenant))["lyon-2"] == (Decimal(2), "erp")
    await stock.put(tenant, [told("0", latest)], None)
    assert (await known(stock, tenant))["lyon-2"] == (Decimal(0), None)
    assert await known(stock, uuid.uuid4()) == {}


async def test_a_price_that_was_told_holds_until_a_newer_file_tells_another(
    database: Database, prices: PricesTold, tenant: uuid.UUID
) -> None:
    items = ItemIndex(database)
    now = datetime.now(UTC)
    item = IndexedItem(sku="LAMP", label="Lamp", prices={"fr": {"EUR": 4990}})
    await items.put(tenant, [item])

    async def price(at: datetime, amount: int | None) -> int | None:
        await prices.put(tenant, "LAMP", "fr", "EUR", PriceTold(amount, at, "erp"))
        found = await prices.of(tenant, ["LAMP"], "fr", "EUR")
        return found["LAMP"].unit_price if "LAMP" in found else -1

    assert await price(now - timedelta(hours=1), 3990) == -1  # the file is newer
    later = now + timedelta(minutes=1)
    assert await price(later, 4490) == 4490
    assert await price(later - timedelta(seconds=1), 1) == 4490
    assert await price(later + timedelta(seconds=1), None) is None  # no longer in that list
    assert await prices.of(tenant, ["LAMP"], "fr", "CHF") == {}
    assert await prices.of(tenant, ["LAMP"], "de", "EUR") == {}
    assert await prices.of(uuid.uuid4(), ["LAMP"], "fr", "EUR") == {}
    assert await prices.of(tenant, [], "fr", "EUR") == {}


async def test_a_file_that_tells_no_price_of_that_list_leaves_what_was_told(
    database: Database, prices: PricesTold, tenant: uuid.UUID
) -> None:
    await prices.put(tenant, "LAMP", "fr", "EUR", PriceTold(4490, AT, "erp"))
    await ItemIndex(database).put(tenant, [IndexedItem(sku="LAMP", label="Lamp")])
    assert (await prices.of(tenant, ["LAMP"], "fr", "EUR"))["LAMP"].unit_price == 4490
    item = IndexedItem(sku="LAMP", label="Lamp", prices={"fr": {"EUR": 4990}})
    await ItemIndex(database).put(tenant, [item])
    assert await prices.of(tenant, ["LAMP"], "fr", "EUR") == {}
