"""The HTTP server: every request is named, bounded, and answered with a document that helps."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog
from aiohttp import web

from cartbridge.database.connection import Unavailable
from cartbridge.http import (
    alarms,
    browse,
    customer_search,
    customers,
    dead_letters,
    docs,
    enquiries,
    feed,
    health,
    hooks,
    items,
    messages,
    metrics_page,
    pages,
    pairing,
    pos,
    quotes,
    reports,
    sheet,
    shop,
    shop_floor,
    stock,
    store_work,
    subscriptions,
    wishlists,
)
from cartbridge.http.body import ARRIVING, Arriving
from cartbridge.http.dispatch import dispatch
from cartbridge.http.door import AnyHandler, Door, Room
from cartbridge.http.keys import GATEWAY, METRICS_TOKEN
from cartbridge.http.naming import HEADER, given_name, name_and_count, route_of, say_name
from cartbridge.http.patience import PULSE, Pulse, never_hang
from cartbridge.http.problem import problem_at
from cartbridge.http.routes import Route
from cartbridge.http.turnstile import TURNSTILE, Turnstile
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem

log = structlog.get_logger(__name__)

ROUTES: Final[tuple[Route, ...]] = (
    *shop.routes.told,
    *pos.routes.told,
    *quotes.routes.told,
    *enquiries.routes.told,
    *sheet.routes.told,
    *store_work.routes.told,
    *feed.routes.told,
    *items.routes.told,
    *stock.routes.told,
    *subscriptions.routes.told,
    *messages.routes.told,
    *dead_letters.routes.told,
    *alarms.routes.told,
    *customer_search.routes.told,
    *customers.routes.told,
    *shop_floor.routes.told,
    *wishlists.routes.told,
    *reports.routes.told,
)

CLOSED: Final = web.AppKey("closed", asyncio.Event)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """No request ends in a bare error: each gets a problem document with the way out."""
    address = request.app[GATEWAY].public_url
    return await _told(address, route_of(request), request, _while_open(request, handler))


async def _while_open(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A body that was still on its way when we closed came in time: we no longer listened."""
    try:
        return await handler(request)
    except Problem as problem:
        if problem.code == "too_slow" and request.app[CLOSED].is_set():
            raise Problem("unavailable", retry_after=1) from None
        raise


async def _told(
    address: str,
    route: str,
    request: web.BaseRequest,
    work: Awaitable[web.StreamResponse],
) -> web.StreamResponse:
    try:
        return await work
    except Problem as problem:
        return problem_at(address, request, problem)
    except Unavailable as error:
        log.warning("http.database_away", why=str(error))
        return problem_at(address, request, Problem("unavailable", retry_after=1))
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        answer = problem_at(address, request, Problem("method_not_allowed", allowed=allowed))
        answer.headers["Allow"] = allowed
        return answer
    except web.HTTPNotFound:
        return problem_at(address, request, Problem("not_found", what="path"))
    except web.HTTPException:
        raise
    except Exception:
        log.exception("http.failed", method=request.method, route=route)
        return problem_at(address, request, Problem("internal_error"))


@asynccontextmanager
async def opened(app: web.Application, room: Room) -> AsyncIterator[web.ServerRunner]:
    """The application behind its door; add a site to let callers in."""
    inner = web.AppRunner(app)
    await inner.setup()
    if inner.server is None:
        raise RuntimeError("the application was not set up")
    answer = _hooks_first(app[GATEWAY], app[TURNSTILE], inner.server.request_handler)
    front = web.ServerRunner(Door(answer, room, request_factory=inner.server.request_factory))
    await front.setup()
    try:
        yield front
    finally:
        for site in front.sites:
            await site.stop()
        app[CLOSED].set()
        await app.shutdown()  # before the door waits for those inside: streams never end
        await front.cleanup()
        await inner.cleanup()


def _hooks_first(gateway: Gateway, turnstile: Turnstile, ordinary: AnyHandler) -> AnyHandler:
    """The ordinary way of every request, and past it a shorter one for hooks that can take it."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        link = hooks.known(gateway, request)
        if link is None:
            return await ordinary(request)
        taken = hooks.take(gateway, turnstile, request, link)
        response = await _told(gateway.public_url, hooks.ROUTE, request, taken)
        if (name := given_name(request)) is not None:
            response.headers[HEADER] = name
        return response

    return answer


def make_application(gateway: Gateway, metrics_token: str | None = None) -> web.Application:
    """The application that serves one gateway."""
    app = web.Application(
        middlewares=[name_and_count, answer_problems, never_hang], client_max_size=0
    )
    app.on_response_prepare.append(say_name)
    app[GATEWAY] = gateway
    app[METRICS_TOKEN] = metrics_token
    app[CLOSED] = asyncio.Event()
    app[PULSE] = Pulse()
    app[ARRIVING] = Arriving()
    app[TURNSTILE] = Turnstile()
    for route in ROUTES:
        if route.path != "/v1/events":  # that one streams, too
            app.router.add_route(route.method, route.path, dispatch(route))
    feed.add_to(app)
    pairing.add_to(app)
    hooks.add_to(app)
    pages.add_to(app)
    browse.add_to(app)
    health.add_to(app)
    metrics_page.add_to(app)
    docs.add_to(app, ROUTES)
    return app


def make_metrics_application(gateway: Gateway, metrics_token: str | None) -> web.Application:
    """The application of a process that serves no calls: its metrics and its health."""
    app = web.Application(middlewares=[answer_problems], client_max_size=0)
    app[GATEWAY] = gateway
    app[METRICS_TOKEN] = metrics_token
    metrics_page.add_to(app)
    health.add_to(app)
    return app
