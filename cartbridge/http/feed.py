"""The feed: what happened, in order per document and gap-free, as pages or as a stream."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID
from weakref import WeakSet

from aiohttp import web
from pydantic import Field

from cartbridge.database.feed import BadCursor
from cartbridge.database.history import StoredEvent
from cartbridge.domain.model import Strict
from cartbridge.http.body import check
from cartbridge.http.dispatch import authenticate, dispatch
from cartbridge.http.keys import GATEWAY
from cartbridge.http.routes import Answer, Call, Routes
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem
from cartbridge.services.tell_event import CloudEvent, cloud_event

routes: Final = Routes("ops")
HEARTBEAT_SECONDS: Final = 15.0


class EventsQuery(Strict):
    """From which cursor on, which types, how many."""

    # Letters that are not escaped: such a request fits into the line that a server reads.
    after: Annotated[str, Field(max_length=2000, pattern=r"^[A-Za-z0-9_=-]*$")] | None = None
    types: Annotated[str, Field(max_length=2000, pattern=r"^[a-z_.,]*$")] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100

    @property
    def wanted(self) -> list[str] | None:
        """The types asked for, or None for all."""
        return [name for name in self.types.split(",") if name] if self.types else None


class Events(Strict):
    """A page of events; `next` is where to go on, also when there is nothing yet."""

    items: tuple[CloudEvent, ...]
    next: str


@routes.add(
    "GET",
    "/v1/events",
    "What happened, from any cursor (JSON, or a stream with Accept: text/event-stream)",
    query=EventsQuery,
    answer=Events,
)
async def events(call: Call) -> Answer:
    """Every event once, in order per document, whatever stops and restarts in between."""
    query: EventsQuery = call.query
    try:
        stored, cursor = await call.gateway.feed.read(
            call.caller.tenant, query.after, query.wanted, query.limit
        )
    except BadCursor as error:
        raise _bad(error) from None
    items = tuple(cloud_event(one, call.gateway.public_url, call.gateway.vault) for one in stored)
    return Answer(Events(items=items, next=cursor))


def _bad(error: BadCursor) -> Problem:
    return Problem("invalid_request", errors=({"field": "after", "why": str(error)},))


async def stream(request: web.Request) -> web.StreamResponse:
    """The same events as they happen; `Last-Event-ID` goes on where a connection broke."""
    gateway = request.app[GATEWAY]
    principal = await authenticate(gateway, request)
    if principal.role not in routes.roles:
        raise Problem("forbidden", role=principal.role)
    query = check(EventsQuery, dict(request.query))
    reader = _Reader(gateway, principal.tenant, query)
    page = await reader.read(request.headers.get("Last-Event-ID") or query.after)
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    )
    await response.prepare(request)
    task = asyncio.current_task()
    if task is not None:
        request.app[STREAMS].add(task)
    with contextlib.suppress(ConnectionError, asyncio.CancelledError):  # reader or gateway ends
        while True:
            await response.write(reader.told(page))
            if not await gateway.feed.wait_for_more(page[1], HEARTBEAT_SECONDS):
                await response.write(b": still here\n\n")
            page = await reader.read(page[1])
    return response


Page = tuple[list[StoredEvent], str]


@dataclass(frozen=True)
class _Reader:
    gateway: Gateway
    tenant: UUID
    query: EventsQuery

    async def read(self, cursor: str | None) -> Page:
        try:
            return await self.gateway.feed.read(
                self.tenant, cursor, self.query.wanted, self.query.limit
            )
        except BadCursor as error:
            raise _bad(error) from None

    def told(self, page: Page) -> bytes:
        """A page as stream; only its last event carries the cursor: one before would skip some."""
        stored, cursor = page
        blocks = []
        for place, one in enumerate(stored, start=1):
            event = cloud_event(one, self.gateway.public_url, self.gateway.vault)
            mark = f"id: {cursor}\n" if place == len(stored) else ""
            text = event.model_dump_json(exclude_none=True)
            blocks.append(f"{mark}event: {event.type}\ndata: {text}\n\n")
        return "".join(blocks).encode()


STREAMS: Final = web.AppKey("streams", WeakSet[asyncio.Task[Any]])


async def _end_streams(app: web.Application) -> None:
    """A stream never ends by itself, and must not keep the gateway from ending."""
    for task in app[STREAMS]:
        task.cancel()


def add_to(app: web.Application) -> None:
    """Adds the feed: a stream for whoever accepts one, pages for the others."""
    app[STREAMS] = WeakSet()
    app.on_shutdown.append(_end_streams)
    page = dispatch(routes.told[0])

    async def choose(request: web.Request) -> web.StreamResponse:
        if "text/event-stream" in request.headers.get("Accept", ""):
            return await stream(request)
        return await page(request)

    app.router.add_get("/v1/events", choose)
