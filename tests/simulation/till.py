"""A simulated till: scans, claims, renews, holds, falls silent, sells part of it, cancels."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Cart, NotTaken
from cartbridge.domain.items import Item
from cartbridge.services.change_cart import Changed, change_cart
from cartbridge.services.claim_cart import Held, Wanted, claim_cart
from cartbridge.services.complete_sale import Completed, Told, complete_sale
from cartbridge.services.find_cart import cart_by_id
from cartbridge.services.gateway import Gateway
from cartbridge.services.keep_claim import hold_claim, release_claim, renew_claim
from cartbridge.services.problems import Problem
from cartbridge.services.scanned_lines import Scanned
from cartbridge.services.undo_sale import Returned, return_goods, void_sale
from tests.simulation.estate import SKUS, TENANT, till_caller
from tests.simulation.network import Handler
from tests.simulation.shopper import PLENTY

if TYPE_CHECKING:
    from tests.simulation.world import World

Result = TypeVar("Result")


@dataclass(frozen=True)
class Visit:
    """Somebody at the till: how the cart is named there."""

    wanted: Wanted


class Till:
    """One till. Whatever it asks it asks under a saved key, until it knows what became of it."""

    def __init__(self, world: "World", name: str) -> None:
        self.world, self.name = world, name
        self.caller = till_caller(name)
        self.queue: asyncio.Queue[Visit] = asyncio.Queue()
        self._receipts = 0

    async def work(self) -> None:
        """Serves one after the other."""
        while True:
            visit = await self.queue.get()
            self.world.busy += 1
            try:
                await self._serve(visit)
            finally:
                self.world.busy -= 1

    async def _serve(self, visit: Visit) -> None:
        async def claim(gateway: Gateway, attempt: Attempt) -> Held:
            return await claim_cart(gateway, self.caller, visit.wanted, attempt)

        held = await self._ask("claim", claim)
        if held is None or held.over:
            return
        self.world.note(f"{self.name}: holds {held.cart.id[-6:]} fence {held.claim.fence}")
        self.world.check_drift(held)
        self._somebody_else_wants(held)
        cart = held.cart
        for _ in range(self.world.dice.randint(0, 3)):
            cart = await self._keep(held, cart)
        await self._end(held, cart)

    def _somebody_else_wants(self, held: Held) -> None:
        """A colleague takes the cart over, or another store has it named."""
        dice = self.world.dice
        reason = "moved" if dice.random() < 0.6 else None
        if dice.random() < 0.4:
            other = dice.choice([till for till in self.world.tills if till is not self])
            visit = Visit(Wanted(cart=held.cart.id, take_over_reason=reason))
            self.world.later(dice.uniform(0, 40), lambda: other.queue.put_nowait(visit))

    async def _keep(self, held: Held, cart: Cart) -> Cart:
        """What a cashier does while she holds the cart; the cart after it."""
        dice, claim = self.world.dice, held.claim
        await asyncio.sleep(dice.uniform(0, 20))
        chance = dice.random()
        if chance < 0.45:
            return await self._add(cart)
        if chance < 0.65:

            async def renew(gateway: Gateway, attempt: Attempt) -> Held:
                return await renew_claim(gateway, self.caller, claim.id, claim.fence)

            await self._ask("renew", renew)
        elif chance < 0.8:

            async def hold(gateway: Gateway, attempt: Attempt) -> Held:
                return await hold_claim(gateway, self.caller, claim.id, attempt, claim.fence)

            await self._ask("hold", hold)
        elif chance < 0.9:
            await asyncio.sleep(dice.uniform(880, 1000))  # about as long as the lease
        return cart

    async def _add(self, cart: Cart) -> Cart:
        """The cashier adds pieces of an article."""
        sku, amount = self.world.dice.choice(SKUS), self.world.dice.randint(1, 3)
        more = Changed(set={}, add=(Scanned(Item(sku=sku, title=sku), Decimal(amount)),))

        async def change(gateway: Gateway, attempt: Attempt) -> Cart:
            present = await cart_by_id(gateway, TENANT, cart.id)
            return await change_cart(gateway, self.caller, present, more, attempt)

        changed = await self._ask("add", change)
        if changed is None:
            return cart
        self.world.account_of(cart).put[sku] += amount
        self.world.note(f"{self.name}: added {amount} {sku} to {cart.id[-6:]}")
        return changed

    async def _end(self, held: Held, cart: Cart) -> None:
        chance = self.world.dice.random()
        if chance < 0.6:
            await self._sell(held, cart)
        elif chance < 0.85:

            async def release(gateway: Gateway, attempt: Attempt) -> Cart:
                return await release_claim(
                    gateway, self.caller, held.claim.id, attempt, held.claim.fence
                )

            await self._ask("release", release)

    # --- sales -------------------------------------------------------------------------------

    async def _sell(self, held: Held, cart: Cart) -> None:
        told, taken = self._told(held, cart)
        if told is None:
            return

        async def sell(gateway: Gateway, attempt: Attempt) -> Completed:
            return await complete_sale(gateway, self.caller, held.claim.id, told, attempt)

        done = await self._ask("sell", sell)
        if done is None:
            return
        self.world.ledger.sales[told.receipt_number] = done.conflict
        self.world.note(f"{self.name}: sold {dict(taken)}, conflict {done.conflict}")
        if done.conflict:
            return
        if told.lines is None:  # what is not told is taken from the cart as it stands
            taken = _sold(done)
        account = self.world.account_of(cart)
        account.gone.update(taken)
        chance = self.world.dice.random()
        if chance < 0.3 and not told.not_taken:
            await asyncio.sleep(self.world.dice.uniform(0, 60))
            await self._void(told.receipt_number, cart, taken)
        elif chance < 0.5:
            await self._take_back(told.receipt_number, done)

    def _told(self, held: Held, cart: Cart) -> tuple[Told | None, Counter[str]]:
        """What is sold: everything, or some pieces while plenty is left; and its sum by SKU."""
        dice = self.world.dice
        self._receipts += 1
        receipt, now = f"{self.name}-{self._receipts}", self.world.now()
        sku_of = {line.id: line.item.sku or "" for line in cart.lines}
        if self.world.scenario.sells_out and dice.random() < 0.5:
            return Told(held.claim.fence, receipt, now), Counter()
        taken: Counter[str] = Counter()
        lines, declined = [], []
        for line in cart.lines:
            most = int(line.quantity.value) - PLENTY
            if most > 0 and (sold := dice.randint(0, min(3, most))):
                lines.append(c.TakenAtTill(line.id, Decimal(sold)))
                taken[sku_of[line.id]] += sold
                if most - sold >= 1 and dice.random() < 0.2:
                    one = Decimal(1)
                    declined.append(
                        NotTaken(line=line.id, quantity=one, reason="price", keep=False)
                    )
                    taken[sku_of[line.id]] += 1
        if not lines:
            return None, taken
        told = Told(held.claim.fence, receipt, now, lines=tuple(lines), not_taken=tuple(declined))
        return told, taken

    async def _void(self, receipt: str, cart: Cart, taken: Counter[str]) -> None:
        async def void(gateway: Gateway, attempt: Attempt) -> Cart:
            return await void_sale(gateway, self.caller, receipt, attempt)

        if await self._ask("void", void) is not None:
            self.world.note(f"{self.name}: cancelled {receipt}")
            self.world.account_of(cart).gone.subtract(taken)

    async def _take_back(self, receipt: str, done: Completed) -> None:
        """One piece comes back: a fact of the sale, which changes no cart."""
        assert done.cart.sale is not None, "what was sold has a sale"
        back = Returned(Decimal(1), line=done.cart.sale.lines[0].line)

        async def give(gateway: Gateway, attempt: Attempt) -> Cart:
            return await return_goods(
                gateway,
                self.caller,
                receipt_number=receipt,
                cart_id=None,
                lines=(back,),
                attempt=attempt,
            )

        await self._ask("return", give)

    async def _ask(self, what: str, handler: Handler[Result]) -> Result | None:
        """The outcome, or None if it is refused."""
        key = f"{self.name} {what} {self.world.draw()}"
        try:
            return await self.world.network.ask(key, handler)
        except Problem as problem:
            self.world.note(f"{self.name}: {what}: {problem.code}")
            return None


def _sold(done: Completed) -> Counter[str]:
    """What the gateway says was sold, by SKU."""
    assert done.cart.sale is not None, "what was sold has a sale"
    sold: Counter[str] = Counter()
    for taken in done.cart.sale.lines:
        line = done.cart.line(taken.line)
        assert line is not None, "what was sold was in the cart"
        sold[line.item.sku or ""] += int(taken.quantity)
    return sold
