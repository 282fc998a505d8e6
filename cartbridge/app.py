"""The composition root: the only place that wires services to the database."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from cartbridge.database.circuits import Circuits
from cartbridge.database.connection import Database
from cartbridge.database.directory import Directory
from cartbridge.database.documents import DocumentKind, Documents
from cartbridge.database.embedded import EmbeddedServer, attach_or_start
from cartbridge.database.feed import Feed
from cartbridge.database.idempotency import Idempotency
from cartbridge.database.inbox import Inbox
from cartbridge.database.items import ItemIndex
from cartbridge.database.leases import Leases
from cartbridge.database.migrate import migrate
from cartbridge.database.outbox import Outbox
from cartbridge.database.pointers import Pointers
from cartbridge.database.vault import Vault, open_vault
from cartbridge.database.writer import Writer
from cartbridge.domain.cart import events
from cartbridge.domain.cart.evolve import evolve
from cartbridge.domain.cart.state import Cart, due_at
from cartbridge.domain.header import Header
from cartbridge.http.server import make_application
from cartbridge.sdk.client import make_client
from cartbridge.services.connectors import Connectors
from cartbridge.services.gateway import Gateway, Limits
from cartbridge.settings import Settings
from cartbridge.worker.inbox import apply, sort
from cartbridge.worker.loop import run_loop
from cartbridge.worker.outbox import deliver
from cartbridge.worker.timeouts import look

KEEPALIVE_SECONDS: Final = 15.0
# A loop is woken by this process's own appends; the rest is for what other processes did.
LOOPS: Final = ((sort, 0.05), (apply, 0.05), (deliver, 0.1), (look, 1.0))


def limits_of(settings: Settings) -> Limits:
    """The installation's times."""
    return Limits(
        code=timedelta(minutes=settings.code_minutes),
        lease=timedelta(minutes=settings.lease_minutes),
        abandoned_after=timedelta(hours=settings.abandoned_after_hours),
    )


def cart_kind(limits: Limits) -> DocumentKind[Cart]:
    """What the journal has to know of carts."""

    def fold(cart: Cart, event: Any, header: Header) -> Cart:
        return evolve(cart, event, header.occurred_at)

    return DocumentKind(
        prefix="crt",
        kind="cart",
        model=Cart,
        parse_event=events.parse,
        evolve=fold,
        due=lambda cart: due_at(cart, limits.abandoned_after),
    )


@dataclass(frozen=True)
class Foundation:
    """The database and the keys, before anything is served."""

    database: Database
    vault: Vault
    dsn: str
    embedded: EmbeddedServer | None


@asynccontextmanager
async def foundation(settings: Settings, *, serving: bool = False) -> AsyncIterator[Foundation]:
    """The database named by DATABASE_URL, or the embedded one, migrated and connected."""
    async with AsyncExitStack() as stack:
        embedded = None
        if settings.database_url is not None:
            dsn = settings.database_url.get_secret_value()
        else:
            embedded = await _embedded(settings, serving)
            stack.push_async_callback(embedded.stop)
            dsn = embedded.dsn()
        # On a database that other versions work on, `post` steps wait for `cartbridge migrate`.
        await migrate(dsn, "all" if embedded is not None else "pre")
        key = settings.master_key.get_secret_value() if settings.master_key else None
        vault = open_vault(key, settings.data_dir / "master.key")
        database = Database(dsn)
        await database.start()
        stack.push_async_callback(database.stop)
        yield Foundation(database, vault, dsn, embedded)


async def _embedded(settings: Settings, serving: bool) -> EmbeddedServer:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    folder: Path = settings.data_dir / "pg"
    if serving:
        server = EmbeddedServer(folder, run_as=settings.run_as, binaries=settings.pg_bin)
        await server.start()
        return server
    return await attach_or_start(folder, run_as=settings.run_as, binaries=settings.pg_bin)


@asynccontextmanager
async def open_gateway(settings: Settings, base: Foundation) -> AsyncIterator[Gateway]:
    """Everything the use cases work with, started and stopped together."""
    limits = limits_of(settings)
    async with AsyncExitStack() as stack:
        writer = Writer(base.database)
        await writer.start()
        stack.push_async_callback(writer.stop)
        inbox = Inbox(base.database, base.vault)
        await inbox.start()
        stack.push_async_callback(inbox.stop)
        client = make_client()
        stack.push_async_callback(client.aclose)
        documents = Documents(base.database, writer, base.vault, (cart_kind(limits),))
        directory = Directory(base.database, base.vault)
        yield Gateway(
            documents=documents,
            feed=Feed(base.database, documents),
            leases=Leases(base.database),
            inbox=inbox,
            outbox=Outbox(base.database),
            circuits=Circuits(base.database),
            pointers=Pointers(base.database),
            directory=directory,
            items=ItemIndex(base.database),
            idempotency=Idempotency(base.database, base.vault),
            vault=base.vault,
            connectors=Connectors(directory),
            client=client,
            clock=lambda: datetime.now(UTC),
            draw=secrets.token_bytes,
            public_url=settings.address,
            limits=limits,
        )


@asynccontextmanager
async def working(gateway: Gateway, base: Foundation) -> AsyncIterator[None]:
    """The loops: inbox, outbox and timeouts run while this is open."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(
                run_loop(step.__name__, _bind(step, gateway), base.database.news, idle)
            )
            for step, idle in LOOPS
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


def _bind(step: Any, gateway: Gateway) -> Any:
    async def bound() -> int:
        done: int = await step(gateway)
        return done

    return bound


@asynccontextmanager
async def serving(gateway: Gateway, settings: Settings) -> AsyncIterator[int]:
    """The HTTP server; yields the port it listens on."""
    runner = web.AppRunner(
        make_application(gateway),
        access_log=None,  # it would write codes and passes
        keepalive_timeout=KEEPALIVE_SECONDS,
        auto_decompress=False,  # a signature covers the bytes as sent; encoded bodies are refused
        max_line_size=8190,
        max_field_size=8190,
    )
    await runner.setup()
    site = web.TCPSite(runner, settings.host, settings.port, reuse_port=True)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
