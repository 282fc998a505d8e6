"""What the gateway shows to people and machines without a key, and leaves no trace of."""

import re
from dataclasses import replace

import pytest

from cartbridge.http.server import ROUTES
from tests.acceptance.world import (
    World,
    refused,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_gateway_describes_itself_and_every_route_it_serves(shared: World) -> None:
    answer = await shared.client.get("/openapi.json")

    assert answer.status_code == 200
    paths = answer.json()["paths"]
    for route in ROUTES:
        assert route.method.lower() in paths[route.path]
    assert (await shared.client.get("/docs")).status_code == 200
    for path in ("/healthz", "/readyz"):
        assert (await shared.client.get(path)).json()["status"] in ("ok", "ready")


PRIVATE = {"referrer-policy": "no-referrer", "cache-control": "no-store"}


async def test_a_shoppers_pages_leave_no_trace(shared: World) -> None:
    _, offer = await shared.offered()
    pass_path = re.sub(r"^https?://[^/]+", "", offer["pass_url"])
    paths = [
        f"/h/{offer['code']}",
        f"/H/{offer['code']}",
        f"/h/{offer['code']}/qr.svg",
        f"/h/{offer['code']}/qr.png",
        "/c/nobody",
        "/h/nobody",
        "/c/" + "B" * 32,
        "/h/" + "B" * 32,
        "/c/%00",
        "/h/%ff",
        pass_path,
    ]
    for path in paths:
        page = await shared.client.get(path)
        expected = 404 if "nobody" in path or "BBBB" in path or "%" in path else 200
        assert page.status_code == expected, path
        for name, value in PRIVATE.items():
            assert page.headers[name] == value, (path, name)
        if expected == 404:
            assert "text/html" in page.headers["content-type"]
            assert "basket" in page.text


async def test_a_look_at_the_head_of_a_page_changes_nothing(shared: World) -> None:
    _, offer = await shared.offered()
    pass_path = re.sub(r"^https?://[^/]+", "", offer["pass_url"])

    async with shared.nothing_written():
        answers = [await shared.client.head(path) for path in (pass_path, f"/h/{offer['code']}")]

    assert all(answer.status_code in (200, 405) for answer in answers)
    assert (await shared.till().claim(code=offer["code"])).status_code == 201


async def test_a_pass_opens_no_till_and_its_fresh_code_does(shared: World) -> None:
    cart, offer = await shared.offered()
    pass_code = offer["pass_url"].rpartition("/")[2]
    page = await shared.client.get(f"/c/{pass_code}")
    digits = re.search(r"(\d{4})\D{1,8}(\d{4})", re.sub(r"<[^>]+>", " ", page.text))

    refused(await shared.till().claim(code=pass_code), 404, "code_unknown")
    assert digits is not None
    taken = await shared.till().claim(short_code="".join(digits.groups()))
    assert taken.json()["cart"]["id"] == cart["id"]


async def test_a_terminal_is_paired_once(shared: World) -> None:
    till = (await shared.more_tills(1))[0]
    code = await shared.gateway.directory.pairing.make(await shared.tenant(), till.id)

    paired = await shared.client.post("/v1/pos/pair", json={"pairing_code": code})
    again = await shared.client.post("/v1/pos/pair", json={"pairing_code": code})

    assert paired.status_code == 201
    assert paired.json()["terminal"] == till.id
    assert refused(again, again.status_code, "pairing_code_unknown")
    fresh = replace(till, key=paired.json()["key"])
    assert (await fresh.call("POST", "/v1/pos/carts", {})).status_code == 201
