"""The metrics page: the operator's Prometheus reads what happened; nobody else reads anything."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from cartbridge.database.connection import Unavailable
from tests.acceptance.world import LAMP, World, line, open_world, refused, until

TOKEN = "metrics-token-canary"


def figures(page: httpx.Response) -> dict[tuple[str, ...], float]:
    """Every sample by its name and labels."""
    assert page.status_code == 200, page.text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(page.text)
        for sample in family.samples
    }


@pytest.fixture
async def closed(dsn: str, tmp_path: Path) -> AsyncIterator[World]:
    """A gateway whose metrics are read with a token."""
    async with open_world(dsn, tmp_path, metrics_token=TOKEN) as world:
        yield world


async def test_what_waits_is_told_with_its_age(world: World) -> None:
    await world.shop.send(b"{")
    await world.settled()
    await world.owner.execute(
        "insert into outbox (shard, id, tenant, lane, kind, payload, run_at, lease_until)"
        " values (0, $1, $2, 'l', 'adopt', '{}', now() - interval '5 minutes', now() + '1 hour')",
        uuid.uuid4(),
        await world.tenant(),
    )
    await world.owner.execute(
        "insert into outbox (shard, id, tenant, lane, kind, payload, state)"
        " values (0, $1, $2, 'l', 'adopt', '{}', 'dead')",
        uuid.uuid4(),
        await world.tenant(),
    )

    told = figures(await world.client.get("/metrics"))

    assert told["cartbridge_database_up",] == 1
    assert told["cartbridge_messages_quarantined",] == 1
    assert told["cartbridge_inbox_new_messages",] == 0
    assert told["cartbridge_outbox_waiting",] == 1
    assert 299 < told["cartbridge_outbox_overdue_seconds",] < 360
    assert told["cartbridge_dead_letters",] == 1
    assert told["cartbridge_process_resident_bytes", "0"] > 1e6


async def test_what_an_operator_paused_is_not_late(world: World) -> None:
    tenant = await world.tenant()
    link = await world.gateway.connectors.by_name(tenant, "demo-shop")
    assert link is not None
    await world.gateway.circuits.pause(tenant, link.uuid, "moved")
    await world.gateway.outbox.enqueue(tenant, "lane", "adopt", b"{}", connection=link.uuid)
    await world.owner.execute("update outbox set run_at = now() - interval '5 minutes'")

    told = figures(await world.client.get("/metrics"))

    assert told["cartbridge_outbox_waiting",] == 1
    assert told["cartbridge_outbox_overdue_seconds",] == 0
    assert told["cartbridge_circuits_paused",] == 1


async def test_the_sorters_lag_is_told(dsn: str, tmp_path: Path) -> None:
    async with open_world(dsn, tmp_path, work=False) as world:
        await world.shop.snapshot("web-1", line(LAMP))
        await world.owner.execute("update inbox set received_at = now() - interval '2 minutes'")

        told = figures(await world.client.get("/metrics"))

        assert told["cartbridge_inbox_new_messages",] == 1
        assert 119 < told["cartbridge_inbox_new_oldest_seconds",] < 180


async def test_a_database_that_is_away_leaves_only_its_gauges_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> None:
        raise Unavailable("away")

    monkeypatch.setattr(world.gateway.queues, "gauges", away)

    told = figures(await world.client.get("/metrics"))

    assert told["cartbridge_database_up",] == 0
    assert ("cartbridge_dead_letters",) not in told
    assert ("cartbridge_process_resident_bytes", "0") in told


async def test_without_a_token_only_this_machine_reads_and_no_proxy_for_others(
    world: World,
) -> None:
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        answer = await world.client.get("/metrics", headers={header: "203.0.113.9"})
        problem = refused(answer, 401, "metrics_closed")
        assert "CARTBRIDGE_METRICS_TOKEN" in problem["detail"]


async def test_with_a_token_nobody_reads_without_it(closed: World) -> None:
    for given in ("", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"):
        answer = await closed.client.get("/metrics", headers={"Authorization": given})
        refused(answer, 401, "metrics_closed")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    keys = {"Authorization": f"Bearer {closed.operator.key}"}
    refused(await closed.client.get("/metrics", headers=keys), 401, "metrics_closed")

    page = await closed.client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})

    assert figures(page)["cartbridge_database_up",] == 1


async def test_hooks_and_calls_are_counted_by_what_became_of_them(world: World) -> None:
    before = figures(await world.client.get("/metrics"))

    await world.shop.send(b"{}", "the-same")
    await world.shop.send(b"{}", "the-same")
    await world.client.post(f"/v1/hooks/{world.shop.told['hook']}", content=b"{}")
    await world.client.post("/v1/hooks/nobody", content=b"{}")
    await world.operator.get("/v1/carts")
    await world.client.request("PROPFIND", "/v1/carts")
    await world.client.get("/c/CANARY")

    after = figures(await world.client.get("/metrics"))

    def more(*sample: str) -> float:
        return after[sample] - before.get(sample, 0)

    hooks = "cartbridge_hook_seconds_count"
    assert (more(hooks, "accepted"), more(hooks, "duplicate"), more(hooks, "refused")) == (1, 1, 2)
    assert more("cartbridge_requests_total", "GET", "/v1/carts", "200") == 1
    assert more("cartbridge_requests_total", "OTHER", "unknown", "405") == 1
    assert more("cartbridge_request_seconds_count", "/v1/carts") == 1
    assert "CANARY" not in str(after)


async def test_no_label_names_a_shopper_a_cart_or_a_key(world: World) -> None:
    name = f"web-{uuid.uuid4().hex}"
    customer = {"external_id": "cust-canary", "email": "canary@example.test"}
    await world.shop.snapshot(name, line(LAMP), customer=customer)
    await world.settled()
    cart = await world.shop.cart(name)
    assert cart is not None

    async def told() -> bool:
        seen = figures(await world.client.get("/metrics"))
        return seen["cartbridge_part_seconds_count", "applied"] > 0

    await until(told)
    page = (await world.client.get("/metrics")).text

    for secret in (name, "canary", cart["id"], world.shop.key, world.told["connections"]):
        assert str(secret) not in page
