"""A listing after a fact: the part of `evolve` that all kinds of listing share."""

from collections.abc import Callable
from typing import Any

from cartbridge.domain.line import Line
from cartbridge.domain.listing import events as e
from cartbridge.domain.listing.state import Listing
from cartbridge.domain.twin import Twin, TwinRef

Changes = dict[str, Any]


def changes_of(listing: Listing, event: e.Event) -> Changes:
    """What of a listing is another thing once this has happened; nothing for facts of its kind."""
    match event:
        case e.Started():
            told = event.model_dump(exclude={"type"}, exclude_none=True)
            return {name: getattr(event, name) for name in told}
        case e.CustomerIdentified():
            return {"customer": event.customer}
        case e.LineAdded() | e.LineChanged() | e.LineRemoved() | e.LinePriced():
            return _lines(listing, event)
        case e.TwinJoined() | e.TwinObserved() | e.WritePlanned() | e.TwinLeft():
            return _twins(listing, event)
        case _:
            return {}


def _lines(
    listing: Listing, event: e.LineAdded | e.LineChanged | e.LineRemoved | e.LinePriced
) -> Changes:
    match event:
        case e.LineAdded():
            notes = {**listing.notes, event.line.id: event.note} if event.note else listing.notes
            return {"lines": (*listing.lines, event.line), "notes": notes}
        case e.LineRemoved():
            notes = {line: note for line, note in listing.notes.items() if line != event.line}
            left = tuple(line for line in listing.lines if line.id != event.line)
            return {"lines": left, "notes": notes}
        case e.LineChanged():
            quantity = event.quantity
            return _line(listing, event.line, lambda line: line.with_quantity(quantity))
        case e.LinePriced():
            prices = event.prices
            return _line(
                listing, event.line, lambda line: line.model_copy(update={"prices": prices})
            )


def _twins(
    listing: Listing, event: e.TwinJoined | e.TwinObserved | e.WritePlanned | e.TwinLeft
) -> Changes:
    match event:
        case e.TwinJoined():
            others = tuple(twin for twin in listing.twins if twin.ref != event.twin.ref)
            return {"twins": (*others, event.twin)}
        case e.TwinObserved():
            seen = _twin(listing, event.ref, lambda twin: _observed(twin, event))
            if event.details is not None:
                seen["details"] = {**listing.details, str(event.ref): event.details}
            return seen
        case e.WritePlanned():
            write = event.write
            return _twin(
                listing,
                event.ref,
                lambda twin: twin.model_copy(update={"planned": (*twin.planned, write)}),
            )
        case e.TwinLeft():
            return _twin(listing, event.ref, lambda twin: twin.model_copy(update={"ended": True}))


def _observed(twin: Twin, event: e.TwinObserved) -> Twin:
    """Our writes up to the one that the twin holds are no longer under way."""
    ids = [planned.push_id for planned in twin.planned]
    rest = twin.planned
    if event.last_push in ids:
        rest = twin.planned[ids.index(event.last_push) + 1 :]
    return twin.model_copy(
        update={
            "shadow": event.shadow,
            "revision": event.revision,
            "last_push": event.last_push,
            "planned": rest,
            "refusals": event.refusals,
            "ended": False,
        }
    )


def _line(listing: Listing, line_id: str, change: Callable[[Line], Line]) -> Changes:
    lines = tuple(change(line) if line.id == line_id else line for line in listing.lines)
    return {"lines": lines}


def _twin(listing: Listing, ref: TwinRef, change: Callable[[Twin], Twin]) -> Changes:
    return {"twins": tuple(change(twin) if twin.ref == ref else twin for twin in listing.twins)}
