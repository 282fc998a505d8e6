"""The bridge on a real Vendure shop: a cart crosses to a till and back, with nothing faked."""

from typing import Any

import pytest

from tests.acceptance.world import shown, until
from tests.platforms.bridge import Bridge, drift_with
from tests.platforms.vendure_shop import Shopper

pytestmark = [pytest.mark.platform, pytest.mark.slow, pytest.mark.timeout(400)]

LAMP, PULL, BOOK = "LAMPE-CHENE-40", "PULL-M-MARINE", "LIVRE-CUISINE"


async def filled(bridge: Bridge, shopper: Shopper) -> dict[str, Any]:
    """Three articles, one of them twice, and a coupon; the cart as the gateway has it."""
    for sku in (LAMP, PULL, BOOK):
        await shopper.add(sku)
    await shopper.change(LAMP, 2)
    await shopper.use_code("BIENVENUE10")
    code = await shopper.order_code()
    assert code is not None

    async def arrived() -> bool:
        cart = await bridge.cart(code)
        return (
            cart is not None
            and shown(cart) == {LAMP: "2", PULL: "1", BOOK: "1"}
            and cart["codes"] == ["BIENVENUE10"]
        )

    await until(arrived)
    cart = await bridge.cart(code)
    assert cart is not None
    return cart


async def test_a_cart_crosses_from_the_shop_to_a_till_and_what_is_left_goes_home(
    bridge: Bridge,
) -> None:
    world, claire = bridge.world, bridge.shopper()
    await bridge.count_lyon_as("1")  # the shop's own stock location
    cart = await filled(bridge, claire)
    assert cart["totals"]["discounts"] > 0

    # Her own pass, from the shop's page; no key reached her browser.
    phone = await claire.my_pass()
    page = await world.client.get(phone["passUrl"].removeprefix(world.gateway.public_url))
    assert page.status_code == 200
    short = phone["shortCode"]

    # A till in Lyon takes it; the shop's checkout refuses, and says why.
    till = world.till()
    claimed = await till.claim(short_code=short)
    if claimed.status_code != 201:  # the page above made a newer code, which is shown there
        claimed = await till.claim(cart=cart["id"])
    claim = claimed.json()
    assert claim["stale"] is False
    assert {row["line"] for row in claim["drift"]["lines"]} == {
        row["id"] for row in claim["cart"]["lines"]
    }

    # The till is told what the shop asks by now, and what it counts: books it does not.
    known = await drift_with(till, claim, LAMP)
    online = {sku: row["online"]["now"] for sku, row in known.items()}
    assert online == {LAMP: 4990, PULL: 8990, BOOK: 2500}
    stock = {sku: row["stock"]["till"] for sku, row in known.items()}
    assert stock == {LAMP: "25", PULL: "25", BOOK: None}

    async def frozen() -> bool:
        order = await claire.ask("{ activeOrder { cartbridge { message } } }")
        return order["activeOrder"]["cartbridge"]["message"] is not None

    await until(frozen)
    await claire.be_guest("ada@example.fr")
    refused = await claire.check_out()
    assert refused["__typename"] == "OrderStateTransitionError"
    assert "Lyon Part-Dieu" in refused["transitionError"]

    # Two of three are sold, one more is added; the rest is at home, and nothing else.
    by_sku = {row["item"]["sku"]: row["id"] for row in claim["cart"]["lines"]}
    sold = await till.complete(
        claim,
        "4711",
        lines=[
            {"line": by_sku[LAMP], "quantity": "2"},
            {"line": by_sku[BOOK], "quantity": "1"},
        ],
        extra_lines=[{"item": {"gtin": "3760123451048"}, "quantity": "1", "unit_price": 2790}],
    )
    assert sold.status_code == 200, sold.text
    assert shown(sold.json()["remainder"]) == {PULL: "1"}
    await until(lambda: _holds(claire, {PULL: 1}))

    # The ticket is cancelled: the lines are back, also at home. Sold again; one comes back.
    voided = await till.call("POST", "/v1/pos/sales/4711/void", {})
    whole = voided.json()["cart"]
    await until(lambda: _holds(claire, {LAMP: 2, PULL: 1, BOOK: 1}))
    again = (await till.claim(cart=whole["id"])).json()
    lamp = next(x["id"] for x in again["cart"]["lines"] if x["item"]["sku"] == LAMP)
    resold = await till.complete(again, "4712", lines=[{"line": lamp, "quantity": "2"}])
    assert resold.json()["conflict"] is False
    await until(lambda: _holds(claire, {PULL: 1, BOOK: 1}))
    back = await till.call(
        "POST",
        "/v1/pos/returns",
        {"receipt_number": "4712", "lines": [{"line": lamp, "quantity": "1"}]},
    )
    assert back.json()["cart"]["sale"]["lines"][0]["returned"] == "1"
    await world.settled()
    free = await claire.check_out()  # nothing holds her cart any more
    assert free["__typename"] == "Order", free


async def test_a_cart_begun_in_the_store_is_found_once_in_her_account_on_both_devices(
    bridge: Bridge,
) -> None:
    world = bridge.world
    till = world.till()
    begun = await till.call(
        "POST",
        "/v1/pos/carts",
        {
            "add": [
                {"item": {"sku": LAMP, "title": "Lampe chêne"}, "quantity": "1"},
                {"item": {"sku": BOOK, "title": "Livre de cuisine"}, "quantity": "3"},
            ]
        },
    )
    cart = begun.json()["cart"]
    offer = await till.call("POST", f"/v1/carts/{cart['id']}/handovers", {"direction": "to_online"})
    code = offer.json()["code"]
    link = await world.client.get(f"/h/{code}")
    assert f"/cartbridge/continue/{code}" in link.text

    phone, laptop, stranger = (bridge.shopper() for _ in range(3))
    await phone.log_in("claire@example.fr")
    joined = await phone.join(code)
    assert joined["__typename"] == "CartbridgeJoined", joined
    await until(lambda: _holds(phone, {LAMP: 1, BOOK: 3}))

    for _ in range(2):  # however often the link is opened
        assert (await phone.join(code))["orderCode"] == joined["orderCode"]
    await laptop.log_in("claire@example.fr")
    assert (await laptop.join(code))["orderCode"] == joined["orderCode"]
    await world.settled()
    assert await laptop.cart() == {LAMP: 1, BOOK: 3}
    assert await phone.cart() == {LAMP: 1, BOOK: 3}

    await stranger.log_in("marc@example.fr")
    refused = await stranger.join(code)
    assert refused["reason"] == "BOUND_TO_SOMEONE_ELSE"
    assert not await stranger.cart()
    found = await bridge.cart(joined["orderCode"])
    assert found is not None
    assert found["id"] == cart["id"]


async def test_lines_she_already_had_stay_and_the_carts_become_one(bridge: Bridge) -> None:
    world, claire = bridge.world, bridge.shopper()
    await claire.log_in("claire@example.fr")
    await claire.add(PULL)
    till = world.till()
    begun = await till.call(
        "POST",
        "/v1/pos/carts",
        {"add": [{"item": {"sku": LAMP, "title": "Lampe chêne"}, "quantity": "1"}]},
    )
    offer = await till.call(
        "POST",
        f"/v1/carts/{begun.json()['cart']['id']}/handovers",
        {"direction": "to_online"},
    )

    joined = await claire.join(offer.json()["code"])

    assert joined["__typename"] == "CartbridgeJoined", joined
    await until(lambda: _holds(claire, {PULL: 1, LAMP: 1}))


async def test_a_guest_cart_that_the_shop_joins_at_log_in_is_counted_once(
    bridge: Bridge,
) -> None:
    world, at_home, on_phone = bridge.world, bridge.shopper(), bridge.shopper()
    await at_home.log_in("claire@example.fr")
    await at_home.add(PULL)
    await on_phone.add(LAMP, 2)
    guest = await on_phone.order_code()
    assert guest is not None

    await on_phone.log_in("claire@example.fr")

    assert await on_phone.cart() == {PULL: 1, LAMP: 2}
    account = await on_phone.order_code()
    assert account is not None

    async def one() -> bool:
        cart, old = await bridge.cart(account), await bridge.cart(guest)
        return (
            cart is not None
            and old is not None
            and shown(cart) == {PULL: "1", LAMP: "2"}
            and old["id"] == cart["id"]
        )

    await until(one)
    await world.settled()
    assert await on_phone.cart() == {PULL: 1, LAMP: 2}


async def _holds(shopper: Shopper, wanted: dict[str, int]) -> bool:
    return await shopper.cart() == wanted
