"""Taking in an enquiry as a platform tells it: its form, its messages, that it is gone."""

from cartbridge.domain.enquiry import commands as c
from cartbridge.domain.enquiry import events as e
from cartbridge.domain.enquiry.draft import Draft
from cartbridge.domain.enquiry.lifecycle import OVER, State
from cartbridge.domain.enquiry.state import Message
from cartbridge.domain.enquiry.thread import write
from cartbridge.domain.twin import Twin, TwinRef


def begin(
    draft: Draft,
    opened: e.Opened,
    message: Message | None,
    linked: tuple[str, ...],
    ref: TwinRef | None,
) -> None:
    """An enquiry begins, with the first thing that was asked."""
    draft.tell(opened)
    if ref is not None:
        draft.tell(e.TwinJoined(twin=Twin(ref=ref)))
    link(draft, linked)
    if message is not None:
        write(draft, message, opened.due_at)


def link(draft: Draft, documents: tuple[str, ...]) -> None:
    """It is about these, each told once."""
    for document in documents:
        if document not in (*draft.enquiry.linked, *draft.enquiry.carts):
            draft.tell(e.Linked(document=document))


def see(draft: Draft, command: c.See) -> None:
    """The form, told for the first time or again; a platform closes it, and never opens it."""
    if draft.enquiry.version == 0:
        if command.closed and command.message is None and command.opened.subject is None:
            return  # closed before anything of it was told: there is nothing to keep
        begin(draft, command.opened, command.message, command.linked, command.ref)
    elif draft.enquiry.state is not State.CANCELLED:
        _fill_in(draft, command)
    if command.closed and draft.enquiry.state not in OVER:
        draft.tell(e.Closed(outcome="other", connection=command.ref.connection))


def see_message(draft: Draft, command: c.SeeMessage) -> None:
    """A message counts once, whoever tells it: an echo of ours is none of theirs."""
    if draft.enquiry.version == 0:
        begin(draft, command.opened, None, (), command.ref)
    if draft.enquiry.state is State.CANCELLED:
        return
    if not draft.enquiry.knows(command.ref.connection, command.message.name or ""):
        write(draft, command.message, command.opened.due_at)


def lose_twin(draft: Draft, ref: TwinRef) -> None:
    """Gone there. What was asked there, and never answered from here, is gone for good."""
    twin = draft.enquiry.twin(ref)
    if twin is None or twin.ended:
        return
    draft.tell(e.TwinLeft(ref=ref))
    ours = any(message.connection != ref.connection for message in draft.enquiry.thread)
    asked_there = draft.enquiry.origin.connection == ref.connection
    if asked_there and not ours and draft.enquiry.state not in OVER:
        draft.tell(e.Cancelled(connection=ref.connection))


def _fill_in(draft: Draft, command: c.See) -> None:
    known, told = draft.enquiry, command.opened
    fresh = {
        name: getattr(told, name)
        for name in ("kind", "subject", "items", "sale", "wished_at")
        if getattr(told, name) and not getattr(known, name)
    }
    if fresh:
        draft.tell(e.DetailsChanged(**fresh))
    if told.customer is not None and known.customer is None:
        draft.tell(e.CustomerIdentified(customer=told.customer))
    link(draft, command.linked)
    first = command.message
    if first is not None and not known.knows(command.ref.connection, first.name or ""):
        write(draft, first, told.due_at)
