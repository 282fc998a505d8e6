"""A hook that is lost is only late: reconciliation finds what it would have told."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from cartbridge_sandbox.misbehaviour import Misbehaviour
from cartbridge_sandbox.shop import Shop as SandboxShop

from cartbridge.domain.twin import TwinRef
from cartbridge.sdk import webhook
from cartbridge.services.add_connection import add_connection
from cartbridge.services.find_cart import cart_of_twin
from cartbridge.worker.reconciliation import reconcile
from tests.acceptance.world import LAMP, Json, World, line, open_sandbox, open_world, until

SHOPPERS = 20
LOSS = 0.3
LONG = timedelta(hours=1)


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[World]:
    """A gateway whose own times never come: a story says when to reconcile."""
    async with open_world(dsn, tmp_path, limits={"reconcile_every": LONG}) as world:

        async def looked_once() -> bool:  # the shops are not open yet
            return await due(world) == 0

        await until(looked_once)
        yield world


async def due(world: World) -> int:
    """How many connections nobody has looked at in their time."""
    return int(
        await world.owner.fetchval(
            "select (select count(*) from connection)"
            " - (select count(*) from duty where kind = 'reconcile' and due_at > now())"
        )
    )


async def reconciled(world: World) -> None:
    """Every connection is reconciled now, to its end."""
    await world.owner.execute(
        "update duty set due_at = '-infinity' where kind = 'reconcile' and lease_until is null"
    )

    async def done() -> bool:
        await reconcile(world.gateway)
        return await due(world) == 0

    await until(done)
    await world.quiet()


async def shop_a_while(shop: SandboxShop, shoppers: int = SHOPPERS) -> list[str]:
    """So many shoppers fill baskets, change them, and some buy or leave."""
    refs = []
    async with httpx.AsyncClient(base_url=shop.url, trust_env=False) as client:
        for number in range(shoppers):
            ref = (await client.post("/carts")).json()["ref"]
            refs.append(ref)
            for sku in ("PLAID", "LAMP-OAK", "PLAID"):
                added = await client.post(f"/carts/{ref}/lines", json={"sku": sku})
                assert added.status_code < 300, added.text
            if number % 5 == 1:
                await client.post(f"/carts/{ref}/checkout")
            if number % 5 == 2:
                await client.post(f"/carts/{ref}/order")
            if number % 5 == 3:
                await client.delete(f"/carts/{ref}")
    await asyncio.wait_for(shop.deliveries.idle.wait(), 30)
    return refs


ENDED = {"ordered": "ordered", "dropped": "cancelled"}


async def wrong(world: World, shop: SandboxShop, refs: list[str]) -> list[str]:
    """The baskets that the gateway knows otherwise than they are."""
    return [ref for ref in refs if not await _is_known(world, shop, ref)]


async def _is_known(world: World, shop: SandboxShop, ref: str) -> bool:
    basket, tenant = shop.baskets.get(ref), await world.tenant()
    twin = TwinRef(connection="sandbox-shop", external_id=ref)
    cart = await cart_of_twin(world.gateway, tenant, twin)
    if basket.state in ENDED:  # one that was never heard of before it ended is nobody's concern
        return cart is None or cart.state.value in (ENDED[basket.state], "none")
    held = {} if cart is None else {x.item.sku: x.quantity.value for x in cart.lines}
    return cart is not None and cart.state.value == basket.state and held == dict(basket.rows)


async def events(world: World) -> int:
    return await world.event_count()


@pytest.mark.timeout(120)
async def test_whatever_hooks_are_lost_reconciliation_repairs_everything(
    world: World, tmp_path: Path
) -> None:
    async with open_sandbox(world, tmp_path, lose=LOSS, seed=11) as shop:
        await reconciled(world)
        refs = await shop_a_while(shop)
        await world.quiet()
        assert len(await wrong(world, shop, refs)) > 3  # without it, it stays wrong

        await reconciled(world)

        assert await wrong(world, shop, refs) == []


async def test_what_was_seen_already_is_an_echo_that_writes_nothing(
    world: World, tmp_path: Path
) -> None:
    async with open_sandbox(world, tmp_path) as shop:
        refs = await shop_a_while(shop, 5)
        await world.quiet()
        assert await wrong(world, shop, refs) == []
        before = await events(world)

        await reconciled(world)  # from the very first change on
        await reconciled(world)

        assert await events(world) == before


async def test_a_look_that_was_interrupted_goes_on_where_it_stood(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cartbridge.services.reconcile_connection.PAGES", 1)
    monkeypatch.setattr("cartbridge_sandbox.connector.PAGE", 6)
    async with open_sandbox(world, tmp_path, lose=1) as shop:
        refs = await shop_a_while(shop, 15)
        await world.owner.execute("update duty set due_at = '-infinity' where kind = 'reconcile'")
        await reconcile(world.gateway)
        left = await wrong(world, shop, refs)
        assert 0 < len(left) < 12  # one page of three

        await reconciled(world)

        assert await wrong(world, shop, refs) == []


async def test_a_hook_that_was_switched_off_is_told_and_switched_on(
    world: World, tmp_path: Path
) -> None:
    async with open_sandbox(world, tmp_path, hook_off=True) as shop:
        refs = await shop_a_while(shop, 3)
        assert await wrong(world, shop, refs) != []

        await reconciled(world)

        assert await wrong(world, shop, refs) == []
        more = await shop_a_while(shop, 2)
        await world.quiet()
        assert await wrong(world, shop, more) == []  # by its hooks again
        feed = await world.operator.get("/v1/events", types="alarm.raised,alarm.cleared")
        told = [(x["type"], x["data"]["kind"], x["data"]["subject"]) for x in feed.json()["items"]]
        assert told == [
            ("alarm.raised", "hook_disabled", "sandbox-shop"),
            ("alarm.cleared", "hook_disabled", "sandbox-shop"),
        ]


async def test_a_shop_that_is_away_is_tried_again_later_and_later(world: World) -> None:
    async def failures() -> tuple[int, float]:
        row = await world.owner.fetchrow(
            "select failures, extract(epoch from due_at - now())::float8 from duty"
            " where kind = 'reconcile' and failures > 0"
        )
        return row[0], row[1]

    first, wait = await failures()
    await reconciled(world)
    second, _ = await failures()

    assert (first, second) == (1, 2)
    assert wait > 60


class System:
    """A system of the standard connector that can be asked what changed."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self.carts: list[Json] = []
        self.answers = 200
        self.url = ""

    async def changes(self, request: web.Request) -> web.Response:
        """The carts behind a cursor, two at once."""
        query = request.rel_url.raw_query_string.encode()
        headers = {name.lower(): text for name, text in request.headers.items()}
        webhook.verify(headers, query, [self._secret], self.clock())
        if self.answers != 200:
            return web.Response(status=self.answers)
        after = int(request.query.get("after", "0"))
        page = self.carts[after : after + 2]
        place = after + len(page)
        told = {"carts": page, "next": str(place), "more": place < len(self.carts)}
        return web.json_response(told)

    clock: Any = None


@pytest.fixture
async def system(world: World) -> AsyncIterator[System]:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    system = System(secret)
    system.clock = world.clock
    app = web.Application()
    app.add_routes([web.get("/changes", system.changes)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    system.url = f"http://127.0.0.1:{runner.addresses[0][1]}/changes"
    settings = {"webhook_secrets": [secret], "changes_url": system.url}
    await add_connection(world.gateway, await world.tenant(), "erp", "standard", settings)
    yield system
    await runner.cleanup()


def snapshot(name: str, revision: int, *lines: Json) -> Json:
    return {"external_id": name, "revision": revision, "currency": "EUR", "lines": list(lines)}


async def test_a_standard_system_is_asked_what_changed(world: World, system: System) -> None:
    system.carts = [snapshot(f"c{number}", 1, line(LAMP, number)) for number in range(1, 6)]
    await reconciled(world)
    gone = {"external_id": "c2", "at": "2026-11-20T10:00:00Z"}
    unreadable = {"external_id": "c9", "lines": "none"}
    system.carts += [
        snapshot("c1", 2, line(LAMP, 9)),
        unreadable,
        {"type": "cart.deleted", "data": gone},
    ]
    await reconciled(world)

    erp = replace(world.shop, key=world.operator.key, told={"slug": "erp"})
    found = {name: await erp.cart(name) for name in ("c1", "c2", "c5")}
    assert {name: cart and cart["state"] for name, cart in found.items()} == {
        "c1": "open",
        "c2": "cancelled",
        "c5": "open",
    }
    assert found["c1"] is not None
    assert found["c1"]["lines"][0]["quantity"]["value"] == "9"


async def test_refused_credentials_are_told_by_alarm_until_they_hold_again(
    world: World, system: System
) -> None:
    async def raised() -> list[tuple[str, str]]:
        answer = await world.operator.get("/v1/alarms", state="raised")
        return [(x["kind"], x["subject"]) for x in answer.json()["items"]]

    system.answers = 401
    await reconciled(world)
    assert await raised() == [("token_refresh_failed", "erp")]
    system.answers = 200
    await reconciled(world)
    assert await raised() == []


async def test_without_a_list_of_changes_carts_long_not_heard_of_are_read_again(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "cartbridge_sandbox.connector.Sandbox.capabilities",
        lambda self, settings: self.manifest.capabilities - {"changed_since"},
    )
    monkeypatch.setattr("cartbridge.services.reconcile_connection.REREAD", 2)
    async with open_sandbox(world, tmp_path) as shop:
        refs = await shop_a_while(shop, 10)
        await world.quiet()
        shop.misbehave(Misbehaviour(lose=1))
        open_ones = [ref for ref in refs if shop.baskets.get(ref).state == "open"]
        async with httpx.AsyncClient(base_url=shop.url, trust_env=False) as client:
            for ref in open_ones:
                await client.post(f"/carts/{ref}/lines", json={"sku": "PLAID"})
        await asyncio.wait_for(shop.deliveries.idle.wait(), 30)
        await reconciled(world)
        assert len(await wrong(world, shop, refs)) == len(open_ones)  # heard of a moment ago

        world.clock.move(hours=2)
        await reconciled(world)
        assert await wrong(world, shop, refs) != []  # only some in each turn
        for _ in range(4):
            await reconciled(world)

        assert await wrong(world, shop, refs) == []
