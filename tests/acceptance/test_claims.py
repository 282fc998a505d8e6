"""Claims: exactly one terminal holds a cart, and nobody is ever left in doubt about which."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from cartbridge.worker.timeouts import look
from tests.acceptance.world import (
    BOOK,
    LAMP,
    Json,
    Till,
    World,
    line,
    open_world,
    refused,
    shown,
    until,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def claimed(world: World, till: Till, *lines: Json) -> tuple[Json, Json]:
    """A cart of the shop, taken to that till by its code, and the claim."""
    cart, offer = await world.offered(*(lines or (line(LAMP, 2), line(BOOK))))
    answer = await till.claim(code=offer["code"])
    assert answer.status_code == 201, answer.text
    claim: Json = answer.json()
    return cart, claim


async def test_of_40_tills_that_scan_at_once_exactly_one_gets_the_cart(shared: World) -> None:
    tills = await shared.more_tills(40)
    cart, offer = await shared.offered()

    answers = await asyncio.gather(*(till.claim(code=offer["code"]) for till in tills))

    winners = [number for number, answer in enumerate(answers) if answer.status_code == 201]
    assert len(winners) == 1, sorted({answer.status_code for answer in answers})
    winner = tills[winners[0]]
    for number, answer in enumerate(answers):
        if number != winners[0]:
            problem = refused(answer, 409, "held_elsewhere")
            assert problem["params"]["terminal"] == winner.id
            assert winner.id in problem["detail"]
            assert problem["params"]["since"]
    assert (await shared.cart(cart["id"]))["claim"]["terminal"] == winner.id
    assert (await shared.events_of(cart["id"])).count("cart.claimed") == 1


async def test_a_claim_that_looks_first_and_writes_then_would_let_several_win(
    shared: World,
) -> None:
    """The negative control: without the journal's conditions the race above is real."""
    base = str(shared.dsn)
    await shared.owner.execute("create table naive (holder text)")
    await shared.owner.execute("insert into naive values (null)")
    at_the_same_moment = asyncio.Barrier(10)

    async def naive(till: int) -> bool:
        connection = await asyncpg.connect(base)
        try:
            holder = await connection.fetchval("select holder from naive")
            await at_the_same_moment.wait()  # every till looks before one of them writes
            if holder is None:
                await connection.execute("update naive set holder = $1", str(till))
            return bool(holder is None)
        finally:
            await connection.close()

    won = await asyncio.gather(*(naive(till) for till in range(10)))
    await shared.owner.execute("drop table naive")

    assert sum(won) > 1


async def test_a_cashier_is_told_which_till_holds_the_cart_in_words_and_store_time(
    shared: World,
) -> None:
    cart, _ = await claimed(shared, shared.till())
    neighbour = shared.till(0, 1)
    neighbour.language = "fr"

    async with shared.nothing_written():
        answer = await neighbour.claim(cart=cart["id"])

    problem = refused(answer, 409, "held_elsewhere")
    assert "la caisse 1 de Lyon Part-Dieu" in problem["detail"].replace("\xa0", " ")


async def test_a_repeated_claim_answers_the_same_claim(shared: World) -> None:
    till = shared.till()
    _, offer = await shared.offered()
    again = {"Idempotency_Key": uuid4().hex}
    body = {"code": offer["code"]}

    first = await till.call("POST", "/v1/pos/claims", body, **again)
    async with shared.nothing_written():
        second = await till.call("POST", "/v1/pos/claims", body, **again)

    assert second.status_code == first.status_code == 201
    assert second.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    same = ("claim", "fence", "over")
    assert [second.json()[name] for name in same] == [first.json()[name] for name in same]
    assert second.json()["over"] is False


async def test_a_till_that_scans_again_what_it_holds_is_told_its_claim(shared: World) -> None:
    till = shared.till()
    cart, claim = await claimed(shared, till)
    async with shared.nothing_written():
        again = await till.claim(cart=cart["id"])
        assert again.status_code == 201, again.text
        told = again.json()
        assert (told["claim"], told["fence"]) == (claim["claim"], claim["fence"])
        assert 0 < told["lease_seconds_left"] <= claim["lease_seconds_left"]


@pytest.mark.parametrize("named_by", ["code", "short_code", "cart"])
@pytest.mark.parametrize("ending", ["released", "sold in part", "taken by another"])
async def test_a_repeated_claim_answers_its_present_state_once_it_ended(
    shared: World, named_by: str, ending: str
) -> None:
    till = shared.till()
    cart, offer = await shared.offered(line(LAMP, 2), line(BOOK))
    again = {"Idempotency_Key": uuid4().hex}
    body = {named_by: {**offer, "cart": cart["id"]}[named_by]}
    first = (await till.call("POST", "/v1/pos/claims", body, **again)).json()
    if ending == "sold in part":
        lamp = first["cart"]["lines"][0]["id"]
        sold = [{"line": lamp, "quantity": "2"}]
        assert (await till.complete(first, uuid4().hex, lines=sold)).status_code == 200
    else:
        await till.act(first, "release")
    if ending == "taken by another":
        await shared.till(0, 1).claim(cart=cart["id"])
    await shared.settled()

    async with shared.nothing_written():
        repeated = await till.call("POST", "/v1/pos/claims", body, **again)

    assert repeated.status_code == 201, repeated.text
    assert repeated.headers["Idempotent-Replayed"] == "true"
    told = repeated.json()
    assert (told["claim"], told["fence"]) == (first["claim"], first["fence"])
    assert told["over"] is True
    assert told["lease_seconds_left"] == 0
    assert told["cart"]["id"] == cart["id"]


async def test_renewing_begins_the_hold_time_anew(shared: World) -> None:
    till = shared.till()
    cart, claim = await claimed(shared, till)
    await shared.owner.execute("update lease set until = clock_timestamp() + interval '1 minute'")

    async with shared.nothing_written():  # renewals are not journaled
        renewed = await till.act(claim, "renew", fence=claim["fence"])

    assert renewed.status_code == 200, renewed.text
    assert 890 <= renewed.json()["lease_seconds_left"] <= 900
    assert (await shared.cart(cart["id"]))["state"] == "claimed"


async def test_a_cart_put_on_hold_stays_until_the_store_closes(shared: World) -> None:
    till = shared.till()
    cart, claim = await claimed(shared, till)

    kept = await till.act(claim, "hold")

    closing = await shared.gateway.directory.stores.get(await shared.tenant(), "lyon-part-dieu")
    assert closing is not None
    seconds = (closing.next_closing(shared.clock()) - shared.clock()).total_seconds()
    assert abs(kept.json()["lease_seconds_left"] - seconds) < 5
    assert (await shared.cart(cart["id"]))["claim"]["on_hold"] is True


async def test_at_closing_time_a_cart_on_hold_is_put_back_and_its_outcome_is_known(
    shared: World,
) -> None:
    till = shared.till()
    cart, claim = await claimed(shared, till)
    await till.act(claim, "hold")

    await shared.time_is_up(claim)

    back = await shared.in_state(cart["id"], "open")
    assert back["outcome"] is None
    assert back["claim"] is None
    told = (await till.get(f"/v1/carts/{cart['id']}/timeline", locale="en")).json()["items"]
    assert "put back as the store closed" in told[-1]["text"]
    assert claim["claim"] not in [item["claim"] for item in await till.held()]


async def test_a_released_cart_is_open_and_may_be_taken_by_the_next(shared: World) -> None:
    till = shared.till()
    cart, claim = await claimed(shared, till)
    again = {"Idempotency_Key": uuid4().hex}
    path = f"/v1/pos/claims/{claim['claim']}/release"

    released = await till.call("POST", path, {"fence": claim["fence"]}, **again)
    repeated = await till.call("POST", path, {"fence": claim["fence"]}, **again)
    next_one = await shared.till(0, 1).claim(cart=cart["id"])

    assert released.json()["cart"]["state"] == "open"
    assert repeated.status_code == 200, repeated.text
    assert next_one.json()["fence"] == claim["fence"] + 1
    refused(await till.act(claim, "release"), 409, "claim_not_held")


ACTS: dict[str, Json] = {
    "renew": {},
    "hold": {},
    "release": {},
    "check": {"lines": []},
    "complete": {"fence": 1, "receipt_number": "X-1", "sold_at": "2026-11-20T11:00:00Z"},
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("whose", ["the till beside it", "another store"])
async def test_nobody_acts_on_another_tills_claim(shared: World, act: str, whose: str) -> None:
    cart, claim = await claimed(shared, shared.till())
    other = shared.till(0, 1) if whose == "the till beside it" else shared.till(1)

    async with shared.nothing_written():
        answer = await other.call("POST", f"/v1/pos/claims/{claim['claim']}/{act}", ACTS[act])

    assert answer.status_code in (404, 409), answer.text
    refused(answer, answer.status_code, answer.json()["code"])
    assert (await shared.cart(cart["id"]))["claim"]["terminal"] == shared.till().id


@pytest.mark.parametrize("act", ["renew", "hold", "release"])
async def test_an_act_with_another_fence_than_the_claims_own_is_refused(
    shared: World, act: str
) -> None:
    till = shared.till()
    _, claim = await claimed(shared, till)

    async with shared.nothing_written():
        answer = await till.act(claim, act, fence=claim["fence"] + 1)

    refused(answer, 409, "claim_not_held")


async def test_a_sale_with_a_fence_nobody_was_given_never_counts_for_a_newer_claim(
    shared: World,
) -> None:
    till, neighbour = shared.till(), shared.till(0, 1)
    cart, claim = await claimed(shared, till)
    await till.act(claim, "release")
    held = (await neighbour.claim(cart=cart["id"])).json()

    told = await till.complete({**claim, "fence": held["fence"]}, uuid4().hex)

    assert told.status_code == 200
    assert told.json()["conflict"] is True
    assert (await shared.cart(cart["id"]))["claim"]["terminal"] == neighbour.id


async def test_a_claim_id_nobody_was_given_is_not_found(shared: World) -> None:
    _, offer = await shared.offered()
    for unknown in ("clm_" + "0" * 32, "clm_x", "nonsense", "%00", offer["id"]):
        answer = await shared.till().act({"claim": unknown}, "renew")
        assert answer.status_code == 404, (unknown, answer.text)


async def test_a_hold_time_that_ran_out_unheard_leaves_the_outcome_unknown(shared: World) -> None:
    till = (await shared.more_tills(1))[0]
    other, _ = await claimed(shared, till)
    cart, claim = await claimed(shared, till)

    await shared.time_is_up(claim)

    back = await shared.in_state(cart["id"], "open")
    assert back["outcome"] == "unknown"
    assert back["claim"] is None
    assert shown(back) == shown(claim["cart"])
    held = await till.held()
    assert [item["cart"]["id"] for item in held] == [cart["id"], other["id"]]
    assert [item["outcome"] for item in held] == ["unknown", None]
    refused(await till.act(claim, "renew"), 409, "claim_not_held")


async def test_somebody_says_that_a_cart_of_unknown_outcome_was_not_sold(shared: World) -> None:
    till = shared.till()
    cart, claim = await claimed(shared, till)
    await shared.time_is_up(claim)
    await shared.in_state(cart["id"], "open")

    told = await shared.till(0, 1).act(claim, "release")

    assert told.json()["cart"]["outcome"] is None
    assert claim["claim"] not in [item["claim"] for item in await till.held()]


async def test_a_sale_told_late_by_the_till_that_held_it_last_is_a_sale(shared: World) -> None:
    till = shared.till()
    cart, claim = await claimed(shared, till)
    await shared.time_is_up(claim)
    await shared.in_state(cart["id"], "open")

    sold = await till.complete(claim, uuid4().hex)

    assert sold.status_code == 200, sold.text
    assert sold.json()["conflict"] is False
    assert sold.json()["cart"]["state"] == "fulfilled"
    assert sold.json()["cart"]["outcome"] is None
    assert claim["claim"] not in [item["claim"] for item in await till.held()]


@pytest.mark.asyncio(loop_scope="function")
async def test_an_idle_cart_is_abandoned_but_not_one_whose_outcome_is_unknown(
    world: World,
) -> None:
    world.clock.move(days=-20)
    idle, _ = await claimed(world, world.till())
    await world.till().act((await world.till().held())[0], "release")
    cart, claim = await claimed(world, world.till())
    await world.time_is_up(claim)
    await world.in_state(cart["id"], "open")
    assert await look(world.gateway) == 0  # nothing is due yet, and nobody is kept busy by it

    world.clock.move(days=20)

    await world.in_state(idle["id"], "abandoned")
    assert (await world.cart(cart["id"]))["state"] == "open"
    assert await look(world.gateway) == 0


async def test_a_cart_is_taken_over_in_the_same_store_with_a_reason(shared: World) -> None:
    till, neighbour = shared.till(), shared.till(0, 1)
    cart, claim = await claimed(shared, till)

    taken = await neighbour.claim(
        cart=cart["id"], take_over={"reason": "the first till froze"}, staff="17"
    )

    assert taken.status_code == 201, taken.text
    assert taken.json()["fence"] == claim["fence"] + 1
    told = (await neighbour.get(f"/v1/carts/{cart['id']}/timeline", locale="en")).json()["items"]
    assert "taken over from" in told[-1]["text"]
    assert "the first till froze" in told[-1]["text"]


async def test_a_frozen_tills_late_sale_is_a_conflict_that_the_present_holder_is_told_of(
    shared: World,
) -> None:
    till, neighbour = shared.till(), shared.till(0, 1)
    cart, claim = await claimed(shared, till)
    held = (await neighbour.claim(cart=cart["id"], take_over={"reason": "frozen"})).json()
    assert held["late_sales"] == 0

    late = await till.complete(claim, uuid4().hex)

    assert late.status_code == 200, late.text
    assert late.json()["conflict"] is True
    assert late.json()["cart"]["state"] == "claimed"
    assert (await neighbour.act(held, "renew")).json()["late_sales"] == 1
    sold = (await neighbour.complete(held, uuid4().hex)).json()
    assert sold["conflict"] is False
    facts = await shared.events_of(cart["id"])
    assert facts.count("cart.sold") == 1
    assert facts.count("cart.sale_reported_late") == 1


async def test_a_late_sale_after_the_cart_was_sold_elsewhere_is_found_as_a_double_sale(
    shared: World,
) -> None:
    till, neighbour = shared.till(), shared.till(0, 1)
    cart, claim = await claimed(shared, till)
    held = (await neighbour.claim(cart=cart["id"], take_over={"reason": "frozen"})).json()
    right = uuid4().hex
    await neighbour.complete(held, right)

    late = await till.complete(claim, uuid4().hex)

    assert late.json()["conflict"] is True
    assert late.json()["cart"]["sale"]["receipt_number"] == right
    assert "cart.double_sale_found" in await shared.events_of(cart["id"])


async def test_a_cart_is_not_taken_over_from_another_store_nor_without_a_reason(
    shared: World,
) -> None:
    cart, _ = await claimed(shared, shared.till())

    async with shared.nothing_written():
        from_paris = await shared.till(1).claim(cart=cart["id"], take_over={"reason": "mine"})
        empty = await shared.till(0, 1).claim(cart=cart["id"], take_over={"reason": ""})

    refused(from_paris, 409, "held_elsewhere")
    assert refused(empty, 400, "invalid_request")["errors"][0]["field"] == "take_over.reason"
    assert (await shared.cart(cart["id"]))["claim"]["terminal"] == shared.till().id


async def test_a_till_paused_past_its_hold_time_does_no_harm_when_it_wakes(shared: World) -> None:
    paused, neighbour = shared.till(), shared.till(0, 1)
    cart, claim = await claimed(shared, paused)
    await shared.time_is_up(claim)

    held = (await neighbour.claim(cart=cart["id"])).json()
    renewed = await paused.act(claim, "renew")
    kept = await paused.act(claim, "hold")
    sold = await paused.complete(claim, uuid4().hex)

    assert held["fence"] == claim["fence"] + 1
    refused(renewed, 409, "claim_not_held")
    refused(kept, 409, "claim_not_held")
    assert sold.json()["conflict"] is True
    assert (await neighbour.act(held, "renew")).json()["over"] is False
    assert "cart.sold" not in await shared.events_of(cart["id"])


async def test_the_next_till_need_not_wait_for_the_end_of_a_hold_time_to_be_noticed(
    dsn: str, tmp_path: Any
) -> None:
    async with open_world(dsn, tmp_path) as world:
        cart, claim = await claimed(world, world.till())
    async with open_world(dsn, tmp_path, work=False) as world:
        await world.time_is_up(claim)

        taken = await world.till(0, 1).claim(cart=cart["id"])

        assert taken.status_code == 201, taken.text
        assert "cart.claim_lapsed" in await world.events_of(cart["id"])


async def test_leases_are_as_short_as_the_installation_says(dsn: str, tmp_path: Any) -> None:
    async with open_world(dsn, tmp_path, limits={"lease": timedelta(milliseconds=200)}) as world:
        cart, claim = await claimed(world, world.till())
        assert claim["lease_seconds_left"] == 0

        async def lapsed() -> bool:
            return bool((await world.cart(cart["id"]))["outcome"] == "unknown")

        await until(lapsed)
