"""Whatever is too much is refused, by name and place, and nothing of it is kept."""

import asyncio
from pathlib import Path

import pytest

from cartbridge.sdk.payload import MAX_VALUES
from tests.acceptance.world import LAMP, Json, World, line, open_world, refused, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

SKU = {"item": {"sku": "LAMP-OAK"}, "quantity": "1"}


async def told(world: World, request: bytes, address: str = "127.0.0.1") -> bytes:
    """The head of what the gateway answers to these bytes."""
    host, port = world.gateway.public_url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), local_addr=(address, 0))
    try:
        writer.write(request)
        async with asyncio.timeout(10):
            return await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()


async def quarantine_reasons(world: World, message: str) -> str:
    """Why a message was put aside."""
    await world.settled()
    kept = await world.gateway.inbox.read(await world.tenant(), message)
    assert kept is not None
    reasons = [kept.summary.reason, *(part.reason for part in kept.summary.parts)]
    return " ".join(filter(None, reasons))


@pytest.mark.parametrize(
    "head",
    [
        "GET /healthz?" + "x" * 9000 + " HTTP/1.1\r\nHost: h\r\n",
        "GET /healthz HTTP/1.1\r\nHost: h\r\nX-Long: " + "x" * 9000 + "\r\n",
        "GET /healthz HTTP/1.1\r\nHost: h\r\n" + "".join(f"X-{n}: 1\r\n" for n in range(200)),
    ],
    ids=["line", "header", "headers"],
)
async def test_a_head_that_is_too_large_is_refused(shared: World, head: str) -> None:
    answer = await told(shared, f"{head}Connection: close\r\n\r\n".encode())

    assert b" 400 Bad Request" in answer.partition(b"\r\n")[0]


async def test_a_command_that_is_too_large_is_refused(shared: World) -> None:
    async with shared.nothing_written():
        answer = await shared.till().call("POST", "/v1/pos/carts", {"note": "x" * 70_000})

    problem = refused(answer, 413, "too_large")
    assert problem["params"]["limit"] == str(64 * 1024)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ('{"metadata": ' + "[" * 65 + "]" * 65 + "}", "nested deeper than 64, at byte 76"),
        ('{"codes": [' + "1," * 10_000 + "1]}", "more than 10000 values, at byte"),
    ],
    ids=["deep", "many values"],
)
async def test_a_command_of_too_much_json_is_refused_with_the_place(
    shared: World, body: str, why: str
) -> None:
    headers = {"Authorization": f"Bearer {shared.till().key}", "Idempotency-Key": why}
    async with shared.nothing_written():
        answer = await shared.client.post("/v1/pos/carts", content=body, headers=headers)

    problem = refused(answer, 400, "invalid_request")
    assert why in problem["errors"][0]["why"]


async def test_a_hook_of_too_many_values_is_put_aside_with_the_reason(shared: World) -> None:
    body = b'{"type": "cart.snapshot", "data": {"lines": [' + b"1," * MAX_VALUES + b"1]}}"

    answer = await shared.shop.send(body)

    assert answer.status_code == 202
    reason = await quarantine_reasons(shared, answer.json()["message"])
    assert f"more than {MAX_VALUES} values, at byte" in reason


async def test_a_hook_of_a_cart_of_too_many_lines_is_put_aside_with_the_reason(
    shared: World,
) -> None:
    small = {"item": {"sku": "A"}, "quantity": 1, "unit_price": 1}

    answer = await shared.shop.snapshot("web-long", *[small] * 2001)

    assert answer.status_code == 202
    reason = await quarantine_reasons(shared, answer.json()["message"])
    assert "lines" in reason
    assert "2000" in reason


async def test_a_cart_in_a_store_holds_two_thousand_lines_and_no_more(shared: World) -> None:
    till = shared.till()
    begun = await till.call("POST", "/v1/pos/carts", {"add": [SKU] * 1000})
    assert begun.status_code == 201, begun.text
    cart: Json = begun.json()["cart"]
    path = f"/v1/pos/carts/{cart['id']}"
    full = await till.call("PATCH", path, {"add": [SKU] * 1000})
    assert full.status_code == 200, full.text

    async with shared.nothing_written():
        answer = await till.call("PATCH", path, {"add": [SKU]})

    problem = refused(answer, 400, "invalid_request")
    assert problem["errors"] == [
        {"field": "add", "why": "a cart holds 2000 lines at most: begin another one"}
    ]


@pytest.mark.parametrize(
    ("room", "hosts"),
    [
        ({"connections": 6}, ["127.0.0.1", "127.0.0.2", "127.0.0.3"]),
        ({"connections_per_address": 6}, ["127.0.0.1"]),
    ],
    ids=["in total", "of one address"],
)
async def test_connections_beyond_the_room_are_answered_503_and_closed(
    dsn: str, tmp_path: Path, room: Json, hosts: list[str]
) -> None:
    async with open_world(dsn, tmp_path, work=False, **room) as world:
        host, port = world.gateway.public_url.removeprefix("http://").split(":")
        held = [
            await asyncio.open_connection(host, int(port), local_addr=(hosts[n % len(hosts)], 0))
            for n in range(6)
        ]
        answer = await told(world, b"", hosts[0])

        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: 2\r\n" in answer
        assert b"Connection: close\r\n" in answer
        if "connections_per_address" in room:  # others are still let in
            elsewhere = await told(
                world, b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "127.0.0.9"
            )
            assert elsewhere.startswith(b"HTTP/1.1 200 ")
        for _, writer in held:
            writer.close()
            await writer.wait_closed()

        async def let_in() -> bool:
            return (await world.shop.snapshot("web-after", line(LAMP))).status_code == 202

        await until(let_in)  # the server hears of a closed connection a moment later
