"""A whole gateway with its demo retailer, and the people who use it, for shopper stories."""

import asyncio
import json
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from cartbridge_sandbox.misbehaviour import Misbehaviour
from cartbridge_sandbox.shop import Shop as SandboxShop
from cartbridge_sandbox.shop import ShopSettings
from cartbridge_sandbox.visitor import Gateway as AskedGateway

from cartbridge.app import Foundation, open_gateway, serving, working
from cartbridge.database.connection import Database
from cartbridge.database.rebuild import rebuild
from cartbridge.database.vault import Vault
from cartbridge.database.verify import Finding, Progress, verify
from cartbridge.demo.retailer import set_up
from cartbridge.domain.ids import uuid_of
from cartbridge.domain.store import Terminal
from cartbridge.sdk.webhook import sign
from cartbridge.services.gateway import Gateway
from cartbridge.settings import Settings

Json = dict[str, Any]

VAULT = Vault.of(bytes(range(32)))
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
class Clock:
    """The gateway's time, which a story may move on; the database keeps its own."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def move(self, **time: float) -> None:
        """So much later: minutes=16."""
        self.ahead += timedelta(**time)


def raw(headers: dict[str, str | bytes]) -> list[tuple[bytes, bytes]]:
    """Headers of any bytes, as only a careless or hostile caller sends them."""
    encoded = {
        name: value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
        for name, value in headers.items()
    }
    return [(name.encode(), value) for name, value in encoded.items()]


def refused(response: httpx.Response, status: int, code: str) -> Json:
    """The problem document of a refusal, whole: what is wrong, and what to do next."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/problem+json")
    problem: Json = response.json()
    assert (problem["status"], problem["code"]) == (status, code), problem
    assert problem["type"].endswith(f"/docs#problem-{code}")
    assert problem["title"]
    assert len(problem["detail"]) > 20
    return problem


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
    clock: Clock = field(default_factory=Clock)

    async def hook(self, kind: str, data: Json, message: str | None = None) -> httpx.Response:
        """A signed webhook."""
        body = {"type": kind, "timestamp": "2026-11-20T10:00:00Z", "data": data}
        return await self.send(json.dumps(body).encode(), message)

    async def send(self, body: bytes, message: str | None = None, **more: str) -> httpx.Response:
        """Any bytes, rightly signed, with any more headers."""
        headers = sign(self.told["webhook_secret"], message or uuid.uuid4().hex, self.clock(), body)
        return await self.client.post(
            f"/v1/hooks/{self.told['hook']}",
            content=body,
            headers={
                **headers,
                "Content-Type": "application/json",
                **{name.replace("_", "-"): value for name, value in more.items()},
            },
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

    async def act(self, claim: Json, what: str, **told: Any) -> httpx.Response:
        """renew, hold or release."""
        return await self.call("POST", f"/v1/pos/claims/{claim['claim']}/{what}", told)

    async def held(self) -> list[Json]:
        """What the gateway says is held here."""
        answer = await self.get("/v1/pos/claims")
        assert answer.status_code == 200, answer.text
        items: list[Json] = answer.json()["items"]
        return items


@dataclass
class World:
    """One gateway, its demo retailer, and everybody who uses them."""

    gateway: Gateway
    client: httpx.AsyncClient
    owner: Any
    told: Json
    clock: Clock = field(default_factory=Clock)
    folder: Path = Path()
    dsn: str = field(default="", repr=False)

    @property
    def shop(self) -> Shop:
        """The demo shop."""
        told = self.told["connections"]["demo-shop"]
        return Shop(self.client, told["shop_key"], told=told, clock=self.clock)

    @property
    def other_shop(self) -> Shop:
        """The key of the retailer's other shop, the sandbox."""
        told = self.told["connections"]["sandbox-shop"]
        return Shop(self.client, told["shop_key"], told=told, clock=self.clock)

    @property
    def operator(self) -> Caller:
        """The retailer's operator."""
        return Caller(self.client, self.told["ops_key"])

    def till(self, store: int = 0, number: int = 0) -> Till:
        """A terminal: store 0 is Lyon, 1 is Paris."""
        told = self.told["stores"][store]["terminals"][number]
        return Till(self.client, told["key"], id=told["id"])

    async def tenant(self) -> uuid.UUID:
        """The demo retailer."""
        return (await self.gateway.directory.tenants.list())[0].uuid

    async def more_tills(self, count: int, store: str = "lyon-part-dieu") -> list[Till]:
        """So many new terminals of a store, each with its key."""
        tenant = await self.tenant()
        tills = []
        for _ in range(count):
            name = f"caisse-{uuid.uuid4().hex[:12]}"
            terminal = Terminal(id=name, store=store, name=name)
            await self.gateway.directory.terminals.add(tenant, terminal)
            _, key = await self.gateway.directory.keys.issue(
                tenant, "pos", name, store=store, terminal=name
            )
            tills.append(Till(self.client, key, id=name))
        return tills

    async def offered(self, *lines: Json, **more: Any) -> tuple[Json, Json]:
        """A new cart of the demo shop with these lines, and a code for the till."""
        name = f"web-{uuid.uuid4().hex[:12]}"
        await self.shop.snapshot(name, *(lines or (line(LAMP),)))
        await self.settled()
        cart = await self.shop.cart(name)
        assert cart is not None
        return cart, await self.shop.offer(cart["id"], **more)

    @asynccontextmanager
    async def nothing_written(self) -> AsyncIterator[None]:
        """What is done inside adds no fact to the journal and no message to the outbox."""
        await self.settled()
        before = await self._written()
        yield
        assert await self._written() == before, await self._newest()

    async def _newest(self) -> list[str]:
        """What was written last, facts and errands: to see whose they are."""
        return [
            row["what"]
            for row in await self.owner.fetch(
                "(select 'fact ' || type as what, recorded_at from event"
                " order by recorded_at desc limit 5) union all"
                " (select 'errand ' || kind, run_at from outbox order by \"order\" desc limit 5)"
            )
        ]

    async def _written(self) -> tuple[int, int]:
        """Facts in the journal, and messages ever put into the outbox."""
        messages = await self.owner.fetchval(
            "select coalesce(pg_sequence_last_value("
            "pg_get_serial_sequence('outbox', 'order')::regclass), 0)"
        )
        return await self.event_count(), int(messages)

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

    async def time_is_up(self, claim: Json) -> None:
        """The hold time of a claim, by the database's own clock, is over."""
        await self.owner.execute(
            "update lease set until = clock_timestamp() - interval '1 second' where claim = $1",
            uuid_of(claim["claim"]),
        )

    async def in_state(self, cart: str, state: str) -> Json:
        """The cart, once it is in that state."""
        found: Json = {}

        async def there() -> bool:
            found.update(await self.cart(cart))
            return bool(found["state"] == state)

        await until(there)
        return found

    async def events_of(self, cart: str) -> list[str]:
        """The types of a cart's facts, in order."""
        history = await self.gateway.documents.history(await self.tenant(), cart)
        return [stored.type for stored in history]

    async def quiet(self, shop: SandboxShop | None = None) -> None:
        """Nothing is under way any more; nothing waits for its next try meanwhile."""

        async def done() -> bool:
            await self.now()
            waiting = await self.owner.fetchval(
                "select (select count(*) from inbox where state = 'new')"
                " + (select count(*) from inbox_part where state in ('sorted', 'taken'))"
                " + (select count(*) from outbox where state = 'waiting')"
            )
            return waiting == 0 and (shop is None or shop.deliveries.idle.is_set())

        await until(done, 30.0)

    async def now(self) -> None:
        """What would go out later is due now, and no circuit stays open."""
        await self.owner.execute(
            "update outbox set run_at = clock_timestamp() where ctid = any (array("
            "select ctid from outbox where state = 'waiting' and lease_until is null"
            " and run_at > clock_timestamp() for update skip locked))"
        )
        await self.owner.execute(
            "update circuit set open_until = null where ctid = any (array("
            "select ctid from circuit where open_until is not null for update skip locked))"
        )

    async def event_count(self) -> int:
        """How many facts the journal holds: a refusal must not change it. Alarms come besides."""
        facts = "select count(*) from event where type not like 'alarm.%'"
        return int(await self.owner.fetchval(facts))

    async def cart(self, cart: str) -> Json:
        """A cart as the operator sees it."""
        answer = await self.operator.get(f"/v1/carts/{cart}")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found


async def until(done: Callable[[], Awaitable[bool]], seconds: float = 15.0) -> None:
    """Waits until a condition holds, looking again every few milliseconds."""
    async with asyncio.timeout(seconds):
        while not await done():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.01)


async def flaws(dsn: str) -> list[Finding]:
    """What `cartbridge verify` finds wrong with the journal; it must have looked at something."""
    database = Database(dsn)
    await database.start()
    try:
        told = [one async for one in verify(database)]
    finally:
        await database.stop()
    proved = [one.events for one in told if isinstance(one, Progress)]
    assert max(proved) > 0
    return [one for one in told if isinstance(one, Finding)]


async def strays(dsn: str, folder: Path) -> list[str]:
    """The ids of the views that are not, byte for byte, what folding the journal leads to."""
    base = Foundation(Database(dsn), VAULT, dsn, None)
    await base.database.start()
    owner = await asyncpg.connect(dsn)
    bodies = "select id, body from view"
    try:
        async with open_gateway(Settings(port=free_port(), data_dir=folder), base) as gateway:
            before = {row["id"]: row["body"] for row in await owner.fetch(bodies)}
            told = await rebuild(base.database, gateway.documents, lambda _: None)
            after = {row["id"]: row["body"] for row in await owner.fetch(bodies)}
    finally:
        await owner.close()
        await base.database.stop()
    assert told.documents == len(after)
    return [str(view) for view in after if before.get(view) != after[view]]


@asynccontextmanager
async def open_sandbox(world: World, folder: Path, **switches: Any) -> AsyncIterator[SandboxShop]:
    """The real sandbox shop, which posts its hooks to this world's gateway."""
    told = world.told["connections"]["sandbox-shop"]
    gateway = AskedGateway(world.gateway.public_url, told["id"], told["shop_key"])
    settings = ShopSettings(
        folder / "shop.db",
        told["webhook_secret"],
        told["hook_url"],
        gateway,
        Misbehaviour.model_validate(switches),
    )
    shop = SandboxShop(settings)
    await shop.start(port=int(told["shop_url"].rpartition(":")[2]))
    try:
        yield shop
    finally:
        await shop.stop()


@asynccontextmanager
async def open_world(
    dsn: str, folder: Path, *, work: bool = True, limits: Json | None = None, **more: Any
) -> AsyncIterator[World]:
    """A gateway on a fresh database, with its loops and its HTTP server.

    Without `work` its loops stand still; `limits` are times that settings give in minutes only.
    """
    clock = Clock()
    more.setdefault("allow_private_addresses", "127.0.0.0/8,::1/128")  # where its shops live
    settings = Settings(port=free_port(), data_dir=folder, **more)
    async with AsyncExitStack() as stack:
        database = Database(dsn)
        await database.start()
        stack.push_async_callback(database.stop)
        base = Foundation(database, VAULT, dsn, None)
        opened = await stack.enter_async_context(open_gateway(settings, base))
        gateway = replace(opened, clock=clock, limits=replace(opened.limits, **(limits or {})))
        told = await set_up(gateway, folder, f"http://127.0.0.1:{free_port()}")
        if work:
            await stack.enter_async_context(working(gateway, base))
        await stack.enter_async_context(serving(gateway, settings))
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=settings.address, timeout=20.0, trust_env=False)
        )
        owner = await asyncpg.connect(dsn)
        stack.push_async_callback(owner.close)
        yield World(gateway, client, owner, told, clock, folder, dsn)
