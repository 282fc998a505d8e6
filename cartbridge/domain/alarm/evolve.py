"""evolve: the alarm after a fact. It never raises on what decide produced."""

from datetime import datetime
from typing import Any

from cartbridge.domain.alarm import events as e
from cartbridge.domain.alarm.lifecycle import following
from cartbridge.domain.alarm.state import Alarm


def evolve(alarm: Alarm, event: e.AlarmEvent, occurred_at: datetime) -> Alarm:
    """The alarm once this event has happened to it, one version further."""
    changes: dict[str, Any] = {}
    match event:
        case e.AlarmRaised():
            changes = {
                "kind": event.kind,
                "subject": event.subject,
                "since": event.since,
                "details": event.details,
                "told_at": occurred_at,
            }
        case e.AlarmUpdated():
            changes = {"details": event.details, "told_at": occurred_at}
        case e.AlarmCleared():
            changes = {"cleared_at": occurred_at}
    state = following(alarm.state, event.type)
    return alarm.model_copy(update={**changes, "state": state, "version": alarm.version + 1})
