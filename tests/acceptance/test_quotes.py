"""A quote goes wherever its customer goes, and its price with it: web, associate, till, home."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.acceptance.speaking_shop import SpeakingShop, open_speaking_shop
from tests.acceptance.world import BOOK, LAMP, PLAID, Json, Till, World, line, refused, shown, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANNA = {"external_id": "u-9", "first_name": "Anna", "last_name": "Roche"}
ATELIER = {
    "external_id": "b-7",
    "company": {"name": "Atelier Beau Lieu SARL", "vat_number": "FR40303265045"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web_shop(shared: World) -> AsyncIterator[SpeakingShop]:
    async with open_speaking_shop(shared, "quote-shop", writes_quotes=True) as shop:
        yield shop


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


async def present(world: World, quote: str) -> Json:
    answer = await world.operator.get(f"/v1/quotes/{quote}")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def asked_for(world: World, shop: SpeakingShop, name: str, *lines: Json, **more: Any) -> Json:
    """The gateway's quote behind one that was asked for in the shop."""
    told = {"state": "requested", "customer": ANNA, **more}
    await shop.show("quote.snapshot", name, *lines, **told)
    await world.settled()
    found = await shop.get("/v1/quotes", connection="quote-shop", external_id=name)
    assert found.status_code == 200, found.text
    (one,) = found.json()["items"]
    quote: Json = one
    return quote


async def done(call: Any, status: int = 200) -> Json:
    answer: httpx.Response = await call
    assert answer.status_code == status, answer.text
    body: Json = answer.json()
    return body


async def written(till: Till, *lines: Json, **more: Any) -> Json:
    """A quote of an associate, with its page; issued at once unless she says otherwise."""
    body = {"add": list(lines), "issue": True, "staff": "0412", **more}
    return await done(till.call("POST", "/v1/quotes", body), 201)


def quoted(item: Json, quantity: str, unit_price: int | None = None, **more: Any) -> Json:
    told = {} if unit_price is None else {"unit_price": unit_price}
    return {"item": {"gtin": item["gtin"]}, "quantity": quantity, **told, **more}


def line_of(document: Json, item: Json) -> str:
    (found,) = [row["id"] for row in document["lines"] if row["item"]["sku"] == item["sku"]]
    return str(found)


async def code_of(till: Till, quote: Json) -> Json:
    path = f"/v1/quotes/{quote['id']}/handovers"
    return await done(till.call("POST", path, {"direction": "to_store"}), 201)


async def page(world: World, url: str, language: str = "fr") -> str:
    path = f"/c/{url.rpartition('/')[2]}"
    answer = await world.client.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return answer.text.replace("\u202f", " ").replace("\xa0", " ")


async def test_asked_on_the_web_revised_by_an_associate_sold_at_a_till_its_rest_accepted_at_home(
    shared: World, web_shop: SpeakingShop
) -> None:
    quote = await asked_for(
        shared, web_shop, "q-1", line(LAMP, 2), line(PLAID), message="Pour un salon ?"
    )
    assert (quote["state"], quote["message"]) == ("requested", "Pour un salon ?")
    tablet, at = shared.till(0, 1), f"/v1/quotes/{quote['id']}"

    # An associate prices it, and it goes out: the web shop shows her prices.
    lamp, plaid = line_of(quote, LAMP), line_of(quote, PLAID)
    prices = [
        {"line": lamp, "unit_price": 4500, "tax_rate": "0.20"},
        {"line": plaid, "discounts": [{"label": "Geste", "amount": 900}], "tax_rate": "0.20"},
    ]
    change = {"prices": prices, "valid_until": in_days(30), "staff": "0412"}
    stale = await tablet.call("PATCH", at, change, If_Match='"1"')
    refused(stale, 412, "precondition_failed")
    assert stale.json()["quote"]["version"] == quote["version"]
    await done(tablet.call("PATCH", at, change, If_Match=f'"{quote["version"]}"'))
    first = (await done(tablet.call("POST", f"{at}/issue", {"staff": "0412"})))["quote"]
    assert (first["state"], first["revision"], first["pricing"]) == ("issued", 1, None)
    assert first["issued"]["totals"]["total"] == 2 * 4500 + 7900 - 900
    there = await web_shop.written("q-1", state="issued", number=first["number"])
    assert [row["unit_price"] for row in there["lines"]] == [4500, 7900]

    # She wants one lamp more: nothing holds until it is issued again.
    await web_shop.show(
        "quote.snapshot",
        "q-1",
        line(LAMP, 3, unit_price=4500),
        there["lines"][1],
        state="requested",
    )
    await shared.settled()
    wished = await present(shared, quote["id"])
    assert (wished["being_changed"], wished["issued"]["lines"][0]["quantity"]["value"]) == (
        True,
        "2",
    )
    second = await done(tablet.call("POST", f"{at}/issue", {"staff": "0412"}))
    assert second["quote"]["revision"] == 2
    await web_shop.written("q-1", state="issued")
    assert web_shop.amounts("q-1") == {"LAMP-OAK": "3", "PLAID": "1"}

    # On paper and on her phone: one code, as long as the quote holds.
    code = await code_of(tablet, quote)
    assert (await code_of(tablet, quote))["code"] == code["code"]
    paper = await page(shared, second["pass_url"])
    assert f"Devis n° {first['number']}" in paper
    assert code["pass_url"] == second["pass_url"]
    wanted = await done(shared.operator.get("/v1/events", types="message.wanted", limit="1000"))
    told = [x["data"] for x in wanted["items"] if x["subject"] == quote["id"]]
    assert [(x["template"], x["url"]) for x in told] == [("quote_issued", second["pass_url"])] * 2
    assert code["short_code"][:4] in paper
    assert "ni un ticket de caisse ni une facture" in paper

    # A till takes it up by its code; no other till gets it, and nobody changes it now.
    till = shared.till()
    claim = await done(till.claim(code=code["url"]), 201)
    assert shown(claim["cart"]) == {"LAMP-OAK": "3", "PLAID": "1"}
    assert claim["cart"]["quote"]["number"] == first["number"]
    assert {row["winner"]["note"] for row in claim["drift"]["lines"]} == {"price_held"}
    drift = {row["line"]: row for row in claim["drift"]["lines"]}
    assert (drift[lamp]["unit_price"]["till"], drift[lamp]["winner"]["total"]) == (4990, 13500)
    async with shared.nothing_written():
        refused(await tablet.claim(short_code=code["short_code"]), 409, "held_elsewhere")
        refused(await tablet.call("POST", f"{at}/issue", {}), 409, "held_elsewhere")

    # Two lamps are sold; the rest keeps its price.
    sold = await done(till.complete(claim, "Q-4711", lines=[{"line": lamp, "quantity": "2"}]))
    rest = sold["remainder"]
    assert shown(rest) == {"LAMP-OAK": "1", "PLAID": "1"}
    assert rest["quote"] == claim["cart"]["quote"]
    assert rest["totals"]["total"] == 4500 + 7000
    await shared.settled()
    partly = await present(shared, quote["id"])
    assert partly["state"] == "issued"
    assert partly["sold"][0]["receipt_number"] == "Q-4711"
    assert {x["line"]: x["quantity"] for x in partly["left"]} == {lamp: "1", plaid: "1"}

    # At home she accepts the rest on its page, and buys it in the shop.
    home = f"/c/{second['pass_url'].rpartition('/')[2]}"
    before = await page(shared, second["pass_url"])
    assert "Acheté à Lyon Part-Dieu, ticket n° Q-4711" in before
    assert "Accepter le devis" in await page(shared, f"{home}?answer=accept")
    assert (await present(shared, quote["id"]))["state"] == "issued"
    yes = await shared.client.post(f"{home}/accept")
    assert (yes.status_code, yes.headers["location"]) == (303, home)
    assert (await present(shared, quote["id"]))["accepted_by"] == "customer"
    online = await done(web_shop.call("POST", f"{at}/handovers", {"direction": "to_online"}), 201)
    body = {"code": online["code"], "external_id": "home-1"}
    joined = await done(web_shop.call("POST", "/v1/handovers/join", body))
    assert joined["cart"]["id"] == rest["id"]
    await shared.settled()
    ordered = {"external_id": "home-1", "at": "2026-11-21T08:00:00Z", "order_number": "W-77"}
    assert (await web_shop.hook("cart.ordered", ordered)).status_code == 202
    await shared.settled()

    after = await present(shared, quote["id"])
    assert (after["state"], after["left"], after["double_sales"]) == ("converted", [], 0)
    assert [x["order_number"] for x in after["sold"]] == [None, "W-77"]
    await web_shop.written("q-1", state="converted", receipt_number="Q-4711")
    entries = await done(tablet.get(f"{at}/timeline", locale="fr"))
    said = " | ".join(row["what"] for row in entries["items"])
    for part in ("version 2", "repris dans un panier", "ticket n° Q-4711", "commande n° W-77"):
        assert part in said.replace("\xa0", " "), said


async def test_a_company_s_quote_without_tax_is_right_to_the_cent_everywhere(shared: World) -> None:
    tablet = shared.till(0, 1)
    lamps = quoted(LAMP, "4", 3742, discounts=[{"label": "Pro", "amount": 501}])
    made = await written(tablet, lamps, quoted(BOOK, "3"), customer=ATELIER, tax_mode="exclusive")
    quote = made["quote"]

    # 4 × 37.42 − 5.01 = 144.67 without tax; three books at 19.00 with 5.5 % in it: 54.03 without.
    totals = quote["issued"]["totals"]
    assert (totals["total"] - totals["tax"], totals["tax"], totals["total"]) == (19870, 3190, 23060)
    assert quote["issued"]["rates"] == [
        {"rate": "0.2", "net": 14467, "tax": 2893, "gross": 17360},
        {"rate": "0.055", "net": 5403, "tax": 297, "gross": 5700},
    ]
    paper = await page(shared, made["pass_url"])
    for part in (
        "Atelier Beau Lieu SARL",
        "FR40303265045",
        "198,70 €",
        "TVA 20 % sur 144,67 €",
        "28,93 €",
        "TVA 5,5 % sur 54,03 €",
        "230,60 €",
    ):
        assert part in paper, part
    code = await code_of(tablet, quote)
    claim = await done(shared.till().claim(short_code=code["short_code"]), 201)
    assert claim["cart"]["totals"]["total"] == 23060
    assert claim["cart"]["customer"]["company"] == ATELIER["company"]
    book = next(x for x in claim["drift"]["lines"] if x["line"] == line_of(claim["cart"], BOOK))
    assert book["total"] == {"captured": 5700, "till": 5700, "verdict": "same"}
    sold = await done(shared.till().complete(claim, "Q-B2B"))
    assert sold["remainder"] is None
    await shared.settled()
    assert (await present(shared, quote["id"]))["state"] == "converted"


async def test_two_tills_scan_one_quote_and_one_of_them_gets_it(shared: World) -> None:
    tills = await shared.more_tills(6)
    made = await written(tills[0], quoted(LAMP, "1"))
    code = await code_of(tills[0], made["quote"])

    answers = [await till.claim(code=code["code"]) for till in tills[:2]]
    late = [await till.claim(quote=made["quote"]["id"]) for till in tills[2:]]

    assert [x.status_code for x in (*answers, *late)] == [201, 409, 409, 409, 409, 409]
    facts = await shared.events_of(made["quote"]["id"])
    assert facts.count("quote.taken_up") == 1
    again = await done(tills[0].claim(code=code["code"]), 201)
    assert again["claim"] == answers[0].json()["claim"]

    # A ticket that is cancelled gives it back, under the same code and price.
    sold = await done(tills[0].complete(answers[0].json(), "Q-VOID"))
    await shared.settled()
    assert (await present(shared, made["quote"]["id"]))["state"] == "converted"
    refused(await tills[1].claim(short_code=code["short_code"]), 409, "quote_converted")
    await done(tills[0].call("POST", "/v1/pos/sales/Q-VOID/void", {}))
    await shared.settled()
    back = await present(shared, made["quote"]["id"])
    assert (back["state"], back["sold"]) == ("issued", [])
    taken = await done(tills[1].claim(quote=made["quote"]["id"]), 201)
    assert taken["cart"]["id"] == sold["cart"]["id"]


async def test_its_date_ends_it_and_the_same_code_works_once_it_is_issued_again(
    shared: World,
) -> None:
    tablet = shared.till(0, 1)
    made = await written(tablet, quoted(LAMP, "1"), valid_until=in_days(1.5 / 86_400))
    code = await code_of(tablet, made["quote"])
    at = f"/v1/quotes/{made['quote']['id']}"

    async def expired() -> bool:
        return bool((await present(shared, made["quote"]["id"]))["state"] == "expired")

    await until(expired)
    async with shared.nothing_written():
        problem = refused(await shared.till().claim(code=code["code"]), 409, "quote_expired")
        refused(await tablet.call("POST", f"{at}/accept", {}), 409, "quote_expired")
    assert made["quote"]["number"] in problem["detail"]
    assert "n'est plus valable" in (await page(shared, made["pass_url"])).replace("’", "'")
    await done(tablet.call("POST", f"{at}/issue", {"valid_until": in_days(7)}))
    renewed = await code_of(tablet, made["quote"])
    claim = await done(shared.till().claim(code=renewed["code"]), 201)
    await done(shared.till().act(claim, "release"), 200)


async def test_what_cannot_be_issued_or_answered_says_what_to_do(
    shared: World, web_shop: SpeakingShop
) -> None:
    tablet = shared.till(0, 1)
    bare = {"item": {"title": "Table sur mesure"}, "quantity": "1"}
    async with shared.nothing_written():
        past = {"add": [quoted(LAMP, "1")], "issue": True, "valid_until": "2026-01-01T00:00:00Z"}
        refused(await tablet.call("POST", "/v1/quotes", past), 422, "quote_date_passed")
        empty = {"add": [], "issue": True}
        refused(await tablet.call("POST", "/v1/quotes", empty), 409, "quote_empty")
        priceless = {"add": [bare], "issue": True}
        refused(await tablet.call("POST", "/v1/quotes", priceless), 409, "quote_unpriced")
        theirs = {"add": [quoted(LAMP, "1")], "issue": True, "currency": "EUR"}
        refused(await web_shop.call("POST", "/v1/quotes", theirs), 400, "invalid_request")
        over = quoted(LAMP, "1", 100, discounts=[{"amount": 101}])
        refused(await tablet.call("POST", "/v1/quotes", {"add": [over]}), 400, "invalid_request")
        unknown = {"add": [], "tender": 1}
        refused(await tablet.call("POST", "/v1/quotes", unknown), 400, "unknown_field")
    asked = await done(
        web_shop.call("POST", "/v1/quotes", {"add": [quoted(LAMP, "1", 4990)], "currency": "EUR"}),
        201,
    )
    quote, at = asked["quote"], f"/v1/quotes/{asked['quote']['id']}"
    async with shared.nothing_written():
        refused(await shared.till().claim(quote=quote["id"]), 409, "quote_not_issued")
        to_store = {"direction": "to_store"}
        refused(await tablet.call("POST", f"{at}/handovers", to_store), 409, "quote_not_issued")
        other = await shared.other_shop.get(at)
        assert other.status_code == 404
    await done(tablet.call("POST", f"{at}/decline", {"by": "staff", "reason": "épuisé"}))
    async with shared.nothing_written():
        refused(await shared.till().claim(quote=quote["id"]), 409, "quote_declined")


async def test_revoked_the_code_is_dead_and_the_next_one_is_another(shared: World) -> None:
    tablet = shared.till(0, 1)
    made = await written(tablet, quoted(LAMP, "1"))
    code = await code_of(tablet, made["quote"])
    gone = await tablet.call("DELETE", f"/v1/handovers/{code['id']}")
    assert gone.status_code == 204
    async with shared.nothing_written():
        refused(await shared.till().claim(code=code["code"]), 410, "code_revoked")
    assert (await code_of(tablet, made["quote"]))["code"] != code["code"]


async def test_a_quote_is_asked_for_what_is_in_a_cart_and_declined_on_its_page(
    shared: World,
) -> None:
    cart, _ = await shared.offered(line(LAMP, 2), line(BOOK))
    body = {"message": "Dix pour cent, à partir de dix ?"}
    asked = await done(shared.shop.call("POST", f"/v1/carts/{cart['id']}/quote", body), 201)
    quote, tablet = asked["quote"], shared.till(0, 1)
    assert (quote["from_cart"], shown(quote)) == (cart["id"], {"LAMP-OAK": "2", "BOOK-LIGHT": "1"})
    assert "Dix pour cent" in await page(shared, asked["pass_url"])
    assert (await shared.cart(cart["id"]))["state"] == "offered"
    await done(tablet.call("POST", f"/v1/quotes/{quote['id']}/issue", {}))
    claim = await done(tablet.claim(quote=quote["id"]), 201)
    assert claim["cart"]["id"] != cart["id"]
    await done(tablet.act(claim, "release"))

    home = f"/c/{asked['pass_url'].rpartition('/')[2]}"
    said = await shared.client.post(f"{home}/decline", data={"reason": "Trop cher"})
    assert said.status_code == 303
    after = await present(shared, quote["id"])
    assert (after["state"], after["decline_reason"]) == ("declined", "Trop cher")
    plain = await shared.owner.fetchval(
        "select count(*) from event where convert_from(body, 'UTF8') like '%Trop cher%'"
    )
    assert plain == 0
    assert re.search("Ce devis a été refusé", await page(shared, asked["pass_url"]))
    again = await shared.client.post(f"{home}/accept")
    assert again.status_code == 303
    assert (await present(shared, quote["id"]))["state"] == "declined"


async def test_converted_on_a_platform_and_sold_at_a_till_is_found_and_told(
    shared: World, web_shop: SpeakingShop
) -> None:
    issued = {"state": "issued", "number": "S00042", "valid_until": in_days(9)}
    quote = await asked_for(shared, web_shop, "q-2", line(LAMP, 1, unit_price=4200), **issued)
    assert (quote["number"], quote["state"]) == ("S00042", "issued")
    assert quote["pricing"] is not None
    claim = await done(shared.till().claim(quote=quote["id"]), 201)
    await web_shop.show(
        "quote.snapshot", "q-2", line(LAMP, 1, unit_price=4200), **issued | {"state": "converted"}
    )
    await shared.settled()
    await done(shared.till().complete(claim, "Q-TWICE"))
    await shared.settled()

    after = await present(shared, quote["id"])
    assert (after["state"], after["double_sales"]) == ("converted", 1)
    feed = await shared.operator.get("/v1/events", types="quote.double_sale_found")
    assert feed.json()["items"][-1]["subject"] == quote["id"]
