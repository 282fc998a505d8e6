"""A simulated shopper: edits on the web and in the app, goes to the store, comes back, buys."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart.state import Cart, Direction
from cartbridge.domain.twin import TwinRef
from cartbridge.services.find_cart import cart_of_twin
from cartbridge.services.gateway import Gateway
from cartbridge.services.join_handover import join_handover
from cartbridge.services.offer_handover import Offer, Wish, offer_handover
from cartbridge.services.problems import Problem
from tests.simulation.estate import BEGIN, MIDNIGHT, MORNING, SKUS, TENANT, shop_caller
from tests.simulation.shop import Basket, Shop

if TYPE_CHECKING:
    from tests.simulation.world import World

PLENTY = 20  # rows below this are not made smaller, so that sums are never cut off at zero
TTL = timedelta(minutes=15)


class Shopper:
    """One shopper, her web cart, and later perhaps the same cart in the app."""

    def __init__(self, world: "World", name: str) -> None:
        self.world, self.name = world, name
        self.account = world.ledger.of(name)
        self.web = self._fill(world.shops["web"], PLENTY + 5)
        self.app: Basket | None = None
        self._joining = 0

    async def live(self) -> None:
        """Her evening, her midnight and her morning."""
        dice = self.world.dice
        for begin, length, deeds in ((BEGIN, 1300, 12), (MIDNIGHT, 90, 4), (MORNING, 600, 5)):
            early = begin - timedelta(seconds=30) if begin is MIDNIGHT else begin
            for second in sorted(dice.uniform(0, length) for _ in range(dice.randint(2, deeds))):
                await self.world.until(early + timedelta(seconds=second))
                await self._do_something()

    async def _do_something(self) -> None:
        chance = self.world.dice.random()
        if chance < 0.25:
            await self._go_to_the_store()
        elif chance < 0.33:
            await self._go_on_in_the_app()
        elif chance < 0.4 and self.world.scenario.orders:
            self._order()
        elif chance < 0.6 and self.app is not None:
            self._edit(self.world.shops["app"], self.app, less=False)
        else:
            self._edit(self.world.shops["web"], self.web, less=not self.world.scenario.sells_out)

    def _edit(self, shop: Shop, basket: Basket, *, less: bool) -> None:
        """She takes more; fewer only on the web, and only of what there is plenty of."""
        dice = self.world.dice
        sku, by = dice.choice(SKUS), dice.randint(1, 3)
        if less and basket.rows.get(sku, 0) - by > PLENTY and dice.random() < 0.4:
            by = -by
        self.account.put[sku] += by
        shop.edit(basket, sku, by)

    def _fill(self, shop: Shop, amount: int) -> Basket:
        basket = shop.open(self.name)
        for sku in SKUS:
            self.account.put[sku] += amount
            shop.edit(basket, sku, amount)
        return basket

    def _order(self) -> None:
        """She buys everything online, and begins anew."""
        shop = self.world.shops["web"]
        self.account.gone.update(shop.order(self.web))
        self.web = self._fill(shop, PLENTY + 5)

    async def _go_to_the_store(self) -> None:
        offer = await self._offer("to_store")
        if offer is not None:
            self.world.walk_in(offer)

    async def _go_on_in_the_app(self) -> None:
        """A link leads her to the app, whose session joins her cart with what it holds."""
        offer = await self._offer("to_online")
        if offer is None:
            return
        shop = self.world.shops["app"]
        if self.app is None:
            self.app = shop.open(self.name)
            if self.world.dice.random() < 0.5:
                self._edit(shop, self.app, less=False)
        ref = TwinRef(connection="app", external_id=self.app.id)

        async def join(gateway: Gateway, attempt: Attempt) -> Cart:
            link = await gateway.connectors.of(TENANT, ref)
            return await join_handover(gateway, link, offer.code, ref, None, attempt)

        self._joining += 1
        try:
            await self.world.network.ask(f"{self.name} joins {self._joining}", join)
        except Problem as problem:
            self.world.note(f"{self.name}: cannot join: {problem.code}")

    async def _offer(self, direction: Direction) -> Offer | None:
        ref = TwinRef(connection="web", external_id=self.web.id)

        async def offer(gateway: Gateway, attempt: Attempt) -> Offer:
            cart = await cart_of_twin(gateway, TENANT, ref)
            if cart is None or cart.version == 0:
                raise Problem("not_found", what="cart")
            caller = shop_caller("web")
            return await offer_handover(gateway, caller, cart, Wish(direction, TTL), attempt)

        key = f"{self.name} offers {self.world.draw()}"
        try:
            return await self.world.network.ask(key, offer)
        except Problem as problem:
            self.world.note(f"{self.name}: cannot offer: {problem.code}")
            await asyncio.sleep(1)
            return None
