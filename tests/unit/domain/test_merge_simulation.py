"""Nothing is lost, nothing is doubled, everybody agrees in the end: thousands of bad days.

`CARTBRIDGE_SEEDS=3000 pytest tests/unit/domain/test_merge_simulation.py` runs that many per
scenario; a failure names scenario, seed and step, and the last things that happened.
"""

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import ValidationError

from cartbridge.domain import merge
from cartbridge.domain.cart import observing
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.twin import Twin
from tests.unit.domain.merge_platform import Kind
from tests.unit.domain.merge_till import Tills
from tests.unit.domain.merge_world import Broken, Scenario, World

SEEDS = int(os.environ.get("CARTBRIDGE_SEEDS", "12"))
MOMENTS = 6  # things that happen between two edits of the shopper
ROUNDS = 4  # how often everything is read again once it is quiet

WEB, APP, TILL = Kind("web"), Kind("app"), Kind("till")
HINTS = Kind("hints", revisions=False)
MERGING = Kind("merging", merges_skus=True)
SCARCE = Kind("scarce", stock=33)
STUBBORN = Kind("stubborn", keeps_one=True)

SUMS = (
    Scenario("two platforms", (WEB, APP)),
    Scenario("three platforms", (WEB, APP, TILL)),
    Scenario("without revision", (WEB, HINTS)),
    Scenario("one SKU on two lines", (WEB, MERGING), engraved=True),
    Scenario("refuses above stock", (WEB, SCARCE)),
    Scenario("claims and partial sales", (WEB, APP, TILL), claims=True),
    Scenario("claims, without revision", (WEB, HINTS), claims=True),
    Scenario("claims, one SKU on two lines", (WEB, MERGING), claims=True, engraved=True),
    Scenario("claims, refuses above stock", (WEB, SCARCE), claims=True),
    Scenario("all at once", (WEB, HINTS, MERGING), claims=True, engraved=True),
    Scenario("everything is sold", (WEB, APP, HINTS), claims=True, sells_out=True),
)
REMOVALS = (
    Scenario("removals", (WEB, APP, TILL), removals=True),
    Scenario("removals, without revision", (WEB, HINTS), removals=True),
    Scenario("removals, refused", (WEB, STUBBORN), removals=True),
)


def run(seed: int, scenario: Scenario, broken: Broken | None = None) -> list[str]:
    """Everything that went wrong in one world."""
    world = World(seed, scenario, broken)
    tills = Tills(world)
    step = 0
    try:
        for step in range(scenario.edits * MOMENTS):
            moment(world, tills, step)
        tills.close()
        return quiet(world)
    except Exception as error:
        error.add_note(f"{scenario.name}, seed {seed}, step {step}")
        for line in world.trace[-15:]:
            error.add_note(line)
        raise


def moment(world: World, tills: Tills, step: int) -> None:
    """One moment of a busy day."""
    world.now += timedelta(seconds=1)
    if step % MOMENTS == 0:
        world.shopper_edits()
    if world.scenario.claims and world.rng.random() < 0.12:
        tills.step()
    if world.rng.random() < 0.5:
        world.pump()
    if world.net:
        world.deliver(bad=True)


def quiet(world: World) -> list[str]:
    """Nobody does anything any more: all arrives, all is read again, and then it must be right."""
    pushes = 0
    for _ in range(ROUNDS):
        pushes = world.pushes
        for lane in world.lanes.values():
            lane.reread = True
        if not calm(world):
            return ["endless pushing"]
    wrong = [f"{name} shows {x}, not {y}" for name, (x, y) in world.disagreeing().items()]
    if world.pushes != pushes:
        wrong.append("still pushing after everything was read again")
    if len(set(world.where.values())) > 1:
        wrong.append(f"the platforms show different carts: {world.where}")
    if not world.scenario.removals and world.amounts() != world.ledger.due():
        wrong.append(f"{world.amounts()} is wanted, not {world.ledger.due()}")
    vanished = {sku for sku, left in world.amounts().items() if not left} - world.ledger.removed
    if world.scenario.removals and vanished:
        wrong.append(f"{sorted(vanished)} vanished, though nobody removed it")
    return wrong


def calm(world: World) -> bool:
    """Whether everything under way comes to an end."""
    for _ in range(2000):
        world.pump()
        if not world.net:
            return True
        world.deliver(bad=False)
    return False


def failures(scenario: Scenario, seeds: int, broken: Broken | None = None) -> dict[int, list[str]]:
    """What went wrong, seed by seed."""
    found = ((seed, run(seed, scenario, broken)) for seed in range(seeds))
    return {seed: wrong for seed, wrong in found if wrong}


@pytest.mark.timeout(0 if SEEDS > 100 else 60)
@pytest.mark.parametrize("scenario", SUMS, ids=lambda scenario: scenario.name)
def test_nothing_is_lost_and_nothing_is_doubled(scenario: Scenario) -> None:
    assert failures(scenario, SEEDS) == {}


@pytest.mark.timeout(0 if SEEDS > 100 else 60)
@pytest.mark.parametrize("scenario", REMOVALS, ids=lambda scenario: scenario.name)
def test_all_agree_whatever_is_removed_and_only_a_removal_removes(scenario: Scenario) -> None:
    assert failures(scenario, SEEDS) == {}


Break = Callable[[pytest.MonkeyPatch], None]


def no_rebase(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(merge, "rebase", lambda twin, snapshot: twin)


def nothing_is_stale(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(merge, "is_stale", lambda twin, snapshot: False)


def refusals_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(merge, "_remember", lambda known, named, write: ())


def refused_removals_asked_again(patch: pytest.MonkeyPatch) -> None:
    real = merge.target

    def forgetful(twin: Twin, projected: Mapping[str, Decimal]) -> dict[str, Decimal]:
        return {key: some for key, some in real(twin, projected).items() if key in projected}

    patch.setattr(merge, "target", forgetful)


def compared_in_our_form(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Kind, "key", lambda kind, line: WEB_KEY(WEB, line))


def sold_goods_count_as_shown(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Cart, "is_behind", lambda cart, twin: False)


def only_the_touched_twin_moves(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(observing, "move_twins", lambda origin, target: None)


def no_floor(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        merge, "lowered", lambda present, change, shown: max(merge.ZERO, present + change)
    )


def nothing(patch: pytest.MonkeyPatch) -> None:
    """The rule is taken away in the world itself."""


WEB_KEY = Kind.key
CONTROLS: dict[str, tuple[str, Break, Broken]] = {
    "the answer becomes the shadow": ("two platforms", nothing, Broken(naive_push=True)),
    "calls cross": ("without revision", nothing, Broken(no_lane=True)),
    "shadow reset": ("claims and partial sales", nothing, Broken(reset_on_move=True)),
    "no rebase on our push id": ("two platforms", no_rebase, Broken()),
    "old news believed": ("two platforms", nothing_is_stale, Broken()),
    "refusals forgotten": ("refuses above stock", refusals_forgotten, Broken()),
    "removal asked again": ("removals, refused", refused_removals_asked_again, Broken()),
    "compared in our form": ("one SKU on two lines", compared_in_our_form, Broken()),
    "sold goods hold decreases up": (
        "claims and partial sales",
        sold_goods_count_as_shown,
        Broken(),
    ),
    "twins left behind": ("everything is sold", only_the_touched_twin_moves, Broken()),
    "no floor": ("removals", no_floor, Broken()),
}


@pytest.mark.parametrize("control", CONTROLS)
def test_the_oracle_notices_each_rule_that_is_taken_away(
    control: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, break_it, broken = CONTROLS[control]
    scenario = next(each for each in (*SUMS, *REMOVALS) if each.name == name)
    break_it(monkeypatch)
    assert any(fails(seed, scenario, broken) for seed in range(60))


def fails(seed: int, scenario: Scenario, broken: Broken) -> bool:
    """Whether the oracle rejects that world; a quantity beyond all bounds is a rejection, too."""
    try:
        return bool(run(seed, scenario, broken))
    except ValidationError:
        return True
