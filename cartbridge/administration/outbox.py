"""`cartbridge outbox`: what is still to go out, and stopping it for a while."""

from typing import Annotated, Any
from uuid import UUID

import typer

from cartbridge.administration.choosing import Limit, OfConnection, connection_of
from cartbridge.administration.complaints import CommandRefused
from cartbridge.administration.session import OfTenant, for_tenant
from cartbridge.administration.showing import AsJson, say, show
from cartbridge.database.circuits import Circuit
from cartbridge.database.directory import Tenant
from cartbridge.services.gateway import Gateway
from cartbridge.services.name_connection import connection_names

commands = typer.Typer(no_args_is_help=True, help="Messages that are still to go out.")
Named = Annotated[str, typer.Option("--connection", help="The connection's name.")]


@commands.command("list")
def list_(
    connection: OfConnection = None,
    limit: Limit = 50,
    tenant: OfTenant = None,
    as_json: AsJson = False,
) -> None:
    """List what waits to go out, oldest first: when it is tried next, and why it failed before.

    Connections that are left alone, because they failed again and again or because you paused
    them, are told on standard error.

    \b
    Examples:
      cartbridge outbox list
      cartbridge outbox list --connection web-fr --json
    """

    async def work(gateway: Gateway, of: Tenant) -> tuple[list[Any], list[tuple[str, Circuit]]]:
        link = await connection_of(gateway, of, connection)
        names = await connection_names(gateway, of.uuid)
        rows = [
            (
                *(w.letter.id, w.letter.kind, names.receiver(w.letter), w.letter.document),
                *(w.letter.created_at, w.letter.attempts, w.next_try, w.under_way),
                w.letter.reason,
            )
            for w in await gateway.queues.waiting(of.uuid, connection=link, limit=limit)
        ]
        wanted = {link: connection} if link is not None else names
        circuits = [
            (str(name), await gateway.circuits.read(of.uuid, known))
            for known, name in wanted.items()
        ]
        return rows, circuits

    rows, circuits = for_tenant(tenant, work)
    show(
        (
            *("id", "kind", "connection", "document", "created_at", "attempts", "next_try"),
            *("under_way", "reason"),
        ),
        rows,
        as_json=as_json,
        empty="Nothing waits to go out.",
    )
    for name, circuit in circuits:
        if circuit.state != "closed":
            typer.echo(_told(name, circuit), err=True)


def _told(name: str, circuit: Circuit) -> str:
    why = f" ({circuit.reason})" if circuit.reason else ""
    if circuit.state == "paused":
        return f"{name} is paused{why}: cartbridge outbox resume --connection {name}"
    if circuit.state == "half_open" or circuit.open_until is None:
        return f"{name} failed {circuit.failures} times in a row{why}; the next try decides"
    return (
        f"{name} failed {circuit.failures} times in a row{why}: left alone until "
        f"{circuit.open_until:%H:%M:%S} UTC; mended before? cartbridge outbox resume "
        f"--connection {name}"
    )


@commands.command()
def pause(
    connection: Named,
    reason: Annotated[str, typer.Option(help="Why, for whoever looks next.")] = "by an operator",
    tenant: OfTenant = None,
) -> None:
    """Let nothing more go out to a connection; it waits, in order, until you resume.

    What is under way just now still ends. What comes in from there is still taken.

    \b
    Example:
      cartbridge outbox pause --connection web-fr --reason "the shop is being moved"
    """

    async def work(gateway: Gateway, of: Tenant) -> None:
        link = await _named(gateway, of, connection)
        await gateway.circuits.pause(of.uuid, link, reason)

    for_tenant(tenant, work)
    say(f"Nothing goes out to {connection}: cartbridge outbox resume --connection {connection}")


@commands.command()
def resume(connection: Named, tenant: OfTenant = None) -> None:
    """Let go out again what waits for a connection, at once, its earlier failures forgotten."""

    async def work(gateway: Gateway, of: Tenant) -> None:
        link = await _named(gateway, of, connection)
        await gateway.circuits.resume(of.uuid, link)

    for_tenant(tenant, work)
    say(f"What waits for {connection} goes out again: `cartbridge outbox list` shows what is left.")


async def _named(gateway: Gateway, tenant: Tenant, name: str) -> UUID:
    found = await connection_of(gateway, tenant, name)
    if found is None:
        raise CommandRefused("name the connection: `cartbridge connection list` shows them")
    return found
