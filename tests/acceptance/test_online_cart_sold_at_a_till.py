"""A shopper's online cart is pulled at a till, sold in part, and carries on at home."""

from cartbridge.domain.ids import uuid_of
from tests.acceptance.world import BOOK, CUSHION, LAMP, PLAID, Json, World, flaws, line, shown


async def offered(world: World) -> tuple[Json, Json]:
    """Her cart of three articles, and the code on her phone."""
    shop = world.shop
    await shop.snapshot("web-1", line(LAMP), revision=1)
    await shop.snapshot("web-1", line(LAMP, 2), line(BOOK), line(PLAID), revision=2, codes=["NOEL"])
    await world.settled()
    cart = await shop.cart("web-1")
    assert cart is not None
    return cart, await shop.offer(cart["id"])


async def test_each_change_online_is_in_the_cart(world: World) -> None:
    cart, _ = await offered(world)

    assert shown(cart) == {"LAMP-OAK": "2", "BOOK-LIGHT": "1", "PLAID": "1"}
    assert cart["codes"] == ["NOEL"]
    assert cart["totals"]["total"] == 2 * 4990 + 1900 + 7900


async def test_a_till_takes_the_cart_by_its_code_and_sees_each_line_and_the_drift(
    world: World,
) -> None:
    cart, offer = await offered(world)

    claimed = await world.till().claim(code=offer["url"])

    assert claimed.status_code == 201, claimed.text
    claim = claimed.json()
    assert claim["cart"]["id"] == cart["id"]
    assert claim["cart"]["state"] == "claimed"
    assert claim["stale"] is False
    assert 800 < claim["lease_seconds_left"] <= 900
    assert [row["unit_price"]["verdict"] for row in claim["drift"]["lines"]] == ["same"] * 3


async def test_what_was_sold_is_bought_and_the_rest_is_a_cart_of_its_own(world: World) -> None:
    cart, offer = await offered(world)
    till = world.till()
    claim = (await till.claim(short_code=offer["short_code"])).json()
    lamp, book, _ = claim["cart"]["lines"]

    sold = await till.complete(
        claim,
        "4711",
        lines=[
            {"line": lamp["id"], "quantity": "2", "unit_price": 4500},
            {"line": book["id"], "quantity": "1"},
        ],
        extra_lines=[{"item": {"gtin": CUSHION["gtin"]}, "quantity": "1", "unit_price": 3490}],
    )

    assert sold.status_code == 200, sold.text
    answer = sold.json()
    assert answer["conflict"] is False
    assert answer["cart"]["state"] == "fulfilled"
    assert answer["cart"]["sale"]["receipt_number"] == "4711"
    assert [row["assumed"] for row in answer["cart"]["sale"]["lines"]] == [False, True, False]
    assert answer["remainder"]["parent"] == cart["id"]
    assert shown(answer["remainder"]) == {"PLAID": "1"}


async def test_a_change_at_home_while_the_till_holds_the_cart_reaches_the_remainder(
    world: World,
) -> None:
    _, offer = await offered(world)
    till = world.till()
    claim = (await till.claim(code=offer["code"])).json()
    await world.shop.snapshot(
        "web-1", line(LAMP, 2), line(BOOK), line(PLAID, 3), revision=3, codes=["NOEL"]
    )
    await world.settled()
    lamp, book, _ = claim["cart"]["lines"]

    await till.complete(
        claim,
        "4711",
        lines=[{"line": lamp["id"], "quantity": "2"}, {"line": book["id"], "quantity": "1"}],
    )
    await world.settled()

    rest = await world.shop.cart("web-1")
    assert rest is not None
    assert shown(rest) == {"PLAID": "3"}


async def test_a_cancelled_ticket_gives_its_lines_back_and_they_can_be_sold_again(
    world: World,
) -> None:
    _, offer = await offered(world)
    till = world.till()
    claim = (await till.claim(code=offer["code"])).json()
    lamp = claim["cart"]["lines"][0]
    await till.complete(claim, "4711", lines=[{"line": lamp["id"], "quantity": "2"}])

    voided = await till.call("POST", "/v1/pos/sales/4711/void", {})

    assert voided.status_code == 200, voided.text
    whole = voided.json()["cart"]
    assert shown(whole) == {"BOOK-LIGHT": "1", "PLAID": "1", "LAMP-OAK": "2"}
    again = (await till.claim(cart=whole["id"])).json()
    sold = await till.complete(again, "4712")
    assert sold.json()["cart"]["state"] == "fulfilled"
    assert sold.json()["remainder"] is None


async def test_goods_come_back_with_their_quantities_until_all_are_back(world: World) -> None:
    _, offer = await offered(world)
    till = world.till()
    claim = (await till.claim(code=offer["code"])).json()
    await till.complete(claim, "4711")
    back = {"receipt_number": "4711", "lines": [{"gtin": LAMP["gtin"], "quantity": "1"}]}

    once = await till.call("POST", "/v1/pos/returns", back)
    twice = await till.call("POST", "/v1/pos/returns", back)
    before = await world.event_count()
    too_many = await till.call("POST", "/v1/pos/returns", back)

    assert once.json()["cart"]["state"] == "fulfilled"
    assert twice.json()["cart"]["sale"]["lines"][0]["returned"] == "2"
    assert too_many.status_code == 409
    assert too_many.json()["code"] == "return_exceeds_sale"
    assert await world.event_count() == before


async def test_the_timeline_tells_all_of_it_in_words(world: World) -> None:
    cart, offer = await offered(world)
    till = world.till()
    claim = (await till.claim(code=offer["code"])).json()
    await till.complete(claim, "4711")

    told = await till.get(f"/v1/carts/{cart['id']}/timeline", locale="fr")

    sentences = " | ".join(entry["text"] for entry in told.json()["items"]).replace("\xa0", " ")
    assert "Lyon Part-Dieu, caisse 1 : panier pris en charge" in sentences
    assert "vendu, ticket n° 4711" in sentences


async def test_the_cart_can_be_seen_as_it_was_at_any_version_and_time(world: World) -> None:
    cart, offer = await offered(world)
    before = cart["version"]
    await world.till().claim(code=offer["code"])

    then = await world.operator.get(f"/v1/carts/{cart['id']}", version=str(before))

    assert then.json()["state"] == "open"
    assert then.json()["version"] == before
    assert (await world.cart(cart["id"]))["state"] == "claimed"


async def test_the_journal_of_the_whole_story_is_intact_and_damage_would_be_found(
    world: World,
) -> None:
    cart, offer = await offered(world)
    till = world.till()
    claim = (await till.claim(code=offer["code"])).json()
    await till.complete(claim, "4711")
    await till.call("POST", "/v1/pos/sales/4711/void", {})
    await world.settled()

    assert await flaws(world.dsn) == []
    await world.owner.execute("alter table event disable trigger all")
    await world.owner.execute(
        "delete from event where version = 2 and stream = $1", uuid_of(cart["id"])
    )
    assert {finding.flaw for finding in await flaws(world.dsn)} >= {"missing_position"}
