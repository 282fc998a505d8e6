"""The wire between a gateway and PostgreSQL, which can be cut, torn, half closed and held up."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, urlsplit

Harm = Literal["cut", "torn", "half closed", "held up"]
HARMS: tuple[Harm, ...] = ("cut", "torn", "half closed", "held up")
HELD_UP_SECONDS = 0.4


@dataclass(eq=False)
class Link:
    """One connection: what comes from the gateway goes to the database, and the answers back."""

    ends: tuple[asyncio.StreamWriter, asyncio.StreamWriter]  # towards the gateway, the database
    flows: asyncio.Event = field(default_factory=asyncio.Event)
    torn: set[int] = field(default_factory=set)  # directions whose next message is broken in half

    def cut(self) -> None:
        """Both ends learn of it at once."""
        self.flows.set()
        for end in self.ends:
            end.transport.abort()

    async def carry(self, reader: asyncio.StreamReader, to: int) -> None:
        """Carries one direction until an end closes or something is done to it."""
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self.flows.wait()
                if to in self.torn:
                    self.ends[to].write(data[: len(data) // 2])
                    await self.ends[to].drain()
                    break
                self.ends[to].write(data)
                await self.ends[to].drain()
        self.cut()


class Wire:
    """Listens on the loopback interface and passes on what a DSN's server says."""

    def __init__(self, dsn: str) -> None:
        self._dsn = urlsplit(dsn)
        self._links: set[Link] = set()
        self._server: asyncio.Server | None = None
        self._port = 0
        self.harmed: Counter[str] = Counter()

    @property
    def dsn(self) -> str:
        """The way to the same database through the wire."""
        account, _, _ = self._dsn.netloc.rpartition("@")
        return f"postgresql://{account}@127.0.0.1:{self._port}{self._dsn.path}?sslmode=disable"

    async def start(self) -> None:
        """Ready to be connected to."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Nothing passes any more."""
        assert self._server is not None
        self._server.close()
        for link in set(self._links):
            link.cut()
        await self._server.wait_closed()

    async def harm(self, dice: random.Random) -> None:
        """Does one thing to one of the connections that are open, if there is one."""
        if not self._links:
            return
        link = dice.choice(sorted(self._links, key=id))
        what = dice.choice(HARMS)
        self.harmed[what] += 1
        if what == "cut":
            link.cut()
        elif what == "torn":
            link.torn.add(dice.randrange(2))
        elif what == "half closed":
            with contextlib.suppress(OSError):
                link.ends[dice.randrange(2)].write_eof()
        else:
            link.flows.clear()
            asyncio.get_running_loop().call_later(HELD_UP_SECONDS, link.flows.set)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answers, database = await self._open()
        except OSError:
            writer.transport.abort()
            return
        link = Link((writer, database))
        link.flows.set()
        self._links.add(link)
        try:
            await asyncio.gather(link.carry(reader, 1), link.carry(answers, 0))
        finally:
            self._links.discard(link)

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the server itself, by its socket file or its port."""
        query = parse_qs(self._dsn.query)
        if folder := query.get("host", [""])[0]:
            port = query.get("port", ["5432"])[0]
            return await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.{port}")
        return await asyncio.open_connection(self._dsn.hostname, self._dsn.port or 5432)


@asynccontextmanager
async def wired(dsn: str) -> AsyncIterator[Wire]:
    """A wire to that database."""
    wire = Wire(dsn)
    await wire.start()
    try:
        yield wire
    finally:
        await wire.stop()
