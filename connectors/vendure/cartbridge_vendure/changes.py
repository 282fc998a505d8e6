"""What changed in the shop behind a place: orders, and accounts where the connection wants them."""

from collections.abc import Mapping
from typing import Any, Final

from cartbridge.sdk.contract import Changed, Remote
from cartbridge_vendure import payloads as wire
from cartbridge_vendure.both_sides import asked

PAGE: Final = 100  # at once; the companion lists 200 at most


async def changed_since(before: Mapping[str, Any] | None, remote: Remote) -> Changed:
    """A page of orders and one of accounts, as they are now, and the places behind them."""
    known = before or {}
    orders = await _page("carts/changed", known.get("next"), remote)
    documents, cursor = list(orders.items), {"next": orders.next}
    more = orders.next != known.get("next")
    if remote.settings.customers:
        people = await _page("customers/changed", known.get("customers"), remote)
        documents += people.items
        cursor["customers"] = people.next
        more = more or bool(people.items)
    return Changed(documents, cursor, more)


async def _page(name: str, after: str | None, remote: Remote) -> wire.VendureChanges:
    return await asked(wire.VendureChanges, name, {"cursor": after, "limit": PAGE}, remote)
