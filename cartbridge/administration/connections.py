"""`cartbridge connection`: the configured instances of connectors, and their hooks."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Final, get_args, get_origin

import typer
from pydantic import BaseModel

from cartbridge.administration.asking import new_secret, secret_named
from cartbridge.administration.complaints import MISUSED, CommandRefused
from cartbridge.administration.session import OfTenant, administer, for_tenant
from cartbridge.administration.showing import AsJson, say, show
from cartbridge.database.directory import Connection, ConnectionState, Tenant
from cartbridge.domain.cart.state import Channel
from cartbridge.services.add_connection import add_connection, secret_names
from cartbridge.services.gateway import Gateway

commands = typer.Typer(no_args_is_help=True, help="Connections: one configured platform each.")
_ORIGIN: Final = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")
Slug = Annotated[str, typer.Argument(help="The connection's name, such as web-fr.")]


@commands.command()
def add(
    slug: Slug,
    connector: Annotated[str, typer.Option(help="As `cartbridge connection connectors` lists.")],
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="key=value; say it again for more, or for a list."),
    ] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(help="The name of a secret setting; the secret itself is asked for."),
    ] = None,
    generate: Annotated[
        list[str] | None,
        typer.Option(help="The name of a secret setting to make up; it is printed once."),
    ] = None,
    brand: Annotated[str | None, typer.Option(help="The brand it belongs to.")] = None,
    channel: Annotated[Channel, typer.Option(help="Where its shoppers are.")] = "web",
    tenant: OfTenant = None,
) -> None:
    """Add a connection and print its hook.

    Secrets never stand on the command line, where the shell's history and the list of processes
    show them: name the setting with --secret, and give the secret itself through the environment
    (CARTBRIDGE_SECRET_WEBHOOK_SECRETS), through a pipe, one line each, or at the hidden prompt.

    \b
    Examples:
      cartbridge connection add web-fr --connector standard --generate webhook_secrets
      cartbridge connection add web-fr --connector standard --secret webhook_secrets < secret.txt
      cartbridge connection add web-fr --connector standard --generate webhook_secrets \\
        --set write_url=https://shop.example/cartbridge --set read_url=https://shop.example/cart
    """
    made: dict[str, str] = {}

    async def work(gateway: Gateway, of: Tenant) -> tuple[Connection, str]:
        model = gateway.connectors.connector(connector).manifest.settings
        hidden = secret_names(model)
        given = _pairs(setting or (), hidden)
        given += [(name, secret_named(_known(name, hidden))) for name in secret or ()]
        made.update((_known(name, hidden), new_secret()) for name in generate or ())
        settings = _settings(model, [*given, *made.items()])
        added = await add_connection(
            gateway, of.uuid, slug, connector, settings, brand=brand, channel=channel
        )
        return added, gateway.public_url

    added, url = for_tenant(tenant, work)
    say(f"{slug} is {added.id}. Its platform calls:")
    say(f"{url}/v1/hooks/{added.hook}")
    for name, value in made.items():
        say(f"{name}, shown this once: {value}")


def _pairs(settings: Iterable[str], hidden: frozenset[str]) -> list[tuple[str, str]]:
    pairs = []
    for one in settings:
        name, equals, value = one.partition("=")
        if not equals:
            raise CommandRefused(f"--set {one}: write it as key=value", MISUSED)
        if name in hidden:
            raise CommandRefused(
                f"{name} is a secret, and a command line is no place for it (change it now, if it "
                f"is real): use --secret {name} and you are asked for it",
                MISUSED,
            )
        pairs.append((name, value))
    return pairs


def _known(name: str, hidden: frozenset[str]) -> str:
    if name not in hidden:
        known = ", ".join(sorted(hidden)) or "none"
        raise CommandRefused(f"{name} is no secret setting here; there are: {known}", MISUSED)
    return name


def _settings(model: type[BaseModel], pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Values by name; what the connector wants as a list is one, even of one value."""
    settings: dict[str, Any] = {}
    for name, value in pairs:
        field = model.model_fields.get(name)
        if field is not None and _is_list(field.annotation):
            settings.setdefault(name, []).append(value)
        elif name in settings:
            raise CommandRefused(f"{name} is given twice, and is no list", MISUSED)
        else:
            settings[name] = value
    return settings


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) in (list, tuple) or any(map(_is_list, get_args(annotation)))


@commands.command("list")
def list_(tenant: OfTenant = None, as_json: AsJson = False) -> None:
    """List the connections with their hooks. A hook is a secret address: do not publish it."""

    async def work(gateway: Gateway, of: Tenant) -> list[tuple[Any, ...]]:
        found = await gateway.directory.connections.list(of.uuid)
        return [
            (
                *(c.slug, c.connector, c.state, c.channel, c.brand, c.last_heard_at, c.id),
                f"{gateway.public_url}/v1/hooks/{c.hook}",
            )
            for c in found
        ]

    show(
        ("slug", "connector", "state", "channel", "brand", "last_heard_at", "id", "hook_url"),
        for_tenant(tenant, work),
        as_json=as_json,
        empty="No connection yet: cartbridge connection add --help",
    )


@commands.command()
def connectors(as_json: AsJson = False) -> None:
    """List the connectors that are installed, and the settings each one asks for."""

    async def work(gateway: Gateway) -> list[tuple[Any, ...]]:
        manifests = [gateway.connectors.connector(n).manifest for n in gateway.connectors.names]
        return [(m.name, m.title, _asks(m.settings), m.versions) for m in manifests]

    show(
        ("name", "title", "settings", "versions"),
        administer(work),
        as_json=as_json,
        empty="No connector is installed: `make run` installs those of this checkout",
    )


def _asks(model: type[BaseModel]) -> str:
    hidden = secret_names(model)
    names = []
    for name, field in model.model_fields.items():
        mark = "!" if field.is_required() else ""
        names.append(f"{name}{mark}{' (secret)' if name in hidden else ''}")
    return ", ".join(names)


@commands.command()
def pause(slug: Slug, tenant: OfTenant = None) -> None:
    """Stop writing to a platform; writes wait, and what it sends is still taken in."""
    _set_state(slug, "paused", tenant)


@commands.command()
def resume(slug: Slug, tenant: OfTenant = None) -> None:
    """Go on with a paused connection."""
    _set_state(slug, "active", tenant)


def _set_state(slug: str, state: ConnectionState, tenant: str | None) -> None:
    async def work(gateway: Gateway, of: Tenant) -> None:
        found = await _found(gateway, of, slug)
        await gateway.directory.connections.update(of.uuid, found.id, state=state)

    for_tenant(tenant, work)
    say(f"{slug} is {state}.")


@commands.command()
def silence(
    slug: Slug,
    hours: Annotated[
        int | None,
        typer.Option(help="0 for a connection that may always be silent.", min=0, max=24 * 365),
    ] = None,
    tenant: OfTenant = None,
) -> None:
    """Say for how long a connection may be silent before an alarm tells; without --hours, as all.

    \b
    Examples:
      cartbridge connection silence web-fr --hours 2
      cartbridge connection silence web-fr
    """

    async def work(gateway: Gateway, of: Tenant) -> None:
        found = await _found(gateway, of, slug)
        await gateway.directory.connections.may_be_silent(of.uuid, found.id, hours)

    for_tenant(tenant, work)
    if hours is None:
        say(f"{slug} may be silent as long as any connection (CARTBRIDGE_SILENT_AFTER_HOURS).")
    else:
        say(f"{slug} may be silent for {hours} hours." if hours else f"{slug} may be silent.")


@commands.command()
def browse(
    slug: Slug,
    origin: Annotated[
        list[str] | None,
        typer.Option(help="https://host of pages that may tell; say it again for more."),
    ] = None,
    tenant: OfTenant = None,
) -> None:
    """Let the pages of a shop tell what is looked at (/browse.js); without --origin nobody's may.

    Prints the tag for these pages. What they tell is kept only of visitors who agreed to it.

    \b
    Examples:
      cartbridge connection browse web-fr --origin https://www.maison-lumiere.example
      cartbridge connection browse web-fr
    """
    origins = [one.lower().rstrip("/") for one in origin or ()]
    for one in origins:
        if not _ORIGIN.fullmatch(one):
            raise CommandRefused(
                f"{one} is no origin: write it as https://host, without a path", MISUSED
            )

    async def work(gateway: Gateway, of: Tenant) -> tuple[str, str]:
        found = await _found(gateway, of, slug)
        await gateway.directory.connections.let_browse(of.uuid, found.id, origins)
        return gateway.public_url, found.browse_id

    url, name = for_tenant(tenant, work)
    if not origins:
        say(f"No page may tell what is looked at on {slug}.")
        return
    say(f"Pages of {', '.join(origins)} may tell what is looked at on {slug}:")
    say(f'<script src="{url}/browse.js" data-connection="{name}"></script>')


@commands.command()
def remove(slug: Slug, tenant: OfTenant = None) -> None:
    """Remove a connection and its hook; what came in by it stays."""

    async def work(gateway: Gateway, of: Tenant) -> None:
        found = await _found(gateway, of, slug)
        await gateway.directory.connections.remove(of.uuid, found.id)

    for_tenant(tenant, work)
    say(f"{slug} is removed; its platform now gets 401.")


async def _found(gateway: Gateway, tenant: Tenant, slug: str) -> Connection:
    found = await gateway.directory.connections.get_by_slug(tenant.uuid, slug)
    if found is None:
        raise CommandRefused(f"there is no connection {slug}: `cartbridge connection list`")
    return found
