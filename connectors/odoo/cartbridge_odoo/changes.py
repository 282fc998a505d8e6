"""Asking Odoo what changed: the truth behind hooks that are neither signed nor sent again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cartbridge.sdk.contract import Changed, Remote
from cartbridge_odoo.calls import Calls, Record
from cartbridge_odoo.documents import SALE, TILL, documents, order_fields
from cartbridge_odoo.returns import tell_returns
from cartbridge_odoo.traces import OURS

# `write_date` is when a transaction began, and RPC shows it in whole seconds: what was committed
# late stands before what is known already.
OVERLAP: Final = timedelta(minutes=3)
PAGE: Final = 40  # orders, with all their lines
GLANCE: Final = 500  # orders looked at in one call, by id, state and time alone
GLANCES: Final = 20
REMEMBERED: Final = 5000
_FORM: Final = "%Y-%m-%d %H:%M:%S"


@dataclass
class Place:
    """How far one kind of order was looked through."""

    at: str = ""  # the newest time that was told; "" before the first
    told: dict[str, str] = field(default_factory=dict)  # order → state and time, near that time

    @classmethod
    def of(cls, cursor: Mapping[str, Any] | None) -> "Place":
        """The place in a cursor that was kept."""
        kept = cursor or {}
        return cls(str(kept.get("at", "")), dict(kept.get("told", {})))

    @property
    def since(self) -> str | None:
        """From when on to look again."""
        return _before(self.at) if self.at else None

    def is_news(self, order: Record) -> bool:
        """Whether this state of an order was not told yet."""
        return self.told.get(str(order["id"])) != _mark(order)

    def tell(self, orders: list[Record]) -> None:
        """Notes what is told now, and forgets what the overlap no longer reaches."""
        for order in orders:
            self.at = max(self.at, str(order["write_date"])[:19])
            self.told[str(order["id"])] = _mark(order)
        near = _before(self.at) if self.at else ""
        kept = [(name, mark) for name, mark in self.told.items() if mark.split("|")[1] >= near]
        self.told = dict(kept[-REMEMBERED:])

    @property
    def cursor(self) -> dict[str, Any]:
        """The place as it is kept."""
        return {"at": self.at, "told": self.told}


def _before(at: str) -> str:
    moment = datetime.strptime(at, _FORM).replace(tzinfo=UTC)
    return (moment - OVERLAP).strftime(_FORM)


def _mark(order: Record) -> str:
    return f"{order['state']}|{str(order['write_date'])[:19]}"


async def changes(cursor: Mapping[str, Any] | None, remote: Remote) -> Changed:
    """A page of what changed on the tills and among the website's carts, oldest first."""
    calls = Calls(remote)
    before = cursor or {}
    after: dict[str, Any] = {}
    found: list[Record] = []
    more = False
    for model, only in _sources(calls):
        place = Place.of(before.get(model))
        news = await _news(calls, model, only, place)
        page, more = news[:PAGE], more or len(news) > PAGE
        place.tell(page)
        found += await _loaded(calls, model, page)
        after[model] = place.cursor
    returned = list(before.get("returned", []))
    await tell_returns(calls, found, returned)
    after["returned"] = returned[-REMEMBERED:]
    return Changed(found, after, more)


def _sources(calls: Calls) -> list[tuple[str, list[Any]]]:
    """The orders that concern us: of our tills, of the website, and those we made."""
    settings = calls.settings
    tills = list(settings.config_ids)
    sources: list[tuple[str, list[Any]]] = [(TILL, [["config_id", "in", tills]] if tills else [])]
    if settings.sales:
        ours = ["origin", "=like", f"{OURS}%"]
        web: list[Any] = ["|", ["website_id", "!=", False], ours]
        sources.append((SALE, web if settings.website else [ours]))
    return sources


async def _news(calls: Calls, model: str, only: list[Any], place: Place) -> list[Record]:
    """What was not told yet, a page of it at least, if there is so much."""
    since: list[Any] = [["write_date", ">=", place.since]] if place.since else []
    news: list[Record] = []
    for glance in range(GLANCES):
        rows = await calls.search(
            model,
            [*since, *only],
            ["state", "write_date"],
            order="write_date asc, id asc",
            limit=GLANCE,
            offset=glance * GLANCE,
        )
        news += [row for row in rows if place.is_news(row)]
        if len(news) > PAGE or len(rows) < GLANCE:
            break
    return news


async def _loaded(calls: Calls, model: str, page: list[Record]) -> list[Record]:
    if not page:
        return []
    domain: list[Any] = [["id", "in", [row["id"] for row in page]]]
    fields = order_fields(model, calls.settings)
    orders = await calls.search(model, domain, fields, order="write_date asc, id asc")
    return await documents(calls, model, orders)
