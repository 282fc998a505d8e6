"""Promises about where a cart is sold: stopped online while a till holds it, placed on a till."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import pytest

from cartbridge.domain.items import Item
from cartbridge.domain.line import Prices
from cartbridge.domain.quantity import Quantity
from cartbridge.domain.twin import TwinRef
from cartbridge.sdk.contract import Placed, PlacedLine, Placement
from cartbridge.sdk.errors import Ignore, Retry, Unknown
from cartbridge.testing.suite import Suite
from cartbridge.testing.there import There, on_platform

FREEZING: Final = "freezing"
PLACING: Final = "placing on a till"
WHERE: Final = "Lyon Part-Dieu"
EACH: Final = 1995


class Placing(Suite):
    """One cart is sold in one place."""

    @on_platform("gold", FREEZING, "freeze")
    async def test_freezes_and_thaws(self, there: There) -> None:
        """The checkout stops and goes on, however often it is said; the cart stays as it is."""
        cart, other = there.platform.new_cart(), there.platform.new_cart()
        before, ref = dict(there.platform.basket(cart)), there.ref(cart)
        until = datetime.now(UTC) + timedelta(minutes=15)
        for _ in range(2):
            await self.connector.freeze(ref, until, WHERE, there.remote)
            assert there.platform.is_frozen(cart)
        assert not there.platform.is_frozen(other)
        for _ in range(2):
            await self.connector.thaw(ref, there.remote)
            assert not there.platform.is_frozen(cart)
        assert there.platform.basket(cart) == before

    @on_platform("gold", FREEZING, "freeze")
    async def test_freezes_nothing_that_is_gone(self, there: There) -> None:
        """Where the cart is gone there is nothing to stop: it is passed over, not tried again."""
        cart = there.platform.new_cart()
        there.platform.remove(cart)
        until = datetime.now(UTC) + timedelta(minutes=15)
        with pytest.raises(Ignore):
            await self.connector.freeze(there.ref(cart), until, WHERE, there.remote)

    @on_platform("gold", FREEZING, "freeze", "push")
    async def test_writes_what_is_frozen(self, there: There) -> None:
        """A cart that a till holds is still written by the gateway."""
        cart = there.platform.new_cart()
        until = datetime.now(UTC) + timedelta(minutes=15)
        await self.connector.freeze(there.ref(cart), until, WHERE, there.remote)
        write = there.more(cart, await there.seen(cart), "psh_1")
        await self.connector.push(write, there.remote)
        assert there.platform.basket(cart) == write.basket
        assert there.platform.is_frozen(cart)

    @on_platform("gold", PLACING, "place")
    async def test_places_what_is_claimed(self, there: There) -> None:
        """The cashier finds the cart, with its quantities, under the id that is answered."""
        placement = placement_of(there, "plc_1")
        placed = await self.connector.place(placement, there.remote)
        assert there.platform.placed() == [placed.external_id]
        wanted = {line.key: line.quantity for line in placement.lines}
        assert placed.snapshot.basket == there.platform.basket(placed.external_id) == wanted

    @on_platform("gold", PLACING, "place")
    async def test_places_the_same_one_once(self, there: There) -> None:
        """The same placement again is the same order there, also when no answer was heard."""
        placement = placement_of(there, "plc_1")
        there.platform.lose_answer()
        placed = await self._until_placed(placement, there)
        again = await self.connector.place(placement, there.remote)
        assert again.external_id == placed.external_id
        assert there.platform.placed() == [placed.external_id]
        other = await self.connector.place(placement_of(there, "plc_2"), there.remote)
        assert sorted(there.platform.placed()) == sorted([placed.external_id, other.external_id])

    @on_platform("gold", PLACING, "place")
    async def test_takes_away_what_it_placed(self, there: There) -> None:
        """Withdrawn once it is gone, withdrawn twice is no error; other orders stay."""
        placed = await self.connector.place(placement_of(there, "plc_1"), there.remote)
        other = await self.connector.place(placement_of(there, "plc_2"), there.remote)
        for _ in range(2):
            assert await self.connector.withdraw(ref_of(placed), there.remote) is True
            assert there.platform.placed() == [other.external_id]

    @on_platform("gold", PLACING, "place")
    async def test_leaves_what_was_sold(self, there: There) -> None:
        """An order that the cashier has sold is not taken away: that is answered instead."""
        placed = await self.connector.place(placement_of(there, "plc_1"), there.remote)
        there.platform.sell(placed.external_id)
        assert await self.connector.withdraw(ref_of(placed), there.remote) is False

    @on_platform("gold", PLACING, "place")
    async def test_names_what_the_till_does_not_take(self, there: There) -> None:
        """An article that the till does not know is among the refusals, the rest is placed."""
        refused, taken = (there.key(item) for item in there.platform.articles[:2])
        there.platform.refuse(refused, Decimal(0))
        placed = await self.connector.place(placement_of(there, "plc_1"), there.remote)
        assert refused in {one.key for one in placed.snapshot.refused}
        assert taken in placed.snapshot.basket

    async def _until_placed(self, placement: Placement, there: There) -> Placed:
        for _ in range(3):
            try:
                return await self.connector.place(placement, there.remote)
            except (Unknown, Retry):
                continue
        raise AssertionError("after a lost answer it is not placed any more")


def placement_of(there: There, name: str) -> Placement:
    """A cart of two articles, and of one by the metre if there is any, for the fake's till."""
    platform = there.platform
    rows = [(platform.articles[0], Decimal(2), "C62"), (platform.articles[1], Decimal(1), "C62")]
    if platform.measured is not None:
        rows.append((platform.measured, Decimal("1.25"), "MTR"))
    lines = tuple(_line(there, number, *row) for number, row in enumerate(rows))
    return Placement(
        cart=f"crt_{name}",
        name=name,
        claim=f"clm_{name}",
        fence=1,
        terminal=platform.terminal,
        store=platform.store,
        label="LM",
        currency="EUR",
        tax_mode="inclusive",
        lines=lines,
        total=sum(line.prices.total or 0 for line in lines),
    )


def _line(there: There, number: int, item: Item, amount: Decimal, unit: str) -> PlacedLine:
    quantity = Quantity(value=amount, unit=unit)
    total = int((EACH * amount).to_integral_value(ROUND_HALF_UP))
    return PlacedLine(
        line=f"lin_{number}",
        key=there.key(item, unit),
        item=item,
        quantity=quantity.value,
        unit=unit,
        prices=Prices(unit_price=EACH, total=total),
    )


def ref_of(placed: Placed) -> TwinRef:
    """The twin that a placement became."""
    return TwinRef(connection="con_1", kind=placed.kind, external_id=placed.external_id)
