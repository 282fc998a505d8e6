"""What can be asked of an alarm."""

from dataclasses import dataclass
from datetime import datetime

from cartbridge.domain.alarm.state import AlarmKind, Details


@dataclass(frozen=True)
class RaiseAlarm:
    """It is so: raise the alarm, or keep it raised."""

    kind: AlarmKind
    subject: str
    since: datetime
    details: Details = Details()


@dataclass(frozen=True)
class ClearAlarm:
    """It is no longer so."""


Command = RaiseAlarm | ClearAlarm
