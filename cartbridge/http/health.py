"""Is it alive, and can it work: for load balancers and operators."""

from aiohttp import web

from cartbridge import __version__
from cartbridge.http.keys import GATEWAY


async def alive(request: web.Request) -> web.Response:
    """The process answers."""
    return web.json_response({"status": "ok", "version": __version__})


async def ready(request: web.Request) -> web.Response:
    """The database answers too; 503 with Retry-After while it does not."""
    await request.app[GATEWAY].feed.now()
    return web.json_response({"status": "ready", "version": __version__})


def add_to(app: web.Application) -> None:
    """Adds the health routes."""
    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
