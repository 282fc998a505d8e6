"""Putting a cart on a till of Odoo's: an unpaid order in the open session of its pos.config."""

from datetime import UTC, datetime
from typing import Any

from cartbridge.sdk.contract import Placed, Placement, Remote
from cartbridge.sdk.documents import CodeRefusal, Snapshot, TwinRef, to_minor
from cartbridge.sdk.errors import Ignore, Refuse, Unknown
from cartbridge_odoo.articles import Articles, look_up, record
from cartbridge_odoo.calls import Calls, Record
from cartbridge_odoo.documents import TILL, fetch_document
from cartbridge_odoo.partners import partner_of
from cartbridge_odoo.payloads import Config
from cartbridge_odoo.settings import Settings
from cartbridge_odoo.shown import shown
from cartbridge_odoo.tickets import Ticket, order_uuid, ticket_of, till_order
from cartbridge_odoo.withdrawing import withdraw_till_order

CONTEXT = {"device_identifier": "cartbridge"}


async def place_on_till(placement: Placement, remote: Remote) -> Placed:
    """The cart as an order on the till; the same placement again shows what it became."""
    calls = Calls(remote)
    config = await _config(calls, placement)
    articles = await articles_of(calls, placement, at_till=True)
    ticket = ticket_of(placement, articles, calls.settings, config.company_id.id, fine=True)
    name = str(order_uuid(placement.name))
    ref = TwinRef(connection="-", kind="till_order", external_id=name)
    present = await fetch_document(calls, ref)
    if present is None:
        await _put(calls, placement, ticket, config)
        present = await fetch_document(calls, ref)
        if present is None:
            raise Unknown("the order was put there and is not found: read it")
        await _check(calls, placement, ticket, present)
    elif present["record"]["state"] == "cancel":
        raise Ignore("the order was taken off the till: it cannot come back under this claim")
    return Placed(kind="till_order", external_id=name, snapshot=told(placement, ticket, present))


async def articles_of(calls: Calls, placement: Placement, *, at_till: bool) -> Articles:
    """What the placement's items are in Odoo, and the products that stand in for others."""
    settings = calls.settings
    own = (settings.unknown_product_id, settings.discount_product_id)
    items = [line.item for line in placement.lines]
    return await look_up(calls, items, own, at_till=at_till)


def told(placement: Placement, ticket: Ticket, document: Record) -> Snapshot:
    """What the cashier sees, with what Odoo could not show named."""
    codes = tuple(CodeRefusal(code=code, reason="not_supported") for code in placement.codes)
    update = {"refused": ticket.refused, "refused_codes": codes}
    return shown(document).model_copy(update=update)


async def _config(calls: Calls, placement: Placement) -> Config:
    settings: Settings = calls.settings
    number = settings.till(placement.terminal)
    if number is None:
        raise Ignore(
            "this till is none of this Odoo's: give the terminal the number of its pos.config"
        )
    fields = ["currency_id", "company_id"]
    found = await calls.search("pos.config", [["id", "=", number]], fields)
    if not found:
        raise Ignore(f"Odoo has no pos.config {number}, or our user may not see it")
    config = record(Config, found[0], "pos.config")
    if config.currency_id.name != placement.currency:
        raise Ignore(f"the till sells in {config.currency_id.name}, the cart is in another money")
    return config


async def _put(calls: Calls, placement: Placement, ticket: Ticket, config: Config) -> None:
    if not ticket.rows:
        raise Ignore("Odoo knows none of these articles: give them its internal references")
    domain: list[Any] = [["config_id", "=", config.id], ["state", "=", "opened"]]
    sessions = await calls.search("pos.session", domain, ["config_id"], limit=1)
    if not sessions:
        raise Ignore("no session is open on this till: open it, then scan the code again")
    partner = await partner_of(calls, placement.customer)
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    order = till_order(placement, ticket, int(sessions[0]["id"]), config.company_id.id, partner, at)
    await calls.call(TILL, "sync_from_ui", {"orders": [order]}, context=CONTEXT)


async def _check(calls: Calls, placement: Placement, ticket: Ticket, document: Record) -> None:
    """Odoo believes the amounts it is sent; where a module of this Odoo does not, all is undone."""
    stands = to_minor(document["record"]["amount_total"], placement.currency)
    if abs(stands - ticket.total) > len(ticket.rows):
        await withdraw_till_order(calls, str(order_uuid(placement.name)))
        raise Refuse("Odoo changed the prices that it was sent: which of its modules does that?")
