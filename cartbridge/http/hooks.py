"""Where platforms call: the shortest way from the bytes to the inbox."""

from aiohttp import web
from pydantic_core import to_json

from cartbridge.http.body import HOOK_LIMIT, read_bytes
from cartbridge.http.keys import GATEWAY
from cartbridge.sdk.contract import Raw
from cartbridge.services.receive_webhook import receive_webhook


async def receive(request: web.Request) -> web.Response:
    """A hook is verified on its exact bytes, stored, and only then answered."""
    gateway = request.app[GATEWAY]
    hook = request.match_info["hook"]
    raw = Raw(
        method=request.method,
        url=f"{gateway.public_url}{request.path_qs}",
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await read_bytes(request, HOOK_LIMIT),
    )
    receipt = await receive_webhook(gateway, hook, raw)
    reply = receipt.reply
    body = reply.body
    if body is None:
        body = to_json({"message": receipt.message, "duplicate": receipt.duplicate})
    return web.Response(
        status=reply.status, body=body, headers={"Content-Type": reply.content_type}
    )


def add_to(app: web.Application) -> None:
    """Adds the hook routes: POST for hooks, GET and OPTIONS for handshakes."""
    for method in ("POST", "GET", "OPTIONS"):
        app.router.add_route(method, "/v1/hooks/{hook}", receive)
