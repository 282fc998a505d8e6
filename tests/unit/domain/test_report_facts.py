"""What is told of a cart's history: whose, from where, what was added, what led to it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.state import NotTaken, Origin, QuoteRef, SoldLine
from cartbridge.domain.customer import Customer
from cartbridge.domain.header import Actor, Header
from cartbridge.domain.line import Discount
from cartbridge.domain.report.facts import CartFacts
from cartbridge.domain.report.fold import facts_of
from tests.unit.domain.words import claimed, line, priced, started

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
AGREED = {"analytics": True}
SPRING = {"utm_source": "newsletter", "utm_campaign": "spring"}
CLICK = {"gclid": "G-1"}


@dataclass(frozen=True)
class Told:
    event: Any
    header: Header


def online(event: e.Event | None, minute: int = 0) -> Told:
    at = NOON + timedelta(minutes=minute)
    return Told(event, Header(occurred_at=at, actor=Actor(kind="connector"), connection="web"))


def at_till(event: e.Event, minute: int = 0, staff: str | None = "anna") -> Told:
    header = Header(
        occurred_at=NOON + timedelta(minutes=minute),
        actor=Actor(kind="staff"),
        store="lyon-2",
        terminal="till-1",
        staff=staff,
    )
    return Told(event, header)


def facts(*history: Told, cart: str = "crt_a", **sources: CartFacts) -> CartFacts:
    found = facts_of(cart, history, lambda who: f"<{who}>", sources)
    assert found is not None
    return found


def sold(*lines: SoldLine, **rest: Any) -> e.Sold:
    given: dict[str, Any] = {
        "claim": "clm_1",
        "fence": 1,
        "receipt_number": "T-7",
        "sold_at": NOON,
        "store": "lyon-2",
        "terminal": "till-1",
    }
    return e.Sold(lines=lines, **(given | rest))


def of(sku: str, amount: int, **rest: Any) -> SoldLine:
    return SoldLine(line=f"lin_{sku}", quantity=Decimal(amount), **rest)


LAMPS = e.LineAdded(line=line("LAMP", 2, prices=priced(4990, 2)))


def test_first_and_last_visit_reach_the_receipt_number() -> None:
    told = facts(
        online(started(attribution=SPRING, consent=AGREED)),
        online(LAMPS),
        online(e.DetailsChanged(attribution={"landing": "/lamps"}), 5),
        online(e.DetailsChanged(attribution=CLICK), 10),
        at_till(claimed(), 20),
        at_till(sold(of("LAMP", 2, total=9000)), 25),
        online(e.DetailsChanged(attribution={"utm_source": "later"}), 30),
    )
    (sale,) = told.sales
    assert sale.receipt_number == "T-7"
    assert sale.first_touch is not None
    assert sale.last_touch is not None
    assert (sale.first_touch.campaign, sale.first_touch.at) == (SPRING, NOON)
    assert (sale.last_touch.clicks, sale.last_touch.campaign) == (CLICK, {})


@pytest.mark.parametrize("consent", [{}, {"analytics": False}, {"marketing": True}])
def test_without_consent_no_visit_is_kept(consent: dict[str, bool]) -> None:
    told = facts(
        online(started(attribution=SPRING, consent=consent)),
        online(LAMPS),
        at_till(sold(of("LAMP", 2, total=9000))),
    )
    assert (told.first_touch, told.last_touch, told.sales[0].first_touch) == (None, None, None)
    assert "newsletter" not in told.model_dump_json()


def test_consent_that_is_taken_back_takes_the_visits_along() -> None:
    begun = (online(started(attribution=SPRING, consent=AGREED)), online(LAMPS))
    assert facts(*begun).first_touch is not None
    taken_back = online(e.DetailsChanged(consent={"analytics": False}))
    assert facts(*begun, taken_back).first_touch is None


def test_what_is_left_inherits_visits_and_seller() -> None:
    parent = facts(
        at_till(started(origin=Origin(channel="till", store="lyon-2")), staff="ben"),
        at_till(LAMPS, staff="ben"),
        online(e.DetailsChanged(attribution=SPRING, consent=AGREED), 5),
        online(e.DetailsChanged(attribution=CLICK), 7),
        at_till(sold(of("LAMP", 1, total=4990), remainder="crt_b"), 9),
    )
    again = started(
        origin=Origin(channel="till", store="lyon-2"),
        parent="crt_a",
        root="crt_a",
        attribution=CLICK,
        consent=AGREED,
    )
    left = e.LineAdded(line=line("LAMP", 1, prices=priced(4990)), from_cart="crt_a")
    ordered = e.Ordered(connection="web", at=NOON, lines=(of("LAMP", 1, total=4990, assumed=True),))
    child = facts(
        at_till(again, 9, staff="anna"),
        at_till(left, 9),
        online(ordered, 90),
        cart="crt_b",
        crt_a=parent,
    )
    assert (child.began.store, child.began.staff) == ("lyon-2", "ben")
    first, last = child.sales[0].first_touch, child.sales[0].last_touch
    assert first is not None
    assert last is not None
    assert (first.campaign, last.clicks) == (SPRING, CLICK)
    assert last.at == NOON + timedelta(minutes=7)  # when it was, not when it was handed on
    assert child.person == parent.person == "<cart crt_a>"


@pytest.mark.parametrize(
    ("more", "quantity", "added"),
    [
        ((), 2, 0),
        ((), 5, 3),
        ((online(e.LineChanged(line="lin_LAMP", was=Decimal(2), quantity=Decimal(4))),), 4, 0),
        ((at_till(e.LineChanged(line="lin_LAMP", was=Decimal(2), quantity=Decimal(4))),), 4, 2),
        ((at_till(e.LineChanged(line="lin_LAMP", was=Decimal(2), quantity=Decimal(1))),), 2, 1),
    ],
)
def test_what_the_till_added_to_a_line_is_told_apart(
    more: tuple[Told, ...], quantity: int, added: int
) -> None:
    told = facts(
        online(started()), online(LAMPS), *more, at_till(sold(of("LAMP", quantity, total=1000)))
    )
    assert told.sales[0].lines[0].added == added


def test_a_line_the_till_put_in_and_an_extra_one_are_added_whole() -> None:
    told = facts(
        online(started()),
        online(LAMPS),
        at_till(e.LineAdded(line=line("BULB", 4))),
        at_till(e.LineAdded(line=line("RUG", 1))),
        at_till(e.LineAdded(line=line("PLAID", 1, wishlist="wsh_1"))),  # she had wished for it
        at_till(
            sold(of("LAMP", 2), of("BULB", 4), of("RUG", 1, extra=True, total=100), of("PLAID", 1))
        ),
    )
    assert [row.added for row in told.sales[0].lines] == [0, 4, 1, 0]


def test_what_a_quote_brings_into_her_cart_is_hers_and_what_the_till_adds_then_is_not() -> None:
    quote = QuoteRef(id="qte_1", number="26-1", revision=1, lines=("lin_LAMP",))
    told = facts(
        at_till(started(quote=quote)),  # asked for online, taken up at a till
        at_till(e.LineAdded(line=line("LAMP", 2))),
        at_till(e.LineChanged(line="lin_LAMP", was=Decimal(2), quantity=Decimal(3))),
        at_till(claimed()),
        at_till(e.LineAdded(line=line("BULB", 4))),
        at_till(sold(of("LAMP", 5), of("BULB", 4))),
    )
    assert [row.added for row in told.sales[0].lines] == [2, 4]


def test_a_total_binds_and_a_price_is_taken_so_many_times_less_its_discounts() -> None:
    told = facts(
        online(started()),
        online(LAMPS),
        online(e.LineAdded(line=line("BULB", "2.5"))),
        online(e.LineAdded(line=line("RUG", 1))),
        at_till(
            sold(
                of("LAMP", 2, unit_price=5000, total=8980, discounts=(Discount(amount=1020),)),
                SoldLine(
                    line="lin_BULB",
                    quantity=Decimal("2.5"),
                    unit_price=333,
                    discounts=(Discount(amount=33),),
                ),
                of("RUG", 1),
            )
        ),
    )
    assert [row.total for row in told.sales[0].lines] == [8980, 800, None]
    assert [row.captured for row in told.sales[0].lines] == [9980, None, None]


def test_a_void_and_what_came_back_are_told_of_the_sale() -> None:
    told = facts(
        online(started()),
        online(LAMPS),
        at_till(claimed()),
        at_till(
            sold(
                of("LAMP", 2, total=9000),
                not_taken=(NotTaken(line="lin_LAMP", quantity=Decimal(1), reason="price"),),
            )
        ),
        at_till(e.LinesReturned(lines=(e.ReturnedLine(line="lin_LAMP", quantity=Decimal(1)),))),
        at_till(e.SaleVoided(receipt_number="T-7")),
        at_till(sold(of("LAMP", 1, total=4990), claim="clm_1", receipt_number="T-8")),
    )
    first, second = told.sales
    assert (first.voided, first.lines[0].returned) == (True, Decimal(1))
    assert (second.voided, second.lines[0].returned) == (False, Decimal(0))
    assert first.not_taken[0].reason == "price"
    assert told.holdings[0].fate == "voided"


@pytest.mark.parametrize(
    ("customer", "person"),
    [
        (None, "<cart crt_a>"),
        (Customer(id="cus_1", external_id="7"), "<customer cus_1>"),
        (Customer(external_id="7", email="a@example.fr"), "<customer of web-fr 7>"),
        (Customer(loyalty_number="ML-1", email="a@example.fr"), "<known as ml-1>"),
        (Customer(email="A@example.fr"), "<known as a@example.fr>"),
        (Customer(first_name="Ada"), "<cart crt_a>"),
    ],
)
def test_a_person_is_the_strongest_that_is_known_of_her(
    customer: Customer | None, person: str
) -> None:
    assert facts(online(started(customer=customer))).person == person


def test_what_cannot_be_told_is_passed_over() -> None:
    assert facts_of("crt_a", [online(None)], str, {}) is None
    assert facts(online(started()), online(None), online(LAMPS)).version == 3


def test_facts_are_read_as_they_were_written() -> None:
    told = facts(
        online(started(attribution=SPRING, consent=AGREED)),
        online(LAMPS),
        at_till(claimed()),
        at_till(sold(of("LAMP", 2, total=9000))),
    )
    assert CartFacts.model_validate_json(told.model_dump_json(exclude_defaults=True)) == told
