"""A whole gateway with its demo retailer, and the people who use it, for shopper stories."""

import asyncio
import json
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from cartbridge.app import Foundation, open_gateway, serving, working
from cartbridge.database.connection import Database
from cartbridge.database.vault import Vault
from cartbridge.demo.retailer import set_up
from cartbridge.sdk.webhook import sign
from cartbridge.services.gateway import Gateway
from cartbridge.settings import Settings

Json = dict[str, Any]

LAMP = {"sku": "LAMP-OAK", "gtin": "3700123456780", "title": "Lampe chêne"}
BOOK = {"sku": "BOOK-LIGHT", "gtin": "9791099990013", "title": "Le Livre des lumières"}
PLAID = {"sku": "PLAID", "gtin": "3760123451086", "title": "Plaid en laine"}
CUSHION = {"sku": "CUSHION", "gtin": "3760123451079", "title": "Coussin velours"}
PRICES = {"LAMP-OAK": 4990, "BOOK-LIGHT": 1900, "PLAID": 7900, "CUSHION": 3490}


def free_port() -> int:
    """A port of the loopback interface that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def line(item: Json, quantity: int = 1, **more: Any) -> Json:
    """A line of a canonical snapshot at the article's web price."""
    price = PRICES.get(item.get("sku", ""), 1000)
    return {"item": item, "quantity": quantity, "unit_price": price, **more}


def shown(cart: Json) -> dict[str, str]:
    """What a cart holds: SKU, or title where there is none, and how much of it."""
    return {
        row["item"]["sku"] or row["item"]["title"]: row["quantity"]["value"]
        for row in cart["lines"]
    }


@dataclass
class Caller:
    """Somebody with a key; every call is made with a fresh Idempotency-Key unless one is given."""

    client: httpx.AsyncClient
    key: str = field(repr=False)
    language: str = "en"

    async def call(
        self, method: str, path: str, body: Json | None = None, **headers: str
    ) -> httpx.Response:
        """One call of the API."""
        return await self.client.request(
            method,
            path,
            json=body,
            headers={
                "Authorization": f"Bearer {self.key}",
                "Idempotency-Key": uuid.uuid4().hex,
                "Accept-Language": self.language,
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )

    async def get(self, path: str, **params: str) -> httpx.Response:
        """One look."""
        return await self.client.get(
            path, params=params, headers={"Authorization": f"Bearer {self.key}"}
        )


@dataclass
class Shop(Caller):
    """A web shop that speaks the canonical webhook and cannot be written."""

    told: Json = field(default_factory=dict)

    async def hook(self, kind: str, data: Json, message: str | None = None) -> httpx.Response:
        """A signed webhook."""
        body = {"type": kind, "timestamp": "2026-11-20T10:00:00Z", "data": data}
        return await self.send(json.dumps(body).encode(), message)

    async def send(self, body: bytes, message: str | None = None) -> httpx.Response:
        """Any bytes, rightly signed."""
        headers = sign(
            self.told["webhook_secret"], message or uuid.uuid4().hex, datetime.now(UTC), body
        )
        return await self.client.post(
            f"/v1/hooks/{self.told['hook']}",
            content=body,
            headers={**headers, "Content-Type": "application/json"},
        )

    async def snapshot(
        self, external_id: str, *lines: Json, revision: int = 1, **more: Any
    ) -> httpx.Response:
        """The whole cart as it is in the shop now."""
        data = {
            "external_id": external_id,
            "revision": revision,
            "updated_at": "2026-11-20T10:00:00Z",
            "currency": "EUR",
            "tax_mode": "inclusive",
            "lines": list(lines),
            **more,
        }
        return await self.hook("cart.snapshot", data)

    async def cart(self, external_id: str) -> Json | None:
        """The gateway's cart behind one of the shop's."""
        found = await self.get("/v1/carts", connection=self.told["slug"], external_id=external_id)
        assert found.status_code == 200, found.text
        items = found.json()["items"]
        return items[0] if items else None

    async def offer(self, cart: str, direction: str = "to_store", **more: Any) -> Json:
        """A code for the other side."""
        made = await self.call(
            "POST", f"/v1/carts/{cart}/handovers", {"direction": direction, **more}
        )
        assert made.status_code == 201, made.text
        offer: Json = made.json()
        return offer


@dataclass
class Till(Caller):
    """A terminal in a store."""

    id: str = ""

    async def claim(self, **named: Any) -> httpx.Response:
        """Takes a cart by code, short_code or cart."""
        return await self.call("POST", "/v1/pos/claims", named)

    async def complete(self, claim: Json, receipt: str, **told: Any) -> httpx.Response:
        """Tells that the cart was sold; without lines the whole of it."""
        body = {
            "fence": claim["fence"],
            "receipt_number": receipt,
            "sold_at": "2026-11-20T11:00:00Z",
            **told,
        }
        return await self.call("POST", f"/v1/pos/claims/{claim['claim']}/complete", body)

    async def act(self, claim: Json, what: str) -> httpx.Response:
        """renew, hold or release."""
        return await self.call("POST", f"/v1/pos/claims/{claim['claim']}/{what}", {})


@dataclass
class World:
    """One gateway, its demo retailer, and everybody who uses them."""

    gateway: Gateway
    client: httpx.AsyncClient
    owner: Any
    told: Json

    @property
    def shop(self) -> Shop:
        """The demo shop."""
        told = self.told["connections"]["demo-shop"]
        return Shop(self.client, told["shop_key"], told=told)

    @property
    def operator(self) -> Caller:
        """The retailer's operator."""
        return Caller(self.client, self.told["ops_key"])

    def till(self, store: int = 0, number: int = 0) -> Till:
        """A terminal: store 0 is Lyon, 1 is Paris."""
        told = self.told["stores"][store]["terminals"][number]
        return Till(self.client, told["key"], id=told["id"])

    async def settled(self) -> None:
        """Everything that was accepted has been applied, and nothing waits to go out."""

        async def done() -> bool:
            waiting = await self.owner.fetchval(
                "select (select count(*) from inbox where state = 'new')"
                " + (select count(*) from inbox_part where state in ('sorted', 'taken'))"
                " + (select count(*) from outbox where state = 'waiting' and run_at <= now())"
            )
            return bool(waiting == 0)

        await until(done)

    async def event_count(self) -> int:
        """How many facts the journal holds: a refusal must not change it."""
        return int(await self.owner.fetchval("select count(*) from event"))

    async def cart(self, cart: str) -> Json:
        """A cart as the operator sees it."""
        answer = await self.operator.get(f"/v1/carts/{cart}")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found


async def until(done: Callable[[], Awaitable[bool]], seconds: float = 15.0) -> None:
    """Waits until a condition holds, looking again every few milliseconds."""
    async with asyncio.timeout(seconds):
        while not await done():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def open_world(dsn: str, folder: Path, **more: Any) -> AsyncIterator[World]:
    """A gateway on a fresh database, with its loops and its HTTP server."""
    settings = Settings(port=free_port(), data_dir=folder, **more)
    vault = Vault.of(bytes(range(32)))
    async with AsyncExitStack() as stack:
        database = Database(dsn)
        await database.start()
        stack.push_async_callback(database.stop)
        base = Foundation(database, vault, dsn, None)
        gateway = await stack.enter_async_context(open_gateway(settings, base))
        told = await set_up(gateway, folder, f"http://127.0.0.1:{free_port()}")
        await stack.enter_async_context(working(gateway, base))
        await stack.enter_async_context(serving(gateway, settings))
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=settings.address, timeout=20.0, trust_env=False)
        )
        owner = await asyncpg.connect(dsn)
        stack.push_async_callback(owner.close)
        yield World(gateway, client, owner, told)
