"""Problem documents (RFC 9457), in the language of whoever asked."""

import json
from typing import Final, cast

from aiohttp import web

from cartbridge.pages.names import Names
from cartbridge.pages.problems import ProblemCode
from cartbridge.pages.problems import problem as words
from cartbridge.services.problems import Problem

TYPES: Final = "https://cartbridge.dev/problems/"


def locale_of(request: web.Request) -> str:
    """French or English, as the caller prefers; French if it does not say."""
    wanted = request.headers.get("Accept-Language", "fr").lower()
    first = wanted.split(",")[0].strip()
    return "en" if first.startswith("en") else "fr"


def problem_response(
    request: web.Request, problem: Problem, names: Names | None = None, time_zone: str = "UTC"
) -> web.Response:
    """The document for one problem: stable code, what is wrong, what to do next."""
    code = cast(ProblemCode, problem.code)
    title, detail = words(
        code, problem.params, locale_of(request), names=names, time_zone=time_zone
    )
    document = {
        "type": TYPES + problem.code.replace("_", "-"),
        "title": title,
        "status": problem.status,
        "detail": detail,
        "code": problem.code,
        **({"params": problem.params} if problem.params else {}),
        **({"errors": list(problem.errors)} if problem.errors else {}),
        **problem.extra,
    }
    headers = {"Cache-Control": "no-store"}
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return web.Response(
        status=problem.status,
        body=json.dumps(document, ensure_ascii=False).encode(),
        content_type="application/problem+json",
        headers=headers,
    )
