"""Looking into the past of one long cart: as it was at a version, and its whole timeline."""

import json
import random
import time
from collections.abc import Callable

import aiohttp

from tests.bench.goals import Measured
from tests.bench.hooks import Carts
from tests.bench.load import percentile
from tests.bench.processes import BenchFailed
from tests.bench.stage import Gateway, Json, Stage


async def measure(stage: Stage) -> list[Measured]:
    """One look after the other, over HTTP."""
    chance = random.Random(stage.seed())  # noqa: S311 - the same figures each time
    looks = stage.scale.looks
    async with (
        stage.database() as dsn,
        stage.gateway(dsn, "--no-work") as gateway,
        aiohttp.ClientSession() as session,
    ):
        stage.tell(f"a cart of {stage.scale.cart_events} events")
        cart, events = await _live(session, gateway, stage.scale.cart_events)
        path = f"{gateway.url}/v1/carts/{cart}"

        def version() -> str:
            return f"{path}?version={chance.randrange(1, events + 1)}"

        stage.tell("looking into its past")
        past = await _looks(session, gateway, looks, version)
        told = await _looks(session, gateway, looks, lambda: f"{path}/timeline")
    return [
        _figure("time_travel_p99_ms", past, events),
        _figure("timeline_p99_ms", told, events),
    ]


def _figure(name: str, took: list[float], events: int) -> Measured:
    raw = {
        "events": events,
        "looks": len(took),
        "p50 ms": round(percentile(took, 0.5), 1),
        "max ms": round(max(took), 1),
    }
    return Measured(name, percentile(took, 0.99), raw)


async def _live(session: aiohttp.ClientSession, gateway: Gateway, wanted: int) -> tuple[str, int]:
    """A cart that changes until it has lived through enough; its id, and how many events."""
    for revision in range(1, wanted + 2):
        cart = await _put(session, gateway, revision)
        if cart["version"] >= wanted:
            return cart["id"], cart["version"]
    raise BenchFailed(f"{wanted} changes left {cart['version']} events")


async def _put(session: aiohttp.ClientSession, gateway: Gateway, revision: int) -> Json:
    carts = Carts("history", revision, quantity=1 + revision % 9)
    snapshot = json.loads(carts.body(0))["data"]
    name = snapshot.pop("external_id")
    async with session.put(
        f"{gateway.url}/v1/connections/{gateway.shop['id']}/carts/{name}",
        json=snapshot,
        headers={
            "Authorization": f"Bearer {gateway.shop['shop_key']}",
            "Idempotency-Key": f"history-{revision}",
        },
    ) as answer:
        told: Json = await answer.json()
        if answer.status != 200:
            raise BenchFailed(f"a snapshot was answered {answer.status}: {told.get('detail')}")
    cart: Json = told["cart"]
    return cart


async def _looks(
    session: aiohttp.ClientSession, gateway: Gateway, looks: int, address: Callable[[], str]
) -> list[float]:
    """Milliseconds of so many looks, each of which must be answered."""
    headers = {"Authorization": f"Bearer {gateway.told['ops_key']}"}
    took = []
    for _ in range(looks):
        begun = time.monotonic()
        async with session.get(address(), headers=headers) as answer:
            await answer.read()
        took.append((time.monotonic() - begun) * 1000)
        if answer.status != 200:
            raise BenchFailed(f"a look was answered {answer.status}")
    return took
