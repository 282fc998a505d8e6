"""Tills that are shown a cart in their own system: it appears, is sold there, or is taken away."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import pytest

from cartbridge.sdk.documents import Item
from cartbridge.sdk.observations import CartReturned, TakenLine
from cartbridge.services import connectors
from cartbridge.services.add_connection import add_connection
from cartbridge.services.close_store import close_store
from tests.acceptance.watched_till import SYSTEM, TillSystem
from tests.acceptance.world import BOOK, LAMP, Json, Till, World, line, open_world, shown, until

TILL = "lyon-caisse-1"


@pytest.fixture
async def world(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    ours = EntryPoint("watched-till", "tests.acceptance.watched_till:WatchedTill", connectors.GROUP)
    found = [*entry_points(group=connectors.GROUP), ours]
    monkeypatch.setattr(connectors, "entry_points", lambda group: found)
    vars(SYSTEM).update(vars(TillSystem()))
    async with open_world(dsn, tmp_path) as world:
        yield world


async def watched(world: World, **settings: Any) -> Till:
    """The first till of Lyon, as a till of that system."""
    tenant = await world.tenant()
    added = await add_connection(
        world.gateway, tenant, "tills", "watched-till", settings, brand="maison-lumiere"
    )
    world.told["watched"] = f"/v1/hooks/{added.hook}"
    till = world.till()
    terminals = world.gateway.directory.terminals
    terminal = await terminals.get(tenant, till.id)
    assert terminal is not None
    known = terminal.model_copy(update={"external_ids": {"tills": "12"}})
    await terminals.update(tenant, known)
    return till


async def looked_at(world: World, name: str) -> None:
    """The till system tells that something changed, unsigned, and is read."""
    hook = f"{world.told['watched']}/told-by-nobody"
    answer = await world.client.post(hook, json={"changed": name})
    assert answer.status_code == 202, answer.text
    await world.settled()


async def on_screen(name: str) -> None:
    async def there() -> bool:
        return name in SYSTEM.orders

    await until(there)


async def claimed(world: World, till: Till, *lines: Json) -> tuple[str, Json]:
    """A cart that the till holds and shows, and its claim."""
    cart, offer = await world.offered(*(lines or (line(LAMP, 2), line(BOOK))))
    answer = await till.claim(code=offer["code"])
    assert answer.status_code == 201, answer.text
    claim: Json = answer.json()
    await on_screen(claim["claim"])
    await world.settled()
    return cart["id"], claim


async def test_a_claimed_cart_appears_on_the_till_that_claimed_it(world: World) -> None:
    cart, claim = await claimed(world, await watched(world))
    placed = SYSTEM.orders[claim["claim"]]
    assert (placed.cart, placed.terminal, placed.fence) == (cart, "12", claim["fence"])
    assert [(row.key, row.quantity) for row in placed.lines] == [
        ("LAMP-OAK", Decimal(2)),
        ("BOOK-LIGHT", Decimal(1)),
    ]
    assert placed.total == 2 * 4990 + 1900
    assert "cart.twin_placed" in await world.events_of(cart)


async def test_what_it_sells_completes_the_claim(world: World) -> None:
    """One lamp less, a cushion more: receipt and prices as sold, the rest goes on at home."""
    cart, claim = await claimed(world, await watched(world))
    cushion = TakenLine(
        key="CUSHION", quantity=1, unit_price=3490, item=Item(sku="CUSHION", title="Coussin")
    )
    SYSTEM.sell(
        claim["claim"],
        "T-1",
        TakenLine(key="LAMP-OAK", quantity=1, unit_price=4500),
        TakenLine(key="BOOK-LIGHT", quantity=1),
        cushion,
    )
    await looked_at(world, claim["claim"])
    sold = await world.in_state(cart, "fulfilled")
    sale = sold["sale"]
    assert sale["receipt_number"] == "T-1"
    assert [(row["quantity"], row["unit_price"], row["extra"]) for row in sale["lines"]] == [
        ("1", 4500, False),
        ("1", 1900, False),
        ("1", 3490, True),
    ]
    rest = await world.cart(sale["remainder"])
    assert shown(rest) == {"LAMP-OAK": "1"}

    await looked_at(world, claim["claim"])  # told again, nothing more happens
    assert (await world.cart(cart))["version"] == sold["version"]
    assert SYSTEM.withdrawn == []


async def test_goods_that_come_back_count_once_however_often_they_are_told(world: World) -> None:
    cart, claim = await claimed(world, await watched(world))
    name = claim["claim"]
    SYSTEM.sell(
        name, "T-1", TakenLine(key="LAMP-OAK", quantity=2), TakenLine(key="BOOK-LIGHT", quantity=1)
    )
    await looked_at(world, name)
    await world.in_state(cart, "fulfilled")
    for refund, count in (("R-1", 1), ("R-1", 1), ("R-2", 2)):
        back = (TakenLine(key="LAMP-OAK", quantity=1),)
        at = datetime(2026, 11, 21, 9, tzinfo=UTC)
        SYSTEM.returned[name] = CartReturned(
            kind="till_order", external_id=name, at=at, name=refund, lines=back
        )
        await looked_at(world, name)
        lamps = (await world.cart(cart))["sale"]["lines"][0]
        assert lamps["returned"] == str(count)


async def test_what_is_put_back_is_taken_off_the_till(world: World) -> None:
    till = await watched(world)
    cart, claim = await claimed(world, till)
    await till.act(claim, "release", fence=claim["fence"])
    await world.settled()
    assert SYSTEM.withdrawn == [claim["claim"]]
    assert SYSTEM.orders == {}
    assert (await world.cart(cart))["state"] == "open"


async def test_a_till_that_takes_it_off_lets_the_cart_go(world: World) -> None:
    cart, claim = await claimed(world, await watched(world))
    SYSTEM.taken_off.add(claim["claim"])
    await looked_at(world, claim["claim"])
    free = await world.in_state(cart, "open")
    assert free["claim"] is None
    again = await world.till(1).claim(cart=cart)
    assert again.status_code == 201


async def test_a_second_till_that_takes_over_shows_it_instead(world: World) -> None:
    till = await watched(world)
    cart, claim = await claimed(world, till)
    other = world.till(0, 1)
    taken = await other.claim(cart=cart, take_over={"reason": "the queue is shorter"})
    assert taken.status_code == 201, taken.text
    await world.settled()
    assert SYSTEM.withdrawn == [claim["claim"]]

    SYSTEM.sell(claim["claim"], "T-9", TakenLine(key="LAMP-OAK", quantity=2))
    await looked_at(world, claim["claim"])
    held = await world.cart(cart)
    assert held["state"] == "claimed"  # and what the first one sold all the same is raised
    assert "cart.sale_reported_late" in await world.events_of(cart)


async def test_a_closed_till_is_no_trouble(world: World) -> None:
    till = await watched(world)
    SYSTEM.is_open = False
    cart, offer = await world.offered(line(LAMP))
    claim = (await till.claim(code=offer["code"])).json()
    await world.settled()
    assert SYSTEM.orders == {}
    assert (await till.complete(claim, "T-2")).status_code == 200
    assert (await world.cart(cart["id"]))["state"] == "fulfilled"


async def test_an_offered_cart_waits_for_any_till(world: World) -> None:
    """A quotation appears with the code, is settled without a claim, and is bought once."""
    await watched(world, placing="on_offer")
    cart, _ = await world.offered(line(LAMP))
    await on_screen(cart["id"])
    await world.settled()
    SYSTEM.sell(cart["id"], "T-3", TakenLine(key="LAMP-OAK", quantity=1))
    await looked_at(world, cart["id"])
    bought = await world.in_state(cart["id"], "fulfilled")
    assert bought["sale"]["order_number"] == "T-3"


async def test_an_offer_taken_elsewhere_no_longer_waits(world: World) -> None:
    await watched(world, placing="on_offer")
    cart, offer = await world.offered(line(LAMP))
    await on_screen(cart["id"])
    await world.settled()
    assert (await world.till(1, 0).claim(code=offer["code"])).status_code == 201
    await world.settled()
    assert SYSTEM.withdrawn == [cart["id"]]


async def test_closing_time_takes_away_what_nobody_told_about(world: World) -> None:
    """A till cannot close its day over it; that it was still there unsold is the outcome."""
    cart, claim = await claimed(world, await watched(world))
    await world.time_is_up(claim)

    async def unknown() -> bool:
        return bool((await world.cart(cart))["outcome"] == "unknown")

    await until(unknown)
    await world.settled()
    assert SYSTEM.withdrawn == []  # she may still be at the till

    tenant = await world.tenant()
    store = await world.gateway.directory.stores.get(tenant, "lyon-part-dieu")
    assert store is not None
    await close_store(world.gateway, tenant, store, world.clock())
    await world.settled()
    assert SYSTEM.withdrawn == [claim["claim"]]
    assert (await world.cart(cart))["outcome"] is None


@pytest.mark.parametrize("end", ["", "/", "/guessed", "/told-by-nobod", "/told-by-nobody/more"])
async def test_without_the_secret_in_its_address_a_hook_is_nobodys(world: World, end: str) -> None:
    await watched(world)
    async with world.nothing_written():
        answer = await world.client.post(world.told["watched"] + end, json={"changed": "x"})
        assert answer.status_code in (401, 404)
    assert await world.owner.fetchval("select count(*) from inbox") == 0


async def test_each_line_is_shown_at_the_price_that_holds(world: World) -> None:
    """In Lyon the lower price wins: the lamp costs less online, the book less in the store."""
    till = await watched(world)
    lamp, book = line(LAMP) | {"unit_price": 4500}, line(BOOK) | {"unit_price": 2500}
    _, claim = await claimed(world, till, lamp, book)
    drift = {row["line"]: row["winner"] for row in claim["drift"]["lines"]}
    assert [winner["side"] for winner in drift.values()] == ["captured", "till"]
    placed = SYSTEM.orders[claim["claim"]]
    assert [row.prices.total for row in placed.lines] == [4500, 1900]
    assert placed.total == 6400


async def test_what_is_seen_there_before_we_know_it_for_ours_is_no_second_cart(
    world: World,
) -> None:
    """Its hook comes while the answer is on its way, and a cart begins of it: that one ends."""

    async def found(name: str) -> list[Json]:
        query = {"connection": "tills", "external_id": name, "kind": "till_order"}
        carts: list[Json] = (await world.operator.get("/v1/carts", **query)).json()["items"]
        return carts

    async def told(name: str) -> None:
        hook = f"{world.told['watched']}/told-by-nobody"
        assert (await world.client.post(hook, json={"changed": name})).status_code == 202

        async def seen() -> bool:
            return bool(await found(name))

        await until(seen)

    till = await watched(world)
    SYSTEM.before_it_answers = told
    cart, claim = await claimed(world, till)
    assert "cart.twin_placed" in await world.events_of(cart)
    (ours,) = await found(claim["claim"])
    assert ours["id"] == cart
    others = (await world.operator.get("/v1/carts", state="open")).json()["items"]
    assert others == []


async def test_a_shop_without_a_way_to_join_gets_an_order_to_be_paid(world: World) -> None:
    """Begun at the till, it is there once, the link leads to it, and it is bought there."""
    till = await watched(world, placing="on_link")
    tenant = await world.tenant()
    connections = world.gateway.directory.connections
    for other in await connections.list(tenant):
        if other.slug != "tills":
            await connections.remove(tenant, other.id)
    add = [{"item": LAMP, "quantity": "1", "unit_price": 4990}]
    cart = (await till.call("POST", "/v1/pos/carts", {"add": add})).json()["cart"]["id"]
    wish = {"direction": "to_online"}
    for _ in range(2):  # a second link leads to the same order
        offer = (await till.call("POST", f"/v1/carts/{cart}/handovers", wish)).json()
        await on_screen(cart)
        await world.settled()
        page = await world.client.get(f"/h/{offer['code']}")
        assert f"https://shop.example/pay/{cart}" in page.text
    assert list(SYSTEM.orders) == [cart]

    SYSTEM.sell(cart, "W-1", TakenLine(key="LAMP-OAK", quantity=1))
    await looked_at(world, cart)
    bought = await world.in_state(cart, "fulfilled")
    assert bought["sale"]["order_number"] == "W-1"


async def test_a_till_system_whose_connector_is_gone_stops_no_claim(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = await watched(world)
    monkeypatch.setattr(connectors, "entry_points", lambda group: [])
    for kept in (world.gateway.connectors._found, world.gateway.connectors._loaded):
        kept.pop("watched-till", None)
    world.gateway.connectors._links.clear()
    cart, offer = await world.offered(line(LAMP))
    assert (await till.claim(code=offer["code"])).status_code == 201
    assert (await world.cart(cart["id"]))["state"] == "claimed"


async def test_a_ticket_of_her_own_is_no_sale_of_the_till_that_holds_the_cart(
    world: World,
) -> None:
    """Begun and saved at one till, held by another, and sold at the first all the same."""
    till = await watched(world)
    cart, claim = await claimed(world, till)
    ticket = SYSTEM.orders[claim["claim"]].model_copy(update={"name": "saved-1"})
    SYSTEM.orders["saved-1"] = ticket
    await looked_at(world, "saved-1")
    query = {"connection": "tills", "external_id": "saved-1", "kind": "till_order"}
    (saved,) = (await world.operator.get("/v1/carts", **query)).json()["items"]
    held = await world.till(0, 1).claim(cart=saved["id"])
    assert held.status_code == 201, held.text

    SYSTEM.sell("saved-1", "T-8", TakenLine(key="LAMP-OAK", quantity=2))
    await looked_at(world, "saved-1")
    bought = await world.in_state(saved["id"], "fulfilled")
    assert bought["sale"]["order_number"] == "T-8"
    assert bought["sale"]["receipt_number"] is None
    assert "cart.sold" not in await world.events_of(saved["id"])
    assert (await world.cart(cart))["state"] == "claimed"
