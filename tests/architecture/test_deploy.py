"""What people follow is true: every command, setting, file and path they are told to use exists."""

import configparser
import json
import os
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from aiohttp import web

from cartbridge import __version__
from cartbridge.cli import app
from cartbridge.http import health
from cartbridge.settings import CONFIG_VARIABLE, Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PROGRAM = typer.main.get_command(app)
PAGES = ["README.md", "CONTRIBUTING.md", "deploy/README.md"]
SECRET = {"DATABASE_URL", "POSTGRES_PASSWORD", "CARTBRIDGE_MASTER_KEY"}


def variables() -> set[str]:
    """The environment's names of all settings."""
    named = {"database_url": "DATABASE_URL", "port": "PORT", "data_dir": "DATA_DIR"}
    fields = {named.get(name, f"CARTBRIDGE_{name.upper()}") for name in Settings.model_fields}
    return fields | {CONFIG_VARIABLE}


def check_command(words: list[str]) -> None:
    """Let the command line itself parse a command, as if it were about to run it."""
    command: Any = PROGRAM
    path = "cartbridge"
    while words and hasattr(command, "commands") and words[0] in command.commands:
        command = command.commands[words[0]]
        path, words = f"{path} {words[0]}", words[1:]
    if hasattr(command, "commands"):
        assert words in ([], ["--help"], ["--version"]), f"{path} {words} is no command"
        return
    if words != ["--help"]:
        command.make_context(path, list(words))


def blocks(page: str, language: str = "sh") -> Iterator[str]:
    """The commands a page tells people to type."""
    text = (ROOT / page).read_text("utf-8")
    yield from re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def shell_lines(block: str) -> Iterator[str]:
    """The lines of a block, each whole."""
    yield from block.replace("\\\n", " ").splitlines()


def dockerfile() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile and their arguments."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in lines if line.strip()]


def arguments_of(instruction: str) -> list[str]:
    """What the Dockerfile says under that instruction, in order."""
    return [rest for name, rest in dockerfile() if name == instruction]


def services() -> dict[str, Any]:
    """The services of the compose file."""
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    found: dict[str, Any] = composed["services"]
    return found


def ours() -> dict[str, Any]:
    """Those that run CartBridge."""
    return {name: one for name, one in services().items() if "build" in one}


def unit(name: str) -> dict[str, list[str]]:
    """The settings of a systemd unit, of all its sections."""
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / name).read_text("utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def told_settings() -> dict[str, str]:
    """Every variable of env.example, in force or shown."""
    text = (DEPLOY / "env.example").read_text("utf-8")
    return dict(re.findall(r"^#?([A-Z][A-Z_]+)=(.*)$", text, re.MULTILINE))


def test_the_example_tells_every_setting_and_no_other() -> None:
    assert set(told_settings()) == variables() | {"POSTGRES_PASSWORD"}


def test_the_example_shows_what_is_used_when_nothing_is_said() -> None:
    shown = told_settings()
    for name, field in Settings.model_fields.items():
        variable = next(one for one in shown if one in (name.upper(), f"CARTBRIDGE_{name.upper()}"))
        if field.default is not None:
            assert shown[variable] == str(field.default), variable


def test_the_example_holds_no_secret() -> None:
    shown = told_settings()
    assert shown["CARTBRIDGE_MASTER_KEY"] == ""
    assert all("change-me" in shown[name] for name in SECRET - {"CARTBRIDGE_MASTER_KEY"})
    assert "deploy/env\n" in (ROOT / ".gitignore").read_text("utf-8")


def test_the_image_copies_what_is_there() -> None:
    for rest in arguments_of("COPY"):
        if not rest.startswith("--from="):
            *sources, _ = rest.split()
            for source in sources:
                assert (ROOT / source).exists(), source


def test_the_image_sends_to_the_builder_what_it_copies() -> None:
    rules = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    for rest in arguments_of("COPY"):
        if not rest.startswith("--from="):
            for source in rest.split()[:-1]:
                assert f"!{source}" in rules, source


def test_the_image_sets_only_what_is_a_setting() -> None:
    last = " ".join(arguments_of("ENV")[-1:])
    names = {word.partition("=")[0] for word in last.split()}
    python = {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}
    assert names - python <= variables()
    assert python <= names


def test_the_image_runs_as_nobody_in_particular_and_serves() -> None:
    assert arguments_of("USER") == ["10001:10001"]
    assert json.loads(arguments_of("ENTRYPOINT")[0]) == ["cartbridge"]
    check_command(json.loads(arguments_of("CMD")[0]))
    assert PROJECT["scripts"]["cartbridge"] == "cartbridge.cli:main"


def test_the_image_asks_for_its_health_where_it_is_told() -> None:
    application = web.Application()
    health.add_to(application)
    known = {resource.canonical for resource in application.router.resources()}
    (check,) = arguments_of("HEALTHCHECK")
    assert set(re.findall(r"(/[a-z]+z)\b", check)) == {"/healthz"}
    assert "/healthz" in known


def test_two_gateways_and_a_worker_share_one_database() -> None:
    commands = {name: one["command"] for name, one in ours().items()}
    for words in commands.values():
        check_command(list(words))
    assert [words[0] for words in commands.values()].count("serve") == 2
    assert [words[0] for words in commands.values()].count("work") == 1
    published = [port for one in ours().values() for port in one.get("ports", [])]
    assert len(set(published)) == 2
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_containers_may_do_nothing_they_need_not() -> None:
    for name, one in ours().items():
        assert one["read_only"] is True, name
        assert one["user"] == "10001:10001", name
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name


def test_the_compose_file_names_what_is_there() -> None:
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    for name, one in composed["services"].items():
        assert one["env_file"] == "env", name
        assert set(one.get("depends_on", {})) <= set(composed["services"])
        for volume in one.get("volumes", []):
            assert volume.partition(":")[0] in composed["volumes"]
    for one in ours().values():
        assert one["image"] == f"cartbridge:{__version__}"
        assert (DEPLOY / one["build"]["context"] / one["build"]["dockerfile"]).is_file()
    settings = services()["database"]["environment"]
    place = f"{settings['POSTGRES_USER']}:change-me@database:5432/{settings['POSTGRES_DB']}"
    assert told_settings()["DATABASE_URL"] == f"postgresql://{place}"


@pytest.mark.parametrize("name", ["cartbridge.service", "cartbridge-worker.service"])
def test_a_unit_runs_commands_that_exist(name: str) -> None:
    found = unit(name)
    for line in [*found["ExecStart"], *found["ExecStartPre"]]:
        program, *words = shlex.split(line)
        assert program == "/opt/cartbridge/bin/cartbridge"
        check_command(words)
    for line in found["Environment"]:
        assert line.partition("=")[0] in variables()
    assert found["EnvironmentFile"] == ["/etc/cartbridge/env"]


@pytest.mark.parametrize("name", ["cartbridge.service", "cartbridge-worker.service"])
def test_a_unit_is_hardened(name: str) -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign] # systemd's names have case
    parser.read(DEPLOY / name)
    service = parser["Service"]
    assert service["User"] == "cartbridge"
    for key in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices"):
        assert service[key] == "yes", key
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert service["Restart"] == "always"


def test_the_units_differ_only_in_what_they_run() -> None:
    gateway, worker = unit("cartbridge.service"), unit("cartbridge-worker.service")
    assert {key for key in gateway if gateway[key] != worker.get(key)} == {
        "Description",
        "After",
        "ExecStart",
    }


@pytest.mark.parametrize("page", PAGES)
def test_a_page_tells_only_commands_that_exist(page: str) -> None:
    found = 0
    for block in blocks(page):
        for line in shell_lines(block):
            typed = re.match(r"(?:.*[\s/])?(?:cartbridge|run --rm worker) (.*)$", line)
            if typed is None or line.startswith(("cartbridge()", "python3 -m venv", "useradd")):
                continue
            check_command(shlex.split(typed[1], comments=True))
            found += 1
    assert found or page == "CONTRIBUTING.md"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_only_targets_that_exist(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    wanted = set(re.findall(r"(?:`|^)make ([a-z0-9-]+)", text, re.MULTILINE))
    assert wanted <= targets()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_leads_only_to_what_is_there(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []


def targets() -> set[str]:
    """What `make` can make."""
    return set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def test_everything_promised_can_be_made() -> None:
    promised = {"help", "run", "test", "check", "e2e", "demo", "schemas", "docs", "clean", "lock"}
    assert promised <= targets()


def test_the_continuous_integration_runs_the_check() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "make check" in script.read_text("utf-8")


def pins(path: Path) -> dict[str, str]:
    """What a lock file pins, and to which version."""
    found = re.findall(
        r"^([a-z0-9][a-z0-9._-]*)==(\S+) \\\n", path.read_text("utf-8"), re.MULTILINE
    )
    return dict(found)


def named(requirement: str) -> str:
    """The name of a requirement, as lock files write it."""
    name = re.split(r"[<>=!;\[ ]", requirement)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_is_pinned() -> None:
    optional = dict(PROJECT["optional-dependencies"])
    rivals = {named(one) for one in optional.pop("bench")}
    every = [*PROJECT["dependencies"], *(one for extra in optional.values() for one in extra)]
    wanted, pinned = {named(one) for one in every}, pins(ROOT / "requirements.lock")
    benched = pins(ROOT / "requirements-bench.lock")
    assert wanted - set(pinned) == set(), "run `make lock`"
    assert rivals - set(benched) == set(), "run `make lock`"
    assert {name for name in pinned if benched.get(name, pinned[name]) != pinned[name]} == set()


def test_production_runs_what_was_tested() -> None:
    tested, production = pins(ROOT / "requirements.lock"), pins(DEPLOY / "requirements.lock")
    assert {named(one) for one in PROJECT["dependencies"]} <= set(production)
    assert {name for name in production if tested.get(name) != production[name]} == set()
    assert "pytest" not in production


@pytest.mark.parametrize("path", [ROOT / "requirements.lock", DEPLOY / "requirements.lock"])
def test_a_lock_holds_hashes_and_no_place(path: Path) -> None:
    text = path.read_text("utf-8")
    for pinned in re.split(r"\n(?=\S)", text):
        if re.match(r"[a-z0-9]", pinned):
            assert "--hash=sha256:" in pinned, pinned.partition("\n")[0]
    assert re.findall(r"://|file:/|--(?:extra-)?index-url|--find-links|--trusted-host", text) == []
    assert re.findall(r"(?:^|\s)/\S+", text) == []


def packages() -> list[tuple[Path, dict[str, list[str]]]]:
    """Each distribution's own package, and which of its files beside Python's it ships."""
    found = []
    for project in [ROOT / "pyproject.toml", *ROOT.glob("connectors/*/pyproject.toml")]:
        told = tomllib.loads(project.read_text("utf-8"))["tool"]["setuptools"]["package-data"]
        name = "cartbridge" if project.parent == ROOT else f"cartbridge_{project.parent.name}"
        found.append((project.parent / name, told))
    return found


@pytest.mark.parametrize(("package", "told"), packages(), ids=lambda one: getattr(one, "name", ""))
def test_what_is_installed_is_whole(package: Path, told: dict[str, list[str]]) -> None:
    patterns = [pattern for several in told.values() for pattern in several]
    for path in package.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".py":
            assert any(path.match(pattern) for pattern in patterns), path.relative_to(ROOT)


def test_the_version_is_the_same_everywhere() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", changelog, re.MULTILINE)
    assert released[0] == PROJECT["version"] == __version__
    assert "## [Unreleased]" in changelog


def test_the_licence_is_there_and_named() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert PROJECT["license"] == "Apache-2.0"
    for path in ROOT.glob("connectors/*/pyproject.toml"):
        assert tomllib.loads(path.read_text("utf-8"))["project"]["license"] == "Apache-2.0"
