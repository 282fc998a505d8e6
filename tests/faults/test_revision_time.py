"""Platform clocks that stand still, jump back or lie: order comes from revisions alone."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from tests.acceptance.world import LAMP, Json, World, line, shown
from tests.faults.experiment import Counts, Experiment, Span

pytestmark = pytest.mark.timeout(120)
SEED = 9
STEPS = 8

# What a shop's clock may say at each of eight changes.
CLOCKS: dict[str, Sequence[str]] = {
    "stands still": ["2026-11-20T10:00:00Z"] * STEPS,
    "goes backwards": [f"2026-11-20T10:{59 - step:02}:00Z" for step in range(STEPS)],
    "has whole seconds": [f"2026-11-20T10:00:{step // 4:02}Z" for step in range(STEPS)],
    "jumps back an hour": [f"2026-11-20T0{2 - step // 4}:{step:02}:00Z" for step in range(STEPS)],
    "changes its zone": [
        f"2026-10-25T02:{step:02}:00+0{2 - step // 4}:00" for step in range(STEPS)
    ],
    "is years ahead": [f"2099-12-31T23:59:{step:02}Z" for step in range(STEPS)],
    "is years behind": [f"2001-01-01T00:00:{step:02}Z" for step in range(STEPS)],
    "has no idea": ["" for _ in range(STEPS)],
}


def told(step: int, clock: str, *, numbered: bool) -> Json:
    """The snapshot after a change: one lamp more each time."""
    numbers = {"revision": step + 1} if numbered else {}
    return {"updated_at": clock, "currency": "EUR", "lines": [line(LAMP, step + 1)], **numbers}


async def play(world: World, counts: Counts, name: str, order: Sequence[int], clock: str) -> None:
    """The changes as hooks, in the order in which they happen to arrive."""
    for step in order:
        body = {"external_id": name, **told(step, CLOCKS[clock][step], numbered=not counts.control)}
        answer = await world.shop.hook("cart.snapshot", body)
        counts.sent += 1
        counts.acknowledged += answer.status_code == 202


async def count(world: World, counts: Counts, names: Sequence[str]) -> None:
    """A cart that does not show the last change has lost it."""
    for name in names:
        cart = await world.shop.cart(name)
        counts.lost += cart is None or shown(cart) != {"LAMP-OAK": str(STEPS)}


async def test_whatever_the_shops_clock_says_the_newest_revision_wins(
    world: World, span: Span, experiment: Experiment
) -> None:
    dice = random.Random(SEED)  # noqa: S311 - chance, not secrecy
    counts = experiment("platform clocks x reorder", SEED)
    names = []
    for clock in CLOCKS:
        for number in range(span(2, 60)):
            names.append(f"{clock.replace(' ', '-')}-{number}")
            order = dice.sample(range(STEPS), STEPS) if number else list(range(STEPS))
            await play(world, counts, names[-1], order, clock)
    await world.settled()

    await count(world, counts, names)
    assert counts.acknowledged == counts.sent
    assert counts.lost == 0


@pytest.mark.parametrize("clock", CLOCKS)
async def test_what_was_known_at_a_time_is_told_by_our_clock_not_by_the_shops(
    world: World, clock: str
) -> None:
    counts = Counts(clock)
    await play(world, counts, "hers", range(3), clock)
    await world.settled()
    between: datetime = await world.owner.fetchval("select clock_timestamp()")
    await play(world, counts, "hers", range(3, STEPS), clock)
    await world.settled()
    cart = await world.shop.cart("hers")
    assert cart is not None
    path = f"/v1/carts/{cart['id']}"

    then = await world.operator.get(path, at=between.astimezone(UTC).isoformat())
    timeline = await world.operator.get(f"{path}/timeline")

    assert shown(then.json()) == {"LAMP-OAK": "3"}
    assert shown(cart) == {"LAMP-OAK": str(STEPS)}
    versions = [entry["version"] for entry in timeline.json()["items"]]
    assert versions == sorted(versions)


async def test_by_the_shops_clock_alone_the_last_change_would_be_lost(
    experiment: Experiment,
) -> None:
    """The negative control: the newest `updated_at` wins, and of equals the first."""
    counts = experiment("platform clocks x reorder", control=True)
    for clock in CLOCKS.values():
        newest, kept = "", 0
        for step in range(STEPS):
            counts.sent += 1
            counts.acknowledged += 1
            if clock[step] > newest:
                newest, kept = clock[step], step + 1
        counts.lost += kept != STEPS

    assert counts.lost >= len(CLOCKS) / 2
