"""An operator looks at the queues and mends them; nothing personal is printed unasked."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog
from typer.testing import CliRunner, Result

from cartbridge.administration.choosing import moment
from cartbridge.administration.complaints import CommandRefused
from cartbridge.administration.inbox import PERSONAL
from cartbridge.app import Foundation, open_gateway
from cartbridge.cli import app
from cartbridge.database.connection import Database
from cartbridge.database.inbox import Arrival
from cartbridge.database.vault import Vault
from cartbridge.domain.ids import named, uuid_of
from cartbridge.services.add_connection import add_connection
from cartbridge.services.gateway import Gateway
from cartbridge.settings import Settings

EMAIL = "canary@example.test"
BODY = b'{"customer": "' + EMAIL.encode()
KEY = bytes(range(32))
NOBODYS = {"msg": "msg_" + "0" * 32, "out": "out_" + "0" * 32}


class Shop:
    """A retailer with one shop, and what its platform and its errands did."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self._dsn = dsn
        self._settings = Settings(data_dir=folder)
        self._runner = CliRunner()
        self.tenant, self.connection = self._gateway(self._set_up)

    async def _set_up(self, gateway: Gateway) -> tuple[UUID, UUID]:
        tenant = (await gateway.directory.tenants.add("maison", "Maison")).uuid
        secret = "whsec_" + "B" * 43 + "="
        settings = {"webhook_secrets": [secret]}
        added = await add_connection(gateway, tenant, "web-fr", "standard", settings)
        return tenant, uuid_of(added.id)

    def _gateway(self, work: Callable[[Gateway], Awaitable[Any]]) -> Any:
        async def done() -> Any:
            database = Database(self._dsn)
            await database.start()
            try:
                base = Foundation(database, Vault.of(KEY), self._dsn, None)
                async with open_gateway(self._settings, base) as gateway:
                    return await work(gateway)
            finally:
                await database.stop()

        return asyncio.run(done())

    def message(self) -> str:
        """A message that no sorter has seen yet."""

        async def work(gateway: Gateway) -> str:
            headers = (("content-type", "application/json"), ("x-token", "s3cret"))
            arrival = Arrival(self.tenant, self.connection, "POST", headers, BODY)
            return (await gateway.inbox.receive(arrival)).message

        found: str = self._gateway(work)
        return found

    def put_aside(self) -> str:
        """A message that nobody could read."""
        message = self.message()

        async def work(gateway: Gateway) -> None:
            for row in await gateway.inbox.take_new(10):
                await gateway.inbox.quarantine(row, "not JSON: line 1")

        self._gateway(work)
        return message

    def letter(self, *, dead: bool = True) -> str:
        """An errand that was given up, or waits."""

        async def work(gateway: Gateway) -> UUID:
            outbox = gateway.outbox
            letter = await outbox.enqueue(
                self.tenant, "lane", "write", b'{"ref": "r"}', connection=self.connection
            )
            for message in await outbox.take(5) if dead else ():
                await outbox.dead(message, "the shop answers 500")
            return letter

        return named("out", self._gateway(work))

    def run(self, line: str) -> Result:
        """The command's answer, whatever it is."""
        return self._runner.invoke(app, line.split(" "))

    def done(self, line: str) -> str:
        """What a command that went well answers."""
        result = self.run(line)
        assert result.exit_code == 0, result.output
        return result.stdout

    def told(self, line: str) -> Any:
        """What a command answers to a script."""
        return json.loads(self.done(f"{line} --json"))

    def refused(self, line: str, status: int = 1) -> str:
        """What a command says that could not be done."""
        result = self.run(line)
        assert result.exit_code == status, result.output
        assert "Traceback" not in result.output
        return result.output


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, dsn: str) -> Shop:
    told = {
        "DATABASE_URL": dsn,
        "DATA_DIR": str(tmp_path / "var"),
        "CARTBRIDGE_MASTER_KEY": base64.b64encode(KEY).decode(),
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return Shop(dsn, tmp_path / "var")


def test_messages_are_listed_and_shown_without_what_was_sent(shop: Shop) -> None:
    aside = shop.put_aside()
    new = shop.message()

    listed = shop.told("inbox list")
    (found,) = shop.told("inbox list --state quarantined --connection web-fr --since 1h")

    assert [one["message"] for one in listed] == [new, aside]
    assert (found["message"], found["reason"]) == (aside, "not JSON: line 1")
    assert shop.told("inbox list --until 1h") == []
    shown = shop.done(f"inbox show {aside}")
    assert "quarantined" in shown
    assert "web-fr" in shown
    assert EMAIL not in shop.done("inbox list") + shown
    assert shop.told(f"inbox show {aside}")["reason"] == "not JSON: line 1"


def test_what_was_sent_is_printed_only_when_asked_for_and_says_what_it_is(shop: Shop) -> None:
    message = shop.put_aside()

    result = shop.run(f"inbox show {message} --show-body")

    assert EMAIL in result.stdout
    assert "x-token: …" in result.stdout
    assert "s3cret" not in result.output
    assert PERSONAL in result.stderr
    assert shop.told(f"inbox show {message} --show-body")["sent"]["text"] == BODY.decode()


def test_what_was_put_aside_is_read_again(shop: Shop) -> None:
    message = shop.put_aside()

    assert "1 messages are read again" in shop.done(f"inbox replay --id {message}")
    assert shop.told("inbox replay --connection web-fr") == {"replayed": 0}
    assert "nothing to do again" in shop.done("inbox replay --since 1h")
    (lag,) = shop.told("inbox sort-lag")
    assert (lag["connection"], lag["waiting"], lag["sorter_at_work"]) == ("web-fr", 1, False)
    assert 0 <= lag["oldest_seconds"] < 60


def test_the_outbox_is_paused_and_resumed(shop: Shop) -> None:
    letter = shop.letter(dead=False)

    paused = shop.run("outbox pause --connection web-fr --reason moving")
    result = shop.run("outbox list --connection web-fr")
    (waiting,) = shop.told("outbox list")

    assert paused.exit_code == 0
    assert "web-fr is paused (moving): cartbridge outbox resume --connection web-fr" in (
        result.stderr
    )
    assert (waiting["id"], waiting["connection"], waiting["under_way"]) == (letter, "web-fr", False)
    shop.done("outbox resume --connection web-fr")
    assert shop.run("outbox list").stderr == ""


def test_dead_letters_are_listed_shown_and_leave_after_all(shop: Shop) -> None:
    letter = shop.letter()

    (found,) = shop.told("dead-letters list --connection web-fr --since 1h")
    shown = shop.done(f"dead-letters show {letter}")

    assert (found["id"], found["reason"]) == (letter, "the shop answers 500")
    assert "the shop answers 500" in shown
    assert "ref" not in shown
    body = shop.run(f"dead-letters show {letter} --show-body")
    assert '{"ref": "r"}' in body.stdout
    assert PERSONAL in body.stderr
    assert "1 messages leave again" in shop.done(f"dead-letters replay --id {letter}")
    assert shop.told("dead-letters replay --connection web-fr") == {"replayed": 0}
    assert "Nothing was given up" in shop.done("dead-letters list")
    assert shop.told("outbox list")[0]["id"] == letter


def test_complaints_tell_the_way_out(shop: Shop) -> None:
    for queue in ("inbox", "dead-letters"):
        assert "say what to replay" in shop.refused(f"{queue} replay", 2)
        assert "connection list" in shop.refused(f"{queue} replay --connection nobody")
        assert "how long ago" in shop.refused(f"{queue} list --since yesterday", 2)
        assert f"cartbridge {queue} list" in shop.refused(f"{queue} show x", 2)
    assert "connection list" in shop.refused("outbox pause --connection nobody")
    assert "cartbridge inbox list" in shop.refused(f"inbox show {NOBODYS['msg']}")
    assert "cartbridge inbox list" in shop.refused(f"inbox replay --id {NOBODYS['msg']}")
    assert "dead-letters list" in shop.refused(f"dead-letters show {NOBODYS['out']}")


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20T10:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20T11:00+01:00", datetime(2026, 11, 20, 10, tzinfo=UTC)),
    ],
)
def test_a_time_means_what_it_says(text: str, means: datetime) -> None:
    assert moment("--since", text) == means


def test_a_span_is_so_long_ago() -> None:
    ago = moment("--since", "90m")
    assert ago is not None
    assert abs(datetime.now(UTC) - ago - timedelta(minutes=90)) < timedelta(minutes=1)
    with pytest.raises(CommandRefused, match="how long ago"):
        moment("--since", "999999d")
