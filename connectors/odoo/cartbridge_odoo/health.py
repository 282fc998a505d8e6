"""What of an Odoo is not set up as the tills need it: told in words, with the way to mend it."""

from typing import Any

from cartbridge.sdk.contract import Remote
from cartbridge_odoo.calls import Calls
from cartbridge_odoo.wishes import sees_all


async def findings(remote: Remote) -> tuple[str, ...]:
    """What an operator should look at in this Odoo; nothing if all is as it should be."""
    calls = Calls(remote)
    return (
        *await _rounding(calls),
        *await _tills(calls),
        *await _stand_ins(calls),
        *await _wish_lists(calls),
    )


async def _rounding(calls: Calls) -> list[str]:
    own = calls.settings.company_id
    domain: list[Any] = [["id", "=", own]] if own is not None else []
    fields = ["name", "tax_calculation_rounding_method"]
    return [
        f"{company['name']} rounds taxes per order, so that 39.99 is shown as 40.00: choose "
        "'Round per Line' in the settings of Accounting, under Taxes"
        for company in await calls.search("res.company", domain, fields)
        if company["tax_calculation_rounding_method"] != "round_per_line"
    ]


async def _tills(calls: Calls) -> list[str]:
    wanted = calls.settings.config_ids
    domain: list[Any] = [["id", "in", list(wanted)]] if wanted else []
    found = await calls.search("pos.config", domain, ["name", "trusted_config_ids"])
    said = [
        f"there is no pos.config {number}, or our user may not see it: mend config_ids"
        for number in wanted
        if number not in {config["id"] for config in found}
    ]
    if calls.settings.mode != "add_on":
        said += [
            f"{config['name']} shares its orders with no other till, so its cashier has no button "
            "that saves an order: name one under 'Share Open Orders'"
            for config in found
            if not config["trusted_config_ids"]
        ]
    return said


async def _stand_ins(calls: Calls) -> list[str]:
    settings = calls.settings
    wanted = {
        "unknown_product_id": settings.unknown_product_id,
        "discount_product_id": settings.discount_product_id,
    }
    numbers = [number for number in wanted.values() if number is not None]
    if not numbers:
        return []
    domain: list[Any] = [["id", "in", numbers]]
    found = await calls.search("product.product", domain, ["available_in_pos"])
    sold = {product["id"] for product in found if product["available_in_pos"]}
    return [
        f"{name}: there is no product {number} that is available at the tills"
        for name, number in wanted.items()
        if number is not None and number not in sold
    ]


async def _wish_lists(calls: Calls) -> list[str]:
    if not calls.settings.wishlists or await sees_all(calls):
        return []
    return [
        "our user sees nobody's wish list: give it Sales: Administrator, or set wishlists to false"
    ]
