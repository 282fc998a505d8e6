"""The report: `var/bench.json` by name, a table on the screen, and docs/performance.md."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.table import Table

from cartbridge.database.binaries import find_binaries, program_version
from tests.bench.goals import GOALS, Goal, Measured
from tests.bench.limits import LIMITS
from tests.bench.method import METHOD
from tests.bench.scale import Scale

LIBRARIES: Final = ("aiohttp", "asyncpg", "eventsourcing", "pgqueuer")


@dataclass(frozen=True)
class Row:
    """A goal and what came of it."""

    goal: Goal
    value: float | None
    note: str
    raw: dict[str, Any]

    @property
    def shown(self) -> str:
        """The value with its unit, as precise as it deserves."""
        if self.value is None:
            return "not measured"
        digits = 0 if abs(self.value) >= 100 else 1 if abs(self.value) >= 10 else 2
        return f"{self.value:,.{digits}f} {self.goal.unit}"

    @property
    def verdict(self) -> str:
        """Met, or not: never hidden."""
        if self.value is None:
            return "**not measured**"
        return "met" if self.goal.met(self.value) else "**not met**"


def rows_of(found: Sequence[Measured]) -> list[Row]:
    """The goals that these figures answer, in the order of the table of goals."""
    by_name = {one.name: one for one in found}
    return [
        Row(goal, one.value, one.note, one.raw)
        for goal in GOALS
        if (one := by_name.get(goal.name)) is not None
    ]


def table(group: str, found: Sequence[Measured]) -> Table:
    """A group's figures for the screen."""
    shown = Table("figure", "result", "goal", "", title=group)
    for row in rows_of(found):
        colour = "green" if row.verdict == "met" else "red"
        verdict = f"[{colour}]{row.verdict.strip('*')}[/]"
        shown.add_row(row.goal.what, row.shown, f"{row.goal.limit} {row.goal.unit}", verdict)
        for name, value in row.raw.items():
            shown.add_row(f"  [dim]{name}[/]", f"[dim]{value}[/]", "", "")
        if row.note:
            shown.add_row(f"  [dim]{row.note}[/]", "", "", "")
    return shown


def keep(folder: Path, scale: Scale, found: Sequence[Measured]) -> None:
    """Put the figures, by name, beside those of groups that were measured before."""
    folder.mkdir(parents=True, exist_ok=True)
    path = _path(folder, scale.name)
    told = json.loads(path.read_text()) if path.exists() else {"figures": {}}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    for one in found:
        told["figures"][one.name] = {**asdict(one), "measured_at": now}
    told["machine"], told["scale"] = machine(), asdict(scale)
    path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def write(folder: Path, page: Path) -> None:
    """The report of everything that was measured at full scale."""
    told = json.loads(_path(folder, "full").read_text())
    figures = told["figures"]
    rows = rows_of(
        [
            Measured(
                goal.name, **{key: figures[goal.name][key] for key in ("value", "raw", "note")}
            )
            if goal.name in figures
            else Measured(goal.name, None, note="This figure was not asked for.")
            for goal in GOALS
        ]
    )
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Markdown of our own numbers
    )
    page.write_text(
        environment.get_template("performance.md.j2").render(
            machine=told["machine"],
            rows=rows,
            met=sum(row.verdict == "met" for row in rows),
            limits=LIMITS,
            method=METHOD,
        )
    )


def machine() -> dict[str, str]:
    """What it was measured on."""
    kernel = f"{platform.system()} {platform.release()} {platform.machine()}"
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processors": f"{os.cpu_count()} × {_processor()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": kernel,
        "Python": platform.python_version(),
        "PostgreSQL": f"{program_version(find_binaries())}, fsync and synchronous_commit on",
        **{name: _version(name) for name in LIBRARIES},
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _path(folder: Path, scale: str) -> Path:
    return folder / ("bench.json" if scale == "full" else f"bench-{scale}.json")
