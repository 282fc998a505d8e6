"""Both languages say the same things, in the trade's own words."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cartbridge.domain.quantity import Quantity
from cartbridge.pages.words import Words, slots_of, texts_of

FRENCH, ENGLISH = Words.for_locale("fr-FR"), Words.for_locale("en-GB")

# What the trade in France never says: each would be a calque, or mean something else in a store.
BANNED = (
    r"locataires?",
    r"stockages?",
    r"terminal|terminaux",
    r"associée?s?",
    r"opérateurs?|opératrices?",
    r"plateformes?",
    r"connexions?",
    r"chariots?",
    r"items?",
    r"remises?",
    r"offerte?s?",
    r"passes?",
    r"réclamations?",
    r"bail|baux",
    r"relâche\w*",
    r"complét\w*",
    r"commandée?s?",
    r"reste à payer",
    r"dérives?",
    r"reçus?",
    r"click & collect",
    r"citations?",
    r"enquêtes?",
    r"fusionn\w*",
    r"livraisons?",
)


def written(text: str | Mapping[str, str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text.values())


def banned_in(text: str) -> list[str]:
    plain = re.sub(r"\{\w+\}", "", text).lower()
    return [word for word in BANNED if re.search(rf"(?<!\w)(?:{word})(?!\w)", plain)]


def test_both_languages_have_the_same_texts() -> None:
    assert texts_of("fr").keys() == texts_of("en").keys()


def test_both_languages_take_the_same_values() -> None:
    def taken(language: str) -> dict[str, set[str]]:
        return {
            key: {name for form in written(text) for name in slots_of(form)}
            for key, text in texts_of(language).items()
        }

    assert taken("fr") == taken("en")


def test_both_languages_have_singulars_in_the_same_places() -> None:
    def counted(language: str) -> set[str]:
        return {key for key, text in texts_of(language).items() if not isinstance(text, str)}

    assert counted("fr") == counted("en")


def test_no_french_text_uses_a_word_the_trade_does_not_say() -> None:
    found = {
        (key, word)
        for key, text in texts_of("fr").items()
        for form in written(text)
        for word in banned_in(form)
    }
    assert found == set()


@pytest.mark.parametrize(
    "text", ["Le terminal a pris le panier", "Réclamation du panier", "reste à payer : 3 €"]
)
def test_a_banned_word_would_be_found(text: str) -> None:
    assert banned_in(text) != []


def test_the_sheet_is_never_called_a_ticket() -> None:
    sheet = [
        form
        for key, text in texts_of("fr").items()
        if key.startswith("sheet.")
        for form in written(text)
        if "ticket" in form.lower()
    ]
    assert sheet == [FRENCH.text("sheet.not_receipt"), FRENCH.text("sheet.after")]


def test_brackets_and_braces_are_balanced() -> None:
    for language in ("en", "fr"):
        for key, text in texts_of(language).items():
            for form in written(text):
                rest = re.sub(r"\[[^\[\]]*\]", "", form)
                assert not re.search(r"[\[\]]", rest), key
                assert form.count("{") == form.count("}") == len(re.findall(r"\{\w+\}", form)), key


def test_french_puts_spaces_that_do_not_break() -> None:
    for text in texts_of("fr").values():
        for form in written(text):
            assert not re.search(r" [;:?!»]|« |° |\w'\w", form), form


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (4990, "EUR", "49,90 €"),
        (123456789, "EUR", "1 234 567,89 €"),
        (-500, "EUR", "-5,00 €"),
        (1500, "JPY", "1 500 JPY"),
        (1250, "IQD", "1,250 IQD"),
    ],
)
def test_money_is_written_with_all_its_digits(amount: int, currency: str, expected: str) -> None:
    assert re.sub(r"\s", " ", FRENCH.money(amount, currency)) == expected


def test_money_in_english() -> None:
    assert ENGLISH.money(123450, "EUR") == "€1,234.50"


@pytest.mark.parametrize(
    ("value", "unit", "french", "english"),
    [
        ("2", "C62", "2", "2"),
        ("2.000", "C62", "2", "2"),
        ("2.5", "MTR", "2,5 m", "2.5 m"),
        ("0.125", "KGM", "0,125 kg", "0.125 kg"),
        ("1.000001", "MTR", "1,000001 m", "1.000001 m"),
        ("3", "XBX", "3 XBX", "3 XBX"),
    ],
)
def test_quantities(value: str, unit: str, french: str, english: str) -> None:
    quantity = Quantity(value=Decimal(value), unit=unit)
    assert re.sub(r"\s", " ", FRENCH.quantity(quantity)) == french
    assert re.sub(r"\s", " ", ENGLISH.quantity(quantity)) == english


def test_times_are_of_the_stores_own_day() -> None:
    at = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert FRENCH.date(at, "Europe/Paris") == "21 novembre 2026"
    assert FRENCH.time(at, "Europe/Paris") == "00:30"
    assert ENGLISH.date(at, "UTC") == "20 November 2026"
    assert ENGLISH.time(at, "UTC") == "23:30"


def test_rates() -> None:
    assert re.sub(r"\s", " ", FRENCH.percent(Decimal("0.055"))) == "5,5 %"


@pytest.mark.parametrize(
    ("count", "french", "english"),
    [
        (0, "0 article", "0 articles"),
        (1, "1 article", "1 article"),
        (2, "2 articles", "2 articles"),
    ],
)
def test_the_count_chooses_the_form(count: int, french: str, english: str) -> None:
    assert FRENCH.text("articles", count=count) == french
    assert ENGLISH.text("articles", count=count) == english


@pytest.mark.parametrize(
    ("tag", "shown"),
    [
        ("fr-FR", "fr-FR"),
        ("fr", "fr-FR"),
        ("fr-BE", "fr-BE"),
        ("fr_CH", "fr-CH"),
        ("fr-XX", "fr-FR"),
        ("EN-us", "en-US"),
        ("en", "en-GB"),
        ("de-DE", "en-GB"),
        ("", "en-GB"),
        (None, "en-GB"),
        ("../../etc", "en-GB"),
    ],
)
def test_a_locale_falls_back_to_what_we_speak(tag: str | None, shown: str) -> None:
    assert Words.for_locale(tag).tag == shown


def test_an_optional_part_needs_its_value() -> None:
    key = "pass.bought_store"
    assert FRENCH.text(key, store="Lyon") == "Acheté à Lyon"
    assert FRENCH.text(key, store="Lyon", receipt="4711") == "Acheté à Lyon, ticket n°\u00a04711"


def test_a_value_is_never_read_as_a_text() -> None:
    hostile = "{receipt} [x {title}] \\1"
    assert FRENCH.text("pass.bought_store", store=hostile) == f"Acheté à {hostile}"


def test_a_missing_value_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(KeyError, match="store"):
        FRENCH.text("pass.bought_store")
