"""`python -m tests.bench`: measures, shows, and writes the report."""

import asyncio
import logging
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final
from unittest.mock import patch

import structlog
import typer
from rich.console import Console

from cartbridge.database import embedded
from tests.bench import report
from tests.bench.groups import GROUPS, measured
from tests.bench.processes import can_weigh
from tests.bench.scale import FULL, SHORT, Scale
from tests.bench.stage import Stage

ROOT: Final = Path(__file__).parents[2]
_CONNECTIONS: Final = "250"  # 128 callers and everybody else at the same time


def main(
    only: Annotated[
        str, typer.Option(help=f"Some groups, with commas: {','.join(GROUPS)}.")
    ] = ",".join(GROUPS),
    short: Annotated[
        bool, typer.Option("--short", help="A minute of everything, to try; no report is written.")
    ] = False,
    events: Annotated[int | None, typer.Option(help="Events in the big journal.", min=1000)] = None,
    hooks: Annotated[
        int | None, typer.Option(help="Webhooks after which memory is weighed.", min=1000)
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Where the databases are made: a disk with room.")
    ] = None,
) -> None:
    """Measure CartBridge against the machine and against others, side by side."""
    groups = [name for name in only.split(",") if name]
    unknown = set(groups) - set(GROUPS)
    if unknown:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: choose of {', '.join(GROUPS)}")
    if not can_weigh():
        raise typer.BadParameter("processes are weighed by /proc: run it on Linux")
    scale = SHORT if short else FULL
    scale = replace(
        scale, events_big=events or scale.events_big, hooks_many=hooks or scale.hooks_many
    )
    _quietly()
    asyncio.run(_run(groups, scale, folder))


def _quietly() -> None:
    """What goes wrong is shown; that a server was started again and again is not."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


async def _run(groups: list[str], scale: Scale, folder: Path | None) -> None:
    console = Console()
    task = asyncio.current_task()
    assert task is not None
    # Told to end, it still stops its servers and removes their data.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with _stage(scale, folder, console) as stage:
        for group in groups:
            found = await measured(group, stage)
            console.print(report.table(group, found))
            report.keep(ROOT / "var", scale, found)
    if scale.name == "full":
        page = ROOT / "docs" / "performance.md"
        report.write(ROOT / "var", page)
        console.print(f"written: {page.relative_to(ROOT)}, var/bench.json")


@asynccontextmanager
async def _stage(scale: Scale, folder: Path | None, console: Console) -> AsyncIterator[Stage]:
    """A server with the gateway's own settings, but room for as many callers as are compared."""
    home = _home(folder)
    try:
        with (
            patch.dict(embedded.SETTINGS, max_connections=_CONNECTIONS),
            console.status("starting PostgreSQL") as status,
        ):
            async with embedded.EmbeddedServer(home / "data") as server:
                yield Stage(server.dsn, home, scale, status.update)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _home(folder: Path | None) -> Path:
    home = Path(tempfile.mkdtemp(prefix="cartbridge-bench-", dir=folder))
    home.chmod(0o711)  # the server's account must be able to pass
    return home


if __name__ == "__main__":
    typer.run(main)
