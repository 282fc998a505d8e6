"""Which browsing facts are kept, and the little that is kept of them."""

from datetime import UTC, date, datetime

import pytest

from cartbridge.domain.browsing import Counted, LookedAt, agreed, counted, reduced, withdrawn
from cartbridge.domain.items import Item

LATE = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
LAMP = Item(sku="LAMP-OAK", gtin="3700123456780", title="Lampe chêne", variant="H 40 cm")


@pytest.mark.parametrize(
    ("told", "on_record", "kept"),
    [
        ({}, {}, False),
        ({"marketing": True}, {"marketing": True}, False),
        ({"analytics": True}, {}, True),
        ({}, {"analytics": True}, True),
        ({"analytics": True}, {"analytics": False}, False),
        ({"analytics": False}, {"analytics": True}, False),
    ],
)
def test_it_is_kept_if_she_said_yes_somewhere_and_no_nowhere(
    told: dict[str, bool], on_record: dict[str, bool], kept: bool
) -> None:
    assert agreed(told, on_record) is kept


def test_only_a_spoken_no_withdraws() -> None:
    assert withdrawn({"analytics": False})
    assert not withdrawn({"marketing": False})
    assert not withdrawn({"analytics": True})


def test_the_day_is_the_one_at_the_brand_s_home() -> None:
    at_home = reduced("product_viewed", LATE, "Europe/Paris", LAMP)
    elsewhere = reduced("product_viewed", LATE, "America/Guadeloupe", LAMP)

    assert at_home is not None
    assert elsewhere is not None
    assert (at_home.day, elsewhere.day) == (date(2026, 11, 21), date(2026, 11, 20))


def test_of_an_article_its_name_and_numbers_are_kept_and_of_a_search_its_words() -> None:
    article = reduced("tried", LATE, "UTC", LAMP, "left aside")
    search = reduced("searched", LATE, "UTC", LAMP, " lampe  chêne ")

    assert article == LookedAt(
        what="tried", day=LATE.date(), sku="LAMP-OAK", gtin="3700123456780", title="Lampe chêne"
    )
    assert search == LookedAt(what="searched", day=LATE.date(), title="lampe  chêne")


@pytest.mark.parametrize("text", [None, "", "  "])
def test_a_fact_that_names_nothing_is_none(text: str | None) -> None:
    assert reduced("searched", LATE, "UTC", None, text) is None
    assert reduced("product_viewed", LATE, "UTC", None, "Lampes") is None


def test_the_same_on_one_day_is_counted_once_per_place() -> None:
    lamp = LookedAt(what="product_viewed", day=LATE.date(), sku="LAMP-OAK", title="Lampe")
    renamed = lamp.model_copy(update={"title": "Lampe chêne"})
    in_lyon = lamp.model_copy(update={"store": "lyon"})
    words = LookedAt(what="searched", day=LATE.date(), title="Lampe  Chêne")
    again = words.model_copy(update={"title": "lampe chêne"})

    assert counted([lamp, words, renamed, in_lyon, again]) == [
        Counted(seen=renamed, count=2),
        Counted(seen=again, count=2),
        Counted(seen=in_lyon, count=1),
    ]


def test_an_article_without_sku_is_known_by_its_number_however_it_is_written() -> None:
    short = LookedAt(what="tried", day=LATE.date(), gtin="3700123456780", title="a")
    long = LookedAt(what="tried", day=LATE.date(), gtin="03700123456780", title="b")

    assert short.key == long.key
