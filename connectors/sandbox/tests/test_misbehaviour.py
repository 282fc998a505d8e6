"""The switches by which the shop misbehaves: each does what it says."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest
from aiohttp.test_utils import make_mocked_request
from cartbridge_sandbox import Sandbox
from cartbridge_sandbox.misbehaviour import Dice, Misbehaviour
from cartbridge_sandbox.shop import Shop

from cartbridge.sdk.contract import Remote, Write, WriteLine, Written
from cartbridge.sdk.documents import Item, TwinRef
from cartbridge.sdk.errors import Unknown

SANDBOX = Sandbox()
Posted = Callable[[Shop], Awaitable[None]]


async def switch(shopper: httpx.AsyncClient, **switches: Any) -> None:
    answer = await shopper.post("/misbehave", json=switches)
    assert answer.status_code == 200, answer.text


async def begin(shopper: httpx.AsyncClient) -> str:
    return str((await shopper.post("/carts")).json()["ref"])


def write_to(ref: str, quantity: int = 2, revision: int = 1) -> Write:
    line = WriteLine(key="PLAID", item=Item(sku="PLAID", title="Plaid"), quantity=Decimal(quantity))
    twin = TwinRef(connection="con_1", external_id=ref)
    return Write(push_id="psh_1", ref=twin, base_revision=revision, lines=(line,))


async def plaids(shopper: httpx.AsyncClient, ref: str) -> list[str]:
    rows = (await shopper.get(f"/carts/{ref}")).json()["rows"]
    return [row["qty"] for row in rows]


async def test_an_answer_may_be_lost_after_its_effect(
    shopper: httpx.AsyncClient, remote: Remote
) -> None:
    ref = await begin(shopper)
    await switch(shopper, lost_answer=1)
    with pytest.raises(Unknown):
        await SANDBOX.push(write_to(ref), remote)
    assert await plaids(shopper, ref) == ["2"]
    await switch(shopper)
    again = await SANDBOX.push(write_to(ref), remote)
    assert isinstance(again, Written)
    assert again.snapshot.revision == 2


async def test_a_write_may_land_after_it_was_given_up(
    shop: Shop, shopper: httpx.AsyncClient, remote: Remote, hooks: Any
) -> None:
    ref = await begin(shopper)
    await switch(shopper, late_write=1, late_after=0.05)
    with pytest.raises(Unknown):
        await SANDBOX.push(write_to(ref), remote)
    assert await plaids(shopper, ref) == []
    async with asyncio.timeout(5):
        while hooks.revisions != [1, 2]:
            await shop.deliveries.idle.wait()
            shop.deliveries.idle.clear()
    assert await plaids(shopper, ref) == ["2"]


async def test_the_hook_of_a_write_may_come_before_its_answer(
    shop: Shop, shopper: httpx.AsyncClient, remote: Remote, hooks: Any
) -> None:
    ref = await begin(shopper)
    await switch(shopper, slow_answer=30)
    asking = asyncio.create_task(SANDBOX.push(write_to(ref), remote))
    async with asyncio.timeout(5):
        while hooks.revisions != [1, 2]:
            await shop.deliveries.idle.wait()
            shop.deliveries.idle.clear()
    assert not asking.done()
    assert await plaids(shopper, ref) == ["2"]
    asking.cancel()


async def test_hooks_may_come_twice(
    shop: Shop, shopper: httpx.AsyncClient, hooks: Any, posted: Posted
) -> None:
    await switch(shopper, duplicate=1)
    await begin(shopper)
    await posted(shop)
    one, other = hooks.taken
    assert one.body == other.body


async def test_hooks_may_be_lost(
    shop: Shop, shopper: httpx.AsyncClient, hooks: Any, posted: Posted
) -> None:
    await switch(shopper, lose=1)
    await begin(shopper)
    await posted(shop)
    assert hooks.taken == []


async def test_hooks_may_overtake_each_other(open_shop: Any, hooks: Any, posted: Posted) -> None:
    shop = await open_shop(reorder=1)
    hooks.status = 503
    async with httpx.AsyncClient(base_url=shop.url, trust_env=False) as shopper:
        ref = await begin(shopper)
        for _ in range(3):
            await shopper.post(f"/carts/{ref}/lines", json={"sku": "PLAID"})
    hooks.status = 202
    await posted(shop)
    assert sorted(hooks.revisions) == [1, 2, 3, 4]
    assert hooks.revisions != [1, 2, 3, 4]


async def test_an_article_may_be_sold_out(shopper: httpx.AsyncClient, remote: Remote) -> None:
    ref = await begin(shopper)
    await switch(shopper, refuse=["PLAID"])
    result = await SANDBOX.push(write_to(ref), remote)
    (refused,) = result.snapshot.refused
    assert (refused.key, refused.wanted, refused.accepted) == ("PLAID", Decimal(2), Decimal(0))


async def test_the_shop_may_be_slow(shopper: httpx.AsyncClient, remote: Remote) -> None:
    ref = await begin(shopper)
    await switch(shopper, slow=30)
    async with httpx.AsyncClient(timeout=0.1, trust_env=False) as hasty:
        with pytest.raises(Unknown):
            await SANDBOX.push(write_to(ref), Remote(remote.settings, hasty))


def test_the_same_seed_misbehaves_in_the_same_places() -> None:
    def falls(seed: int) -> list[bool]:
        dice = Dice(Misbehaviour(seed=seed))
        return [dice.fall(0.5) for _ in range(64)]

    assert falls(1) == falls(1)
    assert falls(1) != falls(2)
    assert {True, False} == set(falls(1))


async def test_only_this_machine_switches(shop: Shop, shopper: httpx.AsyncClient) -> None:
    app = shop.app
    for path in ("GET", "POST"):
        transport = type("Away", (), {"get_extra_info": lambda *_: ("203.0.113.9", 1)})()
        request = make_mocked_request(path, "/misbehave", app=app, transport=transport)
        found = await app.router.resolve(request)
        with pytest.raises(Exception, match="Forbidden"):
            await found.handler(request)
    assert (await shopper.post("/misbehave", json={"lose": 2})).status_code == 422
    assert (await shopper.get("/misbehave")).json()["lose"] == 0
