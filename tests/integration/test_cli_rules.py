"""An operator says at the command line whose price wins where, and where stores are."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner, Result

from cartbridge.cli import app


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command sets the log of its process up, and here that is everybody's."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dsn: str) -> None:
    monkeypatch.setenv("DATABASE_URL", dsn)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("CARTBRIDGE_MASTER_KEY", base64.b64encode(bytes(range(32))).decode())
    monkeypatch.setenv("PORT", "0")


def run(line: str) -> Result:
    return CliRunner().invoke(app, line.split(" "))


def done(line: str) -> str:
    result = run(line)
    assert result.exit_code == 0, result.output
    return result.stdout


def stores() -> dict[str, tuple[str, str]]:
    rows: list[dict[str, Any]] = json.loads(done("store list --json"))
    return {row["id"]: (row["price"], row["codes"]) for row in rows}


def test_how_fast_a_brand_answers_is_set_and_left_to_the_installation_again() -> None:
    done("tenant add maison Maison")
    done("brand add lumiere Lumiere")
    assert "is set" in done("brand answers lumiere --call-back 2")
    assert run("brand answers lumiere --call-back 0").exit_code != 0
    assert "there is no brand nobody" in run("brand answers nobody").output
    assert "is set" in done("brand answers lumiere")


def test_rules_are_set_and_left_open_again() -> None:
    done("tenant add maison Maison")
    done("brand add lumiere Lumiere")
    done("store add lyon Lyon --brand lumiere")
    done("store add nice Nice --brand lumiere --owner franchise")
    unsaid = "not said (default)"
    assert stores() == {
        "lyon": ("lower (default)", unsaid),
        "nice": ("till (franchise)", "not said (franchise)"),
    }
    done("tenant policy maison --price till --reserve-stock")
    done("tenant policy maison --codes honoured")
    assert stores()["lyon"] == ("till (tenant)", "honoured (tenant)")
    done("brand policy lumiere --price captured --codes not_honoured")
    done("store policy lyon --codes honoured")
    assert stores() == {
        "lyon": ("captured (brand)", "honoured (store)"),
        "nice": ("till (franchise)", "not said (franchise)"),
    }
    done("store policy nice --price lower")
    assert stores()["nice"] == ("lower (store)", "not said (franchise)")
    done("brand policy lumiere --price open --codes open")
    done("tenant policy maison --price open --no-reserve-stock")
    done("store policy lyon --codes open")
    assert stores()["lyon"] == ("lower (default)", "honoured (tenant)")
    done("store place lyon --latitude 45.76 --longitude 4.86")


@pytest.mark.parametrize(
    ("line", "status", "says"),
    [
        ("store policy lyon --price till", 1, "there is no store lyon"),
        ("store place lyon --latitude 1 --longitude 2", 1, "there is no store lyon"),
        ("store place lyon --latitude 91 --longitude 2", 2, "latitude"),
        ("brand policy lumiere --price till", 1, "there is no brand lumiere"),
        ("tenant policy nobody --price till", 1, "there is no retailer nobody"),
        ("store policy lyon", 2, "say which rule"),
        ("tenant policy maison", 2, "say which rule"),
        ("store policy lyon --price cheapest", 2, "cheapest"),
    ],
)
def test_what_cannot_be_set_is_said(line: str, status: int, says: str) -> None:
    done("tenant add maison Maison")
    result = run(line)
    assert result.exit_code == status, result.output
    assert says in result.output
    assert "Traceback" not in result.output
