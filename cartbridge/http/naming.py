"""Every request has a name, which its log lines and its answer carry, and every one is counted."""

import re
import secrets
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Final

import structlog
from aiohttp import hdrs, web

from cartbridge.domain.ids import is_id
from cartbridge.metrics import CALLS, STATUSES

HEADER: Final = "X-Request-Id"
NAME: Final = web.RequestKey("name", str)
# These are counted by what becomes of them.
HOOKS: Final = frozenset({"/v1/hooks/{hook}", "/v1/hooks/{hook}/{secret}"})
_FORM: Final = re.compile(r"[A-Za-z0-9._:/+=-]{1,100}")  # no @: a name is no e-mail address
_METHODS: Final = hdrs.METH_ALL

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def name_and_count(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Names a request as its caller does in X-Request-Id, or by chance, and counts its answer."""
    began, route, status = perf_counter(), route_of(request), 500
    request[NAME] = given_name(request) or secrets.token_hex(8)
    about = {"request": request[NAME]}
    for name, prefix in (("cart", "crt"), ("quote", "qte"), ("enquiry", "enq")):
        document = request.match_info.get(name, "")
        if is_id(document, prefix):
            about["document"] = document
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**about)
    try:
        response = await handler(request)
        status = response.status
        if isinstance(response, web.Response) and route not in HOOKS:  # a stream never ends
            CALLS.since(began, route)
        return response
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        structlog.contextvars.clear_contextvars()  # the next call of this connection is another
        if route not in HOOKS:
            method = request.method if request.method in _METHODS else "OTHER"
            STATUSES.labels(method, route, str(status)).inc()


async def say_name(request: web.Request, response: web.StreamResponse) -> None:
    """Puts the name of the request into its answer; of a hook only one that it was given.

    A hook that is known is answered on a shorter way: nothing may tell it from an unknown one.
    """
    if NAME in request and (route_of(request) not in HOOKS or given_name(request)):
        response.headers[HEADER] = request[NAME]


def given_name(request: web.BaseRequest) -> str | None:
    """The name that the caller gave; None for none, or one that could hold anything."""
    given = request.headers.get(HEADER)
    return given if given is not None and _FORM.fullmatch(given) else None


def route_of(request: web.Request) -> str:
    """The route's pattern, never the path itself: codes and passes are secrets."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"
