"""What is not set up as the tills need it is told, and nothing else."""

from cartbridge_odoo.health import findings
from fake_odoo_journey import FakeJourney
from fake_odoo_website import FakeWebsite
from odoo_carts import Made


async def test_an_odoo_as_it_should_be_has_no_findings(odoo: FakeWebsite, remote: Made) -> None:
    odoo.company["tax_calculation_rounding_method"] = "round_per_line"
    odoo.config["trusted_config_ids"] = [2]
    off = odoo.database.find("product.product", default_code="OFF")
    assert off is not None
    assert await findings(remote(discount_product_id=off["id"], company_id=1)) == ()
    odoo.config["trusted_config_ids"] = []
    assert await findings(remote(mode="add_on")) == ()


async def test_each_fault_is_told_with_the_way_to_mend_it(odoo: FakeWebsite, remote: Made) -> None:
    odoo.company["tax_calculation_rounding_method"] = "round_globally"
    odoo.config["trusted_config_ids"] = []
    off = odoo.database.find("product.product", default_code="OFF")
    assert off is not None
    off["available_in_pos"] = False
    there = remote(discount_product_id=off["id"], config_ids=[1, 9])
    rounding, missing, sharing, product = await findings(there)
    assert "Round per Line" in rounding
    assert "pos.config 9" in missing
    assert "Share Open Orders" in sharing
    assert product.startswith("discount_product_id: ")


async def test_wish_lists_that_nobody_shows_us_are_told(journey: FakeJourney, remote: Made) -> None:
    journey.company["tax_calculation_rounding_method"] = "round_per_line"
    there = remote(wishlists=True, mode="add_on")
    journey.config["trusted_config_ids"] = []
    assert await findings(there) == ()
    journey.may_see_wishes = False
    (finding,) = await findings(there)
    assert "Sales: Administrator" in finding
