"""Writes cartbridge.json, a Grafana dashboard of every metric: `python draw_dashboard.py`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from cartbridge.metrics import GAUGES, PROCESS_GAUGES, REGISTRY

PAGE: Final = Path(__file__).with_name("cartbridge.json")
_ACROSS: Final = 3  # panels in a row
_WIDTH, _HEIGHT = 24 // _ACROSS, 8
_SOURCE: Final = {"type": "prometheus", "uid": "${source}"}
_LABELS: Final = ("outcome", "route", "by")

Panel = dict[str, Any]


def dashboard() -> str:
    """The whole dashboard, as it must stand in the repository."""
    panels = [
        {**panel, "id": number, "gridPos": _place(number)} for number, panel in enumerate(_panels())
    ]
    whole = {
        "title": "CartBridge",
        "uid": "cartbridge",
        "schemaVersion": 39,
        "tags": ["cartbridge"],
        "time": {"from": "now-3h", "to": "now"},
        "refresh": "30s",
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}]},
        "panels": panels,
    }
    return json.dumps(whole, indent=2) + "\n"


def _panels() -> Iterator[Panel]:
    # Every target tells the same of the database: the highest is the newest.
    yield _panel("Whether the database answers.", "max(cartbridge_database_up)", "", "short")
    for name, text in GAUGES.values():
        unit = "s" if name.endswith("_seconds") else "short"
        yield _panel(text, f"max(cartbridge_{name})", "", unit)
    for family in REGISTRY.collect():
        if family.type == "histogram":
            yield from _histogram(family.name, family.documentation)
        else:
            query = f"sum by (route, status) (rate({family.name}_total[5m]))"
            yield _panel(family.documentation, query, "{{route}} {{status}}", "reqps")
    for name, text in PROCESS_GAUGES.items():
        unit = "bytes" if name.endswith("_bytes") else "short"
        yield _panel(text, f"cartbridge_{name}", "{{instance}} {{process}}", unit)


def _histogram(name: str, text: str) -> Iterator[Panel]:
    label = _label_of(name)
    legend = f"{{{{{label}}}}}"
    often = f"sum by ({label}) (rate({name}_count[5m]))"
    yield _panel(f"{text} How often a second.", often, legend, "ops")
    high = f"histogram_quantile(0.99, sum by (le, {label}) (rate({name}_bucket[5m])))"
    unit = "s" if name.endswith("_seconds") else "short"
    yield _panel(f"{text} 99 of 100 are below.", high, legend, unit)


def _label_of(name: str) -> str:
    for family in REGISTRY.collect():
        for sample in family.samples if family.name == name else ():
            return next(label for label in sample.labels if label in _LABELS)
    return "route"  # told only once there was a call


def _panel(text: str, query: str, legend: str, unit: str) -> Panel:
    return {
        "type": "timeseries",
        "title": text,
        "datasource": _SOURCE,
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [{"refId": "A", "expr": query, "legendFormat": legend}],
    }


def _place(number: int) -> dict[str, int]:
    row, column = divmod(number, _ACROSS)
    return {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT}


if __name__ == "__main__":
    PAGE.write_text(dashboard(), encoding="utf-8")
