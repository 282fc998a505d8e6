"""Numbers of articles, cells, rows and files of an item list, and the waits between tries."""

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cartbridge.domain.item_cells import (
    CellError,
    read_address,
    read_gtins,
    read_price,
    read_scope,
    read_sold_by,
    read_tax_rate,
    read_unit,
)
from cartbridge.domain.item_file import FileRefused, decode, read_file, read_items
from cartbridge.domain.item_list import IndexedItem, PriceColumn, RefusedRow
from cartbridge.domain.items import (
    Item,
    check_digit,
    is_gtin,
    is_in_store,
    same_gtin,
    to_ean13,
)
from cartbridge.domain.retry import LONGEST, SCHEDULE, delay, next_attempt

GTIN = "3700123456780"


def read(text: str, currency: str = "EUR") -> list[IndexedItem | RefusedRow]:
    return [one for _, one in read_items(*read_file(text, currency))]


# --- numbers


@pytest.mark.parametrize(
    "gtin", [GTIN, "96385074", "036000291452", "10012345678902", "4006381333931"]
)
def test_a_gtin_with_the_right_check_digit_is_one(gtin: str) -> None:
    assert is_gtin(gtin)


@pytest.mark.parametrize(
    "text",
    ["", "3700123456781", "370012345678", "37001234567800", " 96385074", "٠٠٠٠٠٠٠٠", f"{GTIN}\n"],
)
def test_what_has_another_length_or_check_digit_is_none(text: str) -> None:
    assert not is_gtin(text)


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(digits: str, place: int, by: int) -> None:
    gtin = digits + str(check_digit(digits))
    other = str((int(gtin[place]) + by) % 10)
    assert is_gtin(gtin)
    assert not is_gtin(gtin[:place] + other + gtin[place + 1 :])


def test_one_article_is_known_in_every_length_its_number_is_written_in() -> None:
    assert to_ean13("036000291452") == "0036000291452"
    assert to_ean13("03700123456780") == GTIN
    assert to_ean13("10012345678902") is None  # a case
    assert to_ean13("3700123456781") is None
    assert same_gtin(GTIN, "0" + GTIN)
    assert not same_gtin(GTIN, "96385074")


@pytest.mark.parametrize(
    ("gtin", "local"),
    [("2012345678903", True), ("2912345678906", True), ("0212345678909", True),
     ("0312345678906", False), (GTIN, False), ("3012345678902", False), ("02012345678903", True)],
)  # fmt: skip
def test_numbers_with_prefix_02_and_20_to_29_hold_in_one_store_only(gtin: str, local: bool) -> None:
    assert is_in_store(gtin) is local


def test_rows_of_one_sku_are_one_article_whatever_else_they_say() -> None:
    assert Item(sku="A", title="x").key == Item(sku="A", gtin=GTIN, title="y").key
    assert Item(gtin=GTIN, title="x").key == Item(gtin="0" + GTIN, title="y").key
    assert Item(title="x").key != Item(title="y").key


# --- cells


@pytest.mark.parametrize(
    ("cell", "gtins"),
    [("", ()), (GTIN, (GTIN,)), ("3 700123 456780", (GTIN,)), (f"'{GTIN}", (GTIN,)),
     (f"{GTIN}.0", (GTIN,)), (f"{GTIN}|96385074", (GTIN, "96385074")),
     (f"{GTIN}, {GTIN}", (GTIN,)), (f"{GTIN}\n96385074", (GTIN, "96385074"))],
)  # fmt: skip
def test_a_cell_holds_gtins_as_people_write_them(cell: str, gtins: tuple[str, ...]) -> None:
    assert read_gtins(cell) == gtins


@pytest.mark.parametrize(
    ("cell", "reason", "hint"),
    [("3,70E+12", "gtin_rounded", "text"), ("3.70012E+12", "gtin_rounded", "text"),
     ("3,70012345678E+12", "gtin_rounded", "text"), ("4E12", "gtin_rounded", "text"),
     ("3700123456781", "gtin_check_digit", "would be 0"),
     ("3700123400000", "gtin_check_digit", "rounding"),
     ("370012345678", "gtin_check_digit", "would be"), ("36000291452", "gtin_length", "zeros"),
     ("123", "gtin_length", "all of its digits"), ("n/a", "gtin_not_digits", "digits")],
)  # fmt: skip
def test_a_wrong_gtin_is_refused_with_what_to_do(cell: str, reason: str, hint: str) -> None:
    with pytest.raises(CellError) as refused:
        read_gtins(cell)
    assert refused.value.reason == reason
    assert hint in refused.value.mend


@pytest.mark.parametrize(
    ("cell", "minor"),
    [("49,90", 4990), ("49.90", 4990), ("49", 4900), ("49,9", 4990), ("1 234,50 €", 123450),
     ("1\u202f234,50", 123450), ("1.234,50", 123450), ("1,234.50", 123450), ("49.9000", 4990),
     ("0", 0), ("1.234.567,00", 123456700)],
)  # fmt: skip
def test_a_price_is_read_to_the_cent(cell: str, minor: int) -> None:
    assert read_price(cell, "EUR") == minor


@pytest.mark.parametrize(
    "cell", ["gratuit", "-3", "1,234", "0,999", "1,2,3", "4.9.9", "1٣", "1e3", "9999999999", "NaN"]
)
def test_what_is_no_price_or_could_be_two_is_refused(cell: str) -> None:
    with pytest.raises(CellError) as refused:
        read_price(cell, "EUR")
    assert refused.value.reason == "bad_price"


def test_currencies_have_their_own_decimals() -> None:
    assert read_price("1,234", "TND") == 1234
    assert read_price("1500", "JPY") == 1500
    with pytest.raises(CellError):
        read_price("15.5", "JPY")


@pytest.mark.parametrize(
    ("cell", "rate"),
    [("20", "0.2"), ("20 %", "0.2"), ("0.20", "0.2"), ("5,5", "0.055"), ("5.5%", "0.055"),
     ("1 %", "0.01"), ("2,1", "0.021"), ("0", "0"), ("0 %", "0")],
)  # fmt: skip
def test_a_tax_rate_is_read_from_percent_or_fraction(cell: str, rate: str) -> None:
    assert read_tax_rate(cell) == rate


@pytest.mark.parametrize("cell", ["1", "120", "TVA", "-5", "100 %"])
def test_what_is_no_tax_rate_is_refused(cell: str) -> None:
    with pytest.raises(CellError):
        read_tax_rate(cell)


@pytest.mark.parametrize(
    ("cell", "unit"),
    [("", "C62"), ("Pièce", "C62"), ("pce", "C62"), ("KGM", "KGM"), ("kg", "KGM"),
     ("mètre", "MTR"), ("Mètre linéaire", "MTR"), ("m²", "MTK"), ("litre", "LTR")],
)  # fmt: skip
def test_units_are_read_in_both_languages(cell: str, unit: str) -> None:
    assert read_unit(cell) == unit


@pytest.mark.parametrize("cell", ["palette", "ml", "?"])
def test_an_unknown_or_double_meaning_unit_is_refused(cell: str) -> None:
    with pytest.raises(CellError) as refused:
        read_unit(cell)
    assert "KGM" in refused.value.mend


def test_how_an_article_is_sold_agrees_with_its_unit() -> None:
    assert read_sold_by("", "KGM") == "weight"
    assert read_sold_by("au poids", "KGM") == "weight"
    assert read_sold_by("à la coupe", "MTR") == "length"
    with pytest.raises(CellError, match="not counted"):
        read_sold_by("piece", "KGM")
    with pytest.raises(CellError, match="does not say"):
        read_sold_by("somehow", "C62")


def test_scopes_and_addresses_are_checked() -> None:
    assert read_scope("store:lyon-2") == "store:lyon-2"
    assert read_scope("Enseigne: maison") == "brand:maison"
    assert read_address("https://shop.example/a.jpg") == "https://shop.example/a.jpg"
    for cell in ("lyon-2", "store:", "store:Lyon 2", "region:sud"):
        with pytest.raises(CellError):
            read_scope(cell)
    for cell in ("shop.example", "javascript:alert(1)", "https://a b", "https://", "ftp://x/y"):
        with pytest.raises(CellError):
            read_address(cell)


# --- rows and files


def test_an_article_does_not_claim_an_in_store_number_for_the_world() -> None:
    with pytest.raises(ValueError, match="in_store"):
        IndexedItem(sku="A", label="x", gtins=("2012345678903",))
    local = IndexedItem(sku="A", label="x", in_store={"store:lyon-2": ("2012345678903",)})
    assert local.numbers == (("in_store", "store:lyon-2|02012345678903"),)


@pytest.mark.parametrize("sku", ["", "a\0b", "a\nb", "x" * 101])
def test_a_sku_is_one_short_printable_text(sku: str) -> None:
    with pytest.raises(ValueError, match="sku"):
        IndexedItem(sku=sku, label="x")


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_separator_is_found_out(separator: str, newline: str) -> None:
    rows = [["sku", "label", "ean"], ["A", '"x;y,z\t"', GTIN]]
    text = newline.join(separator.join(row) for row in rows)
    assert read(text) == [IndexedItem(sku="A", label="x;y,z", gtins=(GTIN,))] or separator == "\t"


@pytest.mark.parametrize(
    ("header", "column"),
    [("price", PriceColumn("default", "EUR")), ("Prix TTC", PriceColumn("default", "EUR")),
     ("Price (CHF)", PriceColumn("default", "CHF")),
     ("prix:fr-web:EUR", PriceColumn("fr-web", "EUR")),
     ("PRIX FR-WEB CHF", PriceColumn("fr-web", "CHF")), ("tarif pro", PriceColumn("pro", "EUR"))],
)  # fmt: skip
def test_price_columns_name_their_list_and_currency(header: str, column: PriceColumn) -> None:
    columns, _ = read_file(f"sku;label;{header}\n")
    assert columns.prices == {2: column}


def test_columns_that_mean_nothing_here_are_named_not_dropped_silently() -> None:
    columns, _ = read_file("sku;label;Stock;prix HT;;code\n")
    assert columns.unknown == ("Stock", "prix HT", "code")


@pytest.mark.parametrize(
    "text",
    ["", "label;ean\n", "sku;ean\n", "sku;reference;label\n", "sku;label;prix;price\n",
     "sku;label;code web;code web\n", 'sku;label\n"' + "x" * 200_000],
    ids=["empty", "no sku", "no label", "sku twice", "price twice", "code twice", "endless cell"],
)  # fmt: skip
def test_a_file_that_is_no_list_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read(text)
    assert any(word in str(refused.value) for word in ("name it", "keep one", "export it again"))


def test_rows_are_numbered_as_a_spreadsheet_numbers_them() -> None:
    text = 'sku;label;unit\nA;"two\nlines";\n\n;;\nB;x;palette\nC;;\n;x;\nD;x;;;y\n'
    refused = [one for one in read(text) if isinstance(one, RefusedRow)]
    assert [(one.row, one.sku, one.reason) for one in refused] == [
        (5, "B", "unknown_unit"),
        (6, "C", "no_label"),
        (7, None, "no_sku"),
        (8, "D", "too_many_cells"),
    ]


def test_what_stands_twice_in_a_file_is_refused_the_second_time() -> None:
    text = f"sku;label;ean;code web\nA;x;{GTIN};1\nA;x;;\nB;x;0{GTIN};\nC;x;;1\n"
    _, *refused = read(text)
    assert [(one.sku, one.reason) for one in refused if isinstance(one, RefusedRow)] == [
        ("A", "sku_twice"),
        ("B", "gtin_taken"),
        ("C", "code_taken"),
    ]
    assert isinstance(refused[1], RefusedRow)
    assert f"{GTIN} already means A in row 2" in refused[1].detail


def test_a_refused_row_does_not_keep_its_numbers_from_a_good_one() -> None:
    text = f"sku;label;ean;unit\nA;x;{GTIN};palette\nB;x;{GTIN};\n"
    _, good = read(text)
    assert good == IndexedItem(sku="B", label="x", gtins=(GTIN,))


def test_a_warranty_is_tied_to_its_article() -> None:
    (item,) = read("reference;libelle;reference parent\nGAR-3;Garantie 3 ans;LAMP\n")
    assert item == IndexedItem(sku="GAR-3", label="Garantie 3 ans", parent_sku="LAMP")


def test_files_are_read_in_the_encodings_spreadsheets_write() -> None:
    for encoding in ("utf-8", "utf-8-sig", "cp1252", "utf-16"):
        assert decode("Libellé œuvre €".encode(encoding)) == "Libellé œuvre €"


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_no_file_breaks_the_reader(data: bytes) -> None:
    with contextlib.suppress(FileRefused):
        columns, rows = read_file("sku;label;ean;price\n" + decode(data))
        for _, one in read_items(columns, rows):
            assert isinstance(one, IndexedItem | RefusedRow)


@settings(max_examples=60)
@given(st.lists(st.text(max_size=20), min_size=4, max_size=12))
def test_no_row_breaks_the_reader(cells: list[str]) -> None:
    columns, _ = read_file("sku;label;ean;price;unit;vendu par;tva;image;url;deee;parent;scope\n")
    ((_, one),) = [*read_items(columns, iter([(2, ["A", "x", *cells[2:]])]))]
    assert isinstance(one, IndexedItem | RefusedRow)


# --- waits


def test_the_waits_grow_from_nothing_to_a_day() -> None:
    waits = [delay(attempt, 0.5) for attempt in range(1, len(SCHEDULE) + 1)]
    assert waits[:3] == [timedelta(0), timedelta(seconds=5), timedelta(seconds=30)]
    assert waits == sorted(waits)
    assert delay(99, 0.5) == LONGEST
    assert timedelta(days=3) < sum(waits, timedelta(0)) < timedelta(days=4)


@given(st.integers(1, 20), st.floats(0, 1))
def test_jitter_moves_a_wait_by_a_tenth_at_most(attempt: int, jitter: float) -> None:
    plain = delay(attempt, 0.5)
    assert 0.9 * plain <= delay(attempt, jitter) <= 1.1 * plain + timedelta(microseconds=1)


def test_the_other_sides_wish_is_kept_and_tries_come_to_an_end() -> None:
    assert next_attempt(1) == timedelta(seconds=5)
    assert next_attempt(1, timedelta(seconds=90)) == timedelta(seconds=90)
    assert next_attempt(6, timedelta(seconds=1)) == timedelta(hours=2)
    assert next_attempt(1, timedelta(days=365)) == LONGEST
    assert next_attempt(len(SCHEDULE) - 1) == LONGEST
    assert next_attempt(len(SCHEDULE)) is None


@pytest.mark.parametrize(("attempt", "jitter"), [(0, 0.5), (1, 1.1), (1, -0.1)])
def test_a_wait_for_nonsense_is_refused(attempt: int, jitter: float) -> None:
    with pytest.raises(ValueError, match="count from 1"):
        delay(attempt, jitter)
