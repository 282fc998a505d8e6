"""Reading a document again: where it is asked for, with which token, and what its answers mean."""

import json
from typing import Any

import httpx
import pytest
import respx
from cartbridge_declarative import Declarative
from cartbridge_declarative.settings import Settings

from cartbridge.sdk.contract import Remote
from cartbridge.sdk.documents import TwinRef
from cartbridge.sdk.errors import ConnectorError, Credentials, Refuse, Retry, Unknown

TOKEN = "tok-5kq0Zb4Vx1hY8mPw"
CONNECTOR = Declarative()


def settings(**fetch: Any) -> Settings:
    mapping = {
        "signature": {"scheme": "path"},
        "kind": {"always": "cart"},
        "document": {"external_id": "id", "revision": "version"},
        "lines": {"each": "rows", "sku": "sku", "quantity": "qty"},
        "money": {"amounts": "minor"},
        **({"fetch": fetch} if fetch else {}),
    }
    token = {"fetch_token": TOKEN} if "header" in fetch else {}
    told = {"mapping": json.dumps(mapping), "secrets": ["s-9fKq2mXw71LbTzR4"], **token}
    return Settings.model_validate(told)


async def fetch(told: Settings, external_id: str = "7") -> Any:
    async with httpx.AsyncClient() as client:
        ref = TwinRef(connection="con_1", external_id=external_id)
        return await CONNECTOR.fetch(ref, Remote(told, client))


async def test_a_document_is_asked_for_by_its_id_with_the_token() -> None:
    told = settings(
        url="https://api.shop.example/c?id={external_id}",
        header="X-Key",
        prefix="key ",
        document="cart",
    )
    with respx.mock() as router:
        route = router.get("https://api.shop.example/c?id=a%2Fb%26c").respond(
            json={"cart": {"id": "a/b&c", "version": 3, "rows": []}}
        )
        document = await fetch(told, "a/b&c")
    assert route.calls.last.request.headers["x-key"] == f"key {TOKEN}"
    (seen,) = CONNECTOR.read(document, told).observations
    assert seen.external_id == "a/b&c"


async def test_without_a_header_no_token_goes_out() -> None:
    told = settings(url="https://api.shop.example/{external_id}")
    with respx.mock() as router:
        route = router.get("https://api.shop.example/7").respond(json={"id": "7"})
        assert await fetch(told) == {"id": "7"}
    assert "authorization" not in route.calls.last.request.headers


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (429, "{}", Retry),
        (500, "{}", Unknown),
        (401, "{}", Credentials),
        (400, "{}", Refuse),
        (302, "{}", Refuse),
        (200, "<html>", Unknown),
        (200, "[]", Unknown),
        (200, '{"cart": [1]}', Unknown),
        (200, '{"cart": 7}', Unknown),
    ],
)
async def test_what_is_no_document_is_an_error_by_what_to_do(
    status: int, body: str, error: type[ConnectorError]
) -> None:
    told = settings(url="https://api.shop.example/{external_id}", document="max_by(cart, &v)")
    with respx.mock() as router:
        router.get("https://api.shop.example/7").respond(status, text=body)
        with pytest.raises(error):
            await fetch(told)


@pytest.mark.parametrize("status", [404, 410])
async def test_what_is_gone_is_no_document(status: int) -> None:
    with respx.mock() as router:
        router.get("https://api.shop.example/7").respond(status)
        assert await fetch(settings(url="https://api.shop.example/{external_id}")) is None


@pytest.mark.parametrize("fault", [httpx.ConnectError, httpx.ReadTimeout])
async def test_a_call_that_fails_is_made_again(fault: type[httpx.RequestError]) -> None:
    told = settings(url="https://api.shop.example/{external_id}")
    with respx.mock() as router:
        router.get("https://api.shop.example/7").mock(side_effect=fault)
        with pytest.raises(Retry):
            await fetch(told)


@pytest.mark.parametrize("external_id", [".", ".."])
async def test_an_id_leads_nowhere_else(external_id: str) -> None:
    with respx.mock(), pytest.raises(Refuse):
        await fetch(settings(url="https://api.shop.example/{external_id}"), external_id)


async def test_without_an_address_nothing_is_asked() -> None:
    told = settings()
    assert CONNECTOR.capabilities(told) == frozenset()
    assert CONNECTOR.writes(told) == "none"
    with respx.mock(), pytest.raises(Refuse, match="no \\[fetch\\] section"):
        await fetch(told)
