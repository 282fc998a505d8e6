"""`connector new`: begins a connector, with everything that a good one has."""

import re
import uuid
from importlib.metadata import entry_points
from pathlib import Path
from shutil import rmtree
from typing import Annotated, Final

import typer

from cartbridge.administration.complaints import MISUSED, CommandRefused
from cartbridge.administration.showing import say
from cartbridge.scaffold.distribution import Kind, class_name, distribution
from cartbridge.sdk import contract, documents, errors, observations
from cartbridge.services.connectors import GROUP

_NAME: Final = re.compile(r"[a-z][a-z0-9]{1,15}", re.ASCII)
# The connector's class is called after it, and its modules import these.
_USED: Final = frozenset(
    {"Settings", "Fake", "Platform", "Path", "Wire"}.union(
        *(vars(module) for module in (contract, documents, errors, observations))
    )
)


def new(
    name: Annotated[
        str, typer.Argument(help="The platform's name: lower-case letters and digits.")
    ],
    kind: Annotated[
        Kind, typer.Option(help="shop: its carts are carried; pos: carts are put on its tills.")
    ],
    into: Annotated[
        Path | None,
        typer.Option(help="A folder that is empty, or not there yet; connector-NAME if not said."),
    ] = None,
) -> None:
    """Write a connector that works, for a platform that is invented, to be made a real one.

    It is a whole distribution: pyproject.toml, README, quality.toml, connector, payload models,
    translation, recorded payloads, a fake of the platform, tests that pass.

    \b
    Examples:
      cartbridge connector new acme --kind shop
      cartbridge connector new acme --kind pos --into ~/src/connector-acme
    """
    _check(name)
    folder = into or Path(f"connector-{name}")
    _check_folder(folder)
    _write(folder, distribution(name, kind))
    say(f"{folder} holds a connector that works, for a platform that is invented. Next:")
    say(f"cartbridge connector replay {folder} {folder}/tests/payloads/*.json")
    say(f"cartbridge connector check {folder}")


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise CommandRefused(
            f"{name}: a name is 2 to 16 lower-case letters and digits, and begins with a letter",
            MISUSED,
        )
    if class_name(name) in _USED:
        raise CommandRefused(
            f"{name}: its class would be called {class_name(name)}, as a part of the development "
            "kit is: take another name",
            MISUSED,
        )
    if name in entry_points(group=GROUP).names:
        raise CommandRefused(f"a connector {name} is installed already: take another name")


def _check_folder(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CommandRefused(f"{folder} is there and not empty: name another folder with --into")
    if not folder.absolute().parent.is_dir():
        raise CommandRefused(f"{folder.parent} is no folder: make it first", MISUSED)


def _write(folder: Path, files: dict[str, str]) -> None:
    """All of the files, or none: they are written beside the folder, which then takes its name."""
    beside = folder.absolute().with_name(f".{folder.name}-{uuid.uuid4().hex[:8]}")
    try:
        for path, text in files.items():
            file = beside / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        beside.replace(folder)
    except BaseException:
        rmtree(beside, ignore_errors=True)
        raise
