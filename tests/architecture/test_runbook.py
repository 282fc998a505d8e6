"""The runbook tells of every alarm, and names only commands that there are."""

import re
from pathlib import Path
from typing import get_args

from cartbridge.domain.alarm.state import AlarmKind

DOCS = Path(__file__).parents[2] / "docs"
RUNBOOK = (DOCS / "runbook.md").read_text("utf-8")
PARTS = ("*Means*:", "*Noticed*:", "*Look*:", "*Do*:", "*Clears*:")


def test_every_alarm_has_its_chapter_with_all_its_parts() -> None:
    chapters = dict(re.findall(r"^### (\w+)\n\n(.*?)(?=^##)", RUNBOOK, re.MULTILINE | re.DOTALL))
    assert set(chapters) == set(get_args(AlarmKind))
    for kind, text in chapters.items():
        assert [part for part in PARTS if part not in text] == [], kind


def test_every_command_it_names_is_there() -> None:
    there = set(re.findall(r"^## `cartbridge ([a-z -]+)", (DOCS / "commands.md").read_text(), re.M))
    known = {name.strip() for name in there}
    named = set(
        re.findall(r"(?:`|^)cartbridge ((?:[a-z]+-?)+(?: [a-z]+(?:-[a-z]+)?)?)", RUNBOOK, re.M)
    )
    groups = {name.split(" ")[0] for name in known if " " in name}
    wrong = {
        name
        for name in named
        if (name not in known if name.split(" ")[0] in groups else name.split(" ")[0] not in known)
    }
    assert len(named) > 10
    assert wrong == set()
