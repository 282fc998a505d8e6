"""`cartbridge key`: who may call the gateway's interface."""

from typing import Annotated
from uuid import UUID

import typer

from cartbridge.administration.complaints import CommandRefused
from cartbridge.administration.session import OfTenant, for_tenant
from cartbridge.administration.showing import AsJson, say, show
from cartbridge.database.directory import ApiKey, Role, Tenant
from cartbridge.domain.ids import is_id
from cartbridge.services.gateway import Gateway

commands = typer.Typer(no_args_is_help=True, help="API keys: who may call, and as what.")


@commands.command()
def add(
    role: Annotated[Role, typer.Option(help="shop: one connection; pos: a till; ops: operators.")],
    label: Annotated[str, typer.Option(help="What it is for, so that it can be told apart.")],
    connection: Annotated[
        str | None, typer.Option(help="For shop, or a till system that names its terminals.")
    ] = None,
    terminal: Annotated[str | None, typer.Option(help="For pos: the one terminal.")] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="For ops: bodies lets it see what platforms sent; may be repeated."),
    ] = None,
    tenant: OfTenant = None,
) -> None:
    """Make a key and print it, this once: only its hash is kept.

    \b
    Examples:
      cartbridge key add --role ops --label "night report"
      cartbridge key add --role shop --label "web shop" --connection web-fr
      cartbridge key add --role pos --label "till 1" --terminal lyon-caisse-1
    """
    _check(role, connection, terminal)

    async def work(gateway: Gateway, of: Tenant) -> tuple[str, str]:
        store = None
        if terminal is not None:
            place = await gateway.directory.terminals.get(of.uuid, terminal)
            if place is None:
                raise CommandRefused(f"there is no terminal {terminal}")
            store = place.store
        link = None if connection is None else await _connection(gateway, of, connection)
        return await gateway.directory.keys.issue(
            of.uuid,
            role,
            label,
            connection=link,
            store=store,
            terminal=terminal,
            scopes=scope or (),
        )

    identifier, key = for_tenant(tenant, work)
    typer.echo(key)
    typer.echo(f"{identifier}: keep it now, it cannot be shown again.", err=True)


def _check(role: Role, connection: str | None, terminal: str | None) -> None:
    if role == "shop" and connection is None:
        raise CommandRefused("a shop's key belongs to a connection: add --connection", status=2)
    if role == "pos" and (connection is None) == (terminal is None):
        raise CommandRefused(
            "a till's key belongs to one terminal, or to a connection that names it: add "
            "--terminal or --connection",
            status=2,
        )
    if role == "ops" and (connection or terminal):
        raise CommandRefused("an operator's key belongs to neither: leave them out", status=2)


async def _connection(gateway: Gateway, tenant: Tenant, name: str) -> UUID:
    link = await gateway.connectors.by_name(tenant.uuid, name)
    if link is None:
        raise CommandRefused(f"there is no connection {name}: `cartbridge connection list`")
    return link.uuid


@commands.command("list")
def list_(tenant: OfTenant = None, as_json: AsJson = False) -> None:
    """List the keys, never what they are."""

    async def work(gateway: Gateway, of: Tenant) -> list[ApiKey]:
        return list(await gateway.directory.keys.list(of.uuid))

    rows = [
        (k.id, k.role, k.label, k.terminal, k.scopes, k.created_at, k.last_used_at, k.revoked_at)
        for k in for_tenant(tenant, work)
    ]
    show(
        ("id", "role", "label", "terminal", "scopes", "created_at", "last_used_at", "revoked_at"),
        rows,
        as_json=as_json,
        empty="No key yet: cartbridge key add --help",
    )


@commands.command()
def revoke(
    id: Annotated[str, typer.Argument(help="key_…, as `cartbridge key list` shows it.")],
    tenant: OfTenant = None,
) -> None:
    """Refuse a key from now on; every gateway knows within five seconds."""
    if not is_id(id, "key"):
        raise CommandRefused(
            "name the key by its id, key_…, never by itself: `cartbridge key list`", status=2
        )

    async def work(gateway: Gateway, of: Tenant) -> None:
        if not await gateway.directory.keys.revoke(of.uuid, id):
            raise CommandRefused(f"there is no key {id}, or it was revoked before")

    for_tenant(tenant, work)
    say(f"{id} is refused from now on.")
