"""Plays the script of the reports through the real machine, the real journal and its own clock."""

import asyncio
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.state import Binding, Cart, NotTaken, Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.header import Actor
from cartbridge.domain.ids import make_id, slot_of
from cartbridge.domain.items import Item
from cartbridge.domain.line import Discount, Prices
from cartbridge.domain.projection import project_by
from cartbridge.domain.quantity import Quantity
from cartbridge.domain.twin import ObservedLine, Snapshot, TwinRef
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.run_command import run_command
from tests.acceptance.report_script import MINUTE, PRICES, Journey, Piece, Sale, Seller

AT_ONCE = 40


@dataclass
class Player:
    """One journey under way: which cart it is now, and when."""

    gateway: Gateway
    tenant: uuid.UUID
    shop: str
    journey: Journey
    cart: str = ""
    after: dict[str, Cart] = field(default_factory=dict)

    async def play(self) -> None:
        """The whole journey."""
        journey = self.journey
        self.cart = self._id("crt")
        if journey.by is None:
            await self._begin_online()
        else:
            await self._begin_in_store(journey.by)
        first = True
        for seller, fate in journey.stays:
            await self._stay(seller, fate, first=first)
            first = False
        if journey.sale is not None and journey.sale.seller is not None:
            await self._buy_in_store(journey.sale, journey.sale.seller, first=first)
        elif journey.sale is not None:
            await self._order(journey.sale, f"O-{journey.number}", 401)
        if journey.abandoned:
            await self._do(c.AbandonCart(), 5000)

    async def _begin_online(self) -> None:
        for number, visit in enumerate(self.journey.visits or ({},)):
            await self._see(visit, number + 1, 10 * number, self._rows())
        for number in range(self.journey.codes):
            await self._offer("to_store", self._offered(number))
        await self._end_code()

    async def _begin_in_store(self, by: Seller) -> None:
        journey = self.journey
        await self._do(
            c.StartCart(
                origin=Origin(channel="till", store=by.store, terminal=by.terminal),
                currency=journey.currency,
                tax_mode=journey.tax_mode,
                lines=tuple(self._new(piece) for piece in journey.basket),
                brand=journey.brand,
                customer=self._customer(),
            ),
            0,
            by,
        )
        await self._offer("to_online", self._offered(0), by)
        if journey.sale is None or journey.sale.seller is not None:
            await self._end_code()
            return
        binding = Binding(connection=self.shop, browser=self._ref.external_id)
        await self._do(c.JoinHandover(self._code(self._offered(0)), self._ref, binding), 250)
        for number, visit in enumerate(journey.visits or ({},)):
            await self._see(visit, number + 1, 260 + 10 * number, ())

    async def _see(
        self, visit: dict[str, str], revision: int, minute: int, rows: tuple[Any, ...]
    ) -> None:
        """The shop shows the cart, and which visit it is."""
        journey = self.journey
        snapshot = Snapshot(
            lines=rows,
            revision=revision,
            currency=journey.currency,
            tax_mode=journey.tax_mode,
            customer=self._customer() if journey.by is None else None,
            attribution=visit,
            consent={} if journey.consent is None else {"analytics": journey.consent},
        )
        await self._do(
            lambda cart: c.Observe(
                ref=self._ref,
                snapshot=snapshot,
                projection=_by_sku(cart),
                line_ids=tuple(self._id("lin") for _ in rows),
                new_cart=self._id("crt"),
                origin=Origin(channel="web", connection=self.shop),
                brand=journey.brand,
            ),
            minute,
        )

    def _rows(self) -> tuple[ObservedLine, ...]:
        return tuple(
            ObservedLine(
                key=piece.sku,
                item=_item(piece.sku),
                quantity=Decimal(piece.quantity),
                prices=_prices(piece),
            )
            for piece in self.journey.basket
        )

    async def _offer(self, direction: Any, minute: int, by: Seller | None = None) -> None:
        lives = self.journey.last_code != "lapsed"
        until = self.gateway.clock() + timedelta(hours=1) if lives else self._at(minute + 15)
        await self._do(
            c.OfferHandover(
                handover=self._id("hnd"),
                direction=direction,
                code_hash=self._code(minute),
                expires_at=until,
                store=self.journey.code_store if by is None else None,
                terminal=None if by is None else by.terminal,
            ),
            minute,
            by,
        )

    async def _end_code(self) -> None:
        if self.journey.last_code == "lapsed":
            await self._do(c.LapseHandovers(), 245)
        elif self.journey.last_code == "revoked":
            cart = await self._load()
            for offer in cart.handovers:
                await self._do(c.RevokeHandover(offer.id), 245)

    async def _stay(self, seller: Seller, fate: str, *, first: bool) -> None:
        claim = await self._claim(seller, 300, first=first)
        if fate in ("released", "store_closed"):
            why: Any = fate
            await self._do(c.ReleaseClaim(claim, why), 310, seller)
        elif fate in ("unknown", "not_sold"):
            await self._do(c.LapseClaim(claim), 310)
        if fate == "not_sold":
            await self._do(c.TellOutcome(), 320, seller)

    async def _claim(self, seller: Seller, minute: int, *, first: bool) -> str:
        journey, claim = self.journey, self._id("clm")
        used = first and journey.last_code == "used" and journey.by is None
        command = c.ClaimCart(
            claim=claim,
            terminal=seller.terminal,
            store=seller.store,
            code_hash=self._code(self._offered(journey.codes - 1)) if used else None,
            take_over_reason="the other till is closed",
        )
        await self._do(command, minute, seller)
        return claim

    async def _buy_in_store(self, sale: Sale, seller: Seller, *, first: bool) -> None:
        number, minute = self.journey.number, 400 + sale.minutes
        claim = await self._claim(seller, 400, first=first)
        if sale.put_in:
            added = tuple(self._new(piece) for piece in sale.put_in)
            await self._do(c.EditCart({}, added, terminal=seller.terminal), 400, seller)
        rest = self._id("crt", self.cart)
        await self._do(lambda cart: self._complete(cart, sale, seller, claim, rest), minute, seller)
        sold = await self._load()
        await self._give_back(sale, sold, seller)
        heir = sold.sale.remainder if sold.sale is not None else None
        if sale.voided:
            loaded = None
            if heir is not None:
                loaded = await self.gateway.documents.load(self.tenant, heir)
            void = c.VoidSale(f"T-{number}", loaded.state if loaded is not None else None)
            await self._do(void, 430, seller)
        if heir is not None and self.journey.rest is not None:
            self.cart = heir
            await self._buy_rest(self.journey.rest)

    def _complete(
        self, cart: Cart, sale: Sale, seller: Seller, claim: str, rest: str
    ) -> c.CompleteSale:
        lines = {line.item.sku: line.id for line in cart.lines}
        told = [_told(lines[piece.sku], piece) for piece in sale.pieces]
        told += [c.TakenAtTill(lines[p.sku], Decimal(p.quantity)) for p in sale.put_in]
        return c.CompleteSale(
            claim=claim,
            fence=cart.fence,
            receipt_number=f"T-{self.journey.number}",
            sold_at=self._at(400 + sale.minutes),
            store=seller.store,
            terminal=seller.terminal,
            remainder=rest,
            lines=tuple(told),
            extra_lines=tuple(self._new(piece, piece.amount) for piece in sale.extras),
            not_taken=tuple(
                NotTaken.model_validate(
                    {
                        "line": lines[left.sku],
                        "quantity": Decimal(left.quantity),
                        "reason": left.reason,
                        "keep": left.keep,
                    }
                )
                for left in sale.left
            ),
        )

    async def _give_back(self, sale: Sale, sold: Cart, seller: Seller | None) -> None:
        back = {piece.sku: piece.returned for piece in (*sale.pieces, *sale.extras)}
        lines: dict[str, tuple[Decimal, str | None]] = {
            line.id: (Decimal(back[line.item.sku]), None)
            for line in sold.lines
            if line.item.sku is not None and back.get(line.item.sku)
        }
        if lines:
            await self._do(c.ReturnLines(lines), 400 + 1440, seller)

    async def _buy_rest(self, rest: Sale) -> None:
        if rest.seller is None:
            await self._order(rest, f"P-{self.journey.number}", 400 + 2880 + 5)
            return
        seller = rest.seller
        claim = await self._claim(seller, 400 + 2880, first=False)
        await self._do(
            lambda cart: c.CompleteSale(
                claim=claim,
                fence=cart.fence,
                receipt_number=f"R-{self.journey.number}",
                sold_at=self._at(400 + 2880 + 5),
                store=seller.store,
                terminal=seller.terminal,
                remainder=self._id("crt", self.cart),
            ),
            400 + 2880 + 5,
            seller,
        )

    async def _order(self, sale: Sale, number: str, minute: int) -> None:
        ordered = c.OrderOnline(self._ref, self._at(minute), number, fulfilled=True)
        await self._do(ordered, minute)
        await self._give_back(sale, await self._load(), None)

    async def _do(self, wanted: Any, minute: int, by: Seller | None = None) -> None:
        """One command, by the shop or by somebody at a till."""
        caller = Caller(self.tenant, "shop", Actor(kind="connector"), connection=self.shop)
        if by is not None:
            caller = Caller(
                self.tenant, "pos", Actor(kind="staff"), None, by.store, by.terminal, by.staff
            )

        async def make(cart: Cart) -> c.Command:
            command: c.Command = wanted(cart) if callable(wanted) else wanted
            return command

        await run_command(
            self.gateway, caller, self.cart, uuid.uuid4(), make, occurred_at=self._at(minute)
        )

    async def _load(self) -> Cart:
        loaded = await self.gateway.documents.load(self.tenant, self.cart)
        assert loaded is not None
        cart: Cart = loaded.state
        return cart

    def _new(self, piece: Piece, amount: int | None = None) -> c.NewLine:
        prices = _prices(piece)
        if amount is not None:
            prices = Prices(unit_price=amount, total=amount * piece.quantity)
        quantity = Quantity(value=Decimal(piece.quantity))
        return c.NewLine(self._id("lin"), _item(piece.sku), quantity, prices)

    def _customer(self) -> Customer | None:
        shopper = self.journey.shopper
        return None if shopper is None else Customer(loyalty_number=f"L{shopper}")

    def _at(self, minute: int) -> datetime:
        return self.journey.begun + minute * MINUTE

    @property
    def _ref(self) -> TwinRef:
        return TwinRef(connection=self.shop, external_id=f"web-{self.journey.number}")

    def _offered(self, number: int) -> int:
        return 150 + self.journey.pace + 10 * number

    def _code(self, minute: int) -> str:
        return f"{self.journey.number:08x}{minute:08x}"

    def _id(self, prefix: str, root: str | None = None) -> str:
        chance = uuid.uuid4().int
        slot = chance & 0xFFF if root is None else slot_of(root)
        return make_id(prefix, self.journey.begun, slot, uuid.uuid4().bytes[:8])


def _told(line: str, piece: Piece) -> c.TakenAtTill:
    quantity = Decimal(piece.quantity)
    if piece.told == "total":
        return c.TakenAtTill(line, quantity, total=piece.amount)
    if piece.told == "unit":
        discounts = (Discount(amount=piece.discount),) if piece.discount else ()
        return c.TakenAtTill(line, quantity, unit_price=piece.amount, discounts=discounts)
    return c.TakenAtTill(line, quantity)


def _item(sku: str) -> Item:
    return Item(sku=sku, title=sku.title())


def _prices(piece: Piece) -> Prices:
    price = PRICES[piece.sku]
    return Prices() if price is None else Prices(unit_price=price, total=price * piece.quantity)


def _by_sku(cart: Cart) -> Any:
    return project_by(cart.wanted, lambda line: line.item.sku)


async def play(gateway: Gateway, tenant: uuid.UUID, shop: str, journeys: list[Journey]) -> None:
    """All journeys, some at once."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(journey: Journey) -> None:
        async with room:
            await Player(gateway, tenant, shop, journey).play()

    await asyncio.gather(*(one(journey) for journey in journeys))
