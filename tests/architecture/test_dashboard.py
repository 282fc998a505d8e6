"""The dashboard that is shipped shows every metric there is, and is current."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from cartbridge.metrics import GAUGES, PROCESS_GAUGES, REGISTRY

FOLDER = Path(__file__).parents[2] / "deploy" / "dashboards"


@pytest.fixture
def drawing() -> ModuleType:
    found = importlib.util.spec_from_file_location("draw", FOLDER / "draw_dashboard.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_dashboard_is_current(drawing: ModuleType) -> None:
    assert drawing.PAGE.read_text("utf-8") == drawing.dashboard(), (
        "run `python deploy/dashboards/draw_dashboard.py`"
    )


def test_the_dashboard_shows_every_metric() -> None:
    panels = json.loads((FOLDER / "cartbridge.json").read_text("utf-8"))["panels"]
    queries = " ".join(target["expr"] for panel in panels for target in panel["targets"])
    shown = {
        re.sub("_(total|count|bucket)$", "", x) for x in re.findall(r"cartbridge_\w+", queries)
    }
    known = {family.name for family in REGISTRY.collect()} | {"cartbridge_database_up"}
    known |= {f"cartbridge_{name}" for name, _ in [*GAUGES.values(), *PROCESS_GAUGES.items()]}
    assert shown == known
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(places)
