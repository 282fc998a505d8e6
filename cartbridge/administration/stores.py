"""`cartbridge store`: the shops where carts are sold."""

from datetime import time
from typing import Annotated

import typer

from cartbridge.administration.checking import checked
from cartbridge.administration.complaints import CommandRefused
from cartbridge.administration.session import OfTenant, for_tenant
from cartbridge.administration.showing import AsJson, say, show
from cartbridge.database.directory import Tenant
from cartbridge.domain.store import Owner, PricePolicy, Store
from cartbridge.services.gateway import Gateway

commands = typer.Typer(no_args_is_help=True, help="Stores: where carts are sold.")
Id = Annotated[str, typer.Argument(help="Short name: lower-case letters, digits, dashes.")]


@commands.command()
def add(
    id: Id,
    name: Annotated[str, typer.Argument(help="The name cashiers and shoppers read.")],
    brand: Annotated[str, typer.Option(help="The brand it belongs to.")],
    address: Annotated[str | None, typer.Option(help="Street, postcode, town.")] = None,
    country: Annotated[str, typer.Option(help="Two letters.")] = "FR",
    currency: Annotated[str, typer.Option(help="Three letters, ISO 4217.")] = "EUR",
    time_zone: Annotated[str, typer.Option(help="Such as Europe/Paris.")] = "Europe/Paris",
    closing_time: Annotated[
        str, typer.Option(help="When the tills close, HH:MM; open claims are released then.")
    ] = "20:00",
    owner: Annotated[Owner, typer.Option(help="Whose store it is.")] = "own",
    price_list: Annotated[str | None, typer.Option(help="Its list in the item file.")] = None,
    policy: Annotated[
        PricePolicy | None,
        typer.Option(help="Whose price wins; lower, or till for a franchise, if not said."),
    ] = None,
    tenant: OfTenant = None,
) -> None:
    """Add a store.

    \b
    Example:
      cartbridge store add lyon-part-dieu "Lyon Part-Dieu" --brand maison-lumiere
    """
    store = checked(
        Store,
        id=id,
        brand=brand,
        name=name,
        address=address,
        country=country,
        currency=currency,
        time_zone=time_zone,
        closing_time=_closing(closing_time),
        owner=owner,
        price_list=price_list,
        policy=policy,
    )

    async def work(gateway: Gateway, of: Tenant) -> None:
        await gateway.directory.stores.add(of.uuid, store)

    for_tenant(tenant, work)
    say(f"{id} is added. Next: cartbridge terminal add --help")


def _closing(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise CommandRefused(f"--closing-time {text}: write it as 20:00", status=2) from None


@commands.command("known-as")
def known_as(
    id: Id,
    connection: Annotated[str, typer.Argument(help="The name of the connection.")],
    external_id: Annotated[str, typer.Argument(help="What the store is called there.")],
    tenant: OfTenant = None,
) -> None:
    """Tell what a store is called on a connection, so that carts find their way to it there.

    \b
    Example:
      cartbridge store known-as lyon-part-dieu odoo 3
    """

    async def work(gateway: Gateway, of: Tenant) -> None:
        store = await gateway.directory.stores.get(of.uuid, id)
        if store is None:
            raise CommandRefused(f"there is no store {id}")
        if await gateway.connectors.by_name(of.uuid, connection) is None:
            raise CommandRefused(f"there is no connection {connection}")
        names = {**store.external_ids, connection: external_id}
        changed = store.model_copy(update={"external_ids": names})
        await gateway.directory.stores.update(of.uuid, changed)

    for_tenant(tenant, work)
    say(f"{id} is {external_id} on {connection}.")


@commands.command("list")
def list_(tenant: OfTenant = None, as_json: AsJson = False) -> None:
    """List the stores."""

    async def work(gateway: Gateway, of: Tenant) -> list[Store]:
        return list(await gateway.directory.stores.list(of.uuid))

    rows = [
        (s.id, s.brand, s.name, f"{s.closing_time:%H:%M} {s.time_zone}", s.price_policy, s.address)
        for s in for_tenant(tenant, work)
    ]
    show(
        ("id", "brand", "name", "closes", "price", "address"),
        rows,
        as_json=as_json,
        empty="No store yet: cartbridge store add --help",
    )


@commands.command()
def remove(id: Id, tenant: OfTenant = None) -> None:
    """Remove a store that has no terminal left."""

    async def work(gateway: Gateway, of: Tenant) -> None:
        if not await gateway.directory.stores.remove(of.uuid, id):
            raise CommandRefused(f"there is no store {id}")

    for_tenant(tenant, work)
    say(f"{id} is removed.")
