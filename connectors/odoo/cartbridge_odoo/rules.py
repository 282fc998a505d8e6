"""Odoo's automation rules that call our hook: found, switched on again, or made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from cartbridge.sdk.contract import Remote
from cartbridge_odoo.calls import Calls, Record, first_id, id_of
from cartbridge_odoo.documents import SALE, TILL
from cartbridge_odoo.leads import LEAD
from cartbridge_odoo.settings import Settings
from cartbridge_odoo.wishes import WISH


@dataclass(frozen=True)
class Rule:
    """A rule that we need: when it calls the hook, and what the hook sends.

    The fields whose change calls it are always named: a rule without any calls for every change,
    thirty times for one sale.
    """

    model: str
    fields: tuple[str, ...]
    sent: tuple[str, ...]
    trigger: str = "on_create_or_write"

    @property
    def name(self) -> str:
        """What it is called in Odoo."""
        return f"CartBridge: {self.model}" + (" gone" if self.trigger == "on_unlink" else "")


_TILLS: Final = Rule(
    TILL,
    ("state", "lines", "partner_id", "amount_total"),
    ("uuid", "state", "write_date", "config_id"),
)
_SALES: Final = Rule(
    SALE,
    ("state", "order_line", "partner_id", "amount_total"),
    ("state", "write_date", "origin", "website_id"),
)
_QUOTATIONS: Final = Rule(SALE, (*_SALES.fields, "validity_date"), _SALES.sent)
_WISH: Final = ("partner_id", "product_id", "write_date")
_WISHES: Final = Rule(WISH, ("partner_id", "product_id"), _WISH)
_WISHES_GONE: Final = Rule(WISH, (), _WISH, "on_unlink")
_LEADS: Final = Rule(LEAD, ("stage_id", "active", "partner_id", "email_from"), ("write_date",))


def needed(settings: Settings) -> tuple[Rule, ...]:
    """The rules of what concerns this connection; messages of leads have none: see the add-on."""
    sales = (_QUOTATIONS if settings.quotations else _SALES,) if settings.sales else ()
    wishes = (_WISHES, _WISHES_GONE) if settings.wishlists else ()
    return (_TILLS, *sales, *wishes, *((_LEADS,) if settings.leads else ()))


async def rules_are_on(hook_url: str, remote: Remote) -> bool:
    """Whether each kind of record that concerns us has an active rule with our secret."""
    calls = Calls(remote)
    good = _addresses(hook_url, calls.settings)
    present = await _present(calls, hook_url)
    return all(
        any(action["webhook_url"] in good and rule["active"] for action, rule in found)
        for found in (_of(present, wanted) for wanted in needed(calls.settings))
    )


async def rearm_rules(hook_url: str, remote: Remote) -> None:
    """Switches the rules on, corrects their address, and makes those that are missing."""
    calls = Calls(remote)
    address = _addresses(hook_url, calls.settings)[0]
    present = await _present(calls, hook_url)
    for wanted in needed(calls.settings):
        found = _of(present, wanted)
        if not found:
            await _make(calls, wanted, address)
            continue
        action, rule = found[-1]
        if action["webhook_url"] != address:
            changed = {"vals": {"webhook_url": address}}
            await calls.call("ir.actions.server", "write", changed, ids=[action["id"]])
        await calls.call("base.automation", "write", {"vals": {"active": True}}, ids=[rule["id"]])


def _addresses(hook_url: str, settings: Settings) -> list[str]:
    return [f"{hook_url}/{secret}" for secret in settings.secrets]


def _of(present: Sequence[tuple[Record, Record]], wanted: Rule) -> list[tuple[Record, Record]]:
    gone = wanted.trigger == "on_unlink"
    return [
        (action, rule)
        for action, rule in present
        if action["model_name"] == wanted.model and (rule["trigger"] == "on_unlink") == gone
    ]


async def _present(calls: Calls, hook_url: str) -> list[tuple[Record, Record]]:
    """Odoo's actions that call our hook, with whatever secret, and their rules, active or not."""
    fields = ["model_name", "webhook_url", "base_automation_id"]
    domain: list[Any] = [["state", "=", "webhook"], ["base_automation_id", "!=", False]]
    actions = [
        action
        for action in await calls.search("ir.actions.server", domain, fields)
        if str(action["webhook_url"]).startswith(f"{hook_url}/")
    ]
    if not actions:
        return []
    numbers = [id_of(action["base_automation_id"]) for action in actions]
    both: list[Any] = [["id", "in", numbers], ["active", "in", [True, False]]]
    rows = await calls.search("base.automation", both, ["active", "trigger"])
    rules = {row["id"]: row for row in rows}
    return [
        (action, rules[number])
        for action, number in zip(actions, numbers, strict=True)
        if number in rules
    ]


async def _make(calls: Calls, wanted: Rule, address: str) -> None:
    models = await calls.search("ir.model", [["model", "=", wanted.model]], ["id"])
    if not models:
        return
    number = models[0]["id"]
    names = sorted({*wanted.fields, *wanted.sent})
    domain: list[Any] = [["model_id", "=", number], ["name", "in", names]]
    rows = await calls.search("ir.model.fields", domain, ["name"])
    fields = {row["name"]: row["id"] for row in rows}
    rule: Record = {"name": wanted.name, "model_id": number, "trigger": wanted.trigger}
    if wanted.fields:
        triggers = [fields[name] for name in wanted.fields if name in fields]
        rule["trigger_field_ids"] = [[6, 0, triggers]]
    made = first_id(await calls.call("base.automation", "create", {"vals_list": [rule]}))
    action = {
        "name": wanted.name,
        "model_id": number,
        "state": "webhook",
        "usage": "base_automation",
        "base_automation_id": made,
        "webhook_url": address,
        "webhook_field_ids": [[6, 0, [fields[name] for name in wanted.sent if name in fields]]],
    }
    await calls.call("ir.actions.server", "create", {"vals_list": [action]})
