"""The same on both sides: prices, stock, codes and rules as they are now, while a cashier waits."""

import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cartbridge_sandbox.shelves import Shelf, StockCall
from cartbridge_sandbox.shop import Shop as SandboxShop
from cartbridge_sandbox.till import Till as SandboxTill

from cartbridge.domain.policy import Rules
from cartbridge.domain.store import Position, Store
from cartbridge.sdk.both_sides import LoyaltyShown
from cartbridge.services import connectors
from cartbridge.services.add_connection import add_connection
from tests.acceptance.asked_till import SYSTEM, PriceSystem
from tests.acceptance.world import (
    BOOK,
    LAMP,
    PLAID,
    Json,
    Till,
    World,
    line,
    open_sandbox,
    refused,
    until,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

BRAND = "maison-lumiere"
LYON, RIVOLI, LILLE, NICE = "lyon-part-dieu", "paris-rivoli", "lille", "nice"
NOWHERE_KNOWN = {"sku": "HAND-MADE", "title": "Hand made"}
PLACES = {
    LYON: Position(latitude=45.761, longitude=4.856),
    RIVOLI: Position(latitude=48.856, longitude=2.352),
    LILLE: Position(latitude=50.63, longitude=3.06),
}
CALLED = {LYON: {"tills": "L1", "sandbox-shop": "lyon"}, RIVOLI: {"sandbox-shop": "paris"}}


@pytest.fixture(scope="module", autouse=True)
def installed() -> Iterator[None]:
    """A till system that can be asked, beside the connectors that are there."""
    ours = EntryPoint("asked-till", "tests.acceptance.asked_till:AskedTill", connectors.GROUP)
    found = [*entry_points(group=connectors.GROUP), ours]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connectors, "entry_points", lambda group: found)
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(shared: World) -> World:
    """Lyon's tills can be asked; the sandbox counts Lyon and Rivoli; Nice is a franchise."""
    tenant, stores = await shared.tenant(), shared.gateway.directory.stores
    added = await add_connection(shared.gateway, tenant, "tills", "asked-till", {}, brand=BRAND)
    shared.told["asked"] = f"/v1/hooks/{added.hook}/told-by-nobody"
    await stores.add(tenant, Store(id=LILLE, brand=BRAND, name="Lille"))
    await stores.add(tenant, Store(id=NICE, brand=BRAND, name="Nice", owner="franchise"))
    for name in (LYON, RIVOLI, LILLE, NICE):
        store = await stores.get(tenant, name)
        assert store is not None
        told = {"position": PLACES.get(name), "external_ids": CALLED.get(name, {})}
        await stores.update(tenant, store.model_copy(update=told))
    return shared


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SandboxShop]:
    async with open_sandbox(world, tmp_path_factory.mktemp("sandbox")) as shop:
        yield shop


@pytest.fixture(autouse=True)
def quiet_system() -> None:
    vars(SYSTEM).update(vars(PriceSystem()))


async def ruled(world: World, store: str, **told: Any) -> None:
    """Changes what a store says for itself."""
    tenant, stores = await world.tenant(), world.gateway.directory.stores
    known = await stores.get(tenant, store)
    assert known is not None
    await stores.update(tenant, known.model_copy(update=told))


async def by_brand(world: World, **told: Any) -> None:
    tenant, brands = await world.tenant(), world.gateway.directory.brands
    known = await brands.get(tenant, BRAND)
    assert known is not None
    await brands.update(tenant, known.model_copy(update=told))


async def claimed(till: Till, offer: Json) -> Json:
    answer = await till.claim(code=offer["code"])
    assert answer.status_code == 201, answer.text
    claim: Json = answer.json()
    return claim


async def report(till: Till, claim: Json, language: str = "en") -> Json:
    """The drift report as it is now."""
    headers = {"Authorization": f"Bearer {till.key}", "Accept-Language": language}
    answer = await till.client.get(f"/v1/pos/claims/{claim['claim']}", headers=headers)
    assert answer.status_code == 200, answer.text
    drift: Json = answer.json()["drift"]
    return drift


async def told(world: World, sku: str, **rows: Any) -> str:
    """What the till system tells by its hook; the message."""
    name = f"item-{uuid.uuid4().hex[:8]}"
    answer = await world.client.post(world.told["asked"], json={"id": name, "sku": sku, **rows})
    assert answer.status_code == 202, answer.text
    await world.settled()
    return str(answer.json()["message"])


def ago(**time: float) -> str:
    return (datetime.now(UTC) - timedelta(**time)).isoformat()


async def in_stock(world: World, *levels: Json) -> Json:
    answer = await world.operator.call("PUT", "/v1/stock", {"levels": list(levels)})
    assert answer.status_code == 200, answer.text
    taken: Json = answer.json()
    return taken


async def test_a_price_is_the_tills_own_else_its_systems_else_the_lists(
    world: World, tmp_path: Path
) -> None:
    till = world.till()
    _, offer = await world.offered(line(LAMP, 2), line(NOWHERE_KNOWN))
    claim = await claimed(till, offer)
    lamp, unknown = claim["drift"]["lines"]
    assert (lamp["from"], lamp["unit_price"]["till"], lamp["as_of"]) == ("price_file", 4990, None)
    assert (unknown["from"], unknown["total"]["till"], unknown["verdict"]) == (
        "none",
        None,
        "unknown",
    )

    changed = {"price_list": "lumiere-fr", "currency": "EUR", "unit_price": 4490, "at": ago()}
    await told(world, "LAMP-OAK", prices=[changed])
    lamp = (await report(till, claim))["lines"][0]
    assert (lamp["from"], lamp["unit_price"]["till"]) == ("price_file", 4490)
    assert lamp["as_of"] is not None
    assert (lamp["winner"]["side"], lamp["winner"]["total"]) == ("till", 2 * 4490)

    SYSTEM.prices["LAMP-OAK"] = 4290
    lamp = (await report(till, claim))["lines"][0]
    assert (lamp["from"], lamp["unit_price"]["till"]) == ("till", 4290)
    asked = SYSTEM.asked[-1]
    assert (asked.currency, asked.price_list, asked.store) == ("EUR", "lumiere-fr", "L1")

    checked = await till.act(claim, "check", lines=[{"line": lamp["line"], "unit_price": 3990}])
    drift = checked.json()["drift"]
    assert (drift["lines"][0]["from"], drift["lines"][0]["unit_price"]["till"]) == ("till", 3990)
    assert drift["lines"][1]["from"] == "none"

    await told(world, "LAMP-OAK", prices=[{**changed, "unit_price": None, "at": ago()}])
    del SYSTEM.prices["LAMP-OAK"]
    assert (await report(till, claim))["lines"][0]["from"] == "none"
    listed = await world.gateway.items.find(await world.tenant(), sku="LAMP-OAK")
    assert listed is not None
    await world.gateway.items.put(await world.tenant(), [listed])
    lamp = (await report(till, claim))["lines"][0]
    assert (lamp["from"], lamp["unit_price"]["till"]) == ("price_file", 4990)
    await till.act(claim, "release")


async def test_the_sandbox_till_tells_its_own_prices(world: World, tmp_path: Path) -> None:
    _, offer = await world.offered(line(LAMP))
    url = world.gateway.public_url
    async with SandboxTill(url, tmp_path / "till.db", world.till(0, 1).key) as till:
        claim = await till.claim(code=offer["code"])
        told = [{"line": claim["drift"]["lines"][0]["line"], "unit_price": 4500}]
        drift = (await till.check(claim["claim"], told))["drift"]
        assert drift["lines"][0]["total"] == {
            "captured": 4990,
            "till": 4500,
            "verdict": "different",
        }
        winner = drift["lines"][0]["winner"]
        assert (winner["side"], winner["policy_from"]) == ("till", "default")
        await till.release(claim["claim"])


@pytest.mark.parametrize("fault", ["silent", "broken", "down"])
async def test_a_system_that_does_not_answer_stops_no_claim(world: World, fault: str) -> None:
    SYSTEM.prices["LAMP-OAK"] = 1
    setattr(SYSTEM, fault, True)
    _, offer = await world.offered(line(LAMP))
    claim = await claimed(world.till(), offer)
    assert claim["drift"]["lines"][0]["from"] == "price_file"
    assert claim["drift"]["lines"][0]["stock"]["verdict"] == "unknown"
    await world.till().act(claim, "release")


async def test_what_the_web_price_has_become_is_told(world: World, sandbox: SandboxShop) -> None:
    """She took it at 49,90 online; the shop has lowered it since; captured is still captured."""
    basket = sandbox.baskets.create()
    sandbox.baskets.add(basket.ref, "LAMP-OAK", Decimal(1))
    sandbox.deliveries.wake()
    await world.quiet(sandbox)
    cart = await world.other_shop.cart(basket.ref)
    assert cart is not None
    sandbox.shelves.fill(Shelf(prices={"LAMP-OAK": 4590}))
    offer = await world.other_shop.offer(cart["id"])
    claim = await claimed(world.till(), offer)
    online = claim["drift"]["lines"][0]["online"]
    assert (online["captured"], online["now"], online["verdict"]) == (4990, 4590, "different")
    assert online["connection"] == "sandbox-shop"
    assert claim["drift"]["lines"][0]["unit_price"]["captured"] == 4990
    await world.till().act(claim, "release")
    sandbox.shelves.fill(Shelf(prices={"LAMP-OAK": 4990}))


async def test_stock_here_and_in_the_next_stores(world: World, sandbox: SandboxShop) -> None:
    """Lyon has two of the three she wants; the nearest stores that have three are named."""
    await in_stock(
        world,
        {"sku": "PLAID", "store": LYON, "quantity": "2", "as_of": ago(minutes=5)},
        {"gtin": PLAID["gtin"], "store": LILLE, "quantity": "9", "as_of": ago(hours=1)},
        {"sku": "PLAID", "store": NICE, "quantity": "4"},
    )
    sandbox.shelves.fill(Shelf(stock={"paris": {"PLAID": "3"}}))
    _, offer = await world.offered(line(PLAID, 3), line(BOOK))
    claim = await claimed(world.till(), offer)
    row, book = (row["stock"] for row in claim["drift"]["lines"])
    assert (row["till"], row["verdict"]) == ("2", "different")
    assert row["as_of"] is not None
    near = [(one["store"], one["quantity"], one["kilometres"]) for one in row["next_stores"]]
    assert near == [(RIVOLI, "3", 392), (LILLE, "9", 557), (NICE, "4", None)]
    assert (book["till"], book["verdict"], book["next_stores"]) == (None, "unknown", [])

    SYSTEM.stock["PLAID", "L1"] = Decimal(3)
    row = (await report(world.till(), claim))["lines"][0]["stock"]
    assert (row["till"], row["verdict"]) == ("3", "same")
    await world.till().act(claim, "release")


async def test_old_stock_decides_nothing_and_older_stock_replaces_nothing(world: World) -> None:
    await in_stock(
        world,
        {"sku": "BOOK-LIGHT", "store": LYON, "quantity": "5", "as_of": ago(hours=25)},
        {"sku": "BOOK-LIGHT", "store": LILLE, "quantity": "5", "as_of": ago(hours=25)},
    )
    _, offer = await world.offered(line(BOOK))
    till = world.till()
    claim = await claimed(till, offer)
    row = claim["drift"]["lines"][0]["stock"]
    assert (row["till"], row["verdict"], row["next_stores"]) == ("5", "unknown", [])
    assert "stock" in claim["drift"]["lines"][0]["unknown"]

    await told(world, "BOOK-LIGHT", stock=[{"store": "L1", "quantity": "4", "at": ago(minutes=1)}])
    await told(world, "BOOK-LIGHT", stock=[{"store": "L1", "quantity": "0", "at": ago(hours=2)}])
    row = (await report(till, claim))["lines"][0]["stock"]
    assert (row["till"], row["verdict"]) == ("4", "same")
    shown = (await world.operator.get("/v1/stock", sku="BOOK-LIGHT")).json()["items"]
    assert [(one["store"], one["quantity"], one["source"]) for one in shown] == [
        (LILLE, "5", None),
        (LYON, "4", "tills"),
    ]
    await till.act(claim, "release")


async def test_what_nobody_knows_is_put_aside_and_the_rest_is_taken(world: World) -> None:
    """A store that nobody knows keeps the stock of the others from no one."""
    rows = [
        {"store": "nowhere", "quantity": "1", "at": ago()},
        {"store": "L1", "quantity": "8", "at": ago()},
    ]
    message = await told(world, "CUSHION", stock=rows)
    shown = (await world.operator.get("/v1/stock", sku="CUSHION")).json()["items"]
    assert [(one["store"], one["quantity"]) for one in shown] == [(LYON, "8")]
    part = (await world.operator.get(f"/v1/messages/{message}")).json()["parts"][0]
    assert (part["state"], part["reason"]) == ("quarantined", "store_unknown")
    message = await told(world, "NOBODYS", stock=rows[1:])
    part = (await world.operator.get(f"/v1/messages/{message}")).json()["parts"][0]
    assert (part["state"], part["reason"]) == ("quarantined", "item_unknown")


async def test_rows_of_stock_are_refused_by_name(world: World) -> None:
    answer = await in_stock(
        world,
        {"sku": "NOBODYS", "store": LYON, "quantity": "1"},
        {"sku": "TEA-NIGHT", "store": "nowhere", "quantity": "1"},
        {"sku": "TEA-NIGHT", "store": LYON, "quantity": "1.5"},
    )
    assert answer["accepted"] == 1
    rows = [(row["row"], row["reason"], row["name"]) for row in answer["refused"]]
    assert rows == [(1, "item_unknown", "NOBODYS"), (2, "store_unknown", "nowhere")]
    assert all(row["mend"] for row in answer["refused"])
    by_shop = await world.shop.call(
        "PUT", "/v1/stock", {"levels": [{"sku": "TEA-NIGHT", "store": LYON, "quantity": "2"}]}
    )
    assert by_shop.status_code == 200, by_shop.text
    shown = (await world.till().get("/v1/stock", sku="TEA-NIGHT")).json()["items"]
    assert [(one["quantity"], one["source"]) for one in shown] == [("2", "demo-shop")]
    assert (await world.till().get("/v1/stock", sku="NOBODYS")).json()["items"] == []


@pytest.mark.parametrize(
    ("level", "code"),
    [
        ({"sku": "TEA-NIGHT", "store": LYON, "quantity": "-1"}, "invalid_request"),
        ({"sku": "TEA-NIGHT", "store": LYON, "quantity": "some"}, "invalid_request"),
        ({"store": LYON, "quantity": "1"}, "invalid_request"),
        ({"sku": "TEA-NIGHT", "store": LYON, "quantity": "1", "colour": "red"}, "unknown_field"),
    ],
)
async def test_stock_that_cannot_be_right_is_refused(world: World, level: Json, code: str) -> None:
    before = await world.owner.fetch("select * from stock_level order by 1, 2, 3, 4")
    async with world.nothing_written():
        refused(await world.operator.call("PUT", "/v1/stock", {"levels": [level]}), 400, code)
        body = {"levels": [{"sku": "TEA-NIGHT", "store": LYON, "quantity": "7"}]}
        refused(await world.till().call("PUT", "/v1/stock", body), 403, "forbidden")
    assert await world.owner.fetch("select * from stock_level order by 1, 2, 3, 4") == before


async def test_codes_that_will_not_be_honoured_here_and_why(world: World) -> None:
    SYSTEM.refused_codes = {"WEB-ONLY"}
    name = f"web-{uuid.uuid4().hex[:12]}"
    await world.shop.snapshot(name, line(LAMP), codes=["WEB-ONLY", "NOEL"])
    await world.settled()
    cart = await world.shop.cart(name)
    assert cart is not None
    till = world.till()
    claim = await claimed(till, await world.shop.offer(cart["id"]))

    def verdicts(drift: Json) -> list[tuple[str, str, str]]:
        return [(one["code"], one["honoured"], one["why"]) for one in drift["codes"]]

    by_till = ("WEB-ONLY", "no", "till")
    assert verdicts(claim["drift"]) == [("NOEL", "unknown", "nobody_told"), by_till]
    await by_brand(world, codes="not_honoured")
    drift = await report(till, claim, "fr")
    assert verdicts(drift) == [("NOEL", "no", "brand"), ("WEB-ONLY", "no", "brand")]
    assert drift["codes"][0]["explanation"] == (
        "Les magasins de la marque n’acceptent pas les codes du site : "
        "la réduction de NOEL ne s’applique pas ici."
    ).replace(" :", "\u00a0:")
    await ruled(world, LYON, codes="honoured")
    assert verdicts(await report(till, claim)) == [("NOEL", "yes", "store"), by_till]
    await ruled(world, LYON, codes=None)
    await by_brand(world, codes=None)
    await till.act(claim, "release")


async def test_head_office_rules_its_stores_and_no_franchise(world: World) -> None:
    [franchise] = await world.more_tills(1, NICE)
    own, tenant = world.till(), await world.tenant()
    lamp = {"price_list": "lumiere-fr", "currency": "EUR", "unit_price": 5990, "at": ago()}
    await told(world, "LAMP-OAK", prices=[lamp])
    await ruled(world, NICE, price_list="lumiere-fr")

    async def winner(till: Till, language: str = "en") -> tuple[str, str, str]:
        _, offer = await world.offered(line(LAMP))
        claim = await claimed(till, offer)
        [row] = (await report(till, claim, language))["lines"]
        await till.act(claim, "release")
        won = row["winner"]
        return won["side"], won["policy_from"], won["explanation"]

    assert await winner(own) == (
        "captured",
        "default",
        "The lower price holds: €49.90 in the basket; the till says €59.90. "
        "No rule is set: the lower price holds.",
    )
    await world.gateway.directory.rules.put(tenant, Rules(policy="till"))
    assert (await winner(own))[:2] == ("till", "tenant")
    await by_brand(world, policy="captured")
    assert await winner(own) == (
        "captured",
        "brand",
        "The basket’s price holds: €49.90; the till says €59.90. The brand’s rule.",
    )
    french = (
        "Le prix de la caisse s’applique : 59,90 €, au lieu de 49,90 € dans le panier. "
        "Magasin franchisé : ses propres prix s’appliquent, sauf s’il en décide autrement."
    )
    side, policy_from, text = await winner(franchise, "fr")
    assert (side, policy_from) == ("till", "franchise")
    assert text.replace("\u00a0", " ") == french
    await ruled(world, NICE, policy="lower")
    assert (await winner(franchise))[:2] == ("captured", "store")

    await by_brand(world, policy=None)
    await world.gateway.directory.rules.put(tenant, Rules())


async def test_the_cashier_sees_what_her_card_shows(world: World) -> None:
    card = LoyaltyShown(number="29901", tier="Or", points=120, advantages=("Livre offert",))
    SYSTEM.cards["29901"] = card
    name = f"web-{uuid.uuid4().hex[:12]}"
    await world.shop.snapshot(name, line(LAMP), customer={"loyalty_number": "29901"})
    await world.settled()
    cart = await world.shop.cart(name)
    assert cart is not None
    claim = await claimed(world.till(), await world.shop.offer(cart["id"]))
    assert claim["loyalty"] == {**card.model_dump(mode="json"), "at": None}
    await world.till().act(claim, "release")


async def test_goods_are_kept_for_a_cart_on_its_way_and_freed_at_the_end(
    world: World, sandbox: SandboxShop
) -> None:
    tenant, till = await world.tenant(), world.till()
    sandbox.shelves.fill(Shelf(stock={"lyon": {"PLAID": "3"}}))
    await world.gateway.directory.rules.put(tenant, Rules(reserve_stock=True))
    SYSTEM.down = True  # the till's own count is not to be had: the sandbox counts Lyon too

    def free() -> str:
        [row] = sandbox.shelves.stock(StockCall(skus=["PLAID"], shops=["lyon"]))[1]["stock"]
        return str(row["free"])

    async def becomes(quantity: str) -> None:
        async def so() -> bool:
            return free() == quantity

        await until(so)

    _, unbound = await world.offered(line(PLAID, 2))
    await world.settled()
    assert free() == "3"
    _, offer = await world.offered(line(PLAID, 2), store=LYON)
    await becomes("1")
    claim = await claimed(till, offer)
    stock = claim["drift"]["lines"][0]["stock"]
    assert (stock["till"], stock["verdict"]) == ("3", "same")  # what is kept is hers to take
    other = await claimed(world.till(0, 1), unbound)
    stock = other["drift"]["lines"][0]["stock"]
    assert (stock["till"], stock["verdict"]) == ("1", "different")
    await world.till(0, 1).act(other, "release")
    assert free() == "1"
    assert (await till.complete(claim, f"T-{uuid.uuid4().hex[:6]}")).status_code == 200
    await becomes("3")

    _, offer = await world.offered(line(PLAID, 2), store=LYON)
    await becomes("1")
    gone = await world.shop.call("DELETE", f"/v1/handovers/{offer['id']}")
    assert gone.status_code == 204
    await becomes("3")
    await world.gateway.directory.rules.put(tenant, Rules())


async def test_a_shop_that_cannot_keep_goods_stops_no_hand_over(
    world: World, sandbox: SandboxShop
) -> None:
    tenant = await world.tenant()
    await world.gateway.directory.rules.put(tenant, Rules(reserve_stock=True))
    await sandbox.stop()
    cart, offer = await world.offered(line(PLAID), store=LYON)
    claim = await claimed(world.till(), offer)
    assert claim["cart"]["id"] == cart["id"]

    async def tried() -> bool:
        return bool(
            await world.owner.fetchval(
                "select count(*) from outbox where kind = 'hold_stock' and attempts > 0"
                " and state = 'waiting'"
            )
        )

    await until(tried)
    await world.till().act(claim, "release")
    await world.quiet()  # what is over is not kept any more, however often it is tried
    await world.gateway.directory.rules.put(tenant, Rules())
