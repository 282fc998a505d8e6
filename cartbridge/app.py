"""The composition root: the only place that wires services to the database."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from aiohttp import web

from cartbridge.database.alarms import Alarms
from cartbridge.database.both_sides import PricesTold, StockLevels
from cartbridge.database.browsing import Browsing
from cartbridge.database.circuits import Circuits
from cartbridge.database.connection import Database, News
from cartbridge.database.credentials import RenewedCredentials
from cartbridge.database.customer_accesses import CustomerAccesses
from cartbridge.database.customers import Customers
from cartbridge.database.directory import Directory
from cartbridge.database.documents import DocumentKind, Documents
from cartbridge.database.duties import Duties
from cartbridge.database.embedded import EmbeddedServer, attach_or_start
from cartbridge.database.facts import FactsOfCarts
from cartbridge.database.feed import Feed
from cartbridge.database.idempotency import Idempotency
from cartbridge.database.inbox import Inbox
from cartbridge.database.items import ItemIndex
from cartbridge.database.leases import Leases
from cartbridge.database.migrate import migrate
from cartbridge.database.outbox import Outbox
from cartbridge.database.pointers import Pointers
from cartbridge.database.queues import Queues
from cartbridge.database.shop_floor import ShopFloor
from cartbridge.database.subscriptions import Subscriptions
from cartbridge.database.vault import Vault, open_vault
from cartbridge.database.writer import Writer
from cartbridge.domain.alarm import events as alarm_events
from cartbridge.domain.alarm.evolve import evolve as evolve_alarm
from cartbridge.domain.alarm.state import Alarm
from cartbridge.domain.cart import events
from cartbridge.domain.cart.evolve import evolve
from cartbridge.domain.cart.state import Cart, due_at
from cartbridge.domain.enquiry import events as enquiry_events
from cartbridge.domain.enquiry.evolve import evolve as evolve_enquiry
from cartbridge.domain.enquiry.state import Enquiry
from cartbridge.domain.quote import events as quote_events
from cartbridge.domain.quote.evolve import evolve as evolve_quote
from cartbridge.domain.quote.state import Quote
from cartbridge.domain.quote.state import due_at as quote_due_at
from cartbridge.domain.wishlist import events as wishlist_events
from cartbridge.domain.wishlist.evolve import evolve as evolve_wishlist
from cartbridge.domain.wishlist.state import Wishlist
from cartbridge.http.door import Room
from cartbridge.http.server import make_application, make_metrics_application, opened
from cartbridge.http.turnstile import TURNSTILE, Turnstile
from cartbridge.listening import allow_files
from cartbridge.sdk.addresses import Reach
from cartbridge.sdk.client import make_client
from cartbridge.services.connectors import Connectors
from cartbridge.services.gateway import Gateway, Limits
from cartbridge.services.tell_subscriptions import tell_subscriptions
from cartbridge.settings import Settings
from cartbridge.worker.alarms import watch
from cartbridge.worker.browsing import forget
from cartbridge.worker.closing import close
from cartbridge.worker.facts import gather
from cartbridge.worker.inbox import apply, sort
from cartbridge.worker.loop import run_loop, run_turns
from cartbridge.worker.outbox import deliver
from cartbridge.worker.reconciliation import reconcile
from cartbridge.worker.timeouts import look

Step = Callable[[Gateway], Awaitable[int]]
# What is looked at from time to time, by one process for all.
_BACKLOG: Final = 1024  # connections that wait to be let in: a rush after an outage
TURNS: Final = ((reconcile, 2.0), (close, 15.0), (watch, 2.0), (forget, 60.0), (gather, 2.0))


def limits_of(settings: Settings) -> Limits:
    """The installation's times."""
    return Limits(
        code=timedelta(minutes=settings.code_minutes),
        lease=timedelta(minutes=settings.lease_minutes),
        reservation=timedelta(hours=settings.reservation_hours),
        abandoned_after=timedelta(hours=settings.abandoned_after_hours),
        reconcile_every=timedelta(minutes=settings.reconcile_minutes),
        silent_after=timedelta(hours=settings.silent_after_hours),
        browsing=timedelta(days=settings.browsing_days),
        enquiry={
            "information": timedelta(hours=settings.enquiry_hours_information),
            "demonstration": timedelta(hours=settings.enquiry_hours_demonstration),
            "call_back": timedelta(hours=settings.enquiry_hours_call_back),
            "after_sales": timedelta(hours=settings.enquiry_hours_after_sales),
        },
    )


def reach_of(settings: Settings) -> Reach:
    """How far the installation's calls may go."""
    ports = Reach().ports | frozenset(settings.allow_ports or ())
    return Reach(private=settings.allow_private_addresses or (), ports=ports)


def cart_kind(limits: Limits) -> DocumentKind[Cart]:
    """What the journal has to know of carts."""

    return DocumentKind(
        prefix="crt",
        kind="cart",
        model=Cart,
        parse_event=events.parse,
        parse_json=events.parse_json,
        evolve=evolve,
        due=lambda cart: due_at(cart, limits.abandoned_after),
    )


def wishlist_kind() -> DocumentKind[Wishlist]:
    """What the journal has to know of wish lists."""
    return DocumentKind(
        prefix="wsh",
        kind="wishlist",
        model=Wishlist,
        parse_event=wishlist_events.parse,
        parse_json=wishlist_events.parse_json,
        evolve=evolve_wishlist,
        due=lambda wishlist: min((x.expires_at for x in wishlist.handovers), default=None),
    )


def quote_kind() -> DocumentKind[Quote]:
    """What the journal has to know of quotes."""
    return DocumentKind(
        prefix="qte",
        kind="quote",
        model=Quote,
        parse_event=quote_events.parse,
        parse_json=quote_events.parse_json,
        evolve=evolve_quote,
        due=quote_due_at,
    )


def enquiry_kind() -> DocumentKind[Enquiry]:
    """What the journal has to know of enquiries; that one is late is told when it is asked for."""
    return DocumentKind(
        prefix="enq",
        kind="enquiry",
        model=Enquiry,
        parse_event=enquiry_events.parse,
        parse_json=enquiry_events.parse_json,
        evolve=evolve_enquiry,
        due=lambda enquiry: None,
    )


def alarm_kind() -> DocumentKind[Alarm]:
    """What the journal has to know of alarms."""
    return DocumentKind(
        prefix="alm",
        kind="alarm",
        model=Alarm,
        parse_event=alarm_events.parse,
        evolve=evolve_alarm,
        due=lambda alarm: None,
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
        client = make_client(reach_of(settings))
        stack.push_async_callback(client.aclose)
        kinds = (cart_kind(limits), wishlist_kind(), quote_kind(), enquiry_kind(), alarm_kind())
        documents = Documents(base.database, writer, base.vault, kinds)
        directory = Directory(base.database, base.vault)
        yield Gateway(
            documents=documents,
            feed=Feed(base.database, documents),
            facts=FactsOfCarts(base.database),
            leases=Leases(base.database),
            inbox=inbox,
            outbox=Outbox(base.database),
            subscriptions=Subscriptions(base.database, base.vault),
            circuits=Circuits(base.database),
            queues=Queues(base.database, documents.kind_named),
            pointers=Pointers(base.database),
            directory=directory,
            items=ItemIndex(base.database),
            stock=StockLevels(base.database),
            prices=PricesTold(base.database),
            browsing=Browsing(base.database, base.vault),
            shop_floor=ShopFloor(base.database),
            idempotency=Idempotency(base.database, base.vault),
            duties=Duties(base.database),
            alarms=Alarms(base.database),
            renewed=RenewedCredentials(base.database, base.vault),
            customers=Customers(base.database, base.vault),
            accesses=CustomerAccesses(base.database, base.vault),
            vault=base.vault,
            connectors=Connectors(directory),
            client=client,
            clock=lambda: datetime.now(UTC),
            draw=secrets.token_bytes,
            public_url=settings.address,
            limits=limits,
        )


def loops_of(database: Database) -> tuple[tuple[Step, News, float], ...]:
    """What runs all the time: woken by this process's own doing, and every so many seconds."""
    return (
        (sort, database.arrivals, 0.05),
        (apply, database.parts, 0.05),
        (apply, database.parts, 1.0),  # works while the other one waits for the database
        (deliver, database.errands, 0.1),
        (tell_subscriptions, News(), 0.1),  # not for each append: so many ride together
        (look, News(), 1.0),  # time passes without news
    )


@asynccontextmanager
async def working(gateway: Gateway, base: Foundation) -> AsyncIterator[None]:
    """All loops run while this is open."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(run_loop(step.__name__, partial(step, gateway), news, idle))
            for step, news, idle in loops_of(base.database)
        ]
        tasks += [
            group.create_task(run_turns(step.__name__, partial(step, gateway), seconds))
            for step, seconds in TURNS
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


@asynccontextmanager
async def serving(gateway: Gateway, settings: Settings) -> AsyncIterator[int]:
    """The HTTP server; yields the port it listens on."""
    app = make_application(gateway, _metrics_token(settings))
    app[TURNSTILE] = Turnstile(settings.hooks_at_once)
    room = Room(allow_files(settings.connections), settings.connections_per_address)
    async with opened(app, room) as front:
        site = web.TCPSite(front, settings.host, settings.port, reuse_port=True, backlog=_BACKLOG)
        await site.start()
        yield front.addresses[0][1]


@asynccontextmanager
async def showing_metrics(gateway: Gateway, settings: Settings) -> AsyncIterator[None]:
    """The metrics page alone, for a worker, which serves nothing else."""
    app = make_metrics_application(gateway, _metrics_token(settings))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.metrics_port, reuse_port=True).start()
        yield
    finally:
        await runner.cleanup()


def _metrics_token(settings: Settings) -> str | None:
    return settings.metrics_token.get_secret_value() if settings.metrics_token else None
