"""The alarm as its events leave it."""

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from cartbridge.domain.alarm.lifecycle import State
from cartbridge.domain.model import Strict

AlarmKind = Literal[
    "connection_silent",  # a platform that should speak does not
    "hook_disabled",  # a platform switched its hook off
    "token_refresh_failed",  # a platform does not accept our credentials any more
    "sorter_lag",  # what platforms sent waits to be looked at
    "dead_letters",  # errands that were given up
    "idle_transaction",  # a forgotten transaction slows every append
    "quarantine",  # messages that could not be understood or applied
    "outcome_unknown",  # after closing, nobody has told what became of carts
    "erasure_requested",  # customers asked to be forgotten, and people have to decide
]
GATEWAY: Final = "gateway"  # the subject of what concerns no connection and no store

Why = Annotated[str, Field(max_length=300)]


class Details(Strict):
    """How many there are, and why as far as it is known; never personal data, never a secret."""

    number: Annotated[int, Field(ge=0)] | None = None
    why: Why | None = None


class Alarm(Strict):
    """One alarm: what it tells of, since when, and whether it is over."""

    id: str  # alm_…
    version: int = 0
    state: State = State.NONE
    kind: AlarmKind | None = None  # None only before it was raised
    subject: str = GATEWAY  # a connection's or a store's id
    since: datetime | None = None
    details: Details = Details()
    told_at: datetime | None = None  # when its details were told last
    cleared_at: datetime | None = None
