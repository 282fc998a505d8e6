"""Promises about what is the same on both sides: prices, stock, goods kept aside, loyalty."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from cartbridge.domain.items import Item
from cartbridge.sdk.both_sides import HoldLine, PricesOf, StockHold, StockNow
from cartbridge.sdk.errors import Retry, Unknown
from cartbridge.testing.suite import Suite
from cartbridge.testing.there import There, on_platform

PRICES: Final = "prices"
STOCK: Final = "stock"
LOYALTY: Final = "loyalty"
NOBODYS: Final = Item(sku="NOBODY-SELLS-THIS", title="Nobody sells this")
NOWHERE: Final = "no-such-store"
OTHER_CURRENCY: Final = "XTS"
PRICE: Final = 4321
CARD: Final = "2990000000017"


class BothSides(Suite):
    """What a platform says while a cashier waits is so, and what it does not know it leaves out."""

    @on_platform("silver", PRICES, "prices")
    async def test_tells_what_costs_how_much_now(self, there: There) -> None:
        """A price that was changed a moment ago is told as it is now, in minor units."""
        item, other = there.platform.articles[:2]
        there.platform.reprice(item, PRICE)
        there.platform.reprice(other, PRICE + 1)
        told = await self.connector.prices([item, other], PricesOf(currency="EUR"), there.remote)
        wanted = {item.key: (PRICE, "EUR"), other.key: (PRICE + 1, "EUR")}
        assert {one.key: (one.unit_price, one.currency) for one in told} == wanted

    @on_platform("silver", PRICES, "prices")
    async def test_prices_nothing_it_does_not_sell(self, there: There) -> None:
        """An article that is not sold there has no price, and hides none of the others."""
        item = there.platform.articles[0]
        there.platform.reprice(item, PRICE)
        told = await self.connector.prices([NOBODYS, item], PricesOf(currency="EUR"), there.remote)
        assert [one.key for one in told] == [item.key]

    @on_platform("silver", PRICES, "prices")
    async def test_prices_nothing_in_another_currency(self, there: There) -> None:
        """Asked in a currency that it does not sell in, it says nothing."""
        item = there.platform.articles[0]
        there.platform.reprice(item, PRICE)
        of = PricesOf(currency=OTHER_CURRENCY)
        told = await self.connector.prices([item], of, there.remote)
        assert all(one.currency == OTHER_CURRENCY for one in told)

    @on_platform("silver", STOCK, "stock")
    async def test_tells_what_each_store_has(self, there: There) -> None:
        """How much each of the stores asked for has now, and of no other."""
        item, other = there.platform.articles[:2]
        one, *others = there.platform.stores[:2]
        there.platform.put_in_stock(item, one, Decimal(3))
        there.platform.put_in_stock(other, one, Decimal(0))
        for next_one in others:
            there.platform.put_in_stock(item, next_one, Decimal(0))
            there.platform.put_in_stock(other, next_one, Decimal(7))
        told = await self.connector.stock([item, other], [one, *others], there.remote)
        found = {(row.key, row.store): row.quantity for row in told}
        assert found[item.key, one] == 3
        assert found[other.key, one] == 0
        for next_one in others:
            assert found[item.key, next_one] == 0
            assert found[other.key, next_one] == 7
        last = there.platform.stores[:2][-1]
        told = await self.connector.stock([item], [last], there.remote)
        assert [(row.key, row.store) for row in told] == [(item.key, last)]

    @on_platform("silver", STOCK, "stock")
    async def test_counts_nothing_it_does_not_know(self, there: There) -> None:
        """Of an article or a store that it does not know it says nothing: that is not none left."""
        item, store = there.platform.articles[0], there.platform.stores[0]
        there.platform.put_in_stock(item, store, Decimal(3))
        told = await self.connector.stock([NOBODYS, item], [NOWHERE, store], there.remote)
        assert [(row.key, row.store) for row in told] == [(item.key, store)]

    @on_platform("gold", STOCK, "reserve_stock", "stock")
    async def test_keeps_goods_until_they_are_freed(self, there: There) -> None:
        """What is kept is nobody else's until it is freed; freed twice is no error."""
        there.platform.put_in_stock(*_place(there), Decimal(3))
        kept = await self.connector.reserve_stock(hold_of(there, "hold_1", 2), there.remote)
        assert [(one.key, one.quantity) for one in kept] == [(_place(there)[0].key, Decimal(2))]
        assert await self._free(there) == [(1, {"hold_1": 2})]
        for _ in range(2):
            await self.connector.release_stock("hold_1", there.remote)
            assert await self._free(there) == [(3, {})]

    @on_platform("gold", STOCK, "reserve_stock", "stock")
    async def test_keeps_the_same_goods_once(self, there: There) -> None:
        """The same hold again keeps no more, also when no answer was heard."""
        there.platform.put_in_stock(*_place(there), Decimal(3))
        there.platform.lose_answer()
        for _ in range(3):
            try:
                await self.connector.reserve_stock(hold_of(there, "hold_1", 1), there.remote)
            except (Unknown, Retry):
                continue
        await self.connector.reserve_stock(hold_of(there, "hold_2", 1), there.remote)
        assert await self._free(there) == [(1, {"hold_1": 1, "hold_2": 1})]

    @on_platform("gold", STOCK, "reserve_stock", "stock")
    async def test_keeps_no_more_than_there_is(self, there: There) -> None:
        """Of what is short as much is kept as there is, and that is said."""
        there.platform.put_in_stock(*_place(there), Decimal(3))
        kept = await self.connector.reserve_stock(hold_of(there, "hold_1", 5), there.remote)
        assert sum(one.quantity for one in kept) == 3
        assert await self._free(there) == [(0, {"hold_1": 3})]

    @on_platform("gold", STOCK, "reserve_stock", "stock")
    async def test_frees_by_itself_what_is_over(self, there: There) -> None:
        """After its time a hold keeps nothing, though nobody said so."""
        there.platform.put_in_stock(*_place(there), Decimal(3))
        over = hold_of(there, "hold_1", 2, minutes=-1)
        await self.connector.reserve_stock(over, there.remote)
        assert await self._free(there) == [(3, {})]

    @on_platform("silver", LOYALTY, "loyalty")
    async def test_shows_a_loyalty_card(self, there: There) -> None:
        """Tier, if there are any, and balance as they are there; an unknown card shows nothing."""
        there.platform.issue_card(CARD, "Or", 120)
        shown = await self.connector.loyalty(CARD, there.remote)
        assert shown is not None
        tier = "Or" if there.platform.has_tiers else None
        assert (shown.number, shown.tier, shown.points) == (CARD, tier, 120)
        assert await self.connector.loyalty(CARD[::-1], there.remote) is None

    async def _free(self, there: There) -> list[Any]:
        item, store = _place(there)
        told: Sequence[StockNow] = await self.connector.stock([item], [store], there.remote)
        return [(one.quantity, one.held) for one in told]


def _place(there: There) -> tuple[Item, str]:
    return there.platform.articles[0], there.platform.stores[0]


def hold_of(there: There, name: str, quantity: int, minutes: int = 15) -> StockHold:
    """A hold of so many pieces of the fake's first article, in its first store."""
    item, store = _place(there)
    return StockHold(
        name=name,
        store=store,
        until=datetime.now(UTC) + timedelta(minutes=minutes),
        label="WEB 1A2B",
        lines=(HoldLine(item=item, quantity=Decimal(quantity)),),
    )
