"""Processes that share a port count together, and a killed one takes no count along."""

import base64
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.acceptance.world import LAMP, World, free_port, line, until
from tests.faults.processes import GatewayProcess, Process

pytestmark = pytest.mark.timeout(120)
HOOKS = 24


async def send(world: World, url: str, first: int) -> None:
    """So many hooks, each by a connection of its own, so that each process takes some."""
    for number in range(first, first + HOOKS):
        async with httpx.AsyncClient(base_url=url, timeout=20, trust_env=False) as client:
            shop = replace(world.shop, client=client)
            answer = await shop.snapshot(f"web-{number}", line(LAMP))
            assert answer.status_code == 202


async def counted(url: str) -> tuple[float, set[str]]:
    """How many hooks all processes accepted, and which processes are there."""
    async with httpx.AsyncClient(base_url=url, timeout=20, trust_env=False) as client:
        page = await client.get("/metrics")
    assert page.status_code == 200, page.text
    samples = [
        sample for family in text_string_to_metric_families(page.text) for sample in family.samples
    ]
    accepted = sum(
        sample.value
        for sample in samples
        if sample.name == "cartbridge_hook_seconds_count" and sample.labels["outcome"] == "accepted"
    )
    there = {x.labels["process"] for x in samples if x.name == "cartbridge_process_open_files"}
    return accepted, there


async def test_a_killed_process_takes_no_count_along(
    world: World, dsn: str, tmp_path: Path
) -> None:
    key = base64.b64encode(bytes(range(32))).decode()
    gateway = GatewayProcess(
        tmp_path / "two", free_port(), DATABASE_URL=dsn, CARTBRIDGE_MASTER_KEY=key
    )
    await gateway.start("--processes", "2")
    try:
        await send(world, gateway.url, 0)

        async def all_told() -> bool:
            return await counted(gateway.url) == (HOOKS, {"0", "1"})

        await until(all_told, 20)
        assert gateway.kill_member()

        async def back() -> bool:
            try:
                count, there = await counted(gateway.url)
            except httpx.TransportError:
                return False  # it went to the one that was killed
            assert count >= HOOKS
            return there == {"0", "1"}

        await until(back, 40)
        await send(world, gateway.url, HOOKS)

        async def twice() -> bool:
            count, _ = await counted(gateway.url)
            assert count <= 2 * HOOKS
            return count == 2 * HOOKS

        await until(twice, 20)
    finally:
        await gateway.end()


async def test_a_worker_shows_its_metrics_on_a_port_of_its_own(
    world: World, dsn: str, tmp_path: Path
) -> None:
    port = free_port()
    worker = Process(
        *(sys.executable, "-m", "cartbridge", "work"),
        DATABASE_URL=dsn,
        DATA_DIR=str(tmp_path),
        CARTBRIDGE_MASTER_KEY=base64.b64encode(bytes(range(32))).decode(),
        CARTBRIDGE_METRICS_PORT=str(port),
        CARTBRIDGE_METRICS_TOKEN="told-to-prometheus",
    )
    await worker.start()
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            closed = await client.get("/metrics")
            headers = {"Authorization": "Bearer told-to-prometheus"}
            page = await client.get("/metrics", headers=headers)
            nothing = await client.get("/v1/carts", headers=headers)
    finally:
        await worker.end()

    assert (closed.status_code, nothing.status_code) == (401, 404)
    assert "cartbridge_inbox_new_messages 0.0" in page.text
