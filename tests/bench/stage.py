"""Where measuring happens: fresh databases on one server, gateways and callers beside them."""

import itertools
import re
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
from pydantic_core import from_json

from cartbridge.database.migrate import migrate
from tests.bench.processes import BenchFailed, Process, Worker
from tests.bench.scale import Scale

Json = dict[str, Any]


@dataclass(frozen=True)
class Gateway:
    """A gateway in a process of its own, and the demo retailer it serves."""

    process: Process
    url: str
    told: Json

    @property
    def shop(self) -> Json:
        """The demo shop: its id, hook, key and secret."""
        found: Json = self.told["connections"]["demo-shop"]
        return found

    @property
    def hook_url(self) -> str:
        """Where the demo shop's webhooks go."""
        return f"{self.url}/v1/hooks/{self.shop['hook']}"


@dataclass
class Stage:
    """One PostgreSQL server, a folder for whatever is left behind, and how much is to be done."""

    dsn_of: Callable[[str], str] = field(repr=False)
    folder: Path
    scale: Scale
    tell: Callable[[str], None]
    seeds: "itertools.count[int]" = field(default_factory=itertools.count)

    def seed(self) -> int:
        """A number nobody has used in this run; the same ones in the same order each time."""
        return next(self.seeds)

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """The DSN, as its owner, of a migrated database that is dropped afterwards."""
        name = f"cartbridge_bench_{uuid.uuid4().hex[:12]}"
        await self._administer(f"create database {name}")
        try:
            await migrate(self.dsn_of(name))
            yield self.dsn_of(name)
        finally:
            await self._administer(f"drop database {name} with (force)")

    async def _administer(self, statement: str) -> None:
        connection = await asyncpg.connect(self.dsn_of("postgres"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    @asynccontextmanager
    async def gateway(self, dsn: str, *options: str) -> AsyncIterator[Gateway]:
        """`cartbridge serve` with these options and the demo retailer, on a port of its own."""
        data = self.folder / dsn_name(dsn)
        process = await Process.start(
            self.folder / "gateway.log",
            *("cartbridge", "serve", "--demo", *options),
            DATABASE_URL=dsn,
            DATA_DIR=str(data),
            PORT="0",
        )
        try:
            ready = await process.line("ready")
            address = re.search(r"http://[0-9.:]+", ready)
            if address is None:
                raise BenchFailed(f"the gateway named no address: {ready}")
            yield Gateway(process, address[0], from_json((data / "demo.json").read_bytes()))
        finally:
            await process.end()

    @asynccontextmanager
    async def worker(
        self, program: str, job: Json, environment: dict[str, str] | None = None
    ) -> AsyncIterator[Worker]:
        """One of the benchmark's programs, ready to begin its job."""
        log = self.folder / f"{program}.log"
        worker = await Worker.start(log, f"tests.bench.{program}", **(environment or {}))
        try:
            await worker.prepare(job)
            yield worker
        finally:
            await worker.end()


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Any]:
    """A connection as the database's owner."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


def dsn_name(dsn: str) -> str:
    """The database's name in a DSN."""
    return unquote(urlsplit(dsn).path.lstrip("/"))


def libpq_environment(dsn: str) -> dict[str, str]:
    """A DSN as the variables that PostgreSQL's own programs read: no password on a command line."""
    parts = urlsplit(dsn)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    found = {
        "PGHOST": query.get("host") or parts.hostname,
        "PGPORT": query.get("port") or (str(parts.port) if parts.port else None),
        "PGUSER": unquote(parts.username) if parts.username else None,
        "PGPASSWORD": unquote(parts.password) if parts.password else None,
        "PGDATABASE": dsn_name(dsn),
    }
    return {name: value for name, value in found.items() if value}
