"""Requests made from the API's own description, right and wrong ones: it keeps its word."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from cartbridge.http.routes import Role
from tests.acceptance.world import LAMP, World, free_port, line
from tests.faults.experiment import Experiment, Span
from tests.faults.fuzzing import configuration, fuzz, with_keys

pytestmark = [pytest.mark.timeout(400), pytest.mark.slow]
SEED = 20261120


async def known_ids(world: World) -> dict[str, list[str]]:
    """Ids in each place where one is asked for: of a cart in the shop, at the till, and sold."""
    offered, offer = await world.offered(line(LAMP, 3))
    taken, _ = await world.offered()
    claim = (await world.till().claim(cart=taken["id"])).json()
    sold, _ = await world.offered(line(LAMP, 9))
    sale = (await world.till().claim(cart=sold["id"])).json()
    assert (await world.till().complete(sale, "R-1")).status_code == 200
    carts = [offered["id"], taken["id"], sold["id"]]
    lines = [row["id"] for cart in (offered, taken, sold) for row in cart["lines"]]
    claims = [claim["claim"], sale["claim"]]
    names = [cart["twins"][0]["external_id"] for cart in (offered, taken, sold)]
    told = world.shop.told
    return {
        "path.cart": carts,
        "body.cart": carts,
        "path.claim": claims,
        "path.handover": [offer["id"]],
        "path.receipt_number": ["R-1"],
        "body.receipt_number": ["R-1", "R-2"],
        "path.connection": [told["slug"], told["id"]],
        "query.connection": [told["slug"]],
        "path.external_id": names,
        "query.external_id": names,
        "path.hook": [told["hook"]],
        "path.pass": [offer["pass_url"].rpartition("/")[2]],
        "path.code": [offer["code"]],
        "body.code": [offer["code"]],
        "body.short_code": [offer["short_code"]],
        "body.lines[*].line": lines,
        "body.lines[*].gtin": [LAMP["gtin"]],
        "body.set[*].line": lines,
        "path.schema": ["cart.sold.v1", "cart.v1"],
    }


async def test_every_answer_is_as_described_whatever_is_asked(
    world: World, tmp_path: Path, span: Span, experiment: Experiment
) -> None:
    url = str(world.client.base_url).rstrip("/")
    keys: dict[Role, str] = {
        "pos": world.till().key,
        "shop": world.shop.key,
        "ops": world.operator.key,
    }
    phases = ["examples", "fuzzing", *span([], ["coverage", "stateful"])]
    settings = configuration(url, SEED, span(4, 250), phases, await known_ids(world))

    found = await fuzz(url, tmp_path, settings + with_keys(keys))

    counts = experiment("requests made from the description", SEED)
    counts.sent = counts.acknowledged = found.cases
    counts.extra = {"operations": found.operations, "findings": len(found.failures)}
    assert found.failures == frozenset(), found.told
    assert found.errors == 0, found.told
    assert found.cases > span(300, 1000)


NAIVE_DESCRIPTION = {
    "openapi": "3.1.0",
    "info": {"title": "Naive", "version": "1"},
    "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/carts": {
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["price"],
                                "properties": {"price": {"type": "number"}},
                            }
                        }
                    },
                },
                "responses": {
                    "200": {
                        "description": "Taken.",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {"price": {"type": "integer"}},
                                }
                            }
                        },
                    },
                    "400": {"description": "Not taken."},
                },
            }
        },
        "/mine": {
            "get": {"security": [{"key": []}], "responses": {"200": {"description": "Hers."}}}
        },
    },
}


@asynccontextmanager
async def naive() -> AsyncIterator[str]:
    """A server that trusts what it is sent, and forgot to ask for the key."""

    async def describe(request: web.Request) -> web.Response:
        return web.json_response(NAIVE_DESCRIPTION)

    async def take(request: web.Request) -> web.Response:
        price = float((await request.json())["price"])
        if price < 0:
            return web.json_response({}, status=409)
        return web.json_response({"price": f"{price:.2f}"})

    async def mine(request: web.Request) -> web.Response:
        return web.Response(text="her cart")

    app = web.Application()
    app.add_routes(
        [web.get("/openapi.json", describe), web.post("/carts", take), web.get("/mine", mine)]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


async def test_a_server_that_trusts_its_callers_is_found_out(
    tmp_path: Path, experiment: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    """The negative control: each kind of fault is found by the same asking."""
    phases = ("coverage", "fuzzing")
    async with naive() as url:
        found = await fuzz(url, tmp_path, configuration(url, SEED, 10, phases, {}))
    caplog.clear()  # its own tracebacks: 500 is what it answers

    counts = experiment("requests made from the description", SEED, control=True)
    counts.sent = counts.acknowledged = found.cases
    counts.extra = {"operations": found.operations, "findings": len(found.failures)}
    assert found.named("ServerError") == {"POST /carts"}, found.told
    assert "POST /carts" in found.named("UndefinedStatusCode")
    assert "POST /carts" in found.named("JsonSchemaError")
    assert found.named("IgnoredAuth") == {"GET /mine"}
