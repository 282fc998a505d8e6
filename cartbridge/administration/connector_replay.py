"""`connector replay`: recorded hooks run through a connector, and what it makes of them."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from cartbridge.administration.choosing import moment
from cartbridge.administration.complaints import WRONG
from cartbridge.administration.connector_loading import load, settings_of
from cartbridge.administration.connector_recordings import recording
from cartbridge.administration.connector_replaying import keep, replayed
from cartbridge.administration.showing import AsJson, out, say


def replay(
    connector: Annotated[
        str, typer.Argument(help="A connector's folder, or the name of an installed one.")
    ],
    files: Annotated[
        list[Path],
        typer.Argument(help="Recorded hooks: payload files, captures, raw bodies."),
    ],
    settings: Annotated[
        Path | None,
        typer.Option(help="The connection's settings, JSON; tests/settings.json if not said."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="When the hooks came, for signatures that age: 2026-11-20T10:00Z."),
    ] = None,
    write: Annotated[
        bool,
        typer.Option("--write", help="Keep what is shown in the payload files, as expected."),
    ] = False,
    into: Annotated[
        Path | None,
        typer.Option(help="Make a payload file of each hook in this folder, as expected."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run recorded hooks through a connector: documents, observations, mapping report.

    A file is a payload file ({"body": …, "headers": …}), a capture ({"request": {…}}), or the raw
    body, its headers in a file of the same name that ends in .headers. Nothing is called, and
    nothing is stored but by --write and --into. Ends with status 1 if a hook was forged, or could
    not be read.

    \b
    Examples:
      cartbridge connector replay ./connector-acme connector-acme/tests/payloads/*.json
      cartbridge connector replay standard hook.json --settings settings.json --json
      cartbridge connector replay ./connector-acme hook.json --into connector-acme/tests/payloads
    """
    loaded = load(connector)
    model, came = settings_of(loaded, settings), moment("--at", at)
    told = []
    for one in map(recording, files):
        shown = replayed(loaded.connector, model, one, came)
        told.append(keep(one, shown, into) if write or into is not None else shown)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        for shown in told:
            _print(shown)
    if any(shown["error"] or shown["signature"].startswith("forged") for shown in told):
        raise typer.Exit(WRONG)


def _print(shown: dict[str, Any]) -> None:
    """One hook: what it is and whether it is believed, then the three parts side by side."""
    console = out()
    colour = "red" if shown["signature"].startswith("forged") else "green"
    console.print(f"[bold]{escape(shown['file'])}[/]", soft_wrap=True)
    console.print(f"signature: [{colour}]{escape(shown['signature'])}[/]", soft_wrap=True)
    if shown["answered"] is not None:
        say(f"answered: {shown['answered']}\n")
        return
    if shown["error"] is not None:
        console.print(f"[bold red]{escape(shown['error'])}[/]\n", soft_wrap=True)
        return
    table = Table(show_lines=True, header_style="bold")
    for column in ("documents named", "observations", "mapping report"):
        table.add_column(column, overflow="fold")
    table.add_row(
        escape("\n".join(f"{one['kind']} {one['external_id']}" for one in shown["named"])),
        escape("\n".join(_lines(shown["observations"])) or "nothing seen"),
        escape("\n".join(map(_lost, shown["report"])) or "nothing lost"),
    )
    console.print(table)
    say(f"{_EXPECTED[shown['expected']]}\n")


_EXPECTED = {
    None: "Nothing is expected of this file yet: --write keeps what is shown.",
    True: "This is what the payload file expects.",
    False: "This is NOT what the payload file expects: mend the connector, or --write.",
}


def _lines(value: Any) -> list[str]:
    """An observation as indented lines, easier to read in a narrow column than JSON."""
    if isinstance(value, dict):
        return [line for name, part in value.items() for line in _member(name, part)]
    if isinstance(value, list):
        return [line for part in value for line in _listed(_lines(part))]
    return [str(value)]


def _member(name: str, part: Any) -> list[str]:
    if isinstance(part, dict | list):
        return [f"{name}:", *(f"  {line}" for line in _lines(part))]
    return [f"{name}: {part}"]


def _listed(lines: list[str]) -> list[str]:
    return [f"{'  ' if number else '- '}{line}" for number, line in enumerate(lines)]


def _lost(lost: dict[str, str]) -> str:
    return f"{lost['field']} {lost['what']}: {lost['why']}"
