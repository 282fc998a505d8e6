"""The two programs, started as their users start them."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

HERE = Path(__file__).parents[1]
ROOT = HERE.parents[1]


def environment() -> dict[str, str]:
    paths = os.pathsep.join((str(HERE), str(ROOT)))
    secret = {"CARTBRIDGE_SANDBOX_SECRET": "sandbox-secret-of-today-1"}
    return {**os.environ, "PYTHONPATH": paths, "TERM": "dumb", **secret}


async def run(*arguments: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "cartbridge_sandbox", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(),
    )
    out, err = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
async def shop_program(tmp_path: Path) -> AsyncIterator[tuple[Any, str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "cartbridge_sandbox", "shop", "--port", "0"),
        *("--database", str(tmp_path / "shop.db")),
        stdout=asyncio.subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
    yield process, line
    if process.returncode is None:
        process.kill()
        await process.wait()


async def test_both_programs_explain_themselves() -> None:
    for program, word in (("shop", "--database"), ("till", "complete")):
        status, out, _ = await run(program, "--help")
        assert status == 0
        assert word in out


async def test_the_shop_opens_and_closes(shop_program: tuple[Any, str]) -> None:
    process, line = shop_program
    assert line.startswith("ready: ")
    async with httpx.AsyncClient(trust_env=False) as shopper:
        assert (await shopper.get(line.split()[-1])).status_code == 200
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 15) == 0


async def test_a_till_killed_in_the_middle_resumes(serve: Any, tmp_path: Path) -> None:
    keys: list[str] = []

    async def claim(request: web.Request) -> web.Response:
        keys.append(request.headers["idempotency-key"])
        return web.json_response({"claim": "clm_1", "fence": 1, "cart": {}}, status=201)

    url = await serve(web.post("/v1/pos/claims", claim))
    file = ("--gateway-url", url, "--database", str(tmp_path / "till.db"), "--key", "cb_x")
    status, _, _ = await run("till", *file, "--die-after", "sent", "claim", "--code", "BCDF")
    assert status == 137
    status, out, _ = await run("till", *file, "resume")
    assert (status, json.loads(out)[0]["status"]) == (0, 201)
    status, out, _ = await run("till", *file, "list")
    assert json.loads(out)["waiting"] == []
    assert list(json.loads(out)["held"]) == ["clm_1"]
    assert len(keys) == 2
    assert len(set(keys)) == 1


async def test_the_till_says_what_went_wrong(tmp_path: Path) -> None:
    away = ("--gateway-url", "http://127.0.0.1:1", "--database", str(tmp_path / "till.db"))
    status, _, err = await run("till", *away, "claim", "--code", "BCDF")
    assert (status, err.strip()) == (2, "the gateway cannot be reached")
    status, out, err = await run("till", *away, "void", "T1")
    assert (status, out) == (0, "")
    assert "stored" in err
