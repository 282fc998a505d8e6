"""Putting a cart on offer as a quotation, which any till settles, also one that opens later."""

from typing import Any

from cartbridge.sdk.contract import Placed, Placement, Remote
from cartbridge.sdk.documents import TwinRef, plain
from cartbridge.sdk.errors import Ignore, Refuse, Unknown
from cartbridge_odoo.calls import Calls
from cartbridge_odoo.documents import SALE, fetch_document
from cartbridge_odoo.partners import partner_of
from cartbridge_odoo.placing import articles_of, told
from cartbridge_odoo.tickets import Row, Ticket, ticket_of
from cartbridge_odoo.traces import OURS

_COLUMNS = (
    "id",
    "partner_id/.id",
    "client_order_ref",
    "origin",
    "order_line/id",
    "order_line/product_id/.id",
    "order_line/name",
    "order_line/product_uom_qty",
    "order_line/price_unit",
    "order_line/discount",
)


async def place_quotation(placement: Placement, remote: Remote) -> Placed:
    """The cart as a quotation with its customer; the same placement again shows what it became."""
    calls = Calls(remote)
    articles = await articles_of(calls, placement, at_till=True)
    company = calls.settings.company_id
    ticket = ticket_of(placement, articles, calls.settings, company, fine=False)
    domain: list[Any] = [["origin", "=", OURS + placement.name]]
    before = await calls.search(SALE, domain, ["state"], order="id desc")
    living = [row["id"] for row in before if row["state"] != "cancel"]
    # A cancelled quotation keeps its external id: offered again the cart becomes another one.
    number = living[0] if living else await _load(calls, placement, ticket, len(before))
    ref = TwinRef(connection="-", kind="draft_order", external_id=str(number))
    document = await fetch_document(calls, ref)
    if document is None:
        raise Unknown("the quotation was made and is not found: read it")
    snapshot = told(placement, ticket, document)
    if snapshot.currency != placement.currency and not living:
        await calls.call(SALE, "action_cancel", {}, ids=[number])
        raise Ignore(f"Odoo quotes in {snapshot.currency}, the cart is in another money")
    return Placed(kind="draft_order", external_id=str(number), snapshot=snapshot)


async def _load(calls: Calls, placement: Placement, ticket: Ticket, times: int) -> int:
    """Made by external ids, so that a call repeated after a lost answer makes no second one."""
    if not ticket.rows:
        raise Ignore("Odoo knows none of these articles: give them its internal references")
    partner = await partner_of(calls, placement.customer) or calls.settings.quotation_partner_id
    if partner is None:
        raise Ignore("a quotation needs a customer: name one in quotation_partner_id for guests")
    name = f"cartbridge.{placement.name}" + (f"_{times}" if times else "")
    head = [name, str(partner), placement.cart, OURS + placement.name]
    data = [
        [*(head if place == 0 else [""] * len(head)), *_cells(name, row)]
        for place, row in enumerate(ticket.rows)
    ]
    answer = await calls.call(SALE, "load", {"fields": list(_COLUMNS), "data": data})
    ids = answer.get("ids") if isinstance(answer, dict) else None
    if not isinstance(ids, list) or len(ids) != 1 or not isinstance(ids[0], int):
        raise Refuse("sale.order.load: Odoo does not take the quotation; its import says why")
    return ids[0]


def _cells(name: str, row: Row) -> list[str]:
    code = row.product.default_code
    own = f"[{code}] {row.product.name}" if code else row.product.name
    return [
        f"{name}_{row.id.replace(' ', '_')}",
        str(row.product.id),
        row.note or own,
        plain(row.quantity),
        plain(row.priced.price_unit),
        plain(row.priced.discount),
    ]
