"""kill -9, again and again: what was acknowledged is there, once."""

import asyncio
import json
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.acceptance.world import free_port, until
from tests.faults.processes import GatewayProcess, Process, fault_seconds
from tests.faults.senders import Callers, Damage

pytestmark = [pytest.mark.timeout(120 + 2 * fault_seconds()), pytest.mark.slow]
HOOKS, TILLS = 6, 20


@asynccontextmanager
async def calling(callers: Callers) -> AsyncIterator[httpx.AsyncClient]:
    """Callers at work; at the end each of them has had its last answer."""
    limits = httpx.Limits(max_connections=HOOKS + TILLS + 2)
    async with httpx.AsyncClient(timeout=10, trust_env=False, limits=limits) as client:
        keys = [till["key"] for store in callers.told["stores"] for till in store["terminals"]]
        async with asyncio.TaskGroup() as group:
            for _ in range(HOOKS):
                group.create_task(callers.post_hooks(client))
            for number in range(TILLS):
                group.create_task(callers.add_lines(client, keys[number % len(keys)]))
            yield client
            callers.stop.set()
        await everything_applied(callers, client)


async def everything_applied(callers: Callers, client: httpx.AsyncClient) -> None:
    """What was taken by a process that died is taken up by the next one."""

    async def done() -> bool:
        hooks, _ = await callers.damage(client)
        return hooks.lost == 0

    try:
        await until(done, 50)
    except TimeoutError:
        return  # the counts tell


def shown(what: str, damage: Damage) -> None:
    """For whoever runs the faults longer, with -s."""
    told = f"{damage.acknowledged} acknowledged, {damage.lost} lost, {damage.doubled} twice"
    print(f"{what}: {told}")  # noqa: T201 - the counts are the result


async def verified(gateway: GatewayProcess) -> int | None:
    """The status of `cartbridge verify`, run beside the living gateway."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cartbridge", "verify"),
        env=gateway.environment,
        stdout=asyncio.subprocess.DEVNULL,
    )
    return await program.wait()


async def test_nothing_acknowledged_is_lost_or_doubled_by_kill_9(
    gateway: GatewayProcess,
) -> None:
    dice = random.Random(17)  # noqa: S311 - chance, not secrecy
    callers = Callers(gateway.url, gateway.told)
    kills = {"gateway": 0, "database": 0}
    over = time.monotonic() + fault_seconds()

    async with calling(callers) as client:
        while time.monotonic() < over or min(kills.values()) == 0:
            await callers.more(dice.randint(20, 120))
            if kills["gateway"] > kills["database"] and gateway.kill_database():
                kills["database"] += 1
            else:
                await gateway.kill()
                kills["gateway"] += 1
                await gateway.start()
        await callers.more(20)
    async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
        hooks, lines = await callers.damage(client)

    print(f"killed: {kills}")  # noqa: T201 - the counts are the result
    shown("webhooks", hooks)
    shown("commands", lines)
    assert (hooks.lost, hooks.doubled) == (0, 0)
    assert (lines.lost, lines.doubled) == (0, 0)
    assert await verified(gateway) == 0
    assert hooks.acknowledged > 50
    assert lines.acknowledged > 20


NAIVE = """
import asyncio, sys
from aiohttp import web
kept, path = [], sys.argv[2]

async def take(request):
    kept.append((await request.text()))  # acknowledged from memory
    return web.Response(status=202)

async def write():
    while True:
        await asyncio.sleep(0.2)
        with open(path, "a") as file:
            while kept:
                file.write(kept.pop(0) + "\\n")

async def main():
    app = web.Application()
    app.add_routes([web.post("/", take)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(sys.argv[1])).start()
    print("ready", flush=True)
    await write()

asyncio.run(main())
"""


async def test_a_receiver_that_acknowledges_from_memory_loses(tmp_path: Path) -> None:
    """The negative control: the same damage and the same counting find what is lost."""
    port, file = free_port(), tmp_path / "kept"
    naive = Process(sys.executable, "-c", NAIVE, str(port), str(file))
    acknowledged = 0
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        for _ in range(3):
            await naive.start()
            for _ in range(60):
                body = json.dumps({"number": acknowledged})
                answer = await client.post(f"http://127.0.0.1:{port}/", content=body)
                acknowledged += answer.status_code == 202
            await naive.kill()

    kept = len(file.read_text().splitlines()) if file.exists() else 0
    shown("from memory", Damage(acknowledged, acknowledged - kept, 0))
    assert acknowledged == 180
    assert kept < acknowledged
