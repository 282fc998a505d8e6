"""What should not be so is told by alarm, once, on the feed and in words, until it is over."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cartbridge.database.connection import Database
from cartbridge.database.rebuild import rebuild
from cartbridge.domain.alarm import commands as c
from cartbridge.domain.alarm.state import Details
from cartbridge.services import raise_alarm as raising
from cartbridge.services import tell_conditions as telling
from cartbridge.services.raise_alarm import clear_alarm, raise_alarm
from cartbridge.services.sort_inbox import sort_inbox
from cartbridge.services.tell_conditions import tell_conditions
from tests.acceptance.world import LAMP, Json, World, flaws, line, open_world, refused, until


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[World]:
    """A gateway without its loops: a story says when somebody looks."""
    async with open_world(dsn, tmp_path, work=False) as world:
        yield world


async def alarms(world: World, state: str = "raised") -> list[Json]:
    answer = await world.operator.get("/v1/alarms", state=state)
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


async def named(world: World) -> list[tuple[str, str]]:
    """The alarms that are raised, after another look."""
    await tell_conditions(world.gateway)
    return sorted((alarm["kind"], alarm["subject"]) for alarm in await alarms(world))


async def told(world: World, types: str) -> list[Json]:
    feed = await world.operator.get("/v1/events", types=types, limit="1000")
    items: list[Json] = feed.json()["items"]
    return items


async def test_all_is_well_and_nobody_is_told(world: World) -> None:
    assert await named(world) == []
    assert await told(world, "alarm.raised") == []


async def test_messages_that_wait_too_long_for_the_sorter(world: World) -> None:
    await world.shop.snapshot("c1", line(LAMP))
    assert await named(world) == []
    await world.owner.execute("update inbox set received_at = now() - interval '61 seconds'")
    assert await named(world) == [("sorter_lag", "demo-shop")]
    await sort_inbox(world.gateway)
    assert await named(world) == []


async def test_messages_put_aside(world: World) -> None:
    for text in ("none", "never"):
        body = {"type": "cart.snapshot", "data": {"external_id": {}, "lines": text}}
        assert (await world.shop.send(json.dumps(body).encode())).status_code == 202
    await sort_inbox(world.gateway)
    assert await named(world) == [("quarantine", "demo-shop")]
    (alarm,) = await alarms(world)
    assert alarm["number"] == 2
    assert "cartbridge inbox" in alarm["to_do"]
    await world.owner.execute("update inbox set state = 'ignored'")
    assert await named(world) == []


async def test_errands_that_were_given_up(world: World) -> None:
    tenant = await world.tenant()
    link = await world.gateway.connectors.by_name(tenant, "sandbox-shop")
    assert link is not None
    await world.gateway.outbox.enqueue(tenant, "a", "write", b"{}", connection=link.uuid)
    await world.gateway.outbox.enqueue(tenant, "b", "adopt", b"{}")
    await world.owner.execute("update outbox set state = 'dead'")
    assert await named(world) == [("dead_letters", "gateway"), ("dead_letters", "sandbox-shop")]
    await world.owner.execute("delete from outbox")
    assert await named(world) == []


async def test_a_connection_that_falls_silent_and_speaks_again(world: World) -> None:
    quiet = "update connection set last_heard_at = now() - interval '25 hours' where slug = $1"
    await world.owner.execute(quiet, "demo-shop")
    assert await named(world) == [("connection_silent", "demo-shop")]

    tenant = await world.tenant()
    connections = world.gateway.directory.connections
    found = await connections.get_by_slug(tenant, "demo-shop")
    assert found is not None
    for hours, silent in ((48, False), (2, True), (0, False), (None, True)):
        await connections.may_be_silent(tenant, found.id, hours)
        assert (("connection_silent", "demo-shop") in await named(world)) is silent

    await world.shop.snapshot("c1", line(LAMP))
    assert await named(world) == []
    await world.owner.execute(quiet, "demo-shop")
    await world.shop.call(
        "PUT", "/v1/connections/demo-shop/carts/c2", {"currency": "EUR", "lines": []}
    )
    assert await named(world) == []


async def test_a_forgotten_transaction_anywhere_on_the_server(
    world: World, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "IDLE", timedelta(milliseconds=100))
    forgotten = await asyncpg.connect(
        dsn.replace(dsn.rpartition("/")[2].partition("?")[0], "postgres")
    )
    try:
        transaction = forgotten.transaction()
        await transaction.start()
        await forgotten.fetchval("select pg_current_xact_id()::text")

        async def seen() -> bool:
            return await named(world) == [("idle_transaction", "gateway")]

        await until(seen)
        await transaction.rollback()
        assert await named(world) == []
    finally:
        await forgotten.close()


async def test_the_feed_tells_it_once_as_it_begins_and_ends(world: World) -> None:
    tenant = await world.tenant()
    details = Details(number=4, why="status 401")
    for _ in range(3):
        await raise_alarm(world.gateway, tenant, "dead_letters", "demo-shop", details)
    assert await clear_alarm(world.gateway, tenant, "dead_letters", "demo-shop")
    assert not await clear_alarm(world.gateway, tenant, "dead_letters", "demo-shop")

    begun, over = await told(world, "alarm.raised,alarm.cleared")
    assert (begun["type"], over["type"]) == ("alarm.raised", "alarm.cleared")
    assert begun["subject"] == over["subject"]
    assert begun["subject"].startswith("alm_")
    assert (begun["sequence"], over["sequence"]) == ("0000000001", "0000000002")
    assert begun["data"]["details"] == {"number": 4, "why": "status 401"}
    assert (begun["actor"], begun["connection"]) == ("gateway", "demo-shop")
    schema = await world.client.get(begun["dataschema"])
    assert schema.status_code == 200
    assert schema.json()["properties"].keys() == begun["data"].keys()
    (cleared,) = await alarms(world, "cleared")
    assert cleared["cleared_at"] is not None


async def test_whoever_raises_it_at_the_same_moment_it_is_one(world: World) -> None:
    tenant = await world.tenant()

    async def at_once() -> None:
        await raise_alarm(world.gateway, tenant, "quarantine", "demo-shop", Details(number=1))

    await asyncio.gather(*(at_once() for _ in range(12)))

    assert len(await told(world, "alarm.raised")) == 1
    assert len(await alarms(world)) == 1


async def test_a_gateway_that_dies_while_clearing_hides_no_later_alarm(world: World) -> None:
    tenant = await world.tenant()
    first = await raise_alarm(world.gateway, tenant, "quarantine", "demo-shop")
    await raising._tell(world.gateway, tenant, first.id, c.ClearAlarm())  # and then it died

    again = await raise_alarm(world.gateway, tenant, "quarantine", "demo-shop")

    assert again.id != first.id
    assert [alarm["id"] for alarm in await alarms(world)] == [again.id]
    assert await clear_alarm(world.gateway, tenant, "quarantine", "demo-shop")


async def test_a_removed_connection_leaves_no_alarm_behind(world: World) -> None:
    tenant = await world.tenant()
    await raise_alarm(world.gateway, tenant, "hook_disabled", "sandbox-shop")
    assert await named(world) == [("hook_disabled", "sandbox-shop")]
    found = await world.gateway.directory.connections.get_by_slug(tenant, "sandbox-shop")
    assert found is not None
    await world.gateway.directory.connections.remove(tenant, found.id)
    assert await named(world) == []


async def test_only_the_retailer_s_operator_sees_it(world: World) -> None:
    other = await world.gateway.directory.tenants.add("other", "Other")
    await raise_alarm(world.gateway, other.uuid, "quarantine", "demo-shop")
    assert await alarms(world) == []
    for caller in (world.shop, world.till()):
        refused(await caller.get("/v1/alarms"), 403, "forbidden")
    refused(await world.operator.get("/v1/alarms", state="broken"), 400, "invalid_request")
    refused(await world.operator.get("/v1/alarms", after="nonsense"), 400, "invalid_request")


async def test_pages_lead_through_all_of_them(world: World) -> None:
    tenant = await world.tenant()
    for number in range(5):
        await raise_alarm(world.gateway, tenant, "quarantine", f"web-{number}")
    found, after = set[str](), dict[str, str]()
    while True:
        page = (await world.operator.get("/v1/alarms", limit="2", **after)).json()
        found |= {alarm["subject"] for alarm in page["items"]}
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert found == {f"web-{number}" for number in range(5)}


async def test_the_journal_holds_them_like_any_document(world: World) -> None:
    tenant = await world.tenant()
    alarm = await raise_alarm(world.gateway, tenant, "quarantine", "demo-shop")
    folded: Any = await world.gateway.documents.fold(tenant, alarm.id)
    assert folded == alarm
    database = Database(world.dsn)
    await database.start()
    try:
        rebuilt = await rebuild(database, world.gateway.documents, lambda done: None)
    finally:
        await database.stop()
    assert (rebuilt.documents, rebuilt.mended) == (1, 0)
    assert await flaws(world.dsn) == []
    assert await world.gateway.documents.load(uuid.uuid4(), alarm.id) is None
