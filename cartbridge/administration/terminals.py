"""`cartbridge terminal`: tills, tablets and kiosks, and how they get their key."""

from typing import Annotated, Literal

import typer

from cartbridge.administration.checking import checked
from cartbridge.administration.complaints import CommandRefused
from cartbridge.administration.session import OfTenant, for_tenant
from cartbridge.administration.showing import AsJson, say, show
from cartbridge.database.directory import Sighting, Tenant
from cartbridge.database.pairing import LIFE
from cartbridge.domain.store import Terminal
from cartbridge.services.gateway import Gateway

commands = typer.Typer(no_args_is_help=True, help="Terminals: tills, tablets and kiosks.")
Id = Annotated[str, typer.Argument(help="Short name: lower-case letters, digits, dashes.")]


@commands.command()
def add(
    id: Id,
    store: Annotated[str, typer.Option(help="The store it stands in.")],
    name: Annotated[str, typer.Option(help="What cashiers call it.")],
    kind: Annotated[Literal["till", "tablet", "kiosk"], typer.Option(help="What it is.")] = "till",
    tenant: OfTenant = None,
) -> None:
    """Add a terminal to a store.

    \b
    Example:
      cartbridge terminal add lyon-caisse-1 --store lyon-part-dieu --name "Caisse 1"
    """
    terminal = checked(Terminal, id=id, store=store, name=name, kind=kind)

    async def work(gateway: Gateway, of: Tenant) -> None:
        await gateway.directory.terminals.add(of.uuid, terminal)

    for_tenant(tenant, work)
    say(f"{id} is added. Next: cartbridge terminal pair {id}")


@commands.command("known-as")
def known_as(
    id: Id,
    connection: Annotated[str, typer.Argument(help="The name of the connection.")],
    external_id: Annotated[str, typer.Argument(help="What the till is called there.")],
    tenant: OfTenant = None,
) -> None:
    """Tell what a till is called on a connection, so that carts find their way to it there.

    \b
    Example:
      cartbridge terminal known-as lyon-caisse-1 odoo 12
    """

    async def work(gateway: Gateway, of: Tenant) -> None:
        terminal = await gateway.directory.terminals.get(of.uuid, id)
        if terminal is None:
            raise CommandRefused(f"there is no terminal {id}")
        if await gateway.connectors.by_name(of.uuid, connection) is None:
            raise CommandRefused(f"there is no connection {connection}")
        names = {**terminal.external_ids, connection: external_id}
        changed = terminal.model_copy(update={"external_ids": names})
        await gateway.directory.terminals.update(of.uuid, changed)

    for_tenant(tenant, work)
    say(f"{id} is {external_id} on {connection}.")


@commands.command("list")
def list_(
    store: Annotated[str | None, typer.Option(help="Only those of this store.")] = None,
    tenant: OfTenant = None,
    as_json: AsJson = False,
) -> None:
    """List the terminals, with when they last called and by which version."""

    async def work(gateway: Gateway, of: Tenant) -> list[Sighting]:
        return list(await gateway.directory.terminals.sightings(of.uuid, store=store))

    rows = [
        (
            *(s.terminal.id, s.terminal.store, s.terminal.name, s.terminal.kind),
            *(s.last_seen_at, s.client_version),
        )
        for s in for_tenant(tenant, work)
    ]
    show(
        ("id", "store", "name", "kind", "last_seen_at", "version"),
        rows,
        as_json=as_json,
        empty="No terminal yet: cartbridge terminal add --help",
    )


@commands.command()
def pair(id: Id, tenant: OfTenant = None) -> None:
    """Print eight digits that turn a new device into this terminal, once, within ten minutes.

    The device sends them to POST /v1/pos/pair and gets its key. Earlier keys of the terminal are
    refused from then on.

    \b
    Example:
      cartbridge terminal pair lyon-caisse-1
    """

    async def work(gateway: Gateway, of: Tenant) -> str:
        if await gateway.directory.terminals.get(of.uuid, id) is None:
            raise CommandRefused(f"there is no terminal {id}: `cartbridge terminal list` shows all")
        return await gateway.directory.pairing.make(of.uuid, id)

    code = for_tenant(tenant, work)
    say(f"{code[:4]} {code[4:]}")
    minutes = int(LIFE.total_seconds() // 60)
    typer.echo(f"Type these digits on {id} within {minutes} minutes; they work once.", err=True)


@commands.command()
def remove(id: Id, tenant: OfTenant = None) -> None:
    """Remove a terminal and refuse its keys, as when it is stolen."""

    async def work(gateway: Gateway, of: Tenant) -> int:
        revoked = await gateway.directory.keys.revoke_terminal(of.uuid, id)
        if not await gateway.directory.terminals.remove(of.uuid, id):
            raise CommandRefused(f"there is no terminal {id}")
        return revoked

    say(f"{id} is removed; keys that are refused from now on: {for_tenant(tenant, work)}.")
