"""What became of a connector's promises, and the level that follows from it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from cartbridge.administration.showing import out, say

ORDER: Final = {"bronze": 0, "silver": 1, "gold": 2, None: 3}
NONE: Final = "none"


@dataclass(frozen=True)
class Verdict:
    """What the suites of a connector kept; several suites are several ways to set it up."""

    name: str
    suites: Sequence[dict[str, Any]]

    @property
    def holds(self) -> bool:
        """Whether everything that is claimed was kept."""
        return not any(_broken(suite) for suite in self.suites)

    @property
    def sentences(self) -> Iterator[str]:
        """What is kept, what is claimed, and what to do where the two differ."""
        for suite in self.suites:
            if "claim" in suite:
                yield _sentence(suite)


def show_verdict(verdict: Verdict, *, every: bool, as_json: bool) -> None:
    """Print a table of the promises by subject, what went wrong, and the level."""
    if as_json:
        told = {"connector": verdict.name, "holds": verdict.holds, "suites": verdict.suites}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for suite in verdict.suites:
        _show_suite(verdict.name, suite, every)
    for sentence in verdict.sentences:
        say(sentence)


def _show_suite(name: str, suite: dict[str, Any], every: bool) -> None:
    title = f"{name}: {suite['suite']}".removesuffix(": ")
    table = Table(title=title, box=None, pad_edge=False, header_style="bold", title_justify="left")
    for column in ("level", "promise" if every else "subject", "result", ""):
        table.add_column(column, overflow="fold")
    for row in _each(suite) if every else _by_subject(suite):
        table.add_row(*row)
    out().print(table)


def _by_subject(suite: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    groups: dict[tuple[Any, str], list[tuple[str, dict[str, Any]]]] = {}
    for name, one in suite["promises"].items():
        groups.setdefault((one["level"], one["subject"]), []).append((name, one))
    for (level, subject), found in sorted(groups.items(), key=lambda row: ORDER[row[0][0]]):
        failed = [f"{name}: {one['says']}" for name, one in found if one["outcome"] == "failed"]
        asked = [one for _, one in found if one["outcome"] != "skipped"]
        if failed:
            kept = f"{len(asked) - len(failed)} of {len(asked)}"
            yield level or "", subject, f"[bold red]{kept} kept[/]", escape("\n".join(failed))
        elif asked:
            yield level or "", subject, f"[green]{len(asked)} kept[/]", ""
        else:
            yield level or "", subject, "passed over", escape(found[0][1]["says"])


def _each(suite: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    marks = {"passed": "[green]kept[/]", "failed": "[bold red]BROKEN[/]", "skipped": "passed over"}
    promises = sorted(suite["promises"].items(), key=lambda row: ORDER[row[1]["level"]])
    for name, one in promises:
        yield one["level"] or "", escape(name), marks[one["outcome"]], escape(one["says"])


def _broken(suite: dict[str, Any]) -> bool:
    """Whether anything claimed was not kept, or a test of the connector's own failed."""
    claim = suite.get("claim")
    failed = [one for one in suite["promises"].values() if one["outcome"] == "failed"]
    asked = [one for one in failed if claim is None or ORDER[one["level"]] <= ORDER[claim]]
    own = [one for one in failed if one["level"] is None]
    return bool(asked or own) or (claim is not None and _below(suite["reached"], claim))


def _below(reached: str | None, claim: str) -> bool:
    return reached is None or ORDER[reached] < ORDER[claim]


def _sentence(suite: dict[str, Any]) -> str:
    reached, claim = suite["reached"], suite["claim"]
    said = f"{suite['suite']} keeps {reached or NONE} and claims {claim}"
    if _below(reached, claim):
        return f"{said}: mend what is broken above, or claim less in quality.toml."
    if reached != claim:
        return f'{said}: write level = "{reached}" into quality.toml.'
    lacks = f" It cannot keep more: {suite['lacks']}." if suite["lacks"] else ""
    return f"{said}.{lacks}"
