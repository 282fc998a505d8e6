"""Odoo's automation rules: made once, with their fields, corrected, and switched on again."""

import json

from cartbridge_odoo import Odoo
from fake_odoo_journey import FakeJourney
from fake_odoo_website import FakeWebsite
from odoo_carts import SECRET, Made

from cartbridge.sdk.contract import Remote

ODOO = Odoo()
HOOK = "https://gateway.example/v1/hooks/hk"
NEXT = "path-secret-of-tomorrow-0123456789ab"


async def test_both_rules_are_made_once_with_triggers_and_the_secret(
    odoo: FakeWebsite, remote: Made
) -> None:
    there = remote(provision=True)
    assert not await ODOO.hook_is_on(HOOK, there)
    for _ in range(2):
        await ODOO.rearm(HOOK, there)
        assert await ODOO.hook_is_on(HOOK, there)
    rules = list(odoo.database.table("base.automation").values())
    assert [rule["name"] for rule in rules] == ["CartBridge: pos.order", "CartBridge: sale.order"]
    fields = odoo.database.table("ir.model.fields")
    triggers = [[fields[x]["name"] for x in rule["trigger_field_ids"][0][2]] for rule in rules]
    assert triggers == [["state", "lines", "amount_total"], ["state", "order_line", "amount_total"]]
    actions = list(odoo.database.table("ir.actions.server").values())
    assert {action["webhook_url"] for action in actions} == {f"{HOOK}/{SECRET}"}
    told = [[fields[x]["name"] for x in one["webhook_field_ids"][0][2]] for one in actions]
    assert told == [["uuid", "state", "write_date"], ["state", "write_date"]]


async def test_a_secret_that_was_changed_is_put_into_the_rules(
    odoo: FakeWebsite, remote: Made
) -> None:
    await ODOO.rearm(HOOK, remote(provision=True))
    both = remote(provision=True, path_secrets=[NEXT, SECRET])
    assert await ODOO.hook_is_on(HOOK, both)
    only = remote(provision=True, path_secrets=[NEXT])
    assert not await ODOO.hook_is_on(HOOK, only)
    await ODOO.rearm(HOOK, only)
    assert await ODOO.hook_is_on(HOOK, only)
    assert len(odoo.database.table("base.automation")) == 2


async def test_without_the_app_sales_one_rule_is_enough(odoo: FakeWebsite, remote: Made) -> None:
    there = remote(provision=True, sales=False, website=False)
    await ODOO.rearm(HOOK, there)
    assert await ODOO.hook_is_on(HOOK, there)
    asked = [json.loads(call.content) for call in odoo.requests]
    assert "sale.order" not in json.dumps(asked)


async def test_what_is_read_besides_has_rules_of_its_own(
    journey: FakeJourney, all_apps: Remote
) -> None:
    for _ in range(2):
        await ODOO.rearm(HOOK, all_apps)
        assert await ODOO.hook_is_on(HOOK, all_apps)
    rules = journey.database.table("base.automation")
    told = [(rule["name"].removeprefix("CartBridge: "), rule["trigger"]) for rule in rules.values()]
    both = "on_create_or_write"
    assert told == [
        ("pos.order", both),
        ("sale.order", both),
        ("product.wishlist", both),
        ("product.wishlist gone", "on_unlink"),
        ("crm.lead", both),
    ]
    rules[4]["active"] = False
    assert not await ODOO.hook_is_on(HOOK, all_apps)
    del rules[4]
    assert not await ODOO.hook_is_on(HOOK, all_apps)
