"""Promises about what is written of wish lists and quotes beside their lines."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from cartbridge.sdk.observations import QuoteSeen, WishlistSeen
from cartbridge.testing.quoting import VALID_UNTIL, prices_for
from cartbridge.testing.snapshots import is_echo
from cartbridge.testing.suite import Suite
from cartbridge.testing.there import NAME, There, on_platform

WISHLISTS: Final = "wish lists"
QUOTES: Final = "quotes"
DAY: Final = timedelta(days=1)  # some platforms know a quote's last day, and no hour


class Wishes(Suite):
    """A wish list keeps its name, a quote its prices."""

    @on_platform("silver", WISHLISTS, "push_wishlists", of="wish lists")
    async def test_calls_a_wish_list_by_its_name(self, there: There) -> None:
        """A platform that tells names of wish lists tells the one that was written."""
        wishes = there.new()
        await self.connector.push(
            there.more(wishes, await there.seen(wishes), "psh_1"), there.remote
        )
        told = await there.told(wishes)
        assert isinstance(told, WishlistSeen)
        assert told.name in (None, NAME)
        assert told.state != "archived", "it was not closed"

    @on_platform("silver", WISHLISTS, "push_wishlists", of="wish lists")
    async def test_closes_a_wish_list(self, there: There) -> None:
        """A wish list that is archived is so there too; others stay."""
        wishes, others = there.new(), there.new()
        write = there.more(wishes, await there.seen(wishes), "psh_1")
        await self.connector.push(write.model_copy(update={"archived": True}), there.remote)
        told = await there.told(wishes)
        assert isinstance(told, WishlistSeen)
        assert told.state in (None, "archived")
        other = await there.told(others)
        assert isinstance(other, WishlistSeen)
        assert other.state != "archived"

    @on_platform("silver", WISHLISTS, "push_wishlists", of="wish lists")
    async def test_says_how_many_a_wish_list_takes(self, there: There) -> None:
        """Of three pieces three are shown; where rows have no quantity one, the rest refused."""
        wishes, item = there.new(), there.platform.articles[0]
        before, key = await there.seen(wishes), there.key(item)
        taken = Decimal(1 if before.uncounted else 3)
        write = there.write(wishes, before, "psh_1", {key: (item, Decimal(3), "C62")})
        result = await self.connector.push(write, there.remote)
        assert result.snapshot.basket[key] == taken == there.platform.basket(wishes)[key]
        refused = [(one.key, one.wanted, one.accepted) for one in result.snapshot.refused]
        assert refused == ([(key, Decimal(3), taken)] if before.uncounted else [])
        assert is_echo(before, write, result.snapshot)
        if before.uncounted:
            assert set(result.snapshot.basket.values()) == {Decimal(1)}

    @on_platform("silver", QUOTES, "push_quotes", of="quotes")
    async def test_holds_the_prices_of_a_quote(self, there: There) -> None:
        """The platform shows each line of a quote at the price that was written, to the cent."""
        quote = there.new()
        write = there.more(quote, await there.seen(quote), "psh_1", amount=3)
        await self.connector.push(write, there.remote)
        told = await there.told(quote)
        shown = {row.key: row.prices.total for row in told.snapshot.lines}
        assert shown == {key: prices_for(amount).total for key, amount in write.basket.items()}
        assert write.terms is not None
        assert told.snapshot.tax_mode == write.terms.tax_mode

    @on_platform("silver", QUOTES, "push_quotes", of="quotes")
    async def test_says_how_a_quote_stands(self, there: There) -> None:
        """What is written of its state and its last day is what the platform then tells."""
        quote = there.new()
        write = there.more(quote, await there.seen(quote), "psh_1")
        await self.connector.push(write, there.remote)
        told = await there.told(quote)
        assert isinstance(told, QuoteSeen)
        assert told.state == "issued"
        if told.valid_until is not None:
            assert abs(told.valid_until - VALID_UNTIL) <= DAY
