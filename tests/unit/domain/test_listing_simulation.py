"""Wish lists and quotes are kept in step as carts are: nothing lost, nothing doubled, no endless
pushing. `CARTBRIDGE_SEEDS=3000` runs that many days per scenario and kind."""

import os
from typing import Final

import pytest
from pydantic import ValidationError

from cartbridge.domain import merge
from cartbridge.domain.quote import commands as quote
from cartbridge.domain.quote.decide import decide as decide_quote
from cartbridge.domain.quote.evolve import evolve as evolve_quote
from cartbridge.domain.quote.state import Quote
from cartbridge.domain.quote.state import details as quote_details
from cartbridge.domain.wishlist import commands as wishlist
from cartbridge.domain.wishlist.decide import decide as decide_wishlist
from cartbridge.domain.wishlist.evolve import evolve as evolve_wishlist
from cartbridge.domain.wishlist.state import Wishlist
from cartbridge.domain.wishlist.state import details as wishlist_details
from tests.unit.domain.listing_world import ListingKind, ListingWorld
from tests.unit.domain.merge_platform import Kind
from tests.unit.domain.merge_world import Scenario
from tests.unit.domain.test_merge_simulation import MOMENTS, quiet

SEEDS: Final = int(os.environ.get("CARTBRIDGE_SEEDS", "10"))
WEB, APP, SCARCE = Kind("web"), Kind("app"), Kind("scarce", stock=33)
HINTS = Kind("hints", revisions=False)
KINDS: Final = {
    "wish list": ListingKind(
        "wsh",
        lambda name: Wishlist(id=name),
        decide_wishlist,
        evolve_wishlist,
        wishlist_details,
        see=lambda seen: wishlist.SeeWishlist(seen, name="Noël"),
        edit=wishlist.Change,
    ),
    "quote": ListingKind(
        "qte",
        lambda name: Quote(id=name),
        decide_quote,
        evolve_quote,
        quote_details,
        see=lambda seen: quote.SeeQuote(seen, state="requested", drawn_number="26-1"),
        edit=quote.EditQuote,
    ),
}
SUMS: Final = (
    Scenario("two platforms", (WEB, APP)),
    Scenario("refuses above stock", (WEB, SCARCE)),
    Scenario("without revision", (WEB, HINTS)),
)
REMOVALS: Final = Scenario("removals", (WEB, APP), removals=True)
kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


def run(seed: int, scenario: Scenario, kind: ListingKind) -> list[str]:
    """Everything that went wrong on one bad day."""
    world = ListingWorld(seed, scenario, kind)
    step = 0
    try:
        for step in range(scenario.edits * MOMENTS):
            if step % MOMENTS == 0:
                world.shopper_edits()
            if world.rng.random() < 0.08 and not scenario.removals:
                world.associate_edits()
            if world.rng.random() < 0.5:
                world.pump()
            if world.net:
                world.deliver(bad=True)
        return quiet(world)
    except Exception as error:
        error.add_note(f"{scenario.name}, seed {seed}, step {step}: {world.trace[-12:]}")
        raise


@kinds
@pytest.mark.timeout(0 if SEEDS > 100 else 60)
@pytest.mark.parametrize("scenario", [*SUMS, REMOVALS], ids=lambda scenario: scenario.name)
def test_nothing_is_lost_and_nothing_is_doubled(scenario: Scenario, kind: ListingKind) -> None:
    wrong = {seed: run(seed, scenario, kind) for seed in range(SEEDS)}
    assert {seed: found for seed, found in wrong.items() if found} == {}


@kinds
def test_the_oracle_notices_old_news_that_is_believed(
    kind: ListingKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merge, "is_stale", lambda twin, snapshot: False)
    assert any(fails(seed, kind) for seed in range(40))


@kinds
def test_the_oracle_notices_writes_that_are_not_recognised(
    kind: ListingKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merge, "rebase", lambda twin, snapshot: twin)
    assert any(fails(seed, kind) for seed in range(40))


def fails(seed: int, kind: ListingKind) -> bool:
    """Whether the oracle rejects that day; a quantity beyond all bounds is a rejection, too."""
    try:
        return bool(run(seed, SUMS[0], kind))
    except ValidationError:
        return True
