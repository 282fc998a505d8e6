"""The timeline: a document's events in words, who, where and when, for a store manager."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from pydantic import ConfigDict

from cartbridge.domain.cart import events as e
from cartbridge.domain.enquiry import events as enquiry
from cartbridge.domain.model import Strict
from cartbridge.domain.quote import events as quote
from cartbridge.domain.wanted import MessageWanted
from cartbridge.domain.wishlist import events as wishlist
from cartbridge.pages.cart_sentences import CART_SENTENCES
from cartbridge.pages.enquiry_sentences import ENQUIRY_SENTENCES
from cartbridge.pages.names import Names, in_a_list
from cartbridge.pages.quote_sentences import QUOTE_SENTENCES
from cartbridge.pages.store_sentences import STORE_SENTENCES
from cartbridge.pages.told import Known, Sentence, Speaker, Told
from cartbridge.pages.wishlist_sentences import WISHLIST_SENTENCES
from cartbridge.pages.words import Words


def _message_wanted(event: MessageWanted, by: Speaker) -> Sentence:
    return Sentence("message_wanted", {"what": by.words.text(f"wanted.{event.template}")})


SENTENCES: Final[dict[type[Any], Callable[[Any, Speaker], Sentence]]] = {
    **CART_SENTENCES,
    **STORE_SENTENCES,
    **WISHLIST_SENTENCES,
    **QUOTE_SENTENCES,
    **ENQUIRY_SENTENCES,
    MessageWanted: _message_wanted,
}
# How a stored body of each kind of document is understood.
_PARSERS: Final[dict[str, Callable[[dict[str, Any]], Strict]]] = {
    "cart": e.parse,
    "wishlist": wishlist.parse,
    "quote": quote.parse,
    "enquiry": enquiry.parse,
    "message": MessageWanted.model_validate,
}

_AT_A_TERMINAL: Final = (e.Claimed, e.Sold, e.SaleReportedLate, e.LinesReturned)
_LATE: Final = timedelta(minutes=10)  # the delay from which it matters when we learnt of it


@dataclass(slots=True)
class Entry:
    """One event in words. `text` is the whole sentence; the parts serve a table."""

    # Its own, or it would take over that of the answer it stands in, and promise no more fields.
    __pydantic_config__: ClassVar = ConfigDict(extra="ignore")

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
    telling = _Telling(Words.for_locale(locale), names, time_zone)
    return [telling.entry(told) for told in events]


class _Telling:
    """One telling: what it knows by now, and what it has put into words already."""

    def __init__(self, words: Words, names: Names, time_zone: str) -> None:
        self._words = words
        self._names = names
        self._time_zone = time_zone
        self._known = Known()
        self._moments: dict[float, tuple[str, str]] = {}
        self._places: dict[tuple[str, str], str] = {}
        self._speakers: dict[str | None, Speaker] = {}

    def entry(self, told: Told) -> Entry:
        """The event in words; what it brought is known to the sentences that follow."""
        event, type_ = _event(told)
        where = self._where(told, event)
        if event is None:
            sentence = Sentence("unknown", {"type": type_})
        else:
            sentence = SENTENCES[type(event)](event, self._speaker(told))
            self._known.learn(event)
        what = self._words.text(f"timeline.{sentence.key}", **sentence.params)
        date, time = self._moment(told.occurred_at)
        erased = event is not None and event is not told.event
        text = self._text(told, time, where, what, erased)
        return Entry(
            version=told.version,
            type=type_,
            at=told.occurred_at,
            date=date,
            time=time,
            where=where,
            what=what,
            staff=told.staff,
            text=self._with_delay(told, date, text),
            minor=sentence.minor,
            erased=erased,
        )

    def _speaker(self, told: Told) -> Speaker:
        here = told.connection if told.store is None else None
        speaker = self._speakers.get(here)
        if speaker is None:
            speaker = self._speakers[here] = Speaker(
                self._words, self._names, self._known, here, self._time_zone
            )
        return speaker

    def _moment(self, at: datetime) -> tuple[str, str]:
        """The day and the time of a moment, put into words once for all events of that minute."""
        minute = at.timestamp() // 60
        moment = self._moments.get(minute)
        if moment is None:
            words, zone = self._words, self._time_zone
            moment = self._moments[minute] = words.date(at, zone), words.time(at, zone)
        return moment

    def _where(self, told: Told, event: Strict | None) -> str | None:
        store, terminal = told.store, told.terminal
        if isinstance(event, _AT_A_TERMINAL):
            store, terminal = event.store or store, event.terminal if event.store else terminal
        if store is not None and terminal is not None:
            return self._place(store, terminal)
        if store is not None:
            return self._names.store(store)
        return self._names.connection(told.connection) if told.connection is not None else None

    def _place(self, store: str, terminal: str) -> str:
        place = self._places.get((store, terminal))
        if place is None:
            name = in_a_list(self._words, self._names.terminal(terminal))
            place = self._words.text(
                "timeline.place", store=self._names.store(store), terminal=name
            )
            self._places[store, terminal] = place
        return place

    def _text(self, told: Told, time: str, where: str | None, what: str, erased: bool) -> str:
        words = self._words
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
        return text

    def _with_delay(self, told: Told, day: str, text: str) -> str:
        if told.recorded_at - told.occurred_at < _LATE:
            return text
        date, time = self._moment(told.recorded_at)
        if date == day:
            return self._words.text("timeline.late", text=text, time=time)
        return self._words.text("timeline.late_day", text=text, date=date, time=time)


def _event(told: Told) -> tuple[Strict | None, str]:
    """The event as this version understands it, if it does, and its type."""
    if isinstance(told.event, Strict):
        return told.event, str(getattr(told.event, "type", ""))
    type_ = str(told.event.get("type", ""))
    try:
        return _PARSERS.get(type_.partition(".")[0], e.parse)(dict(told.event)), type_
    except ValueError:  # not one of the events this version knows
        return None, type_
