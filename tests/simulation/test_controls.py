"""Negative controls: each promise that is taken away is missed within some nights."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from cartbridge.domain import merge
from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart import evolve, remainder, sale, twins
from cartbridge.domain.cart.draft import Draft
from cartbridge.services import apply_observation, claim_cart
from tests.faults.experiment import Experiment, Span
from tests.simulation.night import play

NIGHTS, MANY_NIGHTS = 80, 500
RARE = {"twins left behind", "held news forgotten"}  # what it takes seldom comes together
Break = Callable[[pytest.MonkeyPatch], None]


def fence_unchecked(patch: pytest.MonkeyPatch) -> None:
    """Whoever reports a sale has sold, whatever claim it was for."""
    real = sale.complete

    def complete(draft: Draft, command: c.CompleteSale) -> Draft | None:
        return real(draft, dataclasses.replace(command, fence=draft.cart.fence))

    patch.setattr(sale, "complete", complete)


def shadow_left(patch: pytest.MonkeyPatch) -> None:
    """What a twin was seen to show does not become its shadow."""
    real = twins.observed

    def observed(cart: Any, event: e.TwinObserved, at: Any) -> Any:
        known = cart.twin(event.ref)
        return real(cart, event.model_copy(update={"shadow": known.shadow}), at)

    applied: dict[Any, Any] = evolve._APPLY
    patch.setitem(applied, e.TwinObserved, observed)


def lease_ignored(patch: pytest.MonkeyPatch) -> None:
    """Another till need not wait until the lease has run out."""

    async def none_left(*_: Any) -> float:
        return 0.0

    patch.setattr(claim_cart, "_time_left", none_left)


def old_news_believed(patch: pytest.MonkeyPatch) -> None:
    """A snapshot is applied whatever its revision."""
    patch.setattr(merge, "is_stale", lambda twin, snapshot: False)


def twins_left_behind(patch: pytest.MonkeyPatch) -> None:
    """What is left of a cart goes on without its twins."""
    patch.setattr(remainder, "move_twins", lambda origin, target: None)


def held_news_forgotten(patch: pytest.MonkeyPatch) -> None:
    """What she changed while a till held her cart is not part of what she bought online."""

    async def nothing(*_: Any) -> None:
        """Nothing is caught up with."""

    patch.setattr(apply_observation, "_catch_up", nothing)


BROKEN: dict[str, Break] = {
    "no fence check": fence_unchecked,
    "shadow not moved": shadow_left,
    "lease ignored": lease_ignored,
    "old news believed": old_news_believed,
    "twins left behind": twins_left_behind,
    "held news forgotten": held_news_forgotten,
}
FORGOTTEN = {
    "no command id": "commands",
    "acknowledged before it is stored": "durability",
    "no version check": "versions",
    "a shop that writes unconditionally": "revision",
}


def missed(nights: int = NIGHTS, forgets: frozenset[str] = frozenset()) -> tuple[int, str]:
    """Which night finds it, and as what; nothing if none does."""
    for seed in range(nights):
        night = play(seed, forgets)
        if night.wrong:
            return seed, night.wrong.splitlines()[0]
    return nights, ""


def told(experiment: Experiment, name: str, found: tuple[int, str]) -> None:
    """It was found, and the same night ends well when the promise is kept."""
    seed, wrong = found
    counts = experiment(f"simulated nights: {name}", seed, control=True)
    counts.lost = int(bool(wrong))
    counts.extra.update(nights=seed + 1, found=wrong.partition("Wrong: ")[2][:60])
    assert wrong, f"{name}: not found within {seed} nights"
    assert play(seed).wrong is None


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_found(
    name: str, monkeypatch: pytest.MonkeyPatch, experiment: Experiment, span: Span
) -> None:
    if name in RARE and not span(False, True):
        pytest.skip("what is rare is looked for in hundreds of nights: make faults")
    with monkeypatch.context() as patch:
        BROKEN[name](patch)
        found = missed(MANY_NIGHTS if name in RARE else NIGHTS)
    told(experiment, name, found)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", FORGOTTEN)
def test_a_forgotten_promise_is_found(name: str, experiment: Experiment) -> None:
    told(experiment, name, missed(forgets=frozenset({FORGOTTEN[name]})))
