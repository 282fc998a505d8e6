"""Opening the database for one command, and closing it again."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from cartbridge.administration.complaints import MISUSED, CommandRefused
from cartbridge.app import Foundation, open_gateway
from cartbridge.database.connection import Database
from cartbridge.database.directory import Tenant
from cartbridge.database.embedded import attach_or_start
from cartbridge.database.migrate import migrate, pending
from cartbridge.database.vault import open_vault
from cartbridge.logs import configure_logs
from cartbridge.services.gateway import Gateway
from cartbridge.settings import CONFIG_VARIABLE, Settings

Answer = TypeVar("Answer")
OfTenant = Annotated[
    str | None,
    typer.Option("--tenant", help="Which retailer; may be left out when there is only one."),
]


def read_settings() -> Settings:
    """The settings of this installation; a file that is named and not there is no small matter."""
    path = os.environ.get(CONFIG_VARIABLE)
    if path is not None and not Path(path).is_file():
        raise CommandRefused(
            f"{CONFIG_VARIABLE} names {path}, which is no file: correct it, or unset it", MISUSED
        )
    return Settings()


def quiet_settings() -> Settings:
    """The settings of this installation; the log tells a command's user only what is wrong."""
    settings = read_settings()
    level = "debug" if settings.log_level == "debug" else "warning"
    configure_logs(settings.model_copy(update={"log_level": level}))
    return settings


@asynccontextmanager
async def database_address(settings: Settings) -> AsyncIterator[str]:
    """Where the database is; the embedded one is started if no gateway runs it."""
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    server = await attach_or_start(
        settings.data_dir / "pg", run_as=settings.run_as, binaries=settings.pg_bin
    )
    try:
        yield server.dsn()
    finally:
        await server.stop()


@asynccontextmanager
async def foundation_of(settings: Settings) -> AsyncIterator[Foundation]:
    """The database, open. Only our own embedded one is brought up to date on the way."""
    async with database_address(settings) as dsn:
        if settings.database_url is None:
            await migrate(dsn)
        elif missing := await pending(dsn, "pre"):
            raise CommandRefused(
                f"the database lacks {len(missing)} migrations of this version: run "
                "`cartbridge migrate` first"
            )
        key = settings.master_key.get_secret_value() if settings.master_key else None
        vault = open_vault(key, settings.data_dir / "master.key")
        database = Database(dsn)
        await database.start()
        try:
            yield Foundation(database, vault, dsn, None)
        finally:
            await database.stop()


def administer(work: Callable[[Gateway], Awaitable[Answer]]) -> Answer:
    """Do something with the gateway's parts, from a command."""

    async def done() -> Answer:
        settings = quiet_settings()
        async with foundation_of(settings) as base, open_gateway(settings, base) as gateway:
            return await work(gateway)

    return asyncio.run(done())


def for_tenant(name: str | None, work: Callable[[Gateway, Tenant], Awaitable[Answer]]) -> Answer:
    """Do something for one retailer: the one that is named, or the only one there is."""

    async def done(gateway: Gateway) -> Answer:
        return await work(gateway, await _tenant(gateway, name))

    return administer(done)


async def _tenant(gateway: Gateway, name: str | None) -> Tenant:
    if name is not None:
        found = await gateway.directory.tenants.get(name)
        if found is None:
            raise CommandRefused(
                f"there is no retailer {name}: `cartbridge tenant list` shows those there are"
            )
        return found
    every = await gateway.directory.tenants.list()
    if not every:
        raise CommandRefused(
            "there is no retailer yet: add one with `cartbridge tenant add maison-lumiere "
            "'Maison Lumière'`, or start with `make run`"
        )
    if len(every) > 1:
        slugs = ", ".join(tenant.slug for tenant in every)
        raise CommandRefused(f"say which retailer with --tenant: {slugs}", status=2)
    return every[0]
