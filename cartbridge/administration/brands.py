"""`cartbridge brand`: what the shopper knows."""

from typing import Annotated

import typer

from cartbridge.administration.checking import checked
from cartbridge.administration.complaints import CommandRefused
from cartbridge.administration.rules import OfCodes, OfPrice, rules_told
from cartbridge.administration.session import OfTenant, for_tenant
from cartbridge.administration.showing import AsJson, say, show
from cartbridge.database.directory import Tenant
from cartbridge.domain.enquiry.state import Kind
from cartbridge.domain.store import Brand
from cartbridge.services.gateway import Gateway

commands = typer.Typer(
    no_args_is_help=True, help="Brands: name, logo and legal texts the shopper knows."
)
OfHours = Annotated[
    int | None,
    typer.Option(min=1, max=24 * 31, help="Hours until an answer to such an enquiry is late."),
]
Id = Annotated[str, typer.Argument(help="Short name: lower-case letters, digits, dashes.")]


@commands.command()
def add(
    id: Id,
    name: Annotated[str, typer.Argument(help="The name on the shop front.")],
    locale: Annotated[str, typer.Option(help="The language of its pages.")] = "fr-FR",
    logo_url: Annotated[str | None, typer.Option(help="https address of the logo.")] = None,
    privacy_url: Annotated[str | None, typer.Option(help="Where the legal text is.")] = None,
    pictures_from: Annotated[
        list[str] | None,
        typer.Option(help="Origin that pictures may be loaded from; may be given several times."),
    ] = None,
    tenant: OfTenant = None,
) -> None:
    """Add a brand.

    \b
    Example:
      cartbridge brand add maison-lumiere "Maison Lumière" --pictures-from https://cdn.example.org
    """
    brand = checked(
        Brand,
        id=id,
        name=name,
        locale=locale,
        logo_url=logo_url,
        privacy_url=privacy_url,
        picture_origins=tuple(pictures_from or ()),
    )

    async def work(gateway: Gateway, of: Tenant) -> None:
        await gateway.directory.brands.add(of.uuid, brand)

    for_tenant(tenant, work)
    say(f"{id} is added. Next: cartbridge store add --help")


@commands.command()
def policy(id: Id, price: OfPrice = None, codes: OfCodes = None, tenant: OfTenant = None) -> None:
    """Set whose price wins in the brand's stores, and whether their tills honour codes.

    It holds where a store says nothing itself, and never in a franchise store.

    \b
    Example:
      cartbridge brand policy maison-lumiere --price lower --codes not_honoured
    """
    told = rules_told(price, codes)

    async def work(gateway: Gateway, of: Tenant) -> None:
        brand = await gateway.directory.brands.get(of.uuid, id)
        if brand is None:
            raise CommandRefused(f"there is no brand {id}")
        await gateway.directory.brands.update(of.uuid, brand.model_copy(update=told))

    for_tenant(tenant, work)
    say(f"The rules of {id} are set.")


@commands.command()
def answers(
    id: Id,
    information: OfHours = None,
    demonstration: OfHours = None,
    call_back: OfHours = None,
    after_sales: OfHours = None,
    tenant: OfTenant = None,
) -> None:
    """Set within how many hours customers of a brand hear from it, by what they ask.

    What is not said is as the installation has it.

    \b
    Example:
      cartbridge brand answers maison-lumiere --demonstration 8 --call-back 2
    """
    told: dict[Kind, int | None] = {
        "information": information,
        "demonstration": demonstration,
        "call_back": call_back,
        "after_sales": after_sales,
    }
    hours = {kind: number for kind, number in told.items() if number is not None}

    async def work(gateway: Gateway, of: Tenant) -> None:
        brand = await gateway.directory.brands.get(of.uuid, id)
        if brand is None:
            raise CommandRefused(f"there is no brand {id}")
        changed = brand.model_copy(update={"enquiry_hours": hours or None})
        await gateway.directory.brands.update(of.uuid, changed)

    for_tenant(tenant, work)
    say(f"How fast {id} answers is set.")


@commands.command("list")
def list_(tenant: OfTenant = None, as_json: AsJson = False) -> None:
    """List the brands."""

    async def work(gateway: Gateway, of: Tenant) -> list[Brand]:
        return list(await gateway.directory.brands.list(of.uuid))

    rows = [(b.id, b.name, b.locale, b.logo_url, b.privacy_url) for b in for_tenant(tenant, work)]
    show(
        ("id", "name", "locale", "logo_url", "privacy_url"),
        rows,
        as_json=as_json,
        empty="No brand yet: cartbridge brand add --help",
    )


@commands.command()
def remove(id: Id, tenant: OfTenant = None) -> None:
    """Remove a brand that has no store left."""

    async def work(gateway: Gateway, of: Tenant) -> None:
        if not await gateway.directory.brands.remove(of.uuid, id):
            raise CommandRefused(f"there is no brand {id}")

    for_tenant(tenant, work)
    say(f"{id} is removed.")
