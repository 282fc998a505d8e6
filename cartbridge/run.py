"""Running the gateway: one process that does everything, or several that share one port."""

import asyncio
import os
import signal
import socket
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

import structlog

from cartbridge.app import Foundation, foundation, open_gateway, serving, working
from cartbridge.demo.retailer import set_up
from cartbridge.settings import Settings

log = structlog.get_logger(__name__)

SANDBOX_URL: Final = "http://127.0.0.1:8090"
_RESTART_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Wanted:
    """Which parts this process runs."""

    http: bool = True
    work: bool = True
    demo: bool = False
    processes: int = 1


async def run(settings: Settings, wanted: Wanted) -> None:
    """Runs until it is told to stop (SIGTERM or Ctrl-C), then ends in order."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with foundation(settings, serving=True) as base:
        if wanted.processes > 1:
            await _many(settings, wanted, base, stop)
        else:
            await _one(settings, wanted, base, stop)


async def _one(settings: Settings, wanted: Wanted, base: Foundation, stop: asyncio.Event) -> None:
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(open_gateway(settings, base))
        if wanted.demo:
            await set_up(gateway, settings.data_dir, SANDBOX_URL)
        if wanted.work:
            await stack.enter_async_context(working(gateway, base))
        port = settings.port
        if wanted.http:
            port = await stack.enter_async_context(serving(gateway, settings))
        _say_ready(settings, wanted, port)
        await stop.wait()


def _say_ready(settings: Settings, wanted: Wanted, port: int) -> None:
    """The readiness line that scripts wait for, and where to look first."""
    if not wanted.http:
        print("CartBridge worker ready", flush=True)  # noqa: T201 - the readiness line
        return
    address = settings.public_url or f"http://{settings.host}:{port}"
    print(f"CartBridge ready on {address}", flush=True)  # noqa: T201 - the readiness line
    if wanted.demo:
        print(_welcome(settings, address), flush=True)  # noqa: T201 - for the person who started it


def _welcome(settings: Settings, address: str) -> str:
    demo = settings.data_dir / "demo.json"
    lines = [
        f"  documentation   {address}/docs",
        f"  keys and ids    {demo}",
        f"  try             curl -s {address}/healthz",
        "  the whole story cartbridge demo",
    ]
    if settings.public_url is None:
        lines.append(
            f"  phones          cameras and hooks want https: set CARTBRIDGE_PUBLIC_URL; "
            f"this machine is {_lan_address()} (CARTBRIDGE_HOST=0.0.0.0 opens the port to it)"
        )
    return "\n".join(lines)


def _lan_address() -> str:
    """The address of this machine in its own network, without sending anything."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a UDP socket only chooses its route
        except OSError:
            return "not on a network"
        return str(probe.getsockname()[0])


async def _many(settings: Settings, wanted: Wanted, base: Foundation, stop: asyncio.Event) -> None:
    """Several processes on one port; one that dies is started again, the others go on."""
    if wanted.demo:
        async with open_gateway(settings, base) as gateway:
            await set_up(gateway, settings.data_dir, SANDBOX_URL)
    async with asyncio.TaskGroup() as group:
        keepers = [
            group.create_task(_keep(_command(wanted), _environment(settings, base), stop))
            for _ in range(wanted.processes)
        ]
        await stop.wait()
        await asyncio.wait(keepers)


def _command(wanted: Wanted) -> list[str]:
    part = "serve" if wanted.http else "work"
    more = ["--no-work"] if wanted.http and not wanted.work else []
    return [sys.executable, "-m", "cartbridge", part, *more]


def _environment(settings: Settings, base: Foundation) -> dict[str, str]:
    return {**os.environ, "DATABASE_URL": base.dsn, "DATA_DIR": str(settings.data_dir)}


async def _keep(command: list[str], environment: dict[str, str], stop: asyncio.Event) -> None:
    while not stop.is_set():
        process = await asyncio.create_subprocess_exec(*command, env=environment)
        ended = asyncio.create_task(process.wait())
        asked = asyncio.create_task(stop.wait())
        await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if stop.is_set():
            if process.returncode is None:
                process.terminate()
            await ended
            return
        log.warning("process.restarted", pid=process.pid, status=process.returncode)
        await asyncio.sleep(_RESTART_SECONDS)
