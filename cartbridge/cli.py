"""The command line: run the gateway, look after its database, administer what it knows."""

import asyncio
from typing import Annotated

import typer

from cartbridge import __version__
from cartbridge.administration import (
    alarms,
    backup,
    brands,
    connections,
    connector,
    dead_letters,
    inbox,
    items,
    keys,
    outbox,
    stores,
    tenants,
    terminals,
    trying,
    upkeep,
)
from cartbridge.administration.complaints import MISUSED, WRONG, CommandRefused, Commands
from cartbridge.administration.session import read_settings
from cartbridge.administration.showing import out, say
from cartbridge.doctor import Finding, examine
from cartbridge.logs import configure_logs
from cartbridge.run import SANDBOX_URL, Wanted, run

app = typer.Typer(
    cls=Commands,
    help="CartBridge carries carts between web shops and store tills.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

Processes = Annotated[int, typer.Option(help="How many processes share the work.", min=1, max=64)]
Member = Annotated[bool, typer.Option("--member", hidden=True)]
RUNNING = "Running"
DATABASE = "Database"
RETAILER = "What the retailer has"
QUEUES = "What came in, and what goes out"
TRYING = "Trying it out"
WRITING = "Writing a connector"


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cartbridge {__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """CartBridge carries carts between web shops and store tills."""


@app.command(rich_help_panel=RUNNING)
def serve(
    demo: Annotated[
        bool, typer.Option("--demo", help="Set a demo retailer up, keys in var/demo.json.")
    ] = False,
    processes: Processes = 1,
    workers: Annotated[
        int,
        typer.Option(
            help="How many further processes run the loops alone: calls never wait for them.",
            min=0,
            max=64,
        ),
    ] = 0,
    work: Annotated[bool, typer.Option(help="Run the loops in these processes, too.")] = True,
    sandbox_url: Annotated[
        str, typer.Option(help="Where `cartbridge demo` opens its shop: this machine, a free port.")
    ] = SANDBOX_URL,
    member: Member = False,
) -> None:
    """Run the gateway: HTTP, and the loops unless --no-work.

    Without DATABASE_URL it starts a PostgreSQL of its own under ./var. Settings come from the
    environment (CARTBRIDGE_…, PORT, DATA_DIR) or the TOML file that CARTBRIDGE_CONFIG names.

    \b
    Examples:
      cartbridge serve --demo
      PORT=8081 DATA_DIR=/srv/cartbridge cartbridge serve --processes 2 --workers 2
    """
    _run(
        Wanted(
            http=True,
            work=work,
            demo=demo,
            processes=processes,
            workers=workers,
            member=member,
            sandbox_url=sandbox_url,
        )
    )


@app.command(rich_help_panel=RUNNING)
def work(processes: Processes = 1, member: Member = False) -> None:
    """Run only the loops: inbox, outbox, timeouts, reconciliation, closing time and alarms.

    \b
    Example:
      DATABASE_URL=postgresql://… cartbridge work --processes 2
    """
    _run(Wanted(http=False, processes=processes, member=member))


def _run(wanted: Wanted) -> None:
    settings = read_settings()
    if not wanted.http and settings.database_url is None:
        raise CommandRefused(
            "a worker shares its gateway's database: set DATABASE_URL to the same as there. The "
            "embedded database serves one `cartbridge serve`, which runs the loops itself",
            MISUSED,
        )
    configure_logs(settings)
    asyncio.run(run(settings, wanted))


@app.command(rich_help_panel=RUNNING)
def doctor() -> None:
    """Look at this installation and say of each part that it is well, or how to mend it.

    Settings, data folder, master key, PostgreSQL, migrations, clock, port, public URL, connectors.
    Nothing is changed. Ends with status 1 if something is to be mended.
    """
    if not asyncio.run(_examined()):
        raise typer.Exit(WRONG)
    say("All is well.")


async def _examined() -> bool:
    well = True
    async for finding in examine():
        well = well and finding.well
        _print(finding)
    return well


def _print(finding: Finding) -> None:
    mark = "[green]ok   [/]" if finding.well else "[bold red]WRONG[/]"
    out().print(f"{mark} [bold]{finding.part:20}[/]", end="", soft_wrap=True)
    say(finding.seen)
    if finding.mend is not None:
        say(f"{'':26}mend it: {finding.mend}")


app.command(rich_help_panel=DATABASE)(upkeep.migrate)
app.command(rich_help_panel=DATABASE)(upkeep.verify)
app.command(rich_help_panel=DATABASE)(upkeep.rebuild)
app.command(rich_help_panel=DATABASE)(backup.backup)
app.command(rich_help_panel=DATABASE)(backup.restore)
app.command(rich_help_panel=RUNNING)(alarms.alarms)
app.add_typer(inbox.commands, name="inbox", rich_help_panel=QUEUES)
app.add_typer(outbox.commands, name="outbox", rich_help_panel=QUEUES)
app.add_typer(dead_letters.commands, name="dead-letters", rich_help_panel=QUEUES)
app.command(rich_help_panel=TRYING)(trying.demo)
app.add_typer(trying.hooks, name="hook", rich_help_panel=TRYING)
app.add_typer(connector.commands, name="connector", rich_help_panel=WRITING)
app.add_typer(tenants.commands, name="tenant", rich_help_panel=RETAILER)
app.add_typer(brands.commands, name="brand", rich_help_panel=RETAILER)
app.add_typer(stores.commands, name="store", rich_help_panel=RETAILER)
app.add_typer(terminals.commands, name="terminal", rich_help_panel=RETAILER)
app.add_typer(connections.commands, name="connection", rich_help_panel=RETAILER)
app.add_typer(keys.commands, name="key", rich_help_panel=RETAILER)
app.add_typer(items.commands, name="items", rich_help_panel=RETAILER)


def main() -> None:
    """The `cartbridge` command."""
    app(prog_name="cartbridge")
