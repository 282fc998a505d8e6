"""An enquiry: asked anywhere, handed on, answered everywhere, and never told twice."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cartbridge.domain.cart.commands import NewLine, StartCart
from cartbridge.domain.cart.state import Cart, Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.enquiry import commands as c
from cartbridge.domain.enquiry import events as e
from cartbridge.domain.enquiry.canonical import canonical
from cartbridge.domain.enquiry.decide import decide
from cartbridge.domain.enquiry.evolve import evolve
from cartbridge.domain.enquiry.lifecycle import State
from cartbridge.domain.enquiry.state import Author, Enquiry, Message, SaleRef, waiting_in
from cartbridge.domain.items import Item
from cartbridge.domain.quantity import Quantity
from cartbridge.domain.refusals import Refused
from cartbridge.domain.twin import TwinRef

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
DUE, HOUR = NOW + timedelta(hours=24), timedelta(hours=1)
AGAIN = NOW + timedelta(hours=72)
LAMP, PLAID = Item(sku="LAMP", title="Lampe"), Item(sku="PLAID", title="Plaid")
REF = TwinRef(connection="web", kind="enquiry", external_id="e-1")
ENQ = f"enq_{1:032x}"
ANNA = Customer(email="anna@example.org")


def message(own: str, author: Author = "staff", **more: Any) -> Message:
    told = {"id": f"ems_{own}", "channel": "web", "text": own, "at": NOW, **more}
    return Message.model_validate({**told, "author": author})


def opened(**more: Any) -> e.Opened:
    told = {"kind": "demonstration", "origin": Origin(), "store": "lyon-2", "due_at": DUE}
    return e.Opened.model_validate({**told, "items": (LAMP,), **more})


@dataclass(frozen=True)
class Given:
    """An enquiry of which something may be asked."""

    enquiry: Enquiry = Enquiry(id=ENQ)
    facts: tuple[Any, ...] = ()
    cart: Cart | None = None

    def when(self, command: c.Command, at: datetime = NOW) -> "Given":
        decision = decide(self.enquiry, command, at)
        assert not isinstance(decision, Refused), decision
        decided, *born = decision
        folded = self.enquiry
        for fact in decided.events:
            assert e.parse(fact.model_dump(mode="json")) == fact
            folded = evolve(folded, fact, at)
        assert folded == decided.document
        cart = born[0].document if born else self.cart
        return Given(folded, decided.events, cart)

    def refuses(self, command: c.Command, at: datetime = NOW) -> str:
        decision = decide(self.enquiry, command, at)
        assert isinstance(decision, Refused), decision
        return decision.code

    @property
    def told(self) -> list[str]:
        return [fact.type.removeprefix("enquiry.") for fact in self.facts]


def asked(**more: Any) -> Given:
    return Given().when(c.Open(opened(**more), message("q", "customer"), ref=REF))


def answered() -> Given:
    return asked().when(c.Write(message("a", staff="17"), AGAIN))


class TestWhenSheMustHaveHeard:
    def test_it_is_late_once_its_time_has_passed(self) -> None:
        enquiry = asked().enquiry
        assert not enquiry.is_late(DUE)
        assert enquiry.is_late(DUE + HOUR)
        assert canonical(enquiry, DUE + HOUR).late

    @pytest.mark.parametrize(
        "met",
        [
            c.Write(message("a"), AGAIN),
            c.SetDate(DUE, None, "17", AGAIN),
            c.NoteDemonstration(NOW, (), "lyon-2"),
            c.Close("resolved"),
        ],
    )
    def test_an_answer_a_date_a_demonstration_or_closing_meets_it(self, met: c.Command) -> None:
        assert not asked().when(met).enquiry.is_late(DUE + HOUR)

    def test_giving_it_to_somebody_does_not(self) -> None:
        assert asked().when(c.Change(AGAIN, staff="17")).enquiry.is_late(DUE + HOUR)

    def test_it_is_counted_anew_when_she_writes_again(self) -> None:
        again = answered().when(c.Write(message("b", "customer"), AGAIN))
        assert (again.enquiry.due_at, again.enquiry.waits) == (AGAIN, True)

    def test_writing_twice_does_not_make_her_wait_longer(self) -> None:
        again = asked().when(c.Write(message("b", "customer"), AGAIN))
        assert again.enquiry.due_at == DUE

    def test_somebody_may_set_it_and_not_into_the_past(self) -> None:
        sooner = NOW + HOUR
        assert asked().when(c.Change(AGAIN, due_at=sooner)).enquiry.due_at == sooner
        assert asked().refuses(c.Change(AGAIN, due_at=NOW)) == "enquiry_date_passed"


class TestTheThread:
    def test_a_message_of_staff_answers(self) -> None:
        given = answered()
        assert given.told == ["message_added", "answered"]
        assert given.enquiry.state is State.ANSWERED
        assert [(m.author, m.staff) for m in given.enquiry.thread] == [
            ("customer", None),
            ("staff", "17"),
        ]

    def test_she_is_to_be_told_of_our_answer_and_not_of_one_that_a_platform_shows(self) -> None:
        given = asked(customer=ANNA, locale="fr-FR").when(c.Write(message("a"), AGAIN))
        assert given.told == ["message_added", "answered", "message.wanted"]
        message_wanted = given.facts[-1]
        assert (message_wanted.template, message_wanted.pass_of) == ("enquiry_answered", ENQ)
        assert (message_wanted.to.email, message_wanted.locale) == (ANNA.email, "fr-FR")
        theirs = message("b", connection="web")
        assert given.when(c.Write(theirs, AGAIN)).told == ["message_added", "answered"]

    def test_hers_takes_up_again_what_was_answered_with_whoever_had_it(self) -> None:
        had = asked().when(c.Change(AGAIN, staff="17")).when(c.Write(message("a"), AGAIN))
        again = had.when(c.Write(message("b", "customer"), AGAIN))
        assert again.told == ["message_added", "reopened", "assigned"]
        assert (again.enquiry.state, again.enquiry.staff) == (State.ASSIGNED, "17")

    def test_hers_reopens_what_was_closed(self) -> None:
        closed = answered().when(c.Close("resolved"))
        again = closed.when(c.Write(message("b", "customer"), AGAIN))
        assert again.told == ["message_added", "reopened"]
        assert (again.enquiry.state, again.enquiry.outcome) == (State.OPEN, None)
        assert again.enquiry.due_at == AGAIN

    def test_the_same_message_counts_once(self) -> None:
        command = c.Write(message("a"), AGAIN)
        assert asked().when(command).when(command).told == []

    def test_a_last_message_closes_it(self) -> None:
        closed = asked().when(c.Close("not_reached", message("bye")))
        assert closed.told == ["message_added", "answered", "closed"]
        assert closed.enquiry.outcome == "not_reached"
        assert closed.when(c.Close("bought")).told == []


class TestInOurHands:
    def test_another_store_has_it_afresh(self) -> None:
        moved = asked().when(c.Change(AGAIN, staff="17")).when(c.Change(AGAIN, store="paris-1"))
        assert moved.told == ["moved"]
        assert (moved.enquiry.store, moved.enquiry.staff) == ("paris-1", None)
        assert moved.enquiry.state is State.OPEN

    def test_to_a_team_and_to_nobody(self) -> None:
        team = asked().when(c.Change(AGAIN, team="care", staff="17"))
        assert team.told == ["moved", "assigned"]
        assert (team.enquiry.store, team.enquiry.team) == (None, "care")
        assert team.when(c.Change(AGAIN, unassign=True)).told == ["unassigned"]

    def test_a_date_in_another_store_sends_it_there(self) -> None:
        given = asked().when(c.SetDate(DUE, "paris-1", "17", AGAIN))
        assert given.told == ["moved", "scheduled"]
        assert given.enquiry.schedule is not None
        assert given.enquiry.schedule.store == "paris-1"
        assert asked().refuses(c.SetDate(NOW, None, None, AGAIN)) == "enquiry_date_passed"
        assert given.when(c.SetDate(DUE, "paris-1", "17", AGAIN)).told == []

    @pytest.mark.parametrize("command", [c.Change(AGAIN, store="nice"), c.Reopen(AGAIN)])
    def test_a_date_that_falls_through_counts_anew(self, command: c.Command) -> None:
        given = asked().when(c.SetDate(DUE, None, None, AGAIN)).when(command)
        assert (given.enquiry.schedule, given.enquiry.state) == (None, State.OPEN)
        assert (given.enquiry.due_at, given.enquiry.waits) == (AGAIN, True)

    def test_what_was_shown_is_what_she_asked_about_if_nobody_says_else(self) -> None:
        given = asked().when(c.SetDate(DUE, None, "17", AGAIN))
        shown = given.when(c.NoteDemonstration(DUE, (), "lyon-2"))
        assert shown.enquiry.demonstrations[0].items == (LAMP,)
        assert shown.enquiry.demonstrations[0].staff == "17"
        assert (shown.enquiry.state, shown.enquiry.schedule) == (State.ANSWERED, None)
        nothing = asked(items=())
        assert nothing.refuses(c.NoteDemonstration(NOW)) == "enquiry_without_items"

    def test_closed_it_is_reopened_first(self) -> None:
        closed = asked().when(c.Close("other"))
        for command in (c.Change(AGAIN, staff="17"), c.SetDate(DUE, None, None, AGAIN)):
            assert closed.refuses(command) == "enquiry_not_open"
        assert closed.when(c.Reopen(AGAIN)).enquiry.state is State.OPEN
        assert asked().when(c.Reopen(AGAIN)).told == []

    def test_what_must_be_done_first_stands_first(self) -> None:
        waits, soon = asked(), asked(due_at=NOW + HOUR)
        heard = answered()
        met = asked().when(c.SetDate(NOW + HOUR, None, None, AGAIN))
        places = [waiting_in(x.enquiry) for x in (heard, waits, met, soon)]
        assert {place[0] for place in places if place} == {"lyon-2"}
        in_order = sorted(places, key=lambda place: place[1] if place else NOW)
        assert in_order == [places[3], places[1], places[2], places[0]]
        assert waiting_in(heard.when(c.Close("resolved")).enquiry) is None
        assert asked(store=None, team="care").enquiry.at_store == "team:care"


class TestOnAPlatform:
    def seen(self, **more: Any) -> c.See:
        first = message("q", "customer", connection="web", name="opened")
        return c.See(REF, opened(**more), first)

    def test_told_again_it_fills_in_what_was_not_told(self) -> None:
        sale = SaleRef(receipt_number="4711")
        first = Given().when(replace(self.seen(subject=None, items=()), linked=("crt_1",)))
        assert first.told == ["opened", "twin_joined", "linked", "message_added"]
        again = first.when(
            self.seen(subject="La lampe", sale=sale, customer=ANNA, kind="call_back")
        )
        assert again.told == ["details_changed", "customer_identified"]
        now = again.enquiry
        assert (now.subject, now.sale, now.items, now.kind) == (
            "La lampe",
            sale,
            (LAMP,),
            "demonstration",
        )
        assert again.when(self.seen(subject="Autre")).told == []

    def test_a_message_that_comes_first_begins_it(self) -> None:
        begun = c.SeeMessage(REF, message("m", "customer", name="m-1"), opened(kind=None, items=()))
        given = Given().when(begun)
        assert given.told == ["opened", "twin_joined", "message_added"]
        assert canonical(given.enquiry, NOW).kind == "information"
        assert given.when(self.seen()).told == ["details_changed", "message_added"]

    def test_a_message_counts_once_by_its_name_and_ours_is_no_news(self) -> None:
        theirs = message("m", "customer", connection="web", name="m-1")
        given = answered().when(c.SeeMessage(REF, theirs, opened()))
        again = message("other", "customer", connection="web", name="m-1")
        echo = message("echo", connection="web", name="ems_a")
        for known in (again, echo):
            assert given.when(c.SeeMessage(REF, known, opened())).told == []

    def test_what_is_told_there_is_told_once(self) -> None:
        given = answered().when(c.NoteTold(REF, "ems_a"))
        assert given.told == ["message_told"]
        assert given.when(c.NoteTold(REF, "ems_a")).told == []
        (before,) = canonical(answered().enquiry, NOW).twins
        (after,) = canonical(given.enquiry, NOW).twins
        assert before.untold - after.untold == 1

    def test_it_is_closed_there_and_never_opened_there(self) -> None:
        closed = asked().when(replace(self.seen(), closed=True))
        assert closed.told[-1] == "closed"
        assert closed.when(self.seen(items=())).enquiry.state is State.CLOSED
        nobody_knew = c.See(REF, opened(subject=None), closed=True)
        assert Given().when(nobody_knew).told == []

    def test_gone_there_it_lives_on_if_anything_was_said_here(self) -> None:
        there = Origin(connection="web")
        theirs = Given().when(c.See(REF, opened(origin=there)))
        gone = theirs.when(c.LoseTwin(REF))
        assert gone.told == ["twin_left", "cancelled"]
        assert gone.refuses(c.Write(message("a"), AGAIN)) == "enquiry_not_open"
        assert gone.when(self.seen()).told == []
        answered_here = theirs.when(c.Write(message("a"), AGAIN)).when(c.LoseTwin(REF))
        assert answered_here.told == ["twin_left"]
        assert answered_here.when(c.LoseTwin(REF)).told == []


class TestTheCartBornOfIt:
    def begin(self, *items: Item, alive: Cart | None = None) -> c.BeginCart:
        lines = tuple(
            NewLine(id=f"lin_{item.sku}", item=item, quantity=Quantity(value=Decimal(1)))
            for item in items
        )
        start = StartCart(Origin(), "EUR", lines=lines, root=ENQ, enquiry=ENQ)
        return c.BeginCart("crt_1", start, alive)

    def test_one_append_tells_both(self) -> None:
        given = asked().when(self.begin(LAMP, PLAID))
        assert given.told == ["linked"]
        assert given.enquiry.carts == ("crt_1",)
        assert given.cart is not None
        assert (given.cart.enquiry, given.cart.slot_holder) == (ENQ, ENQ)
        assert given.cart.pass_of == "crt_1"
        assert [line.item.sku for line in given.cart.lines] == ["LAMP", "PLAID"]

    def test_while_one_is_alive_none_is_born(self) -> None:
        given = asked().when(self.begin(LAMP))
        assert given.when(self.begin(LAMP, alive=given.cart)).told == []

    def test_out_of_nothing_none_is_born(self) -> None:
        assert asked().refuses(self.begin()) == "enquiry_without_items"
