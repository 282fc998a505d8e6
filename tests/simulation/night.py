"""One simulated night, from its seed: it is played, comes to rest, and is judged."""

import asyncio
import random
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.cart.lifecycle import State
from cartbridge.services.claim_cart import Held, Wanted, claim_cart
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem
from tests.simulation.errands import next_errand
from tests.simulation.estate import CLOSING, MIDNIGHT, NEXT_CLOSING, PROMOTION, till_caller
from tests.simulation.names import priced
from tests.simulation.oracle import Wrong, must
from tests.simulation.shopper import Shopper
from tests.simulation.virtual_time import run_virtually
from tests.simulation.world import World

_REST: Final = timedelta(hours=30)  # the longest time in which everything must become quiet


@dataclass(frozen=True)
class Night:
    """What a seed came to: the same seed comes to the same, every time."""

    seed: int
    steps: int
    trace: str  # the hash of everything that happened
    counts: dict[str, int]
    wrong: str | None = None  # what is broken, with the seed, the step and what came before


def play(seed: int, forgets: frozenset[str] = frozenset()) -> Night:
    """Plays one whole night; `forgets` names promises that are not kept in it."""
    random_before, log_before = random.getstate(), structlog.get_config()
    random.seed(seed)  # the product's jitter
    try:
        return run_virtually(lambda: _whole(seed, forgets))
    finally:
        random.setstate(random_before)
        structlog.configure(**log_before)


async def _whole(seed: int, forgets: frozenset[str]) -> Night:
    world = World(seed, forgets)
    structlog.configure(processors=[world.heard])
    wrong = None
    try:
        await _play(world)
    except Exception as error:
        told = f"seed {seed}, step {world.steps}: {type(error).__name__}: {error}"
        wrong = "\n".join([told, f"{world.scenario}", *world.last])
    finally:
        await world.close()
    counts = {
        "messages": len(world.store.table("messages")),
        "commands": len(world.oracle.commands),
        "sales": len(world.ledger.sales),
        "crashes": world.crashes,
        "doubled": len(world.oracle.doubled),
    }
    return Night(seed, world.steps, world.trace.hexdigest(), counts, wrong)


async def _play(world: World) -> None:
    """From the evening to the moment when everything is quiet, and then it must be right."""
    for _ in range(world.scenario.processes):
        world.begin_process()
    for till in world.tills:
        world.begin(till.work())
    await _unless_failed(world, _happen(world))
    world.bad = False
    for process in world.processes:
        process.doom = None
    await _unless_failed(world, _quiet(world))
    world.oracle.at_rest()
    await _unless_failed(world, _every_cart_goes_on(world))


async def _unless_failed(world: World, work: Coroutine[Any, Any, None]) -> None:
    """Goes on until it is done, or until a promise is broken anywhere."""
    task = asyncio.create_task(work)
    await asyncio.wait([task, world.failed], return_when=asyncio.FIRST_COMPLETED)
    if world.failed.done():
        task.cancel()
        await asyncio.wait([task])
        world.failed.result()
    task.result()


async def _happen(world: World) -> None:
    shoppers = [Shopper(world, f"shopper-{n}") for n in range(world.scenario.shoppers)]
    lives = [shopper.live() for shopper in shoppers]
    await asyncio.gather(*lives, _midnight(world), _misfortune(world))


async def _midnight(world: World) -> None:
    """The promotion begins: in the shops, and on the tills' price list."""
    await world.until(MIDNIGHT)
    world.note("the promotion begins")
    for sku, price in PROMOTION.items():
        world.store.table("articles")[sku] = priced(sku, price)
    for shop in world.shops.values():
        shop.midnight()


async def _misfortune(world: World) -> None:
    """Processes are doomed to die some awaits from now."""
    for _ in range(world.scenario.crashes):
        moment = world.dice.choice((CLOSING, CLOSING, MIDNIGHT))
        await world.until(moment + timedelta(seconds=world.dice.uniform(-900, 300)))
        process = world.any_process()
        if process is not None:
            process.doom = world.dice.randrange(1, 300)


async def _quiet(world: World) -> None:
    """Nobody begins anything; what is under way comes to its end, and the stores close."""
    latest = world.now() + _REST
    closed = NEXT_CLOSING + timedelta(minutes=20)
    while world.now() < closed or _under_way(world):
        must(world.now() < latest, f"it does not become quiet: {_under_way(world)}")
        await asyncio.sleep(60)


def _under_way(world: World) -> list[str]:
    """What still moves."""
    found = [f"{world.busy} tills"] if world.busy else []
    found += [f"{len(world.calls)} calls"] if world.calls else []
    found += ["errands"] if next_errand(world.store) is not None else []
    found += ["messages"] if world.store.table("new") else []
    found += ["parts"] if any(x.waits for x in world.store.table("queue").values()) else []
    return found


async def _every_cart_goes_on(world: World) -> None:
    """No cart is a dead end: each one that lives can be claimed by a till."""
    caller = till_caller("y-till")
    for cart in world.oracle.carts():
        if cart.state not in (State.OPEN, State.OFFERED, State.ABANDONED) or not cart.lines:
            continue
        wanted = Wanted(cart=cart.id)

        async def claim(gateway: Gateway, attempt: Attempt, wanted: Wanted = wanted) -> Held:
            return await claim_cart(gateway, caller, wanted, attempt)

        try:
            held = await world.network.ask(f"claim {cart.id}", claim)
        except Problem as problem:
            raise Wrong(f"{cart.id[-6:]} is {cart.state} and {problem.code}") from problem
        must(not held.over, f"{cart.id[-6:]} is {cart.state} and cannot be held")
