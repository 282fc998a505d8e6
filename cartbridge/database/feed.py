"""The feed: what happened, in order per document, without a gap, from any point."""

import asyncio
import base64
import binascii
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic_core import from_json, to_json

from cartbridge.database.connection import Database
from cartbridge.database.history import StoredEvent, read_event
from cartbridge.database.keys import wrapped_key
from cartbridge.database.lookup import Lookup
from cartbridge.database.queries import queries
from cartbridge.domain.ids import named

POLL_SECONDS: Final = 0.02  # how late an event of another process may be seen
SEARCH_SECONDS: Final = 1.0  # how long one call looks for the next event of the wanted types
WINDOW: Final = 20_000  # how many positions of a shard one statement looks through
_FRESH_SECONDS: Final = 0.015  # for which all waiting readers share one look at the counters


@dataclass(frozen=True, slots=True)
class Headline:
    """That something happened, and where to read it: nothing of what it was."""

    document: str
    version: int
    type: str
    shard: int
    position: int
    recorded_at: datetime


class BadCursor(ValueError):
    """The cursor cannot be read from: the text says why; begin again without one, or from now."""


class Feed:
    """Reads the journal of a tenant; a cursor is one opaque text, a position for each shard.

    Positions become visible in their order, shard by shard, so that a reader that stops anywhere
    and goes on from its cursor misses nothing.
    """

    def __init__(self, database: Database, documents: Lookup) -> None:
        self._database = database
        self._documents = documents
        self._ends: list[int] = []
        self._looked_at = 0.0
        self._looked_after = -1  # the news told before that look
        self._looking = asyncio.Lock()

    async def read(
        self,
        tenant: UUID,
        cursor: str | None = None,
        types: Collection[str] | None = None,
        limit: int = 100,
    ) -> tuple[list[StoredEvent], str]:
        """The next events after a cursor (None: from the beginning) and the cursor after them.

        No events and another cursor: none of the wanted ones as far as it looked; read on.
        """
        places = self._places(cursor)
        give_up = asyncio.get_running_loop().time() + SEARCH_SECONDS
        while True:
            rows, places, at_end = await self._page("page", tenant, places, types, limit)
            if rows or at_end or asyncio.get_running_loop().time() > give_up:
                return await self._told(tenant, rows), cursor_at(places)

    async def _page(
        self,
        query: str,
        tenant: UUID,
        places: list[int],
        types: Collection[str] | None,
        limit: int,
    ) -> tuple[list[Any], list[int], bool]:
        """Some events, the places behind them, and whether that is the end of the journal."""
        async with self._database.tenant(tenant) as connection:
            # Before the events: whatever is at or below these positions is visible by then.
            ends = await self._look(connection)
            upto = _window(places, ends)
            rows = await connection.fetch(
                queries("feed")[query],
                list(range(len(places))),
                places,
                upto,
                tenant,
                None if types is None else list(types),
                limit,
            )
        if len(rows) < limit:
            return rows, upto, upto == ends
        behind = {row["shard"]: row["position"] for row in rows}
        return rows, [behind.get(shard, place) for shard, place in enumerate(places)], False

    async def headlines(
        self,
        tenant: UUID,
        cursor: str | None = None,
        patterns: Collection[str] | None = None,
        limit: int = 100,
    ) -> tuple[list[Headline], str]:
        """Where the next events are whose types are like one of the patterns (`cart.*`; None: all).

        The cursor is behind them, or as far as one look went.
        """
        like = None if patterns is None else [_like(pattern) for pattern in patterns]
        places = self._places(cursor)
        rows, places, _ = await self._page("headlines", tenant, places, like, limit)
        found = [await self._headline(tenant, row) for row in rows]
        return [headline for headline in found if headline is not None], cursor_at(places)

    async def _headline(self, tenant: UUID, row: Any) -> Headline | None:
        """None if it is of a kind that only a newer version knows, and was removed meanwhile."""
        kind = self._documents.kind_named(row["kind"])
        place = (row["shard"], row["position"])
        if kind is None:
            stored = await self.event(tenant, *place)
            document = None if stored is None else stored.document
        else:
            document = named(kind.prefix, row["stream"])
        if document is None:
            return None
        return Headline(document, row["version"], row["type"], *place, row["recorded_at"])

    async def event(self, tenant: UUID, shard: int, position: int) -> StoredEvent | None:
        """The event at a place, None if it was removed with its document."""
        place = ([shard], [position - 1], [position], tenant, None, 1)
        async with self._database.tenant(tenant) as connection:
            rows = await connection.fetch(queries("feed")["page"], *place)
        return next(iter(await self._told(tenant, rows)), None)

    async def now(self) -> str:
        """The cursor behind everything that has happened so far."""
        async with self._database.connection() as connection:
            return cursor_at(await self._look(connection))

    async def wait_for_more(self, cursor: str | None, timeout: float) -> bool:  # noqa: ASYNC109 - an answer
        """Whether, within so many seconds, anything was appended after the cursor."""
        places = self._places(cursor)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while True:
            if any(end > place for end, place in zip(await self._seen(), places, strict=True)):
                return True
            left = deadline - loop.time()
            if left <= 0:
                return False
            await self._database.news.wait(min(left, POLL_SECONDS))

    async def tenants_with_news(self, cursor: str | None) -> tuple[list[UUID], str]:
        """The tenants something happened to after a cursor, and the cursor behind all that.

        It looks at so much at a time: ask again until the cursor stays the same.
        """
        places = self._places(cursor)
        async with self._database.connection() as connection:
            upto = _window(places, await self._look(connection))
            rows = await connection.fetch(
                queries("feed")["tenants"], list(range(len(places))), places, upto
            )
        return [row["tenant"] for row in rows], cursor_at(upto)

    async def _told(self, tenant: UUID, rows: list[Any]) -> list[StoredEvent]:
        keys = await self._documents.keys.open_many(
            tenant, {row["key_root"]: wrapped_key(row) for row in rows}
        )
        events = []
        for row in rows:
            kind = self._documents.kind_named(row["kind"])
            events.append(read_event(kind, row, row["key_root"], keys[row["key_root"]]))
        return events

    async def _seen(self) -> list[int]:
        loop, news = asyncio.get_running_loop(), self._database.news
        async with self._looking:
            stale = loop.time() - self._looked_at > _FRESH_SECONDS
            if stale or news.told != self._looked_after:
                self._looked_at, self._looked_after = loop.time(), news.told
                async with self._database.connection() as connection:
                    self._ends = await self._look(connection)
            return self._ends

    async def _look(self, connection: Any) -> list[int]:
        rows = await connection.fetch("select position from shard_counter order by shard")
        return [row["position"] for row in rows]

    def _places(self, cursor: str | None) -> list[int]:
        if cursor is None:
            return [0] * self._database.shards
        try:
            places = from_json(base64.urlsafe_b64decode(cursor.encode()))
        except (ValueError, binascii.Error) as error:
            raise BadCursor("this is no cursor of this feed") from error
        if (
            not isinstance(places, list)
            or len(places) != self._database.shards
            or not all(type(place) is int and 0 <= place < 2**63 for place in places)
        ):
            raise BadCursor("this is no cursor of this feed")
        return places


def _window(places: list[int], ends: list[int]) -> list[int]:
    """How far one statement looks from these places on, at most to the ends of the shards."""
    pairs = list(zip(places, ends, strict=True))
    if any(place > end for place, end in pairs):
        raise BadCursor("the journal is behind this cursor: an older copy was restored")
    return [min(end, place + WINDOW) for place, end in pairs]


def _like(pattern: str) -> str:
    """A pattern with `*` as SQL has it."""
    plain = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return plain.replace("*", "%")


def cursor_at(places: list[int]) -> str:
    """The cursor behind these positions, one for each shard."""
    return base64.urlsafe_b64encode(to_json(places)).decode()
