"""Two gateways over one database behave as one, and one of them may die at any moment."""

import asyncio
import base64
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.acceptance.world import Caller, Clock, Json, Shop, Till, World, free_port, line, until
from tests.faults.processes import GatewayProcess

pytestmark = pytest.mark.timeout(120)


class Pair:
    """One retailer, two gateways, and the same people at either of them."""

    def __init__(self, world: World, one: GatewayProcess, two: GatewayProcess) -> None:
        self.world, self.one, self.two = world, one, two
        self.clients = [
            httpx.AsyncClient(base_url=each.url, timeout=20, trust_env=False) for each in (one, two)
        ]

    def till(self, at: int, number: int = 0) -> Till:
        return replace(self.world.till(0, number), client=self.clients[at])

    def shop(self, at: int) -> Shop:
        return replace(self.world.shop, client=self.clients[at], clock=Clock())

    async def close(self) -> None:
        for client in self.clients:
            await client.aclose()


@pytest.fixture
async def pair(world: World, dsn: str, tmp_path: Path) -> AsyncIterator[Pair]:
    """Two processes beside the story's own gateway, which only set the retailer up."""
    key = base64.b64encode(bytes(range(32))).decode()
    both = [
        GatewayProcess(
            tmp_path / f"gateway-{number}",
            free_port(),
            DATABASE_URL=dsn,
            CARTBRIDGE_MASTER_KEY=key,
        )
        for number in range(2)
    ]
    try:
        await asyncio.gather(*(each.start() for each in both))
        pair = Pair(world, *both)
        yield pair
        await pair.close()
    finally:
        await asyncio.gather(*(each.end() for each in both))


async def offered(pair: Pair, at: int) -> tuple[Json, Json]:
    """A cart that one gateway took in, and its code."""
    name = uuid.uuid4().hex
    sku = {"sku": "LAMP-OAK", "title": "Lampe"}
    assert (await pair.shop(at).snapshot(name, line(sku))).status_code == 202

    async def there() -> bool:
        return await pair.shop(1 - at).cart(name) is not None

    await until(there)
    cart = await pair.shop(1 - at).cart(name)
    assert cart is not None
    return cart, await pair.shop(at).offer(cart["id"])


async def test_what_one_gateway_took_in_the_other_sells(pair: Pair) -> None:
    cart, offer = await offered(pair, 0)

    claim = (await pair.till(1).claim(short_code=offer["short_code"])).json()
    sold = await pair.till(0).complete(claim, "R-1")
    voided = await pair.till(1).call("POST", "/v1/pos/sales/R-1/void", {})

    assert claim["cart"]["id"] == cart["id"]
    assert sold.json()["cart"]["state"] == "fulfilled"
    assert voided.json()["cart"]["state"] == "open"


async def test_of_tills_at_both_gateways_exactly_one_gets_the_cart(pair: Pair) -> None:
    for _ in range(3):
        cart, offer = await offered(pair, 0)
        tills = await pair.world.more_tills(12)
        at = [replace(till, client=pair.clients[n % 2]) for n, till in enumerate(tills)]

        answers = await asyncio.gather(*(till.claim(code=offer["code"]) for till in at))

        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 11
        assert (await pair.world.events_of(cart["id"])).count("cart.claimed") == 1


async def test_a_repeat_at_the_other_gateway_has_the_same_outcome(pair: Pair) -> None:
    _, offer = await offered(pair, 0)
    key = {"Idempotency_Key": uuid.uuid4().hex}
    first = await pair.till(0).call("POST", "/v1/pos/claims", {"code": offer["code"]}, **key)
    repeat = await pair.till(1).call("POST", "/v1/pos/claims", {"code": offer["code"]}, **key)

    assert repeat.json()["claim"] == first.json()["claim"]
    assert repeat.headers["Idempotent-Replayed"] == "true"


async def test_when_one_gateway_dies_the_other_goes_on_with_everything(pair: Pair) -> None:
    claims = []
    for _ in range(3):
        _, offer = await offered(pair, 0)
        claims.append((await pair.till(0).claim(code=offer["code"])).json())

    await pair.one.kill()

    for number, claim in enumerate(claims):
        renewed = await pair.till(1).act(claim, "renew")
        assert renewed.json()["over"] is False
        sold = await pair.till(1).complete(claim, f"AFTER-{number}")
        assert sold.json()["conflict"] is False
    operator = Caller(pair.clients[1], pair.world.operator.key)
    feed = (await operator.get("/v1/events", types="cart.sold", limit="1000")).json()
    assert len(feed["items"]) == 3
