"""The published schemas under schemas/ are those of the code, the same on every machine."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from cartbridge import schemas

# The place holder, the dialect of JSON Schema, and the names of our problem types.
HOSTS: Final = {"gateway.example", "json-schema.org", "shop.example"}


def test_the_committed_schemas_are_current() -> None:
    stale = schemas.differences()
    assert stale == [], f"not current: {', '.join(stale)}; {schemas.MEND}"


def test_another_process_generates_the_same() -> None:
    seeded = {**os.environ, "PYTHONHASHSEED": "4711"}
    command = [sys.executable, "-m", "cartbridge.schemas", "--check"]
    done = subprocess.run(  # noqa: S603 - our own module
        command, cwd=schemas.FOLDER.parent, env=seeded, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_texts_are_sorted_and_end_with_a_line_break() -> None:
    for path, text in schemas.generate().items():
        document = json.loads(text)
        assert list(document) == sorted(document), path
        assert text.endswith("}\n"), path


def test_no_machine_is_named() -> None:
    for path, text in schemas.generate().items():
        found = {host.rstrip(".") for host in re.findall(r"https?://([a-z0-9.-]+)", text)}
        assert found <= HOSTS, path


def test_writing_makes_a_folder_current_and_says_what_changed(tmp_path: Path) -> None:
    assert "openapi.json" in schemas.write(tmp_path)
    assert schemas.differences(tmp_path) == []
    (tmp_path / "problems.json").write_text("{}\n")
    (tmp_path / "events" / "cart.dreamt.v1.json").write_text("{}\n")
    (tmp_path / "canonical" / "cart.v1.json").unlink()
    changed = ["canonical/cart.v1.json", "events/cart.dreamt.v1.json", "problems.json"]
    assert schemas.differences(tmp_path) == changed
    assert schemas.write(tmp_path) == changed
    assert schemas.differences(tmp_path) == []


def test_a_stale_folder_is_told_with_the_way_to_mend_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert schemas.main(["--check"], tmp_path) == 1
    assert "run `make schemas`" in capsys.readouterr().err
    assert schemas.main([], tmp_path) == 0
    assert schemas.main(["--check"], tmp_path) == 0


def test_an_unknown_argument_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert schemas.main(["--chek"]) == 2
    assert "usage" in capsys.readouterr().err
