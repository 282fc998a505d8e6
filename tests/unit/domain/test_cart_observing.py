"""What a platform shows becomes facts; what a platform is told is stored before it is sent."""

from decimal import Decimal

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.state import Cart, Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.line import Prices
from cartbridge.domain.projection import Shown, project_by
from cartbridge.domain.twin import CodeRefusal, PlannedWrite, Refusal
from cartbridge.testing.given import Given, Outcome, given
from tests.unit.domain.words import (
    APP,
    TILL_ORDER,
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
    seen,
    shown,
    some,
    started,
    took,
    twin,
    write,
)


def planned(push_id: str, **rest: object) -> PlannedWrite:
    return PlannedWrite.model_validate({"push_id": push_id, "base_revision": 1, **rest})


def test_the_first_look_begins_the_cart_as_the_platform_shows_it() -> None:
    marie = Customer(email="marie@example.org")
    snapshot = shown(
        4,
        row("LAMP", 2, prices=priced(4990, 2), note="wrap it"),
        codes=("NOEL",),
        currency="CHF",
        tax_mode="exclusive",
        locale="fr-CH",
        customer=marie,
        shipping=500,
        consent={"analytics": False},
        attribution={"utm_source": "letter"},
    )
    origin = Origin(connection="web-fr")
    outcome = given().when(observe(Cart(id="crt_given"), snapshot, brand="maison-lumiere"))
    outcome.then(
        e.Started(
            origin=origin,
            currency="CHF",
            tax_mode="exclusive",
            brand="maison-lumiere",
            locale="fr-CH",
            customer=marie,
            attribution={"utm_source": "letter"},
            consent={"analytics": False},
        ),
        e.TwinJoined(twin=twin()),
        e.LineAdded(
            line=line("LAMP", 2, "lin_new0", prices=priced(4990, 2)),
            note="wrap it",
        ),
        e.CodeApplied(code="NOEL"),
        e.DetailsChanged(shipping=500),
        seen(4, {"LAMP": 2}, codes=("NOEL",)),
    )


def test_an_empty_cart_of_a_platform_is_a_cart() -> None:
    outcome = given().when(observe(Cart(id="crt_given"), shown(1)))
    outcome.then(started(), e.TwinJoined(twin=twin()), seen(1, {}, echo=True))


class TestDifferences:
    """A twin at revision 3 shows two lamps and four bulbs, and so does the cart."""

    @pytest.fixture
    def cart(self) -> Given:
        return given(
            *begun(line("LAMP", 2), line("BULB", 4)),
            joined(shadow={"LAMP": 2, "BULB": 4}, revision=3),
        )

    def test_only_what_changed_there_changes_here(self, cart: Given) -> None:
        snapshot = shown(4, row("LAMP", 3), row("CORD", "1.5"))
        cart.when(observe(cart.cart, snapshot)).then(
            e.LineChanged(line="lin_LAMP", was=Decimal(2), quantity=Decimal(3)),
            e.LineAdded(line=line("CORD", "1.5", "lin_new0")),
            e.LineRemoved(line="lin_BULB", was=Decimal(4)),
            seen(4, {"LAMP": 3, "CORD": "1.5"}),
        )

    @pytest.mark.parametrize("revision", [2, 3])
    def test_old_news_is_dropped(self, cart: Given, revision: int) -> None:
        cart.when(observe(cart.cart, shown(revision, row("LAMP", 9)))).then_nothing()

    def test_an_echo_moves_the_revision(self, cart: Given) -> None:
        same = shown(4, row("LAMP", 2), row("BULB", 4))
        outcome = cart.when(observe(cart.cart, same))
        outcome.then(seen(4, {"LAMP": 2, "BULB": 4}, echo=True))
        assert outcome.cart.twins[0].revision == 4

    def test_edits_on_both_sides_add_up(self, cart: Given) -> None:
        edited = cart.when(c.EditCart(set={"lin_LAMP": Decimal(5)}))
        outcome = edited.when(observe(edited.cart, shown(4, row("LAMP", 3), row("BULB", 4))))
        assert amounts(outcome.cart) == {"lin_LAMP": 6, "lin_BULB": 4}

    def test_an_increase_beats_a_removal_at_the_same_time(self, cart: Given) -> None:
        edited = cart.when(c.EditCart(set={"lin_LAMP": Decimal(5)}))
        outcome = edited.when(observe(edited.cart, shown(4, row("BULB", 4))))
        assert amounts(outcome.cart) == {"lin_LAMP": 3, "lin_BULB": 4}

    def test_what_was_removed_here_and_increased_there_comes_back(self, cart: Given) -> None:
        removed = cart.when(c.EditCart(set={"lin_LAMP": Decimal(0)}))
        more = shown(4, row("LAMP", 5, prices=priced(1000, 5)), row("BULB", 4))
        outcome = removed.when(observe(removed.cart, more))
        outcome.then(
            e.LineAdded(line=line("LAMP", 3, "lin_new0", prices=priced(1000, 3))),
            seen(4, {"LAMP": 5, "BULB": 4}),
        )

    def test_codes_are_compared_with_what_that_side_had(self, cart: Given) -> None:
        ours = cart.when(c.EditCart(set={}, codes=("VIP",)))
        same = (row("LAMP", 2), row("BULB", 4))
        first = ours.when(observe(ours.cart, shown(4, *same, codes=("NOEL",))))
        assert first.cart.codes == ("NOEL", "VIP")
        second = first.when(observe(first.cart, shown(5, *same)))
        second.then(e.CodeRemoved(code="NOEL"), seen(5, {"LAMP": 2, "BULB": 4}))

    def test_a_code_both_sides_entered_is_entered_once(self, cart: Given) -> None:
        ours = cart.when(c.EditCart(set={}, codes=("NOEL",)))
        same = shown(4, row("LAMP", 2), row("BULB", 4), codes=("NOEL",))
        ours.when(observe(ours.cart, same)).then(seen(4, {"LAMP": 2, "BULB": 4}, codes=("NOEL",)))

    def test_a_platform_without_revision_is_always_believed(self, cart: Given) -> None:
        outcome = cart.when(observe(cart.cart, shown(None, row("LAMP", 2))))
        outcome.then(e.LineRemoved(line="lin_BULB", was=Decimal(4)), seen(None, {"LAMP": 2}))


@for_all(
    start=st.integers(2, 30),
    web=st.integers(1, 30),
    app=st.integers(1, 30),
    web_first=st.booleans(),
)
def test_decreases_on_two_sides_stop_at_the_smallest_that_a_side_shows(
    start: int, web: int, app: int, web_first: bool
) -> None:
    lower = {WEB: min(web, start), APP: min(app, start)}
    cart = given(
        *begun(line("LAMP", start)),
        joined(WEB, {"LAMP": start}, revision=1),
        joined(APP, {"LAMP": start}, revision=1),
    )
    for ref in (WEB, APP) if web_first else (APP, WEB):
        cart = cart.when(observe(cart.cart, shown(2, row("LAMP", lower[ref])), ref))
    assert amounts(cart.cart) == {"lin_LAMP": min(lower.values())}


@for_all(shown_there=st.integers(1, 9), removed_first=st.booleans())
def test_only_a_removal_removes_and_it_does(shown_there: int, removed_first: bool) -> None:
    cart = given(
        *begun(line("LAMP", 9)),
        joined(WEB, {"LAMP": 9}, revision=1),
        joined(APP, {"LAMP": 9}, revision=1),
    )
    looks = [(WEB, shown(2)), (APP, shown(2, row("LAMP", shown_there)))]
    for ref, snapshot in looks if removed_first else reversed(looks):
        cart = cart.when(observe(cart.cart, snapshot, ref))
    assert cart.cart.lines == ()


class TestOneKeyOnTwoLines:
    """The platform merges the rows of one SKU; the cart has a plain and an engraved one."""

    @pytest.fixture
    def cart(self) -> Given:
        two = (line("LAMP", 2, "lin_old"), line("LAMP", 3, "lin_engraved"))
        return given(*begun(*two), joined(shadow={"LAMP": 5}, revision=1))

    def test_what_it_gains_goes_to_the_oldest_line(self, cart: Given) -> None:
        outcome = cart.when(observe(cart.cart, shown(2, row("LAMP", 6))))
        assert amounts(outcome.cart) == {"lin_old": 3, "lin_engraved": 3}

    def test_what_it_loses_is_taken_from_the_youngest(self, cart: Given) -> None:
        outcome = cart.when(observe(cart.cart, shown(2, row("LAMP", 1))))
        outcome.then(
            e.LineRemoved(line="lin_engraved", was=Decimal(3)),
            e.LineChanged(line="lin_old", was=Decimal(2), quantity=Decimal(1)),
            seen(2, {"LAMP": 1}),
        )

    def test_it_should_show_both(self, cart: Given) -> None:
        assert by_sku(cart.cart) == (
            Shown(key="LAMP", quantity=Decimal(5), lines=("lin_old", "lin_engraved")),
        )


def test_an_article_the_platform_does_not_know_is_left_out_there_and_kept_here() -> None:
    cart = given(*begun(line("LAMP"), line("OAK", 2)), joined(shadow={"LAMP": 1}, revision=1))
    known = project_by(cart.cart.wanted, lambda x: x.item.sku if x.item.sku != "OAK" else None)
    command = observe(cart.cart, shown(2), projection=known)
    outcome = cart.when(command)
    assert amounts(outcome.cart) == {"lin_OAK": 2}


def test_prices_of_several_rows_of_one_key_are_those_of_its_pieces() -> None:
    rows = (row("LAMP", 1, prices=priced(500)), row("LAMP", 2, prices=priced(500, 2)))
    outcome = given().when(observe(Cart(id="crt_given"), shown(1, *rows)))
    assert outcome.cart.lines[0] == line("LAMP", 3, "lin_new0", prices=priced(500, 3))


class TestWhereTheCartBegan:
    """The connection where the cart began owns the shown price, the customer and the rest."""

    @pytest.fixture
    def cart(self) -> Given:
        return given(
            *begun(line("LAMP", 2, prices=priced(4990, 2))),
            joined(WEB, {"LAMP": 2}, revision=1),
            joined(APP, {"LAMP": 2}, revision=1),
        )

    def test_it_tells_other_prices(self, cart: Given) -> None:
        cheaper = shown(2, row("LAMP", 2, prices=priced(3990, 2)))
        cart.when(observe(cart.cart, cheaper)).then(
            e.LinePriced(line="lin_LAMP", prices=priced(3990, 2)),
            seen(2, {"LAMP": 2}, echo=True),
        )

    def test_another_connection_does_not(self, cart: Given) -> None:
        cheaper = shown(2, row("LAMP", 2, prices=priced(3990, 2)), customer=Customer(email="a@b.c"))
        cart.when(observe(cart.cart, cheaper, APP)).then(seen(2, {"LAMP": 2}, APP, echo=True))

    def test_it_tells_the_customer_and_what_else_changed(self, cart: Given) -> None:
        marie = Customer(external_id="42")
        look = shown(
            2,
            row("LAMP", 2, prices=priced(4990, 2)),
            customer=marie,
            has_payment=True,
            locale="en-GB",
            consent={"analytics": True},
            attribution={"utm_source": "x"},
        )
        outcome = cart.when(observe(cart.cart, look))
        outcome.then(
            e.CustomerIdentified(customer=marie),
            e.DetailsChanged(
                has_payment=True,
                locale="en-GB",
                consent={"analytics": True},
                attribution={"utm_source": "x"},
            ),
            seen(2, {"LAMP": 2}, echo=True),
        )
        assert outcome.cart.has_payment


class TestWrites:
    """A write is due for a twin that does not show what it should."""

    @pytest.fixture
    def cart(self) -> Given:
        changed = c.EditCart(set={"lin_LAMP": Decimal(3)})
        return given(*begun(line("LAMP", 2)), joined(shadow={"LAMP": 2}, revision=5)).when(changed)

    def test_it_is_stored_before_it_is_sent(self, cart: Given) -> None:
        cart.when(write(cart.cart)).then(
            e.WritePlanned(
                ref=WEB,
                write=PlannedWrite(
                    push_id="psh_1",
                    base_revision=5,
                    expected={"LAMP": Decimal(3)},
                    wanted={"LAMP": Decimal(3)},
                ),
            )
        )

    def test_its_echo_is_known_when_it_comes(self, cart: Given) -> None:
        sent = cart.when(write(cart.cart))
        echo = shown(6, row("LAMP", 3), last_push="psh_1")
        outcome = sent.when(observe(sent.cart, echo))
        outcome.then(seen(6, {"LAMP": 3}, last_push="psh_1", echo=True))
        assert outcome.cart.twins[0].planned == ()

    def test_an_edit_on_top_of_our_write_is_told_apart_from_it(self, cart: Given) -> None:
        sent = cart.when(write(cart.cart))
        outcome = sent.when(observe(sent.cart, shown(7, row("LAMP", 4), last_push="psh_1")))
        assert amounts(outcome.cart) == {"lin_LAMP": 4}

    def test_an_edit_that_came_before_a_refused_write_adds_up(self, cart: Given) -> None:
        sent = cart.when(write(cart.cart))
        moved = sent.when(observe(sent.cart, shown(6, row("LAMP", 4))))
        assert amounts(moved.cart) == {"lin_LAMP": 5}

    def test_the_same_write_is_sent_again_under_its_first_id(self, cart: Given) -> None:
        sent = cart.when(write(cart.cart))
        sent.when(write(sent.cart, "psh_2")).then_nothing()

    def test_another_wish_is_another_write(self, cart: Given) -> None:
        sent = cart.when(write(cart.cart)).when(c.EditCart(set={"lin_LAMP": Decimal(4)}))
        again = sent.when(write(sent.cart, "psh_2"))
        assert [x.push_id for x in again.cart.twins[0].planned] == ["psh_1", "psh_2"]
        echo = shown(6, row("LAMP", 4), last_push="psh_2")
        assert again.when(observe(again.cart, echo)).cart.twins[0].planned == ()

    def test_a_twin_in_step_is_left_alone(self) -> None:
        cart = given(*begun(line("LAMP", 2)), joined(shadow={"LAMP": 2}, revision=5))
        cart.when(write(cart.cart)).then_nothing()

    def test_promotion_codes_are_written_too(self) -> None:
        cart = given(*begun(), e.CodeApplied(code="NOEL"), joined(revision=5))
        outcome = cart.when(write(cart.cart))
        assert outcome.cart.twins[0].planned[0].codes == ("NOEL",)

    def test_a_twin_that_its_platform_is_done_with_is_never_written(self) -> None:
        cart = given(*begun(line("LAMP")), joined(revision=1, ended=True))
        cart.when(write(cart.cart)).then_nothing()

    def test_an_unknown_twin_is_never_written(self) -> None:
        cart = given(*begun(line("LAMP")))
        cart.when(write(cart.cart)).then_nothing()

    def test_nothing_is_written_while_a_till_holds_the_cart(self, cart: Given) -> None:
        held = cart.when(c.ClaimCart("clm_1", "till-1", "lyon-2"))
        held.when(write(held.cart)).then_nothing()

    def test_a_bought_cart_empties_the_twins_it_keeps(self, cart: Given) -> None:
        bought = given(*begun(line("LAMP", 2)), joined(shadow={"LAMP": 2}), claimed()).when(
            complete()
        )
        outcome = bought.when(write(bought.cart))
        assert outcome.cart.twins[0].planned[0].expected == {}

    @pytest.mark.parametrize(
        "ending", [e.Merged(into="crt_heir"), e.Expired(), e.Cancelled()], ids=lambda x: x.type
    )
    def test_a_cart_that_is_over_for_another_reason_tells_its_twins_nothing(
        self, cart: Given, ending: e.CartEvent
    ) -> None:
        over = given(ending, cart=cart.cart)
        over.when(write(over.cart)).then_nothing()


class TestRefusals:
    """The platform said it would show 33 of the 36 that are wanted."""

    @pytest.fixture
    def cart(self) -> Given:
        due = given(*begun(line("LAMP", 36)), joined(shadow={"LAMP": 30}, revision=1))
        sent = due.when(write(due.cart))
        named = Refusal(key="LAMP", wanted=Decimal(36), accepted=Decimal(33), reason="stock")
        answer = shown(2, row("LAMP", 33), last_push="psh_1", refused=(named,))
        return sent.when(observe(sent.cart, answer)).then(
            seen(2, {"LAMP": 33}, last_push="psh_1", refusals=(named,), echo=True)
        )

    def test_it_is_not_taken_for_the_shoppers_wish(self, cart: Given) -> None:
        assert amounts(cart.cart) == {"lin_LAMP": 36}

    def test_it_is_not_asked_again_for_ever(self, cart: Given) -> None:
        cart.when(write(cart.cart, "psh_2")).then_nothing()

    def test_it_is_asked_again_when_the_wish_changes(self, cart: Given) -> None:
        changed = cart.when(c.EditCart(set={"lin_LAMP": Decimal(35)}))
        outcome = changed.when(write(changed.cart, "psh_2"))
        assert outcome.cart.twins[0].planned[-1].expected == {"LAMP": Decimal(35)}

    def test_it_is_remembered_through_a_write_that_is_about_something_else(
        self, cart: Given
    ) -> None:
        more = given(e.LineAdded(line=line("BULB")), cart=cart.cart)
        sent = more.when(write(more.cart, "psh_2"))
        echo = shown(3, row("LAMP", 33), row("BULB"), last_push="psh_2")
        known = sent.when(observe(sent.cart, echo))
        known.when(write(known.cart, "psh_3")).then_nothing()

    def test_a_refused_removal_is_not_asked_again_for_ever(self) -> None:
        """Found by simulation: the row that must stay was taken out again and again."""
        due = given(*begun(), joined(shadow={"BAG": 1, "LAMP": 1}, revision=1))
        sent = due.when(write(due.cart))
        stays = Refusal(key="BAG", wanted=Decimal(0), accepted=Decimal(1))
        answer = shown(2, row("BAG"), last_push="psh_1", refused=(stays,))
        known = sent.when(observe(sent.cart, answer))
        known.when(write(known.cart, "psh_2")).then_nothing()
        emptied = given(e.LineAdded(line=line("LAMP")), cart=known.cart)
        emptied = emptied.when(write(emptied.cart, "psh_3"))
        both = shown(3, row("BAG"), row("LAMP"), last_push="psh_3")
        emptied = emptied.when(observe(emptied.cart, both))
        emptied = emptied.when(c.EditCart(set={"lin_LAMP": Decimal(0)}))
        emptied = emptied.when(write(emptied.cart, "psh_4"))
        alone = shown(4, row("BAG"), last_push="psh_4")
        emptied = emptied.when(observe(emptied.cart, alone))
        emptied.when(write(emptied.cart, "psh_5")).then_nothing()

    def test_a_refused_code_stays_the_shoppers_wish(self) -> None:
        due = given(*begun(line("LAMP")), e.CodeApplied(code="NOEL"), joined(shadow={"LAMP": 1}))
        sent = due.when(write(due.cart))
        no = CodeRefusal(code="NOEL", reason="expired")
        answer = shown(2, row("LAMP"), last_push="psh_1", refused_codes=(no,))
        known = sent.when(observe(sent.cart, answer))
        assert known.cart.codes == ("NOEL",)
        known.when(write(known.cart, "psh_2")).then_nothing()


class TestWhileATillHoldsTheCart:
    """Rule 11: what the shopper changes elsewhere waits."""

    @pytest.fixture
    def cart(self) -> Given:
        return given(*begun(line("LAMP", 3)), joined(shadow={"LAMP": 3}, revision=1), claimed())

    def test_it_is_held(self, cart: Given) -> None:
        look = shown(2, row("LAMP", 4))
        outcome = cart.when(observe(cart.cart, look))
        outcome.then(e.ObservationHeld(ref=WEB, snapshot=look))
        assert amounts(outcome.cart) == {"lin_LAMP": 3}

    def test_only_the_newest_is_kept(self, cart: Given) -> None:
        new, old = shown(3, row("LAMP", 5)), shown(2, row("LAMP", 4))
        held = cart.when(observe(cart.cart, new))
        held.when(observe(held.cart, old)).then_nothing()
        newer = shown(4, row("LAMP", 6))
        outcome = held.when(observe(held.cart, newer))
        assert outcome.cart.waiting == {str(WEB): newer}

    def test_without_revision_the_last_look_is_the_newest(self, cart: Given) -> None:
        held = cart.when(observe(cart.cart, shown(None, row("LAMP", 5))))
        outcome = held.when(observe(held.cart, shown(None, row("LAMP", 4))))
        assert outcome.cart.waiting == {str(WEB): shown(None, row("LAMP", 4))}

    def test_it_takes_effect_once_the_cart_is_put_back(self, cart: Given) -> None:
        look = shown(2, row("LAMP", 4))
        back = cart.when(observe(cart.cart, look)).when(c.ReleaseClaim("clm_1"))
        back.when(write(back.cart)).then_nothing()
        outcome = back.when(observe(back.cart, look))
        assert amounts(outcome.cart) == {"lin_LAMP": 4}
        assert outcome.cart.waiting == {}

    def test_older_news_does_not_overtake_what_waits(self, cart: Given) -> None:
        waits = shown(3, row("LAMP", 5))
        back = cart.when(observe(cart.cart, waits)).when(c.ReleaseClaim("clm_1"))
        back.when(observe(back.cart, shown(2, row("LAMP", 4)))).then_nothing()
        assert amounts(back.when(observe(back.cart, waits)).cart) == {"lin_LAMP": 5}

    def test_it_moves_to_the_remainder(self, cart: Given) -> None:
        look = shown(2, row("LAMP", 4))
        sold = cart.when(observe(cart.cart, look)).when(complete(lines=(took("lin_LAMP", 1),)))
        assert sold.other.waiting == {str(WEB): look}
        rest = given(cart=sold.other)
        assert amounts(rest.when(observe(rest.cart, look)).cart) == {"lin_LAMP": 3}

    def test_a_decrease_that_waited_counts_beside_what_was_sold(self, cart: Given) -> None:
        """Found by simulation: the twin still showed the sold goods, so nothing went down."""
        look = shown(2, row("LAMP", 2))
        sold = cart.when(observe(cart.cart, look)).when(complete(lines=(took("lin_LAMP", 1),)))
        rest = given(cart=sold.other)
        assert amounts(rest.when(observe(rest.cart, look)).cart) == {"lin_LAMP": 1}

    def test_a_new_twin_waits_as_well(self, cart: Given) -> None:
        look = shown(1, row("BULB"))
        outcome = cart.when(observe(cart.cart, look, APP))
        outcome.then(e.TwinJoined(twin=twin(APP)), e.ObservationHeld(ref=APP, snapshot=look))


class TestTouchedAfterTheEnd:
    """All was sold: the first touch that adds something begins a new cart with a parent."""

    @pytest.fixture
    def cart(self) -> Outcome:
        return given(
            *begun(line("LAMP", 2), customer=Customer(external_id="42")),
            joined(WEB, {"LAMP": 2}, revision=1),
            joined(APP, {"LAMP": 2}, revision=1),
            joined(TILL_ORDER, {"LAMP": 2}),
            claimed(),
        ).when(complete())

    def test_nothing_is_left_until_she_adds_something(self, cart: Outcome) -> None:
        assert cart.alone
        less = cart.when(observe(cart.cart, shown(2, row("LAMP", 1))))
        less.then(seen(2, {"LAMP": 1}))
        assert less.alone

    def test_the_new_cart_holds_what_she_added_and_takes_the_living_twins_over(
        self, cart: Given
    ) -> None:
        more = shown(2, row("LAMP", 2), row("BULB"))
        outcome = cart.when(observe(cart.cart, more))
        outcome.then(
            e.TwinLeft(ref=WEB, to_cart="crt_next"), e.TwinLeft(ref=APP, to_cart="crt_next")
        )
        web, app = twin(WEB, {"LAMP": 2}, revision=1), twin(APP, {"LAMP": 2}, revision=1)
        outcome.then_elsewhere(
            started(root="crt_given", parent="crt_given"),
            e.TwinJoined(twin=web, from_cart="crt_given"),
            e.LineAdded(line=line("BULB", 1, "lin_new0")),
            seen(2, {"LAMP": 2, "BULB": 1}),
            e.TwinJoined(twin=app, from_cart="crt_given"),
        )
        assert outcome.cart.successor == "crt_next"
        assert [x.ref for x in outcome.cart.twins] == [TILL_ORDER]

    def test_taking_it_out_again_takes_it_out(self, cart: Given) -> None:
        """Found by simulation: the twin still shows what was sold, which is not wanted again."""
        added = cart.when(observe(cart.cart, shown(2, row("LAMP", 4))))
        child = given(cart=added.other)
        outcome = child.when(observe(child.cart, shown(3, row("LAMP", 2))))
        assert outcome.cart.lines == ()

    def test_what_waited_of_the_other_twins_moves_along(self) -> None:
        look = shown(2, row("LAMP", 3))
        held = given(
            *begun(line("LAMP", 2)),
            joined(WEB, {"LAMP": 2}, revision=1),
            joined(APP, {"LAMP": 2}, revision=1),
            claimed(),
        )
        held = held.when(observe(held.cart, look, APP)).when(complete())
        outcome = held.when(observe(held.cart, shown(2, row("LAMP", 2), row("BULB"))))
        assert outcome.other.waiting == {str(APP): look}

    @pytest.mark.parametrize("ending", [e.Expired(), e.Cancelled()], ids=lambda x: x.type)
    def test_what_only_lay_in_a_closed_cart_is_still_wanted(self, ending: e.CartEvent) -> None:
        """Nothing of it was bought: it goes on in the new cart, with what was changed since."""
        over = given(*begun(line("LAMP", 2)), joined(shadow={"LAMP": 2}, revision=1), ending)
        outcome = over.when(observe(over.cart, shown(2, row("LAMP", 2), row("BULB"))))
        outcome.then(e.TwinLeft(ref=WEB, to_cart="crt_next"))
        assert amounts(outcome.other) == {"lin_LAMP": 2, "lin_new0": 1}
        assert outcome.other.parent == "crt_given"

    def test_what_a_till_had_sold_does_not_come_back_with_a_late_snapshot(self) -> None:
        """Found by simulation: the twin was gone before it was told what the till had sold."""
        over = given(*begun(line("LAMP", 1)), joined(shadow={"LAMP": 3}, revision=5), e.Cancelled())
        outcome = over.when(observe(over.cart, shown(6, row("LAMP", 4))))
        assert amounts(outcome.other) == {"lin_LAMP": 2}


def test_a_twin_that_was_there_before_brings_its_lines_along() -> None:
    """Rule 10: a link joined to a cart already there starts with an empty shadow."""
    cart = given(*begun(line("LAMP", 2)), joined(APP))
    outcome = cart.when(observe(cart.cart, shown(7, row("LAMP", 1), row("BULB")), APP))
    assert amounts(outcome.cart) == {"lin_LAMP": 3, "lin_new0": 1}


def test_a_quantity_keeps_its_unit() -> None:
    metre = row("CORD", "2.5", unit="MTR", prices=Prices(total=250))
    outcome = given().when(observe(Cart(id="crt_given"), shown(1, metre)))
    assert outcome.cart.lines[0].quantity.unit == "MTR"
    assert some(1).unit == "C62"


class TestAVisitToACartBegunInAStore:
    BEGUN = (
        started(origin=Origin(channel="till", store="lyon-2")),
        joined(shadow={}),
    )

    def test_the_shop_it_was_joined_to_tells_the_visit_and_the_consent(self) -> None:
        cart = given(*self.BEGUN)
        seen_there = shown(1, attribution={"gclid": "G"}, consent={"analytics": True})
        cart.when(observe(cart.cart, seen_there)).then(
            e.DetailsChanged(attribution={"gclid": "G"}, consent={"analytics": True}),
            seen(1, {}, echo=True),
        )

    def test_what_it_told_before_changes_nothing(self) -> None:
        cart = given(*self.BEGUN, e.DetailsChanged(attribution={"gclid": "G"}))
        again = shown(1, attribution={"gclid": "G"}, customer=Customer(email="a@example.fr"))
        cart.when(observe(cart.cart, again)).then(seen(1, {}, echo=True))

    def test_the_shop_of_a_cart_begun_online_alone_tells_its_visit(self) -> None:
        cart = given(started(), joined(APP, shadow={}))
        other = shown(1, attribution={"gclid": "G"}, consent={"analytics": True})
        cart.when(observe(cart.cart, other, APP)).then(seen(1, {}, APP, echo=True))
