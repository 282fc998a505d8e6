"""`cartbridge connector check`: a connector outside this repository, judged from outside."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cartbridge.cli import app

SOUND = Path(__file__).parents[1] / "unit" / "contract"
CONTRACT = '''

from cartbridge_sound.connector import Sound
from fake_sound import Suite as SoundSuite


class Spoilt(Sound):
    """What a test makes of it."""
{spoilt}

class TestSound(SoundSuite):
    claimed = None
    connector = Spoilt()
'''
HIDES_REFUSALS = """
    def shown(self, response):
        return super().shown(response).model_copy(update={"refused": ()})
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A connector in a folder of its own, of which nothing is installed."""
    for part in ("cartbridge_sound", "tests"):
        (tmp_path / "sound" / part).mkdir(parents=True)
    place = tmp_path / "sound"
    (place / "cartbridge_sound" / "__init__.py").write_text("")
    shutil.copy(SOUND / "sound.py", place / "cartbridge_sound" / "connector.py")
    fake = (SOUND / "sound_platform.py").read_text()
    fake = fake.replace("tests.unit.contract.sound", "cartbridge_sound.connector")
    (place / "tests" / "fake_sound.py").write_text(fake)
    (place / "pyproject.toml").write_text('[project]\nname = "cartbridge-sound"\n')
    return place


def check(folder: Path, level: str, spoilt: str = "", more: str = "", *words: str) -> Result:
    """What the command says of the connector with this claim, spoilt so."""
    (folder / "quality.toml").write_text(
        f'level = "{level}"\nreason = "it is tried out"\nfollowed = ["1"]\n'
    )
    contract = CONTRACT.replace("{spoilt}", spoilt) + more
    (folder / "tests" / "test_contract.py").write_text(contract)
    return CliRunner().invoke(app, ["connector", "check", str(folder), *words])


def test_a_level_that_is_claimed_and_kept(folder: Path) -> None:
    result = check(folder, "gold")
    assert result.exit_code == 0, result.output
    assert "TestSound keeps gold and claims gold." in result.stdout
    for subject in ("signatures", "money", "mapping report", "conditional writes", "refusals"):
        assert subject in result.stdout


def test_a_claim_that_is_not_kept_fails_by_name(folder: Path) -> None:
    result = check(folder, "gold", HIDES_REFUSALS, "", "--all")
    assert result.exit_code == 1
    assert "test_names_what_was_refused" in result.stdout
    assert "TestSound keeps silver and claims gold: mend what is broken" in result.stdout


def test_what_is_above_the_claim_may_be_broken(folder: Path) -> None:
    result = check(folder, "silver", HIDES_REFUSALS, "", "--json")
    told = json.loads(result.stdout)
    (suite,) = told["suites"]
    assert result.exit_code == 0, result.output
    assert (told["holds"], suite["claim"], suite["reached"]) == (True, "silver", "silver")
    assert suite["promises"]["test_names_what_was_refused"]["outcome"] == "failed"


def test_what_cannot_be_run_says_why(folder: Path) -> None:
    result = check(folder, "gold", "", "\nimport nothing_of_that_name\n")
    assert result.exit_code == 1
    assert "could not be run" in result.stderr
    assert "nothing_of_that_name" in result.stderr


def test_a_folder_without_a_suite_is_told_what_to_do(folder: Path) -> None:
    (folder / "tests" / "test_contract.py").write_text("def test_any():\n    assert True\n")
    result = CliRunner().invoke(app, ["connector", "check", str(folder)])
    assert result.exit_code == 1
    assert "inherit from" in result.stderr


def test_another_folder_is_no_connector(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["connector", "check", str(tmp_path)])
    assert result.exit_code == 2
    assert "has no pyproject.toml" in result.stderr


def test_a_quality_file_that_cannot_be_read_is_told_by_its_place(folder: Path) -> None:
    result = check(folder, "platinum")
    assert result.exit_code == 1
    assert "quality.toml: level:" in result.stderr
