"""Odoo's automation rules that call our hook: found, switched on again, or made."""

from typing import Any, Final

from cartbridge.sdk.contract import Remote
from cartbridge_odoo.calls import Calls, Record, first_id, id_of
from cartbridge_odoo.documents import SALE, TILL
from cartbridge_odoo.settings import Settings

# The fields whose change calls the hook, always named: a rule without any calls it for every
# change, thirty times for one sale. And those the hook sends.
TRIGGERS: Final = {
    TILL: ("state", "lines", "partner_id", "amount_total"),
    SALE: ("state", "order_line", "partner_id", "amount_total"),
}
SENT: Final = {
    TILL: ("uuid", "state", "write_date", "config_id"),
    SALE: ("state", "write_date", "origin"),
}


async def rules_are_on(hook_url: str, remote: Remote) -> bool:
    """Whether each kind of order that concerns us has an active rule with our secret."""
    calls = Calls(remote)
    good = _addresses(hook_url, calls.settings)
    active = {
        action["model_name"]
        for action in await _actions(calls, hook_url)
        if action["webhook_url"] in good and await _is_active(calls, action)
    }
    return set(_models(calls.settings)) <= active


async def rearm_rules(hook_url: str, remote: Remote) -> None:
    """Switches the rules on, corrects their address, and makes those that are missing."""
    calls = Calls(remote)
    address = _addresses(hook_url, calls.settings)[0]
    present = {action["model_name"]: action for action in await _actions(calls, hook_url)}
    for model in _models(calls.settings):
        action = present.get(model)
        if action is None:
            await _make(calls, model, address)
            continue
        rule = id_of(action["base_automation_id"])
        if action["webhook_url"] != address:
            changed = {"vals": {"webhook_url": address}}
            await calls.call("ir.actions.server", "write", changed, ids=[action["id"]])
        await calls.call("base.automation", "write", {"vals": {"active": True}}, ids=[rule])


def _models(settings: Settings) -> tuple[str, ...]:
    return (TILL, SALE) if settings.sales else (TILL,)


def _addresses(hook_url: str, settings: Settings) -> list[str]:
    return [f"{hook_url}/{secret}" for secret in settings.secrets]


async def _actions(calls: Calls, hook_url: str) -> list[Record]:
    """Odoo's actions that call our hook, with whatever secret."""
    fields = ["model_name", "webhook_url", "base_automation_id"]
    domain: list[Any] = [["state", "=", "webhook"], ["base_automation_id", "!=", False]]
    found = await calls.search("ir.actions.server", domain, fields)
    return [row for row in found if str(row["webhook_url"]).startswith(f"{hook_url}/")]


async def _is_active(calls: Calls, action: Record) -> bool:
    domain: list[Any] = [["id", "=", id_of(action["base_automation_id"])], ["active", "=", True]]
    return bool(await calls.search("base.automation", domain, ["active"]))


async def _make(calls: Calls, model: str, address: str) -> None:
    models = await calls.search("ir.model", [["model", "=", model]], ["id"])
    if not models:
        return
    number = models[0]["id"]
    names = sorted({*TRIGGERS[model], *SENT[model], "website_id"})
    domain: list[Any] = [["model_id", "=", number], ["name", "in", names]]
    rows = await calls.search("ir.model.fields", domain, ["name"])
    fields = {row["name"]: row["id"] for row in rows}
    sent = [*SENT[model], "website_id"] if model == SALE else SENT[model]
    rule = {
        "name": f"CartBridge: {model}",
        "model_id": number,
        "trigger": "on_create_or_write",
        "trigger_field_ids": [[6, 0, [fields[x] for x in TRIGGERS[model] if x in fields]]],
    }
    made = first_id(await calls.call("base.automation", "create", {"vals_list": [rule]}))
    action = {
        "name": f"CartBridge: {model}",
        "model_id": number,
        "state": "webhook",
        "usage": "base_automation",
        "base_automation_id": made,
        "webhook_url": address,
        "webhook_field_ids": [[6, 0, [fields[x] for x in sent if x in fields]]],
    }
    await calls.call("ir.actions.server", "create", {"vals_list": [action]})
