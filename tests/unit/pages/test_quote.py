"""The quote's page says what holds, until when and for whom, and nothing it should not."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cartbridge.domain.cart.state import Origin
from cartbridge.domain.customer import Company, Customer
from cartbridge.domain.line import Discount
from cartbridge.domain.quote import events as e
from cartbridge.domain.quote.evolve import evolve
from cartbridge.domain.quote.pricing import prices_of
from cartbridge.domain.quote.state import Quote
from cartbridge.domain.store import Brand
from cartbridge.pages.quote import QuoteCode, QuoteView, quote_page
from tests.unit.pages.carts import AT, BOOK, LAMP

BRAND = Brand(id="maison", name="Maison Lumière")
UNTIL = AT + timedelta(days=30)
ANNA = Customer(
    first_name="Anna",
    email="anna@example.org",
    phone="+33612345678",
    company=Company(name="Atelier", vat_number="FR40303265045"),
)
ISSUED = e.Issued(number="26-7K3F", revision=1, valid_until=UNTIL)
CODE = QuoteCode("HTTPS://SHOP.EXAMPLE/H/BCDF", "48150237")
SOLD = {"cart": "crt_1", "receipt_number": "Q-1", "store": "lyon-2", "lines": {LAMP.id: Decimal(1)}}


def quote(
    *events: Any, rate: str | None = "0.20", off: tuple[Discount, ...] = (), **begun: Any
) -> Quote:
    lamp = LAMP.model_copy(
        update={
            "quantity": LAMP.quantity.of(Decimal(2)),
            "prices": prices_of(4000, Decimal(2), rate, off, "inclusive"),
        }
    )
    told = {"origin": Origin(), "currency": "EUR", "customer": ANNA, **begun}
    found = Quote(id="qte_1")
    for event in (e.Started(**told), e.LineAdded(line=lamp), *events):
        found = evolve(found, event, AT)
    return found


def body(found: Quote, locale: str = "fr-FR", **more: Any) -> str:
    told: dict[str, Any] = {"now": AT, "url": "/c/PASS", "stores": {"lyon-2": "Lyon"}}
    page = quote_page(QuoteView(quote=found, brand=BRAND, **(told | more)), locale)
    return page.body.replace("\u202f", " ").replace("\xa0", " ")


def test_it_shows_what_holds_and_for_whom_and_not_how_to_reach_her() -> None:
    shown = body(quote(ISSUED), code=CODE)
    for part in (
        "Devis n° 26-7K3F",
        "Atelier",
        "FR40303265045",
        "80,00 €",
        "4815",
        "Valable jusqu",
    ):
        assert part in shown, part
    assert "?answer=accept" in shown
    for hidden in ("anna@example.org", "+33612345678"):
        assert hidden not in shown


def test_each_discount_is_called_as_the_associate_called_it() -> None:
    off = (Discount(label="Remise gîte", amount=800), Discount(amount=100))
    shown = body(quote(ISSUED, off=off))
    assert "Remise gîte -8,00 €" in shown
    assert "Réduction -1,00 €" in shown


@pytest.mark.parametrize(("rate", "shows"), [("0.20", True), (None, False)])
def test_a_rate_that_nobody_told_has_no_column(rate: str | None, shows: bool) -> None:
    assert ('data-label="TVA"' in body(quote(ISSUED, rate=rate))) is shows


def test_what_is_being_written_is_not_shown_before_it_is_issued() -> None:
    shown = body(quote(ISSUED, e.LineAdded(line=BOOK)), code=CODE)
    assert BOOK.item.title not in shown


def test_asked_once_more_it_shows_no_code_and_posts_only_to_itself() -> None:
    shown = body(quote(ISSUED), asked="accept")
    assert 'method="post" action="/c/PASS/accept"' in shown
    assert "data-watch" not in shown  # it would throw away what she writes
    assert "4815" not in shown


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ((), "We are preparing your quote"),
        ((ISSUED, e.Declined(by="customer")), "This quote was declined"),
        ((ISSUED, e.Expired()), "no longer valid"),
        ((ISSUED, e.Cancelled()), "was deleted"),
        ((ISSUED, e.Accepted(by="customer", revision=1)), "You accepted this quote"),
        ((ISSUED, e.Converted(**SOLD)), "Bought at Lyon, receipt Q-1"),
        ((ISSUED, e.SoldInPart(**SOLD)), "The rest, still at this price"),
    ],
)
def test_whatever_became_of_it_is_told(facts: tuple[Any, ...], said: str) -> None:
    assert said in body(quote(*facts), "en-GB")


def test_past_its_date_it_takes_no_answer_even_before_it_is_closed() -> None:
    shown = body(quote(ISSUED), now=UNTIL + timedelta(seconds=1))
    assert "?answer=" not in shown
    assert "plus valable" in shown


def test_its_mark_changes_with_each_fact_and_at_its_date() -> None:
    def mark(found: Quote, now: Any = AT) -> str:
        return QuoteView(quote=found, brand=BRAND, now=now, url="").mark

    issued = quote(ISSUED)
    assert mark(issued) != mark(quote(ISSUED, e.Accepted(by="customer", revision=1)))
    assert mark(issued) != mark(issued, UNTIL + timedelta(seconds=1))


def test_what_people_wrote_is_escaped() -> None:
    shown = body(quote(message="<script>alert(1)</script>"))
    assert "<script>alert(1)" not in shown
