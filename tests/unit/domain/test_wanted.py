"""Who is to be told something, and who is not."""

import pytest

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.state import Cart, Origin
from cartbridge.domain.customer import Customer
from cartbridge.domain.wanted import MessageWanted, wanted
from cartbridge.testing.given import given
from tests.unit.domain.words import line

ANNA = Customer(id="cus_1", email="anna@example.org", phone="+33600000000", first_name="Anna")
AGREED = {"marketing": True}


def left(
    customer: Customer | None = ANNA,
    consent: dict[str, bool] | None = None,
    *,
    imported: bool = False,
) -> tuple[object, ...]:
    """What is told of a cart with one line that was left alone."""
    origin = Origin(connection="web", imported=imported)
    agreed = AGREED if consent is None else consent
    begun = e.Started(origin=origin, currency="EUR", customer=customer, consent=agreed)
    asked = given(begun, e.LineAdded(line=line("LAMP", 1)))
    return asked.when(c.AbandonCart()).events[1:]


def test_she_who_agreed_is_reminded_of_the_cart_she_left() -> None:
    (told,) = left()
    assert isinstance(told, MessageWanted)
    assert (told.template, told.channel, told.consent) == ("cart_left", "email", "marketing")
    assert told.to is not None
    assert told.to.email == "anna@example.org"
    assert told.url is None  # the pass is a secret: it never is in the journal


@pytest.mark.parametrize(
    ("customer", "consent", "imported"),
    [
        (ANNA, {}, False),
        (ANNA, {"marketing": False}, False),
        (ANNA, {"analytics": True}, False),
        (None, AGREED, False),
        (Customer(first_name="Anna"), AGREED, False),
        (ANNA, AGREED, True),
    ],
)
def test_nobody_else_is(
    customer: Customer | None, consent: dict[str, bool], imported: bool
) -> None:
    assert left(customer, consent, imported=imported) == ()


def test_an_empty_cart_is_no_reason_to_write() -> None:
    begun = e.Started(origin=Origin(), currency="EUR", customer=ANNA, consent=AGREED)
    given(begun).when(c.AbandonCart()).then(e.Abandoned())


def test_what_she_asked_for_is_told_without_consent_to_marketing() -> None:
    assert wanted("enquiry_answered", "enq_1", ANNA, {})
    assert not wanted("enquiry_answered", "enq_1", None, {})


@pytest.mark.parametrize(
    ("known", "channel"),
    [
        ({"email": "a@b.c", "phone": "+33"}, "email"),
        ({"phone": "+33"}, "sms"),
        ({"external_id": "42"}, "app"),
    ],
)
def test_the_channel_is_the_best_that_is_known(known: dict[str, str], channel: str) -> None:
    (told,) = wanted("quote_issued", "qte_1", Customer.model_validate(known), {})
    assert told.channel == channel


def test_a_message_changes_nothing_of_the_cart() -> None:
    (told,) = wanted("cart_left", "crt_1", ANNA, AGREED)
    before = given(e.Started(origin=Origin(), currency="EUR")).cart
    after = given(told, cart=before).cart
    assert after.model_copy(update={"version": before.version}) == before
    assert isinstance(after, Cart)
