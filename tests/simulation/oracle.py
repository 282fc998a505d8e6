"""What must hold at every step and at rest, told from the journal and from nobody's word."""

from collections import Counter
from typing import TYPE_CHECKING, Any
from uuid import UUID

from cartbridge.database.changes import Change, Write
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.evolve import evolve
from cartbridge.domain.cart.lifecycle import BOUGHT, FINAL, TRANSITIONS, State, may
from cartbridge.domain.cart.observing import CLOSED
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.ids import uuid_of
from cartbridge.domain.twin import TwinRef
from tests.simulation.estate import SKUS, TENANT
from tests.simulation.shop import Basket

if TYPE_CHECKING:
    from tests.simulation.world import World


class Wrong(AssertionError):
    """A promise is broken."""


def must(holds: bool, what: str) -> None:
    """Raises if a promise is broken."""
    if not holds:
        raise Wrong(what)


class Oracle:
    """Watches the journal grow; knows fences, holders and owners by itself."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.doubled: set[str] = set()  # shoppers who bought online what a till had sold
        self.commands: set[UUID] = set()
        self._fences: Counter[str] = Counter()
        self._claims: dict[str, str] = {}  # cart → the newest claim on it
        self._revisions: dict[tuple[str, str], int] = {}
        self._owners: dict[str, str] = {}  # the first cart of a family → its shopper
        self._receipts: Counter[str] = Counter()

    # --- at every step -----------------------------------------------------------------------

    def watch(self, change: Change) -> None:
        """A change is about to be stored."""
        must(change.command not in self.commands, "a command takes effect twice")
        self.commands.add(change.command)
        for write in change.writes:
            self._follow(write)

    def _follow(self, write: Write) -> None:
        events: Any = write.events
        cart: Cart = write.before.state if write.before else Cart(id=write.document)
        version = cart.version + len(events)
        names = " ".join(event.type.removeprefix("cart.") for event in events)
        self.world.note(f"{cart.id[-6:]} v{version} {names}")
        for event in events:
            must(may(cart.state, event.type), f"{event.type} in state {cart.state}")
            self._judge(cart, event)
            cart = evolve(cart, event, write.header.occurred_at)
        must(cart == write.after, "folding the events does not lead to what is stored")
        must(all(line.quantity.value > 0 for line in cart.lines), "a line of nothing")
        self._own(cart)

    def _judge(self, cart: Cart, event: Any) -> None:
        match event:
            case e.Claimed():
                self._fences[cart.id] += 1
                must(event.fence == self._fences[cart.id], "a fence does not grow by one")
                self._claims[cart.id] = event.claim
                holder = cart.claim.terminal if cart.claim else None
                must(holder == event.taken_over_from, f"{event.terminal} takes {holder}'s cart")
            case e.ClaimLapsed():
                self._ran_out(cart)
            case e.ClaimReleased() if event.why == "store_closed":
                self._ran_out(cart)
            case e.Sold():
                newest = (self._claims[cart.id], self._fences[cart.id])
                must((event.claim, event.fence) == newest, "an old claim sells")
                must(cart.state not in BOUGHT, "a cart is sold twice")
                self._receipts[event.receipt_number] += 1
            case e.SaleReportedLate():
                self._receipts[event.receipt_number] += 1
            case e.TwinJoined():
                known = -1 if event.twin.revision is None else event.twin.revision
                self._revisions[cart.id, str(event.twin.ref)] = known
            case e.TwinObserved():
                known, seen = self._revisions[cart.id, str(event.ref)], event.revision or 0
                must(seen > known, f"revision {seen} of {event.ref} is applied after {known}")
                self._revisions[cart.id, str(event.ref)] = seen
            case e.DoubleSaleFound():
                self.doubled.add(self.owner(cart))

    def _ran_out(self, cart: Cart) -> None:
        lease = self.world.store.table("leases").get((TENANT, cart.id))
        over = lease is None or lease.until <= self.world.now()
        must(over, "a claim ends while its lease runs")

    def _own(self, cart: Cart) -> None:
        """A family of carts is one shopper's; nobody is shown another one's."""
        for twin in cart.twins:
            basket = self.world.shops[twin.ref.connection].baskets[twin.ref.external_id]
            owner = self._owners.setdefault(cart.slot_holder, basket.owner)
            must(owner == basket.owner, f"{owner}'s cart is shown to {basket.owner}")

    def owner(self, cart: Cart) -> str:
        """Whose cart it is."""
        return self._owners[cart.slot_holder]

    # --- at rest -----------------------------------------------------------------------------

    def at_rest(self) -> None:
        """Everything is quiet: nothing is lost, nothing doubled, and all agree."""
        self._nothing_waits()
        self._nothing_is_lost()
        for cart in self.carts():
            must(cart.state is not State.CLAIMED, f"{cart.id[-6:]} is held after closing time")
            must(cart.state in FINAL or bool(TRANSITIONS[cart.state]), "a dead end")
        for shop in self.world.shops.values():
            for basket in shop.baskets.values():
                if basket.ordered is None and basket.revision:
                    self._in_step(shop.slug, basket)
        for name, account in self.world.ledger.accounts.items():
            if name not in self.doubled:
                left = self._left(name)
                must(left == account.due(), f"{name} is left {left}, not {account.due()}")
        self._gapless()

    def _nothing_waits(self) -> None:
        store = self.world.store
        for row in store.table("outbox").values():
            must(False, f"{row.kind} for {row.lane} is left in the outbox: {row.dead}")
        for piece in store.table("parts").values():
            where = f"{piece.lane[1]} r{piece.key.revision}"
            must(piece.state in ("applied", "ignored"), f"{where} {piece.state}: {piece.reason}")
        for message in store.table("messages").values():
            must(message.state == "sorted", f"a message is {message.state}: {message.reason}")

    def _nothing_is_lost(self) -> None:
        known = self.world.store.table("messages")
        for shop in self.world.shops.values():
            for taken in shop.taken:
                must(uuid_of(taken) in known, f"{taken} was acknowledged and is lost")
        for receipt in self.world.ledger.sales:
            times = self._receipts[receipt]
            must(times == 1, f"sale {receipt} is {times} times in the journal")

    def carts(self) -> list[Cart]:
        """Every cart there is."""
        return [loaded.state for loaded in self.world.store.table("heads").values()]

    def _in_step(self, slug: str, basket: Basket) -> None:
        ref = TwinRef(connection=slug, external_id=basket.id)
        holders = [
            (cart, twin)
            for cart in self.carts()
            if (twin := cart.twin(ref)) is not None and not twin.ended
        ]
        where = f"{basket.id} r{basket.revision} {basket.rows}"
        holders = [one for one in holders if one[0].state is not State.MERGED]
        must(len(holders) == 1, f"{where} is the twin of {len(holders)} carts")
        cart, twin = holders[0]
        shadow = {key.removeprefix("sku:"): int(some) for key, some in twin.shadow.items()}
        must(shadow == basket.rows, f"{where} has the shadow r{twin.revision} {shadow}")
        must(twin.revision == basket.revision, f"{where} is known as r{twin.revision}")
        self._priced(slug, basket, cart)
        wanted = _sums([cart])
        must(wanted == basket.rows, f"{where} should show {wanted} of {cart.id[-6:]}")

    def _priced(self, slug: str, basket: Basket, cart: Cart) -> None:
        """The shop where the cart began owns the shown price, the promotion's from midnight on."""
        for sku, price in self.world.shops[slug].prices.items():
            lines = [line for line in cart.wanted if line.item.sku == sku]
            if cart.origin.connection == slug and len(lines) == 1:
                shown = lines[0].prices.unit_price
                must(shown == price, f"{sku} of {basket.id} is shown at {shown}, not {price}")

    def _left(self, name: str) -> dict[str, int]:
        """What is wanted over all living carts of a shopper."""
        mine = [x for x in self.carts() if self._owners.get(x.slot_holder) == name]
        found = _sums([cart for cart in mine if cart.state not in CLOSED])
        return {sku: found.get(sku, 0) for sku in SKUS}

    def _gapless(self) -> None:
        events = self.world.store.table("events")
        for key, loaded in self.world.store.table("heads").items():
            must(loaded.version == len(events[key]), f"{key[1]} has a gap in its versions")


def _sums(carts: list[Cart]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for cart in carts:
        for line in cart.wanted:
            found[line.item.sku or ""] += int(line.quantity.value)
    return dict(sorted(found.items()))
