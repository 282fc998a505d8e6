"""What is known of a customer: the last word counts, and households are kept apart."""

from datetime import UTC, datetime, timedelta

from cartbridge.domain.customer import Customer
from cartbridge.domain.identifiers import Identifier, identifiers
from cartbridge.domain.known_customer import (
    KnownCustomer,
    agreeing,
    is_somebody_else,
    learnt,
    withdrawn,
)

HER_ID = "cus_" + "0" * 32
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
ZOE = Customer(
    external_id="1", loyalty_number="L1", email="zoe@x.fr", phone="+33612345678", first_name="Zoé"
)


def known(customer: Customer = ZOE, shop: str = "web-fr") -> KnownCustomer:
    return learnt(KnownCustomer(id=HER_ID), customer, identifiers(customer, shop), "lumiere")


def test_what_is_not_told_stays_as_it_was() -> None:
    more = Customer(last_name="Martin", email="zoe@y.fr")
    after = learnt(known(), more, identifiers(more, "web-fr"), "ombre", "fr-FR")

    assert (after.first_name, after.last_name, after.phone) == ("Zoé", "Martin", ZOE.phone)
    assert after.email == "zoe@y.fr"
    mails = [one.value for one in after.identifiers if one.kind == "email"]
    assert mails == ["zoe@x.fr", "zoe@y.fr"]
    assert after.brands == ("lumiere", "ombre")
    assert learnt(after, more, identifiers(more, "web-fr"), "ombre") == after


def test_only_so_many_identifiers_are_kept_and_the_newest_are() -> None:
    her = known()
    for number in range(60):
        mail = Customer(email=f"{number}@x.fr")
        her = learnt(her, mail, identifiers(mail))

    assert len(her.identifiers) == 50
    assert her.identifiers[-1].value == "59@x.fr"


def test_of_two_answers_the_later_counts_in_whatever_order_they_come() -> None:
    later = NOON + timedelta(hours=1)
    yes = agreeing(known(), "lumiere", {"analytics": True}, NOON, "web-fr")
    no = agreeing(yes, "lumiere", {"analytics": False}, later, "app-fr")

    assert no.agreed("lumiere") == {"analytics": False}
    assert no.consent["lumiere"]["analytics"].where == "app-fr"
    assert agreeing(no, "lumiere", {"analytics": True}, NOON, "web-fr") == no
    assert withdrawn(yes, no, "lumiere") == {"analytics"}
    assert withdrawn(known(), no, "lumiere") == frozenset()


def test_what_she_tells_one_brand_another_does_not_know() -> None:
    her = agreeing(known(), "lumiere", {"marketing": True}, NOON, "web-fr")

    assert her.agreed("ombre") == {}
    assert her.agreed(None) == {}
    assert agreeing(her, None, {"marketing": False}, NOON, "web-fr").agreed(None) == {
        "marketing": False
    }
    assert her.is_of("lumiere")
    assert not her.is_of("ombre")
    assert KnownCustomer(id=HER_ID).is_of("ombre")


def test_no_more_purposes_are_kept_than_anybody_has() -> None:
    many = {f"purpose {number}": True for number in range(60)}
    her = agreeing(known(), "lumiere", {**many, "": True, "x" * 51: True}, NOON, "web-fr")

    assert len(her.agreed("lumiere")) == 50
    assert agreeing(known(), "lumiere", {"": True}, NOON, "web-fr") == known()


def test_a_household_s_phone_and_card_do_not_decide_against_an_account_or_a_mailbox() -> None:
    def first(customer: Customer, shop: str = "web-fr") -> tuple[Identifier, ...]:
        return identifiers(customer, shop)

    card = Identifier(kind="loyalty_number", value="l1")
    phone = Identifier(kind="phone", value="+33612345678")
    mail = Identifier(kind="email", value="zoe@x.fr")

    for shared in (card, phone):
        assert is_somebody_else(known(), shared, first(Customer(external_id="2")))
        assert is_somebody_else(known(), shared, first(Customer(email="max@x.fr")))
        assert not is_somebody_else(known(), shared, first(Customer(email="zoe@x.fr")))
        # The other shop's account 2 may well be hers.
        assert not is_somebody_else(known(), shared, first(Customer(external_id="2"), "web-be"))
    assert not is_somebody_else(known(), mail, first(Customer(external_id="2")))
