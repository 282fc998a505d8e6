"""Identifiers in one form: however a person typed them, she is found by them."""

import pytest

from cartbridge.domain.customer import Company, Customer
from cartbridge.domain.identifiers import email, identifiers, loyalty_number, phone


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("06.12.34.56.78", "FR", "+33612345678"),
        ("+33 6 12 34 56 78", None, "+33612345678"),
        ("+33 (0)6 12 34 56 78", None, "+33612345678"),
        ("0033612345678", "BE", "+33612345678"),
        ("0475 12 34 56", "BE", "+32475123456"),
        ("+1 415 555 2671", "FR", "+14155552671"),
        ("06 12 34 56 78", None, None),  # in which country?
        ("06 12 34 56 78", "US", None),
        ("12", "FR", None),
        ("call me", "FR", None),
    ],
)
def test_a_phone_number_is_what_the_whole_world_dials(
    text: str, country: str | None, number: str | None
) -> None:
    assert phone(text, country) == number


def test_an_address_and_a_card_are_compared_as_people_mean_them() -> None:
    assert email("  Zoé@Example.FR ") == "zoé@example.fr"
    assert email("nobody") is None
    assert email("@example.fr") is None
    assert loyalty_number("ML-204 881") == loyalty_number("ml204881")
    assert loyalty_number(" - ") is None


def test_the_strongest_comes_first_and_a_company_identifies_nobody() -> None:
    told = Customer(
        external_id="42",
        loyalty_number="L1",
        email="a@b.fr",
        phone="0612345678",
        company=Company(name="Ateliers", vat_number="FR12345678901"),
    )

    found = identifiers(told, "web-fr", "FR")

    assert [one.kind for one in found] == ["external_id", "loyalty_number", "email", "phone"]
    assert found[0] != identifiers(told, "web-be", "FR")[0]
    # A till has no shop whose customer 42 this could be.
    assert [one.kind for one in identifiers(Customer(external_id="42"), None)] == []
    assert identifiers(Customer(first_name="Zoé", company=told.company), "web-fr") == ()
