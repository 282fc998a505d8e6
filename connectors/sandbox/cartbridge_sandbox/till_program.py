"""`python -m cartbridge_sandbox till …`: one call of a till per command, its file kept between."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from cartbridge_sandbox.till import Queued, Refused, Step, Till, TillError, die

till = typer.Typer(no_args_is_help=True, help="A small till: each command is one call.")
Claim = Annotated[str, typer.Argument(help="the claim, clm_…")]
Lines = Annotated[str, typer.Option(help='JSON, e.g. [{"line": "lin_…", "quantity": "1"}]')]


@till.callback()
def settings(
    context: typer.Context,
    gateway_url: Annotated[
        str, typer.Option(envvar="CARTBRIDGE_GATEWAY_URL")
    ] = "http://127.0.0.1:8080",
    database: Annotated[Path, typer.Option(help="the till's file")] = Path("var/sandbox-till.db"),
    key: Annotated[str | None, typer.Option(envvar="CARTBRIDGE_TILL_KEY")] = None,
    die_after: Annotated[
        str | None, typer.Option(help="die without a last word after: saved, sent, answered")
    ] = None,
) -> None:
    """Which gateway, and which file the till remembers itself by."""

    def after(step: Step) -> None:
        if step == die_after:
            die(step)

    database.parent.mkdir(parents=True, exist_ok=True)
    context.obj = lambda: Till(gateway_url, database, key, after)


@till.command()
def pair(context: typer.Context, pairing_code: str) -> None:
    """Becomes the terminal of a pairing code."""
    _run(context, lambda till: till.pair(pairing_code))


@till.command()
def claim(
    context: typer.Context,
    code: Annotated[str | None, typer.Option(help="what was scanned")] = None,
    short_code: Annotated[str | None, typer.Option(help="the 8 digits")] = None,
    cart: Annotated[str | None, typer.Option(help="crt_…")] = None,
    take_over: Annotated[str | None, typer.Option(help="the reason")] = None,
    staff: Annotated[str | None, typer.Option()] = None,
) -> None:
    """Takes a cart."""
    _run(
        context,
        lambda till: till.claim(
            code=code, short_code=short_code, cart=cart, take_over=take_over, staff=staff
        ),
    )


@till.command()
def renew(context: typer.Context, claim: Claim) -> None:
    """Keeps the cart for another while."""
    _run(context, lambda till: till.renew(claim))


@till.command()
def hold(context: typer.Context, claim: Claim) -> None:
    """Suspends the cart until the store closes."""
    _run(context, lambda till: till.hold(claim))


@till.command()
def release(context: typer.Context, claim: Claim) -> None:
    """Puts the cart back."""
    _run(context, lambda till: till.release(claim))


@till.command()
def check(context: typer.Context, claim: Claim, lines: Lines) -> None:
    """Compares the till's own prices."""
    _run(context, lambda till: till.check(claim, json.loads(lines)))


@till.command()
def complete(context: typer.Context, claim: Claim, receipt_number: str, lines: Lines) -> None:
    """Tells what was sold."""
    _run(context, lambda till: till.complete(claim, receipt_number, json.loads(lines)))


@till.command()
def void(context: typer.Context, receipt_number: str) -> None:
    """Cancels a ticket."""
    _run(context, lambda till: till.void(receipt_number))


@till.command()
def returns(context: typer.Context, receipt_number: str, lines: Lines) -> None:
    """Tells which goods came back."""
    _run(context, lambda till: till.returns(json.loads(lines), receipt_number=receipt_number))


@till.command()
def sheet(
    context: typer.Context,
    claim: Claim,
    as_: Annotated[str, typer.Option("--as", help="page, screen, text or csv")] = "text",
) -> None:
    """Prints the claimed lines as bar codes."""
    _run(context, lambda till: till.sheet(claim, as_))


@till.command()
def begin(context: typer.Context, lines: Lines) -> None:
    """Begins a cart in the store."""
    _run(context, lambda till: till.begin_cart(json.loads(lines)))


@till.command()
def change(context: typer.Context, cart: str, changes: str) -> None:
    """Changes a cart begun in the store; the changes are JSON."""
    _run(context, lambda till: till.change_cart(cart, **json.loads(changes)))


@till.command()
def send_home(context: typer.Context, cart: str) -> None:
    """Offers the cart online."""
    _run(context, lambda till: till.send_home(cart))


@till.command()
def resume(context: typer.Context) -> None:
    """Makes the calls that were not answered yet."""

    async def again(till: Till) -> Any:
        return [
            {"path": call.path, "status": status, "answer": answer}
            for call, status, answer in await till.resume()
        ]

    _run(context, again)


@till.command("list")
def list_(context: typer.Context) -> None:
    """What the till holds, what waits for the line, and what was refused."""

    async def known(till: Till) -> Any:
        return {
            "held": till.held,
            "waiting": [call.path for call in till.waiting],
            "refused": [[call.path, problem] for call, _, problem in till.refused],
        }

    _run(context, known)


def _run(context: typer.Context, call: Callable[[Till], Awaitable[Any]]) -> None:
    async def made() -> Any:
        async with context.obj() as opened:
            return await call(opened)

    try:
        answer = asyncio.run(made())
    except Refused as refused:
        typer.echo(json.dumps(refused.problem, ensure_ascii=False), err=True)
        raise typer.Exit(1) from None
    except TillError as error:
        typer.echo(str(error.args[0]), err=True)
        raise typer.Exit(0 if isinstance(error, Queued) else 2) from None
    typer.echo(answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False))
