"""A real shop on loopback, a gateway that takes its hooks, and the connector between them."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from cartbridge_sandbox import Sandbox
from cartbridge_sandbox.misbehaviour import Misbehaviour
from cartbridge_sandbox.shop import Shop, ShopSettings
from cartbridge_sandbox.visitor import Gateway

from cartbridge.sdk.addresses import Reach
from cartbridge.sdk.client import make_client
from cartbridge.sdk.contract import Raw, Remote

sys.path.insert(0, str(Path(__file__).parent))  # for the fake beside the tests

SECRET = "sandbox-secret-of-today-1"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class HookTaker:
    """Takes hooks as the gateway does: verified at once, read by the connector."""

    def __init__(self) -> None:
        self.taken: list[Raw] = []
        self.status = 202
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): text for name, text in request.headers.items()}
        raw = Raw("POST", str(request.url), headers, await request.read())
        Sandbox().verify(raw, make_settings(), datetime.now(UTC))
        if self.status == 202:
            self.taken.append(raw)
        return web.Response(status=self.status)

    @property
    def revisions(self) -> list[int | None]:
        return [Sandbox().identify(raw, make_settings())[0].revision for raw in self.taken]

    @property
    def seen(self) -> list[str]:
        reads = [Sandbox().read(raw, make_settings()) for raw in self.taken]
        return [type(seen).__name__ for read in reads for seen in read.observations]


def make_settings(url: str = "http://127.0.0.1:1") -> Any:
    return Sandbox.manifest.settings.model_validate({"webhook_secrets": [SECRET], "shop_url": url})


Serve = Callable[..., Awaitable[str]]
OpenShop = Callable[..., Awaitable[Shop]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serves handlers on a free port of loopback, and gives back the address."""
    runners = []

    async def start(*routes: web.RouteDef) -> str:
        app = web.Application()
        app.add_routes(routes)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        runners.append(runner)
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def hooks(serve: Serve) -> HookTaker:
    taker = HookTaker()
    taker.url = await serve(web.post("/v1/hooks/hk", taker.take)) + "/v1/hooks/hk"
    return taker


@pytest.fixture
async def open_shop(tmp_path: Path, hooks: HookTaker) -> AsyncIterator[OpenShop]:
    """Opens a shop on the test's one file; several times if it is to come back."""
    opened: list[Shop] = []

    async def start(gateway: Gateway | None = None, **switches: Any) -> Shop:
        misbehaviour = Misbehaviour.model_validate(switches)
        shop = Shop(ShopSettings(tmp_path / "shop.db", SECRET, hooks.url, gateway, misbehaviour))
        await shop.start()
        opened.append(shop)
        return shop

    yield start
    for shop in opened:
        await shop.stop()


@pytest.fixture
async def shop(open_shop: OpenShop) -> Shop:
    return await open_shop()


@pytest.fixture
async def shopper(shop: Shop) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=shop.url, trust_env=False) as client:
        yield client


@pytest.fixture
async def remote(shop: Shop) -> AsyncIterator[Remote]:
    async with make_client(Reach(private=(ip_network("127.0.0.0/8"),))) as client:
        yield Remote(make_settings(shop.url), client)


@pytest.fixture
def posted() -> Callable[[Shop], Awaitable[None]]:
    """Waits until nothing is left in a shop's queue of hooks."""

    async def wait(shop: Shop) -> None:
        await asyncio.wait_for(shop.deliveries.idle.wait(), 10)

    return wait
