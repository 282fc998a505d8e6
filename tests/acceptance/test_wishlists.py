"""A wish list goes wherever its owner goes: web, store, tablet, and to those who give."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.acceptance.speaking_shop import SpeakingShop, open_speaking_shop
from tests.acceptance.world import (
    BOOK,
    CUSHION,
    LAMP,
    PLAID,
    Json,
    World,
    line,
    refused,
    shown,
    until,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANNA = {"external_id": "u-9", "email": "anna@example.org", "first_name": "Anna"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web_shop(shared: World) -> AsyncIterator[SpeakingShop]:
    async with open_speaking_shop(shared, "wish-shop", writes_wishlists=True) as shop:
        yield shop


async def wished(
    world: World, shop: SpeakingShop, external_id: str, *lines: Json, **more: object
) -> Json:
    """The gateway's wish list behind one of the shop's."""
    await shop.show(
        "wishlist.snapshot", external_id, *lines, **{"state": "open", "name": "Noël", **more}
    )
    await world.settled()
    found = await shop.get("/v1/wishlists", connection="wish-shop", external_id=external_id)
    assert found.status_code == 200, found.text
    (one,) = found.json()["items"]
    wishlist: Json = one
    return wishlist


async def present(world: World, wishlist: Json) -> Json:
    answer = await world.operator.get(f"/v1/wishlists/{wishlist['id']}")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def test_a_web_wish_list_is_pulled_at_a_tablet_bought_from_and_told_at_home(
    shared: World, web_shop: SpeakingShop
) -> None:
    wishlist = await wished(
        shared, web_shop, "w-1", line(LAMP, 2), line(PLAID), customer=ANNA, kind="gift"
    )
    code = await web_shop.call("POST", f"/v1/wishlists/{wishlist['id']}/handovers", {})
    assert code.status_code == 201, code.text
    tablet = shared.till(0, 1)

    pulled = await tablet.call(
        "POST", "/v1/pos/wishlists", {"short_code": code.json()["short_code"]}
    )
    again = await tablet.call("POST", "/v1/pos/wishlists", {"code": code.json()["url"]})

    assert pulled.status_code == again.status_code == 200, pulled.text
    assert shown(pulled.json()["wishlist"]) == {"LAMP-OAK": "2", "PLAID": "1"}
    lamp = pulled.json()["wishlist"]["lines"][0]["id"]
    moved = await tablet.call(
        "POST",
        f"/v1/wishlists/{wishlist['id']}/to-cart",
        {"lines": [{"line": lamp, "quantity": "1"}], "keep": True},
    )
    cart = moved.json()["cart"]
    assert shown(cart) == {"LAMP-OAK": "1"}
    claim = (await tablet.claim(cart=cart["id"])).json()
    sold = await tablet.complete(claim, "W-4711")
    assert sold.status_code == 200, sold.text
    await shared.settled()

    after = await present(shared, wishlist)
    assert {row["item"]["sku"]: row["bought"] for row in after["lines"]} == {
        "LAMP-OAK": "1",
        "PLAID": "0",
    }
    void = await tablet.call("POST", "/v1/pos/sales/W-4711/void", {})
    assert void.status_code == 200, void.text
    await shared.settled()
    assert {row["bought"] for row in (await present(shared, wishlist))["lines"]} == {"0"}


async def test_what_an_associate_changes_is_in_the_shop_and_both_sides_add_up(
    shared: World, web_shop: SpeakingShop
) -> None:
    wishlist = await wished(shared, web_shop, "w-2", line(LAMP))
    lamp = wishlist["lines"][0]["id"]

    changed = await shared.till().call(
        "PATCH",
        f"/v1/wishlists/{wishlist['id']}",
        {
            "set": [{"line": lamp, "quantity": "2"}],
            "add": [{"item": {"sku": "PLAID"}, "quantity": "1"}],
            "name": "Anniversaire",
        },
        If_Match=f'"{wishlist["version"]}"',
    )
    assert changed.status_code == 200, changed.text
    await web_shop.written("w-2", name="Anniversaire")
    assert web_shop.amounts("w-2") == {"LAMP-OAK": "2", "PLAID": "1"}
    await shared.settled()
    rows = web_shop.documents["w-2"]["lines"]
    await web_shop.show("wishlist.snapshot", "w-2", *rows, line(BOOK), state="open")
    await shared.settled()

    after = await present(shared, wishlist)
    assert shown(after) == {"LAMP-OAK": "2", "PLAID": "1", "BOOK-LIGHT": "1"}
    assert [twin["in_step"] for twin in after["twins"]] == [True]
    assert len([x for x in web_shop.writes if x["data"]["external_id"] == "w-2"]) == 1


async def test_a_list_begun_in_the_store_is_shared_without_a_word_about_its_owner(
    shared: World,
) -> None:
    tablet = shared.till(0, 1)
    begun = await tablet.call(
        "POST",
        "/v1/wishlists",
        {
            "name": "Mariage d'Anna et Paul",
            "kind": "wedding",
            "customer": ANNA,
            "add": [{"item": {"sku": "LAMP-OAK"}, "quantity": "2", "note": "pour Anna"}],
        },
    )
    assert begun.status_code == 201, begun.text
    wishlist = begun.json()["wishlist"]
    path = f"/v1/wishlists/{wishlist['id']}"
    share = (await tablet.call("PATCH", path, {"state": "shared"})).json()["share_url"]
    page = await shared.client.get(share, headers={"Accept-Language": "fr"})

    assert page.status_code == 200
    assert "liste de mariage" in page.text
    assert "Lampe" in page.text
    assert not any(word in page.text for word in ("Anna", "Paul", "anna@example.org"))
    assert page.headers["Referrer-Policy"] == "no-referrer"
    await tablet.call("PATCH", path, {"state": "open"})
    assert (await shared.client.get(share)).status_code == 404
    anew = (await tablet.call("PATCH", path, {"state": "shared"})).json()["share_url"]
    assert anew != share
    assert (await shared.client.get(share)).status_code == 404
    assert (await shared.client.get(anew)).status_code == 200


async def test_wishes_go_into_a_cart_and_come_back(shared: World, web_shop: SpeakingShop) -> None:
    wishlist = await wished(shared, web_shop, "w-3", line(LAMP, 2), line(CUSHION))
    path, till = f"/v1/wishlists/{wishlist['id']}", shared.till()
    cart = (await till.call("POST", "/v1/pos/carts", {})).json()["cart"]
    lamp = wishlist["lines"][0]["id"]
    one = [{"line": lamp, "quantity": "1"}]

    out = await till.call("POST", f"{path}/to-cart", {"cart": cart["id"], "lines": one})
    assert out.status_code == 200, out.text
    assert shown(out.json()["wishlist"]) == {"LAMP-OAK": "1", "CUSHION": "1"}
    assert shown(out.json()["cart"]) == {"LAMP-OAK": "1"}
    back = await till.call("POST", f"{path}/from-cart", {"cart": cart["id"], "lines": one})

    assert shown(back.json()["wishlist"]) == {"LAMP-OAK": "2", "CUSHION": "1"}
    assert shown(back.json()["cart"]) == {}
    await web_shop.written("w-3")
    await shared.settled()
    assert web_shop.amounts("w-3") == {"LAMP-OAK": "2", "CUSHION": "1"}


async def test_the_same_call_again_moves_once(shared: World, web_shop: SpeakingShop) -> None:
    wishlist = await wished(shared, web_shop, "w-4", line(LAMP, 3))
    path = f"/v1/wishlists/{wishlist['id']}/to-cart"
    body = {"lines": [{"line": wishlist["lines"][0]["id"], "quantity": "1"}]}
    till = shared.till()

    answers = [await till.call("POST", path, body, Idempotency_Key="once-4") for _ in range(3)]

    assert {answer.json()["cart"]["id"] for answer in answers} == {answers[0].json()["cart"]["id"]}
    assert shown(await present(shared, wishlist)) == {"LAMP-OAK": "2"}
    assert shown(answers[-1].json()["cart"]) == {"LAMP-OAK": "1"}


async def test_refusals_change_nothing(shared: World, web_shop: SpeakingShop) -> None:
    wishlist = await wished(shared, web_shop, "w-5", line(LAMP))
    empty = await wished(shared, web_shop, "w-6")
    path, till, tablet = f"/v1/wishlists/{wishlist['id']}", shared.till(), shared.till(0, 1)
    held = (
        await tablet.call("POST", "/v1/pos/carts", {"add": [{"item": LAMP, "quantity": "1"}]})
    ).json()
    cart = held["cart"]
    await tablet.claim(cart=cart["id"])
    mine = [{"line": cart["lines"][0]["id"], "quantity": "1"}]
    lamp = wishlist["lines"][0]["id"]

    async with shared.nothing_written():
        stale = await till.call("PATCH", path, {"name": "x"}, If_Match='"99"')
        assert refused(stale, 412, "precondition_failed")["wishlist"]["id"] == wishlist["id"]
        much = {"lines": [{"line": lamp, "quantity": "2"}]}
        refused(await till.call("POST", f"{path}/to-cart", much), 422, "quantity_invalid")
        taken = {"cart": cart["id"], "lines": mine}
        refused(await till.call("POST", f"{path}/from-cart", taken), 409, "held_elsewhere")
        into = {"cart": cart["id"], "lines": [{"line": lamp, "quantity": "1"}]}
        refused(await till.call("POST", f"{path}/to-cart", into), 409, "held_elsewhere")
        none = await web_shop.call("POST", f"/v1/wishlists/{empty['id']}/handovers", {})
        refused(none, 409, "wishlist_empty")
        unknown = await till.call("POST", "/v1/pos/wishlists", {"code": "BCDFGHJKLNPRSTVX" * 2})
        refused(unknown, 404, "code_unknown")
        refused(await shared.shop.get(path), 404, "not_found")


async def test_its_life_is_told_in_both_languages(shared: World, web_shop: SpeakingShop) -> None:
    wishlist = await wished(shared, web_shop, "w-7", line(LAMP), kind="gift")
    path = f"/v1/wishlists/{wishlist['id']}/timeline"

    french, english = [
        [x["what"] for x in (await shared.operator.get(path, locale=locale)).json()["items"]]
        for locale in ("fr", "en")
    ]

    assert any("liste d’envies" in what for what in french)
    assert any("wish list" in what for what in english)
    facts = [
        x.type
        for x in await shared.gateway.documents.history(await shared.tenant(), wishlist["id"])
    ]
    assert facts == [
        "wishlist.started",
        "wishlist.twin_joined",
        "wishlist.line_added",
        "wishlist.twin_observed",
    ]


async def test_any_till_that_scans_its_code_gets_a_cart_of_what_is_still_wished(
    shared: World, web_shop: SpeakingShop
) -> None:
    wishlist = await wished(shared, web_shop, "w-8", line(LAMP), line(PLAID))
    path = f"/v1/wishlists/{wishlist['id']}/handovers"
    code = (await web_shop.call("POST", path, {})).json()
    till = shared.till()

    first = await till.call("POST", "/v1/pos/claims", {"code": code["url"]}, Idempotency_Key="w8")
    again = await till.call("POST", "/v1/pos/claims", {"code": code["url"]}, Idempotency_Key="w8")

    assert first.status_code == 201, first.text
    assert again.json()["claim"] == first.json()["claim"]
    cart = first.json()["cart"]
    assert shown(cart) == {"LAMP-OAK": "1", "PLAID": "1"}
    assert {row["wishlist"] for row in cart["lines"]} == {wishlist["id"]}
    async with shared.nothing_written():
        used = await shared.till(1).claim(code=code["code"])
        refused(used, 410, "code_used")
    lamp = cart["lines"][0]["id"]
    await till.complete(first.json(), "W-8", lines=[{"line": lamp, "quantity": "1"}])
    await shared.settled()
    after = await present(shared, wishlist)
    assert [row["bought"] for row in after["lines"]] == ["1", "0"]


async def test_her_pass_shows_the_list_and_a_code_and_the_shared_link_never_does(
    shared: World, web_shop: SpeakingShop
) -> None:
    wishlist = await wished(shared, web_shop, "w-9", line(LAMP), name="Noël d'Anna")
    path = f"/v1/wishlists/{wishlist['id']}"
    made = (await web_shop.call("POST", f"{path}/handovers", {})).json()
    share = await web_shop.call("PATCH", path, {"state": "shared"})

    own = await shared.client.get("/c/" + made["pass_url"].rpartition("/")[2])
    link = share.json()["share_url"].rpartition("/")[2]

    assert own.status_code == 200
    assert "d&#39;Anna" in own.text
    assert 'class="qr"' in own.text
    assert "data-seconds-left" in own.text  # it counts down, then offers a fresh one
    assert (await shared.client.post("/c/" + made["pass_url"].rpartition("/")[2])).is_redirect
    assert (await shared.client.get(f"/w/{link}")).status_code == 200
    assert (await shared.client.get(f"/c/{link}")).status_code == 404


async def test_a_list_begun_in_the_store_goes_on_in_her_own_shop_session(
    shared: World, web_shop: SpeakingShop
) -> None:
    tablet = shared.till(0, 1)
    add = [{"item": {"sku": "LAMP-OAK"}, "quantity": "1"}]
    begun = await tablet.call("POST", "/v1/wishlists", {"add": add})
    mine = begun.json()["wishlist"]
    own = await wished(shared, web_shop, "w-10", line(PLAID))
    path = f"/v1/wishlists/{mine['id']}/handovers"
    code = (await tablet.call("POST", path, {"direction": "to_online"})).json()["code"]
    body = {"code": code, "external_id": "w-10", "customer": ANNA}

    joined = [await web_shop.call("POST", "/v1/wishlists/join", body) for _ in range(2)]

    assert [answer.status_code for answer in joined] == [200, 200], joined[0].text
    assert {answer.json()["wishlist"]["id"] for answer in joined} == {mine["id"]}
    assert shown(joined[0].json()["wishlist"]) == {"LAMP-OAK": "1", "PLAID": "1"}

    async def both_there() -> bool:
        return web_shop.amounts("w-10") == {"LAMP-OAK": "1", "PLAID": "1"}

    await until(both_there)  # a first write may meet what the shop told meanwhile
    found = await web_shop.get("/v1/wishlists", connection="wish-shop", external_id="w-10")
    assert [one["id"] for one in found.json()["items"]] == [mine["id"]]
    assert (await present(shared, own))["state"] == "cancelled"
    await web_shop.show(
        "wishlist.snapshot", "w-10", *web_shop.documents["w-10"]["lines"], line(BOOK), state="open"
    )
    await shared.settled()
    assert shown(await present(shared, mine)) == {"LAMP-OAK": "1", "PLAID": "1", "BOOK-LIGHT": "1"}
    async with shared.nothing_written():
        other = {**body, "external_id": "w-stranger"}
        refused(await web_shop.call("POST", "/v1/wishlists/join", other), 409, "code_bound")
        refused(await tablet.claim(code=code), 410, "code_used")
