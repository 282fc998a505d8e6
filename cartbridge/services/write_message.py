"""A message is written into an enquiry; with it, or without, it is closed or taken up again."""

from dataclasses import dataclass
from typing import Final

from cartbridge.database.idempotency import Attempt
from cartbridge.domain.enquiry import commands as c
from cartbridge.domain.enquiry.state import Author, Enquiry, Message, Outcome
from cartbridge.services.carry_out import carry_out
from cartbridge.services.enquiry_place import due_again
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.machines import ENQUIRY
from cartbridge.services.open_enquiry import message_id
from cartbridge.services.problems import Problem
from cartbridge.services.scanned_lines import channel_of

MAX_MESSAGES: Final = 500


@dataclass(frozen=True)
class Written:
    """What is written, by whom; None: on the channel of who calls."""

    text: str
    author: Author
    channel: str | None = None


async def write_message(
    gateway: Gateway, caller: Caller, enquiry: Enquiry, written: Written, attempt: Attempt
) -> Enquiry:
    """A message of staff answers it; one of hers takes up again what was answered or closed."""
    message = await _message(gateway, caller, enquiry, written, attempt)
    due_at = await due_again(gateway, caller.tenant, enquiry)

    async def make(now: Enquiry) -> c.Write:
        _check_room(now)
        return c.Write(message, due_at)

    done = await carry_out(gateway, caller, ENQUIRY, enquiry.id, attempt.command_id, make)
    return done.document


async def close_enquiry(
    gateway: Gateway,
    caller: Caller,
    enquiry: Enquiry,
    outcome: Outcome,
    text: str | None,
    attempt: Attempt,
) -> Enquiry:
    """Closed with that outcome; a last message tells her so, here and where she asked."""
    last = None
    if text is not None:
        written = Written(text, "staff")
        last = await _message(gateway, caller, enquiry, written, attempt)

    async def make(now: Enquiry) -> c.Close:
        return c.Close(outcome, last)

    done = await carry_out(gateway, caller, ENQUIRY, enquiry.id, attempt.command_id, make)
    return done.document


async def reopen_enquiry(
    gateway: Gateway, caller: Caller, enquiry: Enquiry, attempt: Attempt
) -> Enquiry:
    """Taken up again, by whoever had it."""
    due_at = await due_again(gateway, caller.tenant, enquiry)

    async def make(now: Enquiry) -> c.Reopen:
        return c.Reopen(due_at)

    done = await carry_out(gateway, caller, ENQUIRY, enquiry.id, attempt.command_id, make)
    return done.document


async def _message(
    gateway: Gateway, caller: Caller, enquiry: Enquiry, written: Written, attempt: Attempt
) -> Message:
    return Message(
        id=message_id(attempt, enquiry.id),
        channel=written.channel or await _channel(gateway, caller),
        author=written.author,
        staff=caller.staff if written.author == "staff" else None,
        text=written.text,
        at=gateway.clock(),
    )


async def _channel(gateway: Gateway, caller: Caller) -> str:
    if caller.connection is not None and caller.terminal is None:
        link = await gateway.connectors.by_name(caller.tenant, caller.connection)
        return (link.connection.channel if link is not None else None) or "web"
    if caller.role == "ops":
        return "call_centre"  # a team that sits in no store
    terminal = await gateway.directory.terminals.get(caller.tenant, caller.terminal or "")
    return channel_of(terminal)


def _check_room(enquiry: Enquiry) -> None:
    if len(enquiry.thread) >= MAX_MESSAGES:
        why = f"an enquiry holds {MAX_MESSAGES} messages at most: begin another one"
        raise Problem("invalid_request", errors=({"field": "text", "why": why},))
