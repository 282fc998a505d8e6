"""The sheet: what a till's scanner may read is a bar code, all else is told in words."""

import base64
import csv
import io
from dataclasses import replace

import pytest
import resvg_py
import zxingcpp
from PIL import Image

from cartbridge.domain.cart.state import Cart
from cartbridge.domain.items import check_digit
from cartbridge.domain.line import Line
from cartbridge.pages.sheet import Paper, SheetForm, SheetView, rows_of, sheet, why_not
from cartbridge.pages.words import Words
from tests.unit.pages.carts import AT, BOOK, CABLE, LAMP, a_claimed_cart, a_line
from tests.unit.pages.html import Seen, seen

FRENCH = Words.for_locale("fr")
GTIN = {"gtin": "3760123450010"}
CASE = "1370012345678" + str(check_digit("1370012345678"))
IN_STORE = "211234567890" + str(check_digit("211234567890"))


def a_view(cart: Cart | None = None) -> SheetView:
    return SheetView(
        cart=cart or a_claimed_cart(codes=("NOEL",)),
        store="Lyon Part-Dieu",
        terminal="Caisse 4",
        at=AT,
        reference="7F3A",
    )


def a_sheet(form: SheetForm, cart: Cart | None = None, locale: str = "fr") -> str:
    return sheet(a_view(cart), form, locale).body


def codes_on(page: Seen) -> list[str]:
    """The digits that a scanner reads off the page's bar codes."""
    read = []
    for image in page.all("img"):
        svg = base64.b64decode(image["src"].removeprefix("data:image/svg+xml;base64,"))
        png = bytes(
            resvg_py.svg_to_bytes(svg_string=svg.decode(), width=452, dpi=96, background="white")
        )
        [found] = zxingcpp.read_barcodes(Image.open(io.BytesIO(png)).convert("RGB"))
        read.append(found.text)
    return read


@pytest.mark.parametrize("form", ["page", "screen"])
def test_each_scannable_line_is_one_bar_code_and_a_count(form: SheetForm) -> None:
    page = seen(a_sheet(form))
    assert codes_on(page) == ["3700123456780", "9782070368228"]
    assert "× 2" in page.text
    assert "à scanner 2 fois" in page.text
    assert "Câble lin" in page.text
    assert "2,5 m" in page.text.replace("\u202f", " ")
    assert "à la coupe" in page.text


@pytest.mark.parametrize("form", ["page", "screen", "text"])
@pytest.mark.parametrize(
    ("locale", "says"),
    [("fr", "Ni ticket de caisse ni facture"), ("en", "Neither a receipt nor an invoice")],
)
def test_it_says_that_it_is_neither_receipt_nor_invoice(
    form: SheetForm, locale: str, says: str
) -> None:
    assert says in a_sheet(form, locale=locale)


@pytest.mark.parametrize("form", ["page", "screen", "text"])
def test_the_till_uses_its_own_price_and_the_cashier_enters_codes(form: SheetForm) -> None:
    body = a_sheet(form)
    assert "La caisse applique ses propres prix." in body
    assert "Codes promo à saisir : NOEL".replace(" :", "\u00a0:") in body
    assert "129,45" not in body  # no total


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (LAMP, None),
        (a_line("s", "Garantie 3 ans", kind="service", item=GTIN), None),
        (a_line("n", "Sans code"), "no_gtin"),
        (a_line("k", "Carton", item={"gtin": CASE}), "case_code"),
        (a_line("i", "Rayon", item={"gtin": IN_STORE}), "in_store_number"),
        (a_line("w", "Vis", "0.25", "KGM", sold_by="weight", item=GTIN), "weighed"),
        (CABLE, "cut"),
        (a_line("f", "Demi", "0.5", item=GTIN), "cut"),
        (a_line("p", "Port", kind="shipping", item=GTIN), "shipping"),
        (a_line("g", "Carte", kind="gift_card", item=GTIN), "gift_card"),
        (a_line("e", "Éco", kind="fee", item=GTIN), "fee"),
    ],
    ids=lambda value: value.id if isinstance(value, Line) else str(value),
)
def test_which_lines_are_told_in_words(line: Line, why: str | None) -> None:
    assert why_not(line, None) == why
    [row] = rows_of(FRENCH, a_claimed_cart(lines=(line,)))
    assert (row.barcode is None) is (row.ean is None) is (why is not None)
    assert (row.reason is None) is (why is None)


@pytest.mark.parametrize("form", ["page", "screen", "text", "csv"])
def test_what_she_wished_is_told_and_never_scanned(form: SheetForm) -> None:
    cart = a_claimed_cart(lines=(BOOK,), notes={"lin_book": "dédicace à Léa"})
    body = a_sheet(form, cart)
    assert "dédicace à Léa" in body
    assert "personnalisé" in body
    assert "9782070368228" not in body
    assert codes_on(seen(body)) == []


def test_an_in_store_number_is_told_for_the_store_that_can_read_it() -> None:
    cart = a_claimed_cart(lines=(a_line("i", "Rayon", item={"gtin": IN_STORE}),))
    assert f"numéro propre au magasin {IN_STORE}" in seen(a_sheet("page", cart)).text


def test_an_article_the_store_does_not_know_is_marked() -> None:
    line = a_line("u", "Mystère", item={**GTIN, "resolved": False})
    assert "absent de la liste" in a_sheet("page", a_claimed_cart(lines=(line,)))
    assert "absent de la liste" not in a_sheet("page")


def test_every_line_of_the_page_can_be_ticked_off() -> None:
    boxes = seen(a_sheet("page")).all("input")
    assert [box["aria-label"] for box in boxes] == [
        "Fait\u00a0: Lampe chêne, H 40 cm",
        "Fait\u00a0: L'Art de la lumière",
        "Fait\u00a0: Câble lin",
    ]


@pytest.mark.parametrize("paper", ["a4", "roll"])
def test_both_papers(paper: Paper) -> None:
    view = replace(a_view(), paper=paper)
    page = seen(sheet(view, "page", "fr").body)
    assert page.all("body") == [{"class": f"sheet {paper}"}]
    assert "Lyon Part-Dieu · caisse 4 20 novembre 2026, 14:02 Panier 7F3A" in page.text


def test_the_screen_goes_from_one_code_to_the_next_without_script() -> None:
    page = seen(a_sheet("screen"))
    steps = [step["id"] for step in page.all("section")]
    assert steps == ["s1", "s2", "s3", "end"]
    following = [link["href"] for link in page.all("a") if "data-next" in link]
    assert following == ["#s2", "#s3", "#end"]
    before = [link["href"] for link in page.all("a") if "data-previous" in link]
    assert before == ["#s1", "#s2", "#s3"]


def test_the_text_gives_the_digits_to_key_in() -> None:
    lines = a_sheet("text").splitlines()
    assert "2 x 3700123456780  Lampe chêne, H 40 cm" in lines
    assert "1 x 9782070368228  L'Art de la lumière" in lines
    assert "2,5\u202fm Câble lin (à la coupe)" in lines
    assert "3760123450010" not in "".join(lines)


def test_the_csv_opens_in_a_spreadsheet_of_the_country() -> None:
    page = sheet(a_view(), "csv", "fr")
    assert page.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert page.headers["Content-Disposition"] == 'attachment; filename="feuille-de-codes.csv"'
    assert page.body.startswith("\ufeffposition;EAN;référence;article;variante;quantité;")
    rows = list(csv.DictReader(io.StringIO(page.body[1:]), delimiter=";"))
    assert [row["EAN"] for row in rows] == ["3700123456780", "9782070368228", ""]
    assert [row["à scanner"] for row in rows] == ["oui", "oui", "non"]
    assert [row["quantité"] for row in rows] == ["2", "1", "2,5"]
    assert rows[0]["prix vu en ligne"] == "49,90"
    english = sheet(a_view(), "csv", "en").body
    assert english.startswith("\ufeffposition;EAN;SKU;article;variant;quantity;")
    assert ";49.90;EUR;" in english


@pytest.mark.parametrize("title", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_title_is_never_a_formula(title: str) -> None:
    cart = a_claimed_cart(lines=(a_line("h", title),))
    [row] = csv.DictReader(io.StringIO(a_sheet("csv", cart)[1:]), delimiter=";")
    assert row["article"] == f"'{title}"


def test_a_title_cannot_break_a_row() -> None:
    title = 'a;b"c\nd'
    cart = a_claimed_cart(lines=(a_line("h", title), BOOK))
    rows = list(csv.DictReader(io.StringIO(a_sheet("csv", cart)[1:], newline=""), delimiter=";"))
    assert [row["article"] for row in rows] == [title, "L'Art de la lumière"]


@pytest.mark.parametrize("form", ["page", "screen"])
def test_an_empty_cart_says_so(form: SheetForm) -> None:
    assert "Aucun article à scanner." in a_sheet(form, a_claimed_cart(lines=()))
