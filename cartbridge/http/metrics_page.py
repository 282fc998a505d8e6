"""The metrics page: for the operator's Prometheus, and closed to everybody else."""

import asyncio
import dataclasses
import hmac
import ipaddress
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from cartbridge.database.connection import Unavailable
from cartbridge.http.keys import GATEWAY, METRICS_TOKEN
from cartbridge.metrics import FOLDER, GAUGES, PROCESS_GAUGES, REGISTRY, TALLIES, process_ids
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem

PATH: Final = "/metrics"
_LOOK_SECONDS: Final = 2.0  # a database that takes longer to look at its queues is not waited for
_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")


async def show(request: web.Request) -> web.Response:
    """Every count and gauge; without the gauges of the queues while the database is away."""
    if not _may_look(request):
        raise Problem("metrics_closed")
    body, media_type = exposed(
        await look_up(request.app[GATEWAY]), request.headers.get("Accept", "")
    )
    headers = {"Content-Type": media_type, "Cache-Control": "no-store"}
    return web.Response(body=body, headers=headers)


def _may_look(request: web.Request) -> bool:
    """The token, if one is set; else a caller on this machine that no proxy speaks for."""
    token = request.app[METRICS_TOKEN]
    if token is not None:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        known = hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode())
        return scheme.lower() == "bearer" and known
    if any(name in request.headers for name in _FORWARDED):
        return False
    peer = request.transport.get_extra_info("peername") if request.transport else None
    try:
        return peer is not None and ipaddress.ip_address(peer[0].partition("%")[0]).is_loopback
    except ValueError:
        return False


async def look_up(gateway: Gateway) -> dict[str, float]:
    """The gauges of the queues; nothing if the database does not answer in time."""
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            return dataclasses.asdict(await gateway.queues.gauges())
    except (Unavailable, TimeoutError):
        return {}


def exposed(looked_up: Mapping[str, float], accept: str) -> tuple[bytes, str]:
    """Everything counted so far, by all processes, in Prometheus' own form, and its media type."""
    for tally in TALLIES:
        tally.settle()
    counted: Any = REGISTRY
    if FOLDER is not None:
        counted = MultiProcessCollector(None, FOLDER)  # type: ignore[no-untyped-call]
    whole = CollectorRegistry(auto_describe=False)
    whole.register(_Joined(counted, looked_up))
    encode, media_type = choose_encoder(accept)
    return encode(whole), media_type


class _Joined:
    """What was counted, what was looked up, and the processes, as one collector."""

    def __init__(self, counted: Any, looked_up: Mapping[str, float]) -> None:
        self._counted = counted
        self._looked_up = looked_up

    def collect(self) -> Iterator[Metric]:
        """All of it."""
        yield from self._counted.collect()
        yield from _queues(self._looked_up)
        yield from _processes()


def _queues(looked_up: Mapping[str, float]) -> Iterator[Metric]:
    up = GaugeMetricFamily("cartbridge_database_up", "Whether the database answered this look.")
    up.add_metric([], 1.0 if looked_up else 0.0)
    yield up
    for field, (name, text) in GAUGES.items():
        if field in looked_up:
            family = GaugeMetricFamily(f"cartbridge_{name}", text)
            family.add_metric([], looked_up[field])
            yield family


def _processes() -> Iterator[Metric]:
    """Nothing where there is no /proc."""
    memory, files = (
        GaugeMetricFamily(f"cartbridge_{name}", text, labels=["process"])
        for name, text in PROCESS_GAUGES.items()
    )
    for place, pid in process_ids().items():
        folder = Path(f"/proc/{pid}")
        try:
            pages = int((folder / "statm").read_text("ascii").split()[1])
            count = sum(1 for _ in (folder / "fd").iterdir())
        except OSError:  # it has just ended
            continue
        memory.add_metric([place], pages * os.sysconf("SC_PAGESIZE"))
        files.add_metric([place], count)
    yield from (memory, files)


def add_to(app: web.Application) -> None:
    """Adds the page."""
    app.router.add_get(PATH, show)
