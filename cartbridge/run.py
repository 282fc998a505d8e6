"""Running the gateway: one process that does everything, or several that share one port."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog

from cartbridge.app import Foundation, foundation, open_gateway, serving, working
from cartbridge.demo.retailer import set_up
from cartbridge.listening import lan_address, local_host, settle
from cartbridge.settings import Settings

log = structlog.get_logger(__name__)

SANDBOX_URL: Final = "http://127.0.0.1:8090"
_RESTART_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.05  # between two looks whether the processes answer


@dataclass(frozen=True)
class Wanted:
    """Which parts this process runs; a member shares its port and ends with its keeper."""

    http: bool = True
    work: bool = True
    demo: bool = False
    processes: int = 1
    member: bool = False
    sandbox_url: str = SANDBOX_URL


async def run(settings: Settings, wanted: Wanted) -> None:
    """Runs until it is told to stop (SIGTERM or Ctrl-C), then ends in order.

    PortTaken if another program listens on the port.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    if wanted.member:
        loop.add_reader(sys.stdin.fileno(), stop.set)  # it closes when the keeper is gone
    elif wanted.http:
        settings = settle(settings)
    async with foundation(settings, serving=not wanted.member) as base:
        if wanted.processes > 1:
            await _many(settings, wanted, base, stop)
        else:
            await _one(settings, wanted, base, stop)


async def _one(settings: Settings, wanted: Wanted, base: Foundation, stop: asyncio.Event) -> None:
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(open_gateway(settings, base))
        if wanted.demo:
            await set_up(gateway, settings.data_dir, wanted.sandbox_url)
        if wanted.work:
            await stack.enter_async_context(working(gateway, base))
        if wanted.http:
            await stack.enter_async_context(serving(gateway, settings))
        if not wanted.member:
            _say_ready(settings, wanted)
        await stop.wait()


def _say_ready(settings: Settings, wanted: Wanted) -> None:
    """The readiness line that scripts wait for, and where to look first."""
    if not wanted.http:
        _say("CartBridge worker ready")
        return
    here = f"http://{local_host(settings.host)}:{settings.port}"
    outside = "" if settings.address == here else f" (outside: {settings.address})"
    _say(f"CartBridge ready on {here}{outside}")
    if wanted.demo:
        _say(_welcome(settings, here))


def _welcome(settings: Settings, here: str) -> str:
    lines = [
        f"  documentation   {here}/docs",
        f"  keys and ids    {settings.data_dir / 'demo.json'}",
        f"  try             curl -s {here}/readyz",
        "  the whole story make demo   (in a second window)",
    ]
    if settings.public_url is None:
        lines.append(
            f"  phones          cameras and hooks want https: set CARTBRIDGE_PUBLIC_URL; this "
            f"machine is {lan_address() or 'on no network'}, and CARTBRIDGE_HOST=0.0.0.0 lets its "
            "network in"
        )
    return "\n".join(lines)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - for the person or script that started it


async def _many(settings: Settings, wanted: Wanted, base: Foundation, stop: asyncio.Event) -> None:
    """Several processes on one port; one that dies is started again, the others go on."""
    if wanted.demo:
        async with open_gateway(settings, base) as gateway:
            await set_up(gateway, settings.data_dir, wanted.sandbox_url)
    command, environment = _command(wanted), _environment(settings, base)
    async with _kept(command, environment, wanted.processes, stop):
        if wanted.http:
            await _answering(settings, stop)
        if not stop.is_set():
            _say_ready(settings, wanted)
        await stop.wait()


def _command(wanted: Wanted) -> list[str]:
    part = "serve" if wanted.http else "work"
    more = ["--no-work"] if wanted.http and not wanted.work else []
    return [sys.executable, "-m", "cartbridge", part, "--member", *more]


def _environment(settings: Settings, base: Foundation) -> dict[str, str]:
    told = {
        "DATABASE_URL": base.dsn,
        "DATA_DIR": str(settings.data_dir),
        "PORT": str(settings.port),
    }
    if settings.public_url is not None:
        told["CARTBRIDGE_PUBLIC_URL"] = settings.public_url
    return {**os.environ, **told}


async def _answering(settings: Settings, stop: asyncio.Event) -> None:
    """Returns once a process answers on the port, or when there is no more need for it."""
    while not stop.is_set():
        try:
            _, writer = await asyncio.open_connection(local_host(settings.host), settings.port)
        except OSError:
            await asyncio.sleep(_LOOK_SECONDS)
        else:
            writer.close()
            return


@asynccontextmanager
async def _kept(
    command: list[str], environment: dict[str, str], count: int, stop: asyncio.Event
) -> AsyncIterator[None]:
    """So many processes, each started again when it dies; at the end all are stopped."""
    keepers = [asyncio.create_task(_keep(command, environment, stop)) for _ in range(count)]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*keepers)


async def _keep(command: list[str], environment: dict[str, str], stop: asyncio.Event) -> None:
    while not stop.is_set():
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdin=asyncio.subprocess.PIPE
        )
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
