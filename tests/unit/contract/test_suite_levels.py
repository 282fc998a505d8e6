"""Levels: how high a connector can get, what it claims, and that a claim is checked."""

import sys
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cartbridge.sdk.contract import Capability
from cartbridge.testing.levels import (
    QualityUnreadable,
    at_least,
    ceiling,
    promise_of,
    read_quality,
)
from cartbridge.testing.plugin import reached
from tests.unit.contract.sound import Sound
from tests.unit.contract.sound_platform import Suite, proving

QUALITY = """
level = "silver"
reason = "it cannot freeze"
followed = ["3.7", "3.8"]
run_against = [{ version = "3.7.3", on = 2026-11-20, how = "make e2e" }]
"""


def able(*capabilities: Capability, writes: str = "none") -> Sound:
    """A connector that declares just this."""
    told = {"capabilities": frozenset(capabilities), "writes": writes}
    connector = Sound()
    connector.manifest = Sound.manifest.model_copy(update=told)  # type: ignore[misc] # this one
    return connector


@pytest.mark.parametrize(
    ("connector", "level", "lacks"),
    [
        (able(), "bronze", "neither fetch"),
        (able("fetch"), "silver", "writes nothing"),
        (able("changed_since"), "silver", "writes nothing"),
        (able("fetch", "push", writes="best_effort"), "silver", "best effort"),
        (able("fetch", "push", "freeze", writes="best_effort"), "silver", "best effort"),
        (able("fetch", "push", writes="conditional"), "silver", "cannot freeze"),
        (able("fetch", "push", "freeze", writes="conditional"), "gold", ""),
        (able("fetch", "place"), "gold", ""),
        (able("push", "freeze", writes="conditional"), "bronze", "neither fetch"),
    ],
)
def test_what_is_declared_decides_how_high_it_gets(
    connector: Sound, level: str, lacks: str
) -> None:
    most = ceiling(connector, proving(connector).in_use(), has_fake=True)
    assert most.level == level
    assert lacks in most.lacks
    assert bool(most.lacks) == (level != "gold")


def test_without_a_fake_it_is_bronze() -> None:
    most = ceiling(Sound(), Suite().in_use(), has_fake=False)
    assert (most.level, "fake" in most.lacks) == ("bronze", True)


def test_a_claim_above_what_can_be_kept_is_found() -> None:
    with pytest.raises(AssertionError, match="gold is claimed, silver is most"):
        proving(able("fetch")).test_claims_no_more_than_it_can_keep()


class Replaced(Suite):
    def test_refuses_another_secret(self) -> None:
        """It does not."""


class TakenOut(Suite):
    test_refuses_another_secret = None  # type: ignore[assignment] # what nobody should do


@pytest.mark.parametrize("suite", [Replaced, TakenOut])
def test_a_promise_that_was_replaced_is_found(suite: type[Suite]) -> None:
    with pytest.raises(AssertionError, match="test_refuses_another_secret"):
        suite().test_leaves_the_promises_as_they_are()


class Elsewhere(Suite):
    """A suite whose distribution is in another folder."""

    claimed = None
    place: Path

    @property
    def home(self) -> Path:
        return self.place / "tests"


def in_folder(folder: Path, quality: str | None) -> Elsewhere:
    (folder / "pyproject.toml").write_text("[project]\n")
    if quality is not None:
        (folder / "quality.toml").write_text(quality)
    suite = Elsewhere()
    suite.place = folder
    return suite


def test_a_distribution_says_what_it_claims(tmp_path: Path) -> None:
    suite = in_folder(tmp_path, QUALITY)
    suite.test_says_what_it_claims()
    assert suite.claim() == "silver"


def test_a_file_whose_level_no_suite_keeps_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = in_folder(tmp_path, QUALITY)
    file = ModuleType("test_modest")
    told = {"claimed": "bronze", "__module__": file.__name__, "place": suite.place}
    modest: Any = type("Modest", (Elsewhere,), told)
    vars(file)["Modest"] = modest
    monkeypatch.setitem(sys.modules, file.__name__, file)
    with pytest.raises(AssertionError, match="leave `claimed` out"):
        modest().test_says_what_it_claims()


def test_a_distribution_without_a_claim_is_found(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="level, reason, followed"):
        in_folder(tmp_path, None).test_says_what_it_claims()


def test_a_quality_file_is_read_whole(tmp_path: Path) -> None:
    in_folder(tmp_path, QUALITY)
    quality = read_quality(tmp_path / "quality.toml")
    (run,) = quality.run_against
    assert (quality.level, quality.followed) == ("silver", ("3.7", "3.8"))
    assert (run.version, run.on, run.how) == ("3.7.3", date(2026, 11, 20), "make e2e")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("level = ", "quality.toml"),
        ('level = "platinum"\nfollowed = ["1"]', "level"),
        ('level = "silver"\nfollowed = ["1"]', "say why it is not gold"),
        ('level = "gold"\nfollowed = []', "followed"),
        ('level = "gold"\nfollowed = ["1"]\nstars = 5', "stars"),
        ('level = "gold"\nfollowed = ["1"]\nrun_against = [{version = "1"}]', "run_against.0.on"),
    ],
)
def test_a_wrong_quality_file_is_told_by_its_place(tmp_path: Path, text: str, said: str) -> None:
    suite = in_folder(tmp_path, text)
    with pytest.raises(QualityUnreadable, match=said):
        suite.test_says_what_it_claims()


def kept(ceiling: str = "gold", **failed: str) -> dict[str, Any]:
    """What the plugin notes of a suite in which these promises failed."""
    promises = {
        name: {"level": level, "subject": "any", "outcome": "passed"}
        for name, level in (("a", "bronze"), ("b", "silver"), ("c", "gold"))
    }
    for name, level in failed.items():
        promises[name] = {"level": level, "subject": "any", "outcome": "failed"}
    return {"promises": promises, "ceiling": ceiling}


@pytest.mark.parametrize(
    ("told", "level"),
    [
        (kept(), "gold"),
        (kept(ceiling="silver"), "silver"),
        (kept(c="gold"), "silver"),
        (kept(b="silver"), "bronze"),
        (kept(b="silver", c="gold"), "bronze"),
        (kept(a="bronze"), None),
    ],
)
def test_a_level_is_reached_with_all_below_it(told: dict[str, Any], level: str | None) -> None:
    assert reached(told) == level


def test_every_test_of_the_suite_is_a_promise_of_some_level() -> None:
    for name in Suite.promises():
        told = promise_of(getattr(Suite, name))
        assert told is not None, name
        assert told.subject
        assert at_least(told.level, "bronze")
