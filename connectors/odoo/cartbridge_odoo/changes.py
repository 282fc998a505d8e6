"""Asking Odoo what changed: the truth behind hooks that are neither signed nor sent again."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from cartbridge.sdk.contract import Changed, Remote
from cartbridge_odoo.browsing import TRACK, track_changes
from cartbridge_odoo.calls import Calls, Record, id_of
from cartbridge_odoo.documents import SALE, TILL, documents, order_fields
from cartbridge_odoo.leads import LEAD, lead_documents, lead_domain
from cartbridge_odoo.notes import MESSAGES
from cartbridge_odoo.places import REMEMBERED, Place, look
from cartbridge_odoo.returns import tell_returns
from cartbridge_odoo.settings import Settings
from cartbridge_odoo.stock import LEVELS, stock_changes
from cartbridge_odoo.traces import OURS
from cartbridge_odoo.wishes import WISH, wish_documents

QUOTE: Final = "quote"  # where the cursor keeps how far the retailer's own quotations were told
STATE: Final = ("state",)

# A page of documents, the cursor behind it, and whether there is more.
Page = tuple[list[Record], dict[str, Any], bool]
Look = Callable[[Calls, Mapping[str, Any] | None], Awaitable[Page]]


async def changes(cursor: Mapping[str, Any] | None, remote: Remote) -> Changed:
    """A page of what changed in each part of Odoo that concerns us, oldest first."""
    calls = Calls(remote)
    before = cursor or {}
    after: dict[str, Any] = {}
    found: list[Record] = []
    more = False
    for part, look_through in _parts(calls.settings).items():
        page, after[part], rest = await look_through(calls, before.get(part))
        found, more = found + page, more or rest
    returned = list(before.get("returned", []))
    await tell_returns(calls, [one for one in found if one["model"] == TILL], returned)
    after["returned"] = returned[-REMEMBERED:]
    return Changed(found, after, more)


def _parts(settings: Settings) -> dict[str, Look]:
    """What is looked through, by the name its cursor is kept under."""
    there = {
        TILL: (True, _tills),
        SALE: (settings.sales, _sales),
        QUOTE: (settings.quotations, _quotations),
        WISH: (settings.wishlists, _wishes),
        LEAD: (settings.leads, _leads),
        MESSAGES: (settings.leads, _messages),
        LEVELS: (settings.stock, stock_changes),
        TRACK: (settings.browsing, track_changes),
    }
    return {name: look_through for name, (wanted, look_through) in there.items() if wanted}


async def _tills(calls: Calls, before: Mapping[str, Any] | None) -> Page:
    tills = list(calls.settings.config_ids)
    return await _orders(calls, TILL, [["config_id", "in", tills]] if tills else [], before)


async def _sales(calls: Calls, before: Mapping[str, Any] | None) -> Page:
    """The website's carts, and what we made."""
    ours = ["origin", "=like", f"{OURS}%"]
    web: list[Any] = ["|", ["website_id", "!=", False], ours]
    return await _orders(calls, SALE, web if calls.settings.website else [ours], before)


async def _quotations(calls: Calls, before: Mapping[str, Any] | None) -> Page:
    """The retailer's own; of those before the first look only what is still open."""
    only: list[Any] = ["!", ["origin", "=like", f"{OURS}%"]]
    if calls.settings.website:
        only.append(["website_id", "=", False])
    if not Place.of(before).at:
        only.append(["state", "in", ["draft", "sent"]])
    return await _orders(calls, SALE, only, before)


async def _orders(
    calls: Calls, model: str, only: list[Any], before: Mapping[str, Any] | None
) -> Page:
    place = Place.of(before)
    page, more = await look(calls, model, only, place, state=STATE)
    place.tell(page)
    if not page:
        return [], place.cursor, more
    domain: list[Any] = [["id", "in", [row["id"] for row in page]]]
    fields = order_fields(model, calls.settings)
    orders = await calls.search(model, domain, fields, order="write_date asc, id asc")
    return await documents(calls, model, orders), place.cursor, more


async def _wishes(calls: Calls, before: Mapping[str, Any] | None) -> Page:
    """The whole lists that got a row; of a row that went only a hook tells."""
    place = Place.of(before)
    page, more = await look(calls, WISH, [["partner_id", "!=", False]], place)
    place.tell(page)
    owners = await _linked(calls, WISH, page, "partner_id")
    return await wish_documents(calls, owners), place.cursor, more


async def _leads(calls: Calls, before: Mapping[str, Any] | None) -> Page:
    place = Place.of(before)
    page, more = await look(calls, LEAD, lead_domain(calls.settings), place)
    place.tell(page)
    return await lead_documents(calls, [row["id"] for row in page]), place.cursor, more


async def _messages(calls: Calls, before: Mapping[str, Any] | None) -> Page:
    """The leads that somebody wrote about: a message does not change its lead."""
    place = Place.of(before)
    only: list[Any] = [["model", "=", LEAD], ["message_type", "!=", "notification"]]
    page, more = await look(calls, MESSAGES, only, place)
    place.tell(page)
    leads = await _linked(calls, MESSAGES, page, "res_id")
    return await lead_documents(calls, leads), place.cursor, more


async def _linked(calls: Calls, model: str, page: Sequence[Record], field: str) -> list[int]:
    if not page:
        return []
    rows = await calls.search(model, [["id", "in", [row["id"] for row in page]]], [field])
    return sorted({int(id_of(row[field])) for row in rows if row[field]})
