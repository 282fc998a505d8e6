"""The next stores: of the same brand, with enough, told lately enough; the nearest first."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from cartbridge.domain.stock import Level, kilometres, next_stores
from cartbridge.domain.store import Position, Store

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)
LYON = Position(latitude=45.761, longitude=4.856)
PARIS = Position(latitude=48.856, longitude=2.352)
LILLE = Position(latitude=50.63, longitude=3.06)


def a_store(id: str, **told: object) -> Store:
    return Store.model_validate({"id": id, "brand": "maison", "name": id.title(), **told})


HERE = a_store("lyon", position=LYON)


def named(*stores: Store, wanted: int = 2, here: Store = HERE, **levels: int) -> list[str]:
    known = {name: Level(quantity=Decimal(count), as_of=AT) for name, count in levels.items()}
    return [one.store for one in next_stores(here, stores, known, Decimal(wanted), AT)]


def test_the_nearest_comes_first_and_those_without_a_place_by_name() -> None:
    stores = (
        a_store("metz"),
        a_store("lille", position=LILLE),
        a_store("brest"),
        a_store("paris", position=PARIS),
    )
    assert named(*stores, metz=2, lille=2, brest=2, paris=2) == ["paris", "lille", "brest"]
    nowhere = a_store("lyon")
    assert named(*stores, here=nowhere, metz=2, lille=2, brest=2) == ["brest", "lille", "metz"]


@pytest.mark.parametrize(
    "other",
    [
        {"brand": "autre"},
        {"mode": "training"},
        {"id": "lyon"},
    ],
)
def test_only_other_stores_of_the_brand_that_really_sell(other: dict[str, str]) -> None:
    store = a_store(**{"id": "paris", **other})
    assert named(store, paris=9, lyon=9) == []


def test_only_those_that_have_enough_and_said_so_lately() -> None:
    store = a_store("paris")
    assert named(store, paris=2) == ["paris"]
    assert named(store, paris=1) == []
    assert named(store) == []
    old = {"paris": Level(quantity=Decimal(9), as_of=AT - timedelta(seconds=1))}
    assert next_stores(HERE, [store], old, Decimal(2), AT) == ()


def test_three_are_named_at_most() -> None:
    stores = [a_store(name) for name in "abcde"]
    assert named(*stores, a=2, b=2, c=2, d=2, e=2) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("one", "other", "about"),
    [
        (LYON, PARIS, 393),
        (LYON, LYON, 0),
        (Position(latitude=90, longitude=0), Position(latitude=-90, longitude=0), 20015),
        (Position(latitude=0, longitude=179.5), Position(latitude=0, longitude=-179.5), 111),
        (LYON, None, None),
    ],
)
def test_how_far_it_is(one: Position, other: Position | None, about: int | None) -> None:
    away = kilometres(one, other)
    assert (away is None) == (about is None)
    assert away is None or abs(away - (about or 0)) < 1
