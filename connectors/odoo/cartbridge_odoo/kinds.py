"""Which part of the connector reads what: orders, wish lists, leads, levels, views."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from cartbridge.sdk.contract import Named
from cartbridge.sdk.documents import TwinKind, TwinRef
from cartbridge.sdk.observations import Read
from cartbridge.sdk.payload import understood
from cartbridge_odoo import payloads as wire
from cartbridge_odoo.browsing import TRACK, read_track
from cartbridge_odoo.calls import Calls, Record
from cartbridge_odoo.documents import fetch_document
from cartbridge_odoo.enquiries import read_lead
from cartbridge_odoo.leads import LEAD, fetch_lead
from cartbridge_odoo.settings import Settings
from cartbridge_odoo.stock import LEVELS, read_stock
from cartbridge_odoo.translate import read_document
from cartbridge_odoo.wishes import WISH, fetch_wishes, read_wishes

_ORDERS: Final[frozenset[TwinKind]] = frozenset({"cart", "draft_order", "till_order"})
_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Read]]] = {
    WISH: read_wishes,
    LEAD: read_lead,
    LEVELS: read_stock,
    TRACK: read_track,
}


async def fetch_any(calls: Calls, ref: TwinRef) -> Record | None:
    """The record behind a twin with all that belongs to it; None if Odoo has it no more."""
    if ref.kind == "wishlist":
        return await fetch_wishes(calls, ref)
    if ref.kind == "enquiry":
        return await fetch_lead(calls, ref)
    if ref.kind in _ORDERS or (ref.kind == "quote" and calls.settings.quotations):
        return await fetch_document(calls, ref)
    return None


def read_any(said: Mapping[str, Any]) -> Read:
    """What a record says that was fetched, or that changed."""
    model = said.get("model")
    return _READERS.get(model if isinstance(model, str) else "", read_document)(said)


def _wish(body: Mapping[str, Any], settings: Settings) -> list[Named]:
    """The owner's list; a row that goes has the time of its coming, and another rule."""
    if not settings.wishlists:
        return []
    hint = understood(wire.RecordHint, body, "")
    if hint.partner_id is None:
        return []  # a guest's, whom Odoo knows by her browser alone
    rule = understood(wire.Hinted, body, "").action
    dedup = f"{WISH}/{hint.id}/{hint.write_date}/{rule}"
    return [Named(external_id=str(hint.partner_id.id), kind="wishlist", dedup=dedup)]


def _lead(body: Mapping[str, Any], settings: Settings) -> list[Named]:
    if not settings.leads:
        return []
    hint = understood(wire.RecordHint, body, "")
    dedup = f"{LEAD}/{hint.id}/{hint.write_date}/{hint.message}"
    return [Named(external_id=str(hint.id), kind="enquiry", dedup=dedup)]


# Hooks of what is no order, by Odoo's model: which document each speaks of.
ASIDE: Final[Mapping[str, Callable[[Mapping[str, Any], Settings], list[Named]]]] = {
    WISH: _wish,
    LEAD: _lead,
}
