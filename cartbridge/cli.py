"""The command line: run the gateway, look after its database, administer what it knows."""

import asyncio
from typing import Annotated

import typer

from cartbridge.logs import configure_logs
from cartbridge.run import Wanted, run
from cartbridge.settings import Settings

app = typer.Typer(
    help="CartBridge carries carts between web shops and store tills.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Processes = Annotated[int, typer.Option(help="How many processes share the port.", min=1)]


@app.command()
def serve(
    demo: Annotated[bool, typer.Option("--demo", help="Set the demo retailer up.")] = False,
    processes: Processes = 1,
    work: Annotated[bool, typer.Option(help="Run the loops in these processes, too.")] = True,
) -> None:
    """Run the gateway: HTTP, and the loops unless --no-work."""
    settings = Settings()
    configure_logs(settings)
    asyncio.run(run(settings, Wanted(http=True, work=work, demo=demo, processes=processes)))


@app.command()
def work(processes: Processes = 1) -> None:
    """Run only the loops: inbox, outbox and timeouts."""
    settings = Settings()
    configure_logs(settings)
    asyncio.run(run(settings, Wanted(http=False, processes=processes)))


def main() -> None:
    """The `cartbridge` command."""
    app()
