"""What changed since a cursor: orders by their time of change, carts through the plugin."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cartbridge.sdk.contract import Changed, Remote
from cartbridge.sdk.errors import Unknown, Unreadable
from cartbridge.sdk.payload import understood
from cartbridge_woocommerce import payloads
from cartbridge_woocommerce.calls import PLUGIN, WC, call
from cartbridge_woocommerce.cart_payloads import Changes

PAGE: Final = 100  # the most that WooCommerce lists at once
# Times of change are whole seconds, and a slow request is listed after quicker ones.
OVERLAP: Final = timedelta(minutes=2)
# What was ordered before the connection was made is no cart any more.
FIRST_LOOK: Final = timedelta(days=1)
REMEMBERED: Final = 500  # orders of the overlap that are not listed again


@dataclass(frozen=True)
class Place:
    """How far the list of orders was read: from a time on, a page, and what was seen behind it."""

    after: datetime
    page: int
    seen: Mapping[str, str]  # order → what it showed, in short

    @property
    def kept(self) -> dict[str, Any]:
        """The place as a cursor holds it."""
        return {"after": _written(self.after), "page": self.page, "seen": dict(self.seen)}


def place_in(cursor: Mapping[str, Any] | None, stream: str, now: datetime) -> Place:
    """Where to go on; a cursor that is not ours begins anew."""
    kept = (cursor or {}).get(stream)
    if not isinstance(kept, Mapping):
        return Place(now - FIRST_LOOK, 1, {})
    after = datetime.fromisoformat(str(kept["after"])).replace(tzinfo=UTC)
    return Place(after, int(kept["page"]), dict(kept["seen"]))


async def changed(cursor: Mapping[str, Any] | None, remote: Remote, *, companion: bool) -> Changed:
    """One page of each list: orders, orders in the trash, carts."""
    now = datetime.now(UTC).replace(microsecond=0)
    documents: list[Mapping[str, Any]] = []
    later: dict[str, Any] = {}
    more = False
    for stream, status in (("orders", "any"), ("trash", "trash")):
        place = place_in(cursor, stream, now)
        rows = await _orders(remote, place, status)
        found, behind, full = turn(place, rows)
        documents += ({"order": row} for row in found)
        later[stream] = behind.kept
        more |= full
    if companion:
        page, raw = await _carts(remote, (cursor or {}).get("carts"))
        documents += ({"cart": one} for one in raw)
        later["carts"] = page.next
        more |= page.more
    return Changed(documents, later, more)


def turn(
    place: Place, rows: Sequence[Mapping[str, Any]]
) -> tuple[list[Mapping[str, Any]], Place, bool]:
    """What of a page was not listed before, where to go on, and whether at once."""
    shown = {str(row["id"]): _digest(row) for row in rows}
    times = {str(row["id"]): _read(row["date_modified_gmt"]) for row in rows}
    new = [row for row in rows if place.seen.get(str(row["id"])) != shown[str(row["id"])]]
    full = len(rows) == PAGE
    after = max(place.after, max(times.values(), default=place.after) - OVERLAP)
    if after == place.after:
        # A page of changes within the overlap alone: the next page, or it would be this one again.
        seen = {**place.seen, **shown}
        page = place.page + 1 if full else 1
    else:
        seen = {name: mark for name, mark in shown.items() if times[name] > after}
        page = 1
    return new, Place(after, page, dict(list(seen.items())[-REMEMBERED:])), full


def _digest(row: Mapping[str, Any]) -> str:
    """Two changes may bear the same second: what an order shows tells them apart."""
    text = json.dumps(row, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


async def _orders(remote: Remote, place: Place, status: str) -> list[dict[str, Any]]:
    asked = {
        "modified_after": _written(place.after),
        "dates_are_gmt": "true",
        "orderby": "modified",
        "order": "asc",
        "status": status,
        "per_page": PAGE,
        "page": place.page,
    }
    answer = await call(remote, "GET", f"{WC}/orders", asked=asked)
    rows = answer.rows()
    try:
        for row in rows:
            understood(payloads.Listed, row)
    except Unreadable as error:
        raise Unknown(f"the answer cannot be understood: {error}") from error
    return rows


async def _carts(remote: Remote, after: Any) -> tuple[Changes, Sequence[Mapping[str, Any]]]:
    asked: dict[str, Any] = {"limit": PAGE}
    if after is not None:
        asked["changed_after"] = str(after)
    answer = (await call(remote, "GET", f"{PLUGIN}/carts", asked=asked)).json()
    try:
        return understood(Changes, answer), answer["items"]
    except Unreadable as error:
        raise Unknown(f"the answer cannot be understood: {error}") from error


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
