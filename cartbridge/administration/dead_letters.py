"""`cartbridge dead-letters`: what could not be brought out, and trying it after all."""

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer

from cartbridge.administration.choosing import (
    Limit,
    OfConnection,
    Since,
    Until,
    connection_of,
    moment,
)
from cartbridge.administration.complaints import MISUSED, CommandRefused
from cartbridge.administration.inbox import PERSONAL, ShowBody
from cartbridge.administration.session import OfTenant, for_tenant
from cartbridge.administration.showing import AsJson, say, show
from cartbridge.database.directory import Tenant
from cartbridge.database.queues import OUTGOING_PREFIX, OpenedLetter
from cartbridge.domain.ids import is_id, uuid_of
from cartbridge.services.gateway import Gateway
from cartbridge.services.name_connection import connection_names

commands = typer.Typer(no_args_is_help=True, help="Messages that were given up.")


@commands.command("list")
def list_(
    connection: OfConnection = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    tenant: OfTenant = None,
    as_json: AsJson = False,
) -> None:
    """List what was given up, oldest first, with the reason of the last try.

    \b
    Examples:
      cartbridge dead-letters list
      cartbridge dead-letters list --connection web-fr --since 3d --json
    """
    began, ended = moment("--since", since), moment("--until", until)

    async def work(gateway: Gateway, of: Tenant) -> list[tuple[Any, ...]]:
        link = await connection_of(gateway, of, connection)
        names = await connection_names(gateway, of.uuid)
        found = await gateway.queues.dead_letters(
            of.uuid, connection=link, limit=limit, since=began, until=ended
        )
        return [
            (
                *(one.id, one.kind, names.receiver(one), one.document),
                *(one.created_at, one.attempts, one.reason),
            )
            for one in found
        ]

    show(
        ("id", "kind", "connection", "document", "created_at", "attempts", "reason"),
        for_tenant(tenant, work),
        as_json=as_json,
        empty="Nothing was given up.",
    )


@commands.command("show")
def show_(
    letter: Annotated[str, typer.Argument(help="out_…, as `cartbridge dead-letters list` shows.")],
    show_body: ShowBody = False,
    tenant: OfTenant = None,
    as_json: AsJson = False,
) -> None:
    """Show one message that was given up, and why.

    \b
    Example:
      cartbridge dead-letters show out_0192…
    """
    _check(letter)

    async def work(gateway: Gateway, of: Tenant) -> tuple[OpenedLetter, str | None]:
        found = await gateway.queues.dead_letter(of.uuid, letter)
        if found is None:
            raise CommandRefused(_unknown(letter))
        names = await connection_names(gateway, of.uuid)
        return found, names.receiver(found.letter)

    opened, connection = for_tenant(tenant, work)
    told = {**asdict(opened.letter), "connection": connection}
    if show_body:
        typer.echo(PERSONAL, err=True)
        told["payload"] = opened.payload.decode("utf-8", "replace")
    if as_json:
        typer.echo(json.dumps(told, default=str, ensure_ascii=False, indent=2))
        return
    for name, value in told.items():
        say(f"{name:12} {value if value is not None else '-'}")
    say(f"{'try again':12} cartbridge dead-letters replay --id {letter}")


@commands.command()
def replay(
    id: Annotated[
        list[str] | None, typer.Option("--id", help="out_…; may be said again for more.")
    ] = None,
    connection: OfConnection = None,
    since: Since = None,
    until: Until = None,
    tenant: OfTenant = None,
    as_json: AsJson = False,
) -> None:
    """Let leave after all what was given up: by id, or all of a connection or a time.

    It goes before newer messages of its lane. Mend the reason first, or it comes back here.

    \b
    Examples:
      cartbridge dead-letters replay --id out_0192…
      cartbridge dead-letters replay --connection web-fr
    """
    began, ended = moment("--since", since), moment("--until", until)
    if bool(id) == bool(connection or since or until):
        raise CommandRefused(
            "say what to replay: letters with --id, or else --connection, --since, --until",
            MISUSED,
        )
    for letter in id or ():
        _check(letter)

    async def work(gateway: Gateway, of: Tenant) -> int:
        if id:
            return await gateway.outbox.replay(of.uuid, ids=[uuid_of(letter) for letter in id])
        link = await connection_of(gateway, of, connection)
        return await gateway.outbox.replay(of.uuid, connection=link, since=began, until=ended)

    done = for_tenant(tenant, work)
    if as_json:
        typer.echo(json.dumps({"replayed": done}))
    elif done:
        say(f"{done} messages leave again: `cartbridge outbox list` shows what waits.")
    else:
        say("No dead letter is meant by that: `cartbridge dead-letters list` shows them.")


def _check(letter: str) -> None:
    if not is_id(letter, OUTGOING_PREFIX):
        raise CommandRefused(
            f"{letter} is no dead letter's id: out_ and 32 digits, as `cartbridge dead-letters "
            "list` shows",
            MISUSED,
        )


def _unknown(letter: str) -> str:
    return f"there is no dead letter {letter}: `cartbridge dead-letters list` shows those there are"
