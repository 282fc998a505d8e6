"""Who may call what: a key of the right role, and nothing of another retailer or shop."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio

from cartbridge.domain.ids import named as named_id
from cartbridge.domain.store import Brand, Store, Terminal
from cartbridge.http.routes import Route
from cartbridge.http.server import ROUTES
from cartbridge.services.add_connection import add_connection
from tests.acceptance.every_route import (
    NOBODYS,
    ROLES,
    call,
    caller_of,
    named,
    path_of,
)
from tests.acceptance.world import (
    BOOK,
    LAMP,
    Caller,
    Json,
    Shop,
    Till,
    World,
    line,
    raw,
    refused,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("route", ROUTES, ids=named)
async def test_each_route_wants_a_key_of_its_roles(shared: World, route: Route) -> None:
    path = path_of(route)
    async with shared.nothing_written():
        for key in ("cb_nobody", "x" * 5000, "\udcff"):
            answer = await shared.client.request(
                route.method, path, headers=raw({"Authorization": f"Bearer {key}"})
            )
            refused(answer, 401, "unauthorized")
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        for scheme in ("", "Basic dXNlcjpwYXNz", shared.operator.key):
            answer = await shared.client.request(
                route.method, path, headers={"Authorization": scheme} if scheme else {}
            )
            refused(answer, 401, "unauthorized")
        for role in ROLES - route.roles:
            answer = await call(caller_of(shared, role), route, path)
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
    path = "/v1/pos/carts"

    unnamed = await tills.call("POST", path, {})
    unknown = await tills.call("POST", path, {}, CartBridge_Terminal="nobody")
    odd = await tills.client.post(
        "/v1/pos/carts",
        json={},
        headers=raw(
            {
                "Authorization": f"Bearer {key}",
                "Idempotency-Key": "1",
                "CartBridge-Terminal": b"\xff\xfe",
            }
        ),
    )
    begun = await tills.call("POST", path, {}, CartBridge_Terminal=shared.till(1).id)

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
    await shop.snapshot("set aside", line(LAMP))
    lea = {"email": "lea@rival.example"}
    told_of = await shop.snapshot("theirs", line(LAMP), line(BOOK), customer=lea)
    await shared.settled()
    aside = await shop.cart("set aside")
    assert aside is not None
    until = (shared.clock() + timedelta(hours=1)).isoformat()
    reserved = await shop.offer(aside["id"], reserve={"store": "nice", "until": until})
    cart = await shop.cart("theirs")
    assert cart is not None
    offer = await shop.offer(cart["id"])
    claim = (await till.claim(code=offer["code"])).json()
    held: Json = claim
    await till.complete(
        held, "R-77", lines=[{"line": claim["cart"]["lines"][0]["id"], "quantity": "1"}]
    )
    rest = (await till.call("POST", "/v1/pos/carts", {"add": []})).json()["cart"]
    wished = (await till.call("POST", "/v1/wishlists", {"kind": "gift"})).json()
    asked = (await till.call("POST", "/v1/enquiries", {"kind": "call_back", "subject": "?"})).json()
    quoted = (await till.call("POST", "/v1/quotes", {})).json()
    operator = Caller(shared.client, ops_key)
    ids = {
        "connection": connection.id,
        "external_id": "theirs",
        "cart": cart["id"],
        "customer": cart["customer"]["id"],
        "claim": claim["claim"],
        "handover": offer["id"],
        "reservation": reserved["id"],
        "receipt_number": "R-77",
        "begun": rest["id"],
        "wishlist": wished["wishlist"]["id"],
        "enquiry": asked["enquiry"]["id"],
        "quote": quoted["quote"]["id"],
        "code": offer["code"],
        "message": told_of.json()["message"],
        "letter": await dead_letter(shared, tenant, link.uuid),
        "subscription": await subscribed(operator),
    }
    return Rival(shop, till, operator, ids)


async def subscribed(operator: Caller) -> str:
    """A subscription of theirs; not to alarms, which are raised at their own time."""
    wish = {"url": "http://127.0.0.1:9/theirs", "types": ["cart.*"]}
    made = await operator.call("POST", "/v1/subscriptions", wish)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def dead_letter(shared: World, tenant: uuid.UUID, connection: uuid.UUID) -> str:
    """An errand of theirs that was given up."""
    outbox = shared.gateway.outbox
    letter = await outbox.enqueue(
        tenant, "lane", "write", b"{}", connection=connection, delay=timedelta(days=1)
    )
    await shared.owner.execute("update outbox set state = 'dead' where id = $1", letter)
    return named_id("out", letter)


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
        found = await shared.operator.get(
            "/v1/carts", connection="rival-shop", external_id="theirs"
        )
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
