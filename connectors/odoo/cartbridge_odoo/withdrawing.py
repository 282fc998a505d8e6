"""Taking away what was put before a cashier, unless she sold it."""

from typing import Any

from cartbridge.sdk.documents import TwinRef
from cartbridge.sdk.errors import Ignore, Refuse
from cartbridge_odoo.calls import Calls, Record, id_of
from cartbridge_odoo.documents import SALE, TILL, is_number
from cartbridge_odoo.translate import OPEN

_TILL = ("state", "session_id", "company_id", "lines", "date_order", "access_token")


async def withdraw_till_order(calls: Calls, name: str) -> bool:
    """The order leaves the till; False if it was sold there, which is left alone.

    Its lines go first: a line that settles a quotation would hide that one from every till, for
    Odoo counts the lines of cancelled orders too. French law lets no order be deleted.
    """
    found = await _till_order(calls, name)
    if found is None or found["state"] == "cancel":
        return True
    if found["state"] != "draft":
        return False
    try:
        if found["lines"]:
            await calls.call(TILL, "sync_from_ui", {"orders": [_emptied(name, found)]})
        await calls.call(TILL, "action_pos_order_cancel", {}, ids=[found["id"]])
    except (Refuse, Ignore):  # it may have been paid between our look and our call
        now = await _till_order(calls, name)
        if now is None or now["state"] == "cancel":
            return True
        if now["state"] != "draft":
            return False
        raise
    return True


async def _till_order(calls: Calls, name: str) -> Record | None:
    domain: list[Any] = [["uuid", "=", name]]
    found = await calls.search(TILL, domain, _TILL, limit=1)
    return found[0] if found else None


def _emptied(name: str, found: Record) -> Record:
    return {
        "uuid": name,
        "access_token": found["access_token"] or name,
        "state": "draft",
        "session_id": id_of(found["session_id"]),
        "company_id": id_of(found["company_id"]),
        "lines": [[2, line, 0] for line in found["lines"]],
        "payment_ids": [],
        "amount_total": 0,
        "amount_tax": 0,
        "amount_paid": 0,
        "amount_return": 0,
        "date_order": found["date_order"],
    }


async def withdraw_quotation(calls: Calls, ref: TwinRef) -> bool:
    """The quotation is cancelled; False if it was sold or confirmed, which is left alone."""
    if not is_number(ref.external_id):
        return True
    number = int(ref.external_id)
    domain: list[Any] = [["id", "=", number]]
    found = await calls.search(SALE, domain, ["state"], limit=1)
    if not found or found[0]["state"] == "cancel":
        return True
    if found[0]["state"] not in OPEN:
        return False
    # Without this Odoo 17 and 18 answer with a window to confirm in.
    context = {"disable_cancel_warning": True}
    await calls.call(SALE, "action_cancel", {}, ids=[number], context=context)
    return True
