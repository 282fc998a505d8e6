"""Callers that keep asking until they are answered, and count what was acknowledged."""

import asyncio
import contextlib
import json
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from cartbridge.sdk.webhook import sign
from tests.acceptance.world import until
from tests.faults.experiment import Counts

Json = dict[str, Any]
PAUSE = 0.05  # between two tries, as a polite caller makes one
LATER = (408, 409, 429, 503)  # not taken: too slow, still running, too many, unavailable
NOTHING_MORE = 45.0  # seconds; what a killed process had taken is free after thirty
HOOKS, TILLS = 6, 20


@dataclass
class Callers:
    """A shop that posts hooks, and tills that add articles, all with retries.

    Where there are several gateways, whoever is not answered by one asks the next.
    """

    urls: tuple[str, ...]
    told: Json
    hooks: int = HOOKS
    tills: int = TILLS
    sent: Counter[str] = field(default_factory=Counter)
    posted: set[str] = field(default_factory=set)
    acked_hooks: set[str] = field(default_factory=set)
    acked_lines: Counter[str] = field(default_factory=Counter)
    answered: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    grown: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def acknowledged(self) -> int:
        """How much was acknowledged so far."""
        return len(self.acked_hooks) + self.acked_lines.total()

    async def more(self, count: int) -> None:
        """Returns once so much more was acknowledged."""
        goal = self.acknowledged + count
        async with self.grown:
            await self.grown.wait_for(lambda: self.acknowledged >= goal)

    async def _note(self) -> None:
        async with self.grown:
            self.grown.notify_all()

    async def post_hooks(self, client: httpx.AsyncClient, at: int) -> None:
        """One new cart after another, each posted until it is accepted."""
        shop = self.told["connections"]["demo-shop"]
        while not self.stop.is_set():
            name, message = f"web-{uuid.uuid4().hex}", uuid.uuid4().hex
            self.posted.add(name)
            body = json.dumps(_snapshot(name)).encode()
            while True:
                headers = sign(shop["webhook_secret"], message, datetime.now(UTC), body)
                self.sent["hooks"] += 1
                answer = await self._try(
                    client, at, "POST", f"/v1/hooks/{shop['hook']}", body, headers
                )
                if answer is not None:
                    break
                at += 1
            self.acked_hooks.add(name)
            await self._note()

    async def add_lines(self, client: httpx.AsyncClient, key: str, at: int) -> None:
        """A cart begun in the store, and one more line after another."""
        cart = (await self._told(client, at, key, "POST", "/v1/pos/carts", {}))["cart"]["id"]
        add = {"add": [{"item": {"sku": "LAMP-OAK"}, "quantity": "1"}]}
        while not self.stop.is_set():
            await self._told(client, at, key, "PATCH", f"/v1/pos/carts/{cart}", add)
            self.acked_lines[cart] += 1
            await self._note()

    async def _told(
        self, client: httpx.AsyncClient, at: int, key: str, method: str, path: str, body: Json
    ) -> Json:
        """The answer of a call that is made with one key until it is answered."""
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": uuid.uuid4().hex}
        content = json.dumps(body).encode()
        while True:
            self.sent["commands"] += 1
            answer = await self._try(client, at, method, path, content, headers)
            if answer is not None:
                told: Json = answer.json()
                return told
            at += 1

    async def _try(
        self,
        client: httpx.AsyncClient,
        at: int,
        method: str,
        path: str,
        body: bytes,
        headers: dict[str, str],
    ) -> httpx.Response | None:
        """One try; None if it was not answered or not taken: then it is due again in a moment."""
        loop = asyncio.get_running_loop()
        begun, answer = loop.time(), None
        url = self.urls[at % len(self.urls)] + path
        with contextlib.suppress(httpx.HTTPError):
            answer = await client.request(method, url, content=body, headers=headers)
        self.slowest = max(self.slowest, loop.time() - begun)
        self.answered[0 if answer is None else answer.status_code] += 1
        if answer is not None and answer.status_code not in LATER:
            assert answer.is_success, f"{answer.status_code} {answer.text}"
            return answer
        await asyncio.sleep(PAUSE)
        return None

    async def count(self, client: httpx.AsyncClient, hooks: Counts, commands: Counts) -> None:
        """What became of the hooks and of the commands, by the gateway's own feed."""
        added, names = await self._added(client)
        ours = {cart: name for cart, name in names.items() if name in self.posted}
        carts = Counter(ours.values())
        hooks.sent, hooks.acknowledged = self.sent["hooks"], len(self.acked_hooks)
        hooks.applied = hooks.stored = len(carts)
        hooks.lost = len(self.acked_hooks - carts.keys())
        hooks.doubled = sum(count > 1 for count in carts.values())
        hooks.doubled += sum(added[cart] > 1 for cart in ours)
        commands.sent, commands.acknowledged = self.sent["commands"], self.acked_lines.total()
        commands.applied = commands.stored = sum(added[cart] for cart in self.acked_lines)
        commands.lost = sum(max(0, n - added[cart]) for cart, n in self.acked_lines.items())
        commands.doubled = sum(max(0, added[cart] - n) for cart, n in self.acked_lines.items())

    async def _added(self, client: httpx.AsyncClient) -> tuple[Counter[str], dict[str, str]]:
        """How many lines each cart got, and of which of the shop's carts it is the twin."""
        added: Counter[str] = Counter()
        names: dict[str, str] = {}
        headers = {"Authorization": f"Bearer {self.told['ops_key']}"}
        cursor: str | None = None
        while True:
            query = {"limit": "1000", "types": "cart.line_added,cart.twin_joined"}
            if cursor is not None:
                query["after"] = cursor
            page = await client.get(f"{self.urls[0]}/v1/events", params=query, headers=headers)
            if page.status_code == 503:
                continue  # the machine is busy: it told us to come back
            assert page.status_code == 200, page.text
            for event in page.json()["items"]:
                if event["type"] == "cart.line_added":
                    added[event["subject"]] += 1
                else:
                    names[event["subject"]] = event["data"]["twin"]["ref"]["external_id"]
            if page.json()["next"] == cursor:
                return added, names
            cursor = page.json()["next"]


@asynccontextmanager
async def calling(callers: Callers, hooks: Counts, commands: Counts) -> AsyncIterator[None]:
    """Callers at work; at the end each of them has had its last answer, and all is counted."""
    limits = httpx.Limits(max_connections=callers.hooks + callers.tills + 2)
    async with httpx.AsyncClient(timeout=10, trust_env=False, limits=limits) as client:
        keys = [till["key"] for store in callers.told["stores"] for till in store["terminals"]]
        async with asyncio.TaskGroup() as group:
            for number in range(callers.hooks):
                group.create_task(callers.post_hooks(client, number))
            for number in range(callers.tills):
                key = keys[number % len(keys)]
                group.create_task(callers.add_lines(client, key, number))
            yield
            callers.stop.set()

        await _applied(callers, client, hooks, commands)


async def _applied(
    callers: Callers, client: httpx.AsyncClient, hooks: Counts, commands: Counts
) -> None:
    """Counts until nothing is missing, or nothing more has come for longer than a lease."""
    loop = asyncio.get_running_loop()
    missing, since = -1, loop.time()

    async def over() -> bool:
        nonlocal missing, since
        await callers.count(client, hooks, commands)
        if hooks.lost != missing:
            missing, since = hooks.lost, loop.time()
        return missing == 0 or loop.time() - since > NOTHING_MORE

    await until(over, 300)


def _snapshot(name: str) -> Json:
    line = {"item": {"sku": "PLAID", "title": "Plaid"}, "quantity": 1, "unit_price": 7900}
    data = {"external_id": name, "revision": 1, "currency": "EUR", "lines": [line]}
    return {"type": "cart.snapshot", "timestamp": "2026-11-20T10:00:00Z", "data": data}
