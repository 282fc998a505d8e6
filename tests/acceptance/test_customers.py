"""Customers: one identity on every channel, by strong signals only."""

import uuid

import pytest

from cartbridge.domain.ids import is_id
from tests.acceptance.world import BOOK, LAMP, World, line

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADD = [{"item": {"sku": "LAMP-OAK"}, "quantity": "1"}]


def somebody() -> dict[str, str]:
    """A person nobody has met."""
    name = uuid.uuid4().hex[:12]
    digits = str(int(name, 16))[-8:].zfill(8)
    return {
        "external_id": f"web-{name}",
        "email": f"{name}@example.test",
        "phone": f"06{digits}",
        "loyalty_number": f"ML-{name}",
    }


async def seen(world: World, customer: dict[str, str], name: str | None = None) -> dict[str, str]:
    """The customer of a web cart that the demo shop tells, as the gateway knows her."""
    name = name or f"web-{uuid.uuid4().hex[:12]}"
    assert (await world.shop.snapshot(name, line(LAMP), customer=customer)).is_success
    await world.settled()
    cart = await world.shop.cart(name)
    assert cart is not None
    found: dict[str, str] = cart["customer"]
    return found


async def begun(world: World, customer: dict[str, str]) -> dict[str, str]:
    """The customer of a cart begun in a store, as the gateway knows her."""
    made = await world.till().call("POST", "/v1/pos/carts", {"add": ADD, "customer": customer})
    assert made.status_code == 201, made.text
    found: dict[str, str] = made.json()["cart"]["customer"]
    return found


async def test_she_is_one_person_in_the_shop_and_in_the_store(shared: World) -> None:
    zoe = somebody()
    web = await seen(shared, zoe)
    assert is_id(web["id"], "cus")

    by_mail = await begun(shared, {"email": f" {zoe['email'].upper()} "})
    by_phone = await begun(shared, {"phone": "+33" + zoe["phone"][1:]})
    by_card = await begun(shared, {"loyalty_number": zoe["loyalty_number"].lower()})
    again = await seen(shared, {"external_id": zoe["external_id"], "first_name": "Zoé"})

    assert {one["id"] for one in (by_mail, by_phone, by_card, again)} == {web["id"]}
    found = (await shared.operator.get("/v1/carts", customer=web["id"])).json()["items"]
    assert len(found) == 5
    assert {one["customer"]["id"] for one in found} == {web["id"]}


async def test_nobody_is_taken_for_somebody_else(shared: World) -> None:
    zoe, max_ = somebody(), somebody()
    first = (await seen(shared, zoe))["id"]
    second = (await seen(shared, max_))["id"]
    assert first != second

    # He logs in with his account and leaves her address: he stays who he is, and so does she.
    mixed = await seen(shared, {"external_id": max_["external_id"], "email": zoe["email"]})
    assert mixed["id"] == second
    assert (await begun(shared, {"email": zoe["email"]}))["id"] == first
    # A name is no identity, and an id that a shop tells is not believed.
    assert (await begun(shared, {"first_name": "Zoé"}))["id"] is None
    assert (await seen(shared, {"first_name": "Zoé", "id": first}))["id"] is None


async def test_a_cart_learns_whose_it_is_when_it_is_changed_or_joined(shared: World) -> None:
    zoe = somebody()
    known = (await seen(shared, zoe))["id"]
    cart = (await shared.till().call("POST", "/v1/pos/carts", {"add": ADD})).json()["cart"]
    path = f"/v1/pos/carts/{cart['id']}"
    changed = await shared.till().call("PATCH", path, {"customer": {"email": zoe["email"]}})
    assert changed.json()["cart"]["customer"]["id"] == known

    other = (await shared.till().call("POST", "/v1/pos/carts", {"add": ADD})).json()["cart"]
    home = f"/v1/carts/{other['id']}/handovers"
    offer = (await shared.till().call("POST", home, {"direction": "to_online"})).json()
    body = {
        "code": offer["code"],
        "external_id": f"web-{uuid.uuid4().hex[:12]}",
        "customer": {"external_id": zoe["external_id"]},
    }
    joined = await shared.shop.call("POST", "/v1/handovers/join", body)
    assert joined.json()["cart"]["customer"]["id"] == known


async def test_a_shop_that_tells_her_again_adds_no_fact(shared: World) -> None:
    zoe, name = somebody(), f"web-{uuid.uuid4().hex[:12]}"
    await seen(shared, zoe, name)
    cart = await shared.shop.cart(name)
    assert cart is not None
    before = await shared.events_of(cart["id"])

    await shared.shop.snapshot(name, line(LAMP), line(BOOK), revision=2, customer=zoe)
    await shared.settled()

    added = (await shared.events_of(cart["id"]))[len(before) :]
    assert added
    assert "cart.customer_identified" not in added
