"""What can happen to an alarm: immutable facts in the past tense, one class each."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, TypeAdapter

from cartbridge.domain.alarm.state import AlarmKind, Details
from cartbridge.domain.model import Strict


class Event(Strict):
    """A fact about one alarm. `type` and `schema_version` never change once released."""

    schema_version: ClassVar[int] = 1


class AlarmRaised(Event):
    """Something began that an operator has to know."""

    type: Literal["alarm.raised"] = "alarm.raised"
    kind: AlarmKind
    subject: str
    since: datetime
    details: Details = Details()


class AlarmUpdated(Event):
    """It goes on, and its details are others now; told once an hour at most."""

    type: Literal["alarm.updated"] = "alarm.updated"
    kind: AlarmKind
    subject: str
    details: Details


class AlarmCleared(Event):
    """It is over."""

    type: Literal["alarm.cleared"] = "alarm.cleared"
    kind: AlarmKind
    subject: str
    since: datetime


AlarmEvent = Annotated[AlarmRaised | AlarmUpdated | AlarmCleared, Field(discriminator="type")]

_ADAPTER: Final[TypeAdapter[AlarmEvent]] = TypeAdapter(AlarmEvent)


def parse(body: dict[str, Any]) -> AlarmEvent:
    """The event that a stored body holds."""
    return _ADAPTER.validate_python(body)
