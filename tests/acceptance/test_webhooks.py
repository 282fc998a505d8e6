"""Webhooks: hostile, broken, late or repeated, each is answered rightly and none is lost."""

import gzip
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cartbridge.domain.twin import TwinRef
from cartbridge.sdk.webhook import sign
from cartbridge.services.find_document import document_of_twin
from cartbridge.services.listings import WISHLISTS
from tests.acceptance.world import BOOK, LAMP, PLAID, Json, World, line, raw, refused, shown

pytestmark = pytest.mark.asyncio(loop_scope="module")


def body_of(name: str, *lines: Json, **more: Any) -> Json:
    """The body of a snapshot."""
    data = {
        "external_id": name,
        "revision": 1,
        "updated_at": "2026-11-20T10:00:00Z",
        "currency": "EUR",
        "tax_mode": "inclusive",
        "lines": list(lines or (line(LAMP),)),
        **more,
    }
    return {"type": "cart.snapshot", "timestamp": "2026-11-20T10:00:00Z", "data": data}


def fresh() -> str:
    """A name no cart has."""
    return f"web-{uuid.uuid4().hex[:12]}"


async def quarantined(world: World) -> list[str]:
    """What an operator sees set aside: the messages."""
    archive = world.gateway.inbox
    found = await archive.messages(await world.tenant(), state="quarantined", limit=200)
    return [summary.message for summary in found]


def forged(world: World, body: bytes) -> list[dict[str, str]]:
    """Headers that nobody who knows the secret would send with this body."""
    secret = world.shop.told["webhook_secret"]
    now = datetime.now(UTC)
    right = sign(secret, "msg-1", now, body)
    other = "whsec_" + "A" * 43 + "="
    return [
        {},
        sign(other, "msg-1", now, body),
        sign(secret, "msg-1", now, body + b" "),
        sign(secret, "msg-1", now - timedelta(minutes=6), body),
        sign(secret, "msg-1", now + timedelta(minutes=6), body),
        {**right, "webhook-id": "msg-2"},
        {**right, "webhook-timestamp": "soon"},
        {**right, "webhook-timestamp": "٣"},
        {**right, "webhook-signature": right["webhook-signature"].replace("v1,", "v2,")},
        {**right, "webhook-signature": "v1,"},
        {**right, "webhook-signature": ""},
    ]


async def test_a_forged_webhook_is_not_believed_and_nothing_of_it_is_kept(shared: World) -> None:
    body = json.dumps(body_of(fresh())).encode()
    hook = f"/v1/hooks/{shared.shop.told['hook']}"
    before = await shared.owner.fetchval("select count(*) from inbox")

    async with shared.nothing_written():
        for headers in forged(shared, body):
            answer = await shared.client.post(hook, content=body, headers=raw({**headers}))
            refused(answer, 401, "unauthorized")

    assert await shared.owner.fetchval("select count(*) from inbox") == before


async def test_an_unknown_hook_and_a_bad_signature_are_answered_alike(shared: World) -> None:
    body = json.dumps(body_of(fresh())).encode()
    headers = sign(shared.shop.told["webhook_secret"], "msg-1", datetime.now(UTC), body)

    unknown = [
        await shared.client.post(f"/v1/hooks/{hook}", content=body, headers=headers)
        for hook in ("nobody", "%ff%fe", "a" * 300, "%00", "%ED%A0%80")
    ]
    forged_one = await shared.client.post(
        f"/v1/hooks/{shared.shop.told['hook']}", content=body, headers={}
    )

    for answer in unknown:
        refused(answer, 401, "unauthorized")
        assert answer.content == forged_one.content
        assert {*answer.headers} == {*forged_one.headers}


async def test_a_replayed_webhook_has_one_effect(shared: World) -> None:
    name, message = fresh(), uuid.uuid4().hex
    body = json.dumps(body_of(name, line(LAMP, 2))).encode()

    answers = [await shared.shop.send(body, message) for _ in range(4)]
    await shared.settled()

    assert [answer.status_code for answer in answers] == [202] * 4
    assert [answer.json()["duplicate"] for answer in answers] == [False, True, True, True]
    assert len({answer.json()["message"] for answer in answers}) == 1
    cart = await shared.shop.cart(name)
    assert cart is not None
    assert shown(cart) == {"LAMP-OAK": "2"}
    assert (await shared.events_of(cart["id"])).count("cart.line_added") == 1


async def test_a_truncated_webhook_breaks_nothing(shared: World) -> None:
    body = json.dumps(body_of(fresh())).encode()

    async with shared.nothing_written():
        half = await shared.shop.send(body[: len(body) // 2])
        await shared.settled()

    assert half.status_code == 202  # its signature holds: the sender is not to blame twice
    assert half.json()["message"] in await quarantined(shared)


def deep(levels: int) -> bytes:
    return b'{"type":"cart.snapshot","data":' + b"[" * levels + b"]" * levels + b"}"


def with_number(text: str) -> bytes:
    marked = body_of("web-hostile", {**line(LAMP), "quantity": "@"})
    return json.dumps(marked).replace('"@"', text).encode()


HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "not JSON": b"hello",
    "half of it": b'{"type": "cart.snap',
    "not UTF-8": b'{"type": "\xff\xfe"}',
    "UTF-16": '{"type": "cart.snapshot"}'.encode("utf-16"),
    "deeply nested": deep(20_000),
    "65 deep": deep(65),
    "a list": b"[1, 2]",
    "null": b"null",
    "NaN": with_number("NaN"),
    "Infinity": with_number("-Infinity"),
    "1e400": with_number("1e400"),
    "huge integer": with_number("9" * 4000),
    "huge decimal": with_number("0." + "9" * 4000),
    "negative": with_number("-1"),
    "nothing of it": with_number("0"),
    "duplicate names": b'{"type": "cart.snapshot", "type": "cart.deleted", "data": {}}',
    "NUL in a text": json.dumps(body_of("web-\0")).encode(),
    "NUL in a title": json.dumps(body_of("web-nul", line({"title": "a\0b"}))).encode(),
    "NUL outside": b"\0" + json.dumps(body_of("web-x")).encode(),
    "lone surrogate": json.dumps(body_of("web-\ud800")).encode(),
    "lone surrogate in a title": json.dumps(body_of("web-s", line({"title": "\udc00"}))).encode(),
    "no type": json.dumps({"data": {}}).encode(),
    "unknown type": json.dumps({"type": "cart.exploded", "data": {}}).encode(),
    "no data": json.dumps({"type": "cart.snapshot"}).encode(),
    "no lines": json.dumps({"type": "cart.snapshot", "data": {"external_id": "w"}}).encode(),
    "lines of text": json.dumps(body_of("web-t", "LAMP")).encode(),  # type: ignore[arg-type]
    "an item without a name": json.dumps(body_of("web-i", line({}))).encode(),
    "a currency of two letters": json.dumps(body_of("web-c", currency="EU")).encode(),
    "2001 lines": json.dumps(body_of("web-l", *[line(LAMP)] * 2001)).encode(),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
async def test_what_nobody_can_read_is_accepted_set_aside_and_shown_to_an_operator(
    shared: World, body: bytes
) -> None:
    async with shared.nothing_written():
        answer = await shared.shop.send(body)
        await shared.settled()

    assert answer.status_code == 202, answer.text
    message = answer.json()["message"]
    assert message in await quarantined(shared)
    kept = await shared.gateway.inbox.read(await shared.tenant(), message)
    assert kept is not None
    assert kept.delivery is not None
    assert kept.delivery.body == body
    parts = [part.reason for part in kept.summary.parts]
    assert kept.summary.reason or any(parts)


async def test_what_was_set_aside_can_be_replayed_and_holds_up_nobody(shared: World) -> None:
    name = fresh()
    broken = await shared.shop.send(HOSTILE["half of it"])
    await shared.shop.snapshot(name, line(BOOK))
    await shared.settled()

    cart = await shared.shop.cart(name)
    assert cart is not None
    assert shown(cart) == {"BOOK-LIGHT": "1"}
    message = broken.json()["message"]
    assert await shared.gateway.inbox.replay(await shared.tenant(), message) is True
    await shared.settled()
    assert message in await quarantined(shared)


async def test_an_oversized_webhook_is_refused_before_it_is_read(shared: World) -> None:
    body = b'{"type": "' + b"x" * 300_000 + b'"}'

    async def chunks() -> Any:
        for start in range(0, len(body), 10_000):
            yield body[start : start + 10_000]

    async with shared.nothing_written():
        told = await shared.shop.send(body)
        hook = f"/v1/hooks/{shared.shop.told['hook']}"
        untold = await shared.client.post(hook, content=chunks())

    for answer in (told, untold):
        problem = refused(answer, 413, "too_large")
        assert problem["params"]["limit"] == str(256 * 1024)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "GZIP", "br", "zstd", "identity, gzip"])
async def test_an_encoded_webhook_is_refused_in_words(shared: World, encoding: str) -> None:
    body = gzip.compress(json.dumps(body_of(fresh())).encode())

    async with shared.nothing_written():
        answer = await shared.shop.send(body, Content_Encoding=encoding)

    refused(answer, 415, "unsupported_encoding")


async def test_hostile_headers_beside_a_right_signature_do_no_harm(shared: World) -> None:
    name = fresh()
    body = json.dumps(body_of(name)).encode()
    headers = sign(shared.shop.told["webhook_secret"], uuid.uuid4().hex, datetime.now(UTC), body)
    odd = [(key.encode(), value.encode()) for key, value in headers.items()]
    odd += [(b"x-odd", b"\xff\xfe\x80"), (b"x-request-id", b"\xed\xa0\x80"), (b"x-odd", b"2")]

    answer = await shared.client.post(
        f"/v1/hooks/{shared.shop.told['hook']}", content=body, headers=odd
    )
    await shared.settled()

    assert answer.status_code == 202, answer.text
    assert await shared.shop.cart(name) is not None


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "HEAD", "PUT", "PATCH", "DELETE"])
async def test_a_hook_is_posted_and_nothing_else(shared: World, method: str) -> None:
    answer = await shared.client.request(method, f"/v1/hooks/{shared.shop.told['hook']}")

    assert answer.status_code in (401, 405)


async def test_an_article_the_retailer_does_not_know_travels_as_unresolved(shared: World) -> None:
    name = fresh()
    await shared.shop.snapshot(name, line(LAMP), line({"sku": "HAND-MADE", "title": "Fait main"}))
    await shared.settled()
    cart = await shared.shop.cart(name)
    assert cart is not None

    claim = (await shared.till().claim(cart=cart["id"])).json()

    seen = {row["item"]["sku"]: row for row in claim["cart"]["lines"]}
    assert seen["HAND-MADE"]["item"]["resolved"] is False
    assert seen["HAND-MADE"]["item"]["title"] == "Fait main"
    assert seen["HAND-MADE"]["unit_price"] == 1000
    assert seen["LAMP-OAK"]["item"]["resolved"] is True


async def test_a_cart_in_another_currency_is_taken_as_articles_only_and_says_so(
    shared: World,
) -> None:
    name = fresh()
    await shared.shop.snapshot(name, line(LAMP, 2), currency="CHF")
    await shared.settled()
    cart = await shared.shop.cart(name)
    assert cart is not None
    assert cart["currency"] == "CHF"

    claim = await shared.till().claim(cart=cart["id"])

    drift = claim.json()["drift"]
    assert drift["articles_only"] is True
    assert (drift["currency"], drift["till_currency"]) == ("CHF", "EUR")


async def test_a_cart_that_carries_a_payment_is_neither_offered_nor_taken_in_words(
    shared: World,
) -> None:
    name = fresh()
    await shared.shop.snapshot(name, line(LAMP), has_payment=True)
    await shared.settled()
    cart = await shared.shop.cart(name)
    assert cart is not None
    path = f"/v1/carts/{cart['id']}/handovers"

    async with shared.nothing_written():
        offered = await shared.shop.call("POST", path, {"direction": "to_store"})
        home = await shared.shop.call("POST", path, {"direction": "to_online"})
        taken = await shared.till().claim(cart=cart["id"])

    for answer in (offered, home, taken):
        problem = refused(answer, 409, "cart_has_payment")
        assert "gift card" in problem["detail"]


async def test_a_cart_deleted_in_its_shop_is_cancelled(shared: World) -> None:
    cart, offer = await shared.offered()
    name = cart["twins"][0]["external_id"]

    told = await shared.shop.hook(
        "cart.deleted", {"external_id": name, "at": "2026-11-20T12:00:00Z"}
    )
    await shared.settled()

    assert told.status_code == 202
    gone = await shared.cart(cart["id"])
    assert gone["state"] == "cancelled"
    refused(await shared.till().claim(code=offer["code"]), 410, "code_revoked")


async def test_a_cart_ordered_in_its_shop_is_bought_and_no_till_takes_it(shared: World) -> None:
    cart, _ = await shared.offered()
    name = cart["twins"][0]["external_id"]
    told = {"external_id": name, "at": "2026-11-20T12:00:00Z", "order_number": "W-17"}

    for _ in range(2):
        await shared.shop.hook("cart.ordered", told)
    await shared.settled()

    bought = await shared.cart(cart["id"])
    assert bought["state"] == "ordered"
    assert bought["sale"]["order_number"] == "W-17"
    assert "cart.double_sale_found" not in await shared.events_of(cart["id"])
    problem = refused(await shared.till().claim(cart=cart["id"]), 409, "cart_not_open")
    assert "Read it again" in problem["detail"]


async def test_an_order_that_took_a_part_leaves_the_rest_in_a_cart_of_its_own(
    shared: World,
) -> None:
    name = fresh()
    await shared.shop.snapshot(name, line(LAMP, 2), line(BOOK))
    await shared.shop.hook(
        "cart.ordered",
        {
            "external_id": name,
            "at": "2026-11-20T12:00:00Z",
            "order_number": "W-18",
            "lines": [line(LAMP, 1)],
        },
    )
    await shared.settled()
    found = (await shared.operator.get("/v1/carts", state="ordered", limit="200")).json()["items"]
    bought = next(one for one in found if one["sale"] and one["sale"]["order_number"] == "W-18")

    assert shown(bought) == {"LAMP-OAK": "1"}
    rest = await shared.cart(bought["sale"]["remainder"])
    assert shown(rest) == {"LAMP-OAK": "1", "BOOK-LIGHT": "1"}


async def test_a_late_old_snapshot_changes_nothing(shared: World) -> None:
    name = fresh()
    await shared.shop.snapshot(name, line(LAMP), revision=1)
    await shared.shop.snapshot(name, line(LAMP, 3), revision=3)
    await shared.settled()

    async with shared.nothing_written():
        await shared.shop.snapshot(name, line(BOOK), revision=2)
        await shared.settled()

    cart = await shared.shop.cart(name)
    assert cart is not None
    assert shown(cart) == {"LAMP-OAK": "3"}


async def test_the_same_revision_twice_changes_nothing_the_second_time(shared: World) -> None:
    name = fresh()
    await shared.shop.snapshot(name, line(LAMP), revision=5)
    await shared.settled()

    async with shared.nothing_written():
        await shared.shop.snapshot(name, line(LAMP), revision=5)
        await shared.shop.snapshot(name, line(PLAID, 9), revision=5)
        await shared.settled()


async def test_a_return_that_cannot_be_does_not_hold_back_what_the_shopper_does_next(
    shared: World,
) -> None:
    name = fresh()
    await shared.shop.snapshot(name, line(LAMP))
    back = {"external_id": name, "at": "2026-11-20T12:00:00Z", "lines": [line(LAMP, 1)]}
    returned = await shared.shop.hook("cart.returned", back)  # it was never bought
    await shared.shop.snapshot(name, line(LAMP, 4), revision=2)
    await shared.settled()

    cart = await shared.shop.cart(name)
    assert cart is not None
    assert shown(cart) == {"LAMP-OAK": "4"}
    assert returned.json()["message"] in await quarantined(shared)


async def test_goods_of_an_order_that_come_back_are_told(shared: World) -> None:
    name = fresh()
    await shared.shop.snapshot(name, line(LAMP, 2))
    moment = "2026-11-20T12:00:00Z"
    await shared.shop.hook("cart.ordered", {"external_id": name, "at": moment})
    await shared.settled()
    bought = await shared.shop.cart(name)
    assert bought is not None

    back = {"external_id": name, "at": moment, "lines": [line(LAMP, 1)]}
    await shared.shop.hook("cart.returned", back)
    await shared.settled()

    assert (await shared.cart(bought["id"]))["sale"]["lines"][0]["returned"] == "1"


async def test_what_is_told_beside_the_cart_is_put_aside_if_a_field_is_wrong(shared: World) -> None:
    async with shared.nothing_written():
        answer = await shared.shop.hook("quote.snapshot", {"external_id": "q-1", "lines": []})
        await shared.settled()

    assert answer.status_code == 202
    assert answer.json()["message"] in await quarantined(shared)


async def test_a_wish_list_that_is_told_is_kept_under_its_name(shared: World) -> None:
    name = fresh()
    told = {**body_of(name)["data"], "name": "Noël d'Anna", "kind": "gift", "state": "shared"}
    sent = await shared.shop.hook("wishlist.snapshot", told)
    await shared.settled()

    assert sent.json()["message"] not in await quarantined(shared)
    ref = TwinRef(connection="demo-shop", kind="wishlist", external_id=name)
    tenant = await shared.tenant()
    kept = await document_of_twin(shared.gateway, tenant, WISHLISTS.machine, ref)
    assert kept is not None
    assert (kept.name, kept.kind, [str(one.quantity.value) for one in kept.lines]) == (
        "Noël d'Anna",
        "gift",
        ["1"],
    )


async def test_each_article_of_a_body_is_a_part_of_its_own_and_a_repeat_is_none(
    shared: World,
) -> None:
    levels = [{"sku": sku, "store": "lyon-2", "quantity": 3} for sku in (fresh(), fresh())]
    sent = [await shared.shop.hook("stock.level", {"levels": levels}, "msg-1") for _ in range(2)]
    await shared.settled()

    first, again = (answer.json() for answer in sent)
    assert (first["duplicate"], again["duplicate"]) == (False, True)
    shown = (await shared.operator.get(f"/v1/messages/{first['message']}")).json()
    assert [part["lane"] for part in shown["parts"]] == [
        f"demo-shop/item/sku:{level['sku']}" for level in levels
    ]
    assert "duplicate" not in [part["reason"] for part in shown["parts"]]


def spoilt(body: Json) -> list[Callable[[], Json]]:
    """Kinds of bodies a careless sender adds fields to."""
    return [
        lambda: {**body, "shop": {"plan": "gold"}},
        lambda: {**body, "data": {**body["data"], "gift_wrap": True, "zz": [1]}},
    ]


async def test_fields_nobody_knows_are_tolerated_in_a_webhook(shared: World) -> None:
    for number in range(2):
        name = fresh()
        body = spoilt(body_of(name))[number]()
        assert (await shared.shop.send(json.dumps(body).encode())).status_code == 202
        await shared.settled()
        assert await shared.shop.cart(name) is not None
