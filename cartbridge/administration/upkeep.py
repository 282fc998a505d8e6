"""Looking after the database: `migrate`, `verify` and `rebuild`."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.status import Status

from cartbridge.administration.complaints import WRONG
from cartbridge.administration.session import (
    database_address,
    foundation_of,
    quiet_settings,
)
from cartbridge.administration.showing import err, say
from cartbridge.app import open_gateway
from cartbridge.database import migrate as migrations
from cartbridge.database import rebuild as rebuilding
from cartbridge.database.verify import Finding, Progress
from cartbridge.database.verify import verify as walk
from cartbridge.services.gather_facts import gather_all_facts

_SHOWN = 20  # findings; after that many, the number is enough


def migrate(
    phase: Annotated[
        migrations.Phase,
        typer.Option(help="pre: before the new version is started; post: once no old one runs."),
    ] = "all",
) -> None:
    """Bring the database to what this version needs; does nothing if it is there already.

    \b
    Examples:
      cartbridge migrate
      cartbridge migrate --phase pre
    """

    async def work() -> list[str]:
        async with database_address(quiet_settings()) as dsn:
            return await migrations.migrate(dsn, phase)

    applied = asyncio.run(work())
    for name in applied:
        say(f"applied {name}")
    say(f"{len(applied)} migrations applied." if applied else "Nothing to do.")


def verify() -> None:
    """Prove the journal: every chain link by link, every position, every view at its head.

    The gateway may go on working meanwhile. Ends with status 1 and names the first broken link,
    missing event or view that is behind.
    """
    done, findings = asyncio.run(_walked())
    if not findings:
        say(f"All is well: {done.documents} documents, {done.events} events.")
        return
    say(f"First: {findings[0]}")
    for finding in findings[1:_SHOWN]:
        say(f"       {finding}")
    if len(findings) > _SHOWN:
        say(f"       and {len(findings) - _SHOWN} more")
    if all(finding.flaw in ("view_behind", "orphan_view") for finding in findings):
        say("Only views are behind, nothing is lost: `cartbridge rebuild` mends them.")
    else:
        say("The journal was changed behind CartBridge's back: restore the last good backup.")
    raise typer.Exit(WRONG)


async def _walked() -> tuple[Progress, list[Finding]]:
    done, findings = Progress(0, 0, 0), list[Finding]()
    async with foundation_of(quiet_settings()) as base:
        with _status(err()) as status:
            async for step in walk(base.database):
                if isinstance(step, Finding):
                    findings.append(step)
                    continue
                done = step
                status.update(
                    f"shard {done.shard + 1} of {base.database.shards}: "
                    f"{done.documents} documents, {done.events} events"
                )
    return done, findings


def _status(console: Console) -> Status:
    return console.status("Looking at the first shard")


def rebuild() -> None:
    """Make every view anew from the journal; nothing else is touched, a second run changes nothing.

    The gateway may go on working meanwhile.
    """

    done = asyncio.run(_rebuilt())
    say(f"{done.documents} documents of {done.events} events folded, {done.mended} views mended.")


async def _rebuilt() -> rebuilding.Rebuilt:
    settings = quiet_settings()
    async with foundation_of(settings) as base, open_gateway(settings, base) as gateway:
        with _status(err()) as status:
            done = await rebuilding.rebuild(
                base.database,
                gateway.documents,
                lambda done: status.update(
                    f"{done.documents} documents, {done.events} events, {done.mended} mended"
                ),
            )
            status.update("what the reports know of each cart")
            await gather_all_facts(gateway)
    return done
