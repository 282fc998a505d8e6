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
from cartbridge.sdk.contract import (
    Moved,
    Remote,
    Terms,
    ThreadMessage,
    Write,
    WriteLine,
    Written,
)
from cartbridge.sdk.documents import Company, Customer, Item, Prices, Tax, TwinKind, TwinRef
from cartbridge.sdk.errors import ConnectorError, Credentials, Ignore, Refuse, Retry, Unknown
from cartbridge.sdk.observations import CartSeen, QuoteSeen, WishlistSeen

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


TAKEN = dict.fromkeys(("writes_wishlists", "writes_quotes", "answers_enquiries"), True)
MESSAGE = ThreadMessage(
    name="m 1é",
    at=datetime(2026, 11, 20, 10, tzinfo=UTC),
    channel="till",
    author="staff",
    staff="V12",
    text="Oui, samedi.",
    closes=True,
)


def ref_of(kind: TwinKind) -> TwinRef:
    return TwinRef(connection="con_1", kind=kind, external_id="c1")


def make_settings(**more: Any) -> Any:
    urls = {"write_url": WRITE_URL, "read_url": READ_URL}
    return Standard.manifest.settings.model_validate(
        {"webhook_secrets": [NEW, OLD], **urls, **TAKEN, **more}
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


async def written(route: respx.Route, write: Write, remote: Remote) -> Any:
    """The body as it was sent, once the answer was understood."""
    assert isinstance(await STANDARD.push(write, remote), Written)
    return json.loads(route.calls.last.request.content)


@respx.mock
async def test_a_wish_list_is_written_with_its_name(remote: Remote) -> None:
    route = respx.post(WRITE_URL).respond(json={**SHOWN, "name": "Mariage", "state": "open"})
    wishes = WRITE.model_copy(update={"ref": ref_of("wishlist"), "name": "Mariage"})
    body = await written(route, wishes, remote)
    assert body["type"] == "wishlist.write"
    told = {name: body["data"][name] for name in ("name", "archived", "base_revision")}
    assert told == {"name": "Mariage", "archived": False, "base_revision": 7}
    body = await written(route, wishes.model_copy(update={"name": None, "archived": True}), remote)
    assert body["data"]["archived"] is True
    assert "name" not in body["data"]


@respx.mock
async def test_a_quote_is_written_at_the_prices_that_it_holds(remote: Remote) -> None:
    route = respx.post(WRITE_URL).respond(json={**SHOWN, "state": "issued"})
    prices = Prices(unit_price=3800, taxes=(Tax(rate="0.20", amount=2280),), total=11400)
    line = WRITE.lines[0].model_copy(update={"prices": prices})
    quote = Write(
        push_id="psh_1",
        ref=ref_of("quote"),
        base_revision=7,
        lines=(line,),
        customer=Customer(email="a@b.test", company=Company(name="Hôtel", vat_number="FR1")),
        terms=Terms(
            state="issued",
            number="D-1",
            valid_until=datetime(2026, 12, 20, tzinfo=UTC),
            currency="EUR",
            tax_mode="exclusive",
        ),
    )
    body = await written(route, quote, remote)
    assert body["type"] == "quote.write"
    assert body["data"] == {
        "push_id": "psh_1",
        "base_revision": 7,
        "external_id": "c1",
        "lines": [
            {
                "line": "sku:A",
                "item": {"sku": "A", "title": "A"},
                "quantity": {"value": "3", "unit": "C62"},
                "unit_price": 3800,
                "taxes": [{"rate": "0.20", "code": "S", "amount": 2280}],
                "total": 11400,
            }
        ],
        "codes": [],
        "customer": {"email": "a@b.test", "company": {"name": "Hôtel", "vat_number": "FR1"}},
        "state": "issued",
        "number": "D-1",
        "valid_until": "2026-12-20T00:00:00Z",
        "currency": "EUR",
        "tax_mode": "exclusive",
    }


@respx.mock
@pytest.mark.parametrize(
    ("kind", "seen"), [("cart", CartSeen), ("wishlist", WishlistSeen), ("quote", QuoteSeen)]
)
async def test_each_kind_is_read_as_what_it_is(
    remote: Remote, kind: TwinKind, seen: type[Any]
) -> None:
    route = respx.post(READ_URL).respond(json={**SHOWN, "state": "issued"})
    document = await STANDARD.fetch(ref_of(kind), remote)
    assert json.loads(route.calls.last.request.content)["type"] == f"{kind}.read"
    assert document is not None
    (said,) = STANDARD.read(document, remote.settings).observations
    assert type(said) is seen
    assert (said.kind, said.external_id) == (kind, "c1")


@respx.mock
async def test_an_answer_to_an_enquiry_is_one_message_however_often_it_is_sent(
    remote: Remote,
) -> None:
    route = respx.post(WRITE_URL).respond(json={"external_id": "c1"})
    for ref in (ref_of("enquiry"), ref_of("enquiry"), TwinRef(connection="x", external_id="c2")):
        if ref.external_id == "c2":
            route.respond(json={"external_id": "c2"})
        await STANDARD.answer_enquiry(ref, MESSAGE, remote)
    requests = [call.request for call in route.calls]
    first, again, other = (
        webhook.verify(request.headers, request.content, [NEW], datetime.now(UTC))
        for request in requests
    )
    assert first == again != other
    body = json.loads(requests[0].content)
    assert body["type"] == "enquiry.message"
    assert body["data"] == {
        "external_id": "c1",
        "id": "m 1é",
        "at": "2026-11-20T10:00:00Z",
        "channel": "till",
        "author": "staff",
        "staff": "V12",
        "text": "Oui, samedi.",
        "closes": True,
    }


@respx.mock
@pytest.mark.parametrize("answer", [{}, {"external_id": "c2"}, {"ok": True}])
async def test_an_answer_that_names_no_enquiry_proves_nothing(remote: Remote, answer: Any) -> None:
    respx.post(WRITE_URL).respond(json=answer)
    with pytest.raises(Unknown):
        await STANDARD.answer_enquiry(ref_of("enquiry"), MESSAGE, remote)


@respx.mock(assert_all_called=False)
async def test_nothing_is_sent_that_a_connection_does_not_take(
    respx_mock: respx.MockRouter,
) -> None:
    anything = respx_mock.route()
    async with make_client() as client:
        remote = Remote(make_settings(**dict.fromkeys(TAKEN, False)), client)
        for kind in ("wishlist", "quote", "enquiry"):
            with pytest.raises(Refuse):
                await STANDARD.push(WRITE.model_copy(update={"ref": ref_of(kind)}), remote)
        with pytest.raises(Refuse):
            await STANDARD.answer_enquiry(ref_of("enquiry"), MESSAGE, remote)
        with pytest.raises(Refuse):
            await STANDARD.fetch(ref_of("enquiry"), remote)
    assert not anything.called


@respx.mock(assert_all_called=False)
async def test_nothing_is_sent_where_no_url_is_set(respx_mock: respx.MockRouter) -> None:
    anything = respx_mock.route()
    async with make_client() as client:
        nowhere = {"write_url": None, "read_url": None, **dict.fromkeys(TAKEN, False)}
        remote = Remote(make_settings(**nowhere), client)
        with pytest.raises(Refuse, match="write_url"):
            await STANDARD.push(WRITE, remote)
        with pytest.raises(Refuse, match="read_url"):
            await STANDARD.fetch(REF, remote)
    assert not anything.called
