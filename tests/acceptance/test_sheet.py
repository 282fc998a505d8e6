"""The till that speaks to nobody: the claimed lines as bar codes that its own scanner reads."""

import base64
import io
import re

import resvg_py
import zxingcpp
from PIL import Image

from tests.acceptance.world import BOOK, LAMP, Json, World, line


async def claimed(world: World) -> Json:
    """A lamp twice, a book, and cable by the metre, held by a till in Lyon."""
    cable = {"sku": "CABLE-TX", "gtin": "3760123451031", "title": "Câble textile, au mètre"}
    metres = {"value": "3.5", "unit": "MTR"}
    await world.shop.snapshot(
        "web-1",
        line(LAMP, 2),
        line(BOOK),
        {"item": cable, "quantity": metres, "unit_price": 390},
    )
    await world.settled()
    cart = await world.shop.cart("web-1")
    assert cart is not None
    offer = await world.shop.offer(cart["id"])
    held: Json = (await world.till().claim(code=offer["code"])).json()
    return held


def scanned(page: str) -> list[str]:
    """The digits that a scanner reads off the printed page, in order."""
    read = []
    for encoded in re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page):
        svg = base64.b64decode(encoded).decode()
        png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=452, dpi=96, background="white"))
        image = Image.open(io.BytesIO(png)).convert("RGB")
        read += [found.text for found in zxingcpp.read_barcodes(image)]
    return read


async def test_the_printed_page_rings_up_the_same_articles(world: World) -> None:
    claim = await claimed(world)

    sheet = await world.till().get(f"/v1/pos/claims/{claim['claim']}/sheet")

    assert sheet.status_code == 200
    assert scanned(sheet.text) == [LAMP["gtin"], BOOK["gtin"]]
    assert "Câble textile, au mètre" in sheet.text  # cut: in words, never as a bar code
    assert "ni ticket de caisse ni facture" in sheet.text.lower().replace("\xa0", " ")


async def test_the_plain_forms_name_the_same_numbers(world: World) -> None:
    claim = await claimed(world)
    till = world.till()

    text = await till.get(f"/v1/pos/claims/{claim['claim']}/sheet", **{"as": "text"})
    csv = await till.get(f"/v1/pos/claims/{claim['claim']}/sheet", **{"as": "csv"})

    for gtin in (LAMP["gtin"], BOOK["gtin"]):
        assert gtin in text.text
        assert gtin in csv.text
    assert csv.headers["Content-Type"].startswith("text/csv")


async def test_another_till_gets_no_sheet_of_it(world: World) -> None:
    claim = await claimed(world)

    refused = await world.till(number=1).get(f"/v1/pos/claims/{claim['claim']}/sheet")

    assert refused.status_code == 404
