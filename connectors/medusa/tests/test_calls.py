"""What the companion's answers mean, beyond what every connector promises."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
import respx
from cartbridge_medusa import Medusa
from cartbridge_medusa.settings import Settings
from fake_medusa import API_KEY, Fake

from cartbridge.sdk.client import make_client
from cartbridge.sdk.contract import Remote, Write, WriteLine
from cartbridge.sdk.documents import Item, TwinRef
from cartbridge.sdk.errors import ConnectorError, Ignore, Refuse, Retry, Unknown

BASE = "https://medusa.example/admin/cartbridge"
MEDUSA = Medusa()
REF = TwinRef(connection="con_1", external_id="cart_00000000000000000000000001")
CART = f"{BASE}/carts/{REF.external_id}"
UNTIL = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
WRITE = Write(
    push_id="psh_1",
    ref=REF,
    base_revision=3,
    lines=(
        WriteLine(key="sku:A:B", item=Item(sku="A:B", title="A"), quantity=Decimal(2)),
        WriteLine(key="gtin:03760123451093", item=Item(title="T"), quantity=Decimal(1)),
        WriteLine(key="title:Retouche", item=Item(title="Retouche"), quantity=Decimal(0)),
    ),
    codes=("BIENVENUE10",),
)


def snapshot(**more: Any) -> dict[str, Any]:
    """A cart as the companion shows it."""
    shop = Fake()
    return {**shop.carts[shop.new_cart()], **more}


@pytest.fixture
async def remote() -> AsyncIterator[Remote]:
    settings = Settings.model_validate(
        {
            "base_url": "https://medusa.example/",
            "api_key": API_KEY,
            "webhook_secrets": ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"],
            "storefront_url": "https://shop.example/panier",
        }
    )
    async with make_client() as client:
        yield Remote(settings, client)


@respx.mock
async def test_a_write_names_articles_as_the_companion_knows_them(remote: Remote) -> None:
    route = respx.put(CART).respond(json={"snapshot": snapshot()})
    await MEDUSA.push(WRITE, remote)
    assert json.loads(route.calls.last.request.content) == {
        "push_id": "psh_1",
        "base_revision": 3,
        "lines": [
            {"sku": "A:B", "quantity": 2},
            {"gtin": "03760123451093", "quantity": 1},
            {"title": "Retouche", "quantity": 0},
        ],
        "codes": ["BIENVENUE10"],
    }


@respx.mock
async def test_refused_codes_come_back(remote: Remote) -> None:
    shown = snapshot(refused=[{"code": "BAD", "reason": "code_unknown"}])
    respx.put(CART).respond(json={"snapshot": shown})
    result = await MEDUSA.push(WRITE, remote)
    assert [one.code for one in result.snapshot.refused_codes] == ["BAD"]
    assert result.snapshot.refused == ()


@respx.mock
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(409, json={"snapshot": snapshot(state="sold")}), Unknown),
        (httpx.Response(200, json={"snapshot": snapshot(external_id="cart_2")}), Unknown),
        (httpx.Response(200, json={"snapshot": snapshot(lines=[{"sku": 7}])}), Unknown),
        (httpx.Response(404, json={"error": "cart_not_found"}), Ignore),
        (httpx.Response(404, json={"type": "not_found"}), Unknown),
        (httpx.Response(400, json={"error": "malformed"}), Refuse),
        (httpx.Response(503, json={"error": "cart_busy"}, headers={"retry-after": "1"}), Retry),
    ],
    ids=repr,
)
async def test_an_answer_to_a_write_tells_what_to_do(
    remote: Remote, answer: httpx.Response, error: type[ConnectorError]
) -> None:
    respx.put(CART).mock(return_value=answer)
    with pytest.raises(error):
        await MEDUSA.push(WRITE, remote)


@respx.mock
async def test_a_freeze_says_until_when_and_where(remote: Remote) -> None:
    route = respx.post(f"{CART}/freeze").respond(json={"snapshot": {}})
    await MEDUSA.freeze(REF, UNTIL, "Lyon Part-Dieu", remote)
    sent = json.loads(route.calls.last.request.content)
    assert sent == {"until": "2026-11-20T20:00:00Z", "where": "Lyon Part-Dieu"}


@respx.mock
@pytest.mark.parametrize("status", [404, 409])
async def test_a_cart_that_has_ended_is_not_stopped(remote: Remote, status: int) -> None:
    respx.post(f"{CART}/freeze").respond(status, json={"error": "cart_not_found"})
    with pytest.raises(Ignore):
        await MEDUSA.freeze(REF, UNTIL, "Lyon Part-Dieu", remote)


@respx.mock
async def test_an_external_id_never_leaves_its_place_in_the_path(remote: Remote) -> None:
    route = respx.route().respond(404, json={"error": "cart_not_found"})
    odd = TwinRef(connection="con_1", external_id="../../users?x#y")
    assert await MEDUSA.fetch(odd, remote) is None
    path = route.calls.last.request.url.raw_path
    assert path == b"/admin/cartbridge/carts/..%2F..%2Fusers%3Fx%23y"
