"""Browsing: seen by the associate who advises her, with consent alone, and forgotten in time."""

import asyncio
import json
import shutil
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import pytest_asyncio
from aiohttp import web

from cartbridge.domain.ids import uuid_of
from cartbridge.worker.browsing import forget
from tests.acceptance.world import BOOK, LAMP, Json, World, refused, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOP = "https://www.maison-lumiere.example"
LYON, RIVOLI = "lyon-part-dieu", "paris-rivoli"
LAMP_TAG = "urn:epc:id:sgtin:3700123.045678.17"
YES, NO = {"analytics": True}, {"analytics": False}
KEPT = ("browsing", "browsing_session", "shop_floor")


class Pages:
    """The demo shop's server, which vouches for its customers, and the pages it serves."""

    def __init__(self, world: World, browse_id: str) -> None:
        self.world, self.browse_id = world, browse_id

    async def viewed(self, session: str, item: Json = LAMP, **more: Any) -> str:
        """The server tells that an article was viewed just now; its message, once applied."""
        fact = {"session": session, "id": uuid.uuid4().hex, "item": item, **more}
        return await self._told("product.viewed", fact)

    async def agrees(self, customer: Json, consent: dict[str, bool]) -> None:
        """The server tells what a customer said of consent."""
        await self._told("consent.updated", {**customer, "consent": consent})

    async def _told(self, kind: str, data: Json) -> str:
        answer = await self.world.shop.hook(kind, {"at": datetime.now(UTC).isoformat(), **data})
        assert answer.status_code == 202, answer.text
        await self.world.settled()
        return str(answer.json()["message"])

    async def page(self, body: Any, origin: str | None = SHOP, **more: str) -> httpx.Response:
        """A page in a browser tells."""
        headers = {**({"Origin": origin} if origin else {}), **more}
        address = f"/v1/browse/{self.browse_id}"
        return await self.world.client.post(address, json=body, headers=headers)

    async def page_viewed(self, session: str, item: Json, consent: dict[str, bool]) -> None:
        """A page tells that its article was viewed."""
        fact = {"what": "product_viewed", "item": item}
        answer = await self.page({"session": session, "consent": consent, "facts": [fact]})
        assert answer.status_code == 204, answer.text


@pytest_asyncio.fixture(loop_scope="module")
async def pages(shared: World) -> Pages:
    """The demo shop, whose pages may tell."""
    connections, tenant = shared.gateway.directory.connections, await shared.tenant()
    shop = await connections.get_by_slug(tenant, "demo-shop")
    assert shop is not None
    await connections.let_browse(tenant, shop.id, [SHOP])
    if not await shared.event_count():
        await shared.offered()  # browsing leaves nothing in the journal that could be proved
    return Pages(shared, shop.browse_id)


def somebody() -> tuple[str, Json]:
    """A session, and the customer whose it is."""
    name = uuid.uuid4().hex
    return f"ses-{name}", {"external_id": f"u-{name}", "loyalty_number": f"L{name}"}


async def held(world: World) -> dict[str, int]:
    """How many rows each table holds, but for those that note that a message came."""
    names = await world.owner.fetch(
        "select table_name as name from information_schema.tables"
        " where table_schema = 'public' and table_type = 'BASE TABLE'"
        " and table_name not in ('inbox', 'inbox_part', 'inbox_connection', 'seen', 'day_key',"
        " 'duty', 'open_alarm', 'cart_facts', 'facts_cursor', 'event', 'stream', 'view',"
        " 'document_key', 'command')"
    )
    return {
        row["name"]: await world.owner.fetchval(f"select count(*) from {row['name']}")  # noqa: S608
        for row in names
    }


async def names(world: World, text: str) -> list[str]:
    """The tables in which a text can be read."""
    tables = await world.owner.fetch(
        "select table_name as name from information_schema.tables"
        " where table_schema = 'public' and table_type = 'BASE TABLE'"
    )
    return [
        row["name"]
        for row in tables
        if await world.owner.fetchval(
            f"select exists (select from {row['name']} x"  # noqa: S608
            " where x::text like '%' || $1 || '%'"
            " or x::text like '%' || encode(convert_to($1, 'UTF8'), 'hex') || '%')",
            text,
        )
    ]


async def found(world: World, customer: Json, store: int = 0) -> Json:
    """What an associate is shown who looks her up by her card."""
    said = {"loyalty_number": customer["loyalty_number"], "purpose": "she asks for advice"}
    answer = await world.till(store).call("POST", "/v1/pos/customers/search", said)
    assert answer.status_code == 200, answer.text
    answered: Json = answer.json()
    return answered


async def looks(world: World, customer: Json) -> dict[tuple[str, str], int]:
    """What she recently looked at, and how often, as the store's tablet shows it."""
    person = (await found(world, customer))["customer"]["id"]
    answer = await world.till().get(f"/v1/pos/customers/{person}/recently-looked-at")
    assert answer.status_code == 200, answer.text
    return {
        (one["what"], one["item"]["title"] if one["item"] else one["text"]): one["count"]
        for one in answer.json()["items"]
    }


@pytest.mark.parametrize("consent", [{}, {"marketing": True}], ids=["silent", "other purpose"])
async def test_without_consent_nothing_is_kept_anywhere(
    shared: World, pages: Pages, consent: dict[str, bool]
) -> None:
    session, customer = somebody()
    await shared.settled()
    before = await held(shared)

    message = await pages.viewed(session, customer=customer, consent=consent)
    await pages.page_viewed(session, LAMP, consent)
    await until(lambda: _dropped(shared, message))

    assert await held(shared) == before
    for secret in (session, customer["external_id"], customer["loyalty_number"]):
        assert await names(shared, secret) == []


async def _dropped(world: World, message: str) -> bool:
    """Of the message nothing is left but that it came."""
    row = await world.owner.fetchrow(
        "select i.headers, i.body, p.ref, p.state from inbox i join inbox_part p using (message)"
        " where i.message = $1",
        uuid_of(message),
    )
    return row is not None and tuple(row) == (None, None, None, "applied")


async def test_with_consent_the_associate_sees_what_she_looked_at_before_and_since_she_logged_in(
    shared: World, pages: Pages
) -> None:
    session, customer = somebody()
    journal = await shared.event_count()
    await pages.page_viewed(session, LAMP, YES)
    search = {"what": "searched", "text": "une lampe pour lire"}
    await pages.page({"session": session, "consent": YES, "facts": [search]})

    message = await pages.viewed(session, BOOK, customer=customer, consent=YES)
    await pages.page_viewed(session, {"sku": "LAMP-OAK"}, YES)

    assert await looks(shared, customer) == {
        ("product_viewed", "Lampe chêne"): 2,
        ("product_viewed", "Le Livre des lumières"): 1,
        ("searched", "une lampe pour lire"): 1,
    }
    shown = (await found(shared, customer))["recently_looked_at"]
    assert {one["day"] for one in shown} == {
        datetime.now(ZoneInfo("Europe/Paris")).date().isoformat()
    }
    assert {one["store"] for one in shown} == {None}
    await until(lambda: _dropped(shared, message))
    for secret in (session, "une lampe pour lire"):
        assert await names(shared, secret) == []
    assert await shared.event_count() == journal


async def test_the_same_fact_told_again_counts_once(shared: World, pages: Pages) -> None:
    session, customer = somebody()
    name = uuid.uuid4().hex
    for _ in range(2):
        await pages.viewed(session, customer=customer, consent=YES, id=name)

    assert await looks(shared, customer) == {("product_viewed", "Lampe chêne"): 1}


async def test_once_she_withdraws_it_is_gone_and_her_browser_tells_in_vain(
    shared: World, pages: Pages
) -> None:
    session, customer = somebody()
    await pages.viewed(session, customer=customer, consent=YES)
    assert await looks(shared, customer)
    before = (await held(shared))["browsing"]

    await pages.agrees(customer, NO)
    gone = before - (await held(shared))["browsing"]
    await pages.page_viewed(session, BOOK, YES)
    await pages.viewed(session, customer=customer)

    assert gone == 1
    assert (await held(shared))["browsing"] == before - 1
    assert await looks(shared, customer) == {}
    await pages.agrees(customer, YES)
    await pages.page_viewed(session, BOOK, YES)
    assert await looks(shared, customer) == {("product_viewed", "Le Livre des lumières"): 1}


async def test_a_page_that_says_no_forgets_what_was_kept_of_the_visit(
    shared: World, pages: Pages
) -> None:
    session, _ = somebody()
    before = (await held(shared))["browsing"]
    await pages.page_viewed(session, LAMP, YES)
    assert (await held(shared))["browsing"] == before + 1

    assert (await pages.page({"session": session, "consent": NO})).status_code == 204

    assert (await held(shared))["browsing"] == before


async def test_after_31_days_it_is_gone(shared: World, pages: Pages) -> None:
    session, customer = somebody()
    await pages.viewed(session, customer=customer, consent=YES)
    await pages.page_viewed(somebody()[0], LAMP, YES)
    now = shared.gateway.clock
    in_time = replace(shared.gateway, clock=lambda: now() + timedelta(days=30))
    late = replace(shared.gateway, clock=lambda: now() + timedelta(days=31))

    await _due(shared)
    await forget(in_time)
    assert await looks(shared, customer)
    await _due(shared)
    await forget(late)

    assert (await held(shared))["browsing"] == 0
    assert (await held(shared))["browsing_session"] == 0
    assert await looks(shared, customer) == {}


async def _due(world: World) -> None:
    await world.owner.execute(
        "update duty set due_at = '-infinity', lease_until = null where kind = 'forget_browsing'"
    )


async def test_a_mirror_reads_tags_and_an_associate_scans(shared: World, pages: Pages) -> None:
    session, customer = somebody()
    await pages.viewed(session, BOOK, customer=customer, consent=YES)
    number = "2000000000015"
    listed = {"sku": "PLAID-CUT", "label": "Plaid à la coupe"}
    in_store = {"in_store": {f"store:{LYON}": [number]}}
    await shared.operator.call("PUT", "/v1/items", {"items": [{**listed, **in_store}]})
    mirror, elsewhere = shared.till(0), shared.till(1)
    tags = [{"epc": LAMP_TAG}, {"epc": LAMP_TAG}, {"epc": LAMP_TAG.replace(".17", ".18")}]
    told = {"kind": "demonstration", "subject": "Lampe"}
    opened = await mirror.call("POST", "/v1/enquiries", told)
    enquiry = opened.json()["enquiry"]["id"]

    tried = await mirror.call("POST", "/v1/pos/observations", {"kind": "tried", "items": tags})
    key = uuid.uuid4().hex
    body = {"kind": "asked", "items": [{"gtin": number}, {"sku": "NOT-THERE"}, {"gtin": number}]}
    asked = [
        await mirror.call("POST", "/v1/pos/observations", body, Idempotency_Key=key)
        for _ in range(2)
    ]
    hers = {"customer": customer["loyalty_number"], "enquiry": enquiry, "staff": "lea"}
    with_her = await mirror.call(
        "POST", "/v1/pos/observations", {"kind": "presented", "items": [{"epc": LAMP_TAG}], **hers}
    )
    not_there = await elsewhere.call("POST", "/v1/pos/observations", body)

    assert tried.status_code == 200, tried.text
    assert [one["title"] for one in tried.json()["kept"]] == ["Lampe chêne", "Lampe chêne"]
    assert not tried.json()["for_customer"]
    assert asked[0].json() == asked[1].json()
    assert [one["title"] for one in asked[0].json()["kept"]] == ["Plaid à la coupe"] * 2
    (unknown,) = asked[0].json()["unknown"]
    assert unknown["sku"] == "NOT-THERE"
    assert "NOT-THERE is not on the item list" in unknown["mend"]
    assert not_there.json()["kept"] == []
    assert with_her.json()["for_customer"]
    assert await looks(shared, customer) == {
        ("product_viewed", "Le Livre des lumières"): 1,
        ("presented", "Lampe chêne"): 1,
    }
    (one,) = [
        look
        for look in (await found(shared, customer))["recently_looked_at"]
        if look["store"] is not None
    ]
    assert (one["store"], one["enquiry"]) == (LYON, enquiry)
    assert set(await names(shared, enquiry)) == {"event", "view"}  # of the enquiry itself
    today = datetime.now(UTC).date()
    days = {"from": str(today - timedelta(days=1)), "to": str(today + timedelta(days=1))}
    report = await shared.operator.get("/v1/reports/shop-floor", store=LYON, **days)
    assert report.status_code == 200, report.text
    counts = {(row["sku"], row["kind"]): row["count"] for row in report.json()["items"]}
    assert counts == {
        ("LAMP-OAK", "tried"): 2,
        ("PLAID-CUT", "asked"): 2,
        ("LAMP-OAK", "presented"): 1,
    }
    empty = await shared.operator.get("/v1/reports/shop-floor", store=RIVOLI, **days)
    assert empty.json()["items"] == []


async def test_a_customer_who_did_not_agree_is_only_counted(shared: World, pages: Pages) -> None:
    _, customer = somebody()
    await pages.agrees(customer, {"marketing": True})
    before = await held(shared)

    for said in (customer["loyalty_number"], "a card nobody has"):
        body = {"kind": "demonstrated", "items": [{"sku": "LAMP-OAK"}], "customer": said}
        answer = await shared.till().call("POST", "/v1/pos/observations", body)
        assert not answer.json()["for_customer"], answer.text

    after = await held(shared)
    assert {name: after[name] - before[name] for name in KEPT} == {
        "browsing": 0,
        "browsing_session": 0,
        "shop_floor": 1,
    }


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"items": [{"epc": "E28011606000020D6842D5A1"}]}, 400, "invalid_request", "items.0.epc"),
        ({"items": [{"gtin": "3700123456781"}]}, 400, "invalid_request", "items.0.gtin"),
        ({"items": [{"gtin": LAMP["gtin"], "sku": "A"}]}, 400, "invalid_request", "items.0"),
        ({"items": []}, 400, "invalid_request", "items"),
        ({"enquiry": "enq_1"}, 400, "invalid_request", "enquiry"),
        ({"kind": "sold"}, 400, "invalid_request", "kind"),
        ({"mood": "good"}, 400, "unknown_field", "mood"),
        ({"customer": f"cus_{'0' * 32}"}, 404, "not_found", None),
    ],
)
async def test_what_a_mirror_cannot_mean_is_refused_by_name(
    shared: World, body: Json, status: int, code: str, field: str | None
) -> None:
    before = (await held(shared))["shop_floor"]
    whole = {"kind": "tried", "items": [{"sku": "LAMP-OAK"}], **body}

    async with shared.nothing_written():
        answer = await shared.till().call("POST", "/v1/pos/observations", whole)

    problem = refused(answer, status, code)
    assert (problem["errors"][0]["field"] if field else None) == field
    assert (await held(shared))["shop_floor"] == before


async def test_a_stranger_s_customer_is_not_found(shared: World) -> None:
    for person in (f"cus_{'0' * 32}", "anna@example.com"):
        answer = await shared.till().get(f"/v1/pos/customers/{person}/recently-looked-at")
        refused(answer, 404, "not_found")


async def test_only_pages_of_a_listed_origin_may_tell_and_no_cookie_is_set(
    shared: World, pages: Pages
) -> None:
    body = {"session": somebody()[0], "consent": YES, "facts": []}
    address = f"/v1/browse/{pages.browse_id}"

    asked = await shared.client.options(address, headers={"Origin": SHOP})
    told = await pages.page(body)

    assert asked.status_code == 204
    assert asked.headers["Access-Control-Allow-Methods"] == "POST"
    assert asked.headers["Access-Control-Allow-Headers"] == "content-type"
    for answer in (asked, told):
        assert answer.headers["Access-Control-Allow-Origin"] == SHOP
        assert answer.headers["Vary"] == "Origin"
        assert "Set-Cookie" not in answer.headers
        assert "Access-Control-Allow-Credentials" not in answer.headers
    strangers = (None, "null", f"{SHOP}.evil.example", SHOP.replace("https", "http"), f"{SHOP}/")
    for origin in strangers:
        refusal = await pages.page(body, origin)
        refused(refusal, 403, "origin_refused")
        assert "Access-Control-Allow-Origin" not in refusal.headers
    nowhere = await shared.client.post(f"/v1/browse/brw_{'0' * 32}", json=body)
    refused(nowhere, 404, "not_found")


async def test_a_page_learns_why_it_was_not_understood(shared: World, pages: Pages) -> None:
    session, _ = somebody()
    before = (await held(shared))["browsing"]
    facts = [{"what": "searched", "text": "x" * 20_000}]

    wrong = await pages.page({"session": session, "consent": YES, "facts": [{"what": "sold"}]})
    long = await pages.page({"session": session, "consent": YES, "facts": facts})

    assert refused(wrong, 400, "invalid_request")["errors"][0]["field"] == "facts.0.what"
    refused(long, 413, "too_large")
    assert wrong.headers["Access-Control-Allow-Origin"] == SHOP
    assert (await held(shared))["browsing"] == before


async def test_a_session_that_tells_too_fast_is_told_to_wait(pages: Pages) -> None:
    session, _ = somebody()

    answers = [await pages.page({"session": session}) for _ in range(70)]

    late = [answer for answer in answers if answer.status_code == 429]
    assert late
    refused(late[0], 429, "rate_limited")
    assert late[0].headers["Retry-After"] == "30"
    assert (await pages.page({"session": somebody()[0]})).status_code == 204


async def test_ga4_s_events_are_taken_by_the_same_rule(shared: World, pages: Pages) -> None:
    session, customer = somebody()
    item = {"item_id": "LAMP-OAK", "item_name": "Lampe"}
    event = {"name": "view_item", "params": {"items": [item]}}
    said = {"client_id": session, "user_id": customer["external_id"], "events": [event]}
    for word in ("DENIED", "GRANTED"):
        answer = await pages.page({**said, "consent": {"analytics_storage": word}})
        assert answer.status_code == 204, answer.text

    await pages.viewed(session, BOOK, customer=customer, consent=YES)

    assert await looks(shared, customer) == {
        ("product_viewed", "Lampe chêne"): 1,
        ("product_viewed", "Le Livre des lumières"): 1,
    }


async def test_the_script_is_small_names_no_third_party_and_sets_no_cookie(shared: World) -> None:
    answer = await shared.client.get("/browse.js")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert len(answer.content) < 2000
    for forbidden in ("cookie", "localStorage", "http:", "https:", "eval", "sendBeacon"):
        assert forbidden not in answer.text.replace("No cookie", "")
    again = await shared.client.get("/browse.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PAGE = """<!doctype html><title>Lampe</title>
<script src="%s/browse.js" data-connection="%s"></script>
<script>
  cartbridge.viewed({sku: "LAMP-OAK", title: "Lampe"});
  cartbridge.searched("chêne");
  var before = [cartbridge.session(), sessionStorage.length];
  if (location.search === "?yes") cartbridge.consent({analytics: true});
  if (location.search === "?no") cartbridge.consent({analytics: false});
  cartbridge.listed("Lampes");
  document.title = JSON.stringify({before: before, session: cartbridge.session(),
    kept: sessionStorage.length, local: localStorage.length, cookie: document.cookie});
</script>"""


@asynccontextmanager
async def shop_front(gateway: str, browse_id: str) -> AsyncIterator[str]:
    """The shop's own web server with one page; yields its origin."""

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=PAGE % (gateway, browse_id), content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def opened(address: str, folder: Path) -> Json:
    """What a real browser says of itself once it has shown the page."""
    assert CHROMIUM is not None
    options = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}")
    process = await asyncio.create_subprocess_exec(
        *(CHROMIUM, *options, "--virtual-time-budget=3000", "--dump-dom", address),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with asyncio.timeout(45):
        shown, _ = await process.communicate()
    title = shown.decode().partition("<title>")[2].partition("</title>")[0]
    told: Json = json.loads(title)
    return told


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine to open a page in")
async def test_in_a_real_browser_nothing_leaves_before_she_agreed(
    shared: World, pages: Pages, tmp_path: Path
) -> None:
    connections = shared.gateway.directory.connections
    tenant = await shared.tenant()
    before = await held(shared)
    async with shop_front(shared.gateway.public_url, pages.browse_id) as front:
        found = await connections.by_browse_id(pages.browse_id)
        assert found is not None
        await connections.let_browse(tenant, found.id, [front])

        silent = await opened(f"{front}/", tmp_path)
        refusing = await opened(f"{front}/?no", tmp_path)
        assert await held(shared) == before
        agreeing = await opened(f"{front}/?yes", tmp_path)

    nothing = {"before": [None, 0], "session": None, "kept": 0, "local": 0, "cookie": ""}
    assert silent == refusing == nothing
    assert agreeing == {**nothing, "session": agreeing["session"], "kept": 1}
    assert len(agreeing["session"]) == 32
    _, customer = somebody()
    await pages.viewed(agreeing["session"], BOOK, customer=customer, consent=YES)
    assert set(await looks(shared, customer)) == {
        ("product_viewed", "Lampe chêne"),
        ("searched", "chêne"),
        ("list_viewed", "Lampes"),
        ("product_viewed", "Le Livre des lumières"),
    }
