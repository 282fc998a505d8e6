"""decide: which facts a command leads to. Pure: time is an argument."""

from datetime import datetime, timedelta
from typing import Final

from cartbridge.domain.alarm import commands as c
from cartbridge.domain.alarm import events as e
from cartbridge.domain.alarm.lifecycle import may
from cartbridge.domain.alarm.state import Alarm

TOLD_AGAIN_AFTER: Final = timedelta(hours=1)  # a number that grows is no news every second


def decide(alarm: Alarm, command: c.Command, now: datetime) -> tuple[e.AlarmEvent, ...]:
    """The facts the command leads to; none if everything is told already, or the alarm is over."""
    fact = _raise(alarm, command, now) if isinstance(command, c.RaiseAlarm) else _clear(alarm)
    return (fact,) if fact is not None and may(alarm.state, fact.type) else ()


def _raise(alarm: Alarm, command: c.RaiseAlarm, now: datetime) -> e.AlarmEvent | None:
    if alarm.told_at is None:
        return e.AlarmRaised(
            kind=command.kind,
            subject=command.subject,
            since=command.since,
            details=command.details,
        )
    if command.details == alarm.details or now - alarm.told_at < TOLD_AGAIN_AFTER:
        return None
    return e.AlarmUpdated(kind=command.kind, subject=alarm.subject, details=command.details)


def _clear(alarm: Alarm) -> e.AlarmEvent | None:
    if alarm.kind is None or alarm.since is None:
        return None
    return e.AlarmCleared(kind=alarm.kind, subject=alarm.subject, since=alarm.since)
