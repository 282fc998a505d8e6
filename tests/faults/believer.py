"""The naive gateway of a control: it takes the answer to its write for what the shop shows now."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from aiohttp import web
from cartbridge_sandbox import Sandbox

from cartbridge.domain.merge import diff
from cartbridge.domain.twin import Snapshot
from cartbridge.sdk.contract import Moved, Raw, Remote, Write, WriteLine, Written
from cartbridge.sdk.documents import Item, TwinRef
from cartbridge.sdk.observations import CartSeen
from tests.acceptance.world import free_port, until

Basket = Mapping[str, Decimal]


@dataclass
class Believer:
    """A gateway that takes the answer to its write for what the shop shows now."""

    remote: Remote
    ref: str = ""
    cart: dict[str, Decimal] = field(default_factory=dict)
    shadow: Basket = field(default_factory=dict)
    revision: int = 0
    tries: int = 0
    sent: dict[str, Basket] = field(default_factory=dict)
    writes: list[asyncio.Task[None]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """A hook of the shop: what it shows more than the shadow is added."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        raw = Raw("POST", str(request.url), headers, await request.read())
        (seen,) = Sandbox().read(raw, self.remote.settings).observations
        assert isinstance(seen, CartSeen)
        snapshot = seen.snapshot
        if (snapshot.revision or 0) > self.revision:
            self.shadow = self.sent.get(snapshot.last_push or "", self.shadow)
            for sku, change in diff(self.shadow, snapshot.basket).items():
                self.cart[sku] = self.cart.get(sku, Decimal(0)) + change
            self._believe(snapshot)
        return web.Response(status=202)

    def _believe(self, snapshot: Snapshot) -> None:
        self.sent.pop(snapshot.last_push or "", None)
        self.shadow, self.revision = snapshot.basket, snapshot.revision or 0

    async def add(self, sku: str) -> None:
        self.cart[sku] = self.cart.get(sku, Decimal(0)) + 1
        self.writes.append(asyncio.create_task(self._write()))

    async def _write(self) -> None:
        """Tried again on what the shop shows, until it is taken."""
        while isinstance(await self._try(), Moved):
            pass

    async def _try(self) -> Written | Moved:
        self.tries += 1
        push, wanted = f"psh_{self.tries}", dict(self.cart)
        self.sent[push] = wanted
        lines = tuple(
            WriteLine(key=sku, item=Item(sku=sku, title=sku), quantity=quantity)
            for sku, quantity in wanted.items()
        )
        twin = TwinRef(connection="con_1", external_id=self.ref)
        write = Write(push_id=push, ref=twin, base_revision=self.revision, lines=lines)
        answer = await Sandbox().push(write, self.remote)
        self._believe(answer.snapshot)  # the fault: it tells how it was, not how it is
        return answer

    async def quantities(self) -> Basket:
        return self.cart

    async def saw(self, sku: str, quantity: Decimal) -> None:
        async def there() -> bool:
            return self.cart.get(sku, Decimal(0)) >= quantity

        await until(there)
        await asyncio.gather(*self.writes)

    async def hurry(self) -> None:
        """It tries again at once as it is."""


@asynccontextmanager
async def listening(take: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """The address of an endpoint on loopback."""
    app = web.Application()
    app.add_routes([web.post("/hook", take)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}/hook"
    finally:
        await runner.cleanup()
