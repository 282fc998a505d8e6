"""For whoever tries the gateway out: `demo` plays a story, `hook send` signs and posts a body."""

import json
import sys
import uuid
from datetime import UTC, datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
import typer

from cartbridge.administration.complaints import MISUSED, WRONG, CommandRefused
from cartbridge.administration.session import quiet_settings
from cartbridge.administration.showing import say
from cartbridge.sdk.webhook import sign

DEMO_GROUP = "cartbridge.demo"
hooks = typer.Typer(no_args_is_help=True, help="Hooks: send one as a platform would.")


def demo(
    lang: Annotated[Literal["fr", "en"], typer.Option(help="The language of the story.")] = "en",
    pause: Annotated[bool, typer.Option(help="Wait for a key after each step.")] = False,
) -> None:
    """Play the story of a shopper and two tills against the gateway that `make run` started.

    Every call is shown with what came back: carts, a wish list, a quote, a demonstration, a
    reservation, a report. It needs the sandbox connector, and port 8090 for its shop.

    \b
    Examples:
      cartbridge demo
      cartbridge demo --lang fr --pause
    """
    told = demo_file()
    _answers(told["base_url"])
    tellers = list(entry_points(group=DEMO_GROUP))
    if not tellers:
        raise CommandRefused(
            "the sandbox connector tells the story, and it is not installed: `make run` installs it"
        )
    tell = tellers[0].load()
    if not tell(told, quiet_settings().data_dir, lang, pause):
        raise typer.Exit(WRONG)


@hooks.command()
def send(
    file: Annotated[Path, typer.Argument(help="The body, a JSON file; - reads it from a pipe.")],
    connection: Annotated[
        str, typer.Option(help="A connection of var/demo.json that speaks the canonical webhook.")
    ] = "demo-shop",
    message_id: Annotated[
        str | None, typer.Option(help="To send one message twice; a new one if not said.")
    ] = None,
) -> None:
    """Sign a body as the canonical webhook wants it, and post it to a demo connection's hook.

    \b
    Example:
      cartbridge hook send --connection demo-shop cart.json
    """
    known = demo_file()["connections"]
    if connection not in known:
        raise CommandRefused(f"there is no {connection} in demo.json; there are {', '.join(known)}")
    place: dict[str, str] = known[connection]
    body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    try:
        headers = sign(
            place["webhook_secret"], message_id or f"msg_{uuid.uuid4().hex}", _now(), body
        )
    except ValueError:
        raise CommandRefused(
            f"{connection} does not speak the canonical webhook", MISUSED
        ) from None
    response = _post(place["hook_url"], body, headers)
    say(f"{response.status_code} {response.text}")
    if not response.is_success:
        raise typer.Exit(WRONG)


def _post(url: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
    headers = {"content-type": "application/json", **headers}
    try:
        return httpx.post(url, content=body, headers=headers, timeout=10, trust_env=False)
    except httpx.HTTPError:
        raise _no_gateway(url) from None


def _answers(base_url: str) -> None:
    try:
        httpx.get(f"{base_url}/readyz", timeout=5, trust_env=False).raise_for_status()
    except httpx.HTTPError:
        raise _no_gateway(base_url) from None


def _no_gateway(url: str) -> CommandRefused:
    place = str(httpx.URL(url).copy_with(raw_path=b"/")).rstrip("/")
    return CommandRefused(f"no gateway answers at {place}: start it with `make run`")


def demo_file() -> dict[str, Any]:
    """What `serve --demo` left for scripts."""
    path = quiet_settings().data_dir / "demo.json"
    if not path.exists():
        raise CommandRefused(
            f"{path} is not there: start the gateway with `make run`, or name its folder with "
            "DATA_DIR"
        )
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told


def _now() -> datetime:
    return datetime.now(UTC)
