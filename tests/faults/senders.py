"""Callers that keep asking until they are answered, and count what was acknowledged."""

import asyncio
import contextlib
import json
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from cartbridge.sdk.webhook import sign

Json = dict[str, Any]
PAUSE = 0.05  # between two tries, as a polite caller makes one


@dataclass
class Damage:
    """What the callers were told, against what is there."""

    acknowledged: int
    lost: int
    doubled: int


@dataclass
class Callers:
    """A shop that posts hooks, and tills that add articles, all with retries."""

    url: str
    told: Json
    acked_hooks: set[str] = field(default_factory=set)
    acked_lines: Counter[str] = field(default_factory=Counter)
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

    async def post_hooks(self, client: httpx.AsyncClient) -> None:
        """One new cart after another, each posted until it is accepted."""
        shop = self.told["connections"]["demo-shop"]
        while not self.stop.is_set():
            name, message = f"web-{uuid.uuid4().hex}", uuid.uuid4().hex
            body = json.dumps(_snapshot(name)).encode()
            while True:
                headers = sign(shop["webhook_secret"], message, datetime.now(UTC), body)
                answer = await _try(
                    client, "POST", f"{self.url}/v1/hooks/{shop['hook']}", body, headers
                )
                if answer is not None and answer.status_code == 202:
                    break
            self.acked_hooks.add(name)
            await self._note()

    async def add_lines(self, client: httpx.AsyncClient, key: str) -> None:
        """A cart begun in the store, and one more line after another."""
        cart = (await self._told(client, key, "POST", "/v1/pos/carts", {}))["cart"]["id"]
        add = {"add": [{"item": {"sku": "LAMP-OAK"}, "quantity": "1"}]}
        while not self.stop.is_set():
            await self._told(client, key, "PATCH", f"/v1/pos/carts/{cart}", add)
            self.acked_lines[cart] += 1
            await self._note()

    async def _told(
        self, client: httpx.AsyncClient, key: str, method: str, path: str, body: Json
    ) -> Json:
        """The answer of a call that is made with one key until it is answered."""
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": uuid.uuid4().hex}
        content = json.dumps(body).encode()
        while True:
            answer = await _try(client, method, self.url + path, content, headers)
            if answer is None or answer.status_code in (409, 503):
                continue
            assert answer.is_success, answer.text
            told: Json = answer.json()
            return told

    async def damage(self, client: httpx.AsyncClient) -> tuple[Damage, Damage]:
        """What became of the hooks and of the commands, by the gateway's own feed."""
        added, names = await self._added(client)
        hooks = Counter(names.values())
        lost = [name for name in self.acked_hooks if name not in hooks]
        doubled = [name for name, count in hooks.items() if count > 1]
        doubled += [names[cart] for cart in names if added[cart] > 1]
        lines = Damage(
            self.acked_lines.total(),
            sum(max(0, count - added[cart]) for cart, count in self.acked_lines.items()),
            sum(max(0, added[cart] - count) for cart, count in self.acked_lines.items()),
        )
        return Damage(len(self.acked_hooks), len(lost), len(doubled)), lines

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
            page = await client.get(f"{self.url}/v1/events", params=query, headers=headers)
            assert page.status_code == 200, page.text
            for event in page.json()["items"]:
                if event["type"] == "cart.line_added":
                    added[event["subject"]] += 1
                else:
                    names[event["subject"]] = event["data"]["twin"]["ref"]["external_id"]
            if page.json()["next"] == cursor:
                return added, names
            cursor = page.json()["next"]


async def _try(
    client: httpx.AsyncClient, method: str, url: str, body: bytes, headers: dict[str, str]
) -> httpx.Response | None:
    """One try; None if no answer came. What was not taken is tried again a moment later."""
    answer = None
    with contextlib.suppress(httpx.HTTPError):
        answer = await client.request(method, url, content=body, headers=headers)
    if answer is None or answer.status_code in (409, 503):
        await asyncio.sleep(PAUSE)
    return answer


def _snapshot(name: str) -> Json:
    line = {"item": {"sku": "PLAID", "title": "Plaid"}, "quantity": 1, "unit_price": 7900}
    data = {"external_id": name, "revision": 1, "currency": "EUR", "lines": [line]}
    return {"type": "cart.snapshot", "timestamp": "2026-11-20T10:00:00Z", "data": data}
