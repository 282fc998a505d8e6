"""The bridge on a real Medusa shop: a cart crosses to a till and back, with nothing faked."""

import asyncio
import base64
import json
import secrets
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from cartbridge.domain.policy import Rules
from cartbridge.services.add_connection import add_connection
from tests.acceptance.world import World, free_port, open_world, shown, until
from tests.platforms.bridge import drift_with
from tests.platforms.medusa.shop import BadLine, Shopper, environment, medusa, prepare
from tests.platforms.vendure_shop import has_node

pytestmark = [pytest.mark.platform, pytest.mark.long, pytest.mark.timeout(600)]

LAMP, PLAID, BOOK, TEA = "LAMP-OAK", "PLAID", "BOOK-LIGHT", "3760123451093"
LYON = "lyon-part-dieu"
NOWHERE = "http://127.0.0.1:9/v1/hooks/none"
Json = dict[str, Any]


@dataclass
class Bridge:
    """A gateway, a database of the shop, and what both were told of each other."""

    world: World
    told: Json
    env: dict[str, str]
    line: BadLine
    port: int
    dsn: str

    async def in_shop(self, query: str, *values: str) -> None:
        """Changes the shop's database past everybody."""
        owner = await asyncpg.connect(self.dsn)
        await owner.execute(query, *values)
        await owner.close()

    def shop(self, **more: str) -> Any:
        """The shop itself, running while it lasts."""
        return medusa(self.port, {**self.env, **more})

    def shopper(self, client: httpx.AsyncClient) -> Shopper:
        """A browser nobody has used yet."""
        return Shopper(client, self.told)

    async def cart(self, cart_id: str | None) -> Json | None:
        """The gateway's cart behind one of the shop's."""
        found = await self.world.operator.get(
            "/v1/carts", connection="medusa-fr", external_id=cart_id or ""
        )
        items: list[Json] = found.json()["items"]
        return items[0] if items else None


@pytest.fixture(scope="session")
def seeded(
    server: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Json]]:
    """A database with the shop in it, to be copied, and what its seed told."""
    if not has_node():
        pytest.skip("Node and npm are not on this machine: the real shop cannot run")
    name = f"medusa_{uuid.uuid4().hex[:12]}"
    told = tmp_path_factory.mktemp("medusa") / "told.json"
    try:
        yield name, prepare(server("postgres"), name, told)
    finally:
        asyncio.run(_drop(server("postgres"), name))


async def _drop(dsn: str, name: str) -> None:
    owner = await asyncpg.connect(dsn)
    await owner.execute(f"drop database if exists {name} with (force)")
    await owner.close()


@pytest.fixture
async def bridge(
    dsn: str, server: Callable[[str], str], seeded: tuple[str, Json], tmp_path: Path
) -> AsyncIterator[Bridge]:
    template, told = seeded
    name, port, line_port = f"{template}_{secrets.token_hex(3)}", free_port(), free_port()
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    line = BadLine(f"http://127.0.0.1:{port}")
    async with open_world(dsn, tmp_path) as world, line.open(line_port) as base_url:
        tenant = await world.tenant()
        directory = world.gateway.directory
        other = await directory.connections.get_by_slug(tenant, "sandbox-shop")
        assert other is not None  # the brand's only shop to carry on in is the real one
        await directory.connections.remove(tenant, other.id)
        connection = await add_connection(
            world.gateway,
            tenant,
            "medusa-fr",
            "medusa",
            {
                "webhook_secrets": [secret],
                "api_key": told["secret_key"],
                "base_url": base_url,
                "storefront_url": "http://127.0.0.1:8000/panier",
                "customers": True,
            },
            brand="maison-lumiere",
        )
        link = world.gateway.connectors.link(connection)
        _, key = await directory.keys.issue(tenant, "shop", "medusa-fr", connection=link.uuid)
        await world.owner.execute(f"create database {name} template {template}")
        env = environment(
            server("postgres"),
            name,
            tmp_path / "told.json",
            CARTBRIDGE_HOOK_URL=f"{world.gateway.public_url}/v1/hooks/{connection.hook}",
            CARTBRIDGE_SECRET=secret,
            CARTBRIDGE_GATEWAY_URL=world.gateway.public_url,
            CARTBRIDGE_SHOP_KEY=key,
            CARTBRIDGE_CONNECTION="medusa-fr",
        )
        try:
            yield Bridge(world, told, env, line, port, server(name))
        finally:
            await world.owner.execute(f"drop database if exists {name} with (force)")


@pytest.fixture
async def client(bridge: Bridge) -> AsyncIterator[httpx.AsyncClient]:
    """The shop, open."""
    async with bridge.shop() as url, httpx.AsyncClient(base_url=url, timeout=60.0) as client:
        yield client


async def test_a_cart_crosses_to_a_till_and_what_is_left_goes_home(
    bridge: Bridge, client: httpx.AsyncClient
) -> None:
    world, claire = bridge.world, bridge.shopper(client)
    await claire.add(LAMP, 2)
    for article in (PLAID, BOOK, TEA):
        await claire.add(article)
    await claire.use_code("BIENVENUE10")
    wanted = {LAMP: "2", PLAID: "1", BOOK: "1", "Tisane du soir": "1"}
    await until(lambda: _arrived(bridge, claire, wanted, ["BIENVENUE10"]), 30.0)
    cart = await bridge.cart(claire.cart_id)
    assert cart is not None
    online = await claire.shown()
    assert cart["totals"]["total"] == round(Decimal(str(online["total"])) * 100)
    assert cart["totals"]["discounts"] > 0
    assert {tax["rate"] for row in cart["lines"] for tax in row["taxes"]} == {"0.20", "0.055"}

    # Her own pass, from the shop's page; no key and no cart id is in it.
    handover = (await claire.my_pass()).json()["handover"]
    assert claire.cart_id is not None
    assert claire.cart_id not in str(handover)

    # A till in Lyon takes it: the shop takes no change and no payment, and says why.
    till = world.till()
    claim = (await till.claim(short_code=handover["short_code"])).json()
    assert claim["stale"] is False

    await until(lambda: _is_held(claire), 30.0)
    refused = await claire.try_to_add(PLAID)
    assert (refused.status_code, refused.json()["code"]) == (409, "cartbridge_frozen")
    assert "Lyon Part-Dieu" in refused.json()["message"]
    assert "reprendre" in refused.json()["message"]

    # Lamps and book are sold; the rest is at home, and the shop lets her go on.
    rows = {row["item"]["sku"]: row for row in claim["cart"]["lines"]}
    sold = await till.complete(
        claim,
        "4711",
        lines=[
            {"line": rows[sku]["id"], "quantity": rows[sku]["quantity"]["value"]}
            for sku in (LAMP, BOOK)
        ],
    )
    assert sold.status_code == 200, sold.text
    assert shown(sold.json()["remainder"]) == {PLAID: "1", "Tisane du soir": "1"}
    await until(lambda: _holds(claire, {PLAID: 1, TEA: 1}), 30.0)

    async def thawed() -> bool:
        return not await _is_held(claire)

    await until(thawed, 30.0)
    await claire.add(PLAID)
    await world.settled()
    assert await claire.cart() == {PLAID: 2, TEA: 1}


async def test_a_cart_begun_in_the_store_goes_on_at_home_though_an_answer_is_lost(
    bridge: Bridge, client: httpx.AsyncClient
) -> None:
    world, claire, stranger = bridge.world, bridge.shopper(client), bridge.shopper(client)
    till = world.till()
    begun = await till.call(
        "POST",
        "/v1/pos/carts",
        {
            "add": [
                {"item": {"sku": LAMP, "title": "Lampe chêne"}, "quantity": "1"},
                {"item": {"sku": BOOK, "title": "Livre"}, "quantity": "3"},
                {"item": {"sku": "SHADE-LINEN", "title": "Abat-jour"}, "quantity": "5"},
            ]
        },
    )
    cart = begun.json()["cart"]
    offer = await till.call("POST", f"/v1/carts/{cart['id']}/handovers", {"direction": "to_online"})
    code = offer.json()["code"]
    link = await world.client.get(f"/h/{code}")
    assert f"/panier#cartbridge={code}" in link.text

    await claire.register("claire@example.fr")
    bridge.line.lose_writes = 1
    joined = await claire.join(code)
    assert joined.status_code == 200, joined.text

    # There are three shades only; nothing is there twice, although the first answer was lost.
    home = {LAMP: 1, BOOK: 3, "SHADE-LINEN": 3}
    await until(lambda: _holds(claire, home), 60.0)
    await world.quiet()
    assert bridge.line.lose_writes == 0
    assert await claire.cart() == home
    found = await bridge.cart(claire.cart_id)
    assert found is not None
    assert found["id"] == cart["id"]
    assert found["customer"]["external_id"] is not None

    # The same push_id once more, whatever has changed since: the first answer, byte for byte.
    first = bridge.line.writes[0]
    await claire.add(PLAID)
    again = await client.put(
        first["path"],
        json={name: first[name] for name in ("push_id", "base_revision", "lines", "codes")},
        auth=(bridge.told["secret_key"], ""),
    )
    assert again.content == bridge.line.answers[0]
    assert await claire.cart() == {**home, PLAID: 1}

    # However often she opens the link it is one cart; a stranger gets none of it.
    assert (await claire.join(code)).json()["cart_id"] == claire.cart_id
    await stranger.register("marc@example.fr")
    refused = await stranger.join(code)
    assert (refused.status_code, refused.json()["error"]) == (409, "bound_to_someone_else")


async def test_what_the_gateway_could_not_be_told_survives_the_shop(bridge: Bridge) -> None:
    admin = httpx.BasicAuth(bridge.told["secret_key"], "")
    async with (
        bridge.shop(CARTBRIDGE_HOOK_URL=NOWHERE) as url,
        httpx.AsyncClient(base_url=url, timeout=60.0) as client,
    ):
        claire = bridge.shopper(client)
        await claire.add(LAMP)
        await claire.add(TEA, 2)
        path = f"/admin/cartbridge/carts/{claire.cart_id}"
        before = (await client.get(path, auth=admin)).json()["snapshot"]
        assert await bridge.cart(claire.cart_id) is None

    # The shop was killed in the middle of a write, and one change was told by no event at all.
    wish = {"lines": [{"sku": LAMP, "quantity": 3}, {"sku": PLAID, "quantity": 1}], "codes": []}
    await bridge.in_shop(
        "update cart_line_item set quantity = 3, updated_at = now() where variant_sku = 'LAMP-OAK'"
    )
    await bridge.in_shop(
        "update cartbridge_cart set writing_until = now(), writing = $1",
        json.dumps({"push_id": "psh_cut", **wish}),
    )

    async with (
        bridge.shop() as url,
        httpx.AsyncClient(base_url=url, timeout=60.0) as client,
    ):
        claire.shop = client
        wanted = {LAMP: "3", "Tisane du soir": "2"}
        await until(lambda: _arrived(bridge, claire, wanted, []), 60.0)
        after = (await client.get(path, auth=admin)).json()["snapshot"]
        assert (after["revision"], after["last_push"]) == (before["revision"] + 1, "psh_cut")
        assert after["refused"] == [
            {"sku": PLAID, "wanted": 1, "accepted": 0, "reason": "interrupted"},
            {"gtin": TEA, "wanted": 0, "accepted": 2, "reason": "interrupted"},
        ]

        # A cart that nobody gives back comes back by itself.
        soon = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
        hold = {"until": soon, "where": "Lyon Part-Dieu"}
        await client.post(f"{path}/freeze", json=hold, auth=admin)
        assert (await claire.try_to_add(PLAID)).status_code == 409

        async def thawed() -> bool:
            return not await _is_held(claire)

        await until(thawed, 30.0)

        # It is sold in the store, and ends: nothing can be put into it any more.
        sale = {"receipt_number": "4711"}
        told = await client.post(f"{path}/convert", json=sale, auth=admin)
        assert told.json()["snapshot"]["state"] == "sold"
        refused = await claire.try_to_add(PLAID)
        assert (refused.status_code, refused.json()["code"]) == (409, "cartbridge_sold")


async def test_both_sides_know_what_the_store_has_and_who_has_what(
    bridge: Bridge, client: httpx.AsyncClient
) -> None:
    world, claire, till = bridge.world, bridge.shopper(client), bridge.world.till()
    tenant, directory = await world.tenant(), world.gateway.directory
    lyon = await directory.stores.get(tenant, LYON)
    assert lyon is not None
    known = {"medusa-fr": bridge.told["store_location"]}
    await directory.stores.update(tenant, lyon.model_copy(update={"external_ids": known}))
    await directory.rules.put(tenant, Rules(reserve_stock=True))

    # Two lamps of four are held for her in Lyon; the shop's staff see for which cart.
    await claire.register("claire@example.fr")
    await claire.add(LAMP, 2)
    await until(lambda: _arrived(bridge, claire, {LAMP: "2"}, []), 30.0)
    cart = await bridge.cart(claire.cart_id)
    assert cart is not None
    path = f"/v1/carts/{cart['id']}/handovers"
    offer = await till.call("POST", path, {"direction": "to_store", "store": LYON})
    assert offer.status_code == 201, offer.text
    await until(lambda: _reserves(bridge, client, [2]), 30.0)
    admin = httpx.BasicAuth(bridge.told["secret_key"], "")
    row = (await client.get("/admin/reservations", auth=admin)).json()["reservations"][0]
    assert row["description"] == f"WEB {cart['id'][-4:].upper()}"

    # Her shop is dearer by now: the till is told, with tax, and what is still free beside hers.
    price = {"prices": [{"amount": 54.9, "currency_code": "eur"}]}
    product = await _product(client, admin, bridge.told["variants"][LAMP])
    variant = f"/admin/products/{product}/variants/{bridge.told['variants'][LAMP]}"
    assert (await client.post(variant, json=price, auth=admin)).status_code == 200
    claim = (await till.claim(code=offer.json()["code"])).json()
    lamp = (await drift_with(till, claim, LAMP))[LAMP]
    assert (lamp["online"]["captured"], lamp["online"]["now"]) == (4990, 5490), lamp
    assert (lamp["stock"]["till"], lamp["stock"]["verdict"]) == ("4", "same")
    assert (await till.complete(claim, "4711")).status_code == 200
    await until(lambda: _reserves(bridge, client, []), 30.0)
    await _keep_once_and_not_for_ever(bridge, client)

    # An order that she picks up waits in Lyon until the shop says that she has it.
    buyer = bridge.shopper(client)
    await buyer.add(LAMP)
    await buyer.buy("Retrait en magasin")

    async def told(state: str) -> bool:
        found = await bridge.cart(buyer.cart_id)
        return found is not None and found["state"] == state

    await until(lambda: told("ordered"), 30.0)
    bought = await bridge.cart(buyer.cart_id)
    assert bought is not None
    assert bought["sale"]["fulfilment"] == {"kind": "pick_up", "store": LYON}
    order = (await client.get("/admin/orders", auth=admin)).json()["orders"][0]
    sent = f"/admin/orders/{order['id']}/fulfillments"
    items = [{"id": order["items"][0]["id"], "quantity": 1}]
    made = await client.post(
        sent, json={"items": items, "location_id": known["medusa-fr"]}, auth=admin
    )
    assert made.status_code == 200, made.text
    one = (await client.get(f"/admin/orders/{order['id']}?fields=*fulfillments", auth=admin)).json()
    number = one["order"]["fulfillments"][0]["id"]
    given = await client.post(f"{sent}/{number}/mark-as-delivered", json={}, auth=admin)
    assert given.status_code == 200, given.text
    await until(lambda: told("fulfilled"), 30.0)

    # Who has an account is found at the till without having bought there.
    late = bridge.shopper(client)
    await late.register("marc@example.fr")
    people = await client.get("/admin/customers?email=marc@example.fr", auth=admin)
    her_id = people.json()["customers"][0]["id"]
    shop = await directory.connections.get_by_slug(tenant, "medusa-fr")
    assert shop is not None

    async def listed() -> bool:
        await world.owner.execute(
            "update duty set due_at = '-infinity' where kind = 'reconcile' and lease_until is null"
        )
        cursor = await directory.connections.cursor(tenant, shop.id)
        return cursor is not None and cursor["customers"].endswith(her_id)

    await until(listed, 60.0)
    search = {"email": "marc@example.fr", "purpose": "advice"}
    answer = await till.call("POST", "/v1/pos/customers/search", search)
    assert (answer.status_code, answer.json()["found"]) == (200, 1), answer.text


async def _keep_once_and_not_for_ever(bridge: Bridge, client: httpx.AsyncClient) -> None:
    """One hold keeps all there is, however often it is told; its time over, it frees itself."""
    admin = httpx.BasicAuth(bridge.told["secret_key"], "")

    async def ask(name: str, seconds: int) -> str:
        until_then = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
        hold = {"name": name, "location": bridge.told["store_location"], "until": until_then}
        lines = [{"sku": LAMP, "quantity": 9}, {"sku": PLAID, "quantity": 1}]
        told = {**hold, "label": "WEB TEST", "lines": lines}
        answer = await client.post("/admin/cartbridge/holds", json=told, auth=admin)
        assert answer.status_code == 200, answer.text
        [held] = answer.json()["held"]  # plaids are not counted
        return str(held["quantity"])

    assert await asyncio.gather(*(ask("crt_1/one", 600) for _ in range(3))) == ["4"] * 3
    assert await ask("crt_2/other", 600) == "0"
    assert await _reserves(bridge, client, [4])
    release = {"name": "crt_1/one"}
    for _ in range(2):
        freed = await client.post("/admin/cartbridge/holds/release", json=release, auth=admin)
        assert freed.status_code == 200, freed.text
    assert await ask("crt_2/other", 2) == "4"
    await until(lambda: _reserves(bridge, client, []), 30.0)


async def _reserves(bridge: Bridge, client: httpx.AsyncClient, pieces: list[int]) -> bool:
    """Whether the shop holds just so many pieces in Lyon for carts of ours."""
    where = {"location_id": bridge.told["store_location"]}
    admin = httpx.BasicAuth(bridge.told["secret_key"], "")
    rows = (await client.get("/admin/reservations", params=where, auth=admin)).json()
    return [row["quantity"] for row in rows["reservations"]] == pieces


async def _product(client: httpx.AsyncClient, admin: httpx.BasicAuth, variant: str) -> str:
    found = await client.get(f"/admin/product-variants?id={variant}", auth=admin)
    return str(found.json()["variants"][0]["product_id"])


async def _arrived(
    bridge: Bridge, shopper: Shopper, wanted: dict[str, str], codes: list[str]
) -> bool:
    cart = await bridge.cart(shopper.cart_id)
    return cart is not None and shown(cart) == wanted and cart["codes"] == codes


async def _is_held(shopper: Shopper) -> bool:
    """Whether the shop keeps her from buying: an unpaid cart is refused otherwise as well."""
    answer = await shopper.call("POST", f"carts/{shopper.cart_id}/complete", {})
    return answer.status_code == 409


async def _holds(shopper: Shopper, wanted: dict[str, int]) -> bool:
    return await shopper.cart() == wanted
