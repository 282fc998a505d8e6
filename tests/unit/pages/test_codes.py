"""QR codes and bar codes are read back by an independent reader, to the digit."""

import io
import xml.etree.ElementTree as ET

import pytest
import resvg_py
import zxingcpp
from PIL import Image

from cartbridge.domain.items import check_digit
from cartbridge.pages import ean, qr
from tests.unit.pages.carts import QR_TEXT


def read(png: bytes) -> list[tuple[str, str]]:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    return [(found.text, found.format.name) for found in zxingcpp.read_barcodes(image)]


def rasterised(svg: str, width: int) -> bytes:
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width, dpi=96, background="white"))


def test_a_qr_code_reads_back_as_svg_and_as_png() -> None:
    assert read(rasterised(qr.svg(QR_TEXT), 400)) == [(QR_TEXT, "QRCode")]
    assert read(qr.png(QR_TEXT)) == [(QR_TEXT, "QRCode")]


def test_a_qr_code_is_small() -> None:
    assert qr.version(QR_TEXT) == 3
    assert qr.version("HTTPS://PANIER.UNE-LONGUE-ENSEIGNE-FRANCAISE.EXAMPLE/H/" + "B" * 32) <= 6


def test_a_qr_code_keeps_its_quiet_zone() -> None:
    side = 4 * qr.version(QR_TEXT) + 17
    assert ET.fromstring(qr.svg(QR_TEXT)).get("viewBox") == f"0 0 {side + 8} {side + 8}"  # noqa: S314
    image = Image.open(io.BytesIO(qr.png(QR_TEXT, scale=2)))
    assert image.size == ((side + 8) * 2, (side + 8) * 2)


def test_other_characters_make_it_larger_and_are_read_all_the_same() -> None:
    text = QR_TEXT.replace("PANIER.EXAMPLE", "my_host:8080")
    assert read(qr.png(text)) == [(text, "QRCode")]
    assert qr.version(text) > qr.version(QR_TEXT)


def gtin(digits: str) -> str:
    return digits + str(check_digit(digits))


@pytest.mark.parametrize(
    ("number", "scanned"),
    [
        ("3700123456780", "3700123456780"),
        ("9782070368228", "9782070368228"),
        (gtin("03600029145"), "0" + gtin("03600029145")),  # GTIN-12
        (gtin("9638507"), "00000" + gtin("9638507")),  # GTIN-8
        ("03700123456780", "3700123456780"),  # GTIN-14 of one piece
        *[(gtin(f"{first}12345678901"[:12]), None) for first in ("20", "21", "29", "02")],
        (gtin("1370012345678"), None),  # a case
        (gtin("2123456"), None),  # an in-store number of 8 digits
        (gtin("0123456"), None),
        ("3700123456781", None),  # wrong check digit
    ],
)
def test_which_digits_a_till_may_scan(number: str, scanned: str | None) -> None:
    assert ean.digits(number) == scanned


@pytest.mark.parametrize(
    "number", ["3700123456780", "9782070368228", gtin("03600029145"), gtin("9638507")]
)
def test_a_bar_code_reads_back_to_the_digit(number: str) -> None:
    svg = ean.svg(number)
    assert svg is not None
    # 113 modules at 3 dots each: what a 203 dpi receipt printer makes of 42.375 mm.
    [(text, kind)] = read(rasterised(svg, 339))
    assert (text.zfill(13), kind) == (ean.digits(number), "EAN13")


@pytest.mark.parametrize("number", [gtin("211234567890"), gtin("1370012345678")])
def test_no_bar_code_where_it_would_mislead(number: str) -> None:
    assert ean.svg(number) is None


def test_the_bar_code_is_wide_enough_and_keeps_its_quiet_zones() -> None:
    svg = ET.fromstring(str(ean.svg("3700123456780")))  # noqa: S314
    assert svg.get("viewBox", "").split()[2] == "113"
    width = float(svg.get("width", "").removesuffix("mm"))
    assert width / 113 >= 0.33
    image = Image.open(io.BytesIO(rasterised(ET.tostring(svg).decode(), 113 * 4))).convert("L")
    row = [image.getpixel((x, 40)) for x in range(image.width)]
    dark = [x // 4 for x, value in enumerate(row) if value == 0]
    assert (min(dark), max(dark)) == (11, 11 + 95 - 1)


def test_the_digits_stand_beneath_in_three_groups_without_a_font_of_ours() -> None:
    svg = str(ean.svg("3700123456780"))
    texts = [node.text for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314
    assert texts == ["3", "700123", "456780"]
    assert "url(" not in svg
    assert "@font-face" not in svg
