"""How far Odoo's records were looked through, by the time they were written last."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cartbridge_odoo.calls import Calls, Record

# `write_date` is when a transaction began, and RPC shows it in whole seconds: what was committed
# late stands before what is known already.
OVERLAP: Final = timedelta(minutes=3)
PAGE: Final = 40  # records, with all that belongs to them
GLANCE: Final = 500  # records looked at in one call, by id, state and time alone
GLANCES: Final = 20
REMEMBERED: Final = 5000
_FORM: Final = "%Y-%m-%d %H:%M:%S"


@dataclass
class Place:
    """How far one kind of record was looked through."""

    at: str = ""  # the newest time that was told; "" before the first
    told: dict[str, str] = field(default_factory=dict)  # record → state and time, near that time

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
        """Whether this state of a record was not told yet."""
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
    return f"{order.get('state', '')}|{str(order['write_date'])[:19]}"


async def look(
    calls: Calls,
    model: str,
    only: list[Any],
    place: Place,
    time: str = "write_date",
    state: tuple[str, ...] = (),
) -> tuple[list[Record], bool]:
    """A page of records not told yet, oldest first, and whether there are more.

    Each with its `write_date`, whatever the model calls that time, and its `state` if it has one.
    """
    since: list[Any] = [[time, ">=", place.since]] if place.since else []
    news: list[Record] = []
    for glance in range(GLANCES):
        rows = await calls.search(
            model,
            [*since, *only],
            [*state, time],
            order=f"{time} asc, id asc",
            limit=GLANCE,
            offset=glance * GLANCE,
        )
        told = [{**row, "write_date": row[time]} for row in rows]
        news += [row for row in told if place.is_news(row)]
        if len(news) > PAGE or len(rows) < GLANCE:
            break
    return news[:PAGE], len(news) > PAGE
