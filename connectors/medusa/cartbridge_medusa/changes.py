"""What changed in the shop behind a place: carts, and accounts where the connection wants them."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from cartbridge.sdk import client
from cartbridge.sdk.contract import Changed, Remote
from cartbridge.sdk.errors import Unknown, Unreadable
from cartbridge.sdk.payload import understood
from cartbridge_medusa import payloads as wire
from cartbridge_medusa.calls import OK, call

PAGE: Final = 50  # at once; the companion reads each cart anew
_START: Final = "p0"


async def changed_since(before: Mapping[str, Any] | None, remote: Remote) -> Changed:
    """A page of carts and one of accounts, as they are now, and the places behind them."""
    known = before or {}
    carts = await _page("changes", known.get("next"), remote)
    documents, cursor = list(carts.items), {"next": carts.next}
    more = carts.next != known.get("next", _START)
    if remote.settings.customers:
        people = await _page("customers", known.get("customers"), remote)
        documents += people.items
        cursor["customers"] = people.next
        more = more or bool(people.items)
    return Changed(documents, cursor, more)


async def _page(path: str, after: str | None, remote: Remote) -> wire.MedusaChanges:
    query = urlencode({"limit": PAGE, **({"after": after} if after else {})})
    answer = client.json_object(await call(remote, "GET", f"{path}?{query}", answers=OK))
    try:
        return understood(wire.MedusaChanges, answer, "")
    except Unreadable as error:
        raise Unknown(f"the answer cannot be understood: {error}") from error
