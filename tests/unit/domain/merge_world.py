"""A small world in which shoppers, platforms, tills and a bad network torture one real cart.

Every remote call has four moments: sent, effect on the platform, answer sent, answer seen;
anything may happen between them. Nothing here decides what a cart becomes: that is the real
`decide` and `evolve`. What the cart must come to is counted apart, in `Ledger`.
"""

import itertools
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from cartbridge.domain import merge
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.decide import decide
from cartbridge.domain.cart.evolve import evolve
from cartbridge.domain.cart.lifecycle import BOUGHT, State
from cartbridge.domain.cart.state import Binding, Cart, Origin
from cartbridge.domain.decided import Decided
from cartbridge.domain.projection import Projection, basket_of, project_by
from cartbridge.domain.refusals import Refused
from cartbridge.domain.twin import PlannedWrite, Snapshot, Twin, TwinRef
from tests.unit.domain.merge_platform import ENGRAVED, Answer, Kind, Platform

SKUS = ("A", "B", "C", "D")
PLENTY = 20  # rows below this are not made smaller, so that sums are never cut off at zero


@dataclass(frozen=True)
class Scenario:
    """Which platforms there are, and what else happens meanwhile."""

    name: str
    kinds: tuple[Kind, ...]
    claims: bool = False  # tills hold the cart and sell parts of it
    sells_out: bool = False  # tills sell all of it; shoppers only add
    removals: bool = False  # few pieces, taken out and made fewer on all sides: sums do not hold
    engraved: bool = False  # one SKU stands on two lines
    edits: int = 30


@dataclass(frozen=True)
class Broken:
    """A rule taken away, to see that the oracle notices."""

    naive_push: bool = False  # no condition, no push id, and the answer becomes the shadow
    no_lane: bool = False  # calls to one twin run at the same time
    reset_on_move: bool = False  # a twin that moves forgets what it showed


@dataclass
class Ledger:
    """What shoppers and tills did, per SKU, whatever became of it."""

    put: Counter[str] = field(default_factory=Counter)
    gone: Counter[str] = field(default_factory=Counter)  # sold, or declined for good
    removed: set[str] = field(default_factory=set)  # somebody took it out altogether

    def due(self) -> dict[str, int]:
        """What must be left of each SKU."""
        return {sku: self.put[sku] - self.gone[sku] for sku in SKUS}


@dataclass
class Call:
    """One remote call on its way."""

    ref: TwinRef
    kind: Literal["read", "push"]
    base: int | None = None
    write: PlannedWrite | None = None
    moment: Literal["sent", "answered", "lost"] = "sent"
    answer: Answer | None = None


@dataclass(frozen=True)
class Hook:
    """A webhook on its way."""

    ref: TwinRef
    snapshot: Snapshot


@dataclass(frozen=True)
class TakeIn:
    """Our own errand: what waited for a till is applied."""

    ref: TwinRef


@dataclass(frozen=True)
class Late:
    """A write that timed out and reaches the platform after all."""

    ref: TwinRef
    write: PlannedWrite
    base: int | None


@dataclass
class Lane:
    """The calls to one twin: one at a time, and what waits for its turn."""

    busy: bool = False
    reread: bool = True  # a twin is read before it is first written
    held: list[Snapshot] = field(default_factory=list)


class World:
    """One cart's family, its platforms, and everything under way between them."""

    def __init__(self, seed: int, scenario: Scenario, broken: Broken | None = None) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - a seed makes a bad day happen again
        self.scenario, self.broken = scenario, broken or Broken()
        self.net: list[Call | Hook | TakeIn | Late] = []
        self.ledger = Ledger()
        self.pushes = 0
        self.carts: dict[str, Cart] = {}
        self.where: dict[TwinRef, str] = {}
        self.trace: list[str] = []
        self.now = datetime(2026, 11, 20, 10, tzinfo=UTC)
        self._ids = (f"{number:04}" for number in itertools.count(1))
        # With the push id in every snapshot, hooks need not wait for calls under way, but may.
        self.hooks_wait = self.rng.random() < 0.5
        self.platforms = {kind.name: Platform(kind, self._hook) for kind in scenario.kinds}
        self.lanes = {platform.ref: Lane() for platform in self.platforms.values()}
        self._begin()

    def id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._ids)}"

    # --- the gateway -------------------------------------------------------------------------

    def command(self, cart_id: str, command: c.Command) -> tuple[Decided[Cart], ...] | Refused:
        """Decides, checks that folding the facts leads to the same cart, and stores."""
        before = self.carts.get(cart_id) or Cart(id=cart_id)
        decision = decide(before, command, self.now)
        self.trace.append(f"{type(command).__name__} on {cart_id}")
        if isinstance(decision, Refused):
            return decision
        for decided in decision:
            cart = self.carts.get(decided.document.id) or Cart(id=decided.document.id)
            self._store(decided, self._fold(cart, decided))
        return decision

    def _fold(self, cart: Cart, decided: Decided[Cart]) -> Cart:
        told = cart.version + len(decided.events)
        for event in decided.events:
            cart = evolve(cart, event, self.now)
        assert cart == decided.document, "folding the events does not lead to the decided cart"
        assert cart.version == told, "a version is not the number of events"
        assert all(line.quantity.value > 0 for line in cart.lines), "a line of nothing"
        return cart

    def _store(self, decided: Decided[Cart], cart: Cart) -> None:
        moved = [x for x in decided.events if isinstance(x, e.TwinJoined) and x.from_cart]
        if self.broken.reset_on_move and moved:
            shadows = {x.ref: basket_of(self.projection(cart, x.ref)) for x in cart.twins}
            reset = [x.model_copy(update={"shadow": shadows[x.ref]}) for x in cart.twins]
            cart = cart.model_copy(update={"twins": tuple(reset)})
        self.carts[cart.id] = cart
        for twin in cart.twins:
            self.where[twin.ref] = cart.id
            if str(twin.ref) in cart.waiting and cart.claim is None:
                self.net.append(TakeIn(twin.ref))

    def holder(self, ref: TwinRef) -> Cart:
        """The cart that holds a twin now."""
        return self.carts[self.where[ref]]

    def twin(self, ref: TwinRef) -> Twin:
        twin = self.holder(ref).twin(ref)
        assert twin is not None
        return twin

    def projection(self, cart: Cart, ref: TwinRef) -> Projection:
        """The wanted lines as that platform would show them."""
        return project_by(cart.wanted, self.platforms[ref.connection].kind.key)

    def observe(self, ref: TwinRef, snapshot: Snapshot, into: str | None = None) -> None:
        cart = self.carts.get(into or self.where[ref]) or Cart(id=into or "")
        seen = c.Observe(
            ref=ref,
            snapshot=snapshot,
            projection=self.projection(cart, ref),
            line_ids=tuple(self.id("lin") for _ in snapshot.lines),
            new_cart=self.id("crt"),
            origin=Origin(connection=ref.connection),
        )
        assert not isinstance(self.command(cart.id, seen), Refused)

    def write_due(self, ref: TwinRef) -> bool:
        cart, twin = self.holder(ref), self.twin(ref)
        if cart.state is State.CLAIMED or str(ref) in cart.waiting:
            return False
        codes = () if cart.state in BOUGHT else cart.codes
        return not merge.in_step(twin, basket_of(self.projection(cart, ref)), codes)

    def _take_in(self, ref: TwinRef) -> None:
        cart = self.holder(ref)
        waiting = cart.waiting.get(str(ref))
        if waiting is not None and cart.claim is None:
            self.observe(ref, waiting)

    # --- the network -------------------------------------------------------------------------

    def _hook(self, ref: TwinRef, snapshot: Snapshot) -> None:
        self.net.append(Hook(ref, snapshot))

    def pump(self) -> None:
        """Starts what each lane has to do next."""
        for ref, lane in self.lanes.items():
            if lane.busy and not self.broken.no_lane:
                continue
            if lane.reread:
                lane.reread, lane.busy = False, True
                self.net.append(Call(ref, "read"))
            elif self.write_due(ref):
                lane.busy = True
                # What has no revision is read just before it is written.
                revisions = self.platforms[ref.connection].kind.revisions
                if revisions:
                    self._push(ref, self.twin(ref).revision)
                else:
                    self.net.append(Call(ref, "push"))

    def _push(self, ref: TwinRef, base: int | None) -> None:
        """Plans the write and sends it, unless nothing is due any more."""
        cart = self.holder(ref)
        plan = c.PlanWrite(ref, self.id("psh"), self.projection(cart, ref))
        assert not isinstance(self.command(cart.id, plan), Refused)
        self._send(ref, base)

    def _send(self, ref: TwinRef, base: int | None) -> None:
        if not self.write_due(ref):
            self._settle(ref)
            return
        write = self.twin(ref).planned[-1]
        self.pushes += 1
        self.net.append(Call(ref, "push", base=base, write=write))

    def deliver(self, *, bad: bool) -> None:
        """One thing of all that is under way happens."""
        place = self.rng.randrange(len(self.net))
        it = self.net[place]
        if isinstance(it, Hook):
            lost = bad and self.rng.random() < 0.15
            if lost or not (bad and self.rng.random() < 0.2):  # else it comes a second time
                self.net.pop(place)
            if not lost:
                self._arrives(it)
            return
        self.net.pop(place)
        match it:
            case TakeIn():
                self._take_in(it.ref)
            case Late():
                self.platforms[it.ref.connection].write(it.write, it.base)
            case Call():
                self._go_on(it, bad=bad)

    def _arrives(self, hook: Hook) -> None:
        lane = self.lanes[hook.ref]
        if hook.snapshot.revision is None:
            lane.reread = True  # only a hint
        elif self.hooks_wait and lane.busy:
            lane.held.append(hook.snapshot)
        else:
            self.observe(hook.ref, hook.snapshot)

    def _go_on(self, call: Call, *, bad: bool) -> None:
        platform = self.platforms[call.ref.connection]
        if call.moment == "sent" and call.write is None:
            call.base, call.moment = platform.revision, "answered"
            call.answer = Answer(False, platform.snapshot())
            self.net.append(call)
        elif call.moment == "sent":
            self._reaches(platform, call, bad=bad)
        elif call.moment == "lost":  # it may have happened: read again before anything else
            self.net.append(Call(call.ref, "read"))
        else:
            self._answered(call)

    def _reaches(self, platform: Platform, call: Call, *, bad: bool) -> None:
        assert call.write is not None
        if self.broken.naive_push:
            call.answer = platform.overwrite(call.write)
        elif bad and self.rng.random() < 0.08:
            self.net.append(Late(call.ref, call.write, call.base))
        else:
            call.answer = platform.write(call.write, call.base)
        lost = call.answer is None or (bad and self.rng.random() < 0.1)
        call.moment = "lost" if lost else "answered"
        self.net.append(call)

    def _answered(self, call: Call) -> None:
        assert call.answer is not None
        if self.broken.naive_push and call.write is not None:
            self._believe(call.ref, call.answer.snapshot)
        else:
            self.observe(call.ref, call.answer.snapshot)
        if call.kind == "push" and call.write is None and self.write_due(call.ref):
            self._push(call.ref, call.base)
        else:
            self._settle(call.ref)

    def _believe(self, ref: TwinRef, snapshot: Snapshot) -> None:
        """The naive rule: what the platform answers is what we meant."""
        cart = self.holder(ref)
        agreed = e.TwinObserved(ref=ref, shadow=snapshot.basket, revision=snapshot.revision)
        self.carts[cart.id] = evolve(cart, agreed, self.now)

    def _settle(self, ref: TwinRef) -> None:
        lane = self.lanes[ref]
        lane.busy = False
        held, lane.held = lane.held, []
        for snapshot in held:
            self.observe(ref, snapshot)

    # --- the shopper -------------------------------------------------------------------------

    def _begin(self) -> None:
        """A cart begun on the first platform; the others join it with what they hold already."""
        few = self.scenario.removals
        first, *others = self.platforms.values()
        for platform in self.platforms.values():
            most = 2 if few else (PLENTY + 10 if platform is first else 3)
            platform.basket = {sku: self.rng.randint(1, most) for sku in SKUS}
            if platform is first and not few:
                platform.basket = dict.fromkeys(SKUS, most)
                if self.scenario.engraved:
                    platform.basket["A" + ENGRAVED] = most
            for key, amount in platform.basket.items():
                self.ledger.put[key.removesuffix(ENGRAVED)] += amount
        family = self.id("crt")
        self.observe(first.ref, first.snapshot(), into=family)
        for platform in others:
            self._join(family, platform)

    def _join(self, family: str, platform: Platform) -> None:
        code, ends = self.id("code"), self.now + timedelta(minutes=15)
        self.command(family, c.OfferHandover(self.id("hnd"), "to_online", code, ends))
        bound = Binding(connection=platform.kind.name, browser="1")
        join = c.JoinHandover(code, platform.ref, bound)
        assert not isinstance(self.command(family, join), Refused)

    def shopper_edits(self) -> None:
        """She changes something somewhere. Each SKU is made less on one side only: rule 8 is not
        about sums, and has a property of its own."""
        place, platform = self.rng.choice(list(enumerate(self.platforms.values())))
        key = self.rng.choice([*SKUS, *(key for key in platform.basket if ENGRAVED in key)])
        sku, shown = key.removesuffix(ENGRAVED), platform.basket.get(key, 0)
        by = self.rng.choice((1, 1, 2, 3))
        mine = SKUS.index(sku) % len(self.platforms) == place and not self.scenario.sells_out
        if self.scenario.removals and shown and self.rng.random() < 0.6:
            by = -shown if self.rng.random() < 0.3 else -self.rng.randint(1, shown)
        elif mine and shown > PLENTY and self.rng.random() < 0.5:
            by = -self.rng.randint(1, 2)
        if platform.kind.stock is not None and shown + by > platform.kind.stock:
            return
        self.trace.append(f"shopper: {by:+} {key} on {platform.kind.name}")
        self.ledger.put[sku] += by
        if shown + by == 0:
            self.ledger.removed.add(sku)
        platform.edit(key, by)

    # --- what it came to ---------------------------------------------------------------------

    def amounts(self) -> dict[str, int]:
        """What is wanted of each SKU, over all living carts of the family."""
        living = {self.where[ref] for ref in self.lanes}
        found: Counter[str] = Counter()
        for cart_id in living:
            for line in self.carts[cart_id].wanted:
                found[line.item.sku or ""] += int(line.quantity.value)
        return {sku: found[sku] for sku in SKUS}

    def disagreeing(self) -> dict[str, tuple[Mapping[str, int], Mapping[str, int]]]:
        """The platforms that do not show what the cart holds, as far as they accept it."""
        wrong: dict[str, tuple[Mapping[str, int], Mapping[str, int]]] = {}
        for name, platform in self.platforms.items():
            wanted = basket_of(self.projection(self.holder(platform.ref), platform.ref))
            keys = sorted({*wanted, *platform.basket})
            should = {key: platform.accepts(key, int(wanted.get(key, 0))) for key in keys}
            should = {key: amount for key, amount in should.items() if amount}
            if platform.basket != should:
                wrong[name] = (platform.basket, should)
        return wrong
