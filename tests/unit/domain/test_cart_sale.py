"""What a till tells of a sale: sold, left over, declined, cancelled, returned, told too late."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.state import Cart, NotTaken, NotTakenReason, SoldLine
from cartbridge.domain.customer import Customer
from cartbridge.domain.line import Discount, Fulfilment
from cartbridge.domain.twin import PlannedWrite, Refusal
from cartbridge.testing.given import NOW, Given, given
from tests.unit.domain.words import (
    APP,
    TILL_ORDER,
    WEB,
    amounts,
    begun,
    claim,
    claimed,
    complete,
    joined,
    line,
    new,
    observe,
    priced,
    row,
    shown,
    sold,
    sold_line,
    started,
    took,
    twin,
)


def declined(
    name: str, amount: int, *, keep: bool, reason: NotTakenReason = "did_not_fit"
) -> NotTaken:
    return NotTaken(line=name, quantity=Decimal(amount), reason=reason, keep=keep)


LAMPS = line("LAMP", 3, prices=priced(4990, 3))
BULBS = line("BULB", 4, prices=priced(500, 4))


class TestAllIsSold:
    def test_what_the_till_does_not_tell_is_taken_from_the_cart_and_marked(self) -> None:
        cart = given(*begun(LAMPS, BULBS), e.CodeApplied(code="NOEL"), claimed())
        outcome = cart.when(complete())
        outcome.then(
            sold(
                sold_line("lin_LAMP", 3, unit_price=4990, total=14970),
                sold_line("lin_BULB", 4, unit_price=500, total=2000),
                codes_used=("NOEL",),
            ),
            e.Fulfilled(),
        )
        assert outcome.alone
        assert (outcome.cart.state, outcome.cart.claim) == ("fulfilled", None)
        assert outcome.cart.wanted == ()

    def test_what_the_till_tells_binds(self) -> None:
        off = Discount(label="staff", amount=990)
        told = took("lin_LAMP", 3, unit_price=4660, total=13980, discounts=(off,))
        outcome = given(*begun(LAMPS), claimed()).when(
            complete(lines=(told,), total=13980, discounts=(off,), loyalty_shown=True)
        )
        outcome.then(
            sold(
                sold_line(
                    "lin_LAMP", 3, unit_price=4660, total=13980, discounts=(off,), assumed=False
                ),
                total=13980,
                discounts=(off,),
                loyalty_shown=True,
            ),
            e.Fulfilled(),
        )

    def test_what_is_handed_over_later_is_not_fulfilled_yet(self) -> None:
        sofa = line("SOFA", fulfilment=Fulfilment(kind="delivery"))
        outcome = given(*begun(LAMPS, sofa), claimed()).when(complete())
        assert outcome.cart.state == "ordered"
        assert outcome.events[-1] == sold(
            sold_line("lin_LAMP", 3, unit_price=4990, total=14970),
            sold_line("lin_SOFA", 1),
            carried_out=False,
        )

    def test_a_delivery_that_was_not_sold_does_not_matter(self) -> None:
        sofa = line("SOFA", fulfilment=Fulfilment(kind="delivery"))
        outcome = given(*begun(LAMPS, sofa), claimed()).when(complete(lines=(took("lin_LAMP", 3),)))
        assert outcome.cart.state == "fulfilled"

    def test_articles_from_the_shelf_belong_to_the_sale(self) -> None:
        outcome = given(*begun(LAMPS), claimed()).when(
            complete(extra_lines=(new("CORD", 2, prices=priced(300, 2)),))
        )
        outcome.then(
            e.LineAdded(line=line("CORD", 2, prices=priced(300, 2))),
            sold(
                sold_line("lin_LAMP", 3, unit_price=4990, total=14970),
                sold_line("lin_CORD", 2, unit_price=300, total=600, assumed=False, extra=True),
            ),
            e.Fulfilled(),
        )

    def test_more_may_be_sold_than_the_cart_held(self) -> None:
        outcome = given(*begun(LAMPS), claimed()).when(complete(lines=(took("lin_LAMP", 5),)))
        assert outcome.alone
        assert amounts(outcome.cart) == {"lin_LAMP": 5}

    def test_a_line_nobody_knows_is_named(self) -> None:
        cart = given(*begun(LAMPS), claimed())
        cart.when(complete(lines=(took("lin_X", 1),))).refused("line_unknown", line="lin_X")
        cart.when(complete(not_taken=(declined("lin_X", 1, keep=True),))).refused(
            "line_unknown", line="lin_X"
        )

    def test_the_same_sale_told_again_changes_nothing(self) -> None:
        cart = given(*begun(LAMPS), claimed()).when(complete())
        cart.when(complete()).then_nothing()

    def test_live_codes_die(self) -> None:
        offer = e.HandoverOffered(
            handover="hnd_1", direction="to_online", code_hash="h", expires_at=NOW
        )
        lapsed = e.ClaimLapsed(claim="clm_1", outcome="unknown")
        outcome = given(*begun(LAMPS), claimed(), lapsed, offer).when(complete())
        assert outcome.events[0] == e.HandoverEnded(handover="hnd_1", how="replaced")
        assert outcome.cart.handovers == ()


class TestARemainder:
    @pytest.fixture
    def cart(self) -> Given:
        return given(
            *begun(
                LAMPS,
                brand="maison-lumiere",
                locale="fr-FR",
                price_list="fr-web",
                customer=Customer(loyalty_number="L-1"),
                attribution={"utm_source": "letter"},
                consent={"analytics": False},
                metadata={"table": "4"},
            ),
            e.LineAdded(line=BULBS, note="the warm ones"),
            claimed(),
        )

    def test_the_sold_part_is_bought_and_the_rest_carries_on(self, cart: Given) -> None:
        outcome = cart.when(complete(lines=(took("lin_LAMP", 1),)))
        outcome.then(
            sold(
                sold_line("lin_LAMP", 1, unit_price=4990, total=4990),
                remainder="crt_rest",
            ),
            e.Fulfilled(),
        )
        outcome.then_elsewhere(
            started(
                root="crt_given",
                parent="crt_given",
                brand="maison-lumiere",
                locale="fr-FR",
                price_list="fr-web",
                customer=Customer(loyalty_number="L-1"),
                attribution={"utm_source": "letter"},
                consent={"analytics": False},
                metadata={"table": "4"},
            ),
            e.LineAdded(line=line("LAMP", 2, prices=priced(4990, 2)), from_cart="crt_given"),
            e.LineAdded(line=BULBS, note="the warm ones", from_cart="crt_given"),
        )
        assert amounts(outcome.cart) == {"lin_LAMP": 1}
        assert (outcome.cart.successor, outcome.other.state) == ("crt_rest", "open")

    def test_a_remainder_of_a_remainder_keeps_the_root(self, cart: Given) -> None:
        first = cart.when(complete(lines=(took("lin_LAMP", 1),)))
        rest = given(cart=first.other).when(claim("clm_2"))
        second = rest.when(
            complete(1, "clm_2", lines=(took("lin_LAMP", 1),), remainder="crt_rest2")
        )
        assert (second.other.root, second.other.parent) == ("crt_given", "crt_rest")

    def test_what_she_did_not_want_is_recorded_and_does_not_carry_on(self, cart: Given) -> None:
        no = (declined("lin_LAMP", 2, keep=False), declined("lin_BULB", 1, keep=True))
        outcome = cart.when(complete(not_taken=no))
        assert outcome.cart.sale is not None
        assert outcome.cart.sale.not_taken == no
        assert amounts(outcome.cart) == {"lin_LAMP": 1, "lin_BULB": 3}
        assert amounts(outcome.other) == {"lin_BULB": 1}

    def test_one_line_may_be_declined_in_two_ways(self, cart: Given) -> None:
        two = (declined("lin_LAMP", 1, keep=True), declined("lin_LAMP", 1, keep=False))
        outcome = cart.when(complete(not_taken=two))
        assert amounts(outcome.cart) == {"lin_LAMP": 1, "lin_BULB": 4}
        assert amounts(outcome.other) == {"lin_LAMP": 1}

    def test_nothing_is_left_when_the_rest_was_declined_for_good(self, cart: Given) -> None:
        outcome = cart.when(complete(not_taken=(declined("lin_BULB", 4, keep=False),)))
        assert outcome.alone
        assert outcome.cart.successor is None

    def test_a_ticket_may_hold_one_line_twice(self, cart: Given) -> None:
        off = Discount(label="markdown", amount=990)
        told = (
            took("lin_LAMP", 1, unit_price=4990),
            took("lin_LAMP", 1, unit_price=4000, discounts=(off,)),
            took("lin_BULB", 4),
        )
        outcome = cart.when(complete(lines=told))
        assert outcome.cart.sale is not None
        assert outcome.cart.sale.lines == (
            sold_line("lin_LAMP", 2, total=8990, discounts=(off,), assumed=False),
            sold_line("lin_BULB", 4, unit_price=500, total=2000),
        )
        assert amounts(outcome.other) == {"lin_LAMP": 1}

    def test_two_rows_of_which_nobody_told_a_price(self, cart: Given) -> None:
        told = (took("lin_LAMP", 1), took("lin_LAMP", 1), took("lin_BULB", 4))
        outcome = cart.when(complete(lines=told))
        assert outcome.cart.sale is not None
        assert outcome.cart.sale.lines[0] == sold_line("lin_LAMP", 2, unit_price=4990, total=9980)

    def test_codes_that_were_not_used_carry_on(self, cart: Given) -> None:
        codes = (e.CodeApplied(code="NOEL"), e.CodeApplied(code="VIP"))
        both = given(*codes, cart=cart.cart)
        part = (took("lin_LAMP", 1),)
        told = both.when(complete(lines=part, codes_used=("NOEL",)))
        assert told.other.codes == ("VIP",)
        assert both.when(complete(lines=part)).other.codes == ()

    def test_the_living_twins_move_as_they_are(self) -> None:
        ours = PlannedWrite(push_id="psh_1", base_revision=3, expected={"LAMP": Decimal(3)})
        kept: dict[str, Any] = {
            "shadow": {"LAMP": 2},
            "revision": 3,
            "planned": (ours,),
            "refusals": (Refusal(key="X", wanted=Decimal(2), accepted=Decimal(1)),),
        }
        look = shown(4, row("LAMP", 4))
        cart = given(
            *begun(LAMPS),
            joined(WEB, **kept),
            joined(APP, ended=True),
            joined(TILL_ORDER, {"LAMP": 3}),
            claimed(),
            e.ObservationHeld(ref=WEB, snapshot=look),
        )
        outcome = cart.when(complete(lines=(took("lin_LAMP", 1),)))
        assert outcome.other.twins == (twin(WEB, **kept),)
        assert outcome.other.waiting == {str(WEB): look}
        assert [x.ref for x in outcome.cart.twins] == [APP, TILL_ORDER]
        assert e.TwinLeft(ref=WEB, to_cart="crt_rest") in outcome.events


@for_all(
    rows=st.lists(
        st.tuples(st.integers(1, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)),
        min_size=1,
        max_size=4,
    )
)
def test_what_was_sold_left_and_declined_is_the_cart(
    rows: list[tuple[int, int, int, int]],
) -> None:
    lines, told, no, due = [], [], [], {}
    for place, (amount, taken, gone, kept) in enumerate(rows):
        name = f"lin_{place}"
        taken = min(taken, amount)
        gone = min(gone, amount - taken)
        lines.append(line("LAMP", amount, name))
        told.append(took(name, taken))
        due[name] = Decimal(amount)
        no += [declined(name, gone, keep=False)] if gone else []
        no += [declined(name, kept, keep=True)] if kept else []
    outcome = given(*begun(*lines), claimed()).when(
        complete(lines=tuple(told), not_taken=tuple(no))
    )
    rest = {} if outcome.alone else amounts(outcome.other)
    gone_for_good = {x.line: x.quantity for x in no if not x.keep}
    bought = amounts(outcome.cart)
    zero = Decimal(0)
    for name, whole in due.items():
        parts = (bought.get(name, zero), rest.get(name, zero), gone_for_good.get(name, zero))
        assert sum(parts) == whole
        assert min(parts) >= 0


class TestTooLate:
    """Money was taken: it is kept and raised, never a second sale and never thrown away."""

    def test_the_newest_fence_counts_after_the_time_ran_out(self) -> None:
        lapsed = e.ClaimLapsed(claim="clm_1", outcome="unknown")
        outcome = given(*begun(LAMPS), claimed(), lapsed).when(complete())
        assert (outcome.cart.state, outcome.cart.outcome) == ("fulfilled", None)
        assert outcome.cart.unheard is None

    def test_what_changed_since_the_time_ran_out_is_left_over(self) -> None:
        lapsed = e.ClaimLapsed(claim="clm_1", outcome="unknown")
        cart = given(*begun(LAMPS), joined(shadow={"LAMP": 3}, revision=1), claimed(), lapsed)
        more = cart.when(observe(cart.cart, shown(2, row("LAMP", 4))))
        outcome = more.when(complete(lines=(took("lin_LAMP", 3),)))
        assert amounts(outcome.other) == {"lin_LAMP": 1}

    def test_an_older_fence_is_reported_and_the_present_holder_keeps_the_cart(self) -> None:
        moved = claimed("clm_2", 2, "till-2", taken_over_from="till-1", reason="broken")
        off = Discount(amount=10)
        told = took("lin_LAMP", 1, unit_price=4990, total=4980, discounts=(off,))
        outcome = given(*begun(LAMPS), claimed(), moved).when(complete(lines=(told,)))
        outcome.then(
            e.SaleReportedLate(
                claim="clm_1",
                fence=1,
                receipt_number="T-7",
                sold_at=NOW,
                store="lyon-2",
                terminal="till-1",
                lines=(
                    SoldLine(
                        line="lin_LAMP",
                        quantity=Decimal(1),
                        unit_price=4990,
                        total=4980,
                        discounts=(off,),
                    ),
                ),
            )
        )
        assert (outcome.cart.state, outcome.cart.late_sales) == ("claimed", 1)
        assert amounts(outcome.cart) == {"lin_LAMP": 3}

    def test_on_a_cart_that_is_bought_already_it_is_a_double_sale(self) -> None:
        bought = given(*begun(LAMPS), claimed()).when(complete())
        outcome = bought.when(complete(receipt_number="T-8"))
        assert [x.type for x in outcome.events] == [
            "cart.sale_reported_late",
            "cart.double_sale_found",
        ]
        assert outcome.cart.sale == bought.cart.sale

    def test_the_same_number_of_another_till_is_another_sale(self) -> None:
        bought = given(*begun(LAMPS), claimed()).when(complete())
        outcome = bought.when(complete(terminal="till-2"))
        assert outcome.cart.late_sales == 1

    @pytest.mark.parametrize(
        "ending", [e.Merged(into="crt_2"), e.Expired(), e.Cancelled()], ids=lambda x: x.type
    )
    def test_on_a_cart_that_is_over_it_is_kept(self, ending: e.CartEvent) -> None:
        released = e.ClaimReleased(claim="clm_1")
        over = given(*begun(LAMPS), claimed(), released, ending)
        outcome = over.when(complete())
        assert [x.type for x in outcome.events] == ["cart.sale_reported_late"]
        assert outcome.cart.state == over.cart.state

    def test_there_is_no_sale_without_a_cart(self) -> None:
        given().when(complete(0)).refused("cart_not_open", state="none")


class TestVoid:
    VOID = c.VoidSale("T-7")

    @pytest.fixture
    def bought(self) -> Given:
        cart = given(*begun(LAMPS), joined(shadow={"LAMP": 3}, revision=1), claimed())
        extra = new("CORD", 2)
        return cart.when(complete(lines=(took("lin_LAMP", 2),), extra_lines=(extra,)))

    @pytest.fixture
    def heir(self) -> Given:
        rest = line("LAMP", 1, prices=priced(4990))
        cart = given(*begun(rest, parent="crt_given"), cart=Cart(id="crt_rest"))
        return given(joined(shadow={"LAMP": 3}, revision=1), cart=cart.cart)

    def test_without_a_successor_the_cart_is_open_again(self) -> None:
        bought = given(*begun(LAMPS), claimed()).when(complete(extra_lines=(new("CORD", 2),)))
        outcome = bought.when(self.VOID)
        outcome.then(
            e.SaleVoided(receipt_number="T-7"),
            e.LineRemoved(line="lin_CORD", was=Decimal(2)),
        )
        assert (outcome.cart.state, outcome.cart.sale) == ("open", None)
        assert amounts(outcome.cart) == {"lin_LAMP": 3}

    def test_what_came_back_already_is_not_given_back_twice(self) -> None:
        bought = given(*begun(LAMPS), claimed()).when(complete())
        partly = bought.when(c.ReturnLines({"lin_LAMP": (Decimal(1), None)}))
        assert amounts(partly.when(self.VOID).cart) == {"lin_LAMP": 2}

    def test_the_cart_that_carries_on_gets_the_lines(self, bought: Given, heir: Given) -> None:
        outcome = bought.when(c.VoidSale("T-7", heir.cart))
        outcome.then(
            e.SaleVoided(receipt_number="T-7", to_cart="crt_rest"), e.Merged(into="crt_rest")
        )
        outcome.then_elsewhere(e.LineChanged(line="lin_LAMP", was=Decimal(1), quantity=Decimal(3)))
        assert (outcome.cart.state, outcome.cart.lines) == ("merged", ())
        assert outcome.other.lines == (line("LAMP", 3, prices=priced(4990, 3)),)

    def test_a_line_that_was_sold_whole_comes_back_with_its_note(self, heir: Given) -> None:
        noted = (started(), e.LineAdded(line=BULBS, note="the warm ones"))
        bought = given(*noted, claimed()).when(complete())
        outcome = bought.when(c.VoidSale("T-7", heir.cart))
        outcome.then_elsewhere(e.LineAdded(line=BULBS, note="the warm ones", from_cart="crt_given"))

    def test_even_when_a_till_holds_it(self, bought: Given, heir: Given) -> None:
        held = heir.when(claim("clm_2"))
        outcome = bought.when(c.VoidSale("T-7", held.cart))
        assert outcome.other.state == "claimed"
        assert amounts(outcome.other) == {"lin_LAMP": 3}

    def test_when_that_one_is_bought_too_this_one_opens_again_with_its_twins(
        self, bought: Given, heir: Given
    ) -> None:
        sold_too = heir.when(claim("clm_2")).when(complete(1, "clm_2", receipt_number="T-9"))
        outcome = bought.when(c.VoidSale("T-7", sold_too.cart))
        outcome.then(
            e.SaleVoided(receipt_number="T-7"),
            e.LineRemoved(line="lin_CORD", was=Decimal(2)),
            e.TwinJoined(twin=twin(shadow={"LAMP": 3}, revision=1), from_cart="crt_rest"),
        )
        outcome.then_elsewhere(e.TwinLeft(ref=WEB, to_cart="crt_given"))
        assert outcome.cart.state == "open"
        assert amounts(outcome.cart) == {"lin_LAMP": 2}

    def test_when_that_one_was_closed_by_retention_its_twins_come_back(
        self, bought: Given, heir: Given
    ) -> None:
        closed = given(e.Expired(), cart=heir.cart)
        outcome = bought.when(c.VoidSale("T-7", closed.cart))
        assert [x.ref for x in outcome.cart.twins] == [WEB]

    def test_an_unknown_receipt_is_named(self, bought: Given) -> None:
        bought.when(c.VoidSale("T-0")).refused("sale_unknown", receipt_number="T-0")
        open_cart = given(*begun(LAMPS))
        open_cart.when(self.VOID).refused("sale_unknown", receipt_number="T-7")

    def test_a_sale_of_which_all_came_back_is_not_voided(self) -> None:
        bought = given(*begun(LAMPS), claimed()).when(complete())
        back = bought.when(c.ReturnLines({"lin_LAMP": (Decimal(3), None)}))
        back.when(self.VOID).refused("cart_not_open", state="returned")


class TestReturns:
    @pytest.fixture
    def bought(self) -> Given:
        return given(*begun(LAMPS, BULBS), claimed()).when(complete())

    def test_a_part_changes_no_state(self, bought: Given) -> None:
        back = c.ReturnLines({"lin_LAMP": (Decimal(1), "broken")}, "lyon-2", "till-1")
        outcome = bought.when(back)
        outcome.then(
            e.LinesReturned(
                lines=(e.ReturnedLine(line="lin_LAMP", quantity=Decimal(1), reason="broken"),),
                store="lyon-2",
                terminal="till-1",
            )
        )
        assert outcome.cart.state == "fulfilled"

    def test_all_of_it_ends_as_returned(self, bought: Given) -> None:
        first = bought.when(c.ReturnLines({"lin_LAMP": (Decimal(3), None)}))
        rest = c.ReturnLines({"lin_BULB": (Decimal(4), None)})
        outcome = first.when(rest)
        assert outcome.events[-1] == e.AllReturned()
        assert outcome.cart.state == "returned"

    def test_no_more_comes_back_than_was_sold(self, bought: Given) -> None:
        some = bought.when(c.ReturnLines({"lin_LAMP": (Decimal(2), None)}))
        too_much = c.ReturnLines({"lin_LAMP": (Decimal(2), None)})
        some.when(too_much).refused("return_exceeds_sale", line="lin_LAMP")

    @pytest.mark.parametrize("amount", [0, -1])
    def test_nothing_cannot_come_back(self, bought: Given, amount: int) -> None:
        nothing = c.ReturnLines({"lin_LAMP": (Decimal(amount), None)})
        bought.when(nothing).refused("quantity_invalid", line="lin_LAMP")

    def test_only_what_was_sold_comes_back(self, bought: Given) -> None:
        other = c.ReturnLines({"lin_X": (Decimal(1), None)})
        bought.when(other).refused("line_unknown", line="lin_X")

    def test_nothing_comes_back_of_a_cart_that_was_not_bought(self) -> None:
        back = c.ReturnLines({"lin_LAMP": (Decimal(1), None)})
        given(*begun(LAMPS)).when(back).refused("sale_unknown")
