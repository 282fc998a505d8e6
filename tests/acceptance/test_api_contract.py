"""The API's own promises: keys, roles, tenants, repeats, versions, refusals by name."""

import asyncio
import json
import re
import uuid
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_asyncio
from world import BOOK, LAMP, Caller, Json, Shop, Till, World, line, refused, shown

from cartbridge.database.verify import Finding, verify
from cartbridge.domain.store import Brand, Store, Terminal
from cartbridge.http.routes import Role, Route
from cartbridge.http.server import ROUTES
from cartbridge.services.add_connection import add_connection

pytestmark = pytest.mark.asyncio(loop_scope="module")

SOLD_AT = "2026-11-20T11:00:00Z"
NOBODYS = {
    "connection": "con_" + "0" * 32,
    "cart": "crt_" + "0" * 32,
    "claim": "clm_" + "0" * 32,
    "handover": "hnd_" + "0" * 32,
    "external_id": "nobody",
    "receipt_number": "none",
}
BODIES: dict[str, Json] = {
    "/v1/connections/{connection}/carts/{external_id}": {"currency": "EUR", "lines": []},
    "/v1/carts/{cart}/handovers": {"direction": "to_store"},
    "/v1/handovers/join": {"code": "BCDFGHJKLNPRSTVX" * 2, "external_id": "b"},
    "/v1/pos/claims": {"cart": NOBODYS["cart"]},
    "/v1/pos/claims/{claim}/check": {"lines": []},
    "/v1/pos/claims/{claim}/complete": {
        "fence": 1,
        "receipt_number": "R-1",
        "sold_at": SOLD_AT,
    },
    "/v1/pos/returns": {"cart": NOBODYS["cart"], "lines": [{"gtin": LAMP["gtin"], "quantity": "1"}]},
    "/v1/pos/carts": {"add": []},
    "/v1/items": {"items": []},
}


def path_of(route: Route, **names: str) -> str:
    return route.path.format(**{**NOBODYS, **names})


def caller_of(world: World, role: Role) -> Caller:
    return {"shop": world.shop, "pos": world.till(), "ops": world.operator}[role]


async def call(caller: Caller, route: Route, path: str, **headers: str) -> Any:
    body = BODIES.get(route.path, {}) if route.body is not None else None
    return await caller.call(route.method, path, body, **headers)


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


# --- who may call what


@pytest.mark.parametrize("route", ROUTES, ids=named)
async def test_each_route_wants_a_key_of_its_roles(shared: World, route: Route) -> None:
    path = path_of(route)
    async with shared.nothing_written():
        for key in ("cb_nobody", "x" * 5000, "\udcff"):
            stranger = Caller(shared.client, "none")
            raw = f"Bearer {key}".encode("utf-8", "surrogateescape")
            answer = await stranger.client.request(
                route.method, path, headers={"Authorization": raw}  # type: ignore[dict-item]
            )
            refused(answer, 401, "unauthorized")
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        for scheme in ("", "Basic dXNlcjpwYXNz", shared.operator.key):
            answer = await shared.client.request(
                route.method, path, headers={"Authorization": scheme} if scheme else {}
            )
            refused(answer, 401, "unauthorized")
        for role in {"shop", "pos", "ops"} - route.roles:
            answer = await call(caller_of(shared, role), route, path)  # type: ignore[arg-type]
            assert refused(answer, 403, "forbidden")["params"]["role"] == role


async def test_a_key_that_was_revoked_opens_nothing_any_more(shared: World) -> None:
    keys, tenant = shared.gateway.directory.keys, await shared.tenant()
    identifier, key = await keys.issue(tenant, "ops", "for a day")
    caller = Caller(shared.client, key)
    assert (await caller.get("/v1/carts")).status_code == 200

    await keys.revoke(tenant, identifier)

    refused(await caller.get("/v1/carts"), 401, "unauthorized")


async def test_a_till_systems_key_names_its_terminal(shared: World) -> None:
    tenant = await shared.tenant()
    told = shared.told["connections"]["demo-shop"]
    link = await shared.gateway.connectors.by_name(tenant, told["slug"])
    assert link is not None
    _, key = await shared.gateway.directory.keys.issue(tenant, "pos", "all", connection=link.uuid)
    tills = Caller(shared.client, key)
    begin = ("POST", "/v1/pos/carts", {"add": []})

    unnamed = await tills.call(*begin)
    unknown = await tills.call(*begin, CartBridge_Terminal="nobody")
    odd = await tills.client.post(
        "/v1/pos/carts",
        json={},
        headers={
            "Authorization": f"Bearer {key}".encode(),
            "Idempotency-Key": b"1",
            "CartBridge-Terminal": b"\xff\xfe",
        },  # type: ignore[arg-type]
    )
    begun = await tills.call(*begin, CartBridge_Terminal=shared.till(1).id)

    for answer in (unnamed, unknown, odd):
        refused(answer, 400, "terminal_required")
    assert begun.json()["cart"]["origin"]["terminal"] == shared.till(1).id


@dataclass
class Rival:
    """Another retailer on the same gateway, with everything of its own."""

    shop: Shop
    till: Till
    operator: Caller
    ids: Json


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rival(shared: World) -> Rival:
    directory = shared.gateway.directory
    tenant = (await directory.tenants.add("rival", "Rival")).uuid
    await directory.brands.add(tenant, Brand(id="rival", name="Rival"))
    await directory.stores.add(tenant, Store(id="nice", brand="rival", name="Nice"))
    await directory.terminals.add(tenant, Terminal(id="nice-1", store="nice", name="Caisse 1"))
    secret = "whsec_" + "B" * 43 + "="
    connection = await add_connection(
        shared.gateway, tenant, "rival-shop", "standard", {"webhook_secrets": [secret]}
    )
    link = shared.gateway.connectors.link(connection)
    issue = directory.keys.issue
    _, shop_key = await issue(tenant, "shop", "s", connection=link.uuid)
    _, till_key = await issue(tenant, "pos", "t", store="nice", terminal="nice-1")
    _, ops_key = await issue(tenant, "ops", "o")
    told = {"hook": connection.hook, "webhook_secret": secret, "slug": "rival-shop"}
    shop = Shop(shared.client, shop_key, told=told)
    till = Till(shared.client, till_key, id="nice-1")
    await shop.snapshot("theirs", line(LAMP), line(BOOK))
    await shared.settled()
    cart = await shop.cart("theirs")
    assert cart is not None
    offer = await shop.offer(cart["id"])
    claim = (await till.claim(code=offer["code"])).json()
    held: Json = claim
    await till.complete(held, "R-77", lines=[{"line": claim["cart"]["lines"][0]["id"], "quantity": "1"}])
    rest = (await till.call("POST", "/v1/pos/carts", {"add": []})).json()["cart"]
    ids = {
        "connection": connection.id,
        "external_id": "theirs",
        "cart": cart["id"],
        "claim": claim["claim"],
        "handover": offer["id"],
        "receipt_number": "R-77",
        "begun": rest["id"],
        "code": offer["code"],
    }
    return Rival(shop, till, Caller(shared.client, ops_key), ids)


WITH_IDS = [route for route in ROUTES if "{" in route.path]


@pytest.mark.parametrize("route", WITH_IDS, ids=named)
async def test_another_retailers_ids_are_not_found(
    shared: World, rival: Rival, route: Route
) -> None:
    path = path_of(route, **{name: rival.ids[name] for name in NOBODYS})
    async with shared.nothing_written():
        for role in sorted(route.roles):
            answer = await call(caller_of(shared, role), route, path)
            assert answer.status_code == 404, answer.text
            theirs = await call(caller_of(shared, role), route, path_of(route))
            known, unknown = answer.json(), theirs.json()
            for document in (known, unknown):
                document.pop("params", None)
                document.pop("detail")
            assert known == unknown  # nothing tells an id of theirs from one of nobody's


async def test_another_retailers_carts_and_codes_are_not_found_by_any_other_name(
    shared: World, rival: Rival
) -> None:
    async with shared.nothing_written():
        refused(await shared.till().claim(cart=rival.ids["cart"]), 404, "not_found")
        refused(await shared.till().claim(code=rival.ids["code"]), 404, "code_unknown")
        join = {"code": rival.ids["code"], "external_id": "b_1"}
        joined = await shared.other_shop.call("POST", "/v1/handovers/join", join)
        refused(joined, 404, "code_unknown")
        found = await shared.operator.get("/v1/carts", connection="rival-shop", external_id="theirs")
        refused(found, 404, "not_found")
    mine = (await shared.operator.get("/v1/carts", limit="200")).json()["items"]
    assert rival.ids["cart"] not in {cart["id"] for cart in mine}
    feed = (await shared.operator.get("/v1/events", limit="1000")).json()["items"]
    assert rival.ids["cart"] not in {event["subject"] for event in feed}


async def test_a_shop_sees_only_the_carts_that_are_in_it(shared: World) -> None:
    cart, offer = await shared.offered()
    other = shared.other_shop
    path = f"/v1/carts/{cart['id']}"

    async with shared.nothing_written():
        looks = [
            await other.get(path),
            await other.get("/v1/carts", connection="demo-shop", external_id="x"),
            await other.call("POST", f"{path}/handovers", {"direction": "to_store"}),
            await other.call("DELETE", f"/v1/handovers/{offer['id']}"),
            await other.call(
                "PUT",
                f"/v1/connections/{shared.shop.told['id']}/carts/x",
                {"currency": "EUR", "lines": []},
            ),
        ]
        listed = await shared.shop.get("/v1/carts", state="open")

    for answer in looks:
        refused(answer, 404, "not_found")
    refused(listed, 403, "forbidden")
    assert (await shared.shop.get(path)).status_code == 200


# --- what is sent


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
        *(
            shared.till().call("POST", "/v1/pos/carts", {"add": add}, **key)
            for _ in range(10)
        )
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
        headers = {"Authorization": f"Bearer {shared.till().key}".encode(), "Idempotency-Key": key}
        answers = [
            await shared.client.post("/v1/pos/carts", json={"add": []}, headers=headers)  # type: ignore[arg-type]
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
    headers = {
        "Authorization": f"Bearer {till.key}",
        "Idempotency-Key": uuid.uuid4().hex,
        "If-Match": tag.encode(),
    }

    answer = await shared.client.patch(
        f"/v1/pos/carts/{begun.json()['cart']['id']}",
        json={"codes": ["X"]},
        headers=headers,  # type: ignore[arg-type]
    )

    assert answer.status_code in (400, 412), answer.text


WRONG: list[tuple[str, str, Json, str]] = [
    ("POST", "/v1/pos/carts", {"add": "LAMP"}, "add"),
    ("POST", "/v1/pos/carts", {"add": [{"item": {}, "quantity": "1"}]}, "add.0.item"),
    ("POST", "/v1/pos/carts", {"add": [{"item": {"sku": "A"}}]}, "add.0.quantity"),
    ("POST", "/v1/pos/carts", {"add": [{"item": {"sku": "A"}, "quantity": "NaN"}]}, "add.0.quantity"),
    ("POST", "/v1/pos/carts", {"add": [{"item": {"sku": "A"}, "quantity": "1e9"}]}, "add.0.quantity"),
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
        headers = {
            "Authorization": f"Bearer {shared.till().key}".encode(),
            "Idempotency-Key": uuid.uuid4().hex.encode(),
            "X-Request-Id": value,
            "Accept-Language": value,
            "CartBridge-Terminal": value,
        }
        answer = await shared.client.post("/v1/pos/carts", json={}, headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == 201, answer.text


# --- methods, versions, lists


@pytest.mark.parametrize("method", ["HEAD", "GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"])
async def test_a_method_an_address_does_not_have_is_refused_and_told(
    shared: World, method: str
) -> None:
    by_path: dict[str, set[str]] = {}
    for route in ROUTES:
        by_path.setdefault(route.path, set()).add(route.method)
    for path, methods in by_path.items():
        if method in methods or path == "/v1/events":
            continue
        where = path.format(**NOBODYS)
        async with shared.nothing_written():
            answer = await shared.client.request(method, where)
        allowed = {name.strip() for name in answer.headers["Allow"].split(",")}
        others = [p for p in by_path if re.fullmatch(re.sub(r"{\w+}", "[^/]+", p), where)]
        assert allowed == set().union(*(by_path[p] for p in others)), where
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


# --- snapshots and items


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


# --- the feed


async def feed(caller: Caller, **query: str) -> tuple[list[Json], str]:
    answer = await caller.get("/v1/events", **query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"], answer.json()["next"]


async def test_the_feed_has_no_gap_from_any_cursor(shared: World) -> None:
    await shared.offered(line(LAMP), line(BOOK))
    await shared.settled()
    whole, end = await feed(shared.operator, limit="1000")
    tenants = await shared.owner.fetchval(
        "select count(*) from event where tenant = $1", await shared.tenant()
    )
    assert len(whole) == tenants

    seen: list[Json] = []
    cursors: list[tuple[str, int]] = []
    after: dict[str, str] = {}
    while len(seen) < len(whole):
        page, cursor = await feed(shared.operator, limit="7", **after)
        seen += page
        after = {"after": cursor}
        cursors.append((cursor, len(seen)))

    assert sorted(event["id"] for event in seen) == sorted(event["id"] for event in whole)
    by_cart: dict[str, list[str]] = {}
    for event in seen:
        by_cart.setdefault(event["subject"], []).append(event["sequence"])
    assert all(sequence == sorted(sequence) for sequence in by_cart.values())
    for cursor, count in cursors[::3]:
        rest, _ = await feed(shared.operator, limit="1000", after=cursor)
        assert {event["id"] for event in rest} == {event["id"] for event in seen[count:]}
    assert await feed(shared.operator, after=end) == ([], end)


async def test_the_feed_can_be_asked_for_some_types_and_tells_no_code(shared: World) -> None:
    cart, offer = await shared.offered()
    await shared.till().claim(code=offer["code"])

    claimed, _ = await feed(shared.operator, types="cart.claimed,cart.sold", limit="1000")
    everything = (await shared.operator.get("/v1/events", limit="1000")).text

    assert {event["type"] for event in claimed} <= {"cart.claimed", "cart.sold"}
    assert cart["id"] in {event["subject"] for event in claimed}
    assert offer["code"] not in everything
    assert offer["short_code"] not in everything
    for wrong in ("nonsense", "WzFd", "%00"):
        answer = await shared.operator.get("/v1/events", after=wrong)
        assert refused(answer, 400, "invalid_request")["errors"][0]["field"] == "after"


async def streamed(
    shared: World, count: int, last: str | None = None, **query: str
) -> tuple[list[str], str]:
    """So many events from the stream, and the last cursor it gave."""
    headers = {"Authorization": f"Bearer {shared.operator.key}", "Accept": "text/event-stream"}
    if last is not None:
        headers["Last-Event-ID"] = last
    seen: list[str] = []
    cursor = last or ""
    async with (
        asyncio.timeout(20),
        shared.client.stream("GET", "/v1/events", headers=headers, params=query) as response,
    ):
        assert response.headers["content-type"] == "text/event-stream"
        async for text in response.aiter_lines():
            if text.startswith("id: "):
                cursor = text.removeprefix("id: ")
            if text.startswith("data: "):
                seen.append(re.findall(r'"id":"([^"]+)"', text)[0])
            if len(seen) >= count and not text:
                break
    return seen, cursor


async def test_the_stream_tells_what_happens_and_goes_on_where_it_broke(shared: World) -> None:
    _, now = await feed(shared.operator, limit="1000")
    reading = asyncio.create_task(streamed(shared, 2, now))
    await shared.till().call("POST", "/v1/pos/carts", {"codes": ["LIVE"]})
    first, cursor = await reading
    for _ in range(3):
        await shared.till().call("POST", "/v1/pos/carts", {"codes": ["LATER"]})
    later, end = await streamed(shared, 6, cursor)

    pages, _ = await feed(shared.operator, after=now, limit="1000")
    assert len(first) == 2
    assert len({*first, *later}) == 8
    assert {*first, *later} == {event["id"] for event in pages}
    assert end != cursor


async def test_a_stream_is_for_operators_and_from_a_cursor_of_ours(shared: World) -> None:
    stream = {"Accept": "text/event-stream"}
    wrong = {**stream, "Authorization": f"Bearer {shared.operator.key}", "Last-Event-ID": "x"}
    refused(await shared.client.get("/v1/events", headers=wrong), 400, "invalid_request")
    refused(await shared.client.get("/v1/events", headers=stream), 401, "unauthorized")
    till = {**stream, "Authorization": f"Bearer {shared.till().key}"}
    refused(await shared.client.get("/v1/events", headers=till), 403, "forbidden")


# --- pages and descriptions


async def test_the_gateway_describes_itself_and_every_route_it_serves(shared: World) -> None:
    answer = await shared.client.get("/openapi.json")

    assert answer.status_code == 200
    paths = answer.json()["paths"]
    for route in ROUTES:
        assert route.method.lower() in paths[route.path]
    assert (await shared.client.get("/docs")).status_code == 200
    for path in ("/healthz", "/readyz"):
        assert (await shared.client.get(path)).json()["status"] in ("ok", "ready")


PRIVATE = {"referrer-policy": "no-referrer", "cache-control": "no-store"}


async def test_a_shoppers_pages_leave_no_trace(shared: World) -> None:
    _, offer = await shared.offered()
    pass_path = re.sub(r"^https?://[^/]+", "", offer["pass_url"])
    paths = [
        f"/h/{offer['code']}",
        f"/H/{offer['code']}",
        f"/h/{offer['code']}/qr.svg",
        f"/h/{offer['code']}/qr.png",
        "/c/nobody",
        "/h/nobody",
        "/c/" + "B" * 32,
        "/h/" + "B" * 32,
        "/c/%00",
        "/h/%ff",
        pass_path,
    ]
    for path in paths:
        page = await shared.client.get(path)
        expected = 404 if "nobody" in path or "BBBB" in path or "%" in path else 200
        assert page.status_code == expected, path
        for name, value in PRIVATE.items():
            assert page.headers[name] == value, (path, name)
        if expected == 404:
            assert "text/html" in page.headers["content-type"]
            assert "panier" in page.text


async def test_a_look_at_the_head_of_a_page_changes_nothing(shared: World) -> None:
    _, offer = await shared.offered()
    pass_path = re.sub(r"^https?://[^/]+", "", offer["pass_url"])

    async with shared.nothing_written():
        answers = [await shared.client.head(path) for path in (pass_path, f"/h/{offer['code']}")]

    assert all(answer.status_code in (200, 405) for answer in answers)
    assert (await shared.till().claim(code=offer["code"])).status_code == 201


async def test_a_pass_opens_no_till_and_its_fresh_code_does(shared: World) -> None:
    cart, offer = await shared.offered()
    pass_code = offer["pass_url"].rpartition("/")[2]
    page = await shared.client.get(f"/c/{pass_code}")
    digits = re.search(r"(\d{4})\D{1,8}(\d{4})", re.sub(r"<[^>]+>", " ", page.text))

    refused(await shared.till().claim(code=pass_code), 404, "code_unknown")
    assert digits is not None
    taken = await shared.till().claim(short_code="".join(digits.groups()))
    assert taken.json()["cart"]["id"] == cart["id"]


async def test_a_terminal_is_paired_once(shared: World) -> None:
    till = (await shared.more_tills(1))[0]
    code = await shared.gateway.directory.pairing.make(await shared.tenant(), till.id)

    paired = await shared.client.post("/v1/pos/pair", json={"pairing_code": code})
    again = await shared.client.post("/v1/pos/pair", json={"pairing_code": code})

    assert paired.status_code == 201
    assert paired.json()["terminal"] == till.id
    assert refused(again, again.status_code, "pairing_code_unknown")
    fresh = replace(till, key=paired.json()["key"])
    assert (await fresh.call("POST", "/v1/pos/carts", {})).status_code == 201


async def test_the_journal_is_intact_after_all_of_this(shared: World) -> None:
    await shared.settled()
    found = [one async for one in verify(shared.gateway.documents._database)]

    assert [one for one in found if isinstance(one, Finding)] == []
    assert found
