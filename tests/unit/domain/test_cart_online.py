"""What platforms tell beside the lines: orders, checkouts, lost twins, carts merged at log-in."""

from decimal import Decimal

import pytest

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.state import Cart, SoldLine
from cartbridge.domain.projection import Projection, project_by
from cartbridge.domain.twin import TwinRef
from cartbridge.testing.given import NOW, Given, given
from tests.unit.domain.words import (
    APP,
    WEB,
    amounts,
    begun,
    by_sku,
    claimed,
    complete,
    joined,
    line,
    observe,
    priced,
    row,
    shown,
    sold_line,
    started,
    twin,
)

LAMPS = line("LAMP", 2, prices=priced(4990, 2))
TWO_LAMPS = sold_line("lin_LAMP", 2, unit_price=4990, total=9980)


def order(cart: Cart, **rest: object) -> c.OrderOnline:
    given_: dict[str, object] = {
        "ref": WEB,
        "at": NOW,
        "order_number": "1001",
        "projection": by_sku(cart),
    }
    return c.OrderOnline(**(given_ | rest))  # type: ignore[arg-type]


def ordered(*lines: SoldLine, **rest: object) -> e.Ordered:
    told = {"connection": "web-fr", "order_number": "1001", "at": NOW, "lines": lines}
    return e.Ordered.model_validate(told | rest)


class TestOrder:
    @pytest.fixture
    def cart(self) -> Given:
        return given(
            *begun(LAMPS),
            joined(WEB, {"LAMP": 2}, revision=1),
            joined(APP, {"LAMP": 2}, revision=1),
        )

    def test_the_cart_is_bought_and_that_twin_has_ended(self, cart: Given) -> None:
        outcome = cart.when(order(cart.cart))
        outcome.then(ordered(TWO_LAMPS), e.TwinLeft(ref=WEB))
        assert outcome.cart.state == "ordered"
        assert [(x.ref, x.ended) for x in outcome.cart.twins] == [(WEB, True), (APP, False)]

    def test_it_may_be_in_her_hands_already(self, cart: Given) -> None:
        outcome = cart.when(order(cart.cart, fulfilled=True))
        assert outcome.events[-1] == e.Fulfilled()

    def test_the_same_order_may_be_told_again_as_fulfilled(self, cart: Given) -> None:
        bought = cart.when(order(cart.cart))
        done = bought.when(order(bought.cart, fulfilled=True))
        done.then(e.Fulfilled())
        done.when(order(done.cart, fulfilled=True)).then_nothing()

    @pytest.mark.parametrize("number", ["1001", None])
    def test_the_same_order_told_again_changes_nothing(
        self, cart: Given, number: str | None
    ) -> None:
        bought = cart.when(order(cart.cart, order_number=number))
        bought.when(order(bought.cart, order_number=number)).then_nothing()

    def test_the_same_number_of_another_shop_is_another_order(self, cart: Given) -> None:
        bought = cart.when(order(cart.cart))
        bought.when(order(bought.cart, ref=APP)).then(
            e.DoubleSaleFound(order_number="1001", connection="app")
        )

    @pytest.mark.parametrize("number", ["1001", None])
    def test_after_a_sale_at_a_till_it_is_a_double_sale(
        self, cart: Given, number: str | None
    ) -> None:
        sold = given(claimed(), cart=cart.cart).when(complete())
        outcome = sold.when(order(sold.cart, order_number=number))
        outcome.then(e.DoubleSaleFound(order_number=number, connection="web-fr"))
        assert outcome.cart.sale == sold.cart.sale

    def test_while_a_till_holds_the_cart_it_is_bought_and_the_till_is_too_late(
        self, cart: Given
    ) -> None:
        held = given(claimed(), cart=cart.cart)
        bought = held.when(order(held.cart)).then(ordered(TWO_LAMPS), e.TwinLeft(ref=WEB))
        assert (bought.cart.state, bought.cart.claim) == ("ordered", None)
        late = bought.when(complete())
        assert late.events[-1] == e.DoubleSaleFound(receipt_number="T-7")

    def test_live_codes_die(self, cart: Given) -> None:
        offer = e.HandoverOffered(
            handover="hnd_1", direction="to_store", code_hash="h", expires_at=NOW
        )
        offered = given(offer, cart=cart.cart)
        outcome = offered.when(order(offered.cart))
        assert outcome.events[0] == e.HandoverEnded(handover="hnd_1", how="replaced")

    def test_what_the_order_took_is_what_was_bought(self, cart: Given) -> None:
        outcome = cart.when(order(cart.cart, taken={"LAMP": Decimal(1)}))
        one = sold_line("lin_LAMP", 1, unit_price=4990, total=4990)
        outcome.then(ordered(one), e.TwinLeft(ref=WEB))
        assert outcome.alone

    @pytest.mark.parametrize("taken", [{"LAMP": Decimal(3)}, {"LAMP": Decimal(2), "X": Decimal(1)}])
    def test_more_than_the_cart_still_had_was_sold_twice(
        self, cart: Given, taken: dict[str, Decimal]
    ) -> None:
        outcome = cart.when(order(cart.cart, taken=taken))
        outcome.then(
            ordered(TWO_LAMPS),
            e.TwinLeft(ref=WEB),
            e.DoubleSaleFound(order_number="1001", connection="web-fr"),
        )

    def test_an_order_is_spread_over_the_lines_of_its_key(self) -> None:
        cart = given(*begun(line("LAMP", 2, "lin_old"), line("LAMP", 3, "lin_new")), joined())
        outcome = cart.when(order(cart.cart, taken={"LAMP": Decimal(4)}))
        assert amounts(outcome.cart) == {"lin_old": 2, "lin_new": 2}

    def test_what_she_had_added_elsewhere_carries_on(self, cart: Given) -> None:
        more = cart.when(observe(cart.cart, shown(2, row("LAMP", 3), row("BULB")), APP))
        outcome = more.when(order(more.cart, remainder="crt_rest"))
        outcome.then(
            ordered(TWO_LAMPS, remainder="crt_rest"),
            e.TwinLeft(ref=WEB),
            e.TwinLeft(ref=APP, to_cart="crt_rest"),
        )
        app = twin(APP, {"LAMP": 3, "BULB": 1}, revision=2)
        outcome.then_elsewhere(
            started(root="crt_given", parent="crt_given"),
            e.LineAdded(line=line("LAMP", 1, prices=priced(4990)), from_cart="crt_given"),
            e.LineAdded(line=line("BULB", 1, "lin_new0"), from_cart="crt_given"),
            e.TwinJoined(twin=app, from_cart="crt_given"),
        )
        assert outcome.cart.successor == "crt_rest"

    def test_an_article_the_shop_does_not_know_was_not_ordered(self, cart: Given) -> None:
        more = given(e.LineAdded(line=line("OAK")), cart=cart.cart)
        known = project_by(more.cart.lines, lambda x: x.item.sku if x.item.sku != "OAK" else None)
        outcome = more.when(order(more.cart, projection=known, remainder="crt_rest"))
        assert amounts(outcome.other) == {"lin_OAK": 1}

    def test_nothing_carries_on_when_all_was_ordered(self, cart: Given) -> None:
        outcome = cart.when(order(cart.cart, remainder="crt_rest"))
        assert outcome.alone
        assert outcome.cart.successor is None

    def test_a_shop_that_names_no_lines_sold_all(self, cart: Given) -> None:
        outcome = cart.when(order(cart.cart, projection=()))
        assert amounts(outcome.cart) == {"lin_LAMP": 2}


class TestCheckout:
    def test_entering_it_kills_the_codes(self) -> None:
        offer = e.HandoverOffered(
            handover="hnd_1", direction="to_store", code_hash="h", expires_at=NOW
        )
        outcome = given(*begun(LAMPS), offer).when(c.SeeCheckout("web-fr", "started"))
        outcome.then(
            e.HandoverEnded(handover="hnd_1", how="replaced"),
            e.CheckoutStarted(connection="web-fr"),
        )
        assert outcome.cart.state == "checkout"

    def test_leaving_it_opens_the_cart(self) -> None:
        paying = given(*begun(LAMPS)).when(c.SeeCheckout("web-fr", "started"))
        outcome = paying.when(c.SeeCheckout("web-fr", "left"))
        outcome.then(e.CheckoutLeft(connection="web-fr"))
        assert outcome.cart.state == "open"

    def test_an_abandoned_cart_may_be_paid(self) -> None:
        outcome = given(*begun(LAMPS), e.Abandoned()).when(c.SeeCheckout("web-fr", "started"))
        assert outcome.cart.state == "checkout"

    @pytest.mark.parametrize("step", ["started", "left"])
    def test_it_means_nothing_while_a_till_holds_the_cart(self, step: str) -> None:
        seen = c.SeeCheckout("web-fr", "left" if step == "left" else "started")
        given(*begun(LAMPS), claimed()).when(seen).then_nothing()

    def test_it_is_entered_once(self) -> None:
        paying = given(*begun(LAMPS), e.CheckoutStarted(connection="web-fr"))
        paying.when(c.SeeCheckout("web-fr", "started")).then_nothing()

    def test_an_idle_checkout_is_abandoned(self) -> None:
        paying = given(*begun(LAMPS), e.CheckoutStarted(connection="web-fr"))
        paying.when(c.AbandonCart()).then(e.Abandoned())

    def test_an_offered_cart_is_not_abandoned(self) -> None:
        offer = e.HandoverOffered(
            handover="hnd_1", direction="to_store", code_hash="h", expires_at=NOW
        )
        given(*begun(LAMPS), offer).when(c.AbandonCart()).then_nothing()


class TestALostTwin:
    def test_the_shop_deleted_the_cart_it_began(self) -> None:
        outcome = given(*begun(LAMPS), joined()).when(c.LoseTwin(WEB))
        outcome.then(e.TwinLeft(ref=WEB), e.Cancelled(connection="web-fr"))
        assert outcome.cart.state == "cancelled"

    def test_the_cart_lives_while_another_twin_does(self) -> None:
        outcome = given(*begun(LAMPS), joined(), joined(APP)).when(c.LoseTwin(WEB))
        outcome.then(e.TwinLeft(ref=WEB))
        assert outcome.cart.state == "open"

    def test_a_cart_begun_elsewhere_lives_on_without_it(self) -> None:
        given(*begun(LAMPS), joined(APP)).when(c.LoseTwin(APP)).then(e.TwinLeft(ref=APP))

    def test_a_till_keeps_the_cart_it_holds(self) -> None:
        outcome = given(*begun(LAMPS), joined(), claimed()).when(c.LoseTwin(WEB))
        outcome.then(e.TwinLeft(ref=WEB))
        assert outcome.cart.state == "claimed"

    def test_once(self) -> None:
        gone = given(*begun(LAMPS), joined(), joined(APP)).when(c.LoseTwin(WEB))
        gone.when(c.LoseTwin(WEB)).then_nothing()
        gone.when(c.LoseTwin(TwinRef(connection="x", external_id="x"))).then_nothing()

    def test_its_lines_live_in_another_cart(self) -> None:
        outcome = given(*begun(LAMPS), joined()).when(c.LoseTwin(WEB, "crt_heir", 9))
        outcome.then(e.TwinLeft(ref=WEB), e.Merged(into="crt_heir", into_revision=9))
        assert (outcome.cart.state, outcome.cart.successor) == ("merged", "crt_heir")

    def test_a_merge_waits_for_the_till(self) -> None:
        held = given(*begun(LAMPS), joined(), claimed())
        merge = c.LoseTwin(WEB, "crt_heir")
        held.when(merge).refused("held_elsewhere", terminal="till-1")
        back = held.when(c.ReleaseClaim("clm_1"))
        assert back.when(merge).cart.state == "merged"

    def test_a_bought_cart_is_not_merged(self) -> None:
        bought = given(*begun(LAMPS), joined(), claimed()).when(complete())
        bought.when(c.LoseTwin(WEB, "crt_heir")).then(e.TwinLeft(ref=WEB))


class TestARenamedTwin:
    TO = TwinRef(connection="web-fr", external_id="w2")

    def test_it_goes_on_under_its_new_id(self) -> None:
        cart = given(*begun(LAMPS), joined(shadow={"LAMP": 2}, revision=40))
        outcome = cart.when(c.RenameTwin(WEB, self.TO))
        outcome.then(
            joined(self.TO, {"LAMP": 2}, aliases=("w1",)),
            e.TwinLeft(ref=WEB),
        )
        more = outcome.when(observe(outcome.cart, shown(1, row("LAMP", 3)), self.TO))
        assert amounts(more.cart) == {"lin_LAMP": 3}

    def test_late_news_of_the_old_id_is_not_counted_twice(self) -> None:
        cart = given(*begun(LAMPS), joined(shadow={"LAMP": 2}, revision=40))
        renamed = cart.when(c.RenameTwin(WEB, self.TO))
        renamed.when(observe(renamed.cart, shown(41, row("LAMP", 3)))).then_nothing()

    def test_what_waited_for_a_till_waits_under_the_new_id(self) -> None:
        look = shown(41, row("LAMP", 3))
        held = given(*begun(LAMPS), joined(shadow={"LAMP": 2}, revision=40), claimed())
        held = held.when(observe(held.cart, look))
        outcome = held.when(c.RenameTwin(WEB, self.TO))
        assert outcome.cart.waiting == {str(self.TO): shown(None, row("LAMP", 3))}
        back = outcome.when(c.ReleaseClaim("clm_1"))
        taken = back.when(observe(back.cart, back.cart.waiting[str(self.TO)], self.TO))
        assert amounts(taken.cart) == {"lin_LAMP": 3}

    def test_a_twin_that_moved_here_is_still_behind(self) -> None:
        moved = e.TwinJoined(twin=twin(shadow={"LAMP": 5}, revision=4), from_cart="crt_0")
        renamed = given(*begun(LAMPS), moved).when(c.RenameTwin(WEB, self.TO))
        outcome = renamed.when(observe(renamed.cart, shown(1, row("LAMP", 4)), self.TO))
        assert amounts(outcome.cart) == {"lin_LAMP": 1}

    @pytest.mark.parametrize("there", [(), (joined(ended=True),), (joined(), joined(TO))])
    def test_there_is_nothing_to_rename(self, there: tuple[e.CartEvent, ...]) -> None:
        given(*begun(LAMPS), *there).when(c.RenameTwin(WEB, self.TO)).then_nothing()


class TestMergeInto:
    def test_the_cart_goes_into_another_one(self) -> None:
        outcome = given(*begun(LAMPS)).when(c.MergeInto("crt_heir"))
        outcome.then(e.Merged(into="crt_heir"))
        outcome.when(c.MergeInto("crt_heir")).then_nothing()

    def test_not_while_a_till_holds_it(self) -> None:
        held = given(*begun(LAMPS), claimed())
        held.when(c.MergeInto("crt_heir")).refused("held_elsewhere", terminal="till-1")

    def test_not_when_it_is_bought(self) -> None:
        bought = given(*begun(LAMPS), claimed()).when(complete())
        bought.when(c.MergeInto("crt_heir")).refused("cart_not_open", state="fulfilled")


GUEST = TwinRef(connection="web-fr", external_id="guest")


def merged(*facts: e.CartEvent, shadow: dict[str, int], **rest: object) -> Cart:
    """Her cart as a guest: the shop joined it to the cart of her account at log-in."""
    gone = (
        joined(GUEST, shadow, revision=5, **rest),
        e.TwinLeft(ref=GUEST),
        e.Merged(into="crt_given", into_revision=9),
    )
    return given(*begun(), *facts, *gone, cart=Cart(id="crt_guest")).cart


def adopt(guest: Cart, heir: Cart, *, shown_already: bool, **rest: object) -> c.AdoptMerged:
    told: dict[str, object] = {
        "merged": guest,
        "gone": GUEST,
        "ref": WEB,
        "already_shown": shown_already,
        "merged_projection": by_sku(guest),
        "projection": by_sku(heir),
    }
    return c.AdoptMerged(**(told | rest))  # type: ignore[arg-type]


class TestAdopt:
    """Her account's cart holds a lamp; as a guest she had put two lamps and a bulb into another."""

    GUEST_LINES = (
        e.LineAdded(line=line("LAMP", 2, "lin_guest1"), note="wrap it"),
        e.LineAdded(line=line("BULB", 1, "lin_guest2")),
    )

    @pytest.fixture
    def heir(self) -> Given:
        return given(*begun(line("LAMP", 1)), joined(WEB, {"LAMP": 1}, revision=3))

    def both(self, heir: Given) -> Given:
        """The shop's joined cart was seen before we heard of the merge."""
        return heir.when(observe(heir.cart, shown(9, row("LAMP", 3), row("BULB"))))

    def test_before_the_joined_cart_was_seen(self, heir: Given) -> None:
        guest = merged(*self.GUEST_LINES, shadow={"LAMP": 2, "BULB": 1})
        outcome = heir.when(adopt(guest, heir.cart, shown_already=False))
        outcome.then(
            e.LineAdded(line=line("LAMP", 2, "lin_guest1"), note="wrap it", from_cart="crt_guest"),
            e.LineAdded(line=line("BULB", 1, "lin_guest2"), from_cart="crt_guest"),
            joined(WEB, {"LAMP": 3, "BULB": 1}, revision=3),
        )
        look = shown(9, row("LAMP", 3), row("BULB"))
        outcome.when(observe(outcome.cart, look)).then(
            e.TwinObserved(
                ref=WEB,
                shadow={"LAMP": Decimal(3), "BULB": Decimal(1)},
                revision=9,
                echo=True,
            )
        )

    def test_after_the_joined_cart_was_seen(self, heir: Given) -> None:
        guest = merged(*self.GUEST_LINES, shadow={"LAMP": 2, "BULB": 1})
        both = self.both(heir)
        both.when(adopt(guest, both.cart, shown_already=True)).then_nothing()

    @pytest.mark.parametrize("seen_first", [True, False])
    def test_what_the_shop_had_not_heard_of_yet_is_added(
        self, heir: Given, *, seen_first: bool
    ) -> None:
        guest = merged(*self.GUEST_LINES, shadow={"LAMP": 2})
        known = heir.when(observe(heir.cart, shown(9, row("LAMP", 3)))) if seen_first else heir
        outcome = known.when(adopt(guest, known.cart, shown_already=seen_first))
        assert sum(amounts(outcome.cart).values()) == 4
        assert "lin_guest2" in amounts(outcome.cart)

    @pytest.mark.parametrize("seen_first", [True, False])
    @pytest.mark.parametrize("left", [0, 1])
    def test_what_was_taken_out_and_the_shop_had_not_heard_of_is_taken_out(
        self, heir: Given, *, left: int, seen_first: bool
    ) -> None:
        """The guest's cart once held two lamps and two bulbs, and the shop still showed them."""
        kept = self.GUEST_LINES[0] if left else self.GUEST_LINES[1]
        guest = merged(kept, shadow={"LAMP": 2, "BULB": 2})
        look = shown(9, row("LAMP", 3), row("BULB", 2))
        known = heir.when(observe(heir.cart, look)) if seen_first else heir
        outcome = known.when(adopt(guest, known.cart, shown_already=seen_first))
        rows = {x.key: int(x.quantity) for x in by_sku(outcome.cart)}
        assert rows == ({"LAMP": 3} if left else {"LAMP": 1, "BULB": 1})

    def test_an_article_the_shop_does_not_know_is_not_forgotten(self, heir: Given) -> None:
        oak = e.LineAdded(line=line("OAK", 2, "lin_oak"))
        guest = merged(*self.GUEST_LINES, oak, shadow={"LAMP": 2, "BULB": 1})
        both = self.both(heir)
        known: Projection = tuple(x for x in by_sku(guest) if x.key != "OAK")
        outcome = both.when(adopt(guest, both.cart, shown_already=True, merged_projection=known))
        outcome.then(e.LineAdded(line=line("OAK", 2, "lin_oak"), from_cart="crt_guest"))

    def test_our_write_under_way_is_still_known_by_its_echo(self, heir: Given) -> None:
        """It reached the shop just before the log-in; the joined cart carries its push id."""
        edited = heir.when(c.EditCart(set={"lin_LAMP": Decimal(2)}))
        sent = edited.when(c.PlanWrite(WEB, "psh_1", by_sku(edited.cart)))
        guest = merged(*self.GUEST_LINES, shadow={"LAMP": 2, "BULB": 1})
        outcome = sent.when(adopt(guest, sent.cart, shown_already=False))
        look = shown(9, row("LAMP", 4), row("BULB"), last_push="psh_1")
        seen = outcome.when(observe(outcome.cart, look))
        assert amounts(seen.cart) == {"lin_LAMP": 2, "lin_guest1": 2, "lin_guest2": 1}

    def test_codes_and_the_other_twins_come_along(self, heir: Given) -> None:
        look = shown(7, row("LAMP", 5))
        guest = merged(
            *self.GUEST_LINES,
            e.CodeApplied(code="NOEL"),
            joined(APP, {"LAMP": 2}, revision=6),
            claimed(),
            e.ObservationHeld(ref=APP, snapshot=look),
            e.ClaimReleased(claim="clm_1"),
            shadow={"LAMP": 2, "BULB": 1},
        )
        outcome = heir.when(adopt(guest, heir.cart, shown_already=False))
        assert outcome.cart.codes == ("NOEL",)
        assert outcome.cart.twin(APP) == twin(APP, {"LAMP": 2}, revision=6)
        assert outcome.cart.waiting == {str(APP): look}

    def test_a_cart_without_a_twin_of_the_shop_gets_the_lines_all_the_same(self) -> None:
        heir = given(*begun())
        guest = merged(*self.GUEST_LINES, shadow={"LAMP": 2, "BULB": 1})
        outcome = heir.when(adopt(guest, heir.cart, shown_already=False, gone=None, ref=None))
        assert amounts(outcome.cart) == {"lin_guest1": 2, "lin_guest2": 1}

    def test_a_bought_cart_adopts_nothing(self, heir: Given) -> None:
        bought = given(claimed(), cart=heir.cart).when(complete())
        guest = merged(*self.GUEST_LINES, shadow={"LAMP": 2, "BULB": 1})
        bought.when(adopt(guest, bought.cart, shown_already=False)).refused(
            "cart_not_open", state="fulfilled"
        )
