"""Every page keeps everything foreign out, and everybody in."""

import base64
import hashlib
import re

import pytest

from cartbridge.pages.page import Page, content_security_policy, script
from cartbridge.pages.sheet import SheetView, sheet
from cartbridge.pages.shopper import LiveCode, PassView, Place, code_page, error_page, pass_page
from tests.unit.pages.carts import AT, BRAND, QR_TEXT, a_cart, a_claimed_cart, a_sold_cart
from tests.unit.pages.html import seen

VIEW = SheetView(cart=a_claimed_cart(), store="Lyon Part-Dieu", terminal="Caisse 4", at=AT)
LIVE = LiveCode(QR_TEXT, "48210937", 899)
PAGES = {
    "pass": pass_page(PassView(a_cart(), BRAND, LIVE, "/f", "/w"), "fr"),
    "fresh": pass_page(PassView(a_cart(), BRAND, None, "/f", "/w"), "fr"),
    "claimed": pass_page(PassView(a_claimed_cart(), BRAND, held_by=Place("Lyon")), "fr"),
    "bought": pass_page(PassView(a_sold_cart(), BRAND, sold_in="Lyon"), "fr"),
    "code": code_page("fr", brand=BRAND, qr_text=QR_TEXT),
    "online": code_page("fr", continue_url="https://shop.example/"),
    "error": error_page(503, "fr"),
    "sheet": sheet(VIEW, "page", "fr"),
    "screen": sheet(VIEW, "screen", "fr"),
}


@pytest.fixture(params=PAGES, name="page")
def any_page(request: pytest.FixtureRequest) -> Page:
    return PAGES[request.param]


def test_nothing_is_loaded_from_elsewhere(page: Page) -> None:
    for element in seen(page.body).elements:
        loaded = element.attributes.get("src") or (
            element.attributes.get("href", "") if element.tag == "link" else ""
        )
        assert loaded == "" or loaded == script().path or loaded.startswith("data:")
    assert "url(" not in page.body
    assert "@import" not in page.body


def test_the_policy_allows_all_that_the_page_needs(page: Page) -> None:
    policy = page.headers["Content-Security-Policy"]
    taken = seen(page.body)
    [style] = taken.styles
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert taken.scripts == []
    for element in taken.elements:
        assert "style" not in element.attributes
        assert not [name for name in element.attributes if name.startswith("on")]


def test_the_page_is_kept_nowhere_and_tells_nobody_its_address(page: Page) -> None:
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"


def test_everybody_can_read_it(page: Page) -> None:
    taken = seen(page.body)
    assert taken.all("html") == [{"lang": "fr-FR"}]
    assert len(taken.all("title")) == len(taken.all("main")) == 1
    assert all("alt" in image for image in taken.all("img"))
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in taken.all(
        "meta"
    )
    for box in taken.all("input"):
        assert box["aria-label"]
    ids = [e.attributes["id"] for e in taken.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    targets = [link["href"][1:] for link in taken.all("a") if link["href"].startswith("#")]
    assert set(targets) <= set(ids)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("ink", "ground"),
        ("ink", "paper"),
        ("soft", "ground"),
        ("soft", "paper"),
        ("good-ink", "good"),
        ("busy-ink", "busy"),
        ("busy-ink", "ground"),
        ("paper", "ink"),
    ],
)
def test_text_stands_out_as_wcag_aa_asks(ink: str, ground: str) -> None:
    [style] = seen(PAGES["pass"].body).styles
    colours = {
        name: value if len(value) == 7 else "#" + "".join(c * 2 for c in value[1:])
        for name, value in re.findall(r"--([a-z-]+):(#[0-9a-f]{3,6})\b", style)
    }
    assert contrast(colours[ink], colours[ground]) >= 4.5


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_focus_is_visible() -> None:
    [style] = seen(PAGES["pass"].body).styles
    assert ":focus-visible{outline:3px" in style


def test_pictures_may_come_from_named_origins_only() -> None:
    policy = content_security_policy(("https://cdn.example",))
    assert "img-src 'self' data: https://cdn.example;" in policy
    for wrong in ("*", "https://cdn.example; script-src *", "cdn.example", "https://a b"):
        with pytest.raises(ValueError, match="not an origin"):
            content_security_policy((wrong,))


def test_the_script_is_ours_small_and_cached_by_its_content() -> None:
    asset = script()
    assert len(asset.body) < 4096
    assert hashlib.sha256(asset.body).hexdigest()[:12] in asset.path
    assert asset.headers["Content-Type"].startswith("text/javascript")
    assert b"innerHTML" not in asset.body
    assert b"eval" not in asset.body
