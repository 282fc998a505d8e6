"""`cartbridge store`: the shops where carts are sold."""

from datetime import time
from typing import Annotated

import typer

from cartbridge.administration.checking import checked
from cartbridge.administration.complaints import CommandRefused
from cartbridge.administration.rules import OfCodes, OfPrice, rules_told
from cartbridge.administration.session import OfTenant, for_tenant
from cartbridge.administration.showing import AsJson, say, show
from cartbridge.database.directory import Tenant
from cartbridge.domain.policy import CodesRule, PriceRule
from cartbridge.domain.store import Owner, Position, PricePolicy, Store
from cartbridge.services.gateway import Gateway
from cartbridge.services.store_rules import rules_in

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
        typer.Option(help="Whose price wins; as the brand or the retailer says, if not said."),
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


@commands.command()
def policy(id: Id, price: OfPrice = None, codes: OfCodes = None, tenant: OfTenant = None) -> None:
    """Set whose price wins in a store, and whether its tills honour codes of the web.

    What a store says itself goes before its brand and the retailer. A franchise store listens to
    nobody else: as long as it says nothing, its own till's prices hold.

    \b
    Example:
      cartbridge store policy lyon-part-dieu --price captured --codes honoured
    """
    told = rules_told(price, codes)

    async def work(gateway: Gateway, of: Tenant) -> None:
        store = await gateway.directory.stores.get(of.uuid, id)
        if store is None:
            raise CommandRefused(f"there is no store {id}")
        await gateway.directory.stores.update(of.uuid, store.model_copy(update=told))

    for_tenant(tenant, work)
    say(f"The rules of {id} are set.")


@commands.command()
def place(
    id: Id,
    latitude: Annotated[float, typer.Option(help="Degrees north.")],
    longitude: Annotated[float, typer.Option(help="Degrees east.")],
    tenant: OfTenant = None,
) -> None:
    """Tell where a store is, so that the nearest one that has an article is named first.

    \b
    Example:
      cartbridge store place lyon-part-dieu --latitude 45.761 --longitude 4.856
    """
    position = checked(Position, latitude=latitude, longitude=longitude)

    async def work(gateway: Gateway, of: Tenant) -> None:
        store = await gateway.directory.stores.get(of.uuid, id)
        if store is None:
            raise CommandRefused(f"there is no store {id}")
        placed = store.model_copy(update={"position": position})
        await gateway.directory.stores.update(of.uuid, placed)

    for_tenant(tenant, work)
    say(f"{id} is at {latitude}, {longitude}.")


@commands.command("known-as")
def known_as(
    id: Id,
    connection: Annotated[str, typer.Argument(help="The name of the connection.")],
    external_id: Annotated[str, typer.Argument(help="What the store is called there.")],
    tenant: OfTenant = None,
) -> None:
    """Tell what a store is called on a connection, so that carts find their way to it there.

    Stock, prices and orders to be picked up that are told under that name are this store's.

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

    async def work(gateway: Gateway, of: Tenant) -> list[tuple[Store, PriceRule, CodesRule]]:
        stores = await gateway.directory.stores.list(of.uuid)
        return [(store, *await rules_in(gateway, of.uuid, store)) for store in stores]

    rows = [
        (
            s.id,
            s.brand,
            s.name,
            f"{s.closing_time:%H:%M} {s.time_zone}",
            f"{price.policy} ({price.policy_from})",
            f"{codes.codes or 'not said'} ({codes.codes_from})",
            s.address,
        )
        for s, price, codes in for_tenant(tenant, work)
    ]
    show(
        ("id", "brand", "name", "closes", "price", "codes", "address"),
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
