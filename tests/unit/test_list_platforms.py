"""The README's table of platforms is made of manifests and quality files, and is current."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
CONNECTOR = '''
"""A connector of a test."""
from cartbridge_standard import Standard


class Corner(Standard):
    """Another title."""

    manifest = Standard.manifest.model_copy(update={{"title": "{title}", "kind": "pos"}})
'''
QUALITY = """
level = "silver"
reason = "It cannot freeze."
followed = ["Corner 1", "Corner 2"]
run_against = [
  {version = "2.1", on = 2026-11-20, how = "by hand"},
  {version = "1.9", on = 2026-10-01, how = "by hand"},
]
"""


@pytest.fixture
def generator(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """docs/list_platforms.py, with a search path of its own."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    spec = importlib.util.spec_from_file_location(
        "list_platforms", ROOT / "docs" / "list_platforms.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def house(root: Path, module: str, title: str) -> Path:
    """A README with its marks, and one connector."""
    (root / "README.md").write_text(
        "# Us\n\n<!-- platforms -->\nstale\n<!-- /platforms -->\n\nafter\n"
    )
    folder = root / "connectors" / "corner"
    folder.mkdir(parents=True)
    (folder / f"{module}.py").write_text(CONNECTOR.format(title=title))
    entry = f'corner = "{module}:Corner"'
    (folder / "pyproject.toml").write_text(
        f'[project.entry-points."cartbridge.connectors"]\n{entry}\n'
    )
    (folder / "quality.toml").write_text(QUALITY)
    return root


def test_the_table_of_the_readme_is_current(generator: ModuleType) -> None:
    assert generator.main(["--check"]) == 0, "run `make docs`"


def test_a_row_says_what_the_manifest_and_the_quality_file_say(
    generator: ModuleType, tmp_path: Path
) -> None:
    root = house(tmp_path, "corner_of_rows", "Corner tills")
    assert generator.main([], root) == 0
    page = (root / "README.md").read_text()
    row = (
        "| [Corner tills](connectors/corner) | tills | hooks, on demand | conditional | no | no |"
        " no | yes | silver | Corner 1; Corner 2 | 2.1, 2026-11-20 |"
    )
    assert row in page
    assert "* Corner tills: It cannot freeze." in page
    assert page.startswith("# Us\n\n<!-- platforms -->\n|")
    assert page.endswith("\n<!-- /platforms -->\n\nafter\n")
    assert "stale" not in page


def test_check_changes_nothing_and_says_what_to_do(
    generator: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = house(tmp_path, "corner_of_checks", "Corner")
    before = (root / "README.md").read_text()
    assert generator.main(["--check"], root) == 1
    assert "run `make docs`" in capsys.readouterr().err
    assert (root / "README.md").read_text() == before
    generator.main([], root)
    assert generator.main(["--check"], root) == 0


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda root: (root / "README.md").write_text("# Us\n"), "<!-- platforms -->"),
        (lambda root: (root / "connectors/corner/quality.toml").unlink(), "quality.toml"),
        (
            lambda root: (root / "connectors/corner/corner_spoilt.py").write_text("import no"),
            "install what it needs",
        ),
    ],
    ids=["no marks", "no quality file", "cannot be imported"],
)
def test_what_stands_in_the_way_is_named(
    generator: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: object,
    said: str,
) -> None:
    root = house(tmp_path, "corner_spoilt", "Corner")
    sys.modules.pop("corner_spoilt", None)
    assert callable(spoil)
    spoil(root)
    assert generator.main([], root) == 1
    assert said in capsys.readouterr().err
