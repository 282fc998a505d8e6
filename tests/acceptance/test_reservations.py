"""Reserve, try, pay in store; and orders paid online that are handed out in their store."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

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
LYON, PARIS = "lyon-part-dieu", "paris-rivoli"
ANNA = {"external_id": "77", "first_name": "Anna", "last_name": "Dupont", "email": "a@example.org"}
DAY = timedelta(hours=24)


async def in_the_shop(world: World, name: str, *lines: Json, revision: int = 1) -> Json:
    """Her cart as it is on the web now."""
    await world.shop.snapshot(name, *lines, revision=revision, customer=ANNA)
    await world.settled()
    cart = await world.shop.cart(name)
    assert cart is not None
    return cart


def wish(world: World, store: str = LYON, lasts: timedelta = DAY) -> Json:
    return {"store": store, "until": (world.clock() + lasts).isoformat()}


async def waiting(world: World, store: int = 0, what: str = "reservations", **asked: str) -> Any:
    answer = await world.till(store).get(f"/v1/pos/{what}", **asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def her_page(world: World, offer: Json, language: str = "fr") -> tuple[str, str]:
    """What her pass says, and its HTML."""
    address = offer["pass_url"].removeprefix(world.gateway.public_url)
    page = await world.client.get(address, headers={"Accept-Language": language})
    assert page.status_code == 200
    plain = re.sub(r"<style.*?</style>|<[^>]+>", " ", page.text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", plain.replace("&#39;", "'")), page.text


def marks(lines: list[Json], *found: tuple[Json, str]) -> Json:
    named = {row["item"]["sku"]: row["line"] for row in lines}
    return {
        "lines": [{"line": named[item["sku"]], "mark": mark} for item, mark in found],
        "staff": "S07",
    }


async def test_a_reservation_with_one_line_not_found(shared: World) -> None:
    associate, till = shared.till(0, 1), shared.till()
    cart = await in_the_shop(shared, "try", line(LAMP, 2), line(BOOK))
    offer = await shared.shop.offer(cart["id"], reserve=wish(shared))
    assert offer["reserve"]["store"] == LYON
    assert offer["expires_at"] == offer["reserve"]["until"]
    text, _ = await her_page(shared, offer)
    assert "Mise de côté demandée à Lyon Part-Dieu" in text
    assert text.count("Recherche en cours") == 2

    (found,) = await waiting(shared)
    assert found["who"] == {"first_name": "Anna", "initial": "D"}
    assert [row["mark"] for row in found["lines"]] == ["asked", "asked"]
    assert await waiting(shared, 1) == []
    by_digits = await associate.get(f"/v1/pos/reservations/{offer['short_code']}")
    assert by_digits.json() == found

    path = f"/v1/pos/reservations/{found['id']}"
    told = marks(found["lines"], (LAMP, "set_aside"), (BOOK, "not_found"))
    first = await associate.call("PATCH", path, told, If_Match=by_digits.headers["ETag"])
    assert first.status_code == 200, first.text
    assert first.json()["state"] == "ready"

    await in_the_shop(shared, "try", line(LAMP, 2), line(BOOK), line(PLAID), revision=2)
    (again,) = await waiting(shared, state="asked")
    assert {row["item"]["sku"]: row["mark"] for row in again["lines"]} == {
        "LAMP-OAK": "set_aside",
        "BOOK-LIGHT": "not_found",
        "PLAID": "asked",
    }
    async with shared.nothing_written():
        late = await associate.call("PATCH", path, told, If_Match=first.headers["ETag"])
        problem = refused(late, 412, "precondition_failed")
        assert problem["reservation"] == again
        assert refused(await shared.till(1).call("PATCH", path, told), 404, "not_found")
        assert refused(await shared.till(1).get(path), 404, "not_found")
    await associate.call("PATCH", path, marks(again["lines"], (PLAID, "set_aside")))
    assert await waiting(shared, state="asked") == []
    facts = await shared.events_of(cart["id"])
    assert facts.count("cart.reservation_ready") == 2

    text, html = await her_page(shared, offer)
    assert "Mis de côté pour vous à Lyon Part-Dieu" in text
    assert "1 article introuvable en magasin" in text
    onward = re.search(r'href="(/c/[^"]+/online)"', html)
    assert onward is not None
    shop = await shared.client.get(onward[1])
    assert shop.status_code == 303
    assert "/continue/" in shop.headers["Location"]
    digits = re.search(r"(\d{4}) (\d{4})", text)
    assert digits is not None

    claim = (await till.claim(short_code=digits[1] + digits[2])).json()
    named = {row["id"]: row["item"]["sku"] for row in claim["cart"]["lines"]}
    assert {named[x["line"]]: x["mark"] for x in claim["cart"]["reservation"]["lines"]} == {
        "LAMP-OAK": "set_aside",
        "BOOK-LIGHT": "not_found",
        "PLAID": "set_aside",
    }
    assert await waiting(shared) == []
    released = await till.act(claim, "release")
    assert released.json()["cart"]["reservation"]["stage"] == "ready"
    assert len(await waiting(shared, state="ready")) == 1

    claim = (await till.claim(code=offer["code"])).json()
    sold = (await till.complete(claim, "R-TRY")).json()
    assert shown(sold["cart"]) == {"LAMP-OAK": "2", "PLAID": "1"}
    assert shown(sold["remainder"]) == {"BOOK-LIGHT": "1"}
    assert await waiting(shared) == []
    refused(await till.get(path), 404, "not_found")
    await shared.shop.hook(
        "cart.ordered",
        {"external_id": "try", "at": "2026-11-20T12:00:00Z", "order_number": "W-TRY"},
    )
    await shared.in_state(sold["remainder"]["id"], "ordered")


async def test_it_lapses_by_itself_and_the_store_is_told(shared: World) -> None:
    cart = await in_the_shop(shared, "lapse", line(CUSHION))
    await shared.shop.offer(cart["id"], reserve=wish(shared, lasts=timedelta(seconds=1.2)))

    async def over() -> bool:
        return "cart.reservation_ended" in await shared.events_of(cart["id"])

    await until(over)
    assert (await shared.cart(cart["id"]))["state"] == "open"
    assert await waiting(shared) == []


async def test_revoking_its_code_ends_it(shared: World) -> None:
    cart = await in_the_shop(shared, "revoke", line(CUSHION))
    offer = await shared.shop.offer(cart["id"], reserve=wish(shared, PARIS))
    assert len(await waiting(shared, 1)) == 1
    await shared.shop.call("DELETE", f"/v1/handovers/{offer['id']}")
    assert await waiting(shared, 1) == []
    assert (await shared.cart(cart["id"]))["reservation"] is None


async def test_what_cannot_be_reserved_is_refused_by_name(shared: World) -> None:
    cart = await in_the_shop(shared, "refused", line(LAMP))
    path = f"/v1/carts/{cart['id']}/handovers"
    late, past = timedelta(hours=49), timedelta(seconds=-1)
    async with shared.nothing_written():
        for lasts in (late, past):
            body = {"direction": "to_store", "reserve": wish(shared, lasts=lasts)}
            problem = refused(
                await shared.shop.call("POST", path, body), 422, "reserve_until_invalid"
            )
            assert "Lyon Part-Dieu" not in problem["title"]
        for body, where in (
            ({"direction": "to_store", "reserve": wish(shared, "nice")}, "reserve.store"),
            ({"direction": "to_online", "reserve": wish(shared)}, "to_store"),
            ({"direction": "to_store", "reserve": wish(shared), "store": LYON}, "ttl_seconds"),
            ({"direction": "to_store", "reserve": {"store": LYON}}, "reserve.until"),
        ):
            problem = refused(await shared.shop.call("POST", path, body), 400, "invalid_request")
            assert where in str(problem["errors"])
    offer = await shared.shop.offer(cart["id"], reserve=wish(shared))
    path = f"/v1/pos/reservations/{offer['id']}"
    (row,) = cart["lines"]
    async with shared.nothing_written():
        for told, status, code in (
            ({"line": "lin_" + "0" * 32, "mark": "not_found"}, 422, "line_unknown"),
            ({"line": row["id"], "mark": "set_aside", "quantity": "2"}, 422, "quantity_invalid"),
            ({"line": row["id"], "mark": "not_found", "quantity": "1"}, 400, "invalid_request"),
            ({"line": row["id"], "mark": "asked"}, 400, "invalid_request"),
        ):
            answer = await shared.till().call("PATCH", path, {"lines": [told]})
            refused(answer, status, code)
        refused(await shared.till().get("/v1/pos/reservations", after="x"), 400, "invalid_request")
        refused(await shared.till().get("/v1/pos/reservations/00000000"), 404, "not_found")


async def ordered(world: World, name: str, store: str, number: str | None = None) -> None:
    """The shop tells an order that is to be collected in a store, by the store's id there."""
    told = {
        "external_id": name,
        "at": world.clock().isoformat(),
        "order_number": number or f"W-{name}",
        "fulfilment": {"kind": "pick_up", "store": store},
    }
    await world.shop.hook("cart.ordered", told)
    await world.settled()


async def collected(world: World, name: str, number: str | None = None) -> None:
    """The shop's own staff gave it to her."""
    told = {"external_id": name, "at": world.clock().isoformat()}
    if number is not None:
        told["order_number"] = number
    await world.shop.hook("order.handed_out", told)
    await world.settled()


async def known_there_as(world: World, store: str, name: str) -> None:
    """The store's id in the demo shop."""
    stores, tenant = world.gateway.directory.stores, await world.tenant()
    link = await world.gateway.connectors.by_name(tenant, "demo-shop")
    found = await stores.get(tenant, store)
    assert found is not None
    assert link is not None
    await stores.update(tenant, found.model_copy(update={"external_ids": {link.id: name}}))


async def handed_out(world: World, store: int, cart: str) -> httpx.Response:
    path = f"/v1/pos/orders/{cart}/hand-out"
    return await world.till(store).call("POST", path, {"staff": "S07"})


async def test_a_paid_order_waits_in_its_store_until_it_is_handed_out(shared: World) -> None:
    await known_there_as(shared, PARIS, "FR-0017")
    first = await in_the_shop(shared, "collect-1", line(LAMP), line(BOOK))
    second = await in_the_shop(shared, "collect-2", line(PLAID))
    await ordered(shared, "collect-1", "FR-0017")
    await ordered(shared, "collect-2", "FR-0017")

    found = await waiting(shared, 1, "orders")
    assert [row["order_number"] for row in found] == ["W-collect-1", "W-collect-2"]
    assert found[0]["cart"] == first["id"]
    assert [row["item"]["sku"] for row in found[0]["lines"]] == ["LAMP-OAK", "BOOK-LIGHT"]
    assert await waiting(shared, 0, "orders") == []
    page = await shared.till(1).get("/v1/pos/orders", limit="1")
    rest = await waiting(shared, 1, "orders", after=page.json()["next"])
    assert [row["cart"] for row in rest] == [second["id"]]

    async with shared.nothing_written():
        refused(await handed_out(shared, 0, first["id"]), 404, "not_found")
    done = await handed_out(shared, 1, first["id"])
    assert done.json()["cart"]["state"] == "fulfilled"
    async with shared.nothing_written():
        assert (await handed_out(shared, 1, first["id"])).status_code == 200
    assert (await shared.events_of(first["id"]))[-2:] == ["order.handed_out", "cart.fulfilled"]

    await collected(shared, "collect-2")
    assert (await shared.cart(second["id"]))["state"] == "fulfilled"
    assert await waiting(shared, 1, "orders") == []


async def test_an_order_filled_again_before_it_is_collected_is_still_the_one(
    shared: World,
) -> None:
    cart = await in_the_shop(shared, "again", line(LAMP))
    await ordered(shared, "again", LYON)
    after = await in_the_shop(shared, "again", line(LAMP), line(BOOK), revision=2)
    assert after["parent"] == cart["id"]
    await collected(shared, "again")
    assert (await shared.cart(cart["id"]))["state"] == "fulfilled"
    assert (await shared.cart(after["id"]))["state"] == "open"


async def test_of_two_orders_of_one_cart_id_the_one_that_is_named_is_handed_out(
    shared: World,
) -> None:
    first = await in_the_shop(shared, "for-ever", line(LAMP))
    await ordered(shared, "for-ever", LYON, "W-1001")
    second = await in_the_shop(shared, "for-ever", line(BOOK), revision=2)
    await ordered(shared, "for-ever", LYON, "W-1002")
    async with shared.nothing_written():
        await collected(shared, "for-ever", "W-1003")
    await collected(shared, "for-ever", "W-1001")
    assert (await shared.cart(first["id"]))["state"] == "fulfilled"
    assert (await shared.cart(second["id"]))["state"] == "ordered"
    await collected(shared, "for-ever", "W-1002")
    assert (await shared.cart(second["id"]))["state"] == "fulfilled"
