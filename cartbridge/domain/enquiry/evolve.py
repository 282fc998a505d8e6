"""evolve: the enquiry after a fact. It never raises on what decide produced."""

from datetime import datetime
from typing import Any

from cartbridge.domain.enquiry import events as e
from cartbridge.domain.enquiry.lifecycle import OVER, State, following
from cartbridge.domain.enquiry.state import (
    Demonstration,
    Enquiry,
    Message,
    Schedule,
    waiting_in,
)
from cartbridge.domain.wanted import MessageWanted

Changes = dict[str, Any]


def evolve(enquiry: Enquiry, event: e.EnquiryEvent, occurred_at: datetime) -> Enquiry:
    """The enquiry once this event has happened to it, one version further."""
    state = following(enquiry.state, event.type)
    after = enquiry.with_changes(
        **_changes(enquiry, event, occurred_at),
        version=enquiry.version + 1,
        state=state,
        updated_at=occurred_at,
    )
    gone: Changes = {}
    if state is not State.SCHEDULED and after.schedule is not None:
        gone["schedule"] = None
    if state in OVER and after.waits:
        gone["waits"] = False
    after = after.with_changes(**gone) if gone else after
    at_store, by = waiting_in(after) or (None, None)
    return after.with_changes(at_store=at_store, at_store_by=by)


def _changes(enquiry: Enquiry, event: e.EnquiryEvent, at: datetime) -> Changes:
    match event:
        case e.Opened():
            told = event.model_dump(exclude={"type"}, exclude_none=True)
            opened: Changes = {name: getattr(event, name) for name in told}
            return opened | {"waits": True, "opened_at": at}
        case e.MessageAdded() | e.Answered() | e.Scheduled() | e.Demonstrated():
            return _heard(enquiry, event)
        case e.Assigned() | e.Unassigned() | e.Moved() | e.Reopened() | e.Closed():
            return _held(event)
        case e.TwinJoined() | e.TwinLeft() | e.MessageTold():
            return _twins(enquiry, event)
        case e.DetailsChanged():
            told = event.model_dump(exclude={"type", "due_at"}, exclude_none=True)
            return {name: getattr(event, name) for name in told} | _due(event.due_at)
        case e.CustomerIdentified():
            return {"customer": event.customer}
        case e.Linked(born=True):
            return {"carts": (*enquiry.carts, event.document)}
        case e.Linked():
            return {"linked": (*enquiry.linked, event.document)}
        case e.Cancelled() | MessageWanted():
            return {}


def _heard(
    enquiry: Enquiry, event: e.MessageAdded | e.Answered | e.Scheduled | e.Demonstrated
) -> Changes:
    match event:
        case e.MessageAdded():
            told = event.model_dump(exclude={"type", "message", "due_at"})
            message = Message(id=event.message, **told)
            return {"thread": (*enquiry.thread, message)} | _due(event.due_at)
        case e.Answered():
            return {"waits": False}
        case e.Scheduled():
            schedule = Schedule(at=event.at, store=event.store, staff=event.staff)
            return {"schedule": schedule, "waits": False}
        case e.Demonstrated():
            shown = Demonstration(
                at=event.at, items=event.items, store=event.store, staff=event.staff
            )
            return {"demonstrations": (*enquiry.demonstrations, shown), "waits": False}


def _held(event: e.Assigned | e.Unassigned | e.Moved | e.Reopened | e.Closed) -> Changes:
    match event:
        case e.Assigned():
            return {"staff": event.staff}
        case e.Unassigned():
            return {"staff": None}
        case e.Moved():
            return {"store": event.store, "team": event.team, "staff": None} | _due(event.due_at)
        case e.Reopened():
            return {"outcome": None} | _due(event.due_at)
        case e.Closed():
            return {"outcome": event.outcome}


def _due(due_at: datetime | None) -> Changes:
    return {} if due_at is None else {"due_at": due_at, "waits": True}


def _twins(enquiry: Enquiry, event: e.TwinJoined | e.TwinLeft | e.MessageTold) -> Changes:
    match event:
        case e.TwinJoined():
            others = tuple(twin for twin in enquiry.twins if twin.ref != event.twin.ref)
            return {"twins": (*others, event.twin)}
        case e.TwinLeft():
            twins = (
                twin.model_copy(update={"ended": True}) if twin.ref == event.ref else twin
                for twin in enquiry.twins
            )
            return {"twins": tuple(twins)}
        case e.MessageTold():
            there = str(event.ref)
            shown = (*enquiry.told.get(there, ()), event.message)
            return {"told": {**enquiry.told, there: shown}}
