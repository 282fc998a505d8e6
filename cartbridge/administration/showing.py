"""What commands print: tables that fit a screen, or JSON for scripts."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

_PIPE_WIDTH: Final = 400  # a script reads whole ids, however narrow nothing is
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def out() -> Console:
    """Where answers go."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)


def err() -> Console:
    """Where complaints and progress go, so that a script's answer stays clean."""
    return Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else _PIPE_WIDTH)


def say(text: str) -> None:
    """Print one line as it is."""
    out().print(escape(text), soft_wrap=True)


def show(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, as_json: bool, empty: str
) -> None:
    """Print rows under their columns; `empty` says what to do when there are none."""
    listed = list(rows)
    if as_json:
        found = [dict(zip(columns, map(_plain, row), strict=True)) for row in listed]
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    if not listed:
        say(empty)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in listed:
        table.add_row(*(escape(_words(cell)) for cell in row))
    out().print(table)


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return cell.isoformat()
    return sorted(cell) if isinstance(cell, frozenset) else cell


def _words(cell: Any) -> str:
    if cell is None or cell == "":
        return "-"
    if isinstance(cell, datetime):
        return f"{cell.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if isinstance(cell, frozenset):
        return ", ".join(sorted(cell)) or "-"
    return str(cell)
