"""Loyalty cards: a balance in points, or in words where there are several."""

from decimal import Decimal

from cartbridge_odoo import Odoo
from fake_odoo_journey import FakeJourney
from odoo_carts import Made

from cartbridge.sdk.both_sides import LoyaltyShown

ODOO = Odoo()
NUMBER = "0421234567890"


async def test_the_card_of_a_contact_with_whole_points(journey: FakeJourney, remote: Made) -> None:
    there = remote(loyalty=True)
    journey.card(points=Decimal("120.9"), **{"partner_id.barcode": NUMBER})
    assert await ODOO.loyalty(NUMBER, there) == LoyaltyShown(number=NUMBER, points=120)


async def test_of_two_programs_each_is_told_in_words(journey: FakeJourney, remote: Made) -> None:
    there = remote(loyalty=True)
    for points, words in ((Decimal(120), "120 Points"), (Decimal(8), "8 Étoiles")):
        more = {"partner_id.barcode": NUMBER, "points_display": words}
        journey.card(points=points, **more)
    shown = await ODOO.loyalty(NUMBER, there)
    assert shown == LoyaltyShown(number=NUMBER, advantages=("120 Points", "8 Étoiles"))


async def test_no_gift_card_and_none_that_ran_out(journey: FakeJourney, remote: Made) -> None:
    there = remote(loyalty=True)
    journey.card(code=NUMBER, points=Decimal(50), **{"program_id.program_type": "gift_card"})
    journey.card(code=NUMBER, points=Decimal(9), expiration_date="2026-01-01")
    assert await ODOO.loyalty(NUMBER, there) is None
    journey.card(code=NUMBER, points=Decimal(3), expiration_date="2090-01-01")
    assert await ODOO.loyalty(NUMBER, there) == LoyaltyShown(number=NUMBER, points=3)
