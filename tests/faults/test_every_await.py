"""A gateway that dies at any await of a claim or a sale leaves exactly one sale behind."""

import asyncio
import json
import random
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

import httpx
import pytest
from aiohttp import web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader
from aiohttp.test_utils import make_mocked_request

from cartbridge.app import Foundation, open_gateway
from cartbridge.database.connection import Database
from cartbridge.database.vault import Vault
from cartbridge.http.dispatch import dispatch
from cartbridge.http.keys import GATEWAY
from cartbridge.http.server import ROUTES
from cartbridge.services.gateway import Gateway
from cartbridge.settings import Settings
from tests.acceptance.world import BOOK, LAMP, Json, Till, World, line, until
from tests.faults.experiment import Counts, Experiment, Span
from tests.faults.stepwise import When, cut_at

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]
SEED: Final = 5
BEGIN = "/v1/pos/carts"
CLAIM, COMPLETE = "/v1/pos/claims", "/v1/pos/claims/{claim}/complete"
HANDLERS = {route.path: dispatch(route) for route in ROUTES if route.method == "POST"}


@dataclass(frozen=True)
class Ask:
    """One call of a till, saved before it is made: a repeat is the same call."""

    route: str
    body: Json
    claim: str = ""
    key: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def path(self) -> str:
        """Where it goes."""
        return self.route.replace("{claim}", self.claim)

    @property
    def content(self) -> bytes:
        """The same bytes each time."""
        return json.dumps(self.body).encode()

    def headers(self, till: Till) -> dict[str, str]:
        """Whose call it is, and which."""
        return {"Authorization": f"Bearer {till.key}", "Idempotency-Key": self.key}


@asynccontextmanager
async def short_lived(world: World) -> AsyncIterator[Gateway]:
    """A gateway process that ends without a last word: its memory and connections are gone."""
    async with AsyncExitStack() as stack:
        database = Database(world.dsn)
        await database.start()
        stack.push_async_callback(database.stop)
        base = Foundation(database, Vault.of(bytes(range(32))), world.dsn, None)
        settings = Settings(data_dir=world.folder)
        gateway = await stack.enter_async_context(open_gateway(settings, base))
        yield replace(gateway, clock=world.clock, limits=world.gateway.limits)


def request_of(gateway: Gateway, till: Till, ask: Ask) -> web.Request:
    """The request as the gateway's own server would hand it on."""
    payload = StreamReader(BaseProtocol(asyncio.get_running_loop()), 2**16)
    payload.feed_data(ask.content)
    payload.feed_eof()
    app = web.Application()
    app[GATEWAY] = gateway
    told = {"claim": ask.claim} if ask.claim else {}
    return make_mocked_request(
        "POST", ask.path, ask.headers(till), match_info=told, payload=payload, app=app
    )


async def cut(world: World, ask: Ask, at: int, when: When) -> tuple[bool, int]:
    """The call, made to a gateway that dies at its k-th await."""
    async with short_lived(world) as gateway:
        request = request_of(gateway, world.till(), ask)
        return await cut_at(HANDLERS[ask.route](request), at, when)  # type: ignore[arg-type]


async def resumed(world: World, ask: Ask) -> httpx.Response:
    """The same call, made to the next gateway until it is answered."""
    found: list[httpx.Response] = []

    async def answered() -> bool:
        # The fifteen seconds after which a call may be taken up again have passed.
        await world.owner.execute(
            "update idempotency set running_until = clock_timestamp() where done_at is null"
        )
        headers = ask.headers(world.till())
        found.append(await world.client.post(ask.path, content=ask.content, headers=headers))
        return found[-1].status_code not in (409, 503)

    await until(answered)
    return found[-1]


def sale_of(claim: Json) -> Ask:
    """One of two lamps is sold, and not the book: a remainder stays."""
    lamp = claim["cart"]["lines"][0]["id"]
    sold = {
        "fence": claim["fence"],
        "receipt_number": uuid.uuid4().hex,
        "sold_at": "2026-11-20T11:00:00Z",
        "lines": [{"line": lamp, "quantity": "1"}],
    }
    return Ask(COMPLETE, sold, claim["claim"])


async def waits_of(world: World, route: str) -> int:
    """At how many places such a call waits when nobody cuts it."""
    _, offer = await world.offered(line(LAMP, 2), line(BOOK))
    ask = Ask(CLAIM, {"code": offer["code"]})
    _, waits = await cut(world, ask, 0, "before")
    if route == COMPLETE:
        claim = (await resumed(world, ask)).json()
        _, waits = await cut(world, sale_of(claim), 0, "before")
    return waits


def places(waits: int, dice: random.Random, some: int | None) -> list[tuple[int, When]]:
    """Every place and both moments, or some of them by chance."""
    whens: tuple[When, ...] = ("before", "after")
    every = [(at, when) for at in range(1, waits + 1) for when in whens]
    return every if some is None else sorted(dice.sample(every, min(some, len(every))))


@pytest.mark.parametrize("route", [CLAIM, COMPLETE])
async def test_wherever_the_gateway_dies_the_till_resumes_and_the_cart_is_sold_once(
    world: World, experiment: Experiment, span: Span, route: str
) -> None:
    what = "claim" if route == CLAIM else "complete"
    counts = experiment(f"crash at every await of {what}", SEED)
    dice = random.Random(SEED)  # noqa: S311 - chance, not secrecy
    waits = await waits_of(world, route)
    died = 0
    for at, when in places(waits, dice, span(14, None)):
        cart, offer = await world.offered(line(LAMP, 2), line(BOOK))
        ask = Ask(CLAIM, {"code": offer["code"]})
        if route == CLAIM:
            died += (await cut(world, ask, at, when))[0]
        claim = (await resumed(world, ask)).json()
        ask = sale_of(claim)
        if route == COMPLETE:
            died += (await cut(world, ask, at, when))[0]
        counts.sent += 1
        counts.acknowledged += (await resumed(world, ask)).json()["conflict"] is False
        await judge(world, cart["id"], counts)
    counts.extra |= {"awaits": waits, "died": died}
    assert died > 0
    assert counts.held
    assert counts.acknowledged == counts.sent


async def judge(world: World, cart: str, counts: Counts) -> None:
    """One claim, one sale, one remainder, and no lease."""
    facts = await world.events_of(cart)
    present = await world.cart(cart)
    left = await world.operator.get(f"/v1/carts/{present['sale']['remainder']}")
    counts.stored += left.status_code == 200 and left.json()["parent"] == cart
    counts.lost += "cart.sold" not in facts or left.status_code != 200
    once = [facts.count(fact) for fact in ("cart.claimed", "cart.sold")]
    counts.doubled += once != [1, 1]
    assert cart not in [held["cart"]["id"] for held in await world.till().held()]


async def test_a_till_that_does_not_save_its_key_begins_a_cart_twice(
    world: World, experiment: Experiment
) -> None:
    """The negative control: the same deaths, and a till that calls again under a new key."""
    counts = experiment("crash at every await, keys not saved", control=True)
    article = {"add": [{"item": {"sku": LAMP["sku"]}, "quantity": "1"}]}
    _, waits = await cut(world, Ask(BEGIN, article), 0, "before")
    counts.sent = counts.acknowledged = 1
    for at in range(waits):
        await cut(world, Ask(BEGIN, article), at, "after")
        counts.sent += 1
        counts.acknowledged += (await resumed(world, Ask(BEGIN, article))).is_success
    counts.stored = await world.owner.fetchval("select count(*) from stream")
    counts.doubled = counts.stored - counts.acknowledged
    counts.extra |= {"awaits": waits}
    assert counts.doubled > 0
