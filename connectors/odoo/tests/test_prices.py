"""Prices as a till shows them: the rules of its price list, its taxes, what it cannot tell."""

from decimal import Decimal
from typing import Any

import pytest
from cartbridge_odoo import Odoo
from fake_odoo import BOOK, CABLE, LAMP
from fake_odoo_database import link
from fake_odoo_journey import FakeJourney
from odoo_carts import Made

from cartbridge.sdk.both_sides import PriceNow, PricesOf
from cartbridge.sdk.contract import Remote

ODOO = Odoo()
YESTERDAY, FAR = "2026-01-01 00:00:00", "2090-01-01 00:00:00"


@pytest.fixture
def there(remote: Made) -> Remote:
    return remote(prices=True)


async def told(there: Remote, currency: str = "EUR", store: str | None = "1") -> Any:
    """The prices of lamp, book and cable, by their references."""
    of = PricesOf(currency=currency, store=store)
    prices = await ODOO.prices([LAMP, BOOK, CABLE], of, there)
    return {one.key.removeprefix("sku:"): one.unit_price for one in prices}


LISTED = {"LAMP-OAK": 4990, "BOOK-LIGHT": 1900, "CABLE-TX": 390}


def product(odoo: FakeJourney, code: str) -> dict[str, Any]:
    found = odoo.database.find("product.product", default_code=code)
    assert found is not None
    return found


async def test_without_a_rule_it_is_the_sales_price_with_its_rate(
    journey: FakeJourney, there: Remote
) -> None:
    (lamp,) = await ODOO.prices([LAMP], PricesOf(currency="EUR"), there)
    told_of = {"key": LAMP.key, "unit_price": 4990, "currency": "EUR", "tax_rate": "0.2"}
    assert lamp == PriceNow.model_validate(told_of)
    journey.config["pricelist_id"] = False
    assert await told(there) == LISTED


@pytest.mark.parametrize(
    ("rule", "lamp"),
    [
        ({"fixed_price": Decimal("42.5")}, 4250),
        ({"compute_price": "percentage", "percent_price": Decimal(10)}, 4491),
        (
            {
                "compute_price": "formula",
                "price_discount": Decimal(20),  # 39.92
                "price_round": Decimal(5),  # 40.00
                "price_surcharge": Decimal("-0.1"),
            },
            3990,
        ),
        ({"compute_price": "formula", "price_min_margin": Decimal(3)}, 5290),
        (
            {
                "compute_price": "formula",
                "price_surcharge": Decimal(9),
                "price_max_margin": Decimal(2),
            },
            5190,
        ),
        ({"fixed_price": Decimal(1), "date_start": FAR}, 4990),
        ({"fixed_price": Decimal(1), "date_end": YESTERDAY}, 4990),
        ({"fixed_price": Decimal(40), "date_start": YESTERDAY, "date_end": FAR}, 4000),
        ({"fixed_price": Decimal(40), "pricelist_id": [9, "Another"]}, 4990),
        ({"fixed_price": Decimal(40), "min_quantity": Decimal(1)}, 4000),
        # What cannot be told is not guessed.
        ({"fixed_price": Decimal(40), "min_quantity": Decimal(10)}, None),
        ({"compute_price": "percentage", "base": "standard_price"}, None),
        ({"compute_price": "formula", "base": "pricelist"}, None),
        ({"compute_price": "of a module"}, None),
        ({"fixed_price": Decimal(-1)}, None),
    ],
)
async def test_a_rule_of_the_tills_list(
    journey: FakeJourney, there: Remote, rule: dict[str, Any], lamp: int | None
) -> None:
    journey.rule(product_tmpl_id=product(journey, "LAMP-OAK")["product_tmpl_id"], **rule)
    expected = LISTED if lamp is None else {**LISTED, "LAMP-OAK": lamp}
    expected = {code: price for code, price in expected.items() if lamp or code != "LAMP-OAK"}
    assert await told(there) == expected


async def test_the_closest_rule_wins(journey: FakeJourney, there: Remote) -> None:
    journey.rule(fixed_price=Decimal(9))
    kitchen = journey.database.add("product.category", name="Kitchen", parent_path="1/2/")
    product(journey, "BOOK-LIGHT")["categ_id"] = link(kitchen)
    journey.rule(categ_id=link(kitchen), fixed_price=Decimal(8))
    journey.rule(product_id=link(product(journey, "LAMP-OAK")), fixed_price=Decimal(7))
    assert await told(there) == {"LAMP-OAK": 700, "BOOK-LIGHT": 800, "CABLE-TX": 900}
    journey.rule(categ_id=link(journey.goods), fixed_price=Decimal(6))
    # Of two categories Odoo takes the inner one first, and both lie in "Goods".
    assert await told(there) == {"LAMP-OAK": 700, "BOOK-LIGHT": 800, "CABLE-TX": 600}


async def test_of_what_is_measured_a_rule_from_one_on_may_or_may_not_hold(
    journey: FakeJourney, there: Remote
) -> None:
    journey.rule(fixed_price=Decimal(9), min_quantity=Decimal(1))
    assert await told(there) == {"LAMP-OAK": 900, "BOOK-LIGHT": 900}
    product(journey, "LAMP-OAK")["uom_id"] = [7, "Douzaine"]
    assert await told(there) == {"BOOK-LIGHT": 900}


async def test_tax_is_told_as_the_till_shows_it(journey: FakeJourney, there: Remote) -> None:
    journey.config["iface_tax_included"] = "subtotal"
    (lamp,) = await ODOO.prices([LAMP], PricesOf(currency="EUR"), there)
    assert (lamp.unit_price, lamp.tax_mode) == (4158, "exclusive")
    journey.full["price_include"] = False
    assert (await told(there))["LAMP-OAK"] == 4990
    journey.config["iface_tax_included"] = "total"
    assert (await told(there))["LAMP-OAK"] == 5988
    product(journey, "LAMP-OAK")["taxes_id"] = [journey.full["id"], journey.reduced["id"]]
    assert "LAMP-OAK" not in await told(there)  # one in the price, the other on top
    journey.reduced["amount_type"] = "fixed"
    assert "BOOK-LIGHT" not in await told(there)


async def test_it_is_the_till_of_that_store(journey: FakeJourney, remote: Made) -> None:
    all_tills = remote(prices=True, config_ids=[])
    other = {**journey.config, "pricelist_id": False, "picking_type_id.warehouse_id": 2}
    del other["id"]
    journey.database.add("pos.config", **other)
    journey.rule(fixed_price=Decimal(9))
    assert (await told(all_tills, store="1"))["LAMP-OAK"] == 900
    assert (await told(all_tills, store="2"))["LAMP-OAK"] == 4990
    for store in ("3", "no-such-store", None):  # without a store the two do not agree
        assert await told(all_tills, store=store) == {}


async def test_it_says_nothing_of_what_it_does_not_sell_so(
    journey: FakeJourney, there: Remote
) -> None:
    assert await told(there, currency="CHF") == {}
    product(journey, "LAMP-OAK")["available_in_pos"] = False
    product(journey, "BOOK-LIGHT")["currency_id"] = [5, "CHF"]
    assert await told(there) == {"CABLE-TX": 390}
    journey.config["default_fiscal_position_id"] = [3, "Export"]
    assert await told(there) == {}
