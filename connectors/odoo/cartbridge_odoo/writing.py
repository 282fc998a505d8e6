"""Writing an order without the add-on: the rows that differ, absolutely, and a read after it."""

from typing import Any, Final

from cartbridge.sdk.contract import Moved, Remote, Write, Written
from cartbridge.sdk.documents import CodeRefusal, Snapshot
from cartbridge.sdk.errors import Retry, Unknown
from cartbridge_odoo import payloads as wire
from cartbridge_odoo.articles import look_up, record
from cartbridge_odoo.calls import Calls, Record, gone, id_of
from cartbridge_odoo.documents import SALE, TILL, fetch_document
from cartbridge_odoo.placing import CONTEXT
from cartbridge_odoo.rows import Plan, TillRows, sale_commands
from cartbridge_odoo.shown import shown
from cartbridge_odoo.traces import in_preparation, in_reference
from cartbridge_odoo.translate import OPEN, taxes_of
from cartbridge_odoo.withdrawing import withdraw_till_order

_TILL: Final = ("session_id", "company_id", "access_token", "date_order")


async def push_rows(write: Write, remote: Remote) -> Written | Moved:
    """Sets what differs; a row that we do not know of stays as it is."""
    calls = Calls(remote)
    document = await fetch_document(calls, write.ref)
    if document is None:
        raise gone("order")
    if document["record"]["state"] not in OPEN:
        raise Unknown("the order is sold or ended: read it")
    before = shown(document)
    at_till = document["model"] == TILL
    items = [line.item for line in write.lines]
    plan = Plan(write, before, await look_up(calls, items, at_till=at_till))
    lost: Unknown | None = None
    try:
        if at_till:
            await _write_till(calls, write, document, plan)
        else:
            await _write_sale(calls, write, plan)
    except Unknown as error:
        lost = error  # it may have been done: what stands there now says so
    after = await fetch_document(calls, write.ref)
    snapshot = Snapshot() if after is None else shown(after)
    if lost is not None and snapshot.basket == before.basket and not plan.is_empty:
        raise Retry(str(lost))
    return Written(snapshot=_signed(snapshot, write, plan))


def _signed(snapshot: Snapshot, write: Write, plan: Plan) -> Snapshot:
    codes = tuple(CodeRefusal(code=code, reason="not_supported") for code in write.codes)
    update = {
        "last_push": write.push_id,
        "refused": tuple(plan.refused),
        "refused_codes": codes,
    }
    return snapshot.model_copy(update=update)


async def _write_sale(calls: Calls, write: Write, plan: Plan) -> None:
    """The rows and, in the same transaction, which write it was and what it could not show."""
    if plan.is_empty and not plan.refused:
        return
    refused = [row.key for row in plan.refused]
    values = {
        "order_line": sale_commands(plan),
        "client_order_ref": in_reference(write.push_id, refused),
    }
    await calls.call(SALE, "write", {"vals": values}, ids=[int(write.ref.external_id)])


async def _write_till(calls: Calls, write: Write, document: Record, plan: Plan) -> None:
    if plan.is_empty and not plan.refused:
        return
    if not write.basket and not plan.added:
        await withdraw_till_order(calls, write.ref.external_id)
        return
    name = write.ref.external_id
    domain: list[Any] = [["uuid", "=", name]]
    found = await calls.search(TILL, domain, _TILL, limit=1)
    if not found:
        raise gone("order")
    order = found[0]
    company = id_of(order["company_id"])
    lines = [record(wire.Line, row, "line") for row in document["lines"]]
    till = record(wire.TillOrder, document["record"], "record")
    currency = till.currency_id.name
    rows = TillRows(name, currency)
    rows.keep(lines, plan, taxes_of(document))
    rows.add(plan, company)
    sent = {
        "uuid": name,
        "access_token": order["access_token"] or name,
        "state": "draft",
        "session_id": id_of(order["session_id"]),
        "company_id": company,
        "lines": rows.commands,
        "payment_ids": [],
        "amount_total": rows.total,
        "amount_tax": rows.total - rows.untaxed,
        "amount_paid": 0,
        "amount_return": 0,
        "date_order": order["date_order"],
    }
    refused = [row.key for row in plan.refused]
    trace = in_preparation(write.push_id, refused, till.last_order_preparation_change)
    if trace is not None:
        sent["last_order_preparation_change"] = trace
    await calls.call(TILL, "sync_from_ui", {"orders": [sent]}, context=CONTEXT)
