"""An operator sets a retailer up, looks after the database and runs the gateway by commands."""

import asyncio
import base64
import importlib.util
import json
import os
import select
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import structlog
import typer
from typer.testing import CliRunner, Result

from cartbridge import __version__
from cartbridge.administration.asking import new_secret
from cartbridge.administration.complaints import complaint_about
from cartbridge.cli import app
from cartbridge.database.connection import Database
from cartbridge.database.directory import Directory
from cartbridge.database.vault import Vault
from cartbridge.domain.ids import uuid_of

DOCS = Path(__file__).parents[2] / "docs"
KEY = bytes(range(32))
RETAILER = ("tenant add maison-lumiere Maison", "brand add lumiere Lumiere")
STORE = "store add lyon Lyon --brand lumiere --closing-time 19:30"
TERMINAL = "terminal add caisse-1 --store lyon --name Caisse"


class Commands:
    """Runs a command as a person would, on the database of this test."""

    def __init__(self) -> None:
        self._runner = CliRunner()

    def run(self, line: str, given: str | None = None) -> Result:
        """The command's answer, whatever it is."""
        return self._runner.invoke(app, line.split(" "), input=given)

    def done(self, line: str, given: str | None = None) -> str:
        """What a command that went well answers."""
        result = self.run(line, given)
        assert result.exit_code == 0, result.output
        return result.stdout

    def refused(self, line: str, status: int = 1, given: str | None = None) -> str:
        """What a command says that could not be done."""
        result = self.run(line, given)
        assert result.exit_code == status, result.output
        assert "Traceback" not in result.output
        return result.output


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command sets the log of its process up, and here that is everybody's."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dsn: str) -> dict[str, str]:
    told = {
        "DATABASE_URL": dsn,
        "DATA_DIR": str(tmp_path / "var"),
        "CARTBRIDGE_MASTER_KEY": base64.b64encode(KEY).decode(),
        "PORT": "0",
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return told


@pytest.fixture
def commands(environment: dict[str, str]) -> Commands:
    return Commands()


@pytest.fixture
def retailer(commands: Commands) -> Commands:
    """A retailer with a brand, a store and a till."""
    for line in (*RETAILER, STORE, TERMINAL):
        commands.done(line)
    return commands


def of_directory(dsn: str, ask: Any) -> Any:
    """What the gateway's own directory says."""

    async def asked() -> Any:
        database = Database(dsn)
        await database.start()
        try:
            return await ask(Directory(database, Vault.of(KEY)))
        finally:
            await database.stop()

    return asyncio.run(asked())


def test_what_is_added_is_listed(retailer: Commands) -> None:
    assert json.loads(retailer.done("tenant list --json"))[0]["slug"] == "maison-lumiere"
    assert json.loads(retailer.done("brand list --json"))[0]["name"] == "Lumiere"
    assert json.loads(retailer.done("store list --json"))[0]["closes"] == "19:30 Europe/Paris"
    (terminal,) = json.loads(retailer.done("terminal list --json"))
    assert (terminal["store"], terminal["last_seen_at"]) == ("lyon", None)


def test_what_is_in_use_is_not_removed(retailer: Commands) -> None:
    assert "caisse-1" in retailer.refused("store remove lyon")
    retailer.done("terminal remove caisse-1")
    retailer.done("store remove lyon")
    retailer.done("brand remove lumiere")
    retailer.done("tenant remove maison-lumiere")
    assert "No retailer yet" in retailer.done("tenant list")


def test_complaints_say_what_to_do_next(retailer: Commands) -> None:
    assert "brand nowhere: add it first" in retailer.refused("store add x X --brand nowhere")
    assert "letters, digits and dashes" in retailer.refused("brand add Bad_Slug X", 2)
    assert "write it as 20:00" in retailer.refused(f"{STORE}x", 2)
    assert "there is a brand lumiere already" in retailer.refused(RETAILER[1])
    assert "tenant list" in retailer.refused("brand list --tenant nobody")
    assert "--connection" in retailer.refused("key add --role shop --label x", 2)
    assert "No such option" in retailer.refused("brand list --nonsense", 2)


def test_the_retailer_is_named_when_there_are_two(retailer: Commands) -> None:
    retailer.done("tenant add other Other")
    assert "maison-lumiere, other" in retailer.refused("brand list", 2)
    assert "lumiere" in retailer.done("brand list --tenant maison-lumiere")
    assert "No brand yet" in retailer.done("brand list --tenant other")


def test_without_a_retailer_the_first_step_is_told(commands: Commands) -> None:
    assert "cartbridge tenant add" in commands.refused("key list")


def test_a_device_becomes_a_terminal_by_eight_digits(retailer: Commands, dsn: str) -> None:
    code = retailer.done("terminal pair caisse-1").strip()
    assert len(code) == len("1234 5678")
    paired = of_directory(dsn, lambda directory: directory.pairing.use(code))
    assert paired.terminal == "caisse-1"
    assert "no terminal nobody" in retailer.refused("terminal pair nobody")


def test_a_key_is_printed_once_and_can_be_revoked(retailer: Commands, dsn: str) -> None:
    key = retailer.done("key add --role pos --label till --terminal caisse-1").strip()

    async def who(directory: Directory) -> Any:
        return await directory.authenticate(key)

    principal = of_directory(dsn, who)
    assert (principal.role, principal.store, principal.terminal) == ("pos", "lyon", "caisse-1")
    listed = retailer.done("key list --json")
    assert key not in listed
    assert key not in retailer.refused(f"key revoke {key}", 2)
    retailer.done(f"key revoke {json.loads(listed)[0]['id']}")
    assert of_directory(dsn, who) is None
    assert "revoked before" in retailer.refused(f"key revoke {json.loads(listed)[0]['id']}")


def test_a_connection_gets_a_hook_and_keeps_its_secret(retailer: Commands, dsn: str) -> None:
    said = retailer.done("connection add web --connector standard --generate webhook_secrets")
    secret = next(word for word in said.split() if word.startswith("whsec_"))
    (listed,) = json.loads(retailer.done("connection list --json"))
    assert listed["hook_url"] in said
    hook = listed["hook_url"].rpartition("/")[2]
    found = of_directory(dsn, lambda directory: directory.connection_by_hook(hook))
    assert found.settings == {"webhook_secrets": [secret]}
    assert secret not in retailer.done("connection list")
    key = retailer.done("key add --role shop --label web --connection web").strip()
    assert of_directory(dsn, lambda d: d.authenticate(key)).connection == uuid_of(found.id)
    assert "web is paused" in retailer.done("connection pause web")
    assert json.loads(retailer.done("connection list --json"))[0]["state"] == "paused"
    retailer.done("connection remove web")
    assert "No connection yet" in retailer.done("connection list")


def test_secrets_come_by_the_environment_or_a_pipe_never_as_an_argument(
    retailer: Commands, monkeypatch: pytest.MonkeyPatch, dsn: str
) -> None:
    add = "connection add {} --connector standard --secret webhook_secrets"
    piped, set_in_advance = new_secret(), new_secret()
    retailer.done(add.format("one"), given=f"{piped}\n")
    monkeypatch.setenv("CARTBRIDGE_SECRET_WEBHOOK_SECRETS", set_in_advance)
    retailer.done(add.format("two"))

    async def stored(directory: Directory) -> list[Any]:
        (tenant,) = await directory.tenants.list()
        found = await directory.connections.list(tenant.uuid)
        return [connection.settings["webhook_secrets"] for connection in found]

    assert of_directory(dsn, stored) == [[piped], [set_in_advance]]
    monkeypatch.delenv("CARTBRIDGE_SECRET_WEBHOOK_SECRETS")
    assert "is empty" in retailer.refused(add.format("three"), 2, given="")
    typed = add.replace("--secret ", "--set ").format("three") + f"={piped}"
    said = retailer.refused(typed, 2)
    assert "--secret webhook_secrets" in said
    assert piped not in said


def test_a_wrong_setting_of_a_connection_is_named(retailer: Commands) -> None:
    add = "connection add web --connector standard --generate webhook_secrets"
    assert "write_url" in retailer.refused(f"{add} --set write_url=ftp://shop.example")
    assert "key=value" in retailer.refused(f"{add} --set nonsense", 2)
    assert "there are: webhook_secrets" in retailer.refused(f"{add} --secret currency", 2)
    assert "standard" in retailer.refused("connection add web --connector nothing")
    assert "webhook_secrets! (secret)" in retailer.done("connection connectors")


ITEMS = """sku;gtin;libellé;prix;remarque
LAMP;3700123456780;Lampe chêne;49,90;
WRONG;3700123456789;Faux numéro;10,00;
BULB;3760123451024;Ampoule;6,90;
"""


def test_pages_of_an_origin_may_tell_what_is_looked_at_until_none_may(retailer: Commands) -> None:
    retailer.done("connection add web-fr --connector standard --generate webhook_secrets")
    browse = "connection browse web-fr"

    said = retailer.done(
        f"{browse} --origin https://WWW.maison.example/ --origin http://[::1]:8000"
    )

    assert "Pages of https://www.maison.example, http://[::1]:8000 may tell" in said
    assert '/browse.js" data-connection="brw_' in said
    assert retailer.done(browse) == "No page may tell what is looked at on web-fr.\n"
    for wrong in ("www.maison.example", "https://maison.example/shop", "*"):
        refused = retailer.run(f"{browse} --origin {wrong}")
        assert (refused.exit_code, "write it as https://host" in refused.output) == (2, True)


def test_refused_rows_are_named_with_how_to_mend_them(retailer: Commands, tmp_path: Path) -> None:
    file = tmp_path / "articles.csv"
    file.write_text(ITEMS)
    checked = retailer.refused(f"items import {file} --dry-run")
    assert "2 would be taken, 1 not" in checked
    assert "does not know it" in retailer.refused("items find --sku LAMP")
    said = retailer.refused(f"items import {file}")
    assert "Columns left out: remarque" in said
    assert "wrong check digit" in said
    assert "2 were taken, 1 not" in said
    found = json.loads(retailer.done("items find --gtin 3700123456780 --json"))
    assert found["sku"] == "LAMP"
    file.write_text(ITEMS.replace("3700123456789", ""))
    retailer.done(f"items import {file}")
    file.write_text("nothing of interest")
    assert "name it in row 1" in retailer.refused(f"items import {file}")
    assert "--sku" in retailer.refused("items find", 2)


@pytest.fixture
def damaged(owner: Any, carts: Any) -> Any:
    """Does what only an administrator with full rights could."""

    async def damage(statement: str) -> str:
        cart: str = await carts.start()
        await owner.execute("set session_replication_role = replica")
        await owner.execute(statement)
        return cart

    return damage


async def test_verify_names_the_first_broken_link(commands: Commands, damaged: Any) -> None:
    assert "All is well: 0 documents" in await asyncio.to_thread(commands.done, "verify")
    cart = await damaged("update event set hash = '\\x00'")
    said = await asyncio.to_thread(commands.refused, "verify")
    assert "First: broken link: shard" in said
    assert str(uuid_of(cart)) in said
    assert "backup" in said


async def test_rebuild_mends_views_that_verify_finds_behind(
    commands: Commands, damaged: Any
) -> None:
    await damaged("delete from view")
    said = await asyncio.to_thread(commands.refused, "verify")
    assert "First: view behind" in said
    assert "cartbridge rebuild" in said
    assert "1 views mended" in await asyncio.to_thread(commands.done, "rebuild")
    assert "All is well: 1 documents" in await asyncio.to_thread(commands.done, "verify")


@pytest.fixture
async def new_database(server: Any, monkeypatch: pytest.MonkeyPatch, commands: Commands) -> Any:
    name = f"cartbridge_cli_{uuid.uuid4().hex[:12]}"
    connection = await asyncpg.connect(server("postgres"))
    await connection.execute(f"create database {name}")
    monkeypatch.setenv("DATABASE_URL", server(name))
    yield server(name)
    await connection.execute(f"drop database {name} with (force)")
    await connection.close()


@pytest.mark.usefixtures("new_database")
def test_a_new_database_is_migrated_on_demand_and_once(commands: Commands) -> None:
    assert "cartbridge migrate" in commands.refused("tenant list")
    assert "migrations applied" in commands.done("migrate --phase pre")
    commands.done("migrate")
    assert "Nothing to do" in commands.done("migrate")
    assert "No retailer yet" in commands.done("tenant list")


def test_the_doctor_finds_a_sound_installation_well(commands: Commands) -> None:
    said = commands.done("doctor")
    assert "WRONG" not in said
    for part in ("settings", "data folder", "master key", "database", "clock", "migrations"):
        assert f"ok    {part}" in said
    assert "connector standard" in said


@pytest.mark.parametrize(
    ("name", "value", "mend"),
    [
        ("CARTBRIDGE_MASTER_KEY", "c2hvcnQ=", "openssl rand -base64 32"),
        ("CARTBRIDGE_MASTER_KEY", None, "set CARTBRIDGE_MASTER_KEY to the same for all"),
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none", "see that the server runs"),
        ("DATABASE_URL", "nonsense", "see that the server runs"),
        ("DATA_DIR", "/proc/here", "set DATA_DIR"),
        ("CARTBRIDGE_PUBLIC_URL", "http://shop.example", "https address"),
        ("CARTBRIDGE_LEASE_MINUTES", "0", "correct what is named"),
        ("CARTBRIDGE_CONFIG", "/nowhere.toml", "unset CARTBRIDGE_CONFIG"),
    ],
)
def test_the_doctor_says_how_to_mend_what_is_wrong(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, name: str, value: str | None, mend: str
) -> None:
    if value is None:
        monkeypatch.delenv(name)
    else:
        monkeypatch.setenv(name, value)
    said = commands.refused("doctor")
    assert "WRONG" in said
    assert mend in said.partition("mend it: ")[2]


@pytest.mark.usefixtures("new_database")
def test_the_doctor_finds_pending_migrations(commands: Commands) -> None:
    assert "run: cartbridge migrate" in commands.refused("doctor")


def test_the_doctor_finds_a_port_that_is_taken(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, taken_port: int
) -> None:
    monkeypatch.setenv("PORT", str(taken_port))
    assert "set PORT to another one" in commands.refused("doctor")
    assert "PORT=8081" in commands.refused("serve")


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield held.getsockname()[1]


def test_a_wrong_setting_ends_a_command_without_a_traceback(
    commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARTBRIDGE_LEASE_MINUTES", "many")
    said = commands.refused("key list", 2)
    assert "CARTBRIDGE_LEASE_MINUTES" in said
    assert "many" not in said


def test_a_worker_needs_a_database_to_share(
    commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL")
    assert "DATABASE_URL" in commands.refused("work", 2)


def test_what_nobody_foresaw_is_told_without_what_it_holds() -> None:
    told = complaint_about(RuntimeError("camille@example.fr"))
    assert told is not None
    assert "RuntimeError" in told.text
    assert "camille" not in told.text


def test_demo_and_hook_need_a_gateway_that_runs(
    commands: Commands, environment: dict[str, str], tmp_path: Path
) -> None:
    assert "make run" in commands.refused("demo")
    place = {"hook_url": "http://127.0.0.1:1/v1/hooks/x", "webhook_secret": new_secret()}
    told = {"base_url": "http://127.0.0.1:1", "connections": {"demo-shop": place}}
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "demo.json").write_text(json.dumps(told))
    assert "no gateway answers at http://127.0.0.1:1" in commands.refused("demo")
    said = commands.refused("hook send -", given="{}")
    assert "no gateway answers" in said
    assert place["webhook_secret"] not in said


def leaves(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, inner in getattr(command, "commands", {}).items():
        yield from leaves(inner, f"{path} {name}")
    if not hasattr(command, "commands"):
        yield path, command


EVERY = dict(leaves(typer.main.get_command(app), "cartbridge"))


@pytest.mark.parametrize("path", EVERY)
def test_every_command_and_option_says_what_it_is_for(path: str) -> None:
    command = EVERY[path]
    assert command.help
    assert command.help.rstrip().split("\n\n")[0].endswith(".")
    for parameter in command.params:
        if not getattr(parameter, "hidden", False):
            assert getattr(parameter, "help", None), f"{path} {parameter.name}"


def test_the_page_of_commands_is_current() -> None:
    spec = importlib.util.spec_from_file_location("list_commands", DOCS / "list_commands.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    current = (DOCS / "commands.md").read_text(encoding="utf-8")
    assert current == module.page(), "run `make docs`"


def test_the_version_is_told(commands: Commands) -> None:
    assert commands.done("--version") == f"cartbridge {__version__}\n"


class Served:
    """`cartbridge serve` as a process of its own."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "cartbridge", "serve", *arguments],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.first_line = self._process.stdout.readline()
        self.address = self.first_line.split()[-1] if self.first_line else ""

    def children(self) -> list[int]:
        """The processes it started."""
        path = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self._process.kill()
        self._process.communicate(timeout=20)

    def stop(self) -> int:
        """Asks it to end; the status it ended with."""
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=20)
        return self._process.returncode


def test_serve_tells_when_it_is_ready_and_takes_a_signed_hook(
    commands: Commands, environment: dict[str, str], tmp_path: Path
) -> None:
    served = Served(environment, "--demo")
    try:
        assert served.first_line.startswith("CartBridge ready on http://127.0.0.1:")
        assert httpx.get(f"{served.address}/readyz").status_code == 200
        told = json.loads((tmp_path / "var" / "demo.json").read_text())
        assert told["base_url"] == served.address
        body = tmp_path / "cart.json"
        body.write_text('{"type": "cart.deleted", "data": {"external_id": "none"}}')
        assert commands.done(f"hook send {body} --message-id one").startswith("202 ")
        assert '"duplicate":true' in commands.done(f"hook send {body} --message-id one")
        body.write_text("{}")
        assert "there are demo-shop" in commands.refused(f"hook send {body} --connection none")
    finally:
        assert served.stop() == 0


def test_several_processes_share_a_port_and_end_with_the_first(
    environment: dict[str, str],
) -> None:
    served = Served(environment, "--processes", "2")
    try:
        assert httpx.get(f"{served.address}/readyz").status_code == 200
        members = served.children()
        assert len(members) == 2
    finally:
        served.kill()
    for pid in members:
        _wait_for_end(pid)
    served = Served(environment, "--processes", "2")
    assert httpx.get(f"{served.address}/readyz").status_code == 200
    assert served.stop() == 0


def _wait_for_end(pid: int) -> None:
    """Returns when a process that is not our child has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ended, _, _ = select.select([descriptor], [], [], 20)
        assert ended, f"process {pid} goes on without its keeper"
    finally:
        os.close(descriptor)
