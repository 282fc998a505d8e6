"""A retailer's system is told what happens: signed, in order per document, at least once."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from cartbridge.database.outbox import Outbox
from cartbridge.services import tell_subscriptions as telling
from cartbridge.services.tell_subscriptions import tell_subscriptions
from cartbridge.worker.outbox import deliver
from tests.acceptance.receiver import Receiver, open_receiver
from tests.acceptance.world import BOOK, LAMP, Json, World, line, open_world, refused, until


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as receiver:
        yield receiver


async def subscribe(world: World, url: str, **more: Any) -> Json:
    made = await world.operator.call("POST", "/v1/subscriptions", {"url": url, **more})
    assert made.status_code == 201, made.text
    told: Json = made.json()
    return told


async def look(world: World, subscription: Json) -> Json:
    answer = await world.operator.get(f"/v1/subscriptions/{subscription['id']}")
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    return told


async def change(world: World, subscription: Json, **wish: Any) -> Any:
    return await world.operator.call("PATCH", f"/v1/subscriptions/{subscription['id']}", wish)


async def told_of(world: World, receiver: Receiver, cart: str) -> list[Json]:
    """The events of a cart once the receiver has as many as the journal."""

    async def complete() -> bool:
        return len(receiver.events(cart)) == len(await world.events_of(cart))

    await until(complete)
    return receiver.events(cart)


async def test_events_are_posted_signed_and_in_order(world: World, receiver: Receiver) -> None:
    subscription = await subscribe(world, receiver.url, description="loyalty")
    cart, offer = await world.offered(line(LAMP), line(BOOK))
    claim = (await world.till().claim(code=offer["code"])).json()
    await world.till().complete(claim, "R-1")

    events = await told_of(world, receiver, cart["id"])

    feed = (await world.operator.get("/v1/events", limit="1000")).json()["items"]
    same = [event for event in feed if event["subject"] == cart["id"]]
    assert [event["id"] for event in events] == [event["id"] for event in same]
    for posted, read in zip(events, same, strict=True):
        assert posted == {name: value for name, value in read.items() if value is not None}
    for post in receiver.posts:
        assert post.signed_by(subscription["secret"])
        assert post.id == post.event["id"]
        assert post.headers["content-type"].startswith("application/cloudevents+json")
        assert subscription["secret"].encode() not in post.body

    async def quiet() -> bool:
        return bool((await look(world, subscription))["waiting"] == 0)

    await until(quiet)
    shown = await look(world, subscription)
    assert (shown["state"], shown["lag_seconds"], shown["last_error"]) == ("active", 0, None)
    assert shown["last_delivered_at"] is not None
    assert "secret" not in shown


async def test_only_the_types_asked_for_are_posted(world: World, receiver: Receiver) -> None:
    await subscribe(world, receiver.url, types=["cart.handover_*", "cart.claimed"])
    cart, offer = await world.offered()
    await world.till().claim(code=offer["code"])

    async def claimed() -> bool:
        return any(post.event["type"] == "cart.claimed" for post in receiver.posts)

    await until(claimed)
    types = [event["type"] for event in receiver.events(cart["id"])]
    assert types == [
        name
        for name in await world.events_of(cart["id"])
        if name.startswith("cart.handover_") or name == "cart.claimed"
    ]
    assert len(types) >= 2


async def test_a_rotated_secret_and_the_old_one_sign_for_a_day(
    world: World, receiver: Receiver
) -> None:
    subscription = await subscribe(world, receiver.url)
    path = f"/v1/subscriptions/{subscription['id']}"
    key = {"Idempotency_Key": uuid.uuid4().hex}
    rotated = (await world.operator.call("POST", f"{path}/rotate", None, **key)).json()
    repeated = (await world.operator.call("POST", f"{path}/rotate", None, **key)).json()

    async def tried() -> Json:
        answer: Json = (await world.operator.call("POST", f"{path}/test")).json()
        return answer

    assert (await tried())["delivered"] is True
    both = receiver.posts[-1]
    world.clock.move(hours=25)
    await tried()
    later = receiver.posts[-1]

    assert rotated["secret"] == repeated["secret"] != subscription["secret"]
    assert both.signed_by(rotated["secret"])
    assert both.signed_by(subscription["secret"])
    assert later.signed_by(rotated["secret"])
    assert not later.signed_by(subscription["secret"])
    assert both.event["type"] == "subscription.test"


async def test_an_event_that_is_not_taken_is_posted_again_under_its_name(
    world: World, receiver: Receiver
) -> None:
    receiver.answer = lambda request, count: web.Response(status=500 if count < 3 else 200)
    subscription = await subscribe(world, receiver.url, types=["cart.started"])
    cart, _ = await world.offered()

    async def taken() -> bool:
        await world.now()
        return len(receiver.posts) >= 3

    await until(taken)
    names = {post.id for post in receiver.posts}
    assert names == {f"{cart['id']}-1"}

    async def well() -> bool:
        return bool((await look(world, subscription))["failing_since"] is None)

    await until(well)
    shown = await look(world, subscription)
    assert shown["last_error"] == "status 500"


async def test_retry_after_is_heeded(world: World, receiver: Receiver) -> None:
    receiver.answer = lambda request, count: web.Response(
        status=429, headers={"retry-after": "7200"}
    )
    await subscribe(world, receiver.url, types=["cart.started"])
    await world.offered()

    async def put_off() -> bool:
        wait = await world.owner.fetchval(
            "select extract(epoch from run_at - clock_timestamp()) from outbox"
            " where kind = 'event' and lease_until is null and attempts = 1"
        )
        return bool(wait is not None and 7000 < wait <= 7200)

    await until(put_off)
    assert len(receiver.posts) == 1


async def test_gone_ends_the_subscription(world: World, receiver: Receiver) -> None:
    receiver.answer = 410
    subscription = await subscribe(world, receiver.url)
    await world.offered()

    async def ended() -> bool:
        return bool((await look(world, subscription))["state"] == "ended")

    await until(ended)

    async def empty() -> bool:
        return bool((await look(world, subscription))["waiting"] == 0)

    await until(empty)
    posts = len(receiver.posts)
    await world.offered()
    await world.settled()
    assert len(receiver.posts) == posts
    assert "410" in (await look(world, subscription))["reason"]
    assert await world.owner.fetchval("select count(*) from outbox where state = 'dead'") == 0
    refused(await change(world, subscription, state="active"), 409, "subscription_ended")


async def test_five_days_of_failures_pause_it_and_nothing_is_lost(
    world: World, receiver: Receiver
) -> None:
    receiver.answer = 500
    subscription = await subscribe(world, receiver.url)
    cart, _ = await world.offered()

    async def failing() -> bool:
        return bool((await look(world, subscription))["failing_since"] is not None)

    await until(failing)
    await world.owner.execute(
        "update subscription set failing_since = clock_timestamp() - interval '5 days 1 minute'"
    )
    world.gateway.subscriptions.forget()

    async def paused() -> bool:
        await world.now()
        return bool((await look(world, subscription))["state"] == "paused")

    await until(paused)
    shown = await look(world, subscription)
    assert "for days" in shown["reason"]
    assert shown["lag_seconds"] >= 0
    assert shown["waiting"] > 0
    receiver.answer = 200
    resumed = await change(world, subscription, state="active")
    assert (resumed.json()["state"], resumed.json()["reason"]) == ("active", None)

    async def all_told() -> bool:
        await world.now()
        return len(receiver.events(cart["id"])) == len(await world.events_of(cart["id"]))

    await until(all_told)
    sequences = [event["sequence"] for event in receiver.events(cart["id"])]
    assert sequences == sorted(sequences)


async def test_what_happens_during_a_pause_is_told_after_it(
    world: World, receiver: Receiver
) -> None:
    subscription = await subscribe(world, receiver.url)
    assert (await change(world, subscription, state="paused")).status_code == 200
    cart, _ = await world.offered()
    await world.settled()
    assert receiver.posts == []
    await change(world, subscription, state="active", types=None)

    events = await told_of(world, receiver, cart["id"])

    assert len(events) == len(await world.events_of(cart["id"]))


async def test_a_subscription_is_removed_with_what_waits_for_it(
    world: World, receiver: Receiver
) -> None:
    receiver.answer = 500
    subscription = await subscribe(world, receiver.url)
    await world.offered()
    await until_posted(receiver)
    path = f"/v1/subscriptions/{subscription['id']}"
    gone = await world.operator.call("DELETE", path)

    assert gone.status_code == 204
    refused(await world.operator.get(path), 404, "not_found")

    async def nothing_waits() -> bool:
        await world.now()
        left = await world.owner.fetchval("select count(*) from outbox where kind = 'event'")
        return bool(left == 0)

    await until(nothing_waits)


async def until_posted(receiver: Receiver) -> None:
    async with asyncio.timeout(15):
        await receiver.arrived.wait()


async def test_an_address_inside_is_refused_with_the_way_out(world: World) -> None:
    for url in ("https://10.0.0.7/", "https://169.254.169.254/latest", "https://[fd00::1]/x"):
        answer = await world.operator.call("POST", "/v1/subscriptions", {"url": url})
        problem = refused(answer, 422, "address_refused")
        assert problem["errors"][0]["field"] == "url"
        assert "CARTBRIDGE_ALLOW_PRIVATE_ADDRESSES" in problem["detail"]
    assert (await world.operator.get("/v1/subscriptions")).json() == {"items": [], "next": None}


async def test_a_repeated_call_adds_one_subscription_and_shows_its_secret(
    world: World, receiver: Receiver
) -> None:
    key = {"Idempotency_Key": uuid.uuid4().hex}
    body = {"url": receiver.url}
    first, second = [
        (await world.operator.call("POST", "/v1/subscriptions", body, **key)).json()
        for _ in range(2)
    ]
    assert (first["id"], first["secret"]) == (second["id"], second["secret"])
    await subscribe(world, receiver.url)
    page = (await world.operator.get("/v1/subscriptions", limit="1")).json()
    rest = (await world.operator.get("/v1/subscriptions", after=page["next"])).json()
    assert [one["id"] for one in page["items"]] == [first["id"]]
    assert len(rest["items"]) == 1
    stored = await world.owner.fetchval("select secrets::text from subscription limit 1")
    assert first["secret"].removeprefix("whsec_")[:20] not in stored
    for wrong in (None, "nonsense"):
        bad = {"url": receiver.url, "types": [wrong] if wrong is None else ["A b"]}
        answer = await world.operator.call("POST", "/v1/subscriptions", bad)
        refused(answer, 400, "invalid_request")


@asynccontextmanager
async def standing_still(dsn: str, folder: Any) -> AsyncIterator[World]:
    async with open_world(dsn, folder, work=False) as world:
        yield world


async def test_a_worker_that_dies_between_post_and_note_posts_the_same_name_again(
    dsn: str, tmp_path: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with standing_still(dsn, tmp_path) as world:
        await subscribe(world, receiver.url, types=["cart.started"])
        made = await world.till().call("POST", "/v1/pos/carts", {"codes": ["NOEL"]})
        cart = made.json()["cart"]["id"]
        assert await tell_subscriptions(world.gateway) == 1

        async def die(self: Outbox, outcomes: Any) -> list[bool]:
            raise RuntimeError("killed")

        with monkeypatch.context() as patched:
            patched.setattr(Outbox, "finish", die)
            with pytest.raises(RuntimeError, match="killed"):
                await deliver(world.gateway)
        assert await deliver(world.gateway) == 0  # its lease still runs
        await world.owner.execute("update outbox set lease_until = clock_timestamp()")
        assert await deliver(world.gateway) == 1

        assert [post.id for post in receiver.posts] == [f"{cart}-1"] * 2
        assert receiver.posts[0].body == receiver.posts[1].body


async def test_two_tellers_put_each_event_into_the_outbox_once(
    dsn: str, tmp_path: Any, receiver: Receiver
) -> None:
    async with standing_still(dsn, tmp_path) as world:
        await subscribe(world, receiver.url)
        for _ in range(5):
            await world.till().call("POST", "/v1/pos/carts", {"codes": ["NOEL"]})
        await asyncio.gather(*(tell_subscriptions(world.gateway) for _ in range(4)))
        waiting = await world.owner.fetchval("select count(*) from outbox where kind = 'event'")
        assert waiting == await world.event_count()
        held = await world.owner.fetch("select payload from outbox where kind = 'event'")
        assert all(set(row["payload"]) <= set(b'{"shard":,position}0123456789') for row in held)


async def test_so_much_waits_in_the_outbox_and_the_rest_in_the_journal(
    dsn: str, tmp_path: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "WAITING", 2)
    monkeypatch.setattr(telling, "PAGE", 3)
    async with standing_still(dsn, tmp_path) as world:
        await subscribe(world, receiver.url)
        for _ in range(4):
            await world.till().call("POST", "/v1/pos/carts", {"codes": ["NOEL"]})
        events = await world.event_count()
        assert events > 6
        made = [await tell_subscriptions(world.gateway) for _ in range(2)]
        assert made == [3, 0]
        while await deliver(world.gateway) + await tell_subscriptions(world.gateway):
            pass
        assert len({post.id for post in receiver.posts}) == len(receiver.posts) == events
