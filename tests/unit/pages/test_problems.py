"""Every refusal says, in both languages, what is wrong and what to do next."""

from typing import get_args

import pytest

from cartbridge.domain import refusals
from cartbridge.pages.names import Names
from cartbridge.pages.problems import CODES, HttpCode, ProblemCode, problem
from cartbridge.pages.words import texts_of

LOCALES = ("fr-FR", "en-GB")


def test_every_code_is_known() -> None:
    assert set(CODES) == {*get_args(refusals.Code), *get_args(HttpCode)}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("code", CODES)
def test_every_code_says_what_to_do_even_without_params(code: ProblemCode, locale: str) -> None:
    title, detail = problem(code, {}, locale)
    assert 5 < len(title) <= 70
    assert not title.endswith(".")
    assert len(detail) > 20
    assert detail.endswith(".")
    assert detail[0].isupper()
    assert not set("{}[]") & set(title + detail)


def test_no_text_is_left_for_a_code_that_is_gone() -> None:
    for language in ("en", "fr"):
        told = {key.split(".")[1] for key in texts_of(language) if key.startswith("problems.")}
        assert told == set(CODES)


def test_a_basket_held_elsewhere_names_the_till_and_the_hour() -> None:
    params = {"terminal": "till-4", "store": "lyon-2", "since": "2026-11-20T13:02:00+00:00"}
    names = Names(stores={"lyon-2": "Lyon Part-Dieu"}, terminals={"till-4": "Caisse 4"})
    french = problem("held_elsewhere", params, "fr", names=names, time_zone="Europe/Paris")
    assert french.title == "Ce panier est pris en charge par une autre caisse"
    assert french.detail.startswith(
        "C’est la caisse 4 de Lyon Part-Dieu. Elle le tient depuis 14:02. Faites-le rendre"
    )
    english = problem("held_elsewhere", params, "en", names=names, time_zone="Europe/Paris")
    assert english.detail.startswith(
        "It is Caisse 4 of Lyon Part-Dieu. It has held it since 14:02."
    )


def test_without_names_the_ids_stand_for_themselves() -> None:
    detail = problem("held_elsewhere", {"terminal": "till-4"}, "fr").detail
    assert detail.startswith(
        "C’est « till-4 ». Faites-le rendre".replace("« ", "«\u00a0").replace(" »", "\u00a0»")
    )


def test_a_state_is_told_in_words() -> None:
    detail = problem("cart_not_open", {"state": "fulfilled"}, "fr").detail
    assert detail.startswith("Il est acheté et emporté. ")


def test_a_wrong_field_is_named() -> None:
    params = {"where": "lines[0].quantity", "why": "must be a decimal string"}
    detail = problem("invalid_request", params, "en").detail
    assert detail.startswith("lines[0].quantity: must be a decimal string. ")


def test_the_wait_is_told_where_it_is_known() -> None:
    assert "dans 3 s" in problem("unavailable", {"retry_after": "3"}, "fr").detail
