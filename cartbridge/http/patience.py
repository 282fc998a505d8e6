"""Nobody hangs on a silent database: a caller who waits is told in about a second to come back."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from cartbridge.database.connection import Unavailable
from cartbridge.http.keys import GATEWAY

ASK_AFTER: Final = 0.5  # seconds a request may take before the database is asked for a sign of life
SILENT_AFTER: Final = 0.7  # seconds within which a living one gives it
_WITHOUT: Final = frozenset({"/metrics", "/healthz"})  # they answer without a database, too

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Pulse:
    """One question to the database for all requests that wait for it."""

    def __init__(self) -> None:
        self._asked: asyncio.Task[Any] | None = None
        self._left: set[asyncio.Task[Any]] = set()

    async def feel(self, ask: Callable[[], Awaitable[Any]]) -> None:
        """Returns if the database answers; Unavailable if it says it cannot, or nothing at all."""
        if self._asked is None or self._asked.done():
            self._asked = self._kept(ask())
        asked = self._asked
        done, _ = await asyncio.wait({asked}, timeout=SILENT_AFTER)
        if not done:
            raise Unavailable("the database gives no sign of life")
        asked.result()

    async def answer(
        self, work: Awaitable[web.StreamResponse], ask: Callable[[], Awaitable[Any]]
    ) -> web.StreamResponse:
        """The answer, however long it takes while the database lives; else Unavailable.

        Work that was begun is not torn apart: it comes to its own end, and a repeat finds it.
        """
        working = self._kept(work)
        while True:
            done, _ = await asyncio.wait({working}, timeout=ASK_AFTER)
            if done:
                answer: web.StreamResponse = working.result()
                return answer
            await self.feel(ask)

    def _kept(self, work: Awaitable[Any]) -> asyncio.Task[Any]:
        async def run() -> Any:
            return await work

        task = asyncio.create_task(run())
        self._left.add(task)
        task.add_done_callback(self._end)
        return task

    def _end(self, task: asyncio.Task[Any]) -> None:
        self._left.discard(task)
        if not task.cancelled():
            task.exception()  # told already, or nobody waits for it any more


PULSE: Final = web.AppKey("pulse", Pulse)


@web.middleware
async def never_hang(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers 503 while the database is silent; a stream is long by its nature."""
    if "text/event-stream" in request.headers.get("Accept", "") or request.path in _WITHOUT:
        return await handler(request)
    return await request.app[PULSE].answer(handler(request), request.app[GATEWAY].feed.now)
