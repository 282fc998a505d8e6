"""A cart is begun in a shop and changed from a terminal."""

from decimal import Decimal

import pytest

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.state import Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.line import Fulfilment
from cartbridge.testing.given import NOW, given
from tests.unit.domain.words import begun, claimed, complete, line, new, priced, some

MARIE = Customer(loyalty_number="L-1")
IN_STORE = Origin(channel="tablet", store="lyon-2", terminal="tablet-1")


def test_a_cart_begun_in_the_shop_holds_what_was_put_into_it() -> None:
    begin = c.StartCart(
        origin=IN_STORE,
        currency="EUR",
        lines=(new("LAMP", 2, prices=priced(4990, 2), note="as a gift"),),
        codes=("NOEL",),
        brand="maison-lumiere",
        locale="fr-FR",
        customer=MARIE,
        metadata={"table": "4"},
    )
    outcome = given().when(begin)
    outcome.then(
        e.Started(
            origin=IN_STORE,
            currency="EUR",
            brand="maison-lumiere",
            locale="fr-FR",
            customer=MARIE,
            metadata={"table": "4"},
        ),
        e.LineAdded(line=line("LAMP", 2, prices=priced(4990, 2)), note="as a gift"),
        e.CodeApplied(code="NOEL"),
    )
    cart = outcome.cart
    assert (cart.version, cart.state, cart.started_at) == (3, "open", NOW)
    assert cart.notes == {"lin_LAMP": "as a gift"}


def test_a_cart_cannot_begin_twice() -> None:
    again = c.StartCart(origin=IN_STORE, currency="EUR")
    given(*begun()).when(again).refused("cart_not_open", state="open")


def test_a_line_keeps_everything_it_came_with() -> None:
    later = new("SOFA", kind="goods", fulfilment=Fulfilment(kind="delivery"), parent_line="lin_X")
    outcome = given(*begun()).when(c.EditCart(set={}, add=(later,)))
    kept = line("SOFA", fulfilment=Fulfilment(kind="delivery"), parent_line="lin_X")
    outcome.then(e.LineAdded(line=kept))


def test_a_quantity_becomes_what_is_said_and_zero_takes_the_line_out() -> None:
    cart = given(*begun(line("LAMP", 2), line("BULB", 4), line("CORD", "1.5")))
    cart.when(
        c.EditCart(set={"lin_LAMP": Decimal(3), "lin_BULB": Decimal(0), "lin_CORD": Decimal("1.5")})
    ).then(
        e.LineChanged(line="lin_LAMP", was=Decimal(2), quantity=Decimal(3)),
        e.LineRemoved(line="lin_BULB", was=Decimal(4)),
    )


def test_a_removed_line_takes_its_note_along() -> None:
    note = e.LineAdded(line=line("LAMP"), note="wrap it")
    outcome = given(*begun(), note).when(c.EditCart(set={"lin_LAMP": Decimal(0)}))
    assert outcome.cart.notes == {}


def test_amounts_follow_the_quantity_until_the_shop_tells_its_own() -> None:
    cart = given(*begun(line("LAMP", 2, prices=priced(4990, 2))))
    outcome = cart.when(c.EditCart(set={"lin_LAMP": Decimal(3)}))
    assert outcome.cart.lines[0].prices == priced(4990, 3)


def test_an_unknown_line_is_named() -> None:
    cart = given(*begun(line("LAMP")))
    cart.when(c.EditCart(set={"lin_X": Decimal(1)})).refused("line_unknown", line="lin_X")


def test_a_refused_edit_changes_nothing_of_the_rest() -> None:
    cart = given(*begun(line("LAMP")))
    edit = c.EditCart(set={"lin_LAMP": Decimal(2), "lin_X": Decimal(1)})
    outcome = cart.when(edit).refused("line_unknown", line="lin_X")
    assert outcome.cart.lines[0].quantity == some(1)


def test_a_quantity_below_zero_is_refused() -> None:
    cart = given(*begun(line("LAMP")))
    below = c.EditCart(set={"lin_LAMP": Decimal(-1)})
    cart.when(below).refused("quantity_invalid", line="lin_LAMP")


def test_codes_become_exactly_those_told() -> None:
    codes = (e.CodeApplied(code="NOEL"), e.CodeApplied(code="VIP"))
    outcome = given(*begun(line("LAMP")), *codes).when(c.EditCart(set={}, codes=("VIP", "ETE")))
    outcome.then(e.CodeApplied(code="ETE"), e.CodeRemoved(code="NOEL"))
    assert outcome.cart.codes == ("ETE", "VIP")


def test_codes_that_are_not_told_stay() -> None:
    given(*begun(line("LAMP")), e.CodeApplied(code="NOEL")).when(c.EditCart(set={})).then_nothing()


def test_the_customer_is_identified_once() -> None:
    cart = given(*begun(line("LAMP")))
    outcome = cart.when(c.EditCart(set={}, customer=MARIE))
    outcome.then(e.CustomerIdentified(customer=MARIE))
    outcome.when(c.EditCart(set={}, customer=MARIE)).then_nothing()


def test_the_terminal_that_holds_the_cart_may_change_it() -> None:
    cart = given(*begun(line("LAMP")), claimed(terminal="till-1"))
    edit = c.EditCart(set={}, add=(new("BULB"),), terminal="till-1")
    outcome = cart.when(edit).then(e.LineAdded(line=line("BULB")))
    assert outcome.cart.state == "claimed"


@pytest.mark.parametrize("terminal", ["till-2", None])
def test_nobody_else_may_change_a_claimed_cart(terminal: str | None) -> None:
    cart = given(*begun(line("LAMP")), claimed(terminal="till-1"))
    edit = c.EditCart(set={"lin_LAMP": Decimal(2)}, terminal=terminal)
    cart.when(edit).refused("held_elsewhere", terminal="till-1", since=NOW.isoformat())


def test_a_bought_cart_cannot_be_changed() -> None:
    cart = given(*begun(line("LAMP")), claimed()).when(complete())
    edit = c.EditCart(set={}, add=(new("BULB"),))
    cart.when(edit).refused("cart_not_open", state="fulfilled")


def test_an_abandoned_cart_opens_again_when_it_is_touched() -> None:
    cart = given(*begun(line("LAMP"))).when(c.AbandonCart()).then(e.Abandoned())
    assert cart.cart.state == "abandoned"
    touched = cart.when(c.EditCart(set={"lin_LAMP": Decimal(2)}))
    assert touched.cart.state == "open"
