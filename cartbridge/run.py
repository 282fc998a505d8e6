"""Running the gateway: one process that does everything, or several that share one port."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from tempfile import TemporaryDirectory
from typing import Final

import structlog

from cartbridge.app import (
    Foundation,
    foundation,
    open_gateway,
    serving,
    showing_metrics,
    working,
)
from cartbridge.demo.retailer import set_up
from cartbridge.listening import lan_address, local_host, settle
from cartbridge.metrics import FOLDER_VARIABLE, PLACE_VARIABLE, note_process
from cartbridge.settings import Settings

log = structlog.get_logger(__name__)

SANDBOX_URL: Final = "http://127.0.0.1:8090"
LOOPBACK: Final = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_RESTART_SECONDS: Final = 1.0
_NEW_OBJECTS: Final = 10_000  # between two looks for garbage: those of a hundred requests
_LOOK_SECONDS: Final = 0.05  # between two looks whether the processes answer


@dataclass(frozen=True)
class Wanted:
    """Which parts this process runs; a member shares its port and ends with its keeper."""

    http: bool = True
    work: bool = True
    demo: bool = False
    processes: int = 1
    workers: int = 0  # processes beside those that only run the loops, which the others then leave
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
    if wanted.demo:
        settings = _with_sandbox(settings)
    async with foundation(settings, serving=not wanted.member) as base:
        if wanted.processes > 1 or wanted.workers:
            await _many(settings, wanted, base, stop)
        else:
            await _one(settings, wanted, base, stop)


def _with_sandbox(settings: Settings) -> Settings:
    """The demo retailer's shop lives on this machine, where calls do not go otherwise."""
    networks = (*(settings.allow_private_addresses or ()), *LOOPBACK)
    return settings.model_copy(update={"allow_private_addresses": tuple(dict.fromkeys(networks))})


async def _one(settings: Settings, wanted: Wanted, base: Foundation, stop: asyncio.Event) -> None:
    async with AsyncExitStack() as stack:
        gateway = await stack.enter_async_context(open_gateway(settings, base))
        if wanted.demo:
            await set_up(gateway, settings.data_dir, wanted.sandbox_url)
        if wanted.work:
            await stack.enter_async_context(working(gateway, base))
        if wanted.http:
            await stack.enter_async_context(serving(gateway, settings))
        elif settings.metrics_port:
            await stack.enter_async_context(showing_metrics(gateway, settings))
        _spare_the_collector()
        if not wanted.member:
            _say_ready(settings, wanted)
        await stop.wait()


def _spare_the_collector() -> None:
    """What is there by now stays: looking through it for garbage would hold up requests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 10, 10)


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
    commands, environment = _commands(wanted), _environment(settings, base)
    # A folder of their own: nothing in it was counted by processes of another time.
    with TemporaryDirectory(prefix="cartbridge-metrics-") as counts:
        environment[FOLDER_VARIABLE] = counts
        async with _kept(commands, environment, stop):
            if wanted.http:
                await _answering(settings, stop)
            if not stop.is_set():
                _say_ready(settings, wanted)
            await stop.wait()


def _commands(wanted: Wanted) -> list[list[str]]:
    """What each of the processes is started with."""
    member = [sys.executable, "-m", "cartbridge"]
    worker = [*member, "work", "--member"]
    if not wanted.http:
        return [worker] * wanted.processes
    apart = ["--no-work"] if wanted.workers or not wanted.work else []
    return [[*member, "serve", "--member", *apart]] * wanted.processes + [worker] * wanted.workers


def _environment(settings: Settings, base: Foundation) -> dict[str, str]:
    told = {
        "DATABASE_URL": base.dsn,
        "DATA_DIR": str(settings.data_dir),
        "PORT": str(settings.port),
    }
    if settings.allow_private_addresses is not None:
        networks = ",".join(map(str, settings.allow_private_addresses))
        told["CARTBRIDGE_ALLOW_PRIVATE_ADDRESSES"] = networks
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
    commands: list[list[str]], environment: dict[str, str], stop: asyncio.Event
) -> AsyncIterator[None]:
    """These processes, each started again when it dies; at the end all are stopped."""
    keepers = [
        asyncio.create_task(_keep(command, {**environment, PLACE_VARIABLE: str(place)}, stop))
        for place, command in enumerate(commands)
    ]
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
        note_process(environment, process.pid)
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
