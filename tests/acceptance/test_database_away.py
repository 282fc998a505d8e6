"""PostgreSQL is away: callers are told to come back, at once, and nothing is lost."""

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from cartbridge.database.embedded import EmbeddedServer
from cartbridge.database.migrate import migrate
from tests.acceptance.world import BOOK, LAMP, Json, World, line, open_world, refused, until

ABOUT_A_SECOND = 4.0  # on a machine that is busy with other tests


def reachable_folder() -> Path:
    """A folder that the server's account can pass."""
    folder = Path(tempfile.mkdtemp(prefix="cartbridge-away-"))
    folder.chmod(0o711)
    return folder


@asynccontextmanager
async def world_of_its_own() -> AsyncIterator[tuple[World, EmbeddedServer]]:
    """A gateway over a server that nobody else uses, so that it may be taken away."""
    folder = reachable_folder()
    server = EmbeddedServer(folder / "data", fsync=False)
    try:
        await server.start()
        await migrate(server.dsn())
        async with open_world(server.dsn(), folder / "var") as world:
            yield world, server
    finally:
        await server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def timed(call: Awaitable[httpx.Response]) -> tuple[httpx.Response, float]:
    begun = time.monotonic()
    return await call, time.monotonic() - begun


@dataclass
class Sale:
    """A sale that a till tells again, with its own key, until it is answered."""

    world: World
    claim: Json
    receipt: str = field(default_factory=lambda: uuid4().hex)
    key: str = field(default_factory=lambda: uuid4().hex)

    async def tell(self) -> httpx.Response:
        told = {
            "fence": self.claim["fence"],
            "receipt_number": self.receipt,
            "sold_at": "2026-11-20T11:00:00Z",
        }
        path = f"/v1/pos/claims/{self.claim['claim']}/complete"
        return await self.world.till().call("POST", path, told, Idempotency_Key=self.key)


async def everybody_calls(world: World, sale: Sale) -> None:
    """Each kind of caller gets 503 with Retry-After in about a second, and nothing hangs."""
    name = uuid4().hex
    calls = [
        world.shop.snapshot(name, line(LAMP)),
        *(world.shop.snapshot(uuid4().hex, line(BOOK)) for _ in range(20)),
        world.till().call("POST", "/v1/pos/carts", {"codes": ["A"]}),
        world.till().act(sale.claim, "renew"),
        sale.tell(),
        world.till(0, 1).claim(short_code="1234 5678"),
        world.operator.get("/v1/carts"),
        world.operator.get("/v1/events"),
        world.client.get("/readyz"),
        world.client.get("/c/" + "B" * 32),
    ]
    for answer, seconds in await asyncio.gather(*(timed(call) for call in calls)):
        assert answer.status_code == 503, (answer.request.url.path, answer.text)
        assert int(answer.headers["Retry-After"]) >= 1
        assert seconds < ABOUT_A_SECOND, (answer.request.url.path, seconds)
        problem = refused(answer, 503, "unavailable")
        assert answer.headers["Retry-After"] in problem["detail"]
    assert (await world.client.get("/healthz")).status_code == 200


async def back_again(world: World, sale: Sale) -> None:
    """The gateway goes on by itself, with what it had, and takes what is new."""

    async def ready() -> bool:
        return (await world.client.get("/readyz")).status_code == 200

    await until(ready, 30)
    name = uuid4().hex

    async def taken() -> bool:
        return (await world.shop.snapshot(name, line(LAMP))).status_code == 202

    await until(taken, 20)

    async def applied() -> bool:
        return await world.shop.cart(name) is not None

    await until(applied, 40)

    async def sold() -> bool:
        answer = await sale.tell()
        assert answer.status_code in (200, 409), answer.text  # 409: the first call still runs
        if answer.status_code == 200:
            assert answer.json()["conflict"] is False
        return answer.status_code == 200

    await until(sold, 40)
    assert (await world.events_of(sale.claim["cart"]["id"])).count("cart.sold") == 1


@pytest.mark.timeout(120)
@pytest.mark.parametrize("how", ["frozen", "stopped"])
async def test_while_the_database_is_away_callers_are_told_to_come_back(how: str) -> None:
    async with world_of_its_own() as (world, server):
        _, offer = await world.offered(line(LAMP), line(BOOK))
        sale = Sale(world, (await world.till().claim(code=offer["code"])).json())
        await world.settled()
        await world.owner.close()
        if how == "frozen":
            frozen = family(server.pid or 0)
            for one in frozen:
                os.kill(one, signal.SIGSTOP)
            try:
                await everybody_calls(world, sale)
                await everybody_calls(world, sale)
            finally:
                for one in frozen:
                    os.kill(one, signal.SIGCONT)
        else:
            await server.stop()
            await everybody_calls(world, sale)
            await server.start()

        await back_again(world, sale)


def family(parent: int) -> list[int]:
    """A process and its children, as /proc tells them."""
    found = [parent]
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = status.read_text()
        except OSError:
            continue
        if int(text.rpartition(")")[2].split()[1]) == parent:
            found.append(int(status.parent.name))
    return found
