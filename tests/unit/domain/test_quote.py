"""A quote from the first wish to the last sale: given these facts, asked this, that follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cartbridge.domain.cart import commands as cart_c
from cartbridge.domain.cart import events as cart_e
from cartbridge.domain.cart.decide import decide as decide_cart
from cartbridge.domain.cart.evolve import evolve as evolve_cart
from cartbridge.domain.cart.state import Cart, Origin
from cartbridge.domain.decided import Decided
from cartbridge.domain.line import Discount, Line, Prices
from cartbridge.domain.listing.commands import Edit, LoseTwin, Observe, PlanWrite
from cartbridge.domain.projection import project_by
from cartbridge.domain.quote import commands as c
from cartbridge.domain.quote import events as e
from cartbridge.domain.quote.decide import decide
from cartbridge.domain.quote.evolve import evolve
from cartbridge.domain.quote.lifecycle import State
from cartbridge.domain.quote.pricing import prices_of, prices_without_tax, with_quantity
from cartbridge.domain.quote.state import Quote, details
from cartbridge.domain.refusals import Code, Refused
from cartbridge.domain.twin import ObservedLine, Snapshot, TwinRef
from cartbridge.testing.given import NOW
from tests.unit.domain.words import item, line, new, priced

SHOP = TwinRef(connection="web-fr", kind="quote", external_id="S00012")
LATER = NOW + timedelta(days=30)
LAMP = line("LAMP", 2, prices=priced(4000, 2))
SHADE = line("SHADE", 1, prices=priced(2000))
STARTED = e.Started(origin=Origin(channel="tablet", store="lyon-2"), currency="EUR")
ISSUED = e.Issued(number="26-7K3F", revision=1, valid_until=LATER)
WRITTEN = (STARTED, e.LineAdded(line=LAMP), e.LineAdded(line=SHADE))


def given(*events: e.QuoteEvent) -> Quote:
    quote = Quote(id="qte_given")
    for event in events:
        quote = evolve(quote, event, NOW)
    return quote


@dataclass(frozen=True)
class Came:
    """What came of a command: the quote's facts, and the cart's."""

    quote: Quote
    facts: tuple[Any, ...]
    cart: Cart | None
    cart_facts: tuple[Any, ...]


def asked(quote: Quote, command: c.Command, at: Any = NOW) -> Came:
    decision = decide(quote, command, at)
    assert not isinstance(decision, Refused), decision
    mine: Decided[Quote] = decision[0]
    folded = quote
    for event in mine.events:
        assert e.parse(event.model_dump(mode="json")) == event
        folded = evolve(folded, event, at)
    assert folded == mine.document, "folding the facts leads to another quote"
    if len(decision) == 1:
        return Came(mine.document, mine.events, None, ())
    return Came(mine.document, mine.events, decision[1].document, decision[1].events)


def refused(quote: Quote, command: c.Command, code: Code, at: Any = NOW) -> None:
    decision = decide(quote, command, at)
    assert isinstance(decision, Refused), decision
    assert decision.code == code


def types(facts: Sequence[Any]) -> list[str]:
    return [fact.type.partition(".")[2] for fact in facts]


def taken(quote: Quote, cart: str = "crt_one") -> tuple[Quote, Cart]:
    came = asked(quote, c.TakeUp(cart))
    assert came.cart is not None
    return came.quote, came.cart


def row(sku: str, amount: int, unit: int) -> ObservedLine:
    return ObservedLine(
        key=sku, item=item(sku), quantity=Decimal(amount), prices=priced(unit, amount)
    )


def seen(
    quote: Quote,
    state: Any,
    *rows: ObservedLine,
    revision: int = 1,
    push: str | None = None,
    **more: Any,
) -> c.SeeQuote:
    snapshot = Snapshot(
        lines=rows, revision=revision, currency="EUR", last_push=push, tax_mode="inclusive"
    )
    observe = Observe(
        ref=SHOP,
        snapshot=snapshot,
        projection=project_by(quote.lines, lambda each: each.item.sku),
        line_ids=tuple(f"lin_{quote.version}_{n}" for n in range(len(rows))),
        origin=Origin(connection="web-fr"),
    )
    return c.SeeQuote(seen=observe, state=state, drawn_number="26-DRAWN", **more)


# Written, issued, answered.


def test_an_associate_writes_and_issues_it_in_one_go() -> None:
    command = c.StartQuote(
        Origin(store="lyon-2"),
        "EUR",
        (new("LAMP", 2, prices=priced(4000, 2)),),
        issue=c.IssueQuote("26-7K3F", None, LATER),
    )
    came = asked(Quote(id="qte_new"), command)
    assert types(came.facts) == ["started", "line_added", "issued"]
    assert came.quote.state is State.ISSUED
    assert (came.quote.number, came.quote.revision) == ("26-7K3F", 1)
    assert came.quote.valid_until == LATER


def test_what_changes_after_an_issue_goes_out_with_the_next_one() -> None:
    quote = given(*WRITTEN, ISSUED)
    edited = asked(quote, c.EditQuote(Edit({"lin_LAMP": Decimal(3)}, prices={}))).quote
    assert edited.is_being_changed
    assert [x.quantity.value for x in edited.wanted] == [2, 1]
    assert not edited.settled
    came = asked(edited, c.IssueQuote("unused"))
    assert came.facts == (e.Issued(number="26-7K3F", revision=2, valid_until=LATER),)
    assert [x.quantity.value for x in came.quote.wanted] == [3, 1]
    assert came.quote.settled


def test_a_line_without_a_price_does_not_go_out() -> None:
    bare = given(STARTED, e.LineAdded(line=line("LAMP")))
    refused(bare, c.IssueQuote("26-1"), "quote_unpriced")
    refused(given(STARTED), c.IssueQuote("26-1"), "quote_empty")
    refused(given(*WRITTEN), c.IssueQuote("26-1", NOW), "quote_date_passed")


def test_saying_yes_or_no_twice_changes_nothing() -> None:
    accepted = asked(given(*WRITTEN, ISSUED), c.AcceptQuote("customer")).quote
    assert asked(accepted, c.AcceptQuote("customer")).facts == ()
    assert accepted.valid_until is None  # it holds until it is sold
    declined = asked(accepted, c.DeclineQuote("customer", "too dear")).quote
    assert declined.decline_reason == "too dear"
    assert asked(declined, c.DeclineQuote("customer")).facts == ()


def test_its_date_ends_it_and_its_code_with_it_until_it_is_issued_again() -> None:
    offered = e.HandoverOffered(handover="hnd_1", code_hash="h", expires_at=LATER)
    quote = given(*WRITTEN, ISSUED, offered)
    assert asked(quote, c.ExpireQuote(), LATER).facts == ()
    after = LATER + timedelta(seconds=1)
    came = asked(quote, c.ExpireQuote(), after)
    assert types(came.facts) == ["expired", "handover_ended"]
    refused(came.quote, c.TakeUp("crt_x"), "quote_expired", after)
    again = asked(came.quote, c.IssueQuote("x", after + timedelta(days=9)), after).quote
    assert (again.state, again.revision) == (State.ISSUED, 2)


def test_an_accepted_quote_does_not_expire() -> None:
    quote = given(*WRITTEN, ISSUED, e.Accepted(by="customer", revision=1))
    assert asked(quote, c.ExpireQuote(), LATER + timedelta(days=99)).facts == ()
    assert quote.holds(LATER + timedelta(days=99))


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ((), "quote_not_issued"),
        ((ISSUED, e.Declined(by="customer")), "quote_declined"),
        ((ISSUED, e.Converted(lines={"lin_LAMP": Decimal(2)})), "quote_converted"),
        ((ISSUED, e.Cancelled()), "quote_not_open"),
    ],
)
def test_a_till_is_told_why_it_cannot_have_it(facts: Sequence[Any], code: Code) -> None:
    refused(given(*WRITTEN, *facts), c.TakeUp("crt_x"), code)


# Taken up, refilled.


def test_a_cart_is_born_at_its_prices_and_knows_it() -> None:
    quote = given(*WRITTEN, ISSUED)
    came = asked(quote, c.TakeUp("crt_one"))
    assert came.facts == (e.TakenUp(cart="crt_one", revision=1),)
    assert types(came.cart_facts) == ["started", "line_added", "line_added"]
    cart = came.cart
    assert cart is not None
    assert cart.quote == quote.ref
    assert cart.slot_holder == quote.id
    assert [x.prices for x in cart.lines] == [LAMP.prices, SHADE.prices]
    assert cart.lines_held(LATER) == {"lin_LAMP", "lin_SHADE"}
    assert cart.lines_held(LATER + timedelta(seconds=1)) == frozenset()


def test_a_second_taking_up_is_the_same_cart() -> None:
    quote, cart = taken(given(*WRITTEN, ISSUED))
    came = asked(quote, c.TakeUp("crt_two", alive=cart))
    assert (came.facts, came.cart_facts) == ((), ())


def test_a_new_issue_fills_the_open_cart_anew_and_keeps_what_else_is_in_it() -> None:
    quote, cart = taken(given(*WRITTEN, ISSUED))
    more = cart_e.LineAdded(line=line("BULB", prices=priced(600)))
    cart = _evolved(cart, more)
    edit = Edit({"lin_SHADE": Decimal(0)}, (new("PLAID", prices=priced(7000)),))
    cheaper = Edit({}, prices={"lin_LAMP": priced(3500, 2)})
    quote = asked(quote, c.EditQuote(edit)).quote
    quote = asked(quote, c.EditQuote(cheaper)).quote
    came = asked(quote, c.IssueQuote("x", cart=cart))
    assert came.cart is not None
    held = {x.item.sku: x.prices.total for x in came.cart.lines}
    assert held == {"LAMP": 7000, "PLAID": 7000, "BULB": 600}
    assert types(came.cart_facts)[-1] == "quote_revised"
    assert came.cart.quote == came.quote.ref


def test_a_till_that_has_the_cart_keeps_its_prices() -> None:
    quote, cart = taken(given(*WRITTEN, ISSUED))
    claimed = decide_cart(cart, cart_c.ClaimCart("clm_1", "till-4", "lyon-2"), NOW)
    assert not isinstance(claimed, Refused)
    edited = asked(quote, c.EditQuote(Edit({"lin_LAMP": Decimal(1)}))).quote
    command = c.IssueQuote("x", cart=claimed[0].document)
    refused(edited, command, "held_elsewhere")
    assert asked(edited, c.AcceptQuote("customer", claimed[0].document)).cart is None


def test_accepted_its_open_cart_keeps_the_price_as_long() -> None:
    quote, cart = taken(given(*WRITTEN, ISSUED))
    came = asked(quote, c.AcceptQuote("customer", cart))
    assert came.cart is not None
    assert came.cart.lines_held(LATER + timedelta(days=99))


# Sold.


def sale(cart: str = "crt_one", lamps: int = 2, shades: int = 1, **more: Any) -> c.NoteSale:
    lines = {"lin_LAMP": Decimal(lamps), "lin_SHADE": Decimal(shades), "lin_extra": Decimal(1)}
    told: dict[str, Any] = {"nothing_left": False, "receipt_number": "T-1", "store": "lyon-2"}
    return c.NoteSale(cart, lines, **(told | more))


def test_sold_in_part_the_rest_keeps_its_price() -> None:
    quote, _ = taken(given(*WRITTEN, ISSUED))
    came = asked(quote, sale(lamps=1, shades=0))
    assert types(came.facts) == ["sold_in_part"]
    assert [(x.id, x.prices.total) for x in came.quote.left] == [
        ("lin_LAMP", 4000),
        ("lin_SHADE", 2000),
    ]
    assert asked(came.quote, sale(lamps=1, shades=0)).facts == ()  # told again it counts once
    rest = asked(came.quote, sale("crt_rest", 1, 1, order_number="77", receipt_number=None))
    assert types(rest.facts) == ["converted"]
    assert rest.quote.left == ()


def test_what_is_not_wanted_any_more_converts_it_too() -> None:
    quote, _ = taken(given(*WRITTEN, ISSUED))
    came = asked(quote, sale(lamps=1, shades=0, nothing_left=True))
    assert came.quote.state is State.CONVERTED
    declined = asked(asked(quote, sale(lamps=1, shades=0)).quote, c.DeclineQuote("customer")).quote
    assert declined.state is State.CONVERTED


def test_a_cancelled_ticket_gives_the_lines_back() -> None:
    quote, _ = taken(given(*WRITTEN, ISSUED))
    sold = asked(quote, sale()).quote
    assert sold.state is State.CONVERTED
    undone = asked(sold, c.UndoSale("crt_one"))
    assert types(undone.facts) == ["sale_undone"]
    assert (undone.quote.state, len(undone.quote.left)) == (State.ISSUED, 2)
    assert asked(undone.quote, c.UndoSale("crt_one")).facts == ()


@pytest.mark.parametrize("ended", [e.Declined(by="customer"), e.Expired(), e.Cancelled()])
def test_a_sale_is_kept_whatever_became_of_the_quote(ended: Any) -> None:
    """Money was taken: no state of a quote throws that away."""
    quote, _ = taken(given(*WRITTEN, ISSUED))
    came = asked(evolve(quote, ended, NOW), sale())
    assert came.quote.sold[0].receipt_number == "T-1"


def test_sold_at_a_till_and_online_is_sold_twice() -> None:
    quote, _ = taken(given(*WRITTEN, ISSUED))
    sold = asked(quote, sale()).quote
    came = asked(sold, sale("crt_other", receipt_number="T-2"))
    assert types(came.facts) == ["sold_in_part", "double_sale_found"]


# As a platform shows it.


def test_asked_for_there_revised_by_us_and_never_overpriced_from_there() -> None:
    new_one = Quote(id="qte_web")
    asked_for = asked(new_one, seen(new_one, "requested", row("LAMP", 2, 4990), message="Hi"))
    quote = asked_for.quote
    assert (quote.state, quote.message) == (State.REQUESTED, "Hi")
    name = quote.lines[0].id
    quote = asked(quote, c.EditQuote(Edit({}, prices={name: priced(4000, 2)}))).quote
    quote = asked(quote, c.IssueQuote("26-7K3F", LATER)).quote
    later = seen(quote, "requested", row("LAMP", 3, 4990), revision=2)
    came = asked(quote, later)
    assert came.quote.lines[0].quantity.value == 3  # her wish, for the next issue
    assert came.quote.is_being_changed
    assert came.quote.wanted[0].prices.total == 8000


def test_what_a_platform_issues_holds_at_its_prices_and_again_when_it_revises() -> None:
    new_one = Quote(id="qte_web")
    first = seen(new_one, "issued", row("LAMP", 2, 4500), number="S00012", valid_until=LATER)
    quote = asked(new_one, first).quote
    assert (quote.number, quote.pricing, quote.revision) == ("S00012", "web-fr", 1)
    same = asked(quote, seen(quote, "issued", row("LAMP", 2, 4500), revision=2))
    assert types(same.facts) == ["twin_observed"]
    dearer = seen(quote, "issued", row("LAMP", 2, 4600), revision=3, valid_until=LATER)
    came = asked(quote, dearer)
    assert types(came.facts) == ["line_priced", "twin_observed", "issued"]
    assert came.quote.wanted[0].prices.total == 9200


@pytest.mark.parametrize(
    ("state", "after"),
    [
        ("accepted", State.ACCEPTED),
        ("declined", State.DECLINED),
        ("expired", State.EXPIRED),
        ("converted", State.CONVERTED),
    ],
)
def test_its_state_there_is_followed_once(state: str, after: State) -> None:
    new_one = Quote(id="qte_web")
    quote = asked(new_one, seen(new_one, "issued", row("LAMP", 2, 4500))).quote
    came = asked(quote, seen(quote, state, row("LAMP", 2, 4500), revision=2))
    assert came.quote.state is after
    again = asked(came.quote, seen(came.quote, state, row("LAMP", 2, 4500), revision=3))
    assert types(again.facts) == ["twin_observed"]


def test_converted_there_after_our_sale_is_a_double_sale_unless_it_shows_our_own_word() -> None:
    new_one = Quote(id="qte_web")
    quote = asked(new_one, seen(new_one, "issued", row("LAMP", 2, 4500))).quote
    lamp = quote.lines[0].id
    quote, _ = taken(quote)
    sold = asked(quote, c.NoteSale("crt_one", {lamp: Decimal(2)}, True, receipt_number="T-1")).quote
    there = seen(sold, "converted", row("LAMP", 2, 4500), revision=2)
    came = asked(sold, there)
    assert e.DoubleSaleFound(receipt_number="T-1", connection="web-fr") in came.facts
    told = asked(sold, _plan(sold)).quote
    push = told.twins[0].planned[-1].push_id
    echo = seen(told, "converted", row("LAMP", 2, 4500), revision=2, push=push)
    assert types(asked(told, echo).facts) == ["twin_observed"]


def test_deleted_there_it_is_cancelled_but_not_what_our_associate_issued() -> None:
    new_one = Quote(id="qte_web")
    theirs = asked(new_one, seen(new_one, "issued", row("LAMP", 2, 4500))).quote
    assert asked(theirs, LoseTwin(SHOP)).quote.state is State.CANCELLED
    request = asked(new_one, seen(new_one, "requested", row("LAMP", 2, 4500))).quote
    ours = asked(request, c.IssueQuote("26-7K3F", LATER)).quote
    assert asked(ours, LoseTwin(SHOP)).quote.state is State.ISSUED


# To the cent.


def test_prices_without_tax_and_with_it_to_the_cent() -> None:
    trade = (Discount(label="Trade", amount=1),)
    net = prices_of(3333, Decimal(3), "0.20", trade, "exclusive")
    assert (net.total, net.taxes[0].amount) == (9998, 2000)  # 1999.6
    gross = prices_of(4990, Decimal("2.5"), "0.055", (), "inclusive")
    assert (gross.total, gross.taxes[0].amount) == (12475, 650)  # 12475 - 11824.64…
    with pytest.raises(ValueError, match="more than the line costs"):
        prices_of(100, Decimal(1), None, (Discount(amount=101),), "inclusive")


def test_a_listed_price_quoted_without_tax_is_the_listed_one_again_with_it() -> None:
    listed = prices_without_tax(4990, Decimal(3), "0.20", (), "EUR")
    assert (listed.unit_price, listed.unit_price_exact) == (4158, "41.583333")
    assert (listed.total or 0) + listed.taxes[0].amount == 3 * 4990


def test_another_quantity_is_priced_anew_not_in_proportion() -> None:
    prices = prices_of(3333, Decimal(3), "0.20", (), "exclusive")
    quoted: Line = line("LAMP", 3, prices=prices)
    told = with_quantity(quoted, Decimal(7), "exclusive")
    assert told is not None
    assert (told.total, told.taxes[0].amount) == (23331, 4666)
    assert with_quantity(line("LAMP", 3, prices=Prices(total=5)), Decimal(1), "exclusive") is None


def _evolved(cart: Cart, *events: cart_e.CartEvent) -> Cart:
    for event in events:
        cart = evolve_cart(cart, event, NOW)
    return cart


def _plan(quote: Quote) -> PlanWrite:
    return PlanWrite(
        SHOP, "psh_1", project_by(quote.wanted, lambda each: each.item.sku), details(quote)
    )
