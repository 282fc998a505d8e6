"""Callers that never come to an end are hung up in time, and the honest do not notice them."""

import asyncio
import contextlib
import sys
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import httpx
import pytest

from cartbridge.http.body import READ_SECONDS
from cartbridge.http.door import KEEPALIVE_SECONDS, LINGER_SECONDS
from cartbridge.sdk.webhook import sign
from tests.acceptance.world import free_port
from tests.faults.experiment import Experiment, Span
from tests.faults.processes import GatewayProcess, Process

pytestmark = [pytest.mark.timeout(180), pytest.mark.slow]

Kind = Literal["head", "body", "idle"]
KINDS: tuple[Kind, ...] = ("head", "body", "idle")
SLACK_SECONDS = 6.0  # on a machine that is busy with other tests
IN_TIME = max(KEEPALIVE_SECONDS, READ_SECONDS + LINGER_SECONDS) + SLACK_SECONDS
DRIP_SECONDS = 0.5

UNBOUNDED = """
import asyncio, sys
from aiohttp import web

async def take(request):
    await request.read()
    return web.Response(status=202)

async def main():
    app = web.Application()
    app.add_routes([web.post("/v1/hooks/{hook}", take)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(sys.argv[1])).start()
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@dataclass
class SlowClients:
    """So many of each kind, from addresses of their own; each notes when it was hung up."""

    port: int
    closed: dict[Kind, list[float]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    async def torment(self, count: int, seconds: float) -> None:
        """Until all are hung up; each gives up so many seconds after it was let in."""
        visits = [self._visit(kind, number, seconds) for number in range(count) for kind in KINDS]
        await asyncio.gather(*visits)

    async def _visit(self, kind: Kind, number: int, seconds: float) -> None:
        address = f"127.0.{1 + KINDS.index(kind)}.{1 + number % 8}"
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, local_addr=(address, 0)
        )
        begun = time.monotonic()
        dripping = asyncio.create_task(_drip(kind, writer))
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await _end_of(reader)
                self.closed[kind].append(time.monotonic() - begun)
        finally:
            dripping.cancel()
            writer.transport.abort()


async def _end_of(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(ConnectionError):
        while await reader.read(4096):
            pass


async def _drip(kind: Kind, writer: asyncio.StreamWriter) -> None:
    """A byte or two now and then, for ever."""
    if kind == "idle":
        return
    writer.write(b"POST /v1/hooks/any HTTP/1.1\r\nHost: h\r\n")
    if kind == "body":
        writer.write(b"Content-Length: 4096\r\n\r\n")
    with contextlib.suppress(ConnectionError):
        while not writer.is_closing():
            writer.write(b"X: y\r\n" if kind == "head" else b"x")
            await writer.drain()
            await asyncio.sleep(DRIP_SECONDS)


@dataclass
class Honest:
    """A shop that goes on as if nothing were the matter."""

    gateway: GatewayProcess
    waited: list[float] = field(default_factory=list)
    refused: int = 0
    over: bool = False

    async def post(self) -> None:
        """One hook after another until it is over."""
        shop = self.gateway.told["connections"]["demo-shop"]
        url = f"{self.gateway.url}/v1/hooks/{shop['hook']}"
        body = b'{"type": "stock.level", "data": {}}'
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            while not self.over:
                headers = sign(shop["webhook_secret"], uuid.uuid4().hex, datetime.now(UTC), body)
                begun = time.monotonic()
                answer = await client.post(url, content=body, headers=headers)
                self.waited.append(time.monotonic() - begun)
                self.refused += answer.status_code != 202
                await asyncio.sleep(0.05)


@pytest.fixture
async def unbounded() -> AsyncIterator[int]:
    """The port of a server as it is when nobody thought of slow callers."""
    port = free_port()
    process = Process(sys.executable, "-c", UNBOUNDED, str(port))
    await process.start()
    yield port
    await process.end()


async def test_slow_clients_are_hung_up_and_the_honest_are_served(
    folder: Path, unbounded: int, span: Span, experiment: Experiment
) -> None:
    each = span(100, 1200)
    gateway = GatewayProcess(folder, free_port(), CARTBRIDGE_CONNECTIONS="6000")
    counts, control = experiment("slow clients"), experiment("slow clients", control=True)
    slow, naive, honest = SlowClients(_port(gateway)), SlowClients(unbounded), Honest(gateway)
    await gateway.start("--demo", "--no-work")
    try:
        async with asyncio.TaskGroup() as group:
            posting = group.create_task(honest.post())
            await asyncio.gather(slow.torment(each, IN_TIME), naive.torment(20, IN_TIME))
            honest.over = True
        assert posting.done()
    finally:
        await gateway.end()

    waited = sorted(honest.waited)
    counts.sent, counts.acknowledged = len(waited), len(waited) - honest.refused
    counts.extra = {"slow": 3 * each, "closed": sum(map(len, slow.closed.values()))}
    counts.extra |= {"p99 s": waited[int(len(waited) * 0.99)]}
    counts.extra |= {f"{kind} s": max(slow.closed[kind], default=0.0) for kind in KINDS}
    control.extra = {"slow": 60, "closed": sum(map(len, naive.closed.values()))}
    assert {kind: len(slow.closed[kind]) for kind in KINDS} == dict.fromkeys(KINDS, each)
    assert honest.refused == 0
    assert len(waited) > 20
    assert control.extra["closed"] == 0, "the control has to leave them open"


def _port(gateway: GatewayProcess) -> int:
    return int(gateway.url.rpartition(":")[2])
