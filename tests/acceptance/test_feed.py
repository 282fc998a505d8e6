"""The feed: what happened, without a gap, as pages and as a stream."""

import asyncio
import re

import pytest

from tests.acceptance.world import (
    BOOK,
    LAMP,
    Caller,
    Json,
    World,
    line,
    refused,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def feed(caller: Caller, **query: str) -> tuple[list[Json], str]:
    answer = await caller.get("/v1/events", **query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"], answer.json()["next"]


async def test_the_feed_has_no_gap_from_any_cursor(shared: World) -> None:
    await shared.offered(line(LAMP), line(BOOK))
    await shared.settled()
    whole, end = await feed(shared.operator, limit="1000")
    tenants = await shared.owner.fetchval(
        "select count(*) from event where tenant = $1", await shared.tenant()
    )
    assert len(whole) == tenants

    seen: list[Json] = []
    cursors: list[tuple[str, int]] = []
    after: dict[str, str] = {}
    while len(seen) < len(whole):
        page, cursor = await feed(shared.operator, limit="7", **after)
        seen += page
        after = {"after": cursor}
        cursors.append((cursor, len(seen)))

    assert sorted(event["id"] for event in seen) == sorted(event["id"] for event in whole)
    by_cart: dict[str, list[str]] = {}
    for event in seen:
        by_cart.setdefault(event["subject"], []).append(event["sequence"])
    assert all(sequence == sorted(sequence) for sequence in by_cart.values())
    for cursor, count in cursors[::3]:
        rest, _ = await feed(shared.operator, limit="1000", after=cursor)
        assert {event["id"] for event in rest} == {event["id"] for event in seen[count:]}
    assert await feed(shared.operator, after=end) == ([], end)


async def test_the_feed_can_be_asked_for_some_types_and_tells_no_code(shared: World) -> None:
    cart, offer = await shared.offered()
    await shared.till().claim(code=offer["code"])

    claimed, _ = await feed(shared.operator, types="cart.claimed,cart.sold", limit="1000")
    everything = (await shared.operator.get("/v1/events", limit="1000")).text

    assert {event["type"] for event in claimed} <= {"cart.claimed", "cart.sold"}
    assert cart["id"] in {event["subject"] for event in claimed}
    assert offer["code"] not in everything
    assert offer["short_code"] not in everything
    for wrong in ("nonsense", "WzFd", "%00"):
        answer = await shared.operator.get("/v1/events", after=wrong)
        assert refused(answer, 400, "invalid_request")["errors"][0]["field"] == "after"


async def streamed(
    shared: World, count: int, last: str | None = None, **query: str
) -> tuple[list[str], str]:
    """So many events from the stream, and the last cursor it gave."""
    headers = {"Authorization": f"Bearer {shared.operator.key}", "Accept": "text/event-stream"}
    if last is not None:
        headers["Last-Event-ID"] = last
    seen: list[str] = []
    cursor = last or ""
    async with (
        asyncio.timeout(20),
        shared.client.stream("GET", "/v1/events", headers=headers, params=query) as response,
    ):
        assert response.headers["content-type"] == "text/event-stream"
        async for text in response.aiter_lines():
            if text.startswith("id: "):
                cursor = text.removeprefix("id: ")
            if text.startswith("data: "):
                seen.append(re.findall(r'"id":"([^"]+)"', text)[0])
            if len(seen) >= count and not text:
                break
    return seen, cursor


async def test_the_stream_tells_what_happens_and_goes_on_where_it_broke(shared: World) -> None:
    _, now = await feed(shared.operator, limit="1000")
    reading = asyncio.create_task(streamed(shared, 2, now))
    await shared.till().call("POST", "/v1/pos/carts", {"codes": ["LIVE"]})
    first, cursor = await reading
    for _ in range(3):
        await shared.till().call("POST", "/v1/pos/carts", {"codes": ["LATER"]})
    later, end = await streamed(shared, 6, cursor)

    pages, _ = await feed(shared.operator, after=now, limit="1000")
    assert len(first) == 2
    assert len({*first, *later}) == 8
    assert {*first, *later} == {event["id"] for event in pages}
    assert end != cursor


async def test_a_stream_is_for_operators_and_from_a_cursor_of_ours(shared: World) -> None:
    stream = {"Accept": "text/event-stream"}
    wrong = {**stream, "Authorization": f"Bearer {shared.operator.key}", "Last-Event-ID": "x"}
    refused(await shared.client.get("/v1/events", headers=wrong), 400, "invalid_request")
    refused(await shared.client.get("/v1/events", headers=stream), 401, "unauthorized")
    till = {**stream, "Authorization": f"Bearer {shared.till().key}"}
    refused(await shared.client.get("/v1/events", headers=till), 403, "forbidden")
