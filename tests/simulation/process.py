"""A gateway process of the simulation: the real services and loops, which may die at any await."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx

from cartbridge.app import cart_kind
from cartbridge.database.connection import Unavailable
from cartbridge.database.vault import Vault
from cartbridge.services.connectors import Connectors
from cartbridge.services.gateway import Gateway, Limits
from cartbridge.worker.inbox import apply, sort
from cartbridge.worker.loop import run_loop
from cartbridge.worker.outbox import deliver
from cartbridge.worker.timeouts import look
from tests.simulation.arrivals import Arrivals, next_message
from tests.simulation.errands import Errands, next_errand
from tests.simulation.estate import ESTATE, PUBLIC_URL
from tests.simulation.journal import Clocks, Journal
from tests.simulation.names import Articles, Levels, Register, Repeats, Signs, Silence, Told
from tests.simulation.oracle import Wrong
from tests.simulation.pieces import next_part
from tests.simulation.store import Session, Store

if TYPE_CHECKING:
    from tests.simulation.world import World

Result = TypeVar("Result")
When = Callable[[Store], datetime | None]

LIMITS: Final = Limits(abandoned_after=timedelta(hours=6))
VAULT: Final = Vault.of(bytes(range(32)))
_ENDLESS: Final = 20_000  # awaits; a night has about two thousand
_BROKEN: Final = 0.003  # of the calls to the database meet a broken line, there or back


def next_look(store: Store) -> datetime | None:
    """When a lease runs out or a cart is due for a look."""
    leases = [lease.until for lease in store.table("leases").values()]
    return min([*leases, *store.table("due").values()], default=None)


LOOPS: Final[tuple[tuple[Callable[[Gateway], Awaitable[int]], float, When], ...]] = (
    (sort, 0.05, next_message),
    (apply, 0.05, next_part),
    (deliver, 0.1, next_errand),
    (look, 1.0, next_look),
)


class Line(Session):
    """The way from a process to the database: it takes its time, breaks, and ends with it."""

    def __init__(self, world: "World", process: "Process") -> None:
        self._world, self._process = world, process

    async def before(self) -> None:
        """The call is on its way to the tables."""
        await self._pass()

    async def after(self) -> None:
        """It took effect; the answer is on its way back."""
        if self._world.bad and self._world.dice.random() < 0.3:
            await self._pass()

    def later(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do it when there is time, if the process lives that long."""
        self._process.spawn(self._put_off(work))

    async def _put_off(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await asyncio.sleep(self._world.dice.uniform(0.5, 3))
        except asyncio.CancelledError:
            work.close()
            raise
        with contextlib.suppress(Unavailable):
            await work

    async def _pass(self) -> None:
        world = self._world
        self._process.step()
        chance = world.dice.random()
        if chance < 0.5:
            await asyncio.sleep(0 if chance < 0.25 else chance / 100)
        if world.bad and chance > 1 - _BROKEN:
            raise Unavailable("the line to the database broke")


class Rest:
    """Stands where `News` is: a loop rests until there is something for it to do."""

    def __init__(self, store: Store, when: When) -> None:
        self._store, self._when = store, when

    async def wait(self, seconds: float) -> None:
        """Return when there is work, not before so many seconds."""
        await asyncio.sleep(seconds)
        while True:
            at = self._when(self._store)
            pause = None if at is None else (at - self._store.now()).total_seconds()
            if pause is not None and pause <= 0:
                return
            await self._store.bell.wait(pause)


class Process:
    """One process over the common store; what is only in its memory dies with it."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.alive = True
        self.doom: int | None = None  # so many awaits until it dies
        self._skew = timedelta(seconds=world.dice.uniform(-5, 5))
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self.gateway = self._wire(Line(world, self))

    def _wire(self, line: Line) -> Gateway:
        store: Any = self.world.store
        register: Any = Register(store, line, ESTATE)
        parts: dict[str, Any] = {
            **{field.name: None for field in fields(Gateway)},  # what no simulated service uses
            "documents": Journal(store, line, cart_kind(LIMITS)),
            "leases": Clocks(store, line),
            "inbox": Arrivals(store, line),
            "outbox": Errands(store, line),
            "alarms": Silence(),
            "pointers": Signs(store, line),
            "directory": register,
            "items": Articles(store, line),
            "stock": Levels(store, line),
            "prices": Told(store, line),
            "idempotency": Repeats(store, line),
        }
        told: dict[str, Any] = {
            "vault": VAULT,
            "connectors": Connectors(register),
            "client": httpx.AsyncClient(transport=self.world.network.wire(self)),
            "clock": lambda: store.now() + self._skew,
            "draw": self.world.dice.randbytes,
            "public_url": PUBLIC_URL,
            "limits": LIMITS,
        }
        return Gateway(**parts | told)

    def start(self) -> None:
        """The loops run."""
        for turn, idle, when in LOOPS:
            rest: Any = Rest(self.world.store, when)
            self.spawn(run_loop(turn.__name__, self._bound(turn), rest, idle))

    def spawn(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Runs something in this process."""
        task = asyncio.create_task(work)
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done, None))
        return task

    def step(self) -> None:
        """One more await is reached; it may be the last."""
        self.world.steps += 1
        if self.world.steps > _ENDLESS:
            self.world.fail(Wrong("there is no end of it"))
        if self.alive and self.doom is not None:
            self.doom -= 1
            if self.doom <= 0:
                self.world.crash(self)
        if not self.alive:
            raise asyncio.CancelledError("this process is dead")

    def die(self) -> None:
        """Everything it did stops where it is."""
        self.alive = False
        for task in list(self._tasks):
            task.cancel()

    def _bound(self, turn: Callable[[Gateway], Awaitable[int]]) -> Callable[[], Awaitable[int]]:
        async def bound() -> int:
            return await turn(self.gateway)

        return bound
