"""Signed calls to the system behind a standard connection, and what its answers mean."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest
import respx
from cartbridge_standard import Standard

from cartbridge.sdk import webhook
from cartbridge.sdk.client import make_client
from cartbridge.sdk.contract import Moved, Remote, Write, WriteLine, Written
from cartbridge.sdk.documents import Customer, Item, TwinRef
from cartbridge.sdk.errors import ConnectorError, Credentials, Ignore, Refuse, Retry, Unknown
from cartbridge.sdk.observations import CartSeen

OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEW = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
WRITE_URL, READ_URL = "https://shop.example/write", "https://shop.example/read"
REF = TwinRef(connection="con_1", external_id="c1")
STANDARD = Standard()
WRITE = Write(
    push_id="psh_1",
    ref=REF,
    base_revision=7,
    lines=(
        WriteLine(key="sku:A", item=Item(sku="A", title="A"), quantity=Decimal("3")),
        WriteLine(
            key="gtin:03760123450010", item=Item(gtin="3760123450010", title="B"), quantity=1
        ),
        WriteLine(key="sku:GONE", item=Item(sku="GONE", title="C"), quantity=0),
    ),
    codes=("NOEL",),
    customer=Customer(id="cus_1", external_id="u-9"),
)
SHOWN: dict[str, Any] = {
    "external_id": "c1",
    "revision": 8,
    "lines": [{"item": {"sku": "A"}, "quantity": "2"}],
}


def make_settings(**more: Any) -> Any:
    urls = {"write_url": WRITE_URL, "read_url": READ_URL}
    return Standard.manifest.settings.model_validate(
        {"webhook_secrets": [NEW, OLD], **urls, **more}
    )


@pytest.fixture
async def remote() -> AsyncIterator[Remote]:
    async with make_client() as client:
        yield Remote(make_settings(), client)


@respx.mock
async def test_a_write_is_the_whole_cart_signed_with_the_first_secret(remote: Remote) -> None:
    route = respx.post(WRITE_URL).respond(json=SHOWN)
    await STANDARD.push(WRITE, remote)
    request = route.calls.last.request
    message = webhook.verify(request.headers, request.content, [NEW], datetime.now(UTC))
    assert message == "psh_1"  # a repeat is the same message
    body = json.loads(request.content)
    assert body["type"] == "cart.write"
    assert body["data"] == {
        "push_id": "psh_1",
        "base_revision": 7,
        "external_id": "c1",
        "lines": [
            {
                "line": "sku:A",
                "item": {"sku": "A", "title": "A"},
                "quantity": {"value": "3", "unit": "C62"},
            },
            {
                "line": "gtin:03760123450010",
                "item": {"gtin": "3760123450010", "title": "B"},
                "quantity": {"value": "1", "unit": "C62"},
            },
        ],
        "codes": ["NOEL"],
        "customer": {"external_id": "u-9"},
    }


@respx.mock
@pytest.mark.parametrize("name", ["sku:A", "A"])
async def test_refusals_come_back_by_item_key(remote: Remote, name: str) -> None:
    refused = [
        {"line": name, "reason": "stock"},
        {"line": "3760123450010", "reason": "unknown", "accepted": {"value": 0}},
    ]
    respx.post(WRITE_URL).respond(json={**SHOWN, "refused": refused})
    result = await STANDARD.push(WRITE, remote)
    assert isinstance(result, Written)
    assert [(row.key, row.wanted, row.accepted, row.reason) for row in result.snapshot.refused] == [
        ("sku:A", Decimal(3), Decimal(2), "stock"),
        ("gtin:03760123450010", Decimal(1), Decimal(0), "unknown"),
    ]
    assert (result.snapshot.last_push, result.snapshot.revision) == ("psh_1", 8)


@respx.mock
async def test_codes_an_answer_does_not_mention_were_taken(remote: Remote) -> None:
    respx.post(WRITE_URL).respond(json=SHOWN)
    result = await STANDARD.push(WRITE, remote)
    assert result.snapshot.codes == ("NOEL",)
    respx.post(WRITE_URL).respond(json={**SHOWN, "codes": []})
    result = await STANDARD.push(WRITE, remote)
    assert result.snapshot.codes == ()
    respx.post(WRITE_URL).respond(json={**SHOWN, "refused_codes": [{"code": "NOEL"}]})
    result = await STANDARD.push(WRITE, remote)
    assert result.snapshot.codes == ()


@respx.mock
async def test_a_cart_that_moved_is_not_written(remote: Remote) -> None:
    respx.post(WRITE_URL).respond(409, json={**SHOWN, "revision": 9, "last_push": "psh_0"})
    result = await STANDARD.push(WRITE, remote)
    assert isinstance(result, Moved)
    assert (result.snapshot.revision, result.snapshot.last_push) == (9, "psh_0")
    assert result.snapshot.basket == {"sku:A": 2}


@respx.mock
async def test_an_answer_may_come_in_the_envelope(remote: Remote) -> None:
    respx.post(WRITE_URL).respond(json={"type": "cart.snapshot", "data": SHOWN})
    assert isinstance(await STANDARD.push(WRITE, remote), Written)


@respx.mock
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(503, headers={"retry-after": "7"}), Retry),
        (httpx.Response(429), Retry),
        (httpx.Response(401), Credentials),
        (httpx.Response(404), Ignore),
        (httpx.Response(410), Ignore),
        (httpx.Response(422), Refuse),
        (httpx.Response(302, headers={"location": "http://127.0.0.1/"}), Refuse),
        (httpx.Response(500), Unknown),
        (httpx.Response(200, content=b"<html>"), Unknown),
        (httpx.Response(200, content=b'{"revision": NaN}'), Unknown),
        (httpx.Response(200, json={"revision": 8}), Unknown),
        (httpx.Response(200, json={**SHOWN, "revision": None}), Unknown),
        (httpx.Response(200, json={**SHOWN, "external_id": "other"}), Unknown),
        (httpx.Response(409, json={}), Unknown),
        (httpx.ConnectError("no"), Retry),
        (httpx.ConnectTimeout("no"), Retry),
        (httpx.ReadTimeout("no"), Unknown),
        (httpx.RemoteProtocolError("no"), Unknown),
        (httpx.DecodingError("no"), Unknown),
    ],
    ids=repr,
)
async def test_an_answer_tells_what_to_do(
    remote: Remote, answer: Any, error: type[ConnectorError]
) -> None:
    respx.post(WRITE_URL).mock(
        **({"side_effect": answer} if isinstance(answer, Exception) else {"return_value": answer})
    )
    with pytest.raises(error) as caught:
        await STANDARD.push(WRITE, remote)
    assert NEW not in repr(caught.value)


@respx.mock
async def test_a_read_brings_what_read_understands(remote: Remote) -> None:
    answer = {"revision": 8, "lines": [{"item": {"sku": "A"}, "quantity": 1.5}]}
    route = respx.post(READ_URL).respond(json=answer)
    document = await STANDARD.fetch(REF, remote)
    body = json.loads(route.calls.last.request.content)
    assert (body["type"], body["data"]) == ("cart.read", {"external_id": "c1"})
    assert document is not None
    (seen,) = STANDARD.read(document, remote.settings).observations
    assert isinstance(seen, CartSeen)
    assert seen.snapshot.basket == {"sku:A": Decimal("1.5")}


@respx.mock
@pytest.mark.parametrize("status", [404, 410])
async def test_a_cart_that_is_gone_reads_as_none(remote: Remote, status: int) -> None:
    respx.post(READ_URL).respond(status)
    assert await STANDARD.fetch(REF, remote) is None


@respx.mock(assert_all_called=False)
async def test_nothing_is_sent_where_no_url_is_set(respx_mock: respx.MockRouter) -> None:
    anything = respx_mock.route()
    async with make_client() as client:
        remote = Remote(make_settings(write_url=None, read_url=None), client)
        with pytest.raises(Refuse, match="write_url"):
            await STANDARD.push(WRITE, remote)
        with pytest.raises(Refuse, match="read_url"):
            await STANDARD.fetch(REF, remote)
    assert not anything.called
