"""How the rivals' servers listen: on a free port of this machine, until they are told to stop."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def nothing(app: web.Application) -> AsyncIterator[None]:
    """A handler that needs nothing around it."""
    yield


def serve(
    handler: Handler,
    around: Callable[[web.Application], AbstractAsyncContextManager[None]] = nothing,
) -> None:
    """Run the handler, inside what is around it, and say the address once it answers."""
    asyncio.run(_serve(handler, around))


async def _serve(
    handler: Handler, around: Callable[[web.Application], AbstractAsyncContextManager[None]]
) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    app = web.Application()
    app.router.add_post("/v1/hooks/{hook}", handler)
    async with around(app):
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        sys.stdout.write(f"ready on http://{host}:{port}\n")
        sys.stdout.flush()
        await stop.wait()
        await runner.cleanup()
