"""How much a store has, as of when it was told, and which stores near it have enough."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from math import asin, cos, radians, sin, sqrt
from typing import Final

from cartbridge.domain.compared import Verdict, verdict_of
from cartbridge.domain.model import Strict
from cartbridge.domain.quantity import Amount
from cartbridge.domain.store import Position, Store

EARTH_KM: Final = 6371.0
MOST_STORES: Final = 3


class Level(Strict):
    """How much there is of an article in one store, in its own unit, and when that was so."""

    quantity: Amount
    as_of: datetime


class NextStore(Strict):
    """A store of the same brand that has enough, how much, as of when, and how far it is."""

    store: str
    name: str
    quantity: Amount
    as_of: datetime
    kilometres: int | None = None  # as the crow flies; None: a store's position is not known


class ComparedStock(Strict):
    """How much is wanted and how much the store has: enough for all lines of it is the same."""

    wanted: Amount
    till: Amount | None = None
    as_of: datetime | None = None  # when it was so; None: the till says it now, or nobody does
    verdict: Verdict = "unknown"  # also where what was told is too old to be relied on
    next_stores: tuple[NextStore, ...] = ()


class StockKnown(Strict):
    """What is known of an article's stock: here, and in the next stores that have enough."""

    here: Level | None = None
    next_stores: tuple[NextStore, ...] = ()


def compared_stock(
    wanted: Decimal,
    altogether: Decimal,
    in_stock: Decimal | None,
    known: StockKnown,
    reliable_since: datetime | None,
) -> ComparedStock:
    """What the till itself says goes before what was told; `altogether` counts all lines of it."""
    if in_stock is not None:
        return ComparedStock(
            wanted=wanted,
            till=in_stock,
            verdict=verdict_of(in_stock >= altogether),
            next_stores=known.next_stores,
        )
    here = known.here
    if here is None:
        return ComparedStock(wanted=wanted, next_stores=known.next_stores)
    aged = reliable_since is not None and here.as_of < reliable_since
    return ComparedStock(
        wanted=wanted,
        till=here.quantity,
        as_of=here.as_of,
        verdict="unknown" if aged else verdict_of(here.quantity >= altogether),
        next_stores=known.next_stores,
    )


def next_stores(
    here: Store,
    stores: Sequence[Store],
    levels: Mapping[str, Level],
    wanted: Decimal,
    reliable_since: datetime,
) -> tuple[NextStore, ...]:
    """The stores of the same brand that have enough, three at most, the nearest first.

    Those whose position is not known come after them, by name; levels told too long ago are none.
    """
    near = []
    for store in stores:
        level = levels.get(store.id)
        if store.id == here.id or store.brand != here.brand or store.mode != here.mode:
            continue
        if level is None or level.quantity < wanted or level.as_of < reliable_since:
            continue
        away = kilometres(here.position, store.position)
        near.append((away is None, away or 0.0, store.name, store, level, away))
    near.sort(key=lambda one: one[:3])
    return tuple(
        NextStore(
            store=store.id,
            name=store.name,
            quantity=level.quantity,
            as_of=level.as_of,
            kilometres=None if away is None else round(away),
        )
        for *_, store, level, away in near[:MOST_STORES]
    )


def kilometres(one: Position | None, other: Position | None) -> float | None:
    """How far two places are from each other over the ground; None if one is not known."""
    if one is None or other is None:
        return None
    latitudes = radians(one.latitude), radians(other.latitude)
    north = sin((latitudes[1] - latitudes[0]) / 2) ** 2
    east = sin(radians(other.longitude - one.longitude) / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(north + cos(latitudes[0]) * cos(latitudes[1]) * east)))
