"""Showing a message where its enquiry was asked: at least once, and never twice under its name."""

import json
import uuid

from cartbridge.database.outbox import OutboxMessage
from cartbridge.domain.enquiry import commands as c
from cartbridge.domain.enquiry.lifecycle import State
from cartbridge.domain.enquiry.state import Enquiry
from cartbridge.domain.twin import TwinRef
from cartbridge.sdk import errors
from cartbridge.sdk.contract import ThreadMessage
from cartbridge.services.carry_out import carry_out
from cartbridge.services.connectors import Link
from cartbridge.services.find_document import document_of_twin
from cartbridge.services.gateway import Gateway
from cartbridge.services.machines import ENQUIRY
from cartbridge.services.observe_enquiry import lose_enquiry
from cartbridge.services.observe_twin import Cause, caller_for
from cartbridge.services.refresh_credentials import call_platform


async def answer_enquiry(gateway: Gateway, link: Link, ref: TwinRef, errand: OutboxMessage) -> None:
    """Tells the platform the message that the errand names, unless it is known to show it."""
    known = await document_of_twin(gateway, link.tenant, ENQUIRY, ref)
    name = json.loads(errand.payload)["message"]
    wire = None if known is None else _wire(known, name)
    if known is None or wire is None or not link.can("answer_enquiries"):
        return
    twin = known.twin(ref)
    if twin is None or twin.ended or name in known.told.get(str(ref), ()):
        return
    try:
        await call_platform(
            gateway, link, lambda remote: link.connector.answer_enquiry(ref, wire, remote)
        )
    except errors.Ignore:
        await lose_enquiry(gateway, link, ref, Cause(command=uuid.uuid5(errand.id, "gone")))
        return

    async def make(now: Enquiry) -> c.NoteTold:
        return c.NoteTold(ref, name)

    command = uuid.uuid5(errand.id, "told")
    await carry_out(gateway, caller_for(link), ENQUIRY, known.id, command, make)


def _wire(enquiry: Enquiry, name: str) -> ThreadMessage | None:
    """The message as the connector is given it; what closed the enquiry closes it there, too."""
    message = enquiry.message(name)
    if message is None:
        return None
    last = next((x for x in reversed(enquiry.thread) if x.author == "staff"), None)
    return ThreadMessage(
        name=message.id,
        at=message.at,
        channel=message.channel,
        author=message.author,
        staff=message.staff,
        text=message.text,
        closes=enquiry.state is State.CLOSED and message is last,
    )
