"""What Odoo knows besides carts, here and there: quotations, wish lists, leads, prices, stock.

Odoo is the fake on which its connector is proven; the gateway beside it is real.
"""

import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from cartbridge import app
from cartbridge.sdk.documents import Item, TwinKind
from cartbridge.sdk.observations import Hint
from cartbridge.services.add_connection import add_connection
from cartbridge.services.apply_observation import apply_observation
from cartbridge.services.observe_twin import Cause
from tests.acceptance.test_vendor_matrix import first_look, pieces
from tests.acceptance.vendors import beside_carts
from tests.acceptance.world import LAMP, Json, World, open_world, shown

pytestmark = pytest.mark.asyncio(loop_scope="module")

LYON, RIVOLI = "lyon-part-dieu", "paris-rivoli"
ODOO = beside_carts("odoo")


@dataclass
class Retailer:
    """Quotations, wish lists, prices and stock are in Odoo; the tills are not."""

    world: World
    odoo: Any  # its connector's own fake
    shelf: Item  # an article of Odoo's that the retailer's item list knows too

    async def look(self, kind: TwinKind, external_id: str) -> None:
        """The gateway is told that something changed there, and reads it."""
        link = await self.world.gateway.connectors.by_name(await self.world.tenant(), "odoo")
        assert link is not None
        seen = Hint(kind=kind, external_id=external_id)
        await apply_observation(self.world.gateway, link, seen, Cause(command=uuid.uuid4()))
        await self.world.quiet()

    async def one(self, path: str, external_id: str) -> Json:
        """The gateway's document behind one of Odoo's."""
        found = await self.world.operator.get(path, connection="odoo", external_id=external_id)
        assert found.status_code == 200, found.text
        (document,) = found.json()["items"]
        whole: Json = document
        return whole

    def quotation(self, external_id: str) -> Json:
        """The row of a quotation, as Odoo keeps it."""
        row: Json = self.odoo.database.table("sale.order")[int(external_id)]
        return row

    def settled_by_tills(self) -> set[str]:
        """The quotations that Odoo's own tills offer to settle: all that are not cancelled."""
        rows = self.odoo.database.table("sale.order").values()
        return {str(row["id"]) for row in rows if row["state"] != "cancel"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def retailer(
    server: Callable[[str], str], copies: Any, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Retailer]:
    name, odoo = await copies.take(), ODOO.platform()
    folder: Path = tmp_path_factory.mktemp("odoo")

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host not in ODOO.hosts:
            raise httpx.ConnectError("nobody is there", request=request)
        told: httpx.Response = odoo.handle(request)
        return told

    transport = httpx.MockTransport(answer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "make_client", lambda reach: httpx.AsyncClient(transport=transport))
        async with open_world(server(name), folder) as world:
            yield await connected(world, odoo)
    odoo.close()
    copies.give_back(name)


async def connected(world: World, odoo: Any) -> Retailer:
    """Odoo counts the stock of both stores; a till of its own in Lyon has a price list."""
    tenant, stores = await world.tenant(), world.gateway.directory.stores
    settings = {**ODOO.settings, "prices": True}
    added = await add_connection(world.gateway, tenant, "odoo", ODOO.name, settings)
    for name, warehouse in zip((LYON, RIVOLI), odoo.stores, strict=True):
        store = await stores.get(tenant, name)
        assert store is not None
        known = store.model_copy(update={"external_ids": {"odoo": warehouse}})
        await stores.update(tenant, known)
    await first_look(world, ODOO, added.id)
    lamp = odoo.articles[0]
    assert lamp.sku == LAMP["sku"]
    return Retailer(world, odoo, lamp)


async def done(call: Any, status: int = 200) -> Json:
    answer: httpx.Response = await call
    assert answer.status_code == status, answer.text
    body: Json = answer.json()
    return body


async def test_a_quotation_is_revised_by_an_associate_and_what_a_till_sold_is_not_sold_again(
    retailer: Retailer,
) -> None:
    world, odoo = retailer.world, retailer.odoo
    number = odoo.new_quote()
    await retailer.look("quote", number)
    quote = await retailer.one("/v1/quotes", number)
    assert (quote["state"], shown(quote)) == ("requested", {"BULB-E27": "2", "CUSHION": "1"})

    # An associate adds a lamp and prices a bulb: Odoo shows her quotation, to the cent.
    tablet, at = world.till(0, 1), f"/v1/quotes/{quote['id']}"
    bulb = next(row["id"] for row in quote["lines"] if row["item"]["sku"] == "BULB-E27")
    change = {
        "prices": [{"line": bulb, "unit_price": 600, "tax_rate": "0.20"}],
        "add": [{"item": {"gtin": LAMP["gtin"]}, "quantity": "1", "unit_price": 4500}],
    }
    await done(tablet.call("PATCH", at, change, If_Match=f'"{quote["version"]}"'))
    issued = (await done(tablet.call("POST", f"{at}/issue", {"staff": "0412"})))["quote"]
    await world.quiet()
    assert pieces(odoo.basket(number)) == {"BULB-E27": 2, "CUSHION": 1, "LAMP-OAK": 1}
    there = retailer.quotation(number)
    assert (there["state"], there["amount_total"]) == ("sent", Decimal("91.90"))
    assert issued["issued"]["totals"]["total"] == 9190

    # The customer takes one bulb more with the salesperson: it is hers here as well.
    odoo.edit(number)
    await retailer.look("quote", number)
    assert shown(await retailer.one("/v1/quotes", number))["BULB-E27"] == "3"
    await done(tablet.call("POST", f"{at}/issue", {"staff": "0412"}))
    await world.quiet()

    # Sold at our till: Odoo's tills no longer offer it, and it says under which ticket it went.
    assert number in retailer.settled_by_tills()
    claim = await done(world.till().claim(quote=quote["id"]), 201)
    assert {row["winner"]["note"] for row in claim["drift"]["lines"]} == {"price_held"}
    sold = await done(world.till().complete(claim, "T-2041"))
    assert sold["remainder"] is None
    await world.quiet()
    assert number not in retailer.settled_by_tills()
    assert retailer.quotation(number)["origin"].endswith("CartBridge: ticket T-2041")
    assert any("T-2041" in said for said in odoo.thread(number))

    # Read back it is what it is: sold once.
    await retailer.look("quote", number)
    after = await retailer.one("/v1/quotes", number)
    assert (after["state"], after["double_sales"]) == ("converted", 0)


async def test_a_quotation_that_a_till_of_odoo_settled_is_not_sold_here(
    retailer: Retailer,
) -> None:
    world, odoo = retailer.world, retailer.odoo
    number = odoo.new_quote()
    await retailer.look("quote", number)
    quote = await retailer.one("/v1/quotes", number)
    await done(world.till(0, 1).call("POST", f"/v1/quotes/{quote['id']}/issue", {}))
    await world.quiet()
    row = retailer.quotation(number)
    row |= {"state": "sale", "pos_order_line_ids": [1, 2], "amount_unpaid": Decimal(0)}
    await retailer.look("quote", number)
    assert (await retailer.one("/v1/quotes", number))["state"] == "converted"
    async with world.nothing_written():
        refused = await world.till().claim(quote=quote["id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "quote_converted")
    assert row["state"] == "sale"


async def test_a_wish_list_without_quantities_is_in_step_and_what_leaves_it_there_leaves_it_here(
    retailer: Retailer,
) -> None:
    world, odoo = retailer.world, retailer.odoo
    owner = odoo.new_wishlist()
    await retailer.look("wishlist", owner)
    wishlist = await retailer.one("/v1/wishlists", owner)
    assert shown(wishlist) == {"BULB-E27": "1", "CUSHION": "1"}

    # Three lamps are wished for in the store: Odoo shows that it is lamps, and no answer was heard.
    path = f"/v1/wishlists/{wishlist['id']}"
    lamps = {"add": [{"item": {"sku": "LAMP-OAK"}, "quantity": "3"}]}
    odoo.lose_answer()
    await done(world.till(0, 1).call("PATCH", path, lamps, If_Match=f'"{wishlist["version"]}"'))
    await world.quiet()
    assert pieces(odoo.basket(owner)) == {"BULB-E27": 1, "CUSHION": 1, "LAMP-OAK": 1}
    now = await retailer.one("/v1/wishlists", owner)
    assert shown(now) == {"BULB-E27": "1", "CUSHION": "1", "LAMP-OAK": "3"}
    assert [twin["in_step"] for twin in now["twins"]] == [True]

    # She takes the lamps off her list at home: all three are gone, and stay gone.
    wishes = odoo.database.table("product.wishlist")
    lamp = odoo.database.find("product.product", default_code="LAMP-OAK")["id"]
    for row in [one for one in wishes.values() if one["product_id"][0] == lamp]:
        del wishes[row["id"]]
    await retailer.look("wishlist", owner)
    assert shown(await retailer.one("/v1/wishlists", owner)) == {"BULB-E27": "1", "CUSHION": "1"}
    assert pieces(odoo.basket(owner)) == {"BULB-E27": 1, "CUSHION": 1}


async def test_a_lead_is_answered_by_an_associate_and_read_in_odoo(retailer: Retailer) -> None:
    world, odoo = retailer.world, retailer.odoo
    lead = odoo.new_enquiry()
    await retailer.look("enquiry", lead)
    enquiry = await retailer.one("/v1/enquiries", lead)
    asked = ("customer", "Bonjour,\nje voudrais la voir samedi.")
    assert texts(enquiry) == [asked]

    # Her answer stands in the lead's thread once, though Odoo's own answer was not heard.
    tablet, path = world.till(0, 1), f"/v1/enquiries/{enquiry['id']}"
    odoo.lose_answer()
    answer = {"text": "Elle est allumée <samedi>.", "staff": "0412"}
    await done(tablet.call("POST", f"{path}/messages", answer), 201)
    await world.quiet()
    assert list(odoo.thread(lead)) == ["Elle est allumée <samedi>."]
    assert not odoo.is_closed(lead)

    # What Odoo's team writes to her is read here; what it notes for itself is not.
    odoo.say({"id": int(lead)}, "<p>Passez avant 18 h.</p>", odoo.staff)
    note = {"subtype_id.internal": True}
    odoo.say({"id": int(lead)}, "<p>Cliente difficile</p>", odoo.staff, **note)
    await retailer.look("enquiry", lead)
    after = await retailer.one("/v1/enquiries", lead)
    said = [("staff", "Elle est allumée <samedi>."), ("staff", "Passez avant 18 h.")]
    assert texts(after) == [asked, *said]

    # Closed here with a last word, it goes to the stage that Odoo has for that.
    last = {"outcome": "resolved", "message": "À samedi.", "staff": "0412"}
    await done(tablet.call("POST", f"{path}/close", last))
    await world.quiet()
    assert list(odoo.thread(lead))[-1] == "À samedi."
    assert odoo.is_closed(lead)


def texts(enquiry: Json) -> list[tuple[str, str]]:
    return [(message["author"], message["text"]) for message in enquiry["messages"]]


async def test_a_claim_shows_what_odoo_asks_for_it_and_has_of_it(retailer: Retailer) -> None:
    world, odoo = retailer.world, retailer.odoo
    odoo.reprice(retailer.shelf, 4800)
    odoo.put_in_stock(retailer.shelf, odoo.stores[0], Decimal(4))
    odoo.put_in_stock(retailer.shelf, odoo.stores[1], Decimal(9))
    _, offer = await world.offered()
    claim = await done(world.till().claim(code=offer["code"]), 201)
    (lamp,) = claim["drift"]["lines"]
    assert (lamp["from"], lamp["unit_price"]["till"]) == ("till", 4800)
    assert (lamp["stock"]["till"], lamp["stock"]["verdict"]) == ("4", "same")
    assert [(one["store"], one["quantity"]) for one in lamp["stock"]["next_stores"]] == [
        (RIVOLI, "9")
    ]
    await done(world.till().act(claim, "release"))
