"""The gateway's core in simulated nights: whatever happens, nothing is lost, nothing is doubled.

A failure prints its seed; `python -m tests.simulation <seed>` plays that night again. With `--long`
thousands of nights are played, for five minutes at most.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from tests.faults.experiment import Counts, Experiment, Span
from tests.simulation.night import Night, play

SHORT, SHORT_SECONDS = 48, 12.0
LONG, LONG_SECONDS = 6000, 300.0
REMEMBERED = (9, 243, 563, 1111, 1315)  # nights that once ended badly
ROOT = Path(__file__).parents[2]


def count(counts: Counts, nights: Iterable[Night], until: float) -> list[str]:
    """Adds up what the nights came to until the time is over; what went wrong in them."""
    wrong: list[str] = []
    total: Counter[str] = Counter()
    for night in nights:
        total.update(night.counts)
        total.update(nights=1, steps=night.steps)
        wrong += [night.wrong] if night.wrong else []
        if wrong or time.monotonic() > until:
            break
    counts.sent = counts.acknowledged = counts.stored = total["messages"]
    counts.applied = total["commands"]
    counts.lost = len(wrong)
    told = ("nights", "steps", "sales", "crashes")
    counts.extra.update({name: total[name] for name in told})
    return wrong


def test_nights_end_well(span: Span, experiment: Experiment) -> None:
    counts = experiment("simulated nights", 0)
    until = time.monotonic() + span(SHORT_SECONDS, LONG_SECONDS)
    if not span(False, True):
        wrong = count(counts, map(play, (*REMEMBERED, *range(SHORT))), until)
    else:
        with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
            wrong = count(counts, pool.map(play, range(LONG), chunksize=4), until)
            pool.shutdown(cancel_futures=True)
    assert not wrong, wrong[0]
    assert int(counts.extra["nights"]) >= span(1, 100)


@pytest.mark.timeout(300)
def test_the_same_seed_is_the_same_night() -> None:
    assert play(3) == play(3)
    assert play(3).trace != play(4).trace


@pytest.mark.timeout(300)
def test_a_night_does_not_depend_on_the_process_that_plays_it() -> None:
    traces = set()
    for hash_seed in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-m", "tests.simulation", "3"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        traces.add(told.stdout.split()[-1])
    assert traces == {play(3).trace}
