"""At closing time a store lets go of what it holds, and what nobody told is put before somebody."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from cartbridge.domain.store import Store
from cartbridge.services.tell_conditions import tell_conditions
from cartbridge.worker.closing import close
from tests.acceptance.world import LAMP, Json, Till, World, line, open_world, until

LYON, PARIS = "lyon-part-dieu", "paris-rivoli"
FIVE_MINUTES = timedelta(minutes=5)


async def store(world: World, name: str = LYON) -> Store:
    found = await world.gateway.directory.stores.get(await world.tenant(), name)
    assert found is not None
    return found


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[World]:
    """A gateway five minutes before its stores close, its own loop having looked at both."""
    async with open_world(dsn, tmp_path) as world:

        async def looked() -> bool:
            done = "select count(*) from duty where kind = 'close' and done_at is not null"
            return bool(await world.owner.fetchval(done) == 2)

        await until(looked)
        evening = (await store(world)).next_closing(world.clock()) + timedelta(days=1)
        world.clock.move(seconds=(evening - FIVE_MINUTES - world.clock()).total_seconds())
        await close(world.gateway)
        yield world


async def taken(world: World, till: Till) -> tuple[str, Json]:
    """A cart that the till holds, and its claim."""
    name = f"web-{till.id}"
    await world.shop.snapshot(name, line(LAMP))
    await world.settled()
    cart = await world.shop.cart(name)
    assert cart is not None
    claim = await till.claim(cart=cart["id"])
    assert claim.status_code == 201, claim.text
    return cart["id"], claim.json()


async def closed(world: World) -> None:
    """The loop's next turn, at once."""

    async def done() -> bool:
        await close(world.gateway)
        open_still = await world.owner.fetchval(
            "select count(*) from duty where kind = 'close' and (lease_until > now()"
            " or (subject = $2 and due_at <= $1))",
            (await store(world)).last_closing(world.clock()),
            LYON,
        )
        return bool(open_still == 0)

    await until(done)


async def open_alarms(world: World) -> list[Json]:
    answer = await world.operator.get("/v1/alarms", state="raised")
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


async def test_whatever_is_still_held_is_put_back(world: World) -> None:
    plain, _ = await taken(world, world.till(0, 0))
    kept, claim = await taken(world, world.till(0, 1))
    assert (await world.till(0, 1).act(claim, "hold")).status_code == 200

    await closed(world)
    assert (await world.cart(plain))["state"] == "claimed"  # five minutes to go
    world.clock.move(minutes=6)
    await closed(world)

    for cart in (plain, kept):
        found = await world.cart(cart)
        assert (found["state"], found["outcome"]) == ("open", None)
        assert (await world.events_of(cart))[-1] == "cart.claim_released"
    history = await world.gateway.documents.history(await world.tenant(), kept)
    assert (history[-1].event.why, history[-1].header.store) == ("store_closed", LYON)


async def test_it_happens_once_and_a_claim_of_the_next_morning_stays(world: World) -> None:
    held, _ = await taken(world, world.till())
    world.clock.move(hours=13)  # the gateway was away when the store closed
    morning, _ = await taken(world, world.till(0, 1))

    await closed(world)
    await closed(world)

    assert (await world.cart(held))["state"] == "open"
    assert (await world.cart(morning))["state"] == "claimed"
    assert (await world.events_of(held)).count("cart.claim_released") == 1


async def test_each_store_closes_at_its_own_time(world: World) -> None:
    paris = (await store(world, PARIS)).model_copy(update={"time_zone": "Atlantic/Azores"})
    await world.gateway.directory.stores.update(await world.tenant(), paris)
    here, _ = await taken(world, world.till(0))
    there, _ = await taken(world, world.till(1))

    world.clock.move(minutes=6)
    await closed(world)

    assert (await world.cart(here))["state"] == "open"
    assert (await world.cart(there))["state"] == "claimed"


async def test_a_till_that_reports_its_sale_after_closing_has_sold(world: World) -> None:
    cart, claim = await taken(world, world.till())
    world.clock.move(minutes=6)
    await closed(world)

    sold = await world.till().complete(claim, "LATE-1")

    assert sold.json()["conflict"] is False
    assert (await world.cart(cart))["state"] == "fulfilled"


async def test_unknown_outcomes_are_told_until_somebody_says(world: World) -> None:
    _, silent = await taken(world, world.till())
    await world.time_is_up(silent)

    async def lapsed() -> bool:
        return bool((await world.till().held())[0]["outcome"] == "unknown")

    await until(lapsed)
    assert await open_alarms(world) == []

    world.clock.move(minutes=6)
    await closed(world)
    (alarm,) = await open_alarms(world)
    assert (alarm["kind"], alarm["subject"], alarm["number"]) == ("outcome_unknown", LYON, 1)
    assert alarm["title"] == "Lyon Part-Dieu\u00a0: personne n’a dit ce qu’est devenu 1 panier"
    assert (await world.till().held())[0]["outcome"] == "unknown"  # still first on its list

    await tell_conditions(world.gateway)
    assert len(await open_alarms(world)) == 1
    assert (await world.till().act(silent, "release")).status_code == 200
    await tell_conditions(world.gateway)
    assert await open_alarms(world) == []


async def test_two_gateways_close_a_store_once(world: World) -> None:
    duties, tenant = world.gateway.duties, await world.tenant()
    closing = (await store(world)).next_closing(world.clock())
    lease = timedelta(minutes=1)

    taken_by = [await duties.take(tenant, "close", LYON, lease, upto=closing) for _ in range(2)]

    assert [duty is not None for duty in taken_by] == [True, False]
