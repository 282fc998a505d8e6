"""Reservations: what a store sets aside, what it does not find, and how it all ends."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.reservation import Reserve
from cartbridge.domain.cart.state import Cart, due_at
from cartbridge.domain.line import Fulfilment
from cartbridge.testing.given import NOW, Given, Outcome, given
from tests.unit.domain.words import (
    SOON,
    WEB,
    amounts,
    begun,
    by_sku,
    claim,
    complete,
    joined,
    line,
    new,
    sold,
    sold_line,
    took,
)

UNTIL = NOW + timedelta(hours=24)
LATE = UNTIL + timedelta(seconds=1)
WISH = Reserve(store="lyon-2", until=UNTIL)
TWO = begun(line("LAMP", 2), line("BOOK"), line("POST", kind="shipping"))
READY = e.ReservationReady(
    handover="hnd_r",
    store="lyon-2",
    until=UNTIL,
    set_aside=("lin_LAMP",),
    not_found=("lin_BOOK",),
)


def asked(name: str = "hnd_r", **rest: object) -> c.OfferHandover:
    wish = c.OfferHandover(
        name, "to_store", f"hash {name}", UNTIL, f"short {name}", "lyon-2", reserve=WISH
    )
    return replace(wish, **rest)  # type: ignore[arg-type]


def offered(name: str = "hnd_r") -> e.HandoverOffered:
    return e.HandoverOffered(
        handover=name,
        direction="to_store",
        code_hash=f"hash {name}",
        short_hash=f"short {name}",
        expires_at=UNTIL,
        store="lyon-2",
        reserve=WISH,
    )


def plain(name: str = "hnd_p") -> c.OfferHandover:
    return c.OfferHandover(name, "to_store", f"hash {name}", SOON)


def marked(
    sku: str, quantity: int, asked: int, staff: str | None = None
) -> e.ReservationLineMarked:
    return e.ReservationLineMarked(
        handover="hnd_r",
        line=f"lin_{sku}",
        mark="set_aside" if quantity else "not_found",
        quantity=Decimal(quantity),
        asked=Decimal(asked),
        staff=staff,
    )


def found(sku: str, quantity: int | None = None) -> c.Found:
    return c.Found(f"lin_{sku}", True, None if quantity is None else Decimal(quantity))


def missing(sku: str) -> c.Found:
    return c.Found(f"lin_{sku}", False)


def mark(*lines: c.Found, staff: str | None = None) -> c.MarkReservation:
    return c.MarkReservation("hnd_r", lines, staff)


def ended(how: str) -> e.ReservationEnded:
    return e.ReservationEnded.model_validate({"handover": "hnd_r", "store": "lyon-2", "how": how})


def stands(cart: Cart) -> dict[str, str]:
    """Line → what is known of it."""
    assert cart.reservation is not None
    return {told.line: told.mark for told in cart.reservation.lines(cart.lines)}


def lamp(cart: Cart) -> str:
    """What is known of the lamps."""
    assert cart.reservation is not None
    told = cart.reservation.lines(cart.lines)[0]
    return f"{told.mark}: {told.set_aside} of {told.asked}, {told.missing} missing"


RESERVED = given(*TWO, joined()).when(asked())
LOOKED = RESERVED.when(mark(found("LAMP"), missing("BOOK")))


class TestAsked:
    def test_every_line_that_can_lie_on_a_shelf_is_to_be_looked_for(self) -> None:
        outcome = RESERVED.then(offered())
        assert outcome.cart.state == "offered"
        assert stands(outcome.cart) == {"lin_LAMP": "asked", "lin_BOOK": "asked"}
        assert (outcome.cart.at_store, outcome.cart.at_store_by) == ("lyon-2", UNTIL)

    @pytest.mark.parametrize("until", [NOW, NOW + timedelta(hours=48, seconds=1)])
    def test_until_a_time_to_come_and_not_too_far(self, until: object) -> None:
        wish = WISH.model_copy(update={"until": until})
        given(*TWO).when(asked(reserve=wish)).refused(
            "reserve_until_invalid", latest="2026-11-22T10:00+00:00", store="lyon-2"
        )

    def test_not_for_what_nobody_can_set_aside(self) -> None:
        only_fees = begun(line("POST", kind="shipping"))
        given(*only_fees).when(asked()).refused("cart_empty")

    def test_the_short_lived_codes_of_the_pass_live_beside_it(self) -> None:
        outcome = RESERVED.when(plain()).when(plain("hnd_q"))
        assert [live.id for live in outcome.cart.handovers] == ["hnd_r", "hnd_q"]
        assert stands(outcome.cart)

    def test_a_newer_one_replaces_it(self) -> None:
        outcome = LOOKED.when(asked("hnd_s"))
        outcome.then(
            e.HandoverEnded(handover="hnd_r", how="replaced"), ended("replaced"), offered("hnd_s")
        )
        assert set(stands(outcome.cart).values()) == {"asked"}


class TestMarked:
    def test_once_everything_was_looked_for_it_is_ready(self) -> None:
        first = RESERVED.when(mark(found("LAMP"), staff="S07"))
        first.then(marked("LAMP", 2, 2, "S07"))
        first.when(mark(missing("BOOK"))).then(marked("BOOK", 0, 1), READY)

    def test_of_a_line_only_a_part_may_be_there(self) -> None:
        outcome = RESERVED.when(mark(found("LAMP", 1)))
        assert lamp(outcome.cart) == "set_aside: 1 of 2, 1 missing"

    def test_a_correction_is_told_but_not_that_it_is_ready_again(self) -> None:
        LOOKED.when(mark(found("LAMP", 1))).then(marked("LAMP", 1, 2))

    def test_the_same_said_again_changes_nothing(self) -> None:
        LOOKED.when(mark(found("LAMP"), missing("BOOK"))).then_nothing()

    def test_a_line_that_comes_later_counts_as_asked_and_makes_it_ready_anew(self) -> None:
        more = LOOKED.when(c.EditCart({}, (new("CORD"),)))
        assert stands(more.cart)["lin_CORD"] == "asked"
        again = more.when(mark(found("CORD")))
        assert [type(event) for event in again.events] == [
            e.ReservationLineMarked,
            e.ReservationReady,
        ]

    def test_a_line_that_grows_counts_as_asked_for_what_came(self) -> None:
        grown = LOOKED.when(c.EditCart({"lin_LAMP": Decimal(3)}))
        assert lamp(grown.cart) == "asked: 2 of 3, 0 missing"

    def test_a_line_that_shrinks_needs_no_second_look(self) -> None:
        less = LOOKED.when(c.EditCart({"lin_LAMP": Decimal(1)}))
        assert lamp(less.cart) == "set_aside: 1 of 1, 0 missing"

    def test_a_line_taken_out_and_put_back_is_looked_for_anew(self) -> None:
        without = LOOKED.when(c.EditCart({"lin_LAMP": Decimal(0)}))
        back = without.when(c.EditCart({}, (new("LAMP"),)))
        assert stands(back.cart)["lin_LAMP"] == "asked"

    def test_nothing_found_is_not_ready(self) -> None:
        outcome = RESERVED.when(mark(missing("LAMP"), missing("BOOK")))
        outcome.then(marked("LAMP", 0, 2), marked("BOOK", 0, 1))
        assert outcome.cart.reservation is not None
        assert outcome.cart.reservation.stage(outcome.cart.lines) == "not_found"

    @pytest.mark.parametrize("quantity", [0, 3])
    def test_no_more_than_was_asked_and_no_nothing(self, quantity: int) -> None:
        RESERVED.when(mark(found("LAMP", quantity))).refused("quantity_invalid", line="lin_LAMP")

    @pytest.mark.parametrize("sku", ["POST", "NONE"])
    def test_only_lines_that_were_asked(self, sku: str) -> None:
        RESERVED.when(mark(found(sku))).refused("line_unknown", line=f"lin_{sku}")

    def test_only_while_it_lasts(self) -> None:
        over = RESERVED.when(c.RevokeHandover("hnd_r"))
        over.when(mark(found("LAMP"))).refused("reservation_over")
        another = c.MarkReservation("hnd_x", (found("LAMP"),))
        RESERVED.when(another).refused("reservation_over")


class TestClaimed:
    def by_its_code(self) -> Outcome:
        return LOOKED.when(claim(code_hash="hash hnd_r"))

    def test_the_till_sees_what_was_found(self) -> None:
        held = self.by_its_code()
        assert held.cart.handovers == ()
        assert stands(held.cart) == {"lin_LAMP": "set_aside", "lin_BOOK": "not_found"}
        assert held.cart.at_store is None

    def test_put_back_it_waits_again_with_its_marks(self) -> None:
        back = self.by_its_code().when(c.ReleaseClaim("clm_1"))
        back.then(e.ClaimReleased(claim="clm_1"), offered())
        assert stands(back.cart) == {"lin_LAMP": "set_aside", "lin_BOOK": "not_found"}
        assert back.when(claim("clm_2", code_hash="hash hnd_r")).cart.claim is not None

    def test_put_back_after_its_time_it_is_over(self) -> None:
        back = self.by_its_code().when(c.ReleaseClaim("clm_1"), LATE)
        back.then(e.ClaimReleased(claim="clm_1"), ended("lapsed"))

    def test_of_unknown_outcome_it_waits_for_the_answer(self) -> None:
        lost = self.by_its_code().when(c.LapseClaim("clm_1"))
        assert (lost.cart.state, lost.cart.handovers) == ("open", ())
        assert due_at(lost.cart, timedelta(days=14)) == UNTIL
        lost.when(c.AbandonCart()).then_nothing()
        lost.when(c.TellOutcome()).then(e.OutcomeTold(claim="clm_1"), offered())

    def test_sent_home_nothing_is_kept_aside_for_her(self) -> None:
        held = self.by_its_code()
        home = held.when(c.OfferHandover("hnd_h", "to_online", "h", SOON, terminal="till-1"))
        assert ended("sent_online") in home.events
        assert home.cart.reservation is None

    def test_sold_whole_means_what_was_there_and_the_rest_stays_in_her_cart(self) -> None:
        outcome = self.by_its_code().when(complete())
        outcome.then(
            ended("bought"),
            sold(sold_line("lin_LAMP", 2), sold_line("lin_POST", 1), remainder="crt_rest"),
            e.TwinLeft(ref=WEB, to_cart="crt_rest"),
            e.Fulfilled(),
        )
        assert amounts(outcome.other) == {"lin_BOOK": 1}
        assert outcome.other.reservation is None

    def test_what_the_till_tells_by_line_holds_whatever_was_not_found(self) -> None:
        outcome = self.by_its_code().when(complete(lines=(took("lin_BOOK", 1),)))
        assert amounts(outcome.cart) == {"lin_BOOK": 1}


class TestEnded:
    def test_revoked_with_its_code(self) -> None:
        LOOKED.when(c.RevokeHandover("hnd_r")).then(
            e.HandoverEnded(handover="hnd_r", how="revoked"), ended("revoked"), e.OfferClosed()
        )

    def test_it_lapses_by_itself(self) -> None:
        assert due_at(LOOKED.cart, timedelta(days=14)) == UNTIL
        over = LOOKED.when(c.LapseHandovers(), LATE)
        over.then(e.HandoverEnded(handover="hnd_r", how="lapsed"), ended("lapsed"), e.OfferClosed())
        assert over.cart.at_store is None

    def test_a_code_of_the_pass_that_lapses_ends_nothing_else(self) -> None:
        LOOKED.when(plain()).when(c.LapseHandovers(), SOON).then(
            e.HandoverEnded(handover="hnd_p", how="lapsed")
        )

    def test_paying_online_and_leaving_again_does_not_lose_it(self) -> None:
        paying = LOOKED.when(c.SeeCheckout("web-fr", "started"))
        assert paying.cart.reservation is not None
        left = paying.when(c.SeeCheckout("web-fr", "left"))
        left.then(e.CheckoutLeft(connection="web-fr"), offered())

    def test_bought_online(self) -> None:
        outcome = LOOKED.when(c.OrderOnline(WEB, NOW, "W-1", projection=by_sku(LOOKED.cart)))
        assert ended("bought") in outcome.events

    def test_gone_into_another_cart(self) -> None:
        assert ended("closed") in LOOKED.when(c.MergeInto("crt_heir")).events


class TestOrderToHandOut:
    PICKED_UP = Fulfilment(kind="pick_up", store="lyon-2")

    def ordered(self, fulfilment: Fulfilment | None = PICKED_UP) -> Given:
        start = given(*TWO, joined())
        return start.when(c.OrderOnline(WEB, NOW, "W-1", fulfilment=fulfilment))

    def test_it_waits_in_its_store(self) -> None:
        cart = self.ordered().cart
        assert (cart.state, cart.at_store, cart.at_store_by) == ("ordered", "lyon-2", NOW)

    @pytest.mark.parametrize("told", [None, Fulfilment(kind="delivery"), Fulfilment()])
    def test_any_other_order_waits_nowhere(self, told: Fulfilment | None) -> None:
        assert self.ordered(told).cart.at_store is None

    def test_handed_out_it_is_in_her_hands(self) -> None:
        done = self.ordered().when(c.HandOut("lyon-2", "till-1"))
        done.then(e.HandedOut(order_number="W-1", store="lyon-2", terminal="till-1"), e.Fulfilled())
        assert (done.cart.state, done.cart.at_store) == ("fulfilled", None)
        done.when(c.HandOut("lyon-2", "till-1")).then_nothing()

    def test_what_was_not_bought_is_not_handed_out(self) -> None:
        given(*TWO).when(c.HandOut()).refused("order_unknown")
