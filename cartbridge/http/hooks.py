"""Where platforms call: the shortest way from the bytes to the inbox."""

from collections.abc import Awaitable
from time import perf_counter
from typing import Final

import structlog
from aiohttp import web
from pydantic_core import to_json

from cartbridge.database.connection import Unavailable
from cartbridge.http.body import HOOK_LIMIT, bytes_here, read_bytes
from cartbridge.http.keys import GATEWAY
from cartbridge.http.turnstile import TURNSTILE, Turnstile
from cartbridge.metrics import HOOKS
from cartbridge.sdk.contract import Raw
from cartbridge.services.connectors import Link
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem
from cartbridge.services.receive_webhook import Receipt, receive_webhook, take_webhook

_PLACE: Final = "/v1/hooks/"
ROUTE: Final = _PLACE + "{hook}"
WITH_SECRET: Final = ROUTE + "/{secret}"  # for platforms that sign nothing


async def receive(request: web.Request) -> web.Response:
    """A hook is verified on its exact bytes, stored, and only then answered."""
    return await _counted(_received(request), None)


async def _received(request: web.Request) -> Receipt:
    gateway = request.app[GATEWAY]
    body = await read_bytes(request, HOOK_LIMIT)
    raw, turnstile = _raw(gateway, request, body), request.app[TURNSTILE]
    await turnstile.enter(len(body))
    try:
        return await receive_webhook(gateway, request.match_info["hook"], raw)
    finally:
        turnstile.leave()


def known(gateway: Gateway, request: web.BaseRequest) -> Link | None:
    """The link of a hook that is here to its last byte and can be taken without looking it up."""
    if request.method != "POST" or not request.content.is_eof():
        return None
    path = request.raw_path
    return gateway.connectors.remembered(path[len(_PLACE) :]) if path.startswith(_PLACE) else None


async def take(
    gateway: Gateway, turnstile: Turnstile, request: web.BaseRequest, link: Link
) -> web.Response:
    """As `receive`, for a hook that is `known`: nothing but the database is waited for."""
    return await _counted(_taken(gateway, turnstile, request, link), link.id)


async def _taken(
    gateway: Gateway, turnstile: Turnstile, request: web.BaseRequest, link: Link
) -> Receipt:
    body = bytes_here(request, HOOK_LIMIT)
    await turnstile.enter(len(body))
    try:
        return await take_webhook(gateway, link, _raw(gateway, request, body))
    finally:
        turnstile.leave()


async def _counted(work: Awaitable[Receipt], connection: str | None) -> web.Response:
    """The answer to a hook, counted by what became of it."""
    began, outcome = perf_counter(), "failed"
    try:
        receipt = await work
        outcome = "accepted" if receipt.message is not None else "answered"
        if receipt.duplicate:
            outcome = "duplicate"
        return _respond(receipt)
    except Problem as problem:
        outcome = "overloaded" if problem.code == "unavailable" else "refused"
        raise
    except Unavailable:
        outcome = "overloaded"
        raise
    finally:
        HOOKS.since(began, outcome)
        if connection is not None and outcome in ("failed", "overloaded"):
            structlog.contextvars.bind_contextvars(connection=connection)  # a line will tell it


def _raw(gateway: Gateway, request: web.BaseRequest, body: bytes) -> Raw:
    return Raw(
        method=request.method,
        url=gateway.public_url + request.raw_path,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
    )


def _respond(receipt: Receipt) -> web.Response:
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
        app.router.add_route(method, ROUTE, receive)
    app.router.add_route("POST", WITH_SECRET, receive)
