"""Every shop with every till system: a cart goes there, is sold, and one begun there goes home.

The platforms are the fakes that each connector is proven on; the gateway between them is real.
"""

import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from cartbridge import app
from cartbridge.domain.ids import uuid_of
from cartbridge.sdk.documents import Item, TwinRef
from cartbridge.sdk.observations import Hint
from cartbridge.services.add_connection import add_connection
from cartbridge.services.apply_observation import apply_observation
from cartbridge.services.observe_twin import Cause
from cartbridge.testing.platform import Platform
from tests.acceptance.vendors import Vendor, shops, tills
from tests.acceptance.world import Caller, Json, Till, World, open_world, until

LYON = "lyon-part-dieu"
PAIRS = [
    pytest.param(shop, till, id=f"{shop.name}-{till.name}")
    for shop in shops()
    for till in tills()
    if shop.name != till.name  # one database with itself has one address
]


@dataclass
class Street:
    """A shop and a store's tills, and the gateway between them."""

    world: World
    shop: Vendor
    till: Vendor
    web: Platform
    store: Platform
    shopper: Caller
    cashier: Till

    async def look(self, side: str, external_id: str) -> None:
        """The gateway is told that something changed there, and reads it."""
        link = await self.world.gateway.connectors.by_name(await self.world.tenant(), side)
        assert link is not None
        kind = self.web.kind if side == "shop" else self.store.kind
        seen = Hint(kind=kind, external_id=external_id)
        await apply_observation(self.world.gateway, link, seen, Cause(command=uuid.uuid4()))
        await self.world.settled()

    async def cart(self, side: str, external_id: str) -> Json:
        """The gateway's cart behind one of theirs."""
        kind = self.web.kind if side == "shop" else self.store.kind
        found = await self.world.operator.get(
            "/v1/carts", connection=side, external_id=external_id, kind=kind
        )
        assert found.status_code == 200, found.text
        (cart,) = found.json()["items"]
        whole: Json = cart
        return whole

    def sold_by(self, platform: Platform, cart: Json) -> None:
        """The other side sells the articles of a cart as well, at the same price."""
        for line in cart["lines"]:
            told = line["item"]
            item = Item(sku=told["sku"], gtin=told["gtin"], title=told["title"])
            platform.sell_also(item, line["unit_price"])


async def first_look(world: World, vendor: Vendor, name: str) -> None:
    """What is there at the very first look is imported; what these stories tell comes after it."""
    tenant = await world.tenant()

    async def looked() -> bool:
        return await world.gateway.directory.connections.cursor(tenant, name) is not None

    if "changed_since" in vendor.able:
        await until(looked)


def pieces(basket: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """How much of each SKU, whatever the platform's keys begin with."""
    return {key.removeprefix("sku:"): amount for key, amount in basket.items()}


def together(*baskets: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """All of them in one."""
    whole: dict[str, Decimal] = {}
    for basket in baskets:
        for key, amount in pieces(basket).items():
            whole[key] = whole.get(key, Decimal(0)) + amount
    return whole


@pytest.fixture
async def street(
    dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    shop: Vendor,
    till: Vendor,
) -> AsyncIterator[Street]:
    web, store = shop.platform(), till.platform()
    places = dict.fromkeys(shop.hosts, web) | dict.fromkeys(till.hosts, store)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host not in places:
            raise httpx.ConnectError("nobody is there", request=request)
        return places[request.url.host].handle(request)

    transport = httpx.MockTransport(answer)
    monkeypatch.setattr(app, "make_client", lambda reach: httpx.AsyncClient(transport=transport))
    try:
        async with open_world(dsn, tmp_path) as world:
            yield await opened(world, shop, till, web, store)
    finally:
        web.close()
        store.close()


async def opened(
    world: World, shop: Vendor, till: Vendor, web: Platform, store: Platform
) -> Street:
    """Both are connected, and the first till of Lyon is one of that system."""
    tenant, directory = await world.tenant(), world.gateway.directory
    added = await add_connection(world.gateway, tenant, "shop", shop.name, shop.settings)
    counted = await add_connection(
        world.gateway, tenant, "tills", till.name, till.settings, channel="till"
    )
    _, key = await directory.keys.issue(tenant, "shop", "shop", connection=uuid_of(added.id))
    cashier = world.till()
    terminal = await directory.terminals.get(tenant, cashier.id)
    place = await directory.stores.get(tenant, LYON)
    assert terminal is not None
    assert place is not None
    names = {"tills": store.terminal or "1"}
    await directory.terminals.update(tenant, terminal.model_copy(update={"external_ids": names}))
    names = {"tills": store.store or "1"}
    await directory.stores.update(tenant, place.model_copy(update={"external_ids": names}))
    await first_look(world, shop, added.id)
    await first_look(world, till, counted.id)
    return Street(world, shop, till, web, store, Caller(world.client, key), cashier)


async def offered(street: Street, cart: str, direction: str) -> Json:
    """A code for the other side, made at the till."""
    made = await street.cashier.call(
        "POST", f"/v1/carts/{cart}/handovers", {"direction": direction}
    )
    assert made.status_code == 201, made.text
    offer: Json = made.json()
    return offer


@pytest.mark.parametrize(("shop", "till"), PAIRS)
async def test_a_web_cart_is_sold_at_the_till(street: Street) -> None:
    """Same pieces, same total to the cent or a price said to differ; then the web cart is empty."""
    name = street.web.new_cart()
    wanted = pieces(street.web.basket(name))
    await street.look("shop", name)
    cart = await street.cart("shop", name)
    street.sold_by(street.store, cart)

    offer = await offered(street, cart["id"], "to_store")
    claim = (await street.cashier.claim(code=offer["code"])).json()

    async def on_screen() -> bool:
        return len(street.store.placed()) == 1

    await until(on_screen)
    await street.world.settled()
    (ticket,) = street.store.placed()
    assert pieces(street.store.basket(ticket)) == wanted
    if "freeze" in street.shop.able:
        assert street.web.is_frozen(name)

    shown = await street.till.shows(
        street.store, TwinRef(connection="tills", kind="till_order", external_id=ticket)
    )
    till_total = sum(row.prices.total or 0 for row in shown.lines)
    if till_total != cart["totals"]["total"] - cart["totals"]["shipping"]:
        assert claim["drift"]["verdict"] == "different"

    street.store.sell(ticket)
    await street.look("tills", ticket)
    sold = await street.world.in_state(cart["id"], "fulfilled")
    assert sum(row["total"] for row in sold["sale"]["lines"]) == till_total
    assert sold["sale"]["remainder"] is None
    await street.world.quiet()
    assert pieces(street.web.basket(name)) == {}
    if "freeze" in street.shop.able:
        assert not street.web.is_frozen(name)


@pytest.mark.parametrize(("shop", "till"), PAIRS)
async def test_a_cart_begun_at_the_till_goes_on_at_home(street: Street) -> None:
    """It joins what she already had in the shop; what she adds there comes back to the gateway."""
    ticket = street.store.new_cart()
    await street.look("tills", ticket)
    cart = await street.cart("tills", ticket)
    street.sold_by(street.web, cart)

    own = street.web.new_cart()
    await street.look("shop", own)
    street.sold_by(street.store, await street.cart("shop", own))
    both = together(street.web.basket(own), street.store.basket(ticket))
    offer = await offered(street, cart["id"], "to_online")
    joined = await street.shopper.call(
        "POST", "/v1/handovers/join", {"code": offer["code"], "external_id": own}
    )
    assert joined.status_code == 200, joined.text
    await street.look("shop", own)
    await street.world.quiet()
    assert pieces(street.web.basket(own)) == both
    if street.till.suite.connector.manifest.writes != "none":
        assert pieces(street.store.basket(ticket)) == both

    street.web.edit(own)
    await street.look("shop", own)
    now = await street.world.cart(cart["id"])
    assert sum(Decimal(row["quantity"]["value"]) for row in now["lines"]) == sum(both.values()) + 1
