"""Many times more hooks than go in: the excess is turned away, and tills go on selling."""

import asyncio
import json
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.world import free_port, until
from tests.faults.experiment import Experiment, Span
from tests.faults.processes import GatewayProcess, Process

pytestmark = [pytest.mark.timeout(180), pytest.mark.slow]

PLATFORMS = 960  # many times what goes in, however fast the machine, one after the other
MORE_MEMORY = 100_000_000  # bytes that an overload may take at most
PATIENCE = 10.0  # seconds for which a till repeats a call, on a machine busy with other tests

# Every call goes through one line without an end, whoever makes it; each takes four milliseconds.
UNBOUNDED = """
import asyncio, sys
from aiohttp import web

line = asyncio.Lock()

async def take(request):
    await request.read()
    async with line:
        await asyncio.sleep(0.004)
    return web.json_response({}, status=202)

async def main():
    app = web.Application()
    app.add_routes([web.post("/{any:.*}", take)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(sys.argv[1])).start()
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@asynccontextmanager
async def overload(hook_url: str, secret: str, seconds: float) -> AsyncIterator[dict[str, Any]]:
    """Platforms in a process of their own; what they were answered is there at the end."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.platforms", hook_url, secret),
        *(str(PLATFORMS), str(seconds)),
        stdout=asyncio.subprocess.PIPE,
    )
    told: dict[str, Any] = {}
    ended = asyncio.create_task(program.communicate())
    told["ended"] = ended
    try:
        yield told
        output, _ = await ended
        told |= json.loads(output)
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()


async def post(client: httpx.AsyncClient, path: str, key: str, body: dict[str, Any]) -> Any:
    """A till's call, repeated with its own key while it is told to come back."""
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": uuid.uuid4().hex}
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await client.post(path, json=body, headers=headers)
            if answer.status_code not in (409, 503):
                assert answer.is_success, answer.text
                return answer.json()
            await asyncio.sleep(0.05)


async def claim(client: httpx.AsyncClient, key: str) -> float:
    """Begins a cart and takes it; how long the claim took."""
    cart = (await post(client, "/v1/pos/carts", key, {}))["cart"]["id"]
    begun = time.monotonic()
    await post(client, "/v1/pos/claims", key, {"cart": cart})
    return time.monotonic() - begun


def resident_bytes(pid: int) -> int:
    """The memory a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096


async def test_the_excess_is_turned_away_and_tills_go_on(
    folder: Path, span: Span, experiment: Experiment
) -> None:
    counts = experiment("5x overload")
    gateway = GatewayProcess(folder, free_port(), CARTBRIDGE_HOOKS_AT_ONCE="1")
    await gateway.start("--demo", "--no-work")
    try:
        shop = gateway.told["connections"]["demo-shop"]
        till = gateway.told["stores"][0]["terminals"][0]["key"]
        url, claims = f"{gateway.url}/v1/hooks/{shop['hook']}", []
        limits = httpx.Limits(keepalive_expiry=5)
        async with httpx.AsyncClient(
            base_url=gateway.url, trust_env=False, timeout=30, limits=limits
        ) as client:
            await claim(client, till)
            before = most = resident_bytes(gateway.pid)
            async with overload(url, shop["webhook_secret"], span(5.0, 60.0)) as told:
                while not told["ended"].done():
                    claims.append(await claim(client, till))
                    most = max(most, resident_bytes(gateway.pid))
            begun = time.monotonic()

            async def ready() -> bool:
                return (await client.get("/readyz")).status_code == 200

            await until(ready, PATIENCE)
            await claim(client, till)
            recovered = time.monotonic() - begun
    finally:
        await gateway.end()

    answers = told["answers"]
    counts.sent, counts.acknowledged = told["sent"], answers.get("202", 0)
    counts.extra = {
        "turned away": answers.get("503", 0),
        "accepted p99 s": told["p99"],
        "claims": len(claims),
        "claim p50 s": sorted(claims)[len(claims) // 2],
        "memory MB": (most - before) / 1e6,
        "recovered s": recovered,
    }
    assert set(answers) <= {"202", "503"}
    assert counts.acknowledged > 0
    assert answers.get("503", 0) > 0
    assert told["without_wait"] == 0, "every refusal says when to come back"
    assert told["hung_up"] == 0
    assert len(claims) >= 1
    assert most - before < MORE_MEMORY


async def test_without_a_bound_a_till_waits_for_every_hook(experiment: Experiment) -> None:
    """The negative control: the same platforms, and one line for all."""
    counts = experiment("5x overload", control=True)
    port, waited = free_port(), 0.0
    server = Process(sys.executable, "-c", UNBOUNDED, str(port))
    await server.start()
    try:
        url = f"http://127.0.0.1:{port}"
        async with (
            httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client,
            overload(f"{url}/v1/hooks/any", "whsec_QUJD", 6.0) as told,
        ):
            while not told["ended"].done():
                begun = time.monotonic()
                await client.post("/v1/pos/claims", json={})
                waited = max(waited, time.monotonic() - begun)
    finally:
        await server.end()

    counts.sent = told["sent"]
    counts.extra = {"turned away": told["answers"].get("503", 0), "claim s": waited}
    assert "503" not in told["answers"]
    assert waited > 1.0, "a claim has to wait behind the hooks"
