"""What operators ask of messages and dead letters, and what they are answered."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, model_validator

from cartbridge.database.inbox import MessageState
from cartbridge.domain.model import Strict
from cartbridge.http.moment import Moment

_Limit = Annotated[int, Field(ge=1, le=200, description="At most so many.")]
_Connection = Annotated[str | None, Field(description="Only of this connection: its name or id.")]
_Receiver = Annotated[
    str | None, Field(description="Only for this connection, or subscription: its name or id.")
]


class MessagesQuery(Strict):
    """Which messages, newest first."""

    state: Annotated[
        MessageState | None,
        Field(description="`quarantined` also finds messages of which only a part is."),
    ] = None
    connection: _Connection = None
    limit: _Limit = 50
    after: Annotated[str, Field(pattern=r"^msg_[0-9a-f]{32}$")] | None = None


class MessageQuery(Strict):
    """How much of a message to show."""

    body: Annotated[
        bool,
        Field(description="With what was sent: only for keys with the scope `bodies`; logged."),
    ] = False


class PartAnswer(Strict):
    """What became of one part of a message; a lane is the twin it speaks of."""

    ordinal: int
    lane: str
    state: str
    attempts: int
    reason: str | None
    done_at: datetime | None


class Content(Strict):
    """What a platform sent: text where it is text, else base64; secret headers are blotted out."""

    method: str
    headers: tuple[tuple[str, str], ...]
    text: str | None = None
    base64: str | None = None


class MessageAnswer(Strict):
    """A message that came in, and what became of it."""

    id: str
    connection: str
    received_at: datetime
    size: int
    state: MessageState
    reason: str | None
    parts: tuple[PartAnswer, ...]


class MessageShown(MessageAnswer):
    """A message; `content` is null unless it was asked for, and once it is forgotten."""

    content: Content | None = None


class Messages(Strict):
    """A page of messages."""

    items: tuple[MessageAnswer, ...]
    next: str | None


class ReplayRequest(Strict):
    """What to do again: of a connection, of a time, or both; at least one of the three."""

    connection: str | None = None
    since: Moment | None = None
    until: Moment | None = None

    @model_validator(mode="after")
    def _bounded(self) -> "ReplayRequest":
        if self.connection is None and self.since is None and self.until is None:
            raise ValueError("name a connection, since or until; all at once is never meant")
        return self


class ReplayAnswer(Strict):
    """How many are done again; what is not put aside any more is left as it is."""

    replayed: int


class DeadLettersQuery(Strict):
    """Which dead letters, oldest first."""

    connection: _Receiver = None
    limit: _Limit = 50
    after: Annotated[str, Field(pattern=r"^out_[0-9a-f]{32}$")] | None = None


class DeadLetterAnswer(Strict):
    """A message that could not be brought out and was given up, and why.

    `connection` is where it should have gone: a connection's name, or a subscription's id (sub_…).
    """

    id: str
    kind: str
    connection: str | None
    document: str | None
    created_at: datetime
    attempts: int
    reason: str | None


class DeadLetters(Strict):
    """A page of dead letters."""

    items: tuple[DeadLetterAnswer, ...]
    next: str | None
