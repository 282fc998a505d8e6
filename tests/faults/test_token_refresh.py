"""Two processes refreshing one single-use token: one exchanges it, both go on."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from cartbridge.app import Foundation, open_gateway
from cartbridge.database.connection import Database, Unavailable
from cartbridge.database.vault import Vault
from cartbridge.domain.twin import TwinRef
from cartbridge.sdk import errors
from cartbridge.services import connectors
from cartbridge.services.add_connection import add_connection
from cartbridge.services.connectors import Link
from cartbridge.services.gateway import Gateway
from cartbridge.services.refresh_credentials import call_platform
from cartbridge.settings import Settings
from tests.faults.token_platform import TokenServer

REF = TwinRef(connection="tokens", external_id="c1")
CALLS = 8  # of each process at the same moment


class Pair:
    """One retailer's connection in two processes' hands, and the platform behind it."""

    def __init__(self, gateways: list[Gateway], links: list[Link], server: TokenServer) -> None:
        self.gateways, self.links, self.server = gateways, links, server

    async def call(self, at: int) -> bool:
        """One read of a cart at one of the gateways; whether it was answered."""
        link = self.links[at]
        try:
            await call_platform(
                self.gateways[at], link, lambda remote: link.connector.fetch(REF, remote)
            )
        except errors.ConnectorError:
            return False
        return True

    async def call_all(self) -> list[bool]:
        """Reads at both gateways at the same moment."""
        return await asyncio.gather(*(self.call(n % 2) for n in range(2 * CALLS)))

    async def alarms(self) -> list[str]:
        """The alarms that are raised."""
        gateway, tenant = self.gateways[0], self.links[0].tenant
        page = await gateway.documents.find(tenant, "alarm", state="raised")
        return [loaded.state.kind for loaded in page.items]


@pytest.fixture
async def platform() -> AsyncIterator[TokenServer]:
    server = TokenServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def pair(
    dsn: str, tmp_path: Path, platform: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Pair]:
    ours = "tests.faults.token_platform:TokenShop"
    found = [EntryPoint("token-shop", ours, connectors.GROUP)]
    monkeypatch.setattr(connectors, "entry_points", lambda group: found)
    networks: Any = "127.0.0.0/8"
    settings = Settings(data_dir=tmp_path, allow_private_addresses=networks)
    async with AsyncExitStack() as stack:
        gateways = []
        for _ in range(2):
            database = Database(dsn)
            await database.start()
            stack.push_async_callback(database.stop)
            base = Foundation(database, Vault.of(bytes(range(32))), dsn, None)
            gateways.append(await stack.enter_async_context(open_gateway(settings, base)))
        tenant = (await gateways[0].directory.tenants.add("maison", "Maison")).uuid
        asked = {"url": platform.url, "first_token": platform.refresh_token}
        await add_connection(gateways[0], tenant, "tokens", "token-shop", asked)
        links = [await each.connectors.by_name(tenant, "tokens") for each in gateways]
        yield Pair(gateways, [link for link in links if link is not None], platform)


async def test_one_exchanges_the_token_and_both_go_on(pair: Pair) -> None:
    answered = await pair.call_all()
    counts = (pair.server.exchanged, pair.server.refused)
    print(f"calls {len(answered)}, answered {sum(answered)}, exchanged {counts[0]}")  # noqa: T201

    assert all(answered)
    assert counts == (1, 0)
    assert all(await pair.call_all())
    assert pair.server.exchanged == 1


async def test_tokens_that_run_out_are_renewed_once_each_time(pair: Pair) -> None:
    pair.server.lives = 1  # they are renewed ahead of their time: at every call
    for times in range(1, 4):
        assert await pair.call(times % 2)
        assert pair.server.exchanged == times
    pair.server.lives = 3600
    assert all(await pair.call_all())
    assert pair.server.refused == 0


async def test_a_token_taken_back_early_is_renewed_at_once(pair: Pair) -> None:
    assert await pair.call(0)
    pair.server.access_tokens.clear()

    assert all(await pair.call_all())

    assert (pair.server.exchanged, pair.server.refused) == (2, 0)
    assert await pair.alarms() == []


async def test_a_caller_that_gives_up_loses_no_token(pair: Pair) -> None:
    calling = asyncio.create_task(pair.call(0))
    await asyncio.wait_for(pair.server.asked.wait(), 10)
    calling.cancel()
    await asyncio.gather(calling, return_exceptions=True)

    assert await pair.call(1)
    assert pair.server.refused == 0


async def test_a_short_outage_of_the_database_loses_no_token(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed, away = pair.gateways[0].renewed, [True, True]
    keep = renewed.keep

    async def cut(*arguments: Any, **more: Any) -> Any:
        if away and away.pop():
            raise Unavailable("the database cannot answer now")
        return await keep(*arguments, **more)

    monkeypatch.setattr(renewed, "keep", cut)
    assert await pair.call(0)
    assert away == []
    assert await pair.call(1)
    assert (pair.server.exchanged, pair.server.refused) == (1, 0)


async def test_what_cannot_be_renewed_is_told_by_alarm_until_it_can(pair: Pair) -> None:
    token, pair.server.refresh_token = pair.server.refresh_token, "another"
    assert not await pair.call(0)
    assert await pair.alarms() == ["token_refresh_failed"]

    pair.server.refresh_token = token
    for gateway in pair.gateways:
        gateway.alarms.forget()
    assert all(await pair.call_all())
    assert await pair.alarms() == []


async def for_everybody(take: Any, tenant: Any, kind: Any, subject: str, lease: Any) -> Any:
    """Hands a duty to whoever asks: what a gateway without leases would do."""
    return await take(tenant, kind, f"{subject} of {uuid.uuid4()}", lease)


async def test_without_the_lease_two_processes_lock_the_retailer_out(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: the same calls, and nobody waits for anybody."""
    assert await pair.call(0)
    pair.server.access_tokens.clear()
    for gateway in pair.gateways:
        monkeypatch.setattr(gateway.duties, "take", partial(for_everybody, gateway.duties.take))

    pair.server.side_by_side = asyncio.Barrier(2)  # both have read the same token by then
    await asyncio.gather(pair.call(0), pair.call(1))
    pair.server.side_by_side = None
    later = [await pair.call(0), await pair.call(1)]

    print(f"exchanged {pair.server.exchanged}, refused {pair.server.refused}")  # noqa: T201
    assert pair.server.refused > 0
    assert later == [False, False]
