"""Deliveries repeated, shuffled and lost: what the cart becomes depends on none of it."""

import asyncio
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations
from typing import Any

import pytest
from aiohttp import web

from cartbridge.services.add_connection import add_connection
from tests.acceptance.world import (
    BOOK,
    LAMP,
    PLAID,
    Json,
    Shop,
    World,
    free_port,
    line,
    shown,
)
from tests.faults.experiment import Counts, Experiment, Span

pytestmark = pytest.mark.timeout(120)
SEED = 4
AT_ONCE = 16  # carts whose hooks are under way side by side
TRIES = 20
REPEATS = (1, 1, 1, 2, 2, 3, 5, 20)

LEA = {"external_id": "lea", "loyalty_number": "ML-204-881"}
HISTORY: tuple[Json, ...] = (
    {"lines": [line(LAMP)]},
    {"lines": [line(LAMP), line(BOOK, 2)]},
    {"lines": [line(LAMP, 3), line(BOOK, 2)], "customer": LEA},
    {"lines": [line(LAMP, 3), line(BOOK, 2), line(PLAID)], "codes": ["NOEL"], "customer": LEA},
    {"lines": [line(BOOK, 2), line(PLAID)], "customer": LEA},
    {"lines": [line(BOOK, 1), line(PLAID), line(LAMP, 2)], "codes": ["HIVER"], "customer": LEA},
)
LAST = len(HISTORY)


@dataclass(frozen=True)
class Sender:
    """A shop that tells the history of its carts; a careless one numbers nothing."""

    shop: Shop
    counts: Counts
    careless: bool = False

    async def tell(self, cart: str, revision: int) -> None:
        """One delivery: told again, it is the same bytes under the same message id."""
        data = {"external_id": cart, "currency": "EUR", **HISTORY[revision - 1]}
        numbered = {} if self.careless else {"revision": revision}
        message = None if self.careless else f"{cart}-{revision}"
        for _ in range(TRIES):
            answer = await self.shop.hook("cart.snapshot", {**data, **numbered}, message)
            self.counts.sent += 1
            if answer.status_code == 202:
                self.counts.acknowledged += 1
                return
            assert answer.status_code == 503, answer.text  # busy: every platform tries again
        raise AssertionError("the gateway was busy all the time")

    async def in_turn(self, cart: str, revisions: Iterable[int]) -> None:
        """One delivery after another, in this order."""
        for revision in revisions:
            await self.tell(cart, revision)

    async def at_once(self, cart: str, revisions: Iterable[int]) -> None:
        """All deliveries side by side."""
        await asyncio.gather(*(self.tell(cart, revision) for revision in revisions))


def with_repeats(dice: random.Random, order: Sequence[int]) -> list[int]:
    """Each delivery 1 to 20 times: the first time in its order, a repeat anywhere behind it."""
    told = list(order)
    for revision in order:
        for _ in range(dice.choice(REPEATS) - 1):
            told.insert(dice.randint(told.index(revision) + 1, len(told)), revision)
    return told


def with_losses(dice: random.Random, told: Sequence[int]) -> list[int]:
    """A third never arrives."""
    return [revision for revision in told if dice.random() > 0.3]


async def all_told(
    world: World, sender: Sender, plans: dict[str, list[int]], *, at_once: bool = False
) -> None:
    """Every cart's deliveries, some carts side by side, until all of it has taken effect."""
    tell = sender.at_once if at_once else sender.in_turn
    carts = list(plans)
    for first in range(0, len(carts), AT_ONCE):
        some = carts[first : first + AT_ONCE]
        await asyncio.gather(*(tell(cart, plans[cart]) for cart in some))
        await world.settled()


def content(cart: Json) -> Json:
    """What a cart is, apart from its own ids and from how it came about."""
    lines = [{name: row[name] for name in row if name != "id"} for row in cart["lines"]]
    told = ("state", "currency", "customer", "codes", "totals", "attribution", "consent")
    rows = sorted(lines, key=lambda row: str(row["item"]["sku"]))
    return {"lines": rows, **{name: cart[name] for name in told}}


async def observed(world: World) -> dict[str, list[int | None]]:
    """The revisions that took effect on each of the shop's carts, in their order."""
    names: dict[str, str] = {}
    seen: dict[str, list[int | None]] = {}
    cursor: str | None = None
    while True:
        query = {"types": "cart.twin_joined,cart.twin_observed", "limit": "1000"}
        page = await world.operator.get(
            "/v1/events", **query, **({"after": cursor} if cursor else {})
        )
        for event in page.json()["items"]:
            if event["type"] == "cart.twin_joined":
                names[event["subject"]] = event["data"]["twin"]["ref"]["external_id"]
            else:
                seen.setdefault(names[event["subject"]], []).append(event["data"]["revision"])
        if page.json()["next"] == cursor:
            return seen
        cursor = page.json()["next"]


async def count(world: World, counts: Counts, carts: Iterable[str], expected: Json) -> None:
    """A cart that is not as it should be has lost something; so has a repeat that had an effect."""
    effects = await observed(world)
    counts.stored = await world.owner.fetchval("select count(*) from inbox")
    for name in carts:
        cart = await world.shop.cart(name)
        counts.lost += cart is None or content(cart) != expected
        revisions = effects.get(name, [])
        numbers = [revision or 0 for revision in revisions]
        counts.applied += len(revisions)
        counts.doubled += sum(later <= earlier for earlier, later in pairwise(numbers))


async def in_order(world: World, counts: Counts) -> Json:
    """What the cart becomes if each delivery comes once and in its turn."""
    sender = Sender(world.shop, counts)
    await sender.in_turn("in-order", range(1, LAST + 1))
    await world.settled()
    cart = await world.shop.cart("in-order")
    assert cart is not None
    assert shown(cart) == {"BOOK-LIGHT": "1", "PLAID": "1", "LAMP-OAK": "2"}
    return content(cart)


def orders(dice: random.Random, wanted: int) -> list[tuple[int, ...]]:
    """So many of the orders in which six deliveries can come; all 720 if so many are wanted."""
    every = list(permutations(range(1, LAST + 1)))
    return every if wanted >= len(every) else dice.sample(every, wanted)


async def test_in_whatever_order_and_how_often_hooks_come_the_cart_is_the_same(
    world: World, span: Span, experiment: Experiment
) -> None:
    dice = random.Random(SEED)  # noqa: S311 - chance, not secrecy
    counts = experiment("duplicates x reorder", SEED)
    expected = await in_order(world, counts)
    plans = {
        f"order-{number}": with_repeats(dice, order)
        for number, order in enumerate(orders(dice, span(20, 720)))
    }

    await all_told(world, Sender(world.shop, counts), plans)

    await count(world, counts, plans, expected)
    counts.extra = {"orders": len(plans)}
    assert counts.stored == LAST * (len(plans) + 1)  # every hook once
    assert (counts.lost, counts.doubled) == (0, 0)


async def test_hooks_side_by_side_end_in_the_same_cart(
    world: World, span: Span, experiment: Experiment
) -> None:
    dice = random.Random(SEED)  # noqa: S311 - chance, not secrecy
    counts = experiment("duplicates x reorder, side by side", SEED)
    expected = await in_order(world, counts)
    plans = {
        f"side-{number}": with_repeats(dice, order)
        for number, order in enumerate(orders(dice, span(8, 200)))
    }

    await all_told(world, Sender(world.shop, counts), plans, at_once=True)

    await count(world, counts, plans, expected)
    assert counts.stored == LAST * (len(plans) + 1)
    assert (counts.lost, counts.doubled) == (0, 0)


async def test_hooks_that_were_lost_are_made_up_for_by_the_last_one(
    world: World, span: Span, experiment: Experiment
) -> None:
    dice = random.Random(SEED)  # noqa: S311 - chance, not secrecy
    counts = experiment("duplicates x reorder x loss, then a snapshot", SEED)
    expected = await in_order(world, counts)
    order = list(range(1, LAST + 1))
    plans = {}
    for number in range(span(20, 1000)):
        dice.shuffle(order)
        plans[f"lossy-{number}"] = [*with_losses(dice, with_repeats(dice, order)), LAST]

    await all_told(world, Sender(world.shop, counts), plans)

    await count(world, counts, plans, expected)
    assert (counts.lost, counts.doubled) == (0, 0)


async def reading_shop(world: World) -> tuple[Shop, web.AppRunner]:
    """A shop that can be asked what any of its carts is now: as its history ends."""

    async def read(request: web.Request) -> web.Response:
        told = (await request.json())["data"]
        last: Json = {"currency": "EUR", "revision": LAST, **HISTORY[-1]}
        return web.json_response({"external_id": told["external_id"], **last})

    app = web.Application()
    app.add_routes([web.post("/read", read)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port, secret = free_port(), "whsec_" + "C" * 43 + "="
    await web.TCPSite(runner, "127.0.0.1", port).start()
    settings: Json = {"webhook_secrets": [secret], "read_url": f"http://127.0.0.1:{port}/read"}
    tenant = await world.tenant()
    connection = await add_connection(world.gateway, tenant, "reading-shop", "standard", settings)
    link = world.gateway.connectors.link(connection)
    _, key = await world.gateway.directory.keys.issue(tenant, "shop", "r", connection=link.uuid)
    told = {"hook": connection.hook, "webhook_secret": secret, "slug": "reading-shop"}
    return Shop(world.client, key, told=told), runner


async def test_hooks_that_were_lost_are_made_up_for_when_a_till_asks(
    world: World, span: Span, experiment: Experiment
) -> None:
    dice = random.Random(SEED)  # noqa: S311 - chance, not secrecy
    counts = experiment("duplicates x reorder x loss, then a fetch", SEED)
    shop, runner = await reading_shop(world)
    sender = Sender(shop, counts)
    await sender.in_turn("in-order", range(1, LAST + 1))
    await world.settled()
    whole: Any = await shop.cart("in-order")
    try:
        for number in range(span(8, 200)):
            name = f"asked-{number}"
            order = [1, *dice.sample(range(2, LAST + 1), dice.randint(0, LAST - 2))]
            await sender.in_turn(name, with_repeats(dice, order))
            await world.settled()
            before = await shop.cart(name)
            assert before is not None
            answer = await world.till().claim(cart=before["id"])
            assert answer.status_code == 201, answer.text
            claim = answer.json()
            released = await world.till().act(claim, "release")
            counts.extra["fetched"] = int(counts.extra.get("fetched", 0)) + 1
            counts.lost += claim["stale"] or shown(claim["cart"]) != shown(whole)
            counts.lost += content(released.json()["cart"]) != content(whole)
    finally:
        await runner.cleanup()

    numbers = [numbers for numbers in (await observed(world)).values()]
    counts.doubled = sum(len(one) != len(set(one)) for one in numbers)
    assert (counts.lost, counts.doubled) == (0, 0)


async def test_without_numbers_the_last_that_comes_wins(
    world: World, experiment: Experiment
) -> None:
    """The negative control: hooks without revision and message id, through the same counting."""
    dice = random.Random(SEED)  # noqa: S311 - chance, not secrecy
    counts = experiment("duplicates x reorder", SEED, control=True)
    expected = await in_order(world, counts)
    plans = {
        f"careless-{number}": with_repeats(dice, order)
        for number, order in enumerate(orders(dice, 20))
    }

    await all_told(world, Sender(world.shop, counts, careless=True), plans)

    await count(world, counts, plans, expected)
    assert counts.lost > len(plans) / 2
    assert counts.doubled > 0
