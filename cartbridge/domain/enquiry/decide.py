"""decide: which facts a command on an enquiry leads to, or why it may not happen. Pure."""

from datetime import datetime
from typing import Any

from cartbridge.domain.decided import Decided, Decision
from cartbridge.domain.enquiry import commands as c
from cartbridge.domain.enquiry import events as e
from cartbridge.domain.enquiry import handling, seeing, thread
from cartbridge.domain.enquiry.draft import Draft
from cartbridge.domain.enquiry.state import Enquiry
from cartbridge.domain.refusals import Refused, Refusing


def decide(
    enquiry: Enquiry, command: c.Command, now: datetime, happened_at: datetime | None = None
) -> Decision | Refused:
    """The facts the command leads to, on the enquiry and the cart born of it, or a refusal."""
    draft = Draft(enquiry, now, happened_at or now)
    try:
        cart = _dispatch(draft, command)
    except Refusing as refusing:
        return refusing.refused
    return (draft.decided,) if cart is None else (draft.decided, cart)


def _dispatch(draft: Draft, command: c.Command) -> Decided[Any] | None:
    match command:
        case c.BeginCart():
            return handling.begin_cart(draft, command)
        case c.Open():
            begun = (command.message, command.linked, command.ref)
            seeing.begin(draft, command.opened, *begun)
        case c.See() | c.SeeMessage() | c.LoseTwin() | c.NoteTold():
            _there(draft, command)
        case c.Write():
            thread.write(draft, command.message, command.due_at)
        case c.Close():
            thread.close(draft, command)
        case c.Reopen():
            thread.reopen(draft, command)
        case c.Change():
            handling.change(draft, command)
        case c.SetDate():
            handling.set_date(draft, command)
        case c.NoteDemonstration():
            handling.note_demonstration(draft, command)
    return None


def _there(draft: Draft, command: c.See | c.SeeMessage | c.LoseTwin | c.NoteTold) -> None:
    match command:
        case c.See():
            seeing.see(draft, command)
        case c.SeeMessage():
            seeing.see_message(draft, command)
        case c.LoseTwin():
            seeing.lose_twin(draft, command.ref)
        case c.NoteTold():
            if command.message not in draft.enquiry.told.get(str(command.ref), ()):
                draft.tell(e.MessageTold(ref=command.ref, message=command.message))
