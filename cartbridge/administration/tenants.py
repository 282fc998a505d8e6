"""`cartbridge tenant`: the retailers of this installation."""

from typing import Annotated

import typer

from cartbridge.administration.complaints import CommandRefused
from cartbridge.administration.rules import OfCodes, OfPrice, rules_told
from cartbridge.administration.session import administer
from cartbridge.administration.showing import AsJson, say, show
from cartbridge.database.directory import Tenant
from cartbridge.services.gateway import Gateway

commands = typer.Typer(no_args_is_help=True, help="Retailers: everything belongs to exactly one.")


@commands.command()
def add(
    slug: Annotated[str, typer.Argument(help="Short name: lower-case letters, digits, dashes.")],
    name: Annotated[str, typer.Argument(help="The name people know.")],
    locale: Annotated[str, typer.Option(help="The language of its staff.")] = "fr-FR",
) -> None:
    """Add a retailer.

    \b
    Example:
      cartbridge tenant add maison-lumiere "Maison Lumière"
    """

    async def work(gateway: Gateway) -> Tenant:
        try:
            return await gateway.directory.tenants.add(slug, name, locale)
        except ValueError as error:
            raise CommandRefused(f"{slug}: {error}", status=2) from None

    tenant = administer(work)
    say(f"{tenant.slug} is {tenant.id}. Next: cartbridge brand add {slug} {name!r}")


@commands.command()
def policy(
    slug: Annotated[str, typer.Argument(help="The retailer's slug or id.")],
    price: OfPrice = None,
    codes: OfCodes = None,
    reserve_stock: Annotated[
        bool | None,
        typer.Option(
            "--reserve-stock/--no-reserve-stock",
            help="Keep goods in the store that a cart is sent to, where its system can.",
        ),
    ] = None,
) -> None:
    """Set the rules for all stores of a retailer that have none of their own or of their brand.

    A franchise store is not bound by them.

    \b
    Example:
      cartbridge tenant policy maison-lumiere --price lower --reserve-stock
    """
    told: dict[str, object] = {}
    if reserve_stock is not None:
        told["reserve_stock"] = reserve_stock
    if price or codes or not told:
        told |= rules_told(price, codes)

    async def work(gateway: Gateway) -> None:
        tenant = await gateway.directory.tenants.get(slug)
        if tenant is None:
            raise CommandRefused(f"there is no retailer {slug}")
        rules = await gateway.directory.rules.get(tenant.uuid)
        await gateway.directory.rules.put(tenant.uuid, rules.model_copy(update=told))

    administer(work)
    say(f"The rules of {slug} are set.")


@commands.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the retailers."""

    async def work(gateway: Gateway) -> list[Tenant]:
        return list(await gateway.directory.tenants.list())

    rows = [(t.slug, t.name, t.locale, t.id) for t in administer(work)]
    show(
        ("slug", "name", "locale", "id"),
        rows,
        as_json=as_json,
        empty="No retailer yet: cartbridge tenant add --help",
    )


@commands.command()
def remove(slug: Annotated[str, typer.Argument(help="The retailer's slug or id.")]) -> None:
    """Remove a retailer that has nothing left."""

    async def work(gateway: Gateway) -> None:
        tenant = await gateway.directory.tenants.get(slug)
        if tenant is None or not await gateway.directory.tenants.remove(tenant):
            raise CommandRefused(f"there is no retailer {slug}")

    administer(work)
    say(f"{slug} is removed.")
