"""The store in the simulated world: terminals claim the cart, change it, sell parts of it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.lifecycle import BOUGHT, State
from cartbridge.domain.cart.state import Cart, NotTaken
from cartbridge.domain.items import Item
from cartbridge.domain.quantity import Quantity
from cartbridge.domain.refusals import Refused
from tests.unit.domain.merge_world import PLENTY, SKUS, World

STORE = "lyon-2"


@dataclass
class Sold:
    """A sale that counted, so that it may be cancelled later."""

    cart: str
    receipt: str
    taken: Counter[str]


@dataclass
class Tills:
    """Two terminals of one store; what they may do is refused or not by the real cart."""

    world: World
    sales: list[Sold] = field(default_factory=list)
    old_claims: list[tuple[str, str, int]] = field(default_factory=list)  # cart, claim, fence

    @property
    def cart(self) -> Cart:
        """The cart that carries on."""
        return self.world.holder(next(iter(self.world.lanes)))

    def step(self) -> None:
        """Somebody in the store does something."""
        if self.cart.claim is None:
            self._without_claim()
        else:
            self._with_claim()

    def close(self) -> None:
        """At closing time open claims are released."""
        claim = self.cart.claim
        if claim is not None:
            self.world.command(self.cart.id, c.ReleaseClaim(claim.id, "store_closed"))

    def _without_claim(self) -> None:
        world, cart = self.world, self.cart
        chance = world.rng.random()
        if chance < 0.45:
            self._claim("till-1", take_over=None)
        elif chance < 0.55 and cart.unheard is not None:
            self._sell(cart.unheard.id, cart.fence)  # nobody took it since: the report still counts
        elif chance < 0.65:
            world.command(cart.id, c.TellOutcome())
        elif chance < 0.75:
            world.command(cart.id, c.AbandonCart())
        elif chance < 0.85:
            step: Literal["started", "left"] = "left" if cart.state is State.CHECKOUT else "started"
            world.command(cart.id, c.SeeCheckout(next(iter(world.platforms)), step))
        elif self.sales:
            self._void()

    def _with_claim(self) -> None:
        world, cart = self.world, self.cart
        claim = cart.claim
        assert claim is not None
        chance = world.rng.random()
        if chance < 0.4:
            self._sell(claim.id, claim.fence)
        elif chance < 0.5:
            world.command(cart.id, c.ReleaseClaim(claim.id))
        elif chance < 0.6:
            world.command(cart.id, c.LapseClaim(claim.id))
        elif chance < 0.7:
            self.old_claims.append((cart.id, claim.id, claim.fence))
            self._claim("till-2" if claim.terminal == "till-1" else "till-1", take_over="moved")
        elif chance < 0.8 and self.old_claims:
            self._report_late()
        elif chance < 0.95:
            self._add(cart, claim.terminal)
        elif self.sales:
            self._void()

    def _claim(self, terminal: str, take_over: str | None) -> None:
        world, cart = self.world, self.cart
        code = None
        if take_over is None and world.rng.random() < 0.5:
            code, ends = world.id("code"), world.now + timedelta(minutes=15)
            world.command(cart.id, c.OfferHandover(world.id("hnd"), "to_store", code, ends))
        claim = c.ClaimCart(world.id("clm"), terminal, STORE, code, take_over)
        world.command(cart.id, claim)

    def _add(self, cart: Cart, terminal: str) -> None:
        """The cashier adds pieces of a line, or an article that was not there."""
        world = self.world
        amount = world.rng.randint(1, 3)
        sku = world.rng.choice(SKUS)
        line = next((x for x in cart.lines if x.item.sku == sku), None)
        if line is not None:
            edit = c.EditCart(set={line.id: line.quantity.value + amount}, terminal=terminal)
        else:
            edit = c.EditCart(set={}, add=(self._new(sku, amount),), terminal=terminal)
        if not isinstance(world.command(cart.id, edit), Refused):
            world.ledger.put[sku] += amount

    def _new(self, sku: str, amount: int) -> c.NewLine:
        quantity = Quantity(value=Decimal(amount))
        return c.NewLine(self.world.id("lin"), Item(sku=sku, title=sku), quantity)

    def _sell(self, claim: str, fence: int) -> None:
        """A sale: some pieces sold, some left there for good, the others still wanted."""
        world, cart = self.world, self.cart
        taken: Counter[str] = Counter()
        lines, declined = [], []
        for line in cart.lines:
            most = int(line.quantity.value) - (0 if world.scenario.sells_out else PLENTY)
            sold = most if world.scenario.sells_out else world.rng.randint(0, max(0, min(5, most)))
            if sold > 0:
                lines.append(c.TakenAtTill(line.id, Decimal(sold)))
                taken[line.item.sku or ""] += sold
            if most - sold >= 2 and world.rng.random() < 0.3:
                declined += [
                    NotTaken(line=line.id, quantity=Decimal(1), reason="price", keep=keep)
                    for keep in (True, False)
                ]
                taken[line.item.sku or ""] += 1
        if not lines:
            return
        receipt = world.id("rcp")
        extra = (self._new("EXTRA", 1),) if world.rng.random() < 0.2 else ()
        sale = self._sale(claim, fence, receipt, tuple(lines), tuple(declined), extra)
        known = cart.sale
        if isinstance(world.command(cart.id, sale), Refused) or known is not None:
            return
        world.ledger.gone.update(taken)
        back = Counter({self._sku(cart, line.line): 0 for line in lines})
        for told in lines:
            back[self._sku(cart, told.line)] += int(told.quantity)
        self.sales.append(Sold(cart.id, receipt, back))

    def _sku(self, cart: Cart, line_id: str) -> str:
        line = cart.line(line_id)
        assert line is not None
        return line.item.sku or ""

    def _sale(
        self,
        claim: str,
        fence: int,
        receipt: str,
        lines: tuple[c.TakenAtTill, ...],
        declined: tuple[NotTaken, ...] = (),
        extra: tuple[c.NewLine, ...] = (),
    ) -> c.CompleteSale:
        world = self.world
        return c.CompleteSale(
            claim=claim,
            fence=fence,
            receipt_number=receipt,
            sold_at=world.now,
            store=STORE,
            terminal="till-1",
            remainder=world.id("crt"),
            lines=lines,
            extra_lines=extra,
            not_taken=declined,
        )

    def _report_late(self) -> None:
        """A terminal that lost the cart sold it all the same: kept, and not counted as a sale."""
        world = self.world
        cart_id, claim, fence = self.old_claims.pop()
        cart = world.carts[cart_id]
        lines = tuple(c.TakenAtTill(line.id, Decimal(1)) for line in cart.lines[:1])
        before = cart.late_sales
        world.command(cart_id, self._sale(claim, fence, world.id("rcp"), lines))
        assert world.carts[cart_id].late_sales == before + 1

    def _void(self) -> None:
        """A ticket is cancelled: its lines are wanted again."""
        world = self.world
        sale = self.sales.pop(world.rng.randrange(len(self.sales)))
        heir = world.carts[sale.cart]
        seen = {heir.id}
        while heir.successor is not None and heir.successor not in seen:
            heir = world.carts[heir.successor]
            seen.add(heir.id)
        if world.carts[sale.cart].state not in BOUGHT:
            return
        void = c.VoidSale(sale.receipt, heir if heir.id != sale.cart else None)
        if not isinstance(world.command(sale.cart, void), Refused):
            world.ledger.gone.subtract(sale.taken)
