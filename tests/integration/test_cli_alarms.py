"""An operator reads the alarms at the command line, and says who may be silent for how long."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner, Result

from cartbridge.app import Foundation, open_gateway
from cartbridge.cli import app
from cartbridge.database.connection import Database
from cartbridge.database.vault import Vault
from cartbridge.domain.alarm.state import Details
from cartbridge.services.add_connection import add_connection
from cartbridge.services.gateway import Gateway
from cartbridge.services.raise_alarm import clear_alarm, raise_alarm
from cartbridge.settings import Settings

KEY = bytes(range(32))
SECRET = "whsec_" + "B" * 43 + "="


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
    monkeypatch.setenv("CARTBRIDGE_MASTER_KEY", base64.b64encode(KEY).decode())
    monkeypatch.setenv("PORT", "0")


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def done(*words: str) -> str:
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.stdout


def in_gateway(dsn: str, folder: Path, work: Callable[[Gateway], Awaitable[None]]) -> None:
    async def opened() -> None:
        database = Database(dsn)
        await database.start()
        try:
            base = Foundation(database, Vault.of(KEY), dsn, None)
            async with open_gateway(Settings(data_dir=folder), base) as gateway:
                await work(gateway)
        finally:
            await database.stop()

    asyncio.run(opened())


@pytest.fixture
def retailer(dsn: str, tmp_path: Path) -> None:
    """One connection, one alarm of it that goes on and one that is over."""

    async def work(gateway: Gateway) -> None:
        tenant = (await gateway.directory.tenants.add("maison", "Maison")).uuid
        secrets = {"webhook_secrets": [SECRET]}
        await add_connection(gateway, tenant, "web-fr", "standard", secrets)
        await raise_alarm(gateway, tenant, "dead_letters", "web-fr", Details(number=3))
        await raise_alarm(gateway, tenant, "sorter_lag", "web-fr")
        await clear_alarm(gateway, tenant, "sorter_lag", "web-fr")

    in_gateway(dsn, tmp_path, work)


@pytest.mark.usefixtures("retailer")
def test_the_alarms_are_listed_with_what_to_do() -> None:
    (alarm,) = json.loads(done("alarms", "--json"))
    assert (alarm["kind"], alarm["subject"], alarm["state"]) == ("dead_letters", "web-fr", "raised")
    assert alarm["title"] == "3 messages to web-fr were given up"
    assert "cartbridge dead-letters list" in alarm["to_do"]
    assert {row["state"] for row in json.loads(done("alarms", "--over", "--json"))} == {
        "raised",
        "cleared",
    }
    assert "abandonnés" in done("alarms", "--lang", "fr")


def test_without_an_alarm_it_says_so(dsn: str, tmp_path: Path) -> None:
    done("tenant", "add", "maison", "Maison")
    assert "No alarm is raised." in done("alarms")


@pytest.mark.usefixtures("retailer")
async def test_a_connection_may_be_silent_for_its_own_time(owner: Any) -> None:
    async def said(*words: str) -> tuple[str, int | None]:
        text = await asyncio.to_thread(done, "connection", "silence", "web-fr", *words)
        return text, await owner.fetchval("select silent_after_hours from connection")

    assert await said("--hours", "2") == ("web-fr may be silent for 2 hours.\n", 2)
    assert await said("--hours", "0") == ("web-fr may be silent.\n", 0)
    text, hours = await said()
    assert "CARTBRIDGE_SILENT_AFTER_HOURS" in text
    assert hours is None
    refused = await asyncio.to_thread(run, "connection", "silence", "none", "--hours", "2")
    assert (refused.exit_code, "cartbridge connection list" in refused.output) == (1, True)


async def test_the_doctor_says_who_may_not_see_idle_transactions(owner: Any) -> None:
    await owner.execute("revoke pg_read_all_stats from cartbridge_engine")
    try:
        said = await asyncio.to_thread(run, "doctor")
        assert said.exit_code == 1
        assert "grant pg_read_all_stats to cartbridge_engine" in said.output
    finally:
        await owner.execute("grant pg_read_all_stats to cartbridge_engine")
    assert "WRONG" not in await asyncio.to_thread(done, "doctor")
