"""The HTTP server: every request is named, bounded, and answered with a document that helps."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import web

from cartbridge.database.connection import Unavailable
from cartbridge.http import docs, feed, health, hooks, items, pages, pairing, pos, sheet, shop
from cartbridge.http.dispatch import dispatch
from cartbridge.http.keys import GATEWAY
from cartbridge.http.patience import PULSE, Pulse, never_hang
from cartbridge.http.problem import problem_response
from cartbridge.http.routes import Route
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem

log = structlog.get_logger(__name__)

ROUTES: Final[tuple[Route, ...]] = (
    *shop.routes.told,
    *pos.routes.told,
    *sheet.routes.told,
    *feed.routes.told,
    *items.routes.told,
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """No request ends in a bare error: each gets a problem document with the way out."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=secrets.token_hex(8))
    try:
        return await handler(request)
    except Problem as problem:
        return problem_response(request, problem)
    except Unavailable as error:
        log.warning("http.database_away", why=str(error))
        return problem_response(request, Problem("unavailable", retry_after=1))
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        answer = problem_response(request, Problem("method_not_allowed", allowed=allowed))
        answer.headers["Allow"] = allowed
        return answer
    except web.HTTPNotFound:
        return problem_response(request, Problem("not_found", what="path"))
    except web.HTTPException:
        raise
    except Exception:
        log.exception("http.failed", method=request.method, route=_route(request))
        return problem_response(request, Problem("internal_error"))


def _route(request: web.Request) -> str:
    """The route's pattern, never the path itself: codes and passes are secrets."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"


def make_application(gateway: Gateway) -> web.Application:
    """The application that serves one gateway."""
    app = web.Application(middlewares=[answer_problems, never_hang], client_max_size=0)
    app[GATEWAY] = gateway
    app[PULSE] = Pulse()
    for route in ROUTES:
        if route.path != "/v1/events":  # that one streams, too
            app.router.add_route(route.method, route.path, dispatch(route))
    feed.add_to(app)
    pairing.add_to(app)
    hooks.add_to(app)
    pages.add_to(app)
    health.add_to(app)
    docs.add_to(app, ROUTES)
    return app
