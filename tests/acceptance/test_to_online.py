"""To online: a cart begun at a till goes on in a real shop, and both sides keep agreeing."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx
import pytest
import pytest_asyncio
from cartbridge_sandbox.misbehaviour import Misbehaviour
from cartbridge_sandbox.shop import Shop as SandboxShop

from cartbridge.domain.twin import TwinRef
from cartbridge.services.errand import Errand
from tests.acceptance.world import LAMP, Json, World, open_sandbox, refused, shown, until

pytestmark = pytest.mark.asyncio(loop_scope="module")
CONNECTION = "sandbox-shop"


@dataclass
class Device:
    """A browser in the shop, with the session it keeps."""

    browser: httpx.AsyncClient

    async def follow(self, url: str, gateway: httpx.AsyncClient) -> httpx.Response:
        """Opens the link on the ticket: the gateway's page leads to the shop, which joins."""
        page = await gateway.get(httpx.URL(url).path)
        assert page.status_code == 200
        onward = re.search(r'href="(http[^"]+/continue/[^"]+)"', page.text)
        assert onward is not None, page.text
        looked = await self.browser.get(onward.group(1))  # as a messenger's preview would
        assert looked.status_code == 200
        return await self.browser.post(onward.group(1))

    async def cart(self) -> Json:
        """Her cart in the shop."""
        answer = await self.browser.get("/cart")
        assert answer.status_code == 200
        cart: Json = answer.json()
        return cart

    async def add(self, sku: str, quantity: int = 1) -> httpx.Response:
        """Puts an article into her cart in the shop."""
        ref = (await self.cart())["ref"]
        line = {"sku": sku, "quantity": str(quantity)}
        return await self.browser.post(f"/carts/{ref}/lines", json=line)


@dataclass
class Scene:
    """The gateway and the shop beside it."""

    world: World
    shop: SandboxShop
    devices: list[Device] = field(default_factory=list)

    def device(self) -> Device:
        browser = httpx.AsyncClient(base_url=self.shop.url, trust_env=False, timeout=20)
        self.devices.append(Device(browser))
        return self.devices[-1]

    async def quiet(self) -> None:
        await self.world.quiet(self.shop)

    async def begun(self, *skus: str) -> Json:
        """A cart begun at a till in Lyon."""
        add = [{"item": {"sku": sku}, "quantity": "1"} for sku in skus or ("LAMP-OAK",)]
        answer = await self.world.till().call("POST", "/v1/pos/carts", {"add": add})
        assert answer.status_code == 201, answer.text
        cart: Json = answer.json()["cart"]
        return cart

    async def sent_home(self, cart: Json) -> str:
        """The link the till prints for it."""
        answer = await self.world.till().call(
            "POST", f"/v1/carts/{cart['id']}/handovers", {"direction": "to_online"}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["url"])

    async def at_home(self, *skus: str) -> tuple[Json, Device]:
        """A cart begun at a till, which goes on in a shopper's browser."""
        cart, device = await self.begun(*skus), self.device()
        joined = await device.follow(await self.sent_home(cart), self.world.client)
        assert joined.status_code == 303, joined.text
        await self.quiet()
        return cart, device

    async def change(self, cart: Json, **changes: Any) -> httpx.Response:
        return await self.world.till().call("PATCH", f"/v1/pos/carts/{cart['id']}", changes)

    async def add_at_till(self, cart: Json, sku: str, quantity: int = 1) -> None:
        added = [{"item": {"sku": sku}, "quantity": str(quantity)}]
        answer = await self.change(cart, add=added)
        assert answer.status_code == 200, answer.text

    async def reread(self, cart: Json) -> None:
        """What reconciliation does: each twin of the cart is read once more."""
        present = await self.world.cart(cart["id"])
        for twin in present["twins"]:
            ref = TwinRef(connection=CONNECTION, external_id=twin["external_id"])
            errand = Errand(cart["id"], "fetch", ref)
            await self.world.gateway.outbox.enqueue(
                await self.world.tenant(),
                errand.lane,
                errand.kind,
                errand.payload,
                document=cart["id"],
            )
        await self.quiet()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened(shared: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    async with open_sandbox(shared, tmp_path_factory.mktemp("sandbox")) as shop:
        yield Scene(shared, shop)


@pytest_asyncio.fixture(loop_scope="module")
async def scene(opened: Scene) -> AsyncIterator[Scene]:
    yield opened
    opened.shop.misbehave(Misbehaviour())
    while opened.devices:
        await opened.devices.pop().browser.aclose()


def rows(cart: Json) -> dict[str, Decimal]:
    """What the shop shows: how much of each article."""
    return {row["sku"]: Decimal(row["qty"]) for row in cart["rows"]}


def quantities(cart: Json) -> dict[str, Decimal]:
    """What the gateway shows: how much of each article."""
    found: dict[str, Decimal] = {}
    for row in cart["lines"]:
        sku = row["item"]["sku"]
        found[sku] = found.get(sku, Decimal(0)) + Decimal(row["quantity"]["value"])
    return found


async def test_a_cart_begun_at_the_till_is_exactly_in_the_guests_shop(scene: Scene) -> None:
    cart, device = await scene.at_home("LAMP-OAK", "BOOK-LIGHT")

    online = await device.cart()
    assert rows(online) == {"LAMP-OAK": 1, "BOOK-LIGHT": 1}
    present = await scene.world.cart(cart["id"])
    assert [twin["external_id"] for twin in present["twins"]] == [online["ref"]]
    assert present["twins"][0]["in_step"] is True
    assert shown(present) == {"LAMP-OAK": "1", "BOOK-LIGHT": "1"}


async def test_the_link_opened_five_times_finds_one_cart(scene: Scene) -> None:
    cart, device = await scene.begun(), scene.device()
    link = await scene.sent_home(cart)

    joined = [await device.follow(link, scene.world.client) for _ in range(5)]
    await scene.quiet()

    assert [answer.status_code for answer in joined] == [303] * 5
    assert rows(await device.cart()) == {"LAMP-OAK": 1}
    assert len((await scene.world.cart(cart["id"]))["twins"]) == 1
    assert (await scene.world.events_of(cart["id"])).count("cart.handover_joined") == 1


async def test_a_customer_finds_the_same_cart_on_her_second_device(scene: Scene) -> None:
    cart = await scene.begun()
    code = (await scene.sent_home(cart)).rpartition("/")[2]
    phone, laptop = scene.device(), scene.device()
    shop = scene.world.other_shop
    joined = []
    for device in (phone, laptop, phone):
        ref = (await device.cart())["ref"]
        await scene.quiet()
        body = {"code": code, "external_id": ref, "customer": {"external_id": "customer-7"}}
        joined.append(await shop.call("POST", "/v1/handovers/join", body))
    await scene.quiet()

    assert [answer.status_code for answer in joined] == [200] * 3
    assert {answer.json()["cart"]["id"] for answer in joined} == {cart["id"]}
    assert rows(await phone.cart()) == rows(await laptop.cart()) == {"LAMP-OAK": 1}
    await laptop.add("PLAID")
    await scene.quiet()
    assert rows(await phone.cart()) == {"LAMP-OAK": 1, "PLAID": 1}


async def test_a_stranger_is_refused_and_sees_nothing(scene: Scene) -> None:
    cart, device = await scene.begun(), scene.device()
    link = await scene.sent_home(cart)
    await device.follow(link, scene.world.client)
    await scene.quiet()
    stranger = scene.device()
    await stranger.cart()
    await scene.quiet()

    async with scene.world.nothing_written():
        answer = await stranger.follow(link, scene.world.client)
        direct = await scene.world.other_shop.call(
            "POST",
            "/v1/handovers/join",
            {
                "code": link.rpartition("/")[2],
                "external_id": (await stranger.cart())["ref"],
                "customer": {"external_id": "somebody-else"},
            },
        )

    assert answer.status_code == 409
    assert LAMP["title"] not in answer.text
    problem = refused(direct, 409, "code_bound")
    assert "cart" not in problem
    assert rows(await stranger.cart()) == {}


async def test_what_lay_in_her_shop_cart_stays_and_is_added(scene: Scene) -> None:
    device = scene.device()
    await device.add("PLAID", 2)
    await device.add("LAMP-OAK", 1)
    await scene.quiet()
    cart = await scene.begun("LAMP-OAK", "BOOK-LIGHT")

    joined = await device.follow(await scene.sent_home(cart), scene.world.client)
    await scene.quiet()

    assert joined.status_code == 303
    expected = {"LAMP-OAK": 2, "BOOK-LIGHT": 1, "PLAID": 2}
    assert rows(await device.cart()) == expected
    assert quantities(await scene.world.cart(cart["id"])) == expected


async def test_edits_on_both_sides_add_up(scene: Scene) -> None:
    cart, device = await scene.at_home("LAMP-OAK")

    await scene.add_at_till(cart, "LAMP-OAK", 2)
    await device.add("LAMP-OAK", 3)
    await device.add("CUSHION", 1)
    await scene.add_at_till(cart, "PLAID", 1)
    await scene.quiet()

    expected = {"LAMP-OAK": 6, "CUSHION": 1, "PLAID": 1}
    assert rows(await device.cart()) == expected
    assert quantities(await scene.world.cart(cart["id"])) == expected


async def test_a_removal_on_one_side_reaches_the_other(scene: Scene) -> None:
    cart, device = await scene.at_home("LAMP-OAK", "BOOK-LIGHT")
    ref = (await device.cart())["ref"]
    book = next(x["id"] for x in cart["lines"] if x["item"]["sku"] == "BOOK-LIGHT")

    await device.browser.delete(f"/carts/{ref}/lines/LAMP-OAK")
    await scene.quiet()
    assert quantities(await scene.world.cart(cart["id"])) == {"BOOK-LIGHT": 1}
    await scene.change(cart, remove=[book])
    await scene.quiet()

    assert rows(await device.cart()) == {}


async def test_while_a_till_holds_the_cart_the_shops_checkout_waits_and_then_goes_on(
    scene: Scene,
) -> None:
    cart, device = await scene.at_home()
    ref = (await device.cart())["ref"]
    claim = (await scene.world.till().claim(cart=cart["id"])).json()
    await scene.quiet()

    stopped = await device.browser.post(f"/carts/{ref}/checkout", headers={"Accept-Language": "fr"})
    assert stopped.status_code == 409
    assert "Lyon Part-Dieu" in stopped.json()["detail"]
    await scene.world.till().act(claim, "release")
    await scene.quiet()

    assert (await device.browser.post(f"/carts/{ref}/checkout")).status_code == 200


async def test_she_buys_online_what_was_begun_at_the_till(scene: Scene) -> None:
    cart, device = await scene.at_home()
    ref = (await device.cart())["ref"]

    ordered = await device.browser.post(f"/carts/{ref}/order")
    await scene.quiet()

    assert ordered.status_code == 201
    bought = await scene.world.cart(cart["id"])
    assert bought["state"] == "ordered"
    assert bought["sale"]["order_number"] == ordered.json()["order_number"]


async def test_what_the_shop_refuses_is_shown_and_not_asked_for_over_and_over(
    scene: Scene,
) -> None:
    cart, device = await scene.at_home()
    await scene.add_at_till(cart, "VASE-BLUE", 3)
    await scene.quiet()

    online = await device.cart()
    assert rows(online) == {"LAMP-OAK": 1, "VASE-BLUE": 1}
    twin = (await scene.world.cart(cart["id"]))["twins"][0]
    assert twin["refused"] == ["VASE-BLUE"]
    assert quantities(await scene.world.cart(cart["id"]))["VASE-BLUE"] == 3

    async with scene.world.nothing_written():
        await scene.quiet()
    assert (await device.cart())["rev"] == online["rev"]

    await scene.add_at_till(cart, "BOOK-LIGHT", 1)  # another wish does not wake the old refusal
    await scene.quiet()
    assert rows(await device.cart()) == {"LAMP-OAK": 1, "VASE-BLUE": 1, "BOOK-LIGHT": 1}
    assert (await device.cart())["rev"] == online["rev"] + 1


MISBEHAVIOUR: list[Json] = [
    {"lose": 0.5},
    {"duplicate": 1.0},
    {"reorder": 1.0},
    {"slow": 0.15},
    {"lost_answer": 0.5},
    {"late_write": 0.5, "late_after": 0.2},
    {"lose": 0.2, "duplicate": 0.3, "reorder": 0.5, "lost_answer": 0.3, "late_write": 0.2},
]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("switches", MISBEHAVIOUR, ids=lambda one: "+".join(one))
async def test_however_the_shop_misbehaves_nothing_is_lost_or_doubled(
    scene: Scene, switches: Json, seed: int
) -> None:
    cart, device = await scene.at_home("LAMP-OAK")
    expected = {"LAMP-OAK": 1, "PLAID": 0, "BOOK-LIGHT": 0}
    told = {"late_after": 0.2, **switches, "seed": seed}
    scene.shop.misbehave(Misbehaviour.model_validate(told))

    for step in range(6):
        sku = list(expected)[step % 3]
        await scene.add_at_till(cart, sku, 1)
        await device.add(sku, 2)
        expected[sku] += 3
    scene.shop.misbehave(Misbehaviour())
    await scene.quiet()
    await scene.reread(cart)

    async def agree() -> bool:
        await scene.quiet()
        return rows(await device.cart()) == quantities(await scene.world.cart(cart["id"]))

    await until(agree, 20.0)
    assert quantities(await scene.world.cart(cart["id"])) == expected
    assert (await scene.world.cart(cart["id"]))["twins"][0]["in_step"] is True


async def test_the_same_edits_by_copying_the_newest_cart_would_lose_some(scene: Scene) -> None:
    """The negative control: without shadows, last write wins and an edit is gone."""
    _, device = await scene.at_home("LAMP-OAK")
    seen = rows(await device.cart())
    await device.add("LAMP-OAK", 2)

    ref = (await device.cart())["ref"]
    naive = seen["LAMP-OAK"] + 1  # what the till saw, plus one
    await device.browser.patch(f"/carts/{ref}/lines/LAMP-OAK", json={"quantity": str(naive)})

    assert rows(await device.cart())["LAMP-OAK"] == 2  # 1 + 2 + 1 would be right
