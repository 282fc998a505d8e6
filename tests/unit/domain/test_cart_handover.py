"""Codes, joins and claims: who gets the cart, who does not, and who may come back."""

from datetime import timedelta

import pytest

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.state import Binding, Direction, Handover, Origin, due_at
from cartbridge.domain.customer import Customer
from cartbridge.domain.twin import TwinRef
from cartbridge.testing.given import NOW, Given, given
from tests.unit.domain.words import (
    SOON,
    WEB,
    begun,
    claim,
    claimed,
    complete,
    joined,
    line,
    started,
    twin,
)

LATER = SOON + timedelta(seconds=1)


def offered(
    name: str = "hnd_1",
    direction: Direction = "to_store",
    code: str = "hash-1",
    store: str | None = None,
) -> e.HandoverOffered:
    return e.HandoverOffered(
        handover=name, direction=direction, code_hash=code, expires_at=SOON, store=store
    )


def offer(
    name: str = "hnd_1",
    direction: Direction = "to_store",
    code: str = "hash-1",
    store: str | None = None,
    terminal: str | None = None,
) -> c.OfferHandover:
    return c.OfferHandover(name, direction, code, SOON, store=store, terminal=terminal)


LAMP = begun(line("LAMP"))


class TestOffer:
    def test_a_code_goes_live(self) -> None:
        outcome = given(*LAMP).when(offer(store="lyon-2")).then(offered(store="lyon-2"))
        assert outcome.cart.state == "offered"
        live = Handover(
            id="hnd_1", direction="to_store", code_hash="hash-1", expires_at=SOON, store="lyon-2"
        )
        assert outcome.cart.handovers == (live,)

    def test_a_newer_code_of_the_same_direction_revokes_the_older(self) -> None:
        outcome = given(*LAMP, offered()).when(offer("hnd_2", code="hash-2"))
        outcome.then(
            e.HandoverEnded(handover="hnd_1", how="replaced"), offered("hnd_2", code="hash-2")
        )
        assert [x.id for x in outcome.cart.handovers] == ["hnd_2"]

    def test_the_other_direction_lives_beside_it(self) -> None:
        outcome = given(*LAMP, offered()).when(offer("hnd_2", "to_online", "hash-2"))
        assert [x.id for x in outcome.cart.handovers] == ["hnd_1", "hnd_2"]

    def test_lines_may_still_change(self) -> None:
        outcome = given(*LAMP, offered()).when(c.EditCart(set={}, codes=("NOEL",)))
        assert outcome.cart.state == "offered"

    def test_an_abandoned_cart_may_be_offered(self) -> None:
        outcome = given(*LAMP, e.Abandoned()).when(offer())
        assert outcome.cart.state == "offered"

    def test_a_cart_with_a_payment_cannot_be_offered(self) -> None:
        paid = e.DetailsChanged(has_payment=True)
        given(*LAMP, paid).when(offer()).refused("cart_has_payment")

    def test_an_empty_cart_cannot_be_offered(self) -> None:
        given(*begun()).when(offer()).refused("cart_empty")

    def test_a_cart_in_checkout_cannot_be_offered(self) -> None:
        paying = e.CheckoutStarted(connection="web-fr")
        given(*LAMP, paying).when(offer()).refused("cart_in_checkout")

    def test_a_bought_cart_cannot_be_offered(self) -> None:
        bought = given(*LAMP, claimed()).when(complete())
        bought.when(offer()).refused("cart_not_open", state="fulfilled")

    def test_the_till_that_holds_it_may_send_it_home(self) -> None:
        outcome = given(*LAMP, claimed()).when(offer(direction="to_online", terminal="till-1"))
        outcome.then(
            e.ClaimReleased(claim="clm_1", why="sent_online"), offered(direction="to_online")
        )
        assert (outcome.cart.state, outcome.cart.claim) == ("offered", None)

    @pytest.mark.parametrize(
        ("direction", "terminal"), [("to_online", "till-2"), ("to_store", "till-1")]
    )
    def test_otherwise_a_held_cart_cannot_be_offered(
        self, direction: Direction, terminal: str
    ) -> None:
        given(*LAMP, claimed()).when(offer(direction=direction, terminal=terminal)).refused(
            "held_elsewhere", terminal="till-1", store="lyon-2", since=NOW.isoformat()
        )


class TestEndOfACode:
    def test_revoked(self) -> None:
        outcome = given(*LAMP, offered()).when(c.RevokeHandover("hnd_1"))
        outcome.then(e.HandoverEnded(handover="hnd_1", how="revoked"), e.OfferClosed())
        assert outcome.cart.state == "open"

    def test_one_of_two_revoked_leaves_the_cart_offered(self) -> None:
        both = given(*LAMP, offered(), offered("hnd_2", "to_online", "hash-2"))
        outcome = both.when(c.RevokeHandover("hnd_1"))
        outcome.then(e.HandoverEnded(handover="hnd_1", how="revoked"))
        assert outcome.cart.state == "offered"

    def test_a_dead_code_stays_dead(self) -> None:
        given(*LAMP).when(c.RevokeHandover("hnd_1")).then_nothing()

    def test_lapsed(self) -> None:
        cart = given(*LAMP, offered())
        cart.when(c.LapseHandovers(), SOON - timedelta(seconds=1)).then_nothing()
        cart.when(c.LapseHandovers(), SOON).then(
            e.HandoverEnded(handover="hnd_1", how="lapsed"), e.OfferClosed()
        )

    def test_the_gateway_looks_again_when_the_next_code_runs_out(self) -> None:
        idle = timedelta(days=1)
        assert due_at(given(*LAMP, offered()).cart, idle) == SOON
        assert due_at(given(*LAMP).cart, idle) == NOW + idle
        assert due_at(given(*LAMP, claimed()).cart, idle) is None
        unheard = (claimed(), e.ClaimLapsed(claim="clm_1", outcome="unknown"))
        assert due_at(given(*LAMP, *unheard).cart, idle) is None


class TestClaim:
    def test_by_code(self) -> None:
        outcome = given(*LAMP, offered()).when(claim(code_hash="hash-1"))
        outcome.then(e.HandoverEnded(handover="hnd_1", how="used"), claimed(handover="hnd_1"))
        held = outcome.cart.claim
        assert held is not None
        assert (held.terminal, held.fence, held.since) == ("till-1", 1, NOW)

    def test_all_other_codes_die(self) -> None:
        both = given(*LAMP, offered(), offered("hnd_2", "to_online", "hash-2"))
        both.when(claim(code_hash="hash-1")).then(
            e.HandoverEnded(handover="hnd_1", how="used"),
            e.HandoverEnded(handover="hnd_2", how="replaced"),
            claimed(handover="hnd_1"),
        )

    def test_by_naming_the_cart(self) -> None:
        given(*LAMP).when(claim()).then(claimed())

    def test_the_fence_counts_the_claims(self) -> None:
        again = given(*LAMP, claimed(), e.ClaimReleased(claim="clm_1")).when(claim("clm_2"))
        again.then(claimed("clm_2", fence=2))

    def test_an_abandoned_cart_may_be_claimed(self) -> None:
        assert given(*LAMP, e.Abandoned()).when(claim()).cart.state == "claimed"

    @pytest.mark.parametrize("again", [claim("clm_1", "till-9"), claim("clm_2", "till-1")])
    def test_a_repeated_claim_changes_nothing(self, again: c.ClaimCart) -> None:
        given(*LAMP, claimed()).when(again).then_nothing()

    def test_a_code_is_good_once(self) -> None:
        used = given(*LAMP, offered()).when(claim(code_hash="hash-1"))
        back = used.when(c.ReleaseClaim("clm_1"))
        back.when(claim("clm_2", code_hash="hash-1")).refused("code_used")

    def test_a_replaced_code_is_no_good(self) -> None:
        cart = given(*LAMP, offered()).when(offer("hnd_2", code="hash-2"))
        cart.when(claim(code_hash="hash-1")).refused("code_used")

    def test_a_code_runs_out(self) -> None:
        cart = given(*LAMP, offered())
        cart.when(claim(code_hash="hash-1"), SOON).refused("code_lapsed")
        assert cart.when(claim(code_hash="hash-1"), SOON - timedelta(seconds=1)).cart.claim

    def test_a_code_bound_to_a_store_is_good_there_only(self) -> None:
        cart = given(*LAMP, offered(store="paris-1"))
        cart.when(claim(code_hash="hash-1")).refused("code_other_store", store="paris-1")
        assert cart.when(claim(code_hash="hash-1", store="paris-1")).cart.claim

    def test_a_code_for_the_other_side_is_no_good(self) -> None:
        cart = given(*LAMP, offered(direction="to_online"))
        cart.when(claim(code_hash="hash-1")).refused("code_wrong_direction")

    def test_a_cart_in_checkout_cannot_be_claimed(self) -> None:
        paying = e.CheckoutStarted(connection="web-fr")
        given(*LAMP, paying).when(claim()).refused("cart_in_checkout")

    def test_a_cart_with_a_payment_cannot_be_claimed(self) -> None:
        paid = e.DetailsChanged(has_payment=True)
        given(*LAMP, paid).when(claim()).refused("cart_has_payment")

    def test_a_bought_cart_cannot_be_claimed(self) -> None:
        bought = given(*LAMP, claimed()).when(complete())
        bought.when(claim("clm_2")).refused("cart_not_open", state="fulfilled")


class TestTakeOver:
    HELD = {"terminal": "till-1", "store": "lyon-2", "since": NOW.isoformat()}

    def test_in_the_same_store_with_a_reason(self) -> None:
        taken = claim("clm_2", "till-2", take_over_reason="till 1 is down")
        outcome = given(*LAMP, claimed()).when(taken)
        outcome.then(
            claimed("clm_2", 2, "till-2", taken_over_from="till-1", reason="till 1 is down")
        )
        assert outcome.cart.fence == 2

    @pytest.mark.parametrize("reason", [None, ""])
    def test_not_without_a_reason(self, reason: str | None) -> None:
        taken = claim("clm_2", "till-2", take_over_reason=reason)
        given(*LAMP, claimed()).when(taken).refused("held_elsewhere", **self.HELD)

    def test_not_from_another_store(self) -> None:
        taken = claim("clm_2", "till-2", store="paris-1", take_over_reason="nearer")
        given(*LAMP, claimed()).when(taken).refused("held_elsewhere", **self.HELD)

    def test_a_reason_is_not_kept_where_nothing_was_taken_over(self) -> None:
        given(*LAMP).when(claim(take_over_reason="just so")).then(claimed())


class TestEndOfAClaim:
    @pytest.fixture
    def cart(self) -> Given:
        return given(*LAMP, claimed())

    def test_put_on_hold_once(self, cart: Given) -> None:
        outcome = cart.when(c.HoldClaim("clm_1")).then(e.ClaimPutOnHold(claim="clm_1"))
        assert outcome.cart.claim is not None
        assert outcome.cart.claim.on_hold
        outcome.when(c.HoldClaim("clm_1")).then_nothing()

    def test_a_claim_that_is_over_cannot_be_put_on_hold(self, cart: Given) -> None:
        cart.when(c.HoldClaim("clm_0")).refused("claim_not_held")
        back = cart.when(c.ReleaseClaim("clm_1"))
        back.when(c.HoldClaim("clm_1")).refused("claim_not_held")

    def test_released(self, cart: Given) -> None:
        outcome = cart.when(c.ReleaseClaim("clm_1", "store_closed"))
        outcome.then(e.ClaimReleased(claim="clm_1", why="store_closed"))
        assert (outcome.cart.state, outcome.cart.outcome) == ("open", None)

    def test_releasing_what_is_not_held_changes_nothing(self, cart: Given) -> None:
        cart.when(c.ReleaseClaim("clm_0")).then_nothing()

    def test_when_the_time_runs_out_the_outcome_is_unknown(self, cart: Given) -> None:
        outcome = cart.when(c.LapseClaim("clm_1"))
        outcome.then(e.ClaimLapsed(claim="clm_1", outcome="unknown"))
        assert (outcome.cart.state, outcome.cart.outcome) == ("open", "unknown")
        assert outcome.cart.unheard == cart.cart.claim

    def test_only_the_present_claim_runs_out(self, cart: Given) -> None:
        cart.when(c.LapseClaim("clm_0")).then_nothing()

    def test_a_cart_of_unknown_outcome_is_not_abandoned(self, cart: Given) -> None:
        cart.when(c.LapseClaim("clm_1")).when(c.AbandonCart()).then_nothing()

    @pytest.mark.parametrize("told", [c.TellOutcome(), c.ReleaseClaim("clm_1")])
    def test_somebody_says_that_it_was_not_sold(self, cart: Given, told: c.Command) -> None:
        outcome = cart.when(c.LapseClaim("clm_1")).when(told)
        outcome.then(e.OutcomeTold(claim="clm_1"))
        assert (outcome.cart.outcome, outcome.cart.unheard) == (None, None)

    def test_still_here_is_a_new_claim(self, cart: Given) -> None:
        outcome = cart.when(c.LapseClaim("clm_1")).when(claim("clm_2"))
        assert (outcome.cart.outcome, outcome.cart.unheard) == (None, None)

    @pytest.mark.parametrize(
        "next_step",
        [e.CheckoutStarted(connection="web-fr"), e.Merged(into="crt_2"), e.Cancelled()],
        ids=lambda x: x.type,
    )
    def test_the_question_is_answered_whatever_happened_since(
        self, cart: Given, next_step: e.CartEvent
    ) -> None:
        unheard = cart.when(c.LapseClaim("clm_1"))
        later = given(next_step, cart=unheard.cart).when(c.TellOutcome())
        later.then(e.OutcomeTold(claim="clm_1"))

    def test_nothing_is_told_where_nothing_was_asked(self, cart: Given) -> None:
        cart.when(c.TellOutcome()).then_nothing()


BROWSER = Binding(connection="web-fr", browser="w1")
MARIE = Binding(connection="web-fr", customer="42")
W2 = TwinRef(connection="web-fr", external_id="w2")


def join(
    who: Binding = BROWSER,
    ref: TwinRef = WEB,
    code: str = "hash-1",
    customer: Customer | None = None,
    **rest: bool,
) -> c.JoinHandover:
    return c.JoinHandover(code, ref, who, customer=customer, **rest)


class TestJoin:
    """To online: the first join binds the code; the same one may come back, nobody else."""

    @pytest.fixture
    def cart(self) -> Given:
        return given(
            *begun(line("LAMP"), origin=Origin(channel="till")), offered(direction="to_online")
        )

    def test_the_first_session_gets_the_cart(self, cart: Given) -> None:
        outcome = cart.when(join())
        outcome.then(
            e.HandoverJoined(handover="hnd_1", code_hash="hash-1", ref=WEB, bound_to=BROWSER),
            e.HandoverEnded(handover="hnd_1", how="used"),
            e.OfferClosed(),
            e.TwinJoined(twin=twin()),
        )
        assert outcome.cart.state == "open"

    def test_a_session_with_a_cart_of_its_own_brings_no_empty_twin(self, cart: Given) -> None:
        outcome = cart.when(join(has_own=True))
        assert outcome.cart.twins == ()
        assert outcome.cart.bindings == {"hash-1": BROWSER}

    def test_it_becomes_known_whose_cart_it_is(self, cart: Given) -> None:
        marie = Customer(external_id="42")
        outcome = cart.when(join(MARIE, customer=marie))
        assert outcome.events[-1] == e.CustomerIdentified(customer=marie)

    def test_the_same_browser_finds_the_same_cart(self, cart: Given) -> None:
        cart.when(join()).when(join()).then_nothing()

    def test_the_same_customer_may_come_back_on_another_browser(self, cart: Given) -> None:
        again = cart.when(join(MARIE)).when(join(MARIE, W2))
        again.then(e.TwinJoined(twin=twin(W2)))

    @pytest.mark.parametrize(
        "stranger",
        [
            Binding(connection="web-fr", browser="w9"),
            Binding(connection="web-fr", customer="43"),
            Binding(connection="app", customer="42"),
        ],
    )
    @pytest.mark.parametrize("first", [BROWSER, MARIE])
    def test_somebody_else_is_refused(self, cart: Given, first: Binding, stranger: Binding) -> None:
        cart.when(join(first)).when(join(stranger, W2)).refused("code_bound")

    def test_a_guest_who_logged_in_since_is_known_where_the_cart_began(self) -> None:
        identified = e.CustomerIdentified(customer=Customer(external_id="42"))
        cart = given(*LAMP, offered(direction="to_online")).when(join())
        known = given(identified, cart=cart.cart)
        known.when(join(MARIE, W2)).then(e.TwinJoined(twin=twin(W2)))

    def test_the_same_number_on_another_connection_is_somebody_else(self) -> None:
        """Customer 42 of the app, where the cart began, is not customer 42 of the web shop."""
        in_app = started(origin=Origin(connection="app"), customer=Customer(external_id="42"))
        cart = given(in_app, e.LineAdded(line=line("LAMP")), offered(direction="to_online"))
        cart.when(join()).when(join(MARIE, W2)).refused("code_bound")

    def test_a_code_for_the_store_joins_nothing(self) -> None:
        given(*LAMP, offered()).when(join()).refused("code_wrong_direction")

    def test_a_code_runs_out_for_those_who_did_not_join(self, cart: Given) -> None:
        cart.when(join(), LATER).refused("code_lapsed")

    def test_who_joined_in_time_may_come_back_later(self, cart: Given) -> None:
        cart.when(join()).when(join(), LATER).then_nothing()

    def test_a_revoked_code_joins_nothing(self, cart: Given) -> None:
        cart.when(c.RevokeHandover("hnd_1")).when(join()).refused("code_used")

    def test_a_twin_that_is_there_already_stays_as_it_is(self, cart: Given) -> None:
        there = given(joined(WEB, {"LAMP": 1}, revision=3), cart=cart.cart)
        outcome = there.when(join())
        assert outcome.cart.twins == (twin(WEB, {"LAMP": 1}, revision=3),)
