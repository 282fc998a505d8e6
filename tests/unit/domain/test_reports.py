"""How facts add up: money by share, offers and claims by their end, times by rank."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cartbridge.domain.cart.lifecycle import State
from cartbridge.domain.report.additional_sales import AdditionalSales, AdditionalSalesReport
from cartbridge.domain.report.attribution import AttributionReport
from cartbridge.domain.report.attribution_rows import Attribution
from cartbridge.domain.report.facts import (
    Article,
    Began,
    CartFacts,
    CartSale,
    Holding,
    LineSold,
    Offer,
    Touch,
)
from cartbridge.domain.report.lifecycle import Lifecycle, LifecycleReport
from cartbridge.domain.report.offers import end_of_offers
from cartbridge.domain.report.reckoning import Asked, Tally

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = Asked(NOON, NOON + timedelta(days=1))
TOUCH = Touch(at=NOON, campaign={"utm_campaign": "spring"}, clicks={})


def began(store: str | None = None, staff: str | None = None, **rest: Any) -> Began:
    given: dict[str, Any] = {"channel": "web", "connection": "web", "at": NOON, "imported": False}
    return Began(store=store, staff=staff, **(given | rest))


def cart(number: int = 1, **rest: Any) -> CartFacts:
    given: dict[str, Any] = {
        "cart": f"crt_{number}",
        "version": 1,
        "root": f"crt_{number}",
        "parent": None,
        "person": f"p{number}",
        "brand": "lumiere",
        "currency": "EUR",
        "tax_mode": "inclusive",
        "state": State.OPEN,
        "unknown": False,
        "consent": True,
        "began": began(),
    }
    return CartFacts(**(given | rest))


def sold(quantity: str = "1", total: int | None = 100, **rest: Any) -> LineSold:
    article = Article(sku="CABLE", gtin=None, title="Cable", unit="MTR")
    given: dict[str, Any] = {"line": "lin_1", "added": Decimal(0), "assumed": False}
    return LineSold(
        article=article,
        quantity=Decimal(quantity),
        total=total,
        captured=total,
        **(given | rest),
    )


def sale(*lines: LineSold, store: str | None = "lyon", **rest: Any) -> CartSale:
    given: dict[str, Any] = {"at": NOON, "told_at": NOON, "staff": "anna", "store": store}
    return CartSale(lines=lines or (sold(),), **(given | rest))


def additional(*carts: CartFacts, asked: Asked = DAY) -> AdditionalSales:
    report = AdditionalSalesReport(asked)
    for one in carts:
        report.add(one)
    return report.told()


def attribution(*carts: CartFacts, asked: Asked = DAY) -> Attribution:
    report = AttributionReport(asked)
    for one in carts:
        report.add(one)
    return report.told()


def lifecycle(*carts: CartFacts, asked: Asked = DAY) -> Lifecycle:
    report = LifecycleReport(asked)
    for one in carts:
        report.add(one)
    return report.told()


@pytest.mark.parametrize(
    ("quantity", "part", "returned", "gross", "back"),
    [
        ("3", "3", "1", 100, 33),
        ("3", "3", "2", 100, 67),
        ("3", "3", "3", 100, 100),
        ("8", "1", "4", 13, 7),  # 12.5 and then 6.5: half a cent goes up
        ("2.5", "0.5", "0", 20, 0),
    ],
)
def test_a_part_of_a_line_has_its_share_to_the_cent(
    quantity: str, part: str, returned: str, gross: int, back: int
) -> None:
    tally = Tally()
    tally.add(sold(quantity, returned=Decimal(returned)), Decimal(part), voided=False)
    assert (tally.money.gross, tally.money.returned) == (gross, back)
    assert tally.money.net == gross - back


def test_a_voided_sale_leaves_nothing_and_a_line_without_price_is_counted_apart() -> None:
    tally = Tally()
    tally.add(sold("2", 999, returned=Decimal(1), assumed=True), Decimal(2), voided=True)
    tally.add(sold(total=None), Decimal(1), voided=False)
    money = tally.money
    assert (money.gross, money.returned, money.voided, money.net) == (999, 500, 499, 0)
    assert (money.assumed, money.unpriced) == (999, 1)


def test_currencies_and_tax_modes_are_never_added_up() -> None:
    one = sale(sold(added=Decimal(1)))
    told = additional(
        cart(1, sales=(one,)),
        cart(2, sales=(one,), currency="CHF"),
        cart(3, sales=(one,), tax_mode="exclusive"),
    )
    assert [(row.currency, row.tax_mode, row.money.net) for row in told.added] == [
        ("CHF", "inclusive", 100),
        ("EUR", "exclusive", 100),
        ("EUR", "inclusive", 100),
    ]


def test_what_was_begun_in_the_store_is_credited_to_who_began_it() -> None:
    told = additional(cart(began=began("lyon", "ben"), sales=(sale(store=None, staff=None),)))
    assert [(row.store, row.staff, row.orders) for row in told.bought_at_home] == [
        ("lyon", "ben", 1)
    ]
    assert told.added == ()


def test_a_store_where_sales_are_practised_counts_nowhere() -> None:
    asked = Asked(DAY.since, DAY.until, training=frozenset({"lyon"}))
    practised = cart(sales=(sale(sold(added=Decimal(1))),))
    assert additional(practised, asked=asked).added == ()
    assert attribution(practised, asked=asked).ways == ()
    assert lifecycle(practised, asked=asked).carts == 0


@pytest.mark.parametrize(
    ("ends", "holdings", "expected"),
    [
        ((), (), (None, None)),
        (("replaced", "used"), ("lyon",), ("lyon", "scanned")),
        (("lapsed", "replaced"), ("lyon",), ("lyon", "named")),
        (("lapsed", None), (), ("nice", "waiting")),
        (("replaced", "lapsed"), (), ("nice", "never_scanned")),
    ],
)
def test_a_cart_counts_once_however_many_codes_it_had(
    ends: tuple[Any, ...], holdings: tuple[str, ...], expected: tuple[Any, Any]
) -> None:
    offers = tuple(
        Offer(
            direction="to_store",
            store="nice",
            at=NOON,
            end=end,
            claimed_in="lyon" if end == "used" else None,
        )
        for end in ends
    )
    held = tuple(Holding(store=store, terminal="t", staff=None, at=NOON) for store in holdings)
    assert end_of_offers(cart(offers=offers, holdings=held), "to_store") == expected


def test_the_median_and_nine_in_ten_are_times_that_there_were() -> None:
    told = lifecycle(
        *(
            cart(
                number,
                offers=(
                    Offer(
                        direction="to_store", store=None, at=NOON + timedelta(seconds=10 * number)
                    ),
                ),
            )
            for number in range(1, 11)
        ),
        cart(
            11,
            began=began(imported=True),
            offers=(Offer(direction="to_store", store=None, at=NOON),),
        ),
    )
    step = told.steps[0]
    assert (step.carts, step.median_seconds, step.p90_seconds) == (10, 50, 90)
    assert told.steps[1].median_seconds is None


def test_a_cart_of_another_time_brand_or_store_is_not_told() -> None:
    late = cart(began=began(at=DAY.until))
    other = Asked(DAY.since, DAY.until, brand="atelier")
    nice = Asked(DAY.since, DAY.until, store="nice")
    assert lifecycle(late).carts == 0
    assert lifecycle(cart(), asked=other).carts == 0
    assert lifecycle(cart(sales=(sale(),)), asked=nice).carts == 0
    assert lifecycle(cart(sales=(sale(),))).carts == 1


def test_ten_people_of_a_campaign_are_shown_and_those_without_consent_have_one_row() -> None:
    touched = sale(first_touch=TOUCH, last_touch=TOUCH, receipt_number="T-1")
    agreed = [cart(number, sales=(touched,)) for number in range(10)]
    others = [cart(number, sales=(sale(),), consent=None) for number in range(20, 30)]
    told = attribution(*agreed, *others)
    assert [(row.lead.kind, row.first.people, row.last.people) for row in told.campaigns] == [
        ("campaign", 10, 10),
        ("without_consent", 10, 10),
    ]
    assert (told.consent.with_consent, told.consent.without_consent) == (10, 10)
    assert len(told.receipts) == 10


def test_nine_people_of_a_campaign_hide_what_would_give_them_away() -> None:
    touched = sale(first_touch=TOUCH, last_touch=TOUCH)
    told = attribution(
        *(cart(number, sales=(touched,)) for number in range(9)),
        *(cart(number, sales=(sale(),), consent=None) for number in range(20, 40)),
    )
    assert [row.first.suppressed for row in told.campaigns] == [True, True]
    assert [row.cell.suppressed for row in told.ways] == [False]
    assert told.receipts == ()
    assert told.consent.suppressed


def test_asking_for_one_store_shows_nothing_that_all_stores_hide() -> None:
    carts = [
        *(cart(number, sales=(sale(),)) for number in range(20)),
        *(cart(number, sales=(sale(store="nice"),)) for number in range(30, 33)),
    ]
    whole = attribution(*carts)
    lyon = attribution(*carts, asked=Asked(DAY.since, DAY.until, store="lyon"))
    assert [row.cell.suppressed for row in whole.stores] == [True, True]
    assert [row.cell.suppressed for row in lyon.ways] == [True]
    assert [row.cell.suppressed for row in lyon.stores] == [True]
    assert [row.cell.suppressed for row in lyon.sellers] == [True]
