"""The reports are right to the cent: what they say is what a ledger of the script says."""

import asyncio
import csv
import io
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from cartbridge.domain.cart import events as e
from cartbridge.domain.report import fold, journey
from cartbridge.domain.store import Brand, Store, Terminal
from cartbridge.pages.words import texts_of
from cartbridge.services.gather_facts import gather_all_facts, gather_facts
from cartbridge.worker.facts import gather
from tests.acceptance.report_checks import (
    ALL,
    ASKED,
    JOURNEYS,
    check_additional_sales,
    check_attribution,
    check_lifecycle,
    report,
)
from tests.acceptance.report_csv import csv_of, title
from tests.acceptance.report_play import play
from tests.acceptance.report_script import TILLS
from tests.acceptance.world import (
    LAMP,
    PLAID,
    Caller,
    World,
    line,
    open_world,
    refused,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(
    server: Callable[[str], str], copies: Any, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """The seeded world: everything was played, and nothing happens by itself."""
    name = await copies.take()
    folder = tmp_path_factory.mktemp("reports")
    async with open_world(server(name), folder, work=False) as world:
        tenant, directory = await world.tenant(), world.gateway.directory
        await directory.brands.add(tenant, Brand(id="atelier", name="Atelier"))
        geneva = Store(id="geneve-rive", brand="atelier", name="Genève", currency="CHF")
        await directory.stores.add(tenant, geneva)
        school = Store(id="school", brand="maison-lumiere", name="École", mode="training")
        await directory.stores.add(tenant, school)
        for store in ("geneve-rive", "school"):
            for till in TILLS[store]:
                await directory.terminals.add(tenant, Terminal(id=till, store=store, name=till))
        shop = world.told["connections"]["demo-shop"]["id"]
        await play(world.gateway, tenant, shop, JOURNEYS)
        await gather_facts(world.gateway)
        yield world
    copies.give_back(name)


async def test_the_lifecycle_is_what_people_did(world: World) -> None:
    for asked in ASKED:
        await check_lifecycle(world, asked)


async def test_additional_sales_are_right_to_the_cent(world: World) -> None:
    for asked in ASKED:
        await check_additional_sales(world, asked)


async def test_attribution_is_right_to_the_cent_and_tells_nobody_apart(world: World) -> None:
    seen: Counter[str] = Counter()
    for asked in ASKED:
        seen += await check_attribution(world, asked)
    assert seen["shown"] > 20
    assert seen["hidden"] > 20
    told = await report(world, "attribution", ALL)
    assert {row["crossing"] for row in told["receipts"]} == {"online_to_store", "store_to_online"}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", ["lifecycle", "additional-sales", "attribution"])
async def test_the_csv_says_what_the_json_says(world: World, name: str, language: str) -> None:
    told = await report(world, name, ALL)
    headers = {"Accept-Language": language, "Authorization": f"Bearer {world.told['ops_key']}"}
    answer = await world.client.get(
        f"/v1/reports/{name}", params={**ALL, "format": "csv"}, headers=headers
    )
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    text = answer.content.decode()
    assert text.startswith("\ufeff") is (language == "fr")
    rows = list(
        csv.DictReader(
            io.StringIO(text.removeprefix("\ufeff")), delimiter=";" if language == "fr" else ","
        )
    )
    as_of = next(iter(rows))[title(texts_of(language), "as_of")]
    head = {**told, "as_of": as_of}
    assert datetime.fromisoformat(as_of) >= datetime.fromisoformat(told["as_of"])
    totals = {n: told[n] for n in told if isinstance(told[n], int) and n != "fewest_people"}
    sections = [("totals", totals)] if totals else []
    sections += [("consent", told["consent"])] if "consent" in told else []
    sections += [(n, row) for n in told if isinstance(told[n], list) for row in told[n]]
    found = [{name: text for name, text in row.items() if text} for row in rows]
    expected = csv_of(sections, head, language)
    assert sorted(map(sorted_items, found)) == sorted(map(sorted_items, expected))


def sorted_items(row: dict[str, str]) -> list[tuple[str, str]]:
    return sorted(row.items())


def first_is_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fold, "_ends", lambda inherited, own: (own or [None])[-1:] * 2)


def nothing_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    notes = {kind: note for kind, note in fold._NOTES.items() if kind is not e.LinesReturned}
    monkeypatch.setattr(fold, "_NOTES", notes)


def all_was_in_the_cart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journey, "_brought", lambda source, line, quantity: quantity)


CONTROLS: dict[Callable[[pytest.MonkeyPatch], None], Any] = {
    first_is_last: check_attribution,
    nothing_comes_back: check_additional_sales,
    all_was_in_the_cart: check_additional_sales,
}


async def test_control_a_wrong_fold_is_found_out_and_gathering_anew_mends_it(world: World) -> None:
    before, read = await stored(world), world.gateway.documents.history
    known: dict[str, Any] = {}

    async def history(tenant: uuid.UUID, cart: str) -> Any:
        if cart not in known:
            known[cart] = await read(tenant, cart)
        return known[cart]

    with pytest.MonkeyPatch.context() as once:
        once.setattr(world.gateway.documents, "history", history)  # nothing happens meanwhile
        for break_it, check in CONTROLS.items():
            with pytest.MonkeyPatch.context() as patch:
                break_it(patch)
                await gather_all_facts(world.gateway)
                with pytest.raises(AssertionError):
                    await check(world, ALL)
        await gather_all_facts(world.gateway)
    assert await stored(world) == before


async def stored(world: World) -> dict[uuid.UUID, bytes]:
    """The facts of all carts, byte for byte."""
    rows = await world.owner.fetch("select cart, body from cart_facts")
    return {row["cart"]: row["body"] for row in rows}


async def test_who_gathers_at_once_or_late_leaves_what_one_alone_does(world: World) -> None:
    before = await stored(world)
    await world.gateway.facts.begin_anew()
    late = (await world.gateway.facts.behind())[0]
    await asyncio.gather(*(gather_facts(world.gateway) for _ in range(2)))
    assert not await world.gateway.facts.store(late, [])
    assert await stored(world) == before
    assert await gather(world.gateway) == 0  # nothing is left


async def test_the_facts_hold_no_personal_data(world: World) -> None:
    numbers = {f"L{one.shopper}".encode() for one in JOURNEYS if one.shopper is not None}
    bodies = b"".join((await stored(world)).values()).lower()
    assert len(numbers) > 50
    assert b"lamp" in bodies
    assert not any(b'"' + number.lower() + b'"' in bodies for number in numbers)
    assert b"loyalty" not in bodies


async def test_a_report_tells_how_far_it_knows_and_waits_for_nothing(world: World) -> None:
    today = {"from": datetime.now(UTC).date().isoformat(), "time_zone": "UTC"}
    sold = await sale_over_http(world)
    early = await report(world, "additional-sales", today)
    await gather_facts(world.gateway)
    told = await report(world, "additional-sales", today)
    told |= {"sections": await report(world, "lifecycle", today)}

    assert datetime.fromisoformat(early["as_of"]) <= sold < datetime.fromisoformat(told["as_of"])
    assert early["added"] == []
    assert [(row["store"], row["staff"]) for row in told["added"]] == [("lyon-part-dieu", "M-7")]
    row = told["added"][0]
    assert (row["sales"], row["with_additions"], row["lines"]) == (1, 1, 1)
    assert row["money"] == {
        "gross": 15000,
        "assumed": 0,
        "returned": 7500,
        "voided": 0,
        "net": 7500,
        "unpriced": 0,
    }
    assert told["sections"]["carts"] == 1
    hidden = await report(world, "attribution", today)
    assert [row["cell"]["suppressed"] for row in hidden["ways"]] == [True]
    assert hidden["receipts"] == []


async def sale_over_http(world: World) -> datetime:
    """A cart of the shop is claimed by a till, which adds two plaids, and takes one back."""
    put = await world.shop.call(
        "PUT",
        "/v1/connections/demo-shop/carts/reported",
        {
            "currency": "EUR",
            "updated_at": datetime.now(UTC).isoformat(),
            "lines": [line(LAMP, 2)],
            "attribution": {"utm_source": "newsletter", "gclid": "G-1"},
            "consent": {"analytics": True},
        },
    )
    assert put.status_code == 200, put.text
    began = datetime.now(UTC)
    claim = await world.till().claim(cart=put.json()["cart"]["id"], staff="M-7")
    assert claim.status_code == 201, claim.text
    extra = {"item": PLAID, "quantity": "2", "unit_price": 7500}
    sold_at = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    sold = await world.till().complete(
        claim.json(), "REPORT-1", sold_at=sold_at, extra_lines=[extra], staff="M-7"
    )
    assert sold.status_code == 200, sold.text
    back = {"receipt_number": "REPORT-1", "lines": [{"gtin": PLAID["gtin"], "quantity": "1"}]}
    returned = await world.till().call("POST", "/v1/pos/returns", back)
    assert returned.status_code == 200, returned.text
    return began


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"from": "2025-03-02", "to": "2025-03-01"}, 400, "invalid_request"),
        ({"from": "2020-01-01", "to": "2025-03-01"}, 400, "invalid_request"),
        ({"from": "1735689600"}, 400, "invalid_request"),
        ({"to": "9999-12-31"}, 400, "invalid_request"),
        ({"time_zone": "Europe/Atlantis"}, 400, "invalid_request"),
        ({"format": "xlsx"}, 400, "invalid_request"),
        ({"terminal": "lyon-caisse-1"}, 400, "unknown_field"),
        ({"store": "nowhere"}, 404, "not_found"),
        ({"brand": "nobody"}, 404, "not_found"),
    ],
)
async def test_what_cannot_be_told_is_refused_by_name(
    world: World, asked: dict[str, str], status: int, code: str
) -> None:
    for name in ("lifecycle", "additional-sales", "attribution"):
        answer = await world.operator.get(f"/v1/reports/{name}", **asked)
        refused(answer, status, code)


async def test_reports_are_the_operators_own(world: World) -> None:
    tenant = await world.gateway.directory.tenants.add("other", "Other")
    _, key = await world.gateway.directory.keys.issue(tenant.uuid, "ops", "operator")
    other = Caller(world.client, key)
    for name in ("lifecycle", "additional-sales", "attribution"):
        for caller in (world.shop, world.till()):
            refused(await caller.get(f"/v1/reports/{name}"), 403, "forbidden")
        told = await other.get(f"/v1/reports/{name}", **ALL)
        rows = [row for value in told.json().values() if isinstance(value, list) for row in value]
        assert told.status_code == 200
        assert not any(row.get("carts") or row.get("store") for row in rows)
