"""A reader of the feed that notes when each cart came by."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp

from tests.bench.processes import BenchFailed
from tests.bench.stage import Gateway

# The fact that tells a cart's id in the shop; one comes with each snapshot that was merged.
TYPES: Final = "cart.twin_observed"
_NAMED: Final = re.compile(rb'"external_id":"([^"]+)"')
_CART: Final = re.compile(rb'"subject":"([^"]+)"')


class FeedReader:
    """What came over the event stream so far: by the shop's name, when and as which cart."""

    def __init__(self) -> None:
        self.seen: dict[str, float] = {}
        self.carts: dict[str, str] = {}
        self._grown = asyncio.Event()

    async def wait_for(self, names: list[str], seconds: float) -> int:
        """Return once all of them have come by, or after so many seconds; how many are missing."""
        missing = set(names)
        try:
            async with asyncio.timeout(seconds):
                while missing := {name for name in missing if name not in self.seen}:
                    self._grown.clear()
                    await self._grown.wait()
        except TimeoutError:
            return len(missing)
        return 0

    async def follow(self, gateway: Gateway, listening: asyncio.Event) -> None:
        """Read the stream of the gateway's own retailer until it ends."""
        headers = {
            "Authorization": f"Bearer {gateway.told['ops_key']}",
            "Accept": "text/event-stream",
        }
        wanted = {"types": TYPES, "limit": "1000"}
        endless = aiohttp.ClientTimeout(total=None)
        async with (
            aiohttp.ClientSession(timeout=endless, read_bufsize=1 << 20) as session,
            session.get(f"{gateway.url}/v1/events", params=wanted, headers=headers) as response,
        ):
            if response.status != 200:
                raise BenchFailed(f"the feed answered {response.status}")
            listening.set()
            async for line in response.content:
                if line.startswith(b"data:"):
                    self._note(line)

    def _note(self, line: bytes) -> None:
        name, cart = _NAMED.search(line), _CART.search(line)
        if name is not None and cart is not None:
            self.seen.setdefault(name[1].decode(), time.monotonic())
            self.carts[name[1].decode()] = cart[1].decode()
            self._grown.set()


@asynccontextmanager
async def following(gateway: Gateway) -> AsyncIterator[FeedReader]:
    """A reader that is listening."""
    reader, listening = FeedReader(), asyncio.Event()
    task = asyncio.create_task(reader.follow(gateway, listening))
    begun = asyncio.create_task(listening.wait())
    try:
        await asyncio.wait({task, begun}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        if not listening.is_set():
            raise BenchFailed("the feed does not answer")
        yield reader
    finally:
        for one in (task, begun):
            one.cancel()
        await asyncio.wait({task, begun})
