"""What a visitor's browser gets without ever holding a key: joining a cart, and her own pass."""

from typing import Any

import httpx
import pytest
from aiohttp import web
from cartbridge_sandbox.shop import Shop
from cartbridge_sandbox.visitor import Gateway

KEY = "cb_shop_key_of_the_sandbox"
PAGE = {"accept": "text/html"}


class FakeGateway:
    """Joins and hands over as the gateway does, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any, str | None]] = []
        self.status = 200

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/handovers/join", self.join),
            web.get("/v1/carts", self.find),
            web.post("/v1/carts/{id}/handovers", self.offer),
        ]

    async def join(self, request: web.Request) -> web.Response:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        key = request.headers["idempotency-key"]
        self.asked.append((request.path, await request.json(), key))
        return web.json_response({"cart": {"id": "crt_1"}}, status=self.status)

    async def find(self, request: web.Request) -> web.Response:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        self.asked.append((request.path, dict(request.query), None))
        return web.json_response({"items": [{"id": "crt_1"}], "next": None}, status=self.status)

    async def offer(self, request: web.Request) -> web.Response:
        self.asked.append((request.path, await request.json(), None))
        answer = {"short_code": "1234 5678", "pass_url": "https://g.example/c/PASS", "code": "BCDF"}
        return web.json_response(answer, status=201)


@pytest.fixture
def gateway() -> FakeGateway:
    return FakeGateway()


@pytest.fixture
async def shop(open_shop: Any, serve: Any, gateway: FakeGateway) -> Shop:
    url = await serve(*gateway.routes())
    shop: Shop = await open_shop(gateway=Gateway(url, "con_1", KEY))
    return shop


async def test_a_link_that_is_only_looked_at_joins_nothing(
    shopper: httpx.AsyncClient, gateway: FakeGateway
) -> None:
    page = await shopper.get("/continue/BCDF", headers=PAGE)
    assert "Reprendre mon panier ici" in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert gateway.asked == []


async def test_the_visitors_own_basket_joins(
    shopper: httpx.AsyncClient, gateway: FakeGateway
) -> None:
    mine = (await shopper.get("/cart")).json()["ref"]
    for _ in range(2):
        answer = await shopper.post("/continue/BCDF")
        assert (answer.status_code, answer.headers["location"]) == (303, "/cart")
    (path, body, key), again = gateway.asked
    assert (path, body) == ("/v1/handovers/join", {"code": "BCDF", "external_id": mine})
    assert again == (path, body, key)  # the same wish, the same key


@pytest.mark.parametrize(
    ("status", "shown", "text"),
    [
        (409, 409, "appartient à quelqu'un d'autre"),
        (410, 410, "n'est plus valable"),
        (404, 410, "n'est plus valable"),
        (500, 503, "réessayez"),
    ],
)
async def test_a_link_that_cannot_be_joined_says_why(
    shopper: httpx.AsyncClient, gateway: FakeGateway, status: int, shown: int, text: str
) -> None:
    gateway.status = status
    answer = await shopper.post("/continue/BCDF")
    assert (answer.status_code, answer.json()["detail"].count(text)) == (shown, 1)
    page = await shopper.post("/continue/BCDF", headers=PAGE)
    assert page.status_code == shown
    assert 'role="status"' in page.text


async def test_a_visitor_gets_her_own_pass(
    shopper: httpx.AsyncClient, gateway: FakeGateway
) -> None:
    mine = (await shopper.get("/cart")).json()["ref"]
    await shopper.post(f"/carts/{mine}/lines", json={"sku": "PLAID"})
    page = await shopper.post("/cart/pass", headers=PAGE)
    assert "1234 5678" in page.text
    assert 'href="https://g.example/c/PASS"' in page.text
    assert KEY not in page.text
    assert [(path, body) for path, body, _ in gateway.asked] == [
        ("/v1/carts", {"connection": "con_1", "external_id": mine}),
        ("/v1/carts/crt_1/handovers", {"direction": "to_store"}),
    ]


async def test_without_a_gateway_the_shop_sells_on(open_shop: Any) -> None:
    alone = await open_shop()
    async with httpx.AsyncClient(base_url=alone.url, trust_env=False) as shopper:
        assert (await shopper.post("/cart/pass")).status_code == 503
        assert (await shopper.post("/carts")).status_code == 201
    assert KEY not in repr(Gateway("https://g.example", "con_1", KEY))
