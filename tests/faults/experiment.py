"""What an experiment counts: one line while it runs, one table of all of them at the end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

Either = TypeVar("Either")

COUNTED: Final = ("sent", "acknowledged", "stored", "applied", "lost", "doubled")
_HAVE_TO_HAPPEN: Final = COUNTED[:4]  # a nought among these was not counted in this experiment
_NAME_WIDTH: Final = 52


@dataclass
class Counts:
    """What was done to the gateway, what it promised, and what is there.

    A control does the same the naive way: its counting must find damage.
    """

    name: str
    seed: int | None = None
    control: bool = False
    sent: int = 0
    acknowledged: int = 0
    stored: int = 0
    applied: int = 0
    lost: int = 0
    doubled: int = 0
    extra: dict[str, int | float | str] = field(default_factory=dict)

    @property
    def held(self) -> bool:
        """Something was acknowledged; none of it is lost, and nothing took effect twice."""
        return self.acknowledged > 0 and self.lost == 0 and self.doubled == 0

    def cells(self) -> list[str]:
        """The row of a table: what it is, its seed, the counts, and whatever else was seen."""
        counted = [(name, getattr(self, name)) for name in COUNTED]
        return [
            f"control: {self.name}" if self.control else self.name,
            "-" if self.seed is None else str(self.seed),
            *(
                "-" if not value and name in _HAVE_TO_HAPPEN else str(value)
                for name, value in counted
            ),
            ", ".join(f"{name} {_short(value)}" for name, value in self.extra.items()),
        ]

    def __str__(self) -> str:
        name, seed, *counted, extra = self.cells()
        told = (f"{what} {count:<6}" for what, count in zip(COUNTED, counted, strict=True))
        return f"{name:<{_NAME_WIDTH}} seed {seed:<6} {' '.join(told)} {extra}".rstrip()


Experiment = Callable[..., Counts]  # (name, seed=None, control=False), shown when the test ends


@dataclass(frozen=True)
class Span:
    """How long or how often damage is done: short in CI, long with `--long`."""

    long: bool

    def __call__(self, short: Either, long: Either) -> Either:
        """The one of the two that this run asks for."""
        return long if self.long else short


def table(rows: Sequence[Counts]) -> list[str]:
    """Every experiment of a run under one heading, the controls beside what they control."""
    heading = ["experiment", "seed", *COUNTED, "also"]
    cells = [heading, *(row.cells() for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heading))]
    last = len(heading) - 1
    return [
        "  ".join(
            cell.ljust(width) if column in (0, last) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def _short(value: float | str) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
