"""What a person looked at: which facts are kept, and the little that is kept of them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

from cartbridge.domain.items import Item
from cartbridge.domain.model import Strict

WebKind = Literal["product_viewed", "list_viewed", "searched"]
FloorKind = Literal["presented", "tried", "demonstrated", "asked"]
Kind = Literal[WebKind, FloorKind]
KINDS: Final[frozenset[str]] = frozenset(get_args(WebKind) + get_args(FloorKind))

PURPOSE: Final = "analytics"  # what she must have agreed to


def agreed(told: Mapping[str, bool], on_record: Mapping[str, bool]) -> bool:
    """Whether she lets it be kept: said with the fact or on record, and denied in neither."""
    said = {told.get(PURPOSE), on_record.get(PURPOSE)}
    return True in said and False not in said


def withdrawn(told: Mapping[str, bool]) -> bool:
    """Whether a fact says that she no longer agrees: what was kept before it goes."""
    return told.get(PURPOSE) is False


class LookedAt(Strict):
    """One thing that somebody looked at on one day; `title` is also a list's name or a search."""

    what: Kind
    day: date
    sku: str | None = None
    gtin: str | None = None
    title: str
    store: str | None = None  # None: on the web
    enquiry: str | None = None  # enq_…: what it was shown for

    @property
    def key(self) -> str:
        """What makes two of one day the same: the article, list or search, and the place."""
        if self.sku is not None:
            name = f"sku:{self.sku}"
        elif self.gtin is not None:
            name = f"gtin:{self.gtin.zfill(14)}"
        else:
            name = f"text:{' '.join(self.title.casefold().split())}"
        return f"{self.store or ''}|{name}"


class Counted(Strict):
    """How often somebody looked at the same thing on the same day."""

    seen: LookedAt
    count: int = 1


def reduced(
    what: Kind, at: datetime, time_zone: str, item: Item | None, text: str | None = None
) -> LookedAt | None:
    """What is kept of a fact: the day where the brand is at home, and what it was about.

    None if it names nothing.
    """
    day = at.astimezone(ZoneInfo(time_zone)).date()
    if what in get_args(WebKind) and what != "product_viewed":
        title = (text or "").strip()
        return LookedAt(what=what, day=day, title=title) if title else None
    if item is None:
        return None
    return LookedAt(what=what, day=day, sku=item.sku, gtin=item.gtin, title=item.title)


def counted(seen: Sequence[LookedAt]) -> list[Counted]:
    """The same thing on the same day once, with how often; in the order of the first."""
    totals: dict[tuple[str, date, str], Counted] = {}
    for one in seen:
        name = (one.what, one.day, one.key)
        before = totals.get(name)
        totals[name] = Counted(seen=one, count=1 if before is None else before.count + 1)
    return list(totals.values())
