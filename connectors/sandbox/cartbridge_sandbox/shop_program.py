"""`python -m cartbridge_sandbox shop`: opens the shop until it is told to stop."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer

from cartbridge_sandbox.misbehaviour import Misbehaviour
from cartbridge_sandbox.shop import Shop, ShopSettings
from cartbridge_sandbox.visitor import Gateway


def shop(
    secret: Annotated[
        str,
        typer.Option(
            envvar="CARTBRIDGE_SANDBOX_SECRET", help="what hooks and calls are signed with"
        ),
    ],
    port: Annotated[int, typer.Option(help="0 takes a free one")] = 8090,
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    database: Annotated[Path, typer.Option(help="the shop's file")] = Path("var/sandbox-shop.db"),
    hook_url: Annotated[str | None, typer.Option(help="where hooks are posted")] = None,
    gateway_url: Annotated[str | None, typer.Option(help="for links and passes")] = None,
    connection: Annotated[str, typer.Option(help="the id of this connection there")] = "",
    shop_key: Annotated[str, typer.Option(envvar="CARTBRIDGE_SANDBOX_SHOP_KEY")] = "",
    misbehave: Annotated[str, typer.Option(help='switches as JSON, e.g. {"lose": 0.1}')] = "{}",
) -> None:
    """Opens a small real shop on one SQLite file."""
    gateway = None
    if gateway_url is not None:
        gateway = Gateway(gateway_url.rstrip("/"), connection, shop_key)
    database.parent.mkdir(parents=True, exist_ok=True)
    settings = ShopSettings(
        database=database,
        secret=secret,
        hook_url=hook_url,
        gateway=gateway,
        misbehaviour=Misbehaviour.model_validate_json(misbehave),
    )
    asyncio.run(_serve(settings, host, port))


async def _serve(settings: ShopSettings, host: str, port: int) -> None:
    opened = Shop(settings)
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    await opened.start(host, port)
    typer.echo(f"ready: the sandbox shop is open at {opened.url}/cart")
    await over.wait()
    await opened.stop()
