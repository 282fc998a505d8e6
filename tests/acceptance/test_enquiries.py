"""A question, a demonstration, a call back, after-sales: nobody has to repeat herself."""

import re
import uuid
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from cartbridge.sdk.observations import DocumentGone
from cartbridge.services.apply_observation import apply_observation
from cartbridge.services.observe_twin import Cause
from tests.acceptance.speaking_shop import SpeakingShop, open_speaking_shop
from tests.acceptance.world import BOOK, LAMP, PLAID, Json, World, line, refused, shown, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANNA = {"external_id": "u-118", "email": "anna.roche@example.org", "first_name": "Anna"}
LYON, PARIS = "lyon-part-dieu", "paris-rivoli"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web_shop(shared: World) -> AsyncIterator[SpeakingShop]:
    async with open_speaking_shop(shared, "ask-shop", answers_enquiries=True) as shop:
        yield shop


async def done(call: Any, status: int = 200) -> Json:
    answer: httpx.Response = await call
    assert answer.status_code == status, answer.text
    body: Json = answer.json()
    return body


async def present(world: World, enquiry: str) -> Json:
    return await done(world.operator.get(f"/v1/enquiries/{enquiry}"))


async def asked(world: World, shop: SpeakingShop, name: str, **more: Any) -> Json:
    """The gateway's enquiry behind one that a contact form of the shop told."""
    told = {"external_id": name, "kind": "information", "message": "Bonjour ?", **more}
    answer = await shop.hook("enquiry.opened", told)
    assert answer.status_code == 202, answer.text
    await world.settled()
    found = await done(shop.get("/v1/enquiries", connection="ask-shop", external_id=name))
    (one,) = found["items"]
    enquiry: Json = one
    return enquiry


def texts(enquiry: Json) -> list[tuple[str, str]]:
    return [(message["author"], message["text"]) for message in enquiry["messages"]]


def in_hours(world: World, hours: float) -> str:
    return (world.clock() + timedelta(hours=hours)).isoformat()


async def facts(world: World, document: str) -> list[str]:
    return [fact.removeprefix("enquiry.") for fact in await world.events_of(document)]


async def in_plain(world: World, text: bytes) -> int:
    """How many stored facts, views and errands hold these bytes as they are."""
    return int(
        await world.owner.fetchval(
            "select count(*) from (select body from event union all select body from view"
            " union all select payload from outbox) as stored where position($1 in body) > 0",
            text,
        )
    )


async def write_on(client: httpx.AsyncClient, url: str, text: str, page: str = "") -> Any:
    """Sends the form of her page, as that page has it."""
    page = page or (await client.get(url)).text
    once = re.search(r'name="once" value="([0-9a-f]{32})"', page)
    assert once is not None
    return await client.post(f"{url}/message", data={"text": text, "once": once[1]})


async def test_a_demonstration_booked_from_a_product_page_done_and_turned_into_a_cart(
    shared: World, web_shop: SpeakingShop
) -> None:
    await web_shop.snapshot("basket-9", line(PLAID))
    soon = await asked(shared, web_shop, "soon", store=LYON, wished_at=in_hours(shared, 2))
    hers = await asked(
        shared,
        web_shop,
        "demo-1",
        kind="demonstration",
        subject="Lampe chêne allumée",
        message="Puis-je la voir allumée samedi ?",
        store=LYON,
        customer=ANNA,
        items=[LAMP],
        cart="basket-9",
    )
    cart = await web_shop.cart("basket-9")
    assert cart is not None
    assert (hers["cart"], hers["state"], hers["waits"]) == (cart["id"], "open", True)
    assert hers["customer"]["id"].startswith("cus_")
    till, tablet = shared.till(0, 0), shared.till(0, 1)
    listed = [one["id"] for one in (await done(till.get("/v1/pos/enquiries")))["items"]]
    assert listed == [soon["id"], hers["id"]]
    path = f"/v1/enquiries/{hers['id']}"

    mine = await done(tablet.call("PATCH", path, {"assigned_to": "0412", "staff": "0412"}))
    assert (mine["enquiry"]["state"], mine["enquiry"]["assigned_to"]) == ("assigned", "0412")
    told = {"text": "Avec plaisir, elle est en salle.", "staff": "0412"}
    await done(tablet.call("POST", f"{path}/messages", told), 201)
    at = in_hours(shared, 30)
    date = await done(tablet.call("POST", f"{path}/schedule", {"at": at, "assigned_to": "0412"}))
    page_url = date["pass_url"].removeprefix(shared.gateway.public_url)
    page = await shared.client.get(page_url, headers={"Accept-Language": "fr"})
    assert page.status_code == 200
    assert "Rendez-vous le" in page.text
    assert "Lyon Part-Dieu" in page.text
    assert "Avec plaisir, elle est en salle." in page.text
    assert "0412" not in page.text  # what the store calls its people is nobody else's
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "form-action 'self'" in page.headers["Content-Security-Policy"]

    sent = await write_on(shared.client, page_url, "Je viens avec ma sœur <b>Zoé</b>.", page.text)
    again = await write_on(shared.client, page_url, "Je viens avec ma sœur <b>Zoé</b>.", page.text)
    assert (sent.status_code, again.status_code) == (303, 303)
    page = await shared.client.get(page_url)
    assert page.text.count("ma sœur &lt;b&gt;Zoé&lt;/b&gt;.") == 1
    waits = (await done(tablet.get("/v1/pos/enquiries")))["items"]
    assert [one["id"] for one in waits] == [soon["id"], hers["id"]]
    assert (waits[1]["state"], waits[1]["waits"]) == ("scheduled", True)

    floor = {"kind": "demonstrated", "items": [{"sku": "LAMP-OAK"}], "enquiry": hers["id"]}
    await done(tablet.call("POST", "/v1/pos/observations", {**floor, "staff": "0412"}))
    born = await done(tablet.call("POST", f"{path}/cart", {}), 201)
    twice = await done(tablet.call("POST", f"{path}/cart", {}), 201)
    assert born["cart"]["id"] == twice["cart"]["id"]
    assert (shown(born["cart"]), born["cart"]["enquiry"]) == ({"LAMP-OAK": "1"}, hers["id"])
    assert born["enquiry"]["state"] == "answered"
    assert born["enquiry"]["demonstrations"][0]["items"][0]["sku"] == "LAMP-OAK"

    offer = await done(
        tablet.call(
            "POST",
            f"/v1/carts/{born['cart']['id']}/handovers",
            {
                "direction": "to_store",
            },
        ),
        201,
    )
    assert offer["pass_url"] != date["pass_url"]
    assert "/c/" in (await shared.client.get(page_url)).text
    claim = (await till.claim(code=offer["code"])).json()
    sold = await done(till.complete(claim, "E-4711"))
    assert (sold["cart"]["state"], sold["cart"]["enquiry"]) == ("fulfilled", hers["id"])
    bought = await done(
        tablet.call(
            "POST",
            f"{path}/close",
            {
                "outcome": "bought",
                "message": "Merci de votre visite !",
            },
        )
    )
    assert bought["enquiry"]["outcome"] == "bought"
    await shared.settled()

    thread = web_shop.threads["demo-1"]
    assert [(one["author"], one["text"], one.get("closes")) for one in thread] == [
        ("staff", "Avec plaisir, elle est en salle.", False),
        ("customer", "Je viens avec ma sœur <b>Zoé</b>.", False),
        ("staff", "Merci de votre visite !", True),
    ]
    after = await present(shared, hers["id"])
    assert after["twins"] == [
        {"connection": cart["twins"][0]["connection"], "external_id": "demo-1", "untold": 0}
    ]
    for hidden in ("Zoé".encode(), b"anna.roche", "Lampe chêne allumée".encode()):
        assert await in_plain(shared, hidden) == 0
    assert [fact for fact in await facts(shared, hers["id"]) if fact != "message_told"] == [
        *("opened", "twin_joined", "linked", "message_added", "assigned"),
        *("message_added", "answered", "message.wanted", "scheduled", "message_added"),
        *("demonstrated", "linked", "message_added", "answered", "message.wanted", "closed"),
    ]


async def test_a_sale_s_receipt_number_leads_after_sales_to_what_was_bought(shared: World) -> None:
    cart, offer = await shared.offered(line(BOOK))
    till, elsewhere = shared.till(), shared.till(1)
    claim = (await till.claim(code=offer["code"])).json()
    await done(till.complete(claim, "E-9001"))
    body = {
        "kind": "after_sales",
        "subject": "Page déchirée",
        "sale": {"receipt_number": "E-9001", "store": LYON},
        "customer": {"email": "zoe@example.org"},
    }
    opened = await done(elsewhere.call("POST", "/v1/enquiries", body), 201)

    enquiry = opened["enquiry"]
    assert enquiry["sale"] == {"receipt_number": "E-9001", "store": LYON, "cart": cart["id"]}
    assert enquiry["store"] == PARIS
    assert (enquiry["kind"], enquiry["origin"]["channel"]) == ("after_sales", "till")
    due = datetime.fromisoformat(enquiry["due_at"]) - shared.clock()
    assert timedelta(hours=47) < due <= timedelta(hours=48)
    hers = await done(shared.operator.get("/v1/enquiries", customer=enquiry["customer"]["id"]))
    assert [one["id"] for one in hers["items"]] == [enquiry["id"]]


async def test_she_reopens_it_and_it_is_late_when_nobody_answers(
    shared: World, web_shop: SpeakingShop
) -> None:
    hers = await asked(shared, web_shop, "again-1", store=PARIS, customer=ANNA)
    path, till = f"/v1/enquiries/{hers['id']}", shared.till(1)
    await done(till.call("PATCH", path, {"assigned_to": "31"}))
    await done(till.call("POST", f"{path}/close", {"outcome": "resolved", "message": "Voilà."}))
    assert hers["id"] not in str((await done(till.get("/v1/pos/enquiries")))["items"])
    said = {"external_id": "again-1", "id": "m-7", "author": "customer", "text": "Et en vert ?"}
    for _ in range(2):
        await web_shop.hook("enquiry.message", {**said, "channel": "social"})
    await shared.settled()
    ours = web_shop.threads["again-1"][0]
    await web_shop.hook(
        "enquiry.message", {**ours, "author": "staff"}
    )  # it shows ours, and says so
    await shared.settled()

    after = await present(shared, hers["id"])
    assert (after["state"], after["assigned_to"], after["outcome"]) == ("assigned", "31", None)
    assert texts(after) == [
        ("customer", "Bonjour ?"),
        ("staff", "Voilà."),
        ("customer", "Et en vert ?"),
    ]
    assert after["messages"][2]["channel"] == "social"
    shared.clock.move(hours=25)
    try:
        late = (await done(till.get("/v1/pos/enquiries", late="true")))["items"]
        assert [one["id"] for one in late] == [hers["id"]]
        everywhere = await done(shared.operator.get("/v1/enquiries", late="true"))
        assert hers["id"] in [one["id"] for one in everywhere["items"]]
        await done(till.call("POST", f"{path}/messages", {"text": "En vert aussi."}), 201)
        assert (await done(till.get("/v1/pos/enquiries", late="true")))["items"] == []
    finally:
        shared.clock.move(hours=-25)


async def test_it_moves_between_a_team_and_stores_and_each_lists_its_own(shared: World) -> None:
    lyon, paris = shared.till(), shared.till(1)
    body = {"kind": "call_back", "subject": "Pose", "team": "decoration", "customer": ANNA}
    opened = await done(shared.shop.call("POST", "/v1/enquiries", body), 201)
    path = f"/v1/enquiries/{opened['enquiry']['id']}"

    async def lists(**where: str) -> list[str]:
        found = await done(shared.operator.get("/v1/enquiries", **where))
        return [one["id"] for one in found["items"]]

    name = opened["enquiry"]["id"]
    assert await lists(team="decoration") == [name]
    moved = await done(lyon.call("PATCH", path, {"store": PARIS, "assigned_to": None}))
    assert (moved["enquiry"]["store"], moved["enquiry"]["team"]) == (PARIS, None)
    assert await lists(team="decoration") == []
    assert name in await lists(store=PARIS)
    assert name not in str(await done(lyon.get("/v1/pos/enquiries")))
    assert (await done(lyon.get(path)))["id"] == name  # she walked into another shop
    again = await done(paris.call("POST", f"{path}/schedule", {"at": in_hours(shared, 3)}))
    assert again["enquiry"]["schedule"]["store"] == PARIS
    page_url = again["pass_url"].removeprefix(shared.gateway.public_url)
    page = await shared.client.get(page_url, headers={"Accept-Language": "en"})
    assert "We will call you on" in page.text
    closed = await done(paris.call("POST", f"{path}/close", {"outcome": "not_reached"}))
    assert (await done(paris.call("POST", f"{path}/reopen", {})))["enquiry"]["state"] == "open"
    past = await done(paris.get(path, version=str(closed["enquiry"]["version"])))
    assert (past["state"], past["outcome"]) == ("closed", "not_reached")


async def test_it_is_told_in_words(shared: World) -> None:
    till = shared.till()
    body = {"kind": "information", "subject": "Couleurs", "items": [{"sku": "LAMP-OAK"}]}
    opened = await done(till.call("POST", "/v1/enquiries", body), 201)
    path = f"/v1/enquiries/{opened['enquiry']['id']}"
    await done(till.call("POST", f"{path}/messages", {"text": "Deux.", "staff": "7"}), 201)

    french, english = [
        [x["what"] for x in (await done(till.get(f"{path}/timeline", locale=locale)))["items"]]
        for locale in ("fr", "en")
    ]

    assert french[0] == "demande d’information reçue en caisse\u00a0: Couleurs"
    assert english[-1] == "the customer has heard from us"


async def test_the_same_form_told_again_is_the_same_enquiry(shared: World) -> None:
    body = {"kind": "information", "message": "Livrez-vous ?", "external_id": "form-7"}
    first = await done(shared.shop.call("POST", "/v1/enquiries", body), 201)
    again = await done(shared.shop.call("POST", "/v1/enquiries", body), 201)
    assert first["enquiry"]["id"] == again["enquiry"]["id"]
    assert first["enquiry"]["team"] == "maison-lumiere"


async def test_refusals_write_nothing(shared: World, web_shop: SpeakingShop) -> None:
    till, tablet = shared.till(), shared.till(0, 1)
    hers = await done(
        till.call("POST", "/v1/enquiries", {"kind": "information", "subject": "?"}), 201
    )
    path, page_url = f"/v1/enquiries/{hers['enquiry']['id']}", hers["pass_url"]
    over = await done(
        till.call("POST", "/v1/enquiries", {"kind": "information", "subject": "!"}), 201
    )
    closed = f"/v1/enquiries/{over['enquiry']['id']}"
    await done(till.call("POST", f"{closed}/close", {"outcome": "other"}))
    ask = "/v1/enquiries"

    async with shared.nothing_written():
        stale = await tablet.call("PATCH", path, {"assigned_to": "1"}, If_Match='"99"')
        assert refused(stale, 412, "precondition_failed")["enquiry"]["id"] == hers["enquiry"]["id"]
        past = {"at": in_hours(shared, -1)}
        late = await till.call("POST", f"{path}/schedule", past)
        refused(late, 422, "enquiry_date_passed")
        nothing = await till.call("POST", f"{path}/demonstrated", {})
        refused(nothing, 422, "enquiry_without_items")
        refused(await till.call("POST", f"{path}/cart", {}), 422, "enquiry_without_items")
        ended = await till.call("POST", f"{closed}/schedule", {"at": in_hours(shared, 1)})
        refused(ended, 409, "enquiry_not_open")
        about = {"kind": "after_sales", "subject": "?"}
        nobody = {**about, "sale": {"receipt_number": "none-1"}}
        refused(await till.call("POST", ask, nobody), 404, "sale_unknown")
        cart = {**about, "cart": "crt_" + "0" * 32}
        refused(await till.call("POST", ask, cart), 404, "not_found")
        where = {**about, "store": "nowhere"}
        refused(await till.call("POST", ask, where), 400, "invalid_request")
        refused(await till.call("POST", ask, {"kind": "after_sales"}), 400, "invalid_request")
        unknown = {**about, "payment": 1}
        refused(await till.call("POST", ask, unknown), 400, "unknown_field")
        refused(await shared.shop.get(path), 404, "not_found")
        refused(await shared.shop.get(ask), 403, "forbidden")
        refused(await till.get(ask, store=PARIS), 403, "forbidden")
        local = page_url.removeprefix(shared.gateway.public_url)
        empty, long = [await write_on(shared.client, local, text) for text in (" \n", "x" * 2001)]
        assert (empty.status_code, long.status_code) == (422, 422)
        assert "x" * 2000 in long.text
        huge = await shared.client.post(f"{local}/message", content=b"text=" + b"x" * 40_000)
        assert huge.status_code == 422


async def test_one_pass_writes_so_many_messages_and_then_waits(shared: World) -> None:
    body = {"kind": "information", "subject": "?"}
    opened = await done(shared.till().call("POST", "/v1/enquiries", body), 201)
    local = opened["pass_url"].removeprefix(shared.gateway.public_url)

    answers = [await write_on(shared.client, local, f"n° {number}") for number in range(11)]

    assert [one.status_code for one in answers] == [303] * 10 + [429]
    assert "n° 10" in answers[-1].text
    assert len((await present(shared, opened["enquiry"]["id"]))["messages"]) == 10


async def test_the_shop_closes_it_or_deletes_it(shared: World, web_shop: SpeakingShop) -> None:
    spam = await asked(shared, web_shop, "spam-1", store=LYON, message="$$$")
    assert spam["messages"][0]["text"] == "$$$"
    await web_shop.hook("enquiry.closed", {"external_id": "spam-1"})

    async def closed() -> bool:
        return bool((await present(shared, spam["id"]))["state"] == "closed")

    await until(closed)
    tenant = await shared.tenant()
    link = await shared.gateway.connectors.by_name(tenant, "ask-shop")
    assert link is not None
    asking = await asked(shared, web_shop, "gone-1", store=LYON)
    for name in ("gone-1", "gone-1", "never-seen"):
        gone = DocumentGone(kind="enquiry", external_id=name, at=shared.clock())
        await apply_observation(shared.gateway, link, gone, Cause(uuid.uuid4()))
    assert (await facts(shared, asking["id"]))[-2:] == ["twin_left", "cancelled"]
    assert asking["id"] not in str((await done(shared.till().get("/v1/pos/enquiries")))["items"])
