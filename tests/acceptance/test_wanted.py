"""What a person should be told leaves for the retailer's own mailing tool, with her link."""

from typing import Any

import pytest

from tests.acceptance.world import LAMP, PLAID, Json, World, line, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANNA = {"external_id": "u-77", "email": "anna@example.org", "first_name": "Anna"}


async def wanted_of(world: World, cart: str) -> list[Json]:
    """The messages wanted about a cart, as an operator's system reads them."""
    feed = await world.operator.get("/v1/events", types="message.wanted", limit="1000")
    assert feed.status_code == 200, feed.text
    return [event for event in feed.json()["items"] if event["subject"] == cart]


async def bought_in_part(world: World, name: str, **more: Any) -> Json:
    """What is left of a cart of which a till sold one of two articles."""
    shop, till = world.shop, world.till()
    await shop.snapshot(name, line(LAMP), line(PLAID), customer=ANNA, **more)
    await world.settled()
    cart = await shop.cart(name)
    assert cart is not None
    claim = (await till.claim(cart=cart["id"])).json()
    lamp = claim["cart"]["lines"][0]["id"]
    sold = await till.complete(claim, f"R-{name}", lines=[{"line": lamp, "quantity": "1"}])
    rest: Json = sold.json()["remainder"]
    await world.settled()
    return rest


async def test_she_who_agreed_is_told_what_waits_for_her_and_the_link_opens_it(
    shared: World,
) -> None:
    rest = await bought_in_part(shared, "told", consent={"marketing": True}, locale="fr-FR")

    (told,) = await wanted_of(shared, rest["id"])

    message = told["data"]
    assert message["template"] == "remainder_waiting"
    assert (message["channel"], message["to"]["email"]) == ("email", "anna@example.org")
    assert (message["locale"], message["consent"]) == ("fr-FR", "marketing")
    page = await shared.client.get("/c/" + message["url"].rpartition("/")[2])
    assert page.status_code == 200
    assert "Plaid" in page.text


@pytest.mark.parametrize("consent", [{}, {"marketing": False}, {"analytics": True}])
async def test_she_who_did_not_is_left_alone(shared: World, consent: Json) -> None:
    name = f"silent-{len(consent)}-{'analytics' in consent}"
    rest = await bought_in_part(shared, name, consent=consent)

    assert await wanted_of(shared, rest["id"]) == []


async def test_a_cart_that_was_left_is_told_of_once(shared: World) -> None:
    await shared.shop.snapshot("left", line(LAMP), customer=ANNA, consent={"marketing": True})
    await shared.settled()
    cart = await shared.shop.cart("left")
    assert cart is not None

    shared.clock.move(days=15)
    try:
        await shared.owner.execute("update view set due_at = now() where due_at is not null")
        await shared.in_state(cart["id"], "abandoned")
    finally:
        shared.clock.move(days=-15)

    async def told() -> bool:
        return len(await wanted_of(shared, cart["id"])) == 1

    await until(told)
    facts = await shared.events_of(cart["id"])
    assert facts[-2:] == ["cart.abandoned", "message.wanted"]


async def test_neither_her_address_nor_her_link_lies_open_in_the_database(shared: World) -> None:
    rest = await bought_in_part(shared, "sealed", consent={"marketing": True})
    (told,) = await wanted_of(shared, rest["id"])

    secret = told["data"]["url"].rpartition("/")[2].encode()
    rows = await shared.owner.fetch("select body from event where type = 'message.wanted'")

    assert rows
    for row in rows:
        assert b"anna@example.org" not in row["body"]
        assert secret not in row["body"]
