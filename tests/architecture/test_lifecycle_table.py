"""The transition table holds together, and the drawing in the documentation shows it."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest

from cartbridge.domain.cart.events import CartEvent, parse
from cartbridge.domain.cart.evolve import _APPLY
from cartbridge.domain.cart.lifecycle import BOUGHT, FINAL, TRANSITIONS, State, drawing, following

DOCS = Path(__file__).parents[2] / "docs"
EVENTS = {kind.model_fields["type"].default: kind for kind in get_args(get_args(CartEvent)[0])}
USED = {event for row in TRANSITIONS.values() for event in row}


def draw_lifecycle() -> ModuleType:
    spec = importlib.util.spec_from_file_location("draw_lifecycle", DOCS / "draw_lifecycle.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_event_is_used_in_the_table() -> None:
    assert set(EVENTS) - USED == set()


def test_every_name_in_the_table_is_an_event() -> None:
    assert USED - set(EVENTS) == set()


def test_every_state_has_a_row() -> None:
    assert set(TRANSITIONS) == set(State)


def test_every_event_leads_to_a_cart() -> None:
    assert set(_APPLY) == set(EVENTS.values())


def test_every_state_can_be_reached() -> None:
    reached, new = {State.NONE}, {State.NONE}
    while new:
        new = {after for state in new for after in TRANSITIONS[state].values()} - reached
        reached |= new
    assert reached == set(State)


@pytest.mark.parametrize("state", list(State))
def test_only_final_states_have_no_exit(state: State) -> None:
    leaves = any(after is not state for after in TRANSITIONS[state].values())
    assert leaves is (state not in FINAL)


@pytest.mark.parametrize("state", [state for state in State if state not in FINAL])
def test_every_cart_can_come_to_an_end(state: State) -> None:
    reached, new = {state}, {state}
    while new:
        new = {after for each in new for after in TRANSITIONS[each].values()} - reached
        reached |= new
    assert reached & FINAL


def test_nothing_leads_back_before_the_beginning() -> None:
    assert State.NONE not in {after for row in TRANSITIONS.values() for after in row.values()}


@pytest.mark.parametrize("state", [state for state in State if state is not State.NONE])
@pytest.mark.parametrize(
    "event", ["cart.sale_reported_late", "cart.double_sale_found", "cart.outcome_told"]
)
def test_what_is_told_too_late_is_kept_in_every_state(state: State, event: str) -> None:
    """Money was taken, or a question answered: no state of a cart throws that away."""
    assert TRANSITIONS[state][event] is state


@pytest.mark.parametrize("state", [state for state in State if state is not State.NONE])
def test_a_twin_can_leave_every_cart(state: State) -> None:
    """A touch on the twin of a finished cart begins a new one, whatever ended the old."""
    assert "cart.twin_left" in TRANSITIONS[state]


@pytest.mark.parametrize("state", sorted(BOUGHT | FINAL | {State.MERGED}))
@pytest.mark.parametrize("event", ["cart.line_added", "cart.line_changed", "cart.line_removed"])
def test_lines_change_only_while_the_cart_is_alive(state: State, event: str) -> None:
    assert event not in TRANSITIONS[state]


@pytest.mark.parametrize("state", list(State))
def test_exactly_one_event_claims_and_only_from_a_cart_that_may_be_sold(state: State) -> None:
    claiming = {name for name, after in TRANSITIONS[state].items() if after is State.CLAIMED}
    if state is State.CLAIMED:
        assert "cart.claimed" in claiming  # a take-over
    elif state in {State.OPEN, State.OFFERED, State.ABANDONED}:
        assert claiming == {"cart.claimed"}
    else:
        assert claiming == set()


@pytest.mark.parametrize("state", list(State))
def test_an_event_the_table_does_not_know_leaves_the_state(state: State) -> None:
    assert following(state, "cart.of_a_newer_release") is state


def test_every_event_is_recognised_by_its_type() -> None:
    ended = {"type": "cart.handover_ended", "handover": "hnd_1", "how": "used"}
    assert parse(ended) == EVENTS["cart.handover_ended"].model_validate(ended)


def test_the_drawing_has_every_state_and_every_arrow() -> None:
    drawn = drawing()
    for state, row in TRANSITIONS.items():
        start = "[*]" if state is State.NONE else state.value
        for event, after in row.items():
            if after is not state:
                arrow = next(x for x in drawn.splitlines() if f" {start} --> {after}:" in x)
                assert event.removeprefix("cart.") in arrow.split(": ")[1].split(", ")


def test_the_page_is_current() -> None:
    """If this fails: `python docs/draw_lifecycle.py`."""
    drawn = draw_lifecycle()
    assert drawn.PAGE.read_text(encoding="utf-8") == drawn.page()
    assert set(drawn.MEANING) == set(State) - {State.NONE}
