"""Where the pages of a shop tell what is looked at: for browsers, which hold no key."""

import ipaddress
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from cartbridge.http.body import API_VALUES, check, read_bytes
from cartbridge.http.browse_models import form_of
from cartbridge.http.keys import GATEWAY
from cartbridge.http.pace import Pace
from cartbridge.http.problem import problem_at
from cartbridge.http.turnstile import TURNSTILE
from cartbridge.pages.page import browse_script
from cartbridge.sdk.errors import Unreadable
from cartbridge.sdk.payload import loads
from cartbridge.services.connectors import Link
from cartbridge.services.gateway import Gateway
from cartbridge.services.observe_browsing import Fact, Visit, keep_browsing
from cartbridge.services.problems import Problem

ROUTE: Final = "/v1/browse/{browse}"
LIMIT: Final = 16 * 1024
_PREFLIGHT_SECONDS: Final = 3600


@dataclass(frozen=True)
class Paces:
    """How much is taken in from one session, one address, and one connection."""

    session: Pace = field(default_factory=lambda: Pace(60, 2))
    address: Pace = field(default_factory=lambda: Pace(200, 20))
    connection: Pace = field(default_factory=lambda: Pace(1000, 200))


PACES: Final = web.AppKey("paces", Paces)


async def tell(request: web.Request) -> web.Response:
    """Nothing is answered but that it was understood: not even whether anything was kept."""
    link = await _link(request)
    headers = _allowed(request, link)
    try:
        await _take(request, link)
    except Problem as problem:
        answer = problem_at(request.app[GATEWAY].public_url, request, problem)
        answer.headers.update(headers)  # so that the page's own script can read why
        return answer
    return web.Response(status=204, headers=headers)


async def ask(request: web.Request) -> web.Response:
    """A browser asks first whether a page of another origin may tell."""
    headers = {
        **_allowed(request, await _link(request)),
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "content-type",
        "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
    }
    return web.Response(status=204, headers=headers)


async def _link(request: web.Request) -> Link:
    """The connection of the address, if it takes in what pages tell."""
    gateway = request.app[GATEWAY]
    found = await gateway.directory.connections.by_browse_id(request.match_info["browse"])
    if found is None or not found.browse_origins:
        raise Problem("not_found", what="connection")
    return gateway.connectors.link(found)


def _allowed(request: web.Request, link: Link) -> dict[str, str]:
    """The headers that let a page of a known origin tell; cookies are never let through."""
    origin = request.headers.get("Origin", "")
    if origin not in link.connection.browse_origins:
        raise Problem("origin_refused")
    return {
        "Access-Control-Allow-Origin": origin,
        "Vary": "Origin",
        "Cache-Control": "no-store",
    }


async def _take(request: web.Request, link: Link) -> None:
    gateway, paces = request.app[GATEWAY], request.app[PACES]
    if not (_address_keeps(request, paces.address) and paces.connection.keeps(link.uuid)):
        raise Problem("rate_limited", retry_after=5)
    body = await read_bytes(request, LIMIT)
    visit, facts = _read(gateway, body)
    if not paces.session.keeps((link.uuid, visit.session)):
        raise Problem("rate_limited", retry_after=30)
    turnstile = request.app[TURNSTILE]  # under overload it waits and is shed, as hooks are
    await turnstile.enter(len(body))
    try:
        await keep_browsing(gateway, link, visit, facts)
    finally:
        turnstile.leave()


def _read(gateway: Gateway, body: bytes) -> tuple[Visit, list[Fact]]:
    try:
        value = loads(body, API_VALUES)
    except Unreadable as error:
        raise Problem("invalid_request", errors=({"field": "", "why": str(error)},)) from None
    return check(form_of(value), value).told(gateway.clock())


def _address_keeps(request: web.Request, pace: Pace) -> bool:
    """Whether one address does not tell too much; behind a proxy of ours all have the same."""
    host = (request.remote or "").partition("%")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True
    if not address.is_global:
        return True
    network = ipaddress.ip_network((host, 56 if address.version == 6 else 32), strict=False)
    return pace.keeps(network)


async def script(request: web.Request) -> web.Response:
    """The script for a shop's pages."""
    file = browse_script()
    if request.headers.get("If-None-Match") == file.headers["ETag"]:
        return web.Response(status=304, headers=dict(file.headers))
    return web.Response(body=file.body, headers=dict(file.headers))


def add_to(app: web.Application) -> None:
    """Adds the script, and where it tells."""
    app[PACES] = Paces()
    app.router.add_post(ROUTE, tell)
    app.router.add_route("OPTIONS", ROUTE, ask)
    app.router.add_get(browse_script().path, script)
