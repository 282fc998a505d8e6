"""The simulated world: shops, shoppers, tills, the network, and processes that live and die."""

import asyncio
import hashlib
import random
import sys
import traceback
from collections import deque
from collections.abc import Callable, Coroutine, MutableMapping
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from cartbridge.domain.cart.state import Cart
from cartbridge.services.claim_cart import Held, Wanted
from cartbridge.services.offer_handover import Offer
from tests.simulation.estate import (
    BEGIN,
    MIDNIGHT,
    PRICES,
    PROMOTION,
    TILLS,
)
from tests.simulation.ledger import Account, Ledger
from tests.simulation.names import priced
from tests.simulation.network import Network
from tests.simulation.oracle import Oracle, Wrong
from tests.simulation.process import Process
from tests.simulation.scenario import Scenario
from tests.simulation.shop import Shop
from tests.simulation.store import Store
from tests.simulation.till import Till, Visit

_SHOWN: Final = 40  # of the last things that happened, when a promise is broken
_UNEXPECTED: Final = frozenset({"exception", "error", "critical"})


class World:
    """Shops, shoppers, tills, the network, and the processes that live and die among them."""

    def __init__(self, seed: int, forgets: frozenset[str] = frozenset()) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - a seed makes a bad night happen again
        self.seed, self.forgets = seed, forgets
        self.scenario = Scenario.of(self.dice)
        self.bad = True  # bad things happen; at the end they do not
        self.steps = 0
        self.crashes = 0
        self.busy = 0  # tills that serve somebody
        self.last: deque[str] = deque(maxlen=_SHOWN)
        self.trace = hashlib.sha256()
        self.calls: dict[asyncio.Task[Any], None] = {}
        self._actors: list[asyncio.Task[Any]] = []
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._began = asyncio.get_running_loop().time()
        self.store = Store(self.now, self.dice, forgets)
        for sku, price in PRICES.items():
            self.store.table("articles")[sku] = priced(sku, price)
        self.ledger = Ledger()
        self.network = Network(self)
        self.oracle = Oracle(self)
        self.store.watch = self._watched
        self.shops = {slug: Shop(self, slug) for slug in ("web", "app")}
        self.processes: list[Process] = []
        self.tills = [Till(self, name) for name in TILLS]

    # --- what everybody uses -----------------------------------------------------------------

    def now(self) -> datetime:
        """The true time, which is also the database's."""
        passed = asyncio.get_running_loop().time() - self._began
        return BEGIN + timedelta(seconds=passed)

    async def until(self, moment: datetime) -> None:
        """Wait until it is that time."""
        await asyncio.sleep(max(0.0, (moment - self.now()).total_seconds()))

    def note(self, text: str) -> None:
        """Something happened."""
        line = f"{self.now():%d %H:%M:%S.%f} {text}"
        self.trace.update(line.encode())
        self.last.append(line)

    def draw(self) -> str:
        """A name nobody else has."""
        return self.dice.randbytes(8).hex()

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Something goes on outside the gateway."""
        task = asyncio.create_task(work)
        self.calls[task] = None
        task.add_done_callback(self._ended)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do it after so many seconds."""

        async def wait() -> None:
            await asyncio.sleep(seconds)
            act()

        self.spawn(wait())

    def fail(self, error: BaseException) -> None:
        """A promise is broken: the night is over."""
        if not self.failed.done():
            self.failed.set_exception(error)

    def account_of(self, cart: Cart) -> Account:
        """The account of the shopper whose cart it is."""
        return self.ledger.of(self.oracle.owner(cart))

    def walk_in(self, offer: Offer) -> None:
        """A shopper shows her code at some till, by and by."""
        short = offer.short_code if self.dice.random() < 0.3 else None
        wanted = Wanted(short_code=short) if short else Wanted(code=offer.code)
        till = self.dice.choice(self.tills)
        self.later(self.dice.uniform(1, 60), lambda: till.queue.put_nowait(Visit(wanted)))

    def check_drift(self, held: Held) -> None:
        """The drift report compares with the price that the till's list has at this moment."""
        for line in held.drift.lines:
            known = held.cart.line(line.line)
            sku = known.item.sku if known is not None else None
            if line.unit_price is not None and sku in PRICES:
                lately = {PROMOTION[sku]} if self.now() >= MIDNIGHT else {PRICES[sku]}
                if abs(self.now() - MIDNIGHT) < timedelta(minutes=5):
                    lately = {PROMOTION[sku], PRICES[sku]}
                if line.unit_price.till not in lately:
                    self.fail(Wrong(f"{sku} is compared with {line.unit_price.till}"))

    # --- processes ---------------------------------------------------------------------------

    def any_process(self) -> Process | None:
        """A living process, whichever answers."""
        living = [process for process in self.processes if process.alive]
        return self.dice.choice(living) if living else None

    def begin_process(self) -> None:
        """A process starts."""
        process = Process(self)
        self.processes.append(process)
        process.start()
        self.note(f"process {len(self.processes)} starts")

    def crash(self, process: Process) -> None:
        """A process dies here and now; another one starts after a while."""
        if process.alive:
            process.die()
            self.crashes += 1
            self.note(f"process {self.processes.index(process) + 1} dies")
            self.later(self.dice.uniform(0.2, 20), self.begin_process)

    def begin(self, work: Coroutine[Any, Any, Any]) -> None:
        """An actor who is never done."""
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        self._actors.append(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self.calls.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fail(error)

    def _watched(self, change: Any) -> None:
        try:
            self.oracle.watch(change)
        except Wrong as wrong:
            self.fail(wrong)

    async def close(self) -> None:
        """Everything stops."""
        for process in self.processes:
            process.die()
        for task in [*self.calls, *self._actors]:
            task.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for process in self.processes:
            await process.gateway.client.aclose()

    def heard(
        self, logger: Any, method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """A line of the log: what nobody expected is a broken promise."""
        if method in _UNEXPECTED:
            cause = "".join(traceback.format_exception(*sys.exc_info()))
            self.fail(Wrong(f"the log says {event}: {cause}"))
        raise structlog.DropEvent
