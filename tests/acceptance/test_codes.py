"""Codes: whatever a scanner or a person types, and every way in which a code can be dead."""

import asyncio
from dataclasses import replace

import pytest

from cartbridge.services.codes import ALPHABET
from tests.acceptance.world import BOOK, LAMP, Caller, Json, Till, World, line, open_world, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

# What the keys of a scanner set to QWERTY type on a till set to another layout.
AZERTY = str.maketrans(
    "QWAZM:;1234567890-/.,?_=+qwazm",
    "AZQW?Mm&é\"'(-è_çà)!:;§°=+azqw,",
)
QWERTZ = str.maketrans("YZ:;/-?_=+yz", "ZYÖö-ß_?´`zy")

TITLES = {
    "code_used": ("This code has been used", "Ce code a déjà servi"),
    "code_revoked": ("This code was withdrawn", "Ce code a été annulé"),
    "code_lapsed": ("This code has run out", "Ce code a expiré"),
    "code_unknown": ("Nobody knows this code", "Ce code n’est pas connu"),
    "code_other_store": ("This code is for another store", "Ce code est celui d’un autre magasin"),
    "code_wrong_direction": ("This code leads the other way", "Ce code va dans l’autre sens"),
}
WAYS_OUT = {"en": "fresh|type the 8 digits|scan the code|right kind", "fr": "nouve|affich|bon code"}


async def test_a_code_of_letters_alone_is_the_same_on_every_layout() -> None:
    assert ALPHABET.translate(AZERTY) == ALPHABET
    assert ALPHABET.translate(QWERTZ) == ALPHABET
    assert "HTTP://127.0.0.1:8080/H/".translate(AZERTY) == "HTTPM!!&éè:à:à:&M_à_à!H!"


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param(lambda offer: offer["url"], id="the whole URL"),
        pytest.param(lambda offer: offer["code"], id="the code alone"),
        pytest.param(lambda offer: offer["url"].lower(), id="in lower case"),
        pytest.param(lambda offer: offer["url"].lower().swapcase(), id="Caps Lock"),
        pytest.param(lambda offer: offer["code"].swapcase(), id="Caps Lock, the code alone"),
        pytest.param(lambda offer: offer["url"].translate(AZERTY), id="QWERTY on AZERTY"),
        pytest.param(lambda offer: offer["url"].swapcase().translate(AZERTY), id="AZERTY, Caps"),
        pytest.param(lambda offer: offer["url"].translate(QWERTZ), id="QWERTY on QWERTZ"),
        pytest.param(lambda offer: f"]Q3{offer['url']}\r\n", id="symbology mark and Enter"),
        pytest.param(lambda offer: f"3700123456780\t{offer['url']}", id="another scan before it"),
        pytest.param(lambda offer: f"BCDFGHJK {offer['code']}", id="letters of ours before it"),
    ],
)
async def test_the_till_finds_the_cart_whatever_its_scanner_makes_of_the_code(
    shared: World, typed: object
) -> None:
    cart, offer = await shared.offered()
    assert callable(typed)

    claimed = await shared.till().claim(code=typed(offer))

    assert claimed.status_code == 201, claimed.text
    assert claimed.json()["cart"]["id"] == cart["id"]


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param(lambda digits: digits, id="as it is"),
        pytest.param(lambda digits: f" {digits[:4]} {digits[4:]} ", id="in two groups"),
        pytest.param(lambda digits: ".".join((digits[:2], digits[2:5], digits[5:])), id="dots"),
        pytest.param(lambda digits: digits.translate(AZERTY), id="unshifted AZERTY row"),
        pytest.param(
            lambda digits: f"{digits[:4]} {digits[4:]}".translate(AZERTY), id="AZERTY, groups"
        ),
    ],
)
async def test_the_8_digits_are_understood_as_people_type_them(
    shared: World, typed: object
) -> None:
    cart, offer = await shared.offered()
    assert callable(typed)

    claimed = await shared.till().claim(short_code=typed(offer["short_code"]))

    assert claimed.status_code == 201, claimed.text
    assert claimed.json()["cart"]["id"] == cart["id"]


async def used(world: World, offer: Json) -> Till:
    await world.till(0, 1).claim(code=offer["code"])
    held = (await world.till(0, 1).get("/v1/pos/claims")).json()["items"]
    await world.till(0, 1).act(held[-1], "release")
    return world.till()


async def revoked(world: World, offer: Json) -> Till:
    gone = await world.shop.call("DELETE", f"/v1/handovers/{offer['id']}")
    assert gone.status_code == 204
    return world.till()


async def replaced(world: World, offer: Json) -> Till:
    cart = (await world.till().get("/v1/carts", state="offered", limit="200")).json()["items"]
    mine = next(one for one in cart if (one["handover"] or {}).get("id") == offer["id"])
    await world.shop.offer(mine["id"])
    return world.till()


async def of_another_store(world: World, offer: Json) -> Till:
    return world.till(1)


DEATHS = [
    pytest.param(used, {}, 410, "code_used", id="used"),
    pytest.param(revoked, {}, 410, "code_revoked", id="revoked"),
    pytest.param(replaced, {}, 410, "code_revoked", id="replaced by a newer one"),
    pytest.param(
        of_another_store,
        {"store": "lyon-part-dieu"},
        409,
        "code_other_store",
        id="bound to another store",
    ),
]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("named_by", ["code", "short_code"])
@pytest.mark.parametrize(("die", "wish", "status", "code"), DEATHS)
async def test_a_dead_code_says_why_and_what_to_do_next(
    shared: World, die: object, wish: Json, status: int, code: str, named_by: str, language: str
) -> None:
    assert callable(die)
    cart, offer = await shared.offered(line(LAMP), line(BOOK), **wish)
    till = replace(await die(shared, offer), language=language)

    async with shared.nothing_written():
        answer = await till.claim(**{named_by: offer[named_by]})

    told_as_promised(refused(answer, status, code), language)
    assert (await shared.cart(cart["id"]))["claim"] is None


def told_as_promised(problem: Json, language: str) -> None:
    """The title is the one for this death, and its sentence says what to do next."""
    assert problem["title"] == TITLES[problem["code"]][language == "fr"]
    assert any(way in problem["detail"] for way in WAYS_OUT[language].split("|")), problem


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_code_that_was_never_made_is_not_known(shared: World, language: str) -> None:
    till = replace((await shared.more_tills(1))[0], language=language)

    async with shared.nothing_written():
        by_code = await till.claim(code="BCDFGHJKLNPRSTVX" * 2)
        by_digits = await till.claim(short_code="0000 0000")
        by_nonsense = await till.claim(code="3700123456780")

    for answer in (by_code, by_digits, by_nonsense):
        told_as_promised(refused(answer, 404, "code_unknown"), language)


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_code_made_for_going_home_is_not_taken_by_a_till(
    shared: World, language: str
) -> None:
    _, offer = await shared.offered(direction="to_online")

    async with shared.nothing_written():
        answer = await replace(shared.till(), language=language).claim(code=offer["url"])

    told_as_promised(refused(answer, 409, "code_wrong_direction"), language)
    assert offer["short_code"] is None


async def test_a_code_made_for_a_till_joins_no_session(shared: World) -> None:
    _, offer = await shared.offered()

    async with shared.nothing_written():
        answer = await shared.other_shop.call(
            "POST", "/v1/handovers/join", {"code": offer["url"], "external_id": "b_1"}
        )

    refused(answer, 409, "code_wrong_direction")


async def test_a_store_that_does_not_exist_gets_no_code(shared: World) -> None:
    cart, _ = await shared.offered()

    async with shared.nothing_written():
        answer = await shared.shop.call(
            "POST",
            f"/v1/carts/{cart['id']}/handovers",
            {"direction": "to_store", "store": "nowhere"},
        )

    problem = refused(answer, 400, "invalid_request")
    assert problem["errors"][0]["field"] == "store"


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.asyncio(loop_scope="function")
async def test_a_code_that_ran_out_says_so(world: World, language: str) -> None:
    _, offer = await world.offered(ttl_seconds=60)
    _, other = await world.offered(ttl_seconds=60)
    till = replace(world.till(), language=language)
    world.clock.move(seconds=61)

    async with world.nothing_written():
        by_code = await till.claim(code=offer["url"])
        by_digits = await till.claim(short_code=other["short_code"])

    told_as_promised(refused(by_code, 410, "code_lapsed"), language)
    told_as_promised(refused(by_digits, 410, "code_lapsed"), language)


@pytest.mark.asyncio(loop_scope="function")
async def test_digits_that_ran_out_are_told_apart_from_unknown_ones(world: World) -> None:
    _, offer = await world.offered(ttl_seconds=60)
    await world.owner.execute(
        "update pointer set expires_at = clock_timestamp() where kind = 'short_code'"
    )
    world.clock.move(seconds=61)

    answer = await world.till().claim(short_code=offer["short_code"])

    refused(answer, 410, "code_lapsed")


async def wrong_entries(till: Till, count: int) -> list[int]:
    return [(await till.claim(short_code=f"0000 {n:04d}")).status_code for n in range(count)]


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_twenty_wrong_entries_lock_typing_codes_at_that_till_and_nothing_else(
    shared: World, language: str
) -> None:
    cart, offer = await shared.offered()
    other_cart, other_offer = await shared.offered()
    third_cart, third_offer = await shared.offered()
    till, neighbour = await shared.more_tills(2)
    till = replace(till, language=language)

    assert await wrong_entries(till, 19) == [404] * 19
    twentieth = await till.claim(short_code="1111 1111")
    async with shared.nothing_written():
        right = await till.claim(short_code=offer["short_code"])

    for answer in (twentieth, right):
        problem = refused(answer, 429, "code_entry_locked")
        seconds = int(answer.headers["Retry-After"])
        assert 0 < seconds <= 300
        assert f"{seconds} s" in problem["detail"].replace("\xa0", " ")
        assert "QR" in problem["detail"]
    by_camera = await till.claim(code=other_offer["url"])
    by_cart = await till.claim(cart=cart["id"])
    next_door = await neighbour.claim(short_code=third_offer["short_code"])
    assert by_camera.json()["cart"]["id"] == other_cart["id"]
    assert by_cart.json()["cart"]["id"] == cart["id"]
    assert next_door.json()["cart"]["id"] == third_cart["id"]


@pytest.mark.asyncio(loop_scope="function")
async def test_two_gateways_count_wrong_entries_together(world: World, dsn: str) -> None:
    _, offer = await world.offered()
    till = world.till()
    async with open_world(dsn, world.folder) as second:
        twin = replace(till, client=second.client)
        half = await asyncio.gather(wrong_entries(till, 10), wrong_entries(twin, 9))
        assert [*half] == [[404] * 10, [404] * 9]

        last = await till.claim(short_code="1111 1111")
        elsewhere = await twin.claim(short_code=offer["short_code"])

        refused(last, 429, "code_entry_locked")
        refused(elsewhere, 429, "code_entry_locked")


async def test_the_codes_own_page_shows_the_way_and_not_the_cart(shared: World) -> None:
    _, offer = await shared.offered()
    scanned = Caller(shared.client, "none")

    page = await scanned.client.get(f"/H/{offer['code']}", headers={"Accept-Language": "en"})

    assert page.status_code == 200
    assert offer["code"] in page.text.upper() or "svg" in page.text
    assert LAMP["title"] not in page.text
