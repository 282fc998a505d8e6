"""The connector guide is true: typed in an empty folder, it ends with a cart at a till."""

import os
import socket
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.integration.guide_blocks import Block, blocks, put, script

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "connector-guide.md"
SECONDS = 240  # on a machine that does much else


@pytest.fixture
def outsider(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has only the installed package, in a venv of her own."""
    home = tmp_path / "venv"
    venv.EnvBuilder(with_pip=False).create(home)
    names = {"base": str(home), "platbase": str(home)}
    packages = Path(sysconfig.get_path("purelib", "venv", vars=names))
    # What is installed here is installed there, its own .pth files included.
    installed = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})"
    (packages / "installed.pth").write_text(f"{installed}\n")
    command = home / "bin" / "cartbridge"
    command.write_text(f"#!{home}/bin/python\nfrom cartbridge.cli import main\nmain()\n")
    command.chmod(0o755)
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PATH": f"{home}/bin:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 30)
def test_every_command_of_the_guide_does_what_it_says(
    outsider: dict[str, str], dsn: str, tmp_path: Path
) -> None:
    """Scaffold, look, record, translate, check, configure in a running gateway, sell."""
    folder, scratch = tmp_path / "empty", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()
    walk = script(blocks(GUIDE.read_text(encoding="utf-8")), scratch)
    walked = subprocess.run(  # noqa: S603 - our own page
        ["bash", "-c", walk],  # noqa: S607 - the reader's own shell
        cwd=folder,
        env={**outsider, "DATABASE_URL": dsn, "PORT": str(_free_port())},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    said = walked.stdout
    assert walked.returncode == 0, f"{said}\n{walked.stderr}\n{_log(folder)}"
    assert "cart.rows[0].photo dropped" in said
    assert "keeps gold and claims gold" in said
    assert '202 {"message":"msg_' in said
    assert "https://acme.example/lamp.jpg" in said
    assert said.rstrip().endswith("claimed\n9980")


def test_the_guide_has_no_command_that_is_not_run() -> None:
    """Every block is of a kind that the walk above knows, and a file is named where one is told."""
    found = blocks(GUIDE.read_text(encoding="utf-8"))
    assert GUIDE.read_text(encoding="utf-8").count("```") == 2 * len(found)
    assert {block.language for block in found} == {"sh", "python"}
    assert all((block.path is not None) == (block.language == "python") for block in found)


def test_a_definition_takes_the_place_of_the_one_of_its_name(tmp_path: Path) -> None:
    file = tmp_path / "some.py"
    put("A = 1\n\n\ndef old():\n    return 1\n\n\nB = 2\n", file)
    put("def old():\n    return 2\n\n\ndef new():\n    return 3\n", file)
    told: dict[str, object] = {}
    exec(file.read_text(), told)  # noqa: S102 - written above
    assert (told["A"], told["B"]) == (1, 2)
    assert [told["old"](), told["new"]()] == [2, 3]  # type: ignore[operator]


def test_the_walk_ends_where_a_command_fails(tmp_path: Path) -> None:
    """The control: a guide with a command that fails is not walked to its end."""
    walk = script([Block("sh", None, "false"), Block("sh", None, "echo reached")], tmp_path)
    walked = subprocess.run(  # noqa: S603 - written above
        ["bash", "-c", walk],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    assert walked.returncode != 0
    assert "reached" not in walked.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _log(folder: Path) -> str:
    log = folder / "gateway.log"
    return log.read_text(encoding="utf-8")[-3000:] if log.exists() else ""
