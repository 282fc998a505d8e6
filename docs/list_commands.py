"""Writes docs/commands.md from the command line itself: `python docs/list_commands.py`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer

from cartbridge.cli import app

PAGE: Final = Path(__file__).with_name("commands.md")
HEAD: Final = """# Commands

Written by `python docs/list_commands.py` from the commands themselves; a test keeps this page
current. `cartbridge COMMAND --help` says the same. A command ends with status 0 if all went well,
1 if it could not be done as things are, 2 if it must be asked differently; a complaint always says
what to do next, on standard error.
"""


def page() -> str:
    """The whole page, as it must stand in the repository."""
    program = typer.main.get_command(app)
    return "\n".join([HEAD, *(_section(path, command) for path, command in _leaves(program))])


def _leaves(command: Any, path: str = "cartbridge") -> Iterator[tuple[str, Any]]:
    for name, inner in getattr(command, "commands", {}).items():
        yield from _leaves(inner, f"{path} {name}")
    if not hasattr(command, "commands"):
        yield path, command


def _section(path: str, command: Any) -> str:
    shown = [one for one in command.params if not getattr(one, "hidden", False)]
    arguments = "".join(f" {_name(one)}" for one in shown if one.param_type_name == "argument")
    parts = [f"## `{path}{arguments}`\n", *(_paragraph(p) for p in command.help.split("\n\n"))]
    options = [_row(one) for one in shown if one.name != "help"]
    if options:
        parts.append("\n".join(["| | |", "|---|---|", *options]) + "\n")
    return "\n".join(parts)


def _paragraph(text: str) -> str:
    if not text.startswith("\b"):
        return " ".join(text.split()) + "\n"
    title, *examples = text.removeprefix("\b\n").rstrip().splitlines()
    return "\n".join(
        [f"{title}\n", "```sh", *(one.removeprefix("  ") for one in examples), "```\n"]
    )


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.name).upper()
    return ", ".join([*parameter.opts, *parameter.secondary_opts])


def _row(parameter: Any) -> str:
    needed = " Required." if parameter.required and parameter.param_type_name == "option" else ""
    return f"| `{_name(parameter)}` | {parameter.help or ''}{needed} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
