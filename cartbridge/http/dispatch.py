"""From a request to its handler: who asks, is it well-formed, was it asked before."""

import contextlib
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel

from cartbridge.database.connection import Unavailable
from cartbridge.database.directory import Principal
from cartbridge.database.idempotency import Attempt, OtherContent, StillRunning
from cartbridge.domain.header import Actor
from cartbridge.http.body import (
    API_LIMIT,
    API_VALUES,
    ITEMS_LIMIT,
    ITEMS_VALUES,
    check,
    parse,
    read_bytes,
)
from cartbridge.http.keys import GATEWAY
from cartbridge.http.naming import given_name
from cartbridge.http.problem import locale_of, problem_response
from cartbridge.http.routes import Answer, Call, Route
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.problems import Problem
from cartbridge.services.tell_timeline import names_of

_KEY_LENGTH: Final = 255
BOUNDS: Final = {"/v1/items": (ITEMS_LIMIT, ITEMS_VALUES)}  # bytes and values, where they differ


def dispatch(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The aiohttp handler of a route."""

    async def handle(request: web.Request) -> web.StreamResponse:
        gateway = request.app[GATEWAY]
        principal = await authenticate(gateway, request)
        if principal.role not in route.roles:
            raise Problem("forbidden", role=principal.role)
        limit, values = BOUNDS.get(route.path, (API_LIMIT, API_VALUES))
        raw = await read_bytes(request, limit) if route.body else b""
        body = parse(route.body, raw, values) if route.body else None
        query = check(route.query, dict(request.query)) if route.query else None
        caller = await caller_of(gateway, request, principal, body)
        call = Call(gateway, request, caller, body, query, None, locale_of(request))
        try:
            if not route.idempotent:
                return respond(await route.handler(call), replayed=False)
            return await _once(route, call, principal, raw)
        except Problem as problem:
            return await _named(call, problem)

    return handle


async def _once(route: Route, call: Call, principal: Principal, raw: bytes) -> web.Response:
    """Runs the handler with ids that every repeat of this call shares, so that it acts once."""
    gateway, tenant = call.gateway, call.caller.tenant
    scope = _scope(call.request, principal)
    try:
        content = hashlib.sha256(call.request.method.encode() + b"\n" + raw).digest()
        attempt = await gateway.idempotency.begin(tenant, scope, content)
    except OtherContent:
        raise Problem("idempotency_conflict") from None
    except StillRunning as running:
        raise Problem("still_running", retry_after=running.retry_after) from None
    try:
        answer = await route.handler(_with(call, attempt))
    except Exception:
        if attempt.status is None:
            with contextlib.suppress(Unavailable):  # then the next try waits its time
                await gateway.idempotency.give_up(tenant, scope)
        raise
    if attempt.status is None:
        await gateway.idempotency.finish(tenant, scope, answer.status, b"done")
    return respond(answer, replayed=attempt.status is not None)


async def _named(call: Call, problem: Problem) -> web.Response:
    """The problem in words, with the names and the clock of the store it is about."""
    if "store" not in problem.params:
        return problem_response(call.request, problem)
    tenant = call.caller.tenant
    names = await names_of(call.gateway, tenant)
    store = await call.gateway.directory.stores.get(tenant, problem.params["store"])
    time_zone = store.time_zone if store is not None else "UTC"
    return problem_response(call.request, problem, names, time_zone)


def _with(call: Call, attempt: Attempt) -> Call:
    return Call(
        call.gateway, call.request, call.caller, call.body, call.query, attempt, call.locale
    )


def _scope(request: web.Request, principal: Principal) -> bytes:
    key = request.headers.get("Idempotency-Key", "")
    if not key or len(key) > _KEY_LENGTH:
        raise Problem("idempotency_key_required")
    named = f"{principal.key}\n{request.path}\n{key}"
    return hashlib.sha256(named.encode("utf-8", "surrogateescape")).digest()


async def authenticate(gateway: Gateway, request: web.Request) -> Principal:
    """Whose key this is; a missing, unknown or revoked one is answered alike."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise Problem("unauthorized")
    principal = await gateway.directory.authenticate(key.strip())
    if principal is None:
        raise Problem("unauthorized")
    return principal


async def caller_of(
    gateway: Gateway, request: web.Request, principal: Principal, body: BaseModel | None
) -> Caller:
    """The caller behind a key: for a till, its store and terminal; staff as the call tells."""
    staff = getattr(body, "staff", None)
    terminal, store = principal.terminal, principal.store
    if principal.role == "pos" and terminal is None:
        terminal, store = await _named_terminal(gateway, request, principal)
    kind: Any = {"shop": "connector", "pos": "staff", "ops": "operator"}[principal.role]
    connection = None
    if principal.connection is not None:
        link = await gateway.connectors.by_id(principal.tenant, principal.connection)
        connection = link.id if link is not None else None
    return Caller(
        tenant=principal.tenant,
        role=principal.role,
        actor=Actor(kind=kind, id=staff or principal.key),
        connection=connection,
        store=store,
        terminal=terminal,
        staff=staff,
        correlation=given_name(request),
        scopes=principal.scopes,
    )


async def _named_terminal(
    gateway: Gateway, request: web.Request, principal: Principal
) -> tuple[str, str]:
    """The terminal that a key of a whole till system names in CartBridge-Terminal."""
    name = _plain(request.headers.get("CartBridge-Terminal", ""))
    terminal = await gateway.directory.terminals.get(principal.tenant, name) if name else None
    if terminal is None:
        raise Problem("terminal_required")
    return terminal.id, terminal.store


def _plain(text: str) -> str:
    """What of a header can be stored: a header may hold any bytes."""
    return "".join(letter for letter in text if letter.isascii() and letter.isprintable())


def respond(answer: Answer, *, replayed: bool) -> web.Response:
    """The HTTP response of an answer."""
    body = answer.body
    if isinstance(body, BaseModel):
        body = body.model_dump_json(by_alias=True).encode()
    headers = {"Cache-Control": "no-store", **answer.headers}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    if body is None:
        return web.Response(status=answer.status, headers=headers)
    headers["Content-Type"] = answer.content_type
    return web.Response(status=answer.status, body=body, headers=headers)
