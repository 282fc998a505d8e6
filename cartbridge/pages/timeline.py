"""The timeline: a cart's events in words, who, where and when, for a store manager."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cartbridge.domain.cart import events as e
from cartbridge.domain.model import Strict
from cartbridge.pages.cart_sentences import CART_SENTENCES
from cartbridge.pages.names import Names, in_a_list
from cartbridge.pages.store_sentences import STORE_SENTENCES
from cartbridge.pages.told import Known, Sentence, Speaker, Told
from cartbridge.pages.words import Words

SENTENCES: Final = CART_SENTENCES | STORE_SENTENCES

_LATE: Final = timedelta(minutes=10)  # the delay from which it matters when we learnt of it


class Entry(Strict):
    """One event in words. `text` is the whole sentence; the parts serve a table."""

    version: int
    type: str
    at: datetime
    date: str
    time: str
    where: str | None
    what: str
    staff: str | None
    text: str
    minor: bool  # an echo or bookkeeping: a list may fold it away
    erased: bool  # personal data of it was erased


def tell(events: Sequence[Told], names: Names, locale: str | None, time_zone: str) -> list[Entry]:
    """A sentence per event, in the order given; begin at version 1, so that lines can be named."""
    words, known = Words.for_locale(locale), Known()
    return [_entry(told, words, names, known, time_zone) for told in events]


def _entry(told: Told, words: Words, names: Names, known: Known, time_zone: str) -> Entry:
    event, type_ = _event(told)
    where = _where(told, event, words, names)
    here = told.connection if told.store is None else None
    if event is None:
        sentence = Sentence("unknown", {"type": type_})
    else:
        sentence = SENTENCES[type(event)](event, Speaker(words, names, known, here))
        known.learn(event)
    what = words.text(f"timeline.{sentence.key}", **sentence.params)
    erased = event is not None and not isinstance(told.event, e.Event)
    return Entry(
        version=told.version,
        type=type_,
        at=told.occurred_at,
        date=words.date(told.occurred_at, time_zone),
        time=words.time(told.occurred_at, time_zone),
        where=where,
        what=what,
        staff=told.staff,
        text=_text(told, words, where, what, erased, time_zone),
        minor=sentence.minor,
        erased=erased,
    )


def _event(told: Told) -> tuple[e.Event | None, str]:
    """The event as this version understands it, if it does, and its type."""
    if isinstance(told.event, e.Event):
        return told.event, str(getattr(told.event, "type", ""))
    type_ = str(told.event.get("type", ""))
    try:
        return e.parse(dict(told.event)), type_
    except ValueError:  # not one of the events this version knows
        return None, type_


def _where(told: Told, event: e.Event | None, words: Words, names: Names) -> str | None:
    store, terminal = told.store, told.terminal
    if isinstance(event, e.Claimed | e.Sold | e.SaleReportedLate | e.LinesReturned):
        store, terminal = event.store or store, event.terminal if event.store else terminal
    if store is not None and terminal is not None:
        name = in_a_list(words, names.terminal(terminal))
        return words.text("timeline.place", store=names.store(store), terminal=name)
    if store is not None:
        return names.store(store)
    return names.connection(told.connection) if told.connection is not None else None


def _text(
    told: Told, words: Words, where: str | None, what: str, erased: bool, time_zone: str
) -> str:
    time = words.time(told.occurred_at, time_zone)
    if where is None:
        text = words.text("timeline.entry", time=time, what=what)
    else:
        text = words.text("timeline.entry_at", time=time, where=where, what=what)
    if told.staff is not None:
        text = words.text("timeline.by_staff", text=text, staff=told.staff)
    elif told.actor_kind == "operator":
        text = words.text("timeline.by_operator", text=text)
    if erased:
        text = words.text("timeline.erased", text=text)
    return _with_delay(told, words, text, time_zone)


def _with_delay(told: Told, words: Words, text: str, time_zone: str) -> str:
    if told.recorded_at - told.occurred_at < _LATE:
        return text
    date = words.date(told.recorded_at, time_zone)
    time = words.time(told.recorded_at, time_zone)
    if date == words.date(told.occurred_at, time_zone):
        return words.text("timeline.late", text=text, time=time)
    return words.text("timeline.late_day", text=text, date=date, time=time)
