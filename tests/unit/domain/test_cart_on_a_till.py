"""A cart before a cashier: noted once, never merged with what it shows, let go when taken off."""

from datetime import timedelta

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.twin import PlacedFor, Twin
from cartbridge.testing.given import NOW, Given, given
from tests.unit.domain.words import (
    TILL_ORDER,
    begun,
    claimed,
    complete,
    line,
    observe,
    row,
    shown,
    took,
    twin,
)

HELD = (*begun(line("A", 2)), claimed())


def on_till(amount: int = 2, by: str = "clm_1") -> Twin:
    placed = PlacedFor(by=by, fence=1, store="lyon-2", terminal="till-1", till="12")
    return twin(TILL_ORDER, {"A": amount}, placed=placed)


def there(*more: e.CartEvent) -> Given:
    return given(*HELD, e.TwinPlaced(twin=on_till()), *more)


def test_it_is_noted_as_what_it_became_there() -> None:
    given(*HELD).when(c.PutOnTill(on_till())).then(e.TwinPlaced(twin=on_till()))


def test_put_there_again_as_it_is_it_is_not_noted_twice() -> None:
    there().when(c.PutOnTill(on_till())).then_nothing()


def test_put_there_again_with_more_it_is_as_it_is_now() -> None:
    outcome = there().when(c.PutOnTill(on_till(3)))
    outcome.then(e.TwinPlaced(twin=on_till(3)))
    assert [each.ref for each in outcome.cart.twins] == [TILL_ORDER]


def test_what_the_till_shows_of_it_changes_nothing() -> None:
    """The cashier works on it: what came of it is told by the sale."""
    held = there()
    less = shown(None, row("A", 1))
    held.when(observe(held.cart, less, TILL_ORDER)).then_nothing()


def test_taken_off_the_till_it_is_free_again() -> None:
    there().when(c.LoseTwin(TILL_ORDER)).then(
        e.TwinLeft(ref=TILL_ORDER), e.ClaimReleased(claim="clm_1")
    )


def test_taken_off_after_the_hold_time_its_outcome_is_known() -> None:
    lapsed = there(e.ClaimLapsed(claim="clm_1", outcome="unknown"))
    lapsed.when(c.LoseTwin(TILL_ORDER)).then(
        e.TwinLeft(ref=TILL_ORDER), e.OutcomeTold(claim="clm_1")
    )


def test_taken_off_the_first_till_the_second_one_keeps_it() -> None:
    taken_over = there(claimed("clm_2", 2, "till-2", taken_over_from="till-1"))
    outcome = taken_over.when(c.LoseTwin(TILL_ORDER)).then(e.TwinLeft(ref=TILL_ORDER))
    assert outcome.cart.claim is not None
    assert outcome.cart.claim.id == "clm_2"


def test_an_offer_that_is_taken_off_stays_an_offer() -> None:
    offered = e.HandoverOffered(
        handover="hnd_1",
        direction="to_store",
        code_hash="h",
        expires_at=NOW + timedelta(minutes=15),
    )
    placed = e.TwinPlaced(twin=on_till(by="crt_given"))
    waiting = given(*begun(line("A", 2)), offered, placed)
    outcome = waiting.when(c.LoseTwin(TILL_ORDER)).then(e.TwinLeft(ref=TILL_ORDER))
    assert outcome.cart.state == "offered"


def test_the_rest_of_a_partial_sale_leaves_it_with_what_was_sold() -> None:
    outcome = there().when(complete(lines=(took("lin_A", 1),)))
    assert [each.ref for each in outcome.cart.twins] == [TILL_ORDER]
    assert outcome.other.twins == ()
