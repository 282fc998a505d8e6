"""A claim shows the shopper's last accepted change, however much waits before it."""

import asyncio
import json
import uuid
from pathlib import Path

import httpx
import pytest
from cartbridge_sandbox.signing import sign

from cartbridge.database.inbox import Arrival
from tests.acceptance.world import BOOK, LAMP, PLAID, Json, World, line, open_world, shown

OTHERS = 3000


async def put(world: World, name: str, revision: int, *lines: Json) -> Json:
    """A cart the gateway has applied already, without its loops."""
    told = {"currency": "EUR", "revision": revision, "lines": list(lines)}
    answer = await world.shop.call("PUT", f"/v1/connections/demo-shop/carts/{name}", told)
    assert answer.status_code == 200, answer.text
    cart: Json = answer.json()["cart"]
    return cart


async def others_wait(world: World, count: int) -> None:
    """So many hooks of other carts are accepted, and nobody has looked at them."""
    tenant, told = await world.tenant(), world.shop.told
    link = await world.gateway.connectors.by_name(tenant, told["slug"])
    assert link is not None

    async def receive(number: int) -> None:
        data = {"external_id": f"other-{number}", "currency": "EUR", "lines": [line(BOOK)]}
        body = json.dumps({"type": "cart.snapshot", "data": data}).encode()
        arrival = Arrival(tenant, link.uuid, "POST", (("webhook-id", str(number)),), body)
        await world.gateway.inbox.receive(arrival)

    for first in range(0, count, 250):
        await asyncio.gather(*(receive(number) for number in range(first, first + 250)))
    waiting = await world.owner.fetchval("select count(*) from inbox where state = 'new'")
    assert waiting == count


async def test_a_claim_is_fresh_while_thousands_of_other_hooks_wait(
    dsn: str, tmp_path: Path
) -> None:
    async with open_world(dsn, tmp_path, work=False) as world:
        cart = await put(world, "hers", 1, line(LAMP))
        await others_wait(world, OTHERS)
        await world.shop.snapshot("hers", line(LAMP, 3), line(PLAID), revision=2)

        claim = (await world.till().claim(cart=cart["id"])).json()

        assert claim["stale"] is False
        assert shown(claim["cart"]) == {"LAMP-OAK": "3", "PLAID": "1"}
        applied = await world.owner.fetchval(
            "select count(*) from inbox_part where state = 'applied'"
        )
        assert applied == 1  # hers went ahead of the queue


async def test_what_was_accepted_is_seen_in_its_order(dsn: str, tmp_path: Path) -> None:
    async with open_world(dsn, tmp_path, work=False) as world:
        cart = await put(world, "hers", 1, line(LAMP))
        for revision in range(2, 12):
            await world.shop.snapshot("hers", line(LAMP, revision), revision=revision)

        claim = (await world.till().claim(cart=cart["id"])).json()

        assert shown(claim["cart"]) == {"LAMP-OAK": "11"}


async def test_a_message_that_cannot_be_applied_does_not_keep_the_till_waiting(
    dsn: str, tmp_path: Path
) -> None:
    async with open_world(dsn, tmp_path, work=False) as world:
        cart = await put(world, "hers", 1, line(LAMP))
        moment = "2026-11-20T12:00:00Z"
        back = {"external_id": "hers", "at": moment, "lines": [line(LAMP)]}
        await world.shop.hook("cart.returned", back)  # it was never bought
        broken = {"type": "cart.snapshot", "data": {"external_id": "hers", "lines": "none"}}
        await world.shop.send(json.dumps(broken).encode())
        await world.shop.snapshot("hers", line(LAMP, 2), revision=2)

        answer = await world.till().claim(cart=cart["id"])

        assert answer.status_code == 201, answer.text
        assert answer.json()["stale"] is False
        assert shown(answer.json()["cart"]) == {"LAMP-OAK": "2"}


async def test_a_shop_that_does_not_answer_makes_the_claim_stale_and_not_late(
    world: World,
) -> None:
    """The sandbox shop is not open: its twin cannot be read in time."""
    name = uuid.uuid4().hex
    told: Json = {"currency": "EUR", "lines": []}
    slug = world.other_shop.told["slug"]
    unread = await world.other_shop.call("PUT", f"/v1/connections/{slug}/carts/{name}", told)
    assert unread.status_code == 400  # it speaks its own dialect
    basket = {
        "ref": name,
        "rev": 1,
        "rows": [
            {
                "sku": "LAMP-OAK",
                "name": "Lampe",
                "qty": "1",
                "each": "49.90",
                "sum": "49.90",
                "vat": "20",
                "vat_sum": "8.32",
            }
        ],
        "money": "EUR",
        "lang": "fr",
        "updated": "2026-11-20T10:00:00+00:00",
    }
    body = json.dumps({"event": "basket", "basket": basket}).encode()
    headers = sign(world.other_shop.told["webhook_secret"], body, world.clock())
    hook = f"/v1/hooks/{world.other_shop.told['hook']}"
    assert (await world.client.post(hook, content=body, headers=headers)).status_code == 202
    await world.settled()
    found = await world.other_shop.cart(name)
    assert found is not None

    async with asyncio.timeout(3):
        claim = (await world.till().claim(cart=found["id"])).json()

    assert claim["stale"] is True
    assert shown(claim["cart"]) == {"LAMP-OAK": "1"}


@pytest.mark.timeout(30)
async def test_the_gateway_ends_at_once_while_somebody_reads_the_stream(
    dsn: str, tmp_path: Path
) -> None:
    started = asyncio.Event()

    async def read(url: str, key: str) -> int:
        headers = {"Authorization": f"Bearer {key}", "Accept": "text/event-stream"}
        async with (
            httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as reader,
            reader.stream("GET", "/v1/events", headers=headers) as response,
        ):
            started.set()
            return len([text async for text in response.aiter_text()])

    async with asyncio.timeout(10):
        async with open_world(dsn, tmp_path) as world:
            reading = asyncio.create_task(read(world.gateway.public_url, world.operator.key))
            await started.wait()
        await reading
