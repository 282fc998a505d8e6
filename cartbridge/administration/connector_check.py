"""`connector check`: runs a connector's conformance suite from outside and says its level."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final

import typer

from cartbridge.administration.complaints import MISUSED, WRONG, CommandRefused
from cartbridge.administration.connector_verdict import Verdict, show_verdict
from cartbridge.administration.showing import AsJson

SECONDS: Final = 600
NEEDED: Final = ("pytest", "respx")
FAILED: Final = frozenset({0, 1})  # pytest ran the tests to their end


def check(
    path: Annotated[Path, typer.Argument(help="The connector's folder, with its pyproject.toml.")],
    every: Annotated[
        bool, typer.Option("--all", help="Show each promise, not only the subjects.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run a connector's conformance suite, and say which level it keeps: bronze, silver, gold.

    It runs tests/test_contract.py of that folder, which need not be installed, and compares what
    was kept with the level that quality.toml claims. What is above the claim is tried as well.

    Ends with status 1 if a promise that is claimed was not kept.

    \b
    Examples:
      cartbridge connector check connectors/vendure
      cartbridge connector check . --all
    """
    folder = path.resolve()
    _look_at(folder)
    verdict = Verdict(folder.name, _run(folder))
    show_verdict(verdict, every=every, as_json=as_json)
    if not verdict.holds:
        raise typer.Exit(WRONG)


def _look_at(folder: Path) -> None:
    """Says what is missing before anything is run."""
    for name in ("pyproject.toml", "tests/test_contract.py"):
        if not (folder / name).is_file():
            raise CommandRefused(
                f"{folder} has no {name}: name the folder of a connector. "
                "`cartbridge connector new` makes one",
                MISUSED,
            )
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise CommandRefused(
            f"the suite needs {' and '.join(missing)}: pip install 'cartbridge[testing]'"
        )
    # Not above: without pytest, of which a gateway in service has none, it cannot be imported.
    from cartbridge.testing.levels import FILE, QualityUnreadable, read_quality

    try:
        if (folder / FILE).is_file():
            read_quality(folder / FILE)
    except QualityUnreadable as error:
        raise CommandRefused(str(error)) from None


def _run(folder: Path) -> list[dict[str, Any]]:
    """What the plugin noted of a run of the connector's contract test."""
    with TemporaryDirectory() as scratch:
        promises = Path(scratch) / "promises.json"
        try:
            ended = subprocess.run(  # noqa: S603 - our own interpreter, on a folder that was named
                _command(folder, promises),
                cwd=folder,
                env=_environment(folder),
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CommandRefused(f"the suite was not through after {SECONDS} seconds") from None
        if ended.returncode not in FAILED or not promises.is_file():
            said = (ended.stdout + ended.stderr).strip()
            raise CommandRefused(f"the tests could not be run to their end:\n{said}")
        told: list[dict[str, Any]] = json.loads(promises.read_text("utf-8"))
    if not any("claim" in suite for suite in told):
        raise CommandRefused(
            "tests/test_contract.py holds no suite: inherit from "
            "cartbridge.testing.connector.ConnectorContract"
        )
    return told


def _command(folder: Path, promises: Path) -> list[str]:
    options = ["-p", "cartbridge.testing.plugin", "--beyond-claim", f"--promises={promises}"]
    options += ["-p", "no:cacheprovider", "--import-mode=prepend", "-q", "-o", "addopts="]
    options += ["-c", str(folder / "pyproject.toml"), f"--rootdir={folder}"]
    if find_spec("pytest_asyncio") is not None:
        options += ["-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function"]
    return [sys.executable, "-m", "pytest", *options, str(folder / "tests" / "test_contract.py")]


def _environment(folder: Path) -> dict[str, str]:
    """Ours, with the connector found without being installed."""
    known = [str(folder), str(folder / "tests"), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, known))}
