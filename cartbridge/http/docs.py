"""The description of the gateway: for machines at /openapi.json, for people at /docs."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from aiohttp import web

from cartbridge.http.asyncapi import published_schemas
from cartbridge.http.keys import GATEWAY
from cartbridge.http.openapi import describe
from cartbridge.http.openapi_story import PLACE
from cartbridge.http.problem import problem_response
from cartbridge.http.routes import Route
from cartbridge.services.problems import Problem

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

_MEDIA: Final = {
    "docs.html": "text/html; charset=utf-8",
    "docs.css": "text/css; charset=utf-8",
    "docs.js": "text/javascript; charset=utf-8",
}


@dataclass(frozen=True)
class Content:
    """Bytes that stay the same while the process lives, and the mark browsers ask by."""

    body: bytes
    media: str

    @property
    def etag(self) -> str:
        """The mark of these bytes."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'


def add_to(app: web.Application, routes: Iterable[Route]) -> None:
    """Adds /openapi.json, /docs with its two files, and the schemas that events point to."""
    served = tuple(routes)

    @cache
    def description(public_url: str) -> Content:
        return _json(describe(served, public_url))

    async def openapi(request: web.Request) -> web.Response:
        told = await asyncio.to_thread(description, _public_url(request))  # it takes a moment
        return _answer(request, told)

    app.router.add_get("/openapi.json", openapi)
    app.router.add_get("/docs", _file("docs.html"))
    app.router.add_get("/docs/docs.css", _file("docs.css"))
    app.router.add_get("/docs/docs.js", _file("docs.js"))
    app.router.add_get("/schemas/{schema}.json", _schema)


async def _schema(request: web.Request) -> web.Response:
    """The schema that an event's `dataschema` points to."""
    published = await asyncio.to_thread(_schemas, _public_url(request))
    found = published.get(request.match_info["schema"])
    if found is None:
        return problem_response(request, Problem("not_found", what="schema"))
    return _answer(request, found)


@cache
def _schemas(public_url: str) -> dict[str, Content]:
    return {
        name: _json(schema, "application/schema+json")
        for name, schema in published_schemas(public_url).items()
    }


def _file(name: str) -> Callable[[web.Request], Any]:
    body = files("cartbridge.http").joinpath("static", name).read_bytes()
    content = Content(body, _MEDIA[name])

    async def serve(request: web.Request) -> web.Response:
        return _answer(request, content)

    return serve


def _json(value: dict[str, Any], media: str = "application/json") -> Content:
    return Content(json.dumps(value, ensure_ascii=False).encode(), media)


def _public_url(request: web.Request) -> str:
    gateway = request.app.get(GATEWAY)
    return PLACE if gateway is None else gateway.public_url


def _answer(request: web.Request, content: Content) -> web.Response:
    """The bytes, or 304 to whoever has them already."""
    headers = {
        "ETag": content.etag,
        "Cache-Control": "no-cache",
        "Content-Security-Policy": POLICY,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    if content.etag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    return web.Response(body=content.body, headers={**headers, "Content-Type": content.media})
