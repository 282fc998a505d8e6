"""The pytest plugin of `cartbridge connector check`: which promises were kept, and the level."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import pytest

from cartbridge.testing.levels import LEVELS, Level, at_least, ceiling, promise_of
from cartbridge.testing.suite import Suite

RESULTS: Final = pytest.StashKey[dict[str, Any]]()
OWN: Final = "tests of its own"
LONGEST: Final = 300  # of what is said of a test in a table


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds what the command says to its run of pytest."""
    group = parser.getgroup("cartbridge")
    group.addoption("--beyond-claim", action="store_true", help="Ask what is not claimed as well.")
    group.addoption("--promises", type=Path, help="Where to write what was kept, as JSON.")


def pytest_configure(config: pytest.Config) -> None:
    """Begins with nothing kept."""
    config.stash[RESULTS] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Notes how a test ended: with its call, or before that."""
    report = yield
    if report.when == "call" or report.outcome != "passed":
        suite = getattr(item, "cls", None)
        if suite is None or not issubclass(suite, Suite):
            suite = None
        _note(item.config.stash[RESULTS], suite, item, report)
    return report


def _note(
    results: dict[str, Any], suite: type[Suite] | None, item: pytest.Item, report: pytest.TestReport
) -> None:
    told = promise_of(getattr(item, "function", None))
    name = suite.__name__ if suite is not None else ""
    if name not in results:
        results[name] = {"promises": {}, **({} if suite is None else _limits(suite()))}
    results[name]["promises"][item.name] = {
        "subject": OWN if told is None else told.subject,
        "level": None if told is None else told.level,
        "outcome": report.outcome,
        "says": _said(report),
    }


def _limits(suite: Suite) -> dict[str, Any]:
    most = ceiling(suite.connector, suite.settings(*suite.secrets), suite.fake is not None)
    return {"claim": suite.claim(), "ceiling": most.level, "lacks": most.lacks}


def _said(report: pytest.TestReport) -> str:
    """Why a test failed or was passed over, in one line."""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    text = getattr(crash, "message", "") if report.failed else ""
    return text.partition("\n")[0][:LONGEST]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Writes what was kept, with the level that each suite reached."""
    file: Path | None = session.config.getoption("--promises")
    if file is not None:
        suites = session.config.stash[RESULTS]
        told = [{"suite": name, **one, "reached": reached(one)} for name, one in suites.items()]
        file.write_text(json.dumps(told, ensure_ascii=False), "utf-8")


def reached(suite: dict[str, Any]) -> Level | None:
    """The highest level of which, and of all below, every promise was kept; None: not even bronze.

    What is declared decides how high it can be: what is not there cannot have been kept.
    """
    best: Level | None = None
    for level in LEVELS:
        failed = [
            one
            for one in suite["promises"].values()
            if one["level"] is not None
            and at_least(level, one["level"])
            and one["outcome"] == "failed"
            and one["subject"] != "claims"
        ]
        if failed or not at_least(suite.get("ceiling", "bronze"), level):
            break
        best = level
    return best if "ceiling" in suite else None
