"""What is written in an enquiry, by whomever and wherever, and what it leads to."""

from datetime import datetime

from cartbridge.domain.enquiry import commands as c
from cartbridge.domain.enquiry import events as e
from cartbridge.domain.enquiry.draft import Draft
from cartbridge.domain.enquiry.lifecycle import OVER, State
from cartbridge.domain.enquiry.state import Message
from cartbridge.domain.refusals import Refusing
from cartbridge.domain.wanted import wanted

_HEARD = (State.ANSWERED, State.CLOSED)


def write(draft: Draft, message: Message, due_at: datetime) -> None:
    """A message of hers takes up again what was answered or closed; one of ours answers.

    While she waits already, writing again does not make her wait longer.
    """
    if draft.enquiry.message(message.id) is not None:
        return
    asks = message.author == "customer"
    anew = due_at if asks and not draft.enquiry.waits else None
    told = message.model_dump(exclude={"id"})
    draft.tell(e.MessageAdded(message=message.id, due_at=anew, **told))
    if not asks:
        draft.tell(e.Answered(message=message.id, staff=message.staff))
        _tell_her(draft, message)
    elif draft.enquiry.state in _HEARD:
        take_up(draft, due_at)


def _tell_her(draft: Draft, message: Message) -> None:
    """An answer of ours is worth a message to her; that of a platform it tells her itself."""
    if message.connection is None:
        now = draft.enquiry
        draft.tell(*wanted("enquiry_answered", now.id, now.customer, {}, now.locale, now.brand))


def take_up(draft: Draft, due_at: datetime) -> None:
    """It is open again, and with whoever had it."""
    had = draft.enquiry.staff
    draft.tell(e.Reopened(due_at=None if draft.enquiry.waits else due_at))
    if had is not None:
        draft.tell(e.Assigned(staff=had))


def reopen(draft: Draft, command: c.Reopen) -> None:
    """Taken up again by us; one that is being worked on stays as it is."""
    if draft.enquiry.state in (*_HEARD, State.SCHEDULED):
        take_up(draft, command.due_at)
    elif draft.enquiry.state in OVER:
        raise Refusing("enquiry_not_open")


def close(draft: Draft, command: c.Close) -> None:
    """Closed with an outcome; closed already, it stays as it was closed."""
    if draft.enquiry.state is State.CLOSED:
        return
    last = command.message
    if last is not None:
        write(draft, last, draft.now)
    draft.tell(e.Closed(outcome=command.outcome, message=last.id if last is not None else None))
