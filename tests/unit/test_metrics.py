"""Counting: nothing is lost between what happened and what is told."""

import asyncio
import re
from pathlib import Path
from time import perf_counter

from prometheus_client import CollectorRegistry

from cartbridge import metrics
from cartbridge.metrics import Amounts, Tally

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def amounts() -> tuple[CollectorRegistry, Amounts]:
    registry = CollectorRegistry()
    return registry, Amounts("t_seconds", "A test.", ["outcome"], buckets=(1, 2), registry=registry)


def told(registry: CollectorRegistry) -> dict[str, float | None]:
    names = {"1.0": "t_seconds_bucket", "2.0": "t_seconds_bucket", "+Inf": "t_seconds_bucket"}
    found = {
        bound: registry.get_sample_value(name, {"outcome": "good", "le": bound})
        for bound, name in names.items()
    }
    found["sum"] = registry.get_sample_value("t_seconds_sum", {"outcome": "good"})
    return found


async def test_a_tally_counts_what_single_observations_would() -> None:
    gathered, one = amounts()
    single, other = amounts()
    tally = Tally(one, ("good", "bad"))

    for seconds in (0.5, 1.0, 1.5, 2.0, 99.0, 0.1):
        tally.since(perf_counter() - seconds, "good")
        other.labels("good").observe(seconds)
    tally.settle()

    counted, expected = told(gathered), told(single)
    # Each took a little longer than told: what lay on a bound stands one further.
    assert (counted["1.0"], counted["2.0"], counted["+Inf"]) == (2, 4, 6)
    assert (expected["1.0"], expected["+Inf"]) == (3, 6)
    assert counted["sum"] is not None
    assert expected["sum"] is not None
    assert abs(counted["sum"] - expected["sum"]) < 0.1


async def test_a_tally_settles_by_itself() -> None:
    registry, one = amounts()
    tally = Tally(one, ("good",))
    tally.since(perf_counter(), "good")

    async with asyncio.timeout(5):
        while told(registry)["+Inf"] != 1:  # noqa: ASYNC110 - a timer of the tally
            await asyncio.sleep(0.01)


def test_every_metric_is_named_and_explained_here_and_in_the_documentation() -> None:
    families = [*metrics.REGISTRY.collect()]
    assert len(families) > 5
    for family in families:
        assert re.fullmatch(r"cartbridge_[a-z_]+", family.name)
        assert family.documentation.endswith(".")
    gauges = [*metrics.GAUGES.values(), *metrics.PROCESS_GAUGES.items()]
    for name, text in gauges:
        assert re.fullmatch(r"[a-z_]+", name)
        assert text.endswith(".")
    page = PAGE.read_text("utf-8")
    told = {*re.findall(r"^\| `(cartbridge_[a-z_]+)`", page, re.MULTILINE)}
    known = {"cartbridge_database_up", *(f"cartbridge_{name}" for name, _ in gauges)}
    counters = {f"{family.name}_total" for family in families if family.type == "counter"}
    histograms = {family.name for family in families if family.type == "histogram"}
    assert told == known | counters | histograms
