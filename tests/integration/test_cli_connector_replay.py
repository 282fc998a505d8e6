"""`cartbridge connector replay` shows what a connector makes of recorded hooks."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cartbridge.cli import app
from cartbridge.sdk.webhook import sign

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CAME = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
BODY = {
    "type": "cart.snapshot",
    "timestamp": "2026-11-20T10:00:00Z",
    "data": {
        "external_id": "web-77",
        "revision": 12,
        "updated_at": "2026-11-20T09:59:58Z",
        "currency": "EUR",
        "tax_mode": "inclusive",
        "mood": "fine",
        "lines": [
            {
                "item": {"sku": "LAMP-OAK", "title": "Lampe chêne"},
                "quantity": 2,
                "unit_price": 4990,
                "total": 9980,
            }
        ],
    },
}
TEXT = json.dumps(BODY)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"webhook_secrets": [SECRET]}))
    return file


def replay(*arguments: str | Path) -> Result:
    """What the command answers."""
    return CliRunner().invoke(app, ["connector", "replay", *map(str, arguments)])


def told(settings: Path, *arguments: str | Path, status: int = 0) -> list[dict[str, Any]]:
    """What it tells a script."""
    result = replay("standard", "--settings", settings, "--json", *arguments)
    assert result.exit_code == status, result.output
    answer: list[dict[str, Any]] = json.loads(result.stdout)
    return answer


def kept(path: Path, content: Any) -> Path:
    """A recorded hook in a file."""
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_a_raw_body_is_read_though_nothing_signs_it(settings: Path, tmp_path: Path) -> None:
    (shown,) = told(settings, kept(tmp_path / "hook.json", TEXT))
    assert shown["signature"] == "not checked: the file holds no headers"
    assert shown["named"] == [{"external_id": "web-77", "kind": "cart"}]
    assert shown["observations"][0]["snapshot"]["lines"][0]["prices"]["total"] == 9980
    assert len(shown["report"]) == 1
    assert shown["expected"] is None


def test_headers_beside_a_body_are_checked(settings: Path, tmp_path: Path) -> None:
    signed = sign(SECRET, "msg_1", CAME, TEXT.encode())
    file = kept(tmp_path / "hook.json", TEXT)
    lines = [f"{name.title()}: {value}" for name, value in signed.items()]
    kept(tmp_path / "hook.headers", "\n".join(lines))
    (shown,) = told(settings, file, "--at", "2026-11-20T10:04Z")
    assert shown["signature"] == "believed"
    (shown,) = told(settings, file, "--at", "2026-11-20T10:06Z", status=1)
    assert shown["signature"].startswith("forged: the timestamp")
    (shown,) = told(settings, file, status=1)
    assert shown["signature"].endswith("(as of now: --at says when it came)")
    assert shown["observations"], "what it says is shown, believed or not"


@pytest.mark.parametrize("as_pairs", [True, False])
def test_a_capture_is_read_with_its_headers_and_its_moment(
    settings: Path, tmp_path: Path, as_pairs: bool
) -> None:
    headers = sign(SECRET, "msg_1", CAME + timedelta(seconds=5), TEXT.encode())
    request: dict[str, Any] = {"method": "POST", "url": "https://x.example/v1/hooks/h"}
    request |= {"body": TEXT, "headers": list(headers.items()) if as_pairs else headers}
    capture = {"request": request, "received_at": CAME.timestamp()}
    (shown,) = told(settings, kept(tmp_path / "capture.json", capture))
    assert shown["signature"] == "believed"


def test_the_exact_bytes_beside_a_capture_are_used(settings: Path, tmp_path: Path) -> None:
    exact = json.dumps(BODY, indent=3)
    (tmp_path / "hook.body").write_text(exact)
    signed = sign(SECRET, "msg_1", CAME, exact.encode())
    told_apart = {"received_at": CAME.isoformat(), "headers": signed, "body": BODY}
    (shown,) = told(settings, kept(tmp_path / "hook.json", told_apart))
    assert shown["signature"] == "believed"


def test_write_keeps_what_is_shown_and_what_the_file_held(settings: Path, tmp_path: Path) -> None:
    file = kept(tmp_path / "cart.json", {"body": BODY, "total": 9980})
    (shown,) = told(settings, file, "--write")
    payload = json.loads(file.read_text())
    assert (payload["body"], payload["total"]) == (BODY, 9980)
    assert payload["observations"] == shown["observations"]
    assert payload["report"] == [lost["field"] for lost in shown["report"]]
    assert told(settings, file)[0]["expected"] is True
    payload["observations"][0]["external_id"] = "another"
    assert told(settings, kept(file, payload))[0]["expected"] is False


def test_into_makes_a_payload_file_of_a_body(settings: Path, tmp_path: Path) -> None:
    folder = tmp_path / "payloads"
    folder.mkdir()
    file = kept(tmp_path / "cart.json", TEXT)
    told(settings, file, "--into", folder)
    payload = json.loads((folder / "cart.json").read_text())
    assert payload["body"] == BODY
    assert payload["named"] == [{"external_id": "web-77", "kind": "cart"}]
    assert file.read_text() == TEXT


def test_a_bare_body_is_not_written_over(settings: Path, tmp_path: Path) -> None:
    file = kept(tmp_path / "cart.json", TEXT)
    result = replay("standard", "--settings", settings, file, "--write")
    assert result.exit_code == 2
    assert "--into FOLDER" in " ".join(result.output.split())
    assert file.read_text() == TEXT


def test_what_cannot_be_read_names_the_field_and_ends_with_one(
    settings: Path, tmp_path: Path
) -> None:
    spoilt = TEXT.replace('"web-77"', "[]")
    file = kept(tmp_path / "hook.json", {"body": json.loads(spoilt)})
    (shown,) = told(settings, file, "--write", status=1)
    assert shown["error"].startswith("unreadable, kept in quarantine: data.external_id")
    assert "observations" not in json.loads(file.read_text()), "what failed is not kept"


def test_people_see_the_three_parts_side_by_side(settings: Path, tmp_path: Path) -> None:
    file = kept(tmp_path / "hook.json", TEXT)
    result = replay("standard", "--settings", settings, file)
    head = next(line for line in result.output.splitlines() if "documents named" in line)
    assert "observations" in head
    assert "mapping report" in head
    assert "cart web-77" in result.output
    assert "total: 9980" in result.output


def test_no_secret_of_the_settings_is_shown(settings: Path, tmp_path: Path) -> None:
    """Not even one that a platform repeats in what it sends."""
    body = TEXT.replace("Lampe chêne", SECRET).replace("Lampe ch\\u00eane", SECRET)
    assert SECRET in body
    result = replay("standard", "--settings", settings, kept(tmp_path / "hook.json", body))
    assert result.exit_code == 0
    assert "LAMP-OAK" in result.output
    assert SECRET not in result.output


CONNECTOR = '''
"""A connector that fails."""
from cartbridge_standard import Standard


class Failing(Standard):
    """Fails."""

    def read(self, document, settings):
        """Fails."""
        return {}["nothing"]
'''


def test_a_folder_needs_no_installing_and_a_mistake_is_shown_with_its_place(
    settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])  # a command's process would end with it
    folder = tmp_path / "connector"
    folder.mkdir()
    (folder / "failing_connector_of_a_test.py").write_text(CONNECTOR)
    entry = 'failing = "failing_connector_of_a_test:Failing"'
    (folder / "pyproject.toml").write_text(
        f'[project.entry-points."cartbridge.connectors"]\n{entry}'
    )
    (folder / "tests").mkdir()
    settings.rename(folder / "tests" / "settings.json")
    result = replay(folder, kept(tmp_path / "hook.json", TEXT), "--json")
    assert result.exit_code == 1
    (shown,) = json.loads(result.stdout)
    place = "failing_connector_of_a_test.py, line 11"
    assert shown["error"] == f"the connector fails in {place}: KeyError: 'nothing'"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody", "hook.json"], "no connector nobody is installed"),
        ([".", "hook.json"], "has no pyproject.toml"),
        (["standard", "hook.json"], "write the settings to try it with as a JSON object"),
        (["standard", "hook.json", "--settings", "hook.json"], "webhook_secrets: Field required"),
        (["standard", "nowhere.json", "--settings", "settings.json"], "nowhere.json"),
        (["standard", "hook.json", "--settings", "settings.json", "--at", "noon"], "--at noon"),
    ],
)
def test_complaints_say_what_to_do(
    settings: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    kept(tmp_path / "hook.json", TEXT)
    monkeypatch.chdir(tmp_path)
    result = replay(*arguments)
    assert result.exit_code in (1, 2)
    assert said in " ".join(result.output.split())
    assert "Traceback" not in result.output
