"""Asking a standard system what changed, and what its answers mean."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import respx
from cartbridge_standard import Standard

from cartbridge.sdk import webhook
from cartbridge.sdk.client import make_client
from cartbridge.sdk.contract import Remote
from cartbridge.sdk.errors import ConnectorError, Credentials, Refuse, Retry, Unknown
from cartbridge.sdk.observations import CartGone, CartSeen

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
URL = "https://shop.example/changes"
STANDARD = Standard()
CART: dict[str, Any] = {"external_id": "c1", "revision": 8, "lines": [{"item": {"sku": "A"}}]}


def make_settings(**more: Any) -> Any:
    return Standard.manifest.settings.model_validate({"webhook_secrets": [SECRET], **more})


@pytest.fixture
async def remote() -> AsyncIterator[Remote]:
    async with make_client() as client:
        yield Remote(make_settings(changes_url=f"{URL}?tenant=7"), client)


@respx.mock
async def test_the_query_is_signed_as_it_is_sent(remote: Remote) -> None:
    route = respx.get(URL).respond(json={"carts": [], "next": "é&1", "more": False})
    first = await STANDARD.changed_since(None, remote)
    await STANDARD.changed_since(first.cursor, remote)
    asked = [call.request for call in route.calls]
    assert [dict(request.url.params) for request in asked] == [
        {"tenant": "7", "limit": "100"},
        {"tenant": "7", "limit": "100", "after": "é&1"},
    ]
    for request in asked:
        webhook.verify(request.headers, request.url.query, [SECRET], datetime.now(UTC))


@respx.mock
async def test_a_page_of_carts_and_of_what_became_of_them(remote: Remote) -> None:
    gone = {"type": "cart.deleted", "data": {"external_id": "c2", "at": "2026-11-20T10:00:00Z"}}
    cart = {**CART, "lines": [{"item": {"sku": "A"}, "quantity": 2}]}
    respx.get(URL).respond(json={"carts": [cart, gone], "next": 42, "more": True})
    page = await STANDARD.changed_since(None, remote)
    assert (page.cursor, page.more) == ({"next": "42"}, True)
    seen, lost = (STANDARD.read(each, remote.settings).observations[0] for each in page.documents)
    assert isinstance(seen, CartSeen)
    assert (seen.external_id, seen.snapshot.revision) == ("c1", 8)
    assert isinstance(lost, CartGone)
    assert lost.external_id == "c2"


@respx.mock
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(401), Credentials),
        (httpx.Response(503, headers={"retry-after": "9"}), Retry),
        (httpx.Response(500), Unknown),
        (httpx.Response(200, text="<html>"), Unknown),
        (httpx.Response(200, json={"carts": []}), Refuse),
        (httpx.Response(200, json={"carts": [1], "next": "1"}), Refuse),
        (httpx.Response(200, json={"carts": [{}] * 501, "next": "1"}), Refuse),
        (httpx.ConnectError("no"), Retry),
        (httpx.ReadTimeout("no"), Retry),
    ],
)
async def test_other_answers_say_what_to_do(
    remote: Remote, answer: Any, error: type[ConnectorError]
) -> None:
    route = respx.get(URL)
    if isinstance(answer, httpx.Response):
        route.return_value = answer
    else:
        route.side_effect = answer
    with pytest.raises(error) as raised:
        await STANDARD.changed_since(None, remote)
    assert SECRET.removeprefix("whsec_") not in str(raised.value)


async def test_without_an_address_it_is_not_declared(remote: Remote) -> None:
    assert "changed_since" in STANDARD.capabilities(remote.settings)
    deaf = make_settings()
    assert "changed_since" not in STANDARD.capabilities(deaf)
    with pytest.raises(Refuse):
        await STANDARD.changed_since(None, Remote(deaf, remote.client))
