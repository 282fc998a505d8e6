"""Imports go down only, and a connector knows nothing of the core but its development kit."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parents[2]
CONNECTORS = sorted(path.parent for path in ROOT.glob("connectors/*/pyproject.toml"))

KIT = frozenset({"cartbridge.sdk", "pydantic", "pydantic_core", "httpx", "structlog"})
TESTING = frozenset({"cartbridge.testing", "pytest", "respx", "hypothesis"})
# The sandbox ships a shop, a till and a story besides its connector.
PROGRAMS = frozenset({"aiohttp", "typer", "jinja2", "segno", "rich"})


def declared(folder: Path) -> frozenset[str]:
    """The libraries a connector brings along for itself."""
    told = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    names = (re.split(r"[^a-z0-9_-]", name.lower())[0] for name in told["project"]["dependencies"])
    return frozenset(name.replace("-", "_") for name in names) - {"cartbridge"}


def imported(text: str) -> Iterator[str]:
    """The full name of every module, or of what is taken out of one, that a file imports."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from (f"{module}.{alias.name}" for alias in node.names)


def strangers(text: str, own: str, allowed: frozenset[str]) -> list[str]:
    """What a file imports and may not."""
    known = allowed | {own} | sys.stdlib_module_names
    return [
        name
        for name in imported(text)
        if not any(name == one or name.startswith(f"{one}.") for one in known)
    ]


def test_imports_inside_the_gateway_go_down_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename="pyproject.toml", no_cache=True) == EXIT_STATUS_SUCCESS


def test_there_are_connectors_to_look_at() -> None:
    assert {"standard", "sandbox"} <= {folder.name for folder in CONNECTORS}


@pytest.mark.parametrize("folder", CONNECTORS, ids=lambda folder: folder.name)
def test_a_connector_imports_only_the_kit(folder: Path) -> None:
    own = f"cartbridge_{folder.name}"
    more = declared(folder) | (PROGRAMS if folder.name == "sandbox" else frozenset())
    for path in sorted(folder.glob("**/*.py")):
        inside = path.relative_to(folder)
        if inside.parts[0] not in (own, "tests"):
            continue
        beside = frozenset(one.stem for one in (folder / "tests").glob("*.py"))
        allowed = KIT | more | (TESTING | beside if inside.parts[0] == "tests" else frozenset())
        assert strangers(path.read_text("utf-8"), own, allowed) == [], path.relative_to(ROOT)


@pytest.mark.parametrize("folder", CONNECTORS, ids=lambda folder: folder.name)
def test_a_connector_is_found_by_its_entry_point(folder: Path) -> None:
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["name"] == f"cartbridge-{folder.name}"
    assert folder.name in project["entry-points"]["cartbridge.connectors"]
    assert (folder / "README.md").is_file()


@pytest.mark.parametrize(
    "line",
    [
        "import asyncpg",
        "import cartbridge.domain.items",
        "from cartbridge import services",
        "from cartbridge.database.journal import Journal",
        "def late():\n    from cartbridge.settings import Settings",
        "from .neighbour import thing",
        "import cartbridge.sdkish",
    ],
)
def test_a_forbidden_import_is_found(line: str) -> None:
    assert len(strangers(line, "cartbridge_acme", KIT)) == 1


@pytest.mark.parametrize(
    "line",
    [
        "import json",
        "from cartbridge import sdk",
        "from cartbridge.sdk.webhook import sign",
        "import cartbridge_acme.payloads",
        "from pydantic import BaseModel",
    ],
)
def test_an_allowed_import_is_not(line: str) -> None:
    assert strangers(line, "cartbridge_acme", KIT) == []
