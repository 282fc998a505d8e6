"""The pass: what a shopper keeps on her phone; it shows her cart and a code, and opens no till."""

import re

from tests.acceptance.world import BOOK, LAMP, World, line


async def her_pass(world: World) -> str:
    """The address of her pass."""
    await world.shop.snapshot("web-1", line(LAMP, 2))
    await world.settled()
    cart = await world.shop.cart("web-1")
    assert cart is not None
    offer = await world.shop.offer(cart["id"])
    return str(offer["pass_url"].removeprefix(world.gateway.public_url))


async def digits(world: World, address: str) -> str:
    """The eight digits the page shows now."""
    page = await world.client.get(address)
    assert page.status_code == 200
    found = re.search(r"(\d{4})\D{1,40}(\d{4})", re.sub(r"<[^>]+>", " ", page.text))
    assert found is not None
    return found[1] + found[2]


async def test_looking_again_shows_the_same_code_and_a_till_takes_it(world: World) -> None:
    address = await her_pass(world)

    first, again = await digits(world, address), await digits(world, address)

    assert first == again
    assert (await world.till().claim(short_code=first)).status_code == 201


async def test_after_the_till_put_the_cart_back_the_pass_shows_another_code(world: World) -> None:
    address = await her_pass(world)
    used = await digits(world, address)
    claim = (await world.till().claim(short_code=used)).json()
    await world.till().act(claim, "release")

    fresh = await digits(world, address)

    assert fresh != used
    assert (await world.till().claim(short_code=used)).json()["code"] == "code_used"
    assert (await world.till().claim(short_code=fresh)).status_code == 201


async def test_a_till_does_not_take_the_pass_itself(world: World) -> None:
    address = await her_pass(world)
    before = await world.event_count()

    refused = await world.till().claim(code=address)

    assert refused.status_code == 404
    assert refused.json()["code"] == "code_unknown"
    assert await world.event_count() == before


async def test_while_a_till_holds_the_cart_the_pass_says_which(world: World) -> None:
    address = await her_pass(world)
    await world.till().claim(short_code=await digits(world, address))

    page = await world.client.get(address, headers={"Accept-Language": "fr"})

    assert "Lyon Part-Dieu" in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"


async def test_pictures_are_shown_from_the_brand_s_own_origins_alone(world: World) -> None:
    tenant = (await world.gateway.directory.tenants.list())[0].uuid
    brand = await world.gateway.directory.brands.get(tenant, "maison-lumiere")
    assert brand is not None
    shown = brand.model_copy(update={"picture_origins": ("https://cdn.example.org",)})
    await world.gateway.directory.brands.update(tenant, shown)
    ours, foreign = "https://cdn.example.org/lamp.jpg", "https://elsewhere.example.org/book.jpg"
    await world.shop.snapshot(
        "web-1", line({**LAMP, "image_url": ours}), line({**BOOK, "image_url": foreign})
    )
    await world.settled()
    cart = await world.shop.cart("web-1")
    assert cart is not None
    offer = await world.shop.offer(cart["id"])

    page = await world.client.get(offer["pass_url"].removeprefix(world.gateway.public_url))

    assert ours in page.text
    assert foreign not in page.text
    assert "https://cdn.example.org" in page.headers["Content-Security-Policy"]
