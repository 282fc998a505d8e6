"""kill -9, again and again: what was acknowledged is there, once."""

import asyncio
import json
import random
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.acceptance.world import free_port
from tests.faults.experiment import Experiment, Span
from tests.faults.processes import GatewayProcess, Process
from tests.faults.senders import Callers, calling

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]
SEED = 17


async def verified(gateway: GatewayProcess) -> int | None:
    """The status of `cartbridge verify`, run beside the living gateway."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cartbridge", "verify"),
        env=gateway.environment,
        stdout=asyncio.subprocess.DEVNULL,
    )
    return await program.wait()


@pytest.mark.parametrize("processes", [1, 2])
async def test_nothing_acknowledged_is_lost_or_doubled_by_kill_9(
    folder: Path, experiment: Experiment, span: Span, processes: int
) -> None:
    dice = random.Random(SEED)  # noqa: S311 - chance, not secrecy
    of = f"kill -9 of PostgreSQL and {processes} gateway{'s' * (processes > 1)}"
    hooks = experiment(f"{of}: hooks", SEED)
    commands = experiment(f"{of}: commands", SEED)
    gateway = GatewayProcess(folder, free_port())
    more = () if processes == 1 else ("--processes", str(processes))
    await gateway.start("--demo", *more)
    try:
        kills = {"gateway": 0, "database": 0} | ({"member": 0} if processes > 1 else {})
        callers = Callers((gateway.url,), gateway.told)
        over = time.monotonic() + span(2.0, 60.0)
        async with calling(callers, hooks, commands):
            while time.monotonic() < over or min(kills.values()) == 0:
                await callers.more(dice.randint(20, 120))
                what = min(kills, key=lambda one: kills[one])
                if what == "gateway":
                    await gateway.kill()
                    await gateway.start(*more)
                elif not (gateway.kill_database() if what == "database" else gateway.kill_member()):
                    continue
                kills[what] += 1
            await callers.more(20)
        hooks.extra |= {f"{what} killed": times for what, times in kills.items()}
        assert hooks.held
        assert commands.held
        assert await verified(gateway) == 0
    finally:
        await gateway.end()
        gateway.kill_database()  # one that a killed gateway left behind


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


async def test_a_receiver_that_acknowledges_from_memory_loses(
    tmp_path: Path, experiment: Experiment
) -> None:
    """The negative control: the same damage and the same counting find what is lost."""
    counts = experiment("kill -9 of a receiver that keeps in memory", control=True)
    port, file = free_port(), tmp_path / "kept"
    naive = Process(sys.executable, "-c", NAIVE, str(port), str(file))
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        for _ in range(3):
            await naive.start()
            for _ in range(60):
                body = json.dumps({"number": counts.sent})
                counts.sent += 1
                answer = await client.post(f"http://127.0.0.1:{port}/", content=body)
                counts.acknowledged += answer.status_code == 202
            await naive.kill()

    counts.stored = len(file.read_text().splitlines()) if file.exists() else 0
    counts.lost = counts.acknowledged - counts.stored
    assert counts.acknowledged == 180
    assert not counts.held
