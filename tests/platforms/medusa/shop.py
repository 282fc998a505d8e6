"""A real Medusa shop with our companion, shoppers with their own carts in it, and its bad line."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
from aiohttp import web

HERE = Path(__file__).parent
READY_SECONDS = 180.0
PREPARE_SECONDS = 300.0  # the first run installs 680 MB of packages

Json = dict[str, Any]


def environment(dsn: str, database: str, told: Path, **more: str) -> dict[str, str]:
    """What the shop's programs are told: where its database is, and more."""
    parts = urlsplit(dsn)
    query = parse_qs(parts.query)
    return {
        **os.environ,
        "PGHOST": unquote(query["host"][0]) if "host" in query else parts.hostname or "127.0.0.1",
        "PGPORT": query["port"][0] if "port" in query else str(parts.port or 5432),
        "PGUSER": parts.username or "",
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": database,
        "MEDUSA_TOLD": str(told),
        **more,
    }


def prepare(dsn: str, database: str, told: Path) -> Json:
    """Makes a database with the test shop in it; its keys and the ids of what it sells."""
    subprocess.run(  # noqa: S603 - a program of our own
        [shutil.which("node") or "node", "boot.mjs", "prepare"],
        cwd=HERE,
        env=environment(dsn, database, told),
        check=True,
        timeout=PREPARE_SECONDS,
        stdout=subprocess.DEVNULL,
    )
    found: Json = json.loads(told.read_text())
    return found


@asynccontextmanager
async def medusa(port: int, env: dict[str, str]) -> AsyncIterator[str]:
    """The shop on its database, until the story ends or somebody ends it with `kill -9`."""
    process = await asyncio.create_subprocess_exec(
        "node",
        "boot.mjs",
        cwd=HERE,
        env={**env, "PORT": str(port)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(READY_SECONDS):
            await _ready(process)
        drain = asyncio.create_task(_drain(process))
        yield f"http://127.0.0.1:{port}"
        drain.cancel()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _ready(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    told = []
    async for line in process.stdout:
        told.append(line.decode())
        if line.startswith(b"ready "):
            return
    raise AssertionError("the shop ended before it was ready:\n" + "".join(told[-30:]))


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    while await process.stdout.read(65536):
        pass


@dataclass
class BadLine:
    """What lies between gateway and shop: it may lose the answer to a write."""

    to: str
    lose_writes: int = 0
    writes: list[Json] = field(default_factory=list)  # every one that reached the shop
    answers: list[bytes] = field(default_factory=list)  # what the shop answered to each

    @asynccontextmanager
    async def open(self, port: int) -> AsyncIterator[str]:
        """The address under which the gateway knows the shop."""
        async with httpx.AsyncClient(base_url=self.to, timeout=60.0, trust_env=False) as client:
            self._client = client
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", self._pass_on)
            runner = web.AppRunner(app, handler_cancellation=False)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", port).start()
            try:
                yield f"http://127.0.0.1:{port}"
            finally:
                await runner.cleanup()

    async def _pass_on(self, request: web.Request) -> web.Response:
        body = await request.read()
        kept = {"authorization", "content-type"}
        headers = {name: text for name, text in request.headers.items() if name.lower() in kept}
        answer = await self._client.request(
            request.method, request.path_qs, content=body, headers=headers
        )
        if request.method == "PUT" and answer.status_code == 200:
            self.writes.append({**json.loads(body), "path": request.path})
            self.answers.append(answer.content)
            if self.lose_writes:
                self.lose_writes -= 1
                assert request.transport is not None
                request.transport.abort()
        return web.Response(
            status=answer.status_code,
            body=answer.content,
            headers={"content-type": answer.headers.get("content-type", "text/plain")},
        )


class Shopper:
    """One browser: what it holds is the id of its cart, and perhaps a log-in."""

    def __init__(self, shop: httpx.AsyncClient, told: Json, language: str = "fr") -> None:
        self.shop = shop
        self.told = told
        self.headers = {
            "x-publishable-api-key": told["publishable_key"],
            "accept-language": language,
        }
        self.cart_id: str | None = None

    async def call(self, method: str, path: str, body: Json | None = None) -> httpx.Response:
        """One call of the Store API."""
        return await self.shop.request(method, f"/store/{path}", json=body, headers=self.headers)

    async def begin(self) -> None:
        """A new cart."""
        made = await self.call("POST", "carts", {"region_id": self.told["region_id"]})
        assert made.status_code == 200, made.text
        self.cart_id = made.json()["cart"]["id"]

    async def try_to_add(self, sku: str, quantity: int = 1) -> httpx.Response:
        """Puts an article into her cart, if the shop lets her."""
        line = {"variant_id": self.told["variants"][sku], "quantity": quantity}
        return await self.call("POST", f"carts/{self.cart_id}/line-items", line)

    async def add(self, sku: str, quantity: int = 1) -> None:
        """Puts an article into her cart."""
        if self.cart_id is None:
            await self.begin()
        answer = await self.try_to_add(sku, quantity)
        assert answer.status_code == 200, answer.text

    async def use_code(self, code: str) -> None:
        """Enters a promotion code."""
        answer = await self.call(
            "POST", f"carts/{self.cart_id}/promotions", {"promo_codes": [code]}
        )
        assert answer.status_code == 200, answer.text

    async def shown(self) -> Json:
        """Her cart as the shop shows it."""
        answer = await self.call("GET", f"carts/{self.cart_id}")
        assert answer.status_code == 200, answer.text
        cart: Json = answer.json()["cart"]
        return cart

    async def cart(self) -> dict[str, int]:
        """What her cart holds."""
        held: dict[str, int] = {}
        for item in (await self.shown())["items"]:
            name = item["variant_sku"] or item["variant_barcode"]
            held[name] = held.get(name, 0) + item["quantity"]
        return held

    async def register(self, email: str) -> None:
        """Makes an account and logs in to it."""
        person = {"email": email, "password": "test1234"}
        made = await self.shop.post("/auth/customer/emailpass/register", json=person)
        bearer = {"authorization": f"Bearer {made.json()['token']}"}
        await self.shop.post(
            "/store/customers", json={"email": email}, headers={**self.headers, **bearer}
        )
        logged_in = await self.shop.post("/auth/customer/emailpass", json=person)
        self.headers["authorization"] = f"Bearer {logged_in.json()['token']}"

    async def buy(self, shipping: str) -> None:
        """Buys her cart, to reach her as the shop calls it."""
        home = {"first_name": "Claire", "last_name": "Moreau", "address_1": "1 rue de la Paix"}
        home |= {"city": "Lyon", "postal_code": "69002", "country_code": "fr"}
        told = {"email": "claire@example.fr", "shipping_address": home, "billing_address": home}
        cart = f"carts/{self.cart_id}"
        await self._done("POST", cart, told)
        options = await self._done("GET", f"shipping-options?cart_id={self.cart_id}")
        names = {one["name"]: one["id"] for one in options["shipping_options"]}
        await self._done("POST", f"{cart}/shipping-methods", {"option_id": names[shipping]})
        made = await self._done("POST", "payment-collections", {"cart_id": self.cart_id})
        payment = f"payment-collections/{made['payment_collection']['id']}/payment-sessions"
        await self._done("POST", payment, {"provider_id": "pp_system_default"})
        bought = await self._done("POST", f"{cart}/complete", {})
        assert bought["type"] == "order", bought

    async def _done(self, method: str, path: str, body: Json | None = None) -> Json:
        answer = await self.call(method, path, body)
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told

    async def my_pass(self) -> httpx.Response:
        """Her own pass, as the shop's page asks for it."""
        return await self.call("POST", "cartbridge/pass", {"cart_id": self.cart_id})

    async def join(self, code: str) -> httpx.Response:
        """Opens a to-online link: the storefront keeps the id of the cart it is answered."""
        body = {"code": code, "cart_id": self.cart_id, "region_id": self.told["region_id"]}
        answer = await self.call("POST", "cartbridge/join", body)
        if answer.status_code == 200:
            self.cart_id = answer.json()["cart_id"]
        return answer
