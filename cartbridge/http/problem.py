"""Problem documents (RFC 9457), in the language of whoever asked."""

import json
from typing import cast

from aiohttp import web

from cartbridge.http.keys import GATEWAY
from cartbridge.pages.names import Names
from cartbridge.pages.problems import ProblemCode
from cartbridge.pages.problems import problem as words
from cartbridge.services.problems import Problem


def locale_of(request: web.BaseRequest) -> str:
    """French or English, as the caller prefers; French if it does not say."""
    wanted = request.headers.get("Accept-Language", "fr").lower()
    first = wanted.split(",")[0].strip()
    return "en" if first.startswith("en") else "fr"


def type_of(code: str, public_url: str) -> str:
    """The address that explains a problem: its place on the gateway's own documentation page."""
    return f"{public_url}/docs#problem-{code}"


def problem_response(
    request: web.Request, problem: Problem, names: Names | None = None, time_zone: str = "UTC"
) -> web.Response:
    """The document for one problem: stable code, what is wrong, what to do next."""
    address = request.app[GATEWAY].public_url
    return problem_at(address, request, problem, names, time_zone)


def problem_at(
    address: str,
    request: web.BaseRequest,
    problem: Problem,
    names: Names | None = None,
    time_zone: str = "UTC",
) -> web.Response:
    """As `problem_response`, for a gateway at this address."""
    code = cast(ProblemCode, problem.code)
    title, detail = words(
        code, _told(problem), locale_of(request), names=names, time_zone=time_zone
    )
    document = {
        "type": type_of(problem.code, address),
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


def _told(problem: Problem) -> dict[str, str]:
    """What the sentences may tell: the problem's own params, how long to wait, the first fault."""
    told = dict(problem.params)
    if problem.retry_after is not None:
        told["retry_after"] = str(problem.retry_after)
    for fault in problem.errors[:1]:
        told["field"] = told["where"] = fault["field"] or "body"
        told["why"] = fault["why"]
    return told
