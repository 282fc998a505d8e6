"""Asking the companion which orders changed."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from cartbridge_vendure import Vendure
from cartbridge_vendure.settings import Settings
from fake_vendure import FakeVendure

from cartbridge.sdk.client import make_client
from cartbridge.sdk.contract import Remote
from cartbridge.sdk.errors import ConnectorError, Credentials, Unknown
from cartbridge.sdk.observations import CustomerSeen
from cartbridge.testing.connector import shown

CALL = "https://shop.example/cartbridge/v1/carts/changed"
ANSWERS = Path(__file__).parent / "payloads" / "answers"
VENDURE = Vendure()


@pytest.fixture
async def remote() -> AsyncIterator[Remote]:
    settings = Settings.model_validate(
        {
            "webhook_secrets": ["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"],
            "shop_url": "https://shop.example",
        }
    )
    async with make_client() as client:
        yield Remote(settings, client)


@respx.mock
async def test_it_asks_on_until_the_position_stands_still(remote: Remote) -> None:
    recorded: dict[str, Any] = json.loads((ANSWERS / "changed.deleted.json").read_text())
    route = respx.post(CALL)
    route.side_effect = [
        httpx.Response(200, json={"items": [recorded["body"]], "next": "p7"}),
        httpx.Response(200, json={"items": [], "next": "p7"}),
    ]
    first = await VENDURE.changed_since(None, remote)
    last = await VENDURE.changed_since(first.cursor, remote)
    assert [json.loads(call.request.content) for call in route.calls] == [
        {"cursor": None, "limit": 100},
        {"cursor": "p7", "limit": 100},
    ]
    assert (first.more, last.more, last.cursor) == (True, False, first.cursor)
    read = VENDURE.read(first.documents[0], remote.settings)
    assert [shown(seen) for seen in read.observations] == recorded["expect"]["observations"]


@respx.mock
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(401, json={}), Credentials),
        (httpx.Response(500, json={}), Unknown),
        (httpx.Response(200, json={"items": []}), Unknown),
        (httpx.Response(200, json={"items": "all", "next": "p1"}), Unknown),
    ],
)
async def test_other_answers_say_what_to_do(
    remote: Remote, answer: httpx.Response, error: type[ConnectorError]
) -> None:
    respx.post(CALL).return_value = answer
    with pytest.raises(error):
        await VENDURE.changed_since(None, remote)


async def test_accounts_are_listed_after_the_orders_if_they_are_wanted(remote: Remote) -> None:
    shop = FakeVendure()
    asking = replace(remote, settings=remote.settings.model_copy(update={"customers": True}))
    shop.new_cart()
    shop.accounts = [
        {
            "state": "customer",
            "external_id": "7",
            "updated_at": "2026-11-20T10:00:00.123456Z",
            "email": "claire@example.fr",
            "phone": None,
            "first_name": "Claire",
            "last_name": None,
        }
    ]
    with shop.reached():
        first = await VENDURE.changed_since(None, asking)
        again = await VENDURE.changed_since(first.cursor, asking)
        without = await VENDURE.changed_since(None, remote)
    assert [row["state"] for row in first.documents] == ["AddingItems", "customer"]
    assert (again.documents, again.cursor, again.more) == ([], first.cursor, False)
    assert [row["state"] for row in without.documents] == ["AddingItems"]
    (seen,) = VENDURE.read(first.documents[1], asking.settings).observations
    assert isinstance(seen, CustomerSeen)
    assert (seen.customer.external_id, seen.customer.email) == ("7", "claire@example.fr")
    assert (seen.customer.phone, seen.consent) == (None, None)
