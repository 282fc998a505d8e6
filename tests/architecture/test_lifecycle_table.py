"""The transition tables hold together, and the drawings in the documentation show them."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest

from cartbridge.domain.cart.events import CartEvent, parse
from cartbridge.domain.cart.evolve import _APPLY
from cartbridge.domain.cart.lifecycle import BOUGHT, FINAL, TRANSITIONS, State, following
from cartbridge.domain.enquiry.events import EnquiryEvent
from cartbridge.domain.quote.events import QuoteEvent
from cartbridge.domain.wishlist.events import WishlistEvent

DOCS = Path(__file__).parents[2] / "docs"


def draw_lifecycle() -> ModuleType:
    spec = importlib.util.spec_from_file_location("draw_lifecycle", DOCS / "draw_lifecycle.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DRAWN: Any = draw_lifecycle()
UNIONS = {
    "cart.": CartEvent,
    "wishlist.": WishlistEvent,
    "quote.": QuoteEvent,
    "enquiry.": EnquiryEvent,
}


def events_of(machine: Any) -> dict[str, Any]:
    kinds = get_args(get_args(UNIONS[machine.prefix])[0])
    return {kind.model_fields["type"].default: kind for kind in kinds}


EVENTS = events_of(DRAWN.CART)
machines = pytest.mark.parametrize("machine", DRAWN.MACHINES, ids=lambda machine: machine.title)


@machines
def test_the_table_and_the_events_are_the_same_set(machine: Any) -> None:
    used = {event for row in machine.table.values() for event in row}
    assert used == set(events_of(machine))


@machines
def test_every_state_has_a_row_and_a_meaning(machine: Any) -> None:
    states: set[Any] = set(type(machine.none).__members__.values())
    assert set(machine.table) == states
    assert set(machine.meaning) == states - {machine.none}


def test_every_event_leads_to_a_cart() -> None:
    assert set(_APPLY) == set(EVENTS.values())


@machines
def test_every_state_can_be_reached(machine: Any) -> None:
    assert reached_from(machine, machine.none) == set(machine.table)


@machines
def test_only_final_states_have_no_exit(machine: Any) -> None:
    for state, row in machine.table.items():
        leaves = any(after is not state for after in row.values())
        assert leaves is (state not in machine.final), state


@machines
def test_every_document_can_come_to_an_end(machine: Any) -> None:
    for state in set(machine.table) - machine.final:
        assert reached_from(machine, state) & machine.final, state


@machines
def test_nothing_leads_back_before_the_beginning(machine: Any) -> None:
    assert machine.none not in {to for row in machine.table.values() for to in row.values()}


def reached_from(machine: Any, state: Any) -> set[Any]:
    reached, new = {state}, {state}
    while new:
        new = {after for each in new for after in machine.table[each].values()} - reached
        reached |= new
    return reached


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


@machines
def test_the_drawing_has_every_state_and_every_arrow(machine: Any) -> None:
    drawn = DRAWN.drawing(machine)
    for state, row in machine.table.items():
        start = "[*]" if state is machine.none else state.value
        for event, after in row.items():
            if after is not state:
                arrow = next(x for x in drawn.splitlines() if f" {start} --> {after}:" in x)
                assert event.removeprefix(machine.prefix) in arrow.split(": ")[1].split(", ")


def test_the_page_is_current() -> None:
    """If this fails: `python docs/draw_lifecycle.py`."""
    assert DRAWN.PAGE.read_text(encoding="utf-8") == DRAWN.page()
