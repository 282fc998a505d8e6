"""`cartbridge connector new` writes a connector of each kind that keeps what it claims."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest
from typer.testing import CliRunner, Result

from cartbridge.cli import app
from cartbridge.testing.levels import read_quality

ROOT = Path(__file__).parents[2]
KINDS = ("shop", "pos")
LONGEST = "abcdefghijklmnop"


def new(*arguments: str) -> Result:
    """What the command answers."""
    return CliRunner().invoke(app, ["connector", "new", *arguments])


def run(folder: Path, *command: str) -> str:
    """What one of our own programs says about a connector; it must go well."""
    done = subprocess.run(  # noqa: S603 - our own programs
        [sys.executable, "-m", *command],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one of each kind."""
    parent = tmp_path_factory.mktemp("connectors")
    for kind in KINDS:
        result = new("acme", "--kind", kind, "--into", str(parent / kind))
        assert result.exit_code == 0, result.output
        assert f"cartbridge connector check {parent / kind}" in result.output
    return parent


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_keeps_the_gold_that_it_claims(written: Path, kind: str) -> None:
    """Its own tests, the conformance suite among them, which asks all that is claimed."""
    assert read_quality(written / kind / "quality.toml").level == "gold"
    assert " passed" in run(written / kind, "pytest", "-q")


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_has_the_form_that_we_ask_of_ourselves(written: Path, kind: str) -> None:
    run(written / kind, "ruff", "check", "--no-cache", ".")
    run(written / kind, "ruff", "format", "--no-cache", "--check", ".")
    run(written / kind, "mypy", f"--cache-dir={written / 'types'}", ".")


@pytest.mark.parametrize("kind", KINDS)
def test_the_longest_name_fits_on_the_lines(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "long"
    assert new(LONGEST, "--kind", kind, "--into", str(folder)).exit_code == 0
    run(folder, "ruff", "check", "--no-cache", ".")
    run(folder, "ruff", "format", "--no-cache", "--check", ".")


@pytest.mark.slow
def test_it_installs_and_is_found_by_its_entry_point(written: Path, tmp_path: Path) -> None:
    """Without any network, as the guide does it; a copy, because building leaves traces."""
    quiet = ("--quiet", "--no-build-isolation", "--no-deps", "--no-index")
    site = tmp_path / "site"
    copytree(written / "shop", tmp_path / "acme")
    run(tmp_path, "pip", "install", *quiet, "--target", str(site), "./acme")
    asked = (
        "from importlib.metadata import entry_points\n"
        "(found,) = entry_points(group='cartbridge.connectors', name='acme')\n"
        "print(found.load().manifest.title)"
    )
    told = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", asked],
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert told.stdout == "Acme\n"


@pytest.mark.parametrize("kind", KINDS)
def test_no_placeholder_is_left(written: Path, kind: str) -> None:
    files = [file for file in (written / kind).rglob("*") if file.suffix in (".py", ".toml", ".md")]
    assert len(files) >= 14
    for file in files:
        assert "NAME" not in str(file.relative_to(written)), file
        assert "{{" not in file.read_text(encoding="utf-8"), file


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Acme", "lower-case letters and digits"),
        ("a", "2 to 16"),
        ("acme-shop", "lower-case letters and digits"),
        ("../acme", "lower-case letters and digits"),
        (f"{LONGEST}q", "2 to 16"),
        ("cart", "would be called Cart"),
        ("settings", "would be called Settings"),
        ("standard", "installed already"),
    ],
)
def test_a_bad_or_taken_name_is_refused_and_nothing_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = new(name, "--kind", "shop")
    assert result.exit_code in (1, 2)
    assert said in " ".join(result.output.split())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    result = new("acme", "--kind", "shop", "--into", str(tmp_path))
    assert result.exit_code == 1
    assert "not empty" in " ".join(result.output.split())
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    assert new("acme", "--kind", "pos", "--into", str(folder)).exit_code == 0
    assert (folder / "cartbridge_acme" / "connector.py").is_file()


def test_what_cannot_be_written_to_the_end_is_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full half-way: neither the folder nor a trace of it is left."""
    written: list[Path] = []
    real = Path.write_text

    def write(self: Path, *text: str, **options: str) -> int:
        if len(written) == 5:
            raise OSError(28, "No space left on device", str(self))
        written.append(self)
        return real(self, *text, **options)

    monkeypatch.setattr(Path, "write_text", write)
    result = new("acme", "--kind", "shop", "--into", str(tmp_path / "acme"))
    assert result.exit_code == 1
    assert "No space left" in " ".join(result.output.split())
    assert list(tmp_path.iterdir()) == []
