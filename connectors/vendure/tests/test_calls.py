"""Signed calls to the companion, and what its answers mean."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from cartbridge_vendure import Vendure
from cartbridge_vendure.settings import Settings

from cartbridge.sdk import webhook
from cartbridge.sdk.client import make_client
from cartbridge.sdk.contract import Moved, Remote, Write, WriteLine, Written
from cartbridge.sdk.documents import Item, TwinRef
from cartbridge.sdk.errors import ConnectorError, Credentials, Ignore, Refuse, Retry, Unknown
from cartbridge.testing.connector import shown

OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEW = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
CALLS = "https://shop.example/cartbridge/v1/carts"
ANSWERS = Path(__file__).parent / "payloads" / "answers"
UNTIL = datetime(2026, 11, 20, 20, 0, tzinfo=timezone(timedelta(hours=1)))
VENDURE = Vendure()


def recorded(name: str) -> dict[str, Any]:
    """One recorded call: what was `sent`, the `status` and `body` it got, what is expected."""
    answer: dict[str, Any] = json.loads((ANSWERS / f"{name}.json").read_text())
    return answer


def ref_of(answer: dict[str, Any]) -> TwinRef:
    return TwinRef(connection="con_1", external_id=answer["sent"]["external_id"])


def write_of(answer: dict[str, Any]) -> Write:
    """The write that the recorded call was made of."""
    sent = answer["sent"]
    return Write(
        push_id=sent["push_id"],
        ref=ref_of(answer),
        base_revision=sent["base_revision"],
        lines=tuple(
            WriteLine(
                key=f"sku:{row['sku']}",
                item=Item(sku=row["sku"], title=row["sku"]),
                quantity=Decimal(row["quantity"]),
            )
            for row in sent["lines"]
        ),
        codes=tuple(sent["codes"]),
    )


MOVED, REFUSED = recorded("write.moved"), recorded("write.refused")
WRITE = write_of(REFUSED)


@pytest.fixture
async def remote() -> AsyncIterator[Remote]:
    settings = Settings.model_validate(
        {"webhook_secrets": [NEW, OLD], "shop_url": "https://shop.example/"}
    )
    async with make_client() as client:
        yield Remote(settings, client)


async def called(name: str, remote: Remote) -> None:
    """One call of each kind, whatever it answers."""
    match name:
        case "write":
            await VENDURE.push(WRITE, remote)
        case "read":
            await VENDURE.fetch(WRITE.ref, remote)
        case "freeze":
            await VENDURE.freeze(WRITE.ref, UNTIL, "Lyon Part-Dieu", remote)
        case "thaw":
            await VENDURE.thaw(WRITE.ref, remote)


@respx.mock
@pytest.mark.parametrize("name", ["write", "read", "freeze", "thaw"])
async def test_what_we_send_is_signed_with_the_first_secret(remote: Remote, name: str) -> None:
    route = respx.post(f"{CALLS}/{name}").respond(json=REFUSED["body"])
    await called(name, remote)
    request = route.calls.last.request
    message = webhook.verify(request.headers, request.content, [NEW], datetime.now(UTC))
    assert (message == "psh_refused") == (name == "write")  # a repeat is the same message
    assert json.loads(request.content)["external_id"] == WRITE.ref.external_id
    for secret in (NEW, OLD):
        assert secret.removeprefix("whsec_") not in str(request.headers) + str(request.url)


@respx.mock
@pytest.mark.parametrize("name", ["write.refused", "write.moved"])
async def test_a_write_says_what_the_shop_once_took(remote: Remote, name: str) -> None:
    answer = recorded(name)
    route = respx.post(f"{CALLS}/write").respond(answer["status"], json=answer["body"])
    result = await VENDURE.push(write_of(answer), remote)
    assert json.loads(route.calls.last.request.content) == answer["sent"]
    assert type(result).__name__ == answer["expect"]["result"]
    told = shown(result.snapshot)
    del told["saw"]
    assert told == answer["expect"]["snapshot"]


@respx.mock
async def test_refusals_come_back_with_what_was_accepted(remote: Remote) -> None:
    respx.post(f"{CALLS}/write").respond(json=REFUSED["body"])
    result = await VENDURE.push(WRITE, remote)
    assert isinstance(result, Written)
    assert {row.key: row.accepted for row in result.snapshot.refused} == {
        "sku:LAMPE-CHENE-60": 3,
        "sku:NOWHERE": 0,
        "sku:CARNET-A5": 1,
    }
    assert [row.code for row in result.snapshot.refused_codes] == ["NOSUCHCODE"]
    assert result.snapshot.basket == {
        "sku:CARNET-A5": 1,
        "sku:LAMPE-CHENE-60": 3,
        "sku:ROMAN-LYON": 2,
    }


@respx.mock
async def test_a_cart_that_moved_is_shown_as_it_is(remote: Remote) -> None:
    respx.post(f"{CALLS}/write").respond(409, json=MOVED["body"])
    result = await VENDURE.push(write_of(MOVED), remote)
    assert isinstance(result, Moved)
    assert result.snapshot.revision == 3
    assert result.snapshot.basket["sku:CARNET-A5"] == 2


@respx.mock
async def test_a_repeat_is_the_same_call_and_gives_the_first_answer(remote: Remote) -> None:
    route = respx.post(f"{CALLS}/write").respond(json=REFUSED["body"])
    first, again = [await VENDURE.push(WRITE, remote) for _ in range(2)]
    assert first == again
    one, other = (call.request for call in route.calls)
    assert one.content == other.content
    assert one.headers["webhook-id"] == other.headers["webhook-id"]


@respx.mock
async def test_a_row_that_goes_is_written_as_none(remote: Remote) -> None:
    route = respx.post(f"{CALLS}/write").respond(json=REFUSED["body"])
    gone = WriteLine(key="sku:GONE", item=Item(sku="GONE", title="G"), quantity=Decimal(0))
    await VENDURE.push(WRITE.model_copy(update={"lines": (gone,)}), remote)
    body = json.loads(route.calls.last.request.content)
    assert body["lines"] == [{"sku": "GONE", "quantity": 0}]


@respx.mock
async def test_an_order_bought_meanwhile_is_to_be_read(remote: Remote) -> None:
    bought = {"error": "revision_moved", "snapshot": recorded("freeze.ended")["body"]["snapshot"]}
    ref = ref_of(recorded("freeze.ended"))
    respx.post(f"{CALLS}/write").respond(409, json=bought)
    with pytest.raises(Unknown, match="read it"):
        await VENDURE.push(WRITE.model_copy(update={"ref": ref}), remote)


BROKEN = {**REFUSED["body"]["snapshot"], "lines": [{"sku": 7}]}
ELSEWHERE = {**REFUSED["body"]["snapshot"], "external_id": "ANOTHER"}


@respx.mock
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(200, content=b"<html>"), Unknown),
        (httpx.Response(200, json={}), Unknown),
        (httpx.Response(200, json={"snapshot": BROKEN}), Unknown),
        (httpx.Response(200, json={"snapshot": ELSEWHERE}), Unknown),
        (httpx.Response(409, json={"error": "revision_moved"}), Unknown),
        (httpx.Response(404, json={"error": "cart_not_found", "merged_into": None}), Ignore),
        (httpx.Response(404, json={"error": "cart_not_found", "merged_into": "HEIR"}), Unknown),
        (httpx.Response(400, json={"error": "malformed", "message": "no"}), Refuse),
    ],
    ids=repr,
)
async def test_an_answer_to_a_write_tells_what_to_do(
    remote: Remote, answer: httpx.Response, error: type[ConnectorError]
) -> None:
    respx.post(f"{CALLS}/write").mock(return_value=answer)
    with pytest.raises(error):
        await VENDURE.push(WRITE, remote)


@respx.mock
@pytest.mark.parametrize("name", ["write", "read", "freeze", "thaw"])
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(401, json={"error": "bad_signature"}), Credentials),
        (httpx.Response(429), Retry),
        (httpx.Response(500, json={"error": "failed"}), Unknown),
        (httpx.Response(404, content=b"<html>"), Unknown),
        (httpx.Response(404, json={"error": "unknown_call"}), Unknown),
        (httpx.Response(302, headers={"location": "http://127.0.0.1/"}), Refuse),
        (httpx.ConnectError("no"), Retry),
        (httpx.ConnectTimeout("no"), Retry),
        (httpx.ReadTimeout("no"), Unknown),
        (httpx.RemoteProtocolError("no"), Unknown),
    ],
    ids=repr,
)
async def test_a_call_that_fails_tells_what_to_do_and_no_secret(
    remote: Remote, name: str, answer: Any, error: type[ConnectorError]
) -> None:
    respx.post(f"{CALLS}/{name}").mock(
        **({"side_effect": answer} if isinstance(answer, Exception) else {"return_value": answer})
    )
    with pytest.raises(error) as caught:
        await called(name, remote)
    said = repr(caught.value) + str(caught.value) + repr(caught.value.__cause__) + repr(remote)
    for secret in (NEW, OLD):
        assert secret.removeprefix("whsec_") not in said


@respx.mock
async def test_a_busy_shop_says_when_to_come_again(remote: Remote) -> None:
    respx.post(f"{CALLS}/write").respond(503, headers={"retry-after": "7"})
    with pytest.raises(Retry) as caught:
        await VENDURE.push(WRITE, remote)
    assert caught.value.seconds == 7


@respx.mock
@pytest.mark.parametrize("name", ["read", "read.ordered", "read.gone"])
async def test_a_read_brings_what_read_understands(remote: Remote, name: str) -> None:
    answer = recorded(name)
    route = respx.post(f"{CALLS}/read").respond(answer["status"], json=answer["body"])
    document = await VENDURE.fetch(ref_of(answer), remote)
    assert json.loads(route.calls.last.request.content) == answer["sent"]
    assert document is not None
    result = VENDURE.read(document, remote.settings)
    assert [shown(seen) for seen in result.observations] == answer["expect"]["observations"]


@respx.mock
async def test_an_order_the_shop_does_not_have_reads_as_none(remote: Remote) -> None:
    missing = {"error": "cart_not_found", "message": "no", "merged_into": None}
    respx.post(f"{CALLS}/read").respond(404, json=missing)
    assert await VENDURE.fetch(WRITE.ref, remote) is None


@respx.mock
async def test_a_freeze_says_until_when_and_where(remote: Remote) -> None:
    route = respx.post(f"{CALLS}/freeze").respond(json={"snapshot": {}})
    await VENDURE.freeze(WRITE.ref, UNTIL, "Lyon Part-Dieu", remote)
    assert json.loads(route.calls.last.request.content) == {
        "external_id": WRITE.ref.external_id,
        "until": "2026-11-20T19:00:00Z",
        "where": "Lyon Part-Dieu",
    }


@respx.mock
@pytest.mark.parametrize("error", ["cart_ended", "cart_has_payment", "cart_in_checkout"])
async def test_a_cart_that_is_being_paid_is_not_stopped(remote: Remote, error: str) -> None:
    body = {**recorded("freeze.ended")["body"], "error": error}
    respx.post(f"{CALLS}/freeze").respond(409, json=body)
    with pytest.raises(Ignore):
        await VENDURE.freeze(WRITE.ref, UNTIL, "Lyon Part-Dieu", remote)


@respx.mock
@pytest.mark.parametrize("name", ["freeze", "thaw"])
async def test_a_cart_that_is_gone_need_not_be_held(remote: Remote, name: str) -> None:
    respx.post(f"{CALLS}/{name}").respond(404, json=recorded("read.gone")["body"])
    with pytest.raises(Ignore):
        await called(name, remote)
