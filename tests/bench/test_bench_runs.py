"""The benchmark works: its figures come in seconds, without a word about how quick it was.

One group stands for all here; `make bench BENCH=--short` tries every one.
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.bench import report
from tests.bench.goals import GOALS, Measured, names_of
from tests.bench.groups import GROUPS, measured
from tests.bench.processes import can_weigh
from tests.bench.scale import FULL, TINY
from tests.bench.stage import Stage

TRIED = ("claims",)
RIVALS = {"append_eventsourcing_ratio": "eventsourcing", "outbox_drain_ratio": "pgqueuer"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the database's account can reach."""
    folder = Path(tempfile.mkdtemp(prefix="cartbridge-bench-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.skipif(not can_weigh(), reason="processes are weighed by /proc, which Linux has")
@pytest.mark.timeout(180)
@pytest.mark.parametrize("group", TRIED)
async def test_a_group_answers_its_figures(
    server: Callable[[str], str], folder: Path, group: str
) -> None:
    told: list[str] = []
    found = await measured(group, Stage(server, folder, TINY, told.append))
    assert sorted(one.name for one in found) == sorted(names_of(group))
    assert told
    for one in found:
        absent = one.name in RIVALS and find_spec(RIVALS[one.name]) is None
        assert (one.value is None) == absent, one.note
        assert one.raw
        if one.value is not None:
            assert one.value > 0


def test_every_goal_belongs_to_a_group_that_is_measured() -> None:
    assert {goal.group for goal in GOALS} == set(GROUPS)
    assert len({goal.name for goal in GOALS}) == len(GOALS)


def test_a_limit_is_kept_up_to_itself() -> None:
    for goal in GOALS:
        limit = goal.at_most if goal.at_most is not None else goal.at_least
        assert limit is not None
        assert goal.met(limit)
        assert not goal.met(limit * 2 if goal.at_most is not None else limit / 2)


def test_the_report_names_every_figure_and_hides_no_miss(folder: Path) -> None:
    good, bad, *_ = GOALS
    assert good.at_most is not None
    assert bad.at_least is not None
    kept = [
        Measured(good.name, good.at_most, {"gateway µs": [1.0, 2.0]}),
        Measured(bad.name, bad.at_least / 2, {}, "why it was missed"),
    ]
    report.keep(folder, FULL, kept)
    page = folder / "performance.md"
    report.write(folder, page)
    text = page.read_text()
    for goal in GOALS:
        assert goal.what in text
        assert f"### {goal.name}" in text
    rows = {goal.name: next(x for x in text.splitlines() if goal.what in x) for goal in (good, bad)}
    assert rows[good.name].endswith("| met |")
    assert rows[bad.name].endswith("| **not met** |")
    assert "why it was missed" in text
    assert "[1.0, 2.0]" in text
    assert f"1 of {len(GOALS)} goals were met" in text


def test_figures_are_kept_by_name_beside_those_measured_before(folder: Path) -> None:
    first, second, *_ = GOALS
    report.keep(folder, FULL, [Measured(first.name, 1.0), Measured(second.name, 2.0)])
    report.keep(folder, FULL, [Measured(second.name, 3.0)])
    told = json.loads((folder / "bench.json").read_text())["figures"]
    assert {name: one["value"] for name, one in told.items()} == {
        first.name: 1.0,
        second.name: 3.0,
    }
