"""The API's own promises: repeats, versions, methods, refusals by name and place."""

import asyncio
import json
import re
import uuid

import pytest

from cartbridge.http.routes import Role, Route
from cartbridge.http.server import ROUTES
from tests.acceptance.every_route import (
    NOBODYS,
    SOLD_AT,
    call,
    caller_of,
    named,
    path_of,
)
from tests.acceptance.world import (
    BOOK,
    LAMP,
    Json,
    World,
    line,
    raw,
    refused,
    shown,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

IDEMPOTENT = [route for route in ROUTES if route.idempotent]


@pytest.mark.parametrize("route", IDEMPOTENT, ids=named)
async def test_a_call_that_acts_needs_an_idempotency_key(shared: World, route: Route) -> None:
    caller = caller_of(shared, sorted(route.roles)[0])
    async with shared.nothing_written():
        for key in ("", "k" * 256):
            answer = await call(caller, route, path_of(route), Idempotency_Key=key)
            refused(answer, 400, "idempotency_key_required")


async def test_the_same_key_with_other_content_is_refused(shared: World) -> None:
    key = {"Idempotency_Key": uuid.uuid4().hex}
    first = await shared.till().call("POST", "/v1/pos/carts", {"add": []}, **key)
    await shared.settled()

    async with shared.nothing_written():
        other = await shared.till().call("POST", "/v1/pos/carts", {"codes": ["NOEL"]}, **key)

    assert first.status_code == 201
    refused(other, 422, "idempotency_conflict")
    elsewhere = await shared.till(0, 1).call("POST", "/v1/pos/carts", {"codes": ["X"]}, **key)
    assert elsewhere.status_code == 201  # keys are each caller's own


async def test_the_same_call_while_the_first_still_runs_is_told_to_wait(shared: World) -> None:
    key = {"Idempotency_Key": uuid.uuid4().hex}
    before = await shared.event_count()
    add = [{"item": {"sku": "LAMP-OAK"}, "quantity": "1"}]

    answers = await asyncio.gather(
        *(shared.till().call("POST", "/v1/pos/carts", {"add": add}, **key) for _ in range(10))
    )

    waiting = [answer for answer in answers if answer.status_code == 409]
    done = [answer for answer in answers if answer.status_code == 201]
    assert len(waiting) + len(done) == 10
    assert waiting
    for answer in waiting:
        seconds = refused(answer, 409, "still_running")
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.headers["Retry-After"] in seconds["detail"]
    assert len({answer.json()["cart"]["id"] for answer in done}) == 1
    assert await shared.event_count() == before + 2  # begun, and one line


async def test_odd_idempotency_keys_are_keys_like_any_other(shared: World) -> None:
    for key in (b"\xff\xfe", "clé".encode(), b"a b", b'"quoted"'):
        headers: dict[str, str | bytes] = {
            "Authorization": f"Bearer {shared.till().key}".encode(),
            "Idempotency-Key": key,
        }
        answers = [
            await shared.client.post("/v1/pos/carts", json={"add": []}, headers=raw(headers))
            for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [201, 201], answers[0].text
        assert answers[1].headers["Idempotent-Replayed"] == "true"


async def test_a_change_made_on_an_old_view_is_answered_with_the_present_cart(
    shared: World,
) -> None:
    till = shared.till()
    begun = await till.call("POST", "/v1/pos/carts", {"codes": ["A"]})
    path, tag = f"/v1/pos/carts/{begun.json()['cart']['id']}", begun.headers["ETag"]
    key = {"Idempotency_Key": uuid.uuid4().hex, "If_Match": tag}
    first = await till.call("PATCH", path, {"codes": ["A", "B"]}, **key)
    await shared.settled()

    async with shared.nothing_written():
        late = await till.call("PATCH", path, {"codes": []}, If_Match=tag)
        repeated = await till.call("PATCH", path, {"codes": ["A", "B"]}, **key)

    problem = refused(late, 412, "precondition_failed")
    assert problem["cart"]["codes"] == ["A", "B"]
    assert problem["cart"]["version"] == first.json()["cart"]["version"]
    assert repeated.status_code == 200
    assert repeated.headers["Idempotent-Replayed"] == "true"
    again = await till.call("PATCH", path, {"codes": []}, If_Match=f"W/{first.headers['ETag']}")
    assert again.status_code == 200
    assert (await till.call("PATCH", path, {"codes": ["C"]}, If_Match="*")).status_code == 200


@pytest.mark.parametrize("tag", ['"x"', "²", '"1.5"', '""', "-1", '"' + "9" * 50 + '"'])
async def test_an_etag_that_is_none_is_refused(shared: World, tag: str) -> None:
    till = shared.till()
    begun = await till.call("POST", "/v1/pos/carts", {})
    headers: dict[str, str | bytes] = {
        "Authorization": f"Bearer {till.key}",
        "Idempotency-Key": uuid.uuid4().hex,
        "If-Match": tag.encode(),
    }

    answer = await shared.client.patch(
        f"/v1/pos/carts/{begun.json()['cart']['id']}",
        json={"codes": ["X"]},
        headers=raw(headers),
    )

    assert answer.status_code in (400, 412), answer.text


WRONG: list[tuple[str, str, Json, str]] = [
    ("POST", "/v1/pos/carts", {"add": "LAMP"}, "add"),
    ("POST", "/v1/pos/carts", {"add": [{"item": {}, "quantity": "1"}]}, "add.0.item"),
    ("POST", "/v1/pos/carts", {"add": [{"item": {"sku": "A"}}]}, "add.0.quantity"),
    (
        "POST",
        "/v1/pos/carts",
        {"add": [{"item": {"sku": "A"}, "quantity": "NaN"}]},
        "add.0.quantity",
    ),
    (
        "POST",
        "/v1/pos/carts",
        {"add": [{"item": {"sku": "A"}, "quantity": "1e9"}]},
        "add.0.quantity",
    ),
    ("POST", "/v1/pos/carts", {"add": [{"item": {"sku": "A"}, "quantity": "0"}]}, "add.0.quantity"),
    (
        "POST",
        "/v1/pos/carts",
        {"add": [{"item": {"sku": "A"}, "quantity": "1", "unit_price": "4990"}]},
        "add.0.unit_price",
    ),
    (
        "POST",
        "/v1/pos/carts",
        {"add": [{"item": {"sku": "A"}, "quantity": "1", "unit_price": 10**13}]},
        "add.0.unit_price",
    ),
    ("POST", "/v1/pos/carts", {"metadata": {"a": 1}}, "metadata.a"),
    ("POST", "/v1/pos/carts", {"customer": {"email": 7}}, "customer.email"),
    ("POST", "/v1/pos/claims", {"cart": 7}, "cart"),
    ("POST", "/v1/pos/claims", {}, ""),
    ("POST", "/v1/pos/claims", {"cart": "x", "code": "y"}, ""),
    ("POST", "/v1/pos/returns", {"receipt_number": "a b", "lines": []}, "receipt_number"),
]


@pytest.mark.parametrize(("method", "path", "body", "field"), WRONG)
async def test_a_wrong_value_is_refused_at_its_place(
    shared: World, method: str, path: str, body: Json, field: str
) -> None:
    async with shared.nothing_written():
        answer = await shared.till().call(method, path, body)

    problem = refused(answer, 400, "invalid_request")
    assert field in [fault["field"] for fault in problem["errors"]], problem
    assert all(fault["why"] for fault in problem["errors"])
    if field:
        assert field in problem["detail"]


TEXTS = ["\0", "a\0b", "\ud800", "\u202e", "x" * 70_000]


@pytest.mark.parametrize("text", TEXTS, ids=["NUL", "NUL inside", "half a pair", "RTL", "long"])
@pytest.mark.parametrize("role", ["shop", "pos", "ops"])
async def test_hostile_texts_never_end_in_a_fault_of_ours(
    shared: World, text: str, role: Role
) -> None:
    caller = caller_of(shared, role)
    cart = {"item": {"sku": text, "title": text}, "quantity": "1", "note": text}
    sale = {"fence": 1, "receipt_number": text, "sold_at": SOLD_AT, "staff": text}
    bodies: list[tuple[str, str, Json]] = [
        ("POST", "/v1/pos/carts", {"add": [cart], "codes": [text], "staff": text}),
        ("POST", "/v1/pos/carts", {"metadata": {text: text}, "customer": {"email": text}}),
        ("POST", "/v1/pos/claims", {"code": text, "staff": text}),
        ("POST", "/v1/pos/claims", {"short_code": text}),
        ("POST", "/v1/pos/claims", {"cart": text}),
        ("POST", f"/v1/pos/claims/{NOBODYS['claim']}/complete", sale),
        ("POST", "/v1/handovers/join", {"code": text, "external_id": text}),
        ("PUT", f"/v1/connections/demo-shop/carts/{uuid.uuid4().hex}", snapshot(text)),
        ("PUT", "/v1/items", {"items": [{"sku": text, "label": text}]}),
    ]
    for method, path, body in bodies:
        answer = await caller.client.request(
            method,
            path,
            content=json.dumps(body),
            headers={
                "Authorization": f"Bearer {caller.key}",
                "Idempotency-Key": uuid.uuid4().hex,
            },
        )
        assert answer.status_code < 500, (path, answer.text)
    for path in (
        "/v1/carts?connection=%00&external_id=%00",
        "/v1/carts?connection=demo-shop&external_id=%00",
        "/v1/carts?state=%00",
        "/v1/carts?customer=%ED%A0%80",
        "/v1/carts?after=%00",
        "/v1/carts/%00",
        "/v1/carts/crt_%ff",
        "/v1/items?sku=%00",
        "/v1/items?gtin=%00",
        "/v1/events?after=%00",
        "/v1/events?types=%00",
        "/v1/pos/claims/%00",
        "/v1/pos/claims?of=%00",
    ):
        looked = await caller.get(path)
        assert looked.status_code < 500, (path, looked.text)


def snapshot(text: str) -> Json:
    return {"currency": "EUR", "lines": [line({"sku": text, "title": text})], "codes": [text]}


async def test_hostile_headers_never_end_in_a_fault_of_ours(shared: World) -> None:
    for value in (b"\xff\xfe", b"\xed\xa0\x80", "é".encode(), b"x" * 4000):
        headers: dict[str, str | bytes] = {
            "Authorization": f"Bearer {shared.till().key}".encode(),
            "Idempotency-Key": uuid.uuid4().hex.encode(),
            "X-Request-Id": value,
            "Accept-Language": value,
            "CartBridge-Terminal": value,
        }
        answer = await shared.client.post("/v1/pos/carts", json={}, headers=raw(headers))
        assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("method", ["HEAD", "GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"])
async def test_a_method_an_address_does_not_have_is_refused_and_told(
    shared: World, method: str
) -> None:
    by_path: dict[str, set[str]] = {}
    for route in ROUTES:
        by_path.setdefault(route.path, set()).add(route.method)
    for path in by_path:
        where = path.format(**NOBODYS)
        there = [one for one in by_path if re.fullmatch(re.sub(r"{\w+}", "[^/]+", one), where)]
        methods = set().union(*(by_path[one] for one in there))
        if method in methods or path == "/v1/events":
            continue
        async with shared.nothing_written():
            answer = await shared.client.request(method, where)
        assert {name.strip() for name in answer.headers["Allow"].split(",")} == methods, where
        if method != "HEAD":
            refused(answer, 405, "method_not_allowed")
        assert answer.status_code == 405


async def test_an_address_there_is_not_is_not_found(shared: World) -> None:
    for path in ("/v1/nothing", "/", "/v1/carts/", "//", "/v1/../etc"):
        refused(await shared.operator.get(path), 404, "not_found")


async def test_a_cart_can_be_read_as_it_was(shared: World) -> None:
    till = shared.till()
    begun = (await till.call("POST", "/v1/pos/carts", {"codes": ["A"]})).json()["cart"]
    path = f"/v1/carts/{begun['id']}"
    at = await shared.owner.fetchval("select clock_timestamp()")
    await till.call("PATCH", f"/v1/pos/carts/{begun['id']}", {"codes": ["B"]})

    by_version = await till.get(path, version=str(begun["version"]))
    by_time = await till.get(path, at=at.isoformat())
    now = await till.get(path)

    assert by_version.json()["codes"] == by_time.json()["codes"] == ["A"]
    assert by_version.headers["ETag"] == f'"{begun["version"]}"'
    assert now.json()["codes"] == ["B"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"version": "0"}, 400),
        ({"version": "x"}, 400),
        ({"version": "9" * 30}, 404),
        ({"version": "2147483648"}, 404),
        ({"version": "99"}, 404),
        ({"at": "yesterday"}, 400),
        ({"at": "2026-11-20T10:00:00"}, 400),
        ({"at": "0001-01-01T00:00:00Z"}, 404),
        ({"at": "9999-12-31T23:59:59Z"}, 200),
        ({"at": "2000-01-01T00:00:00Z"}, 404),
        ({"version": "1", "at": "2026-11-20T10:00:00Z"}, 400),
        ({"versoin": "1"}, 400),
    ],
)
async def test_a_moment_there_is_not_is_refused(
    shared: World, query: dict[str, str], status: int
) -> None:
    begun = (await shared.till().call("POST", "/v1/pos/carts", {"codes": ["A"]})).json()["cart"]

    answer = await shared.operator.get(f"/v1/carts/{begun['id']}", **query)

    assert answer.status_code == status, answer.text


async def test_a_timeline_is_told_in_any_language_and_place_that_is_asked_for(
    shared: World,
) -> None:
    begun = (await shared.till().call("POST", "/v1/pos/carts", {"codes": ["A"]})).json()["cart"]
    path = f"/v1/carts/{begun['id']}/timeline"

    for query in ({}, {"locale": "fr"}, {"locale": "xx"}, {"time_zone": "Asia/Tokyo"}):
        assert (await shared.till().get(path, **query)).status_code == 200
    for zone in ("Mars/Phobos", "../../etc/passwd", "", "/etc/localtime", "\0"):
        answer = await shared.till().get(path, time_zone=zone)
        problem = refused(answer, 400, "invalid_request")
        assert problem["errors"][0]["field"] == "time_zone"
    for nobodys in (f"crt_{'0' * 32}", begun["id"].replace("crt_", "alm_"), "crt_1", "x"):
        refused(await shared.till().get(f"/v1/carts/{nobodys}/timeline"), 404, "not_found")


async def test_carts_are_listed_in_pages_that_meet(shared: World) -> None:
    for _ in range(5):
        await shared.till().call("POST", "/v1/pos/carts", {"codes": ["PAGED"]})
    whole = (await shared.operator.get("/v1/carts", limit="200")).json()["items"]

    paged: list[Json] = []
    after = ""
    for _ in range(len(whole) // 2 + 2):
        query = {"limit": "2", **({"after": after} if after else {})}
        page = (await shared.operator.get("/v1/carts", **query)).json()
        paged += page["items"]
        if page["next"] is None:
            break
        after = page["next"]

    assert [cart["id"] for cart in paged] == [cart["id"] for cart in whole]
    for wrong in ({"limit": "0"}, {"limit": "201"}, {"after": "nonsense"}, {"stat": "open"}):
        assert (await shared.operator.get("/v1/carts", **wrong)).status_code == 400


async def test_a_shop_without_webhooks_puts_its_carts(shared: World) -> None:
    name = uuid.uuid4().hex
    told = {"currency": "EUR", "revision": 1, "lines": [line(LAMP, 2)], "shop_plan": {"kept": 1}}

    for connection in (shared.shop.told["slug"], shared.shop.told["id"]):
        put = await shared.shop.call("PUT", f"/v1/connections/{connection}/carts/{name}", told)
        assert put.status_code == 200, put.text
        assert shown(put.json()["cart"]) == {"LAMP-OAK": "2"}
    more = {**told, "revision": 2, "lines": [line(LAMP, 2), line(BOOK)]}
    after = await shared.shop.call("PUT", f"/v1/connections/demo-shop/carts/{name}", more)

    assert shown(after.json()["cart"]) == {"LAMP-OAK": "2", "BOOK-LIGHT": "1"}
    assert after.json()["cart"]["id"] == put.json()["cart"]["id"]


@pytest.mark.parametrize(
    ("told", "where"),
    [
        ({"lines": []}, "currency"),
        ({"currency": "EURO", "lines": []}, "currency"),
        ({"currency": "EUR"}, "lines"),
        ({"currency": "EUR", "lines": [{}]}, "lines"),
        ({"currency": "EUR", "lines": [line(LAMP, -1)]}, "lines"),
        ({"currency": "EUR", "lines": [], "revision": "new"}, "revision"),
    ],
)
async def test_a_snapshot_that_cannot_be_read_is_refused_with_its_place(
    shared: World, told: Json, where: str
) -> None:
    async with shared.nothing_written():
        path = f"/v1/connections/demo-shop/carts/{uuid.uuid4().hex}"
        answer = await shared.shop.call("PUT", path, told)

    problem = refused(answer, 400, "invalid_request")
    assert where in str(problem["errors"])


async def test_articles_are_put_and_found_and_refused_one_by_one(shared: World) -> None:
    good = {"sku": "NEW-1", "label": "Nouveau", "gtins": ["3760123459990"]}
    thief = {"sku": "NEW-2", "label": "Voleur", "gtins": [LAMP["gtin"]]}

    put = await shared.shop.call("PUT", "/v1/items", {"items": [good, thief]})

    assert put.status_code == 200, put.text
    assert put.json()["accepted"] == 1
    row = put.json()["refused"][0]
    assert row["sku"] == "NEW-2"
    assert row["reason"]
    assert row["mend"]
    by_gtin = await shared.operator.get("/v1/items", gtin="3760123459990")
    assert [item["sku"] for item in by_gtin.json()["items"]] == ["NEW-1"]
    assert (await shared.operator.get("/v1/items", sku="NEW-2")).json()["items"] == []


async def test_an_article_with_a_wrong_check_digit_is_refused_with_its_place(
    shared: World,
) -> None:
    wrong = {"sku": "NEW-3", "label": "Faux", "gtins": ["3760123459991"]}

    put = await shared.shop.call("PUT", "/v1/items", {"items": [wrong]})

    assert "items.0.gtins.0" in str(refused(put, 400, "invalid_request")["errors"])
