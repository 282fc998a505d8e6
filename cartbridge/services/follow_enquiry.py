"""What follows from an enquiry's new facts: what was written is shown where it was asked, too."""

from uuid import UUID

from cartbridge.domain.decided import Decided
from cartbridge.domain.enquiry.events import MessageAdded
from cartbridge.domain.enquiry.state import Enquiry
from cartbridge.services.errand import Errand, Links
from cartbridge.services.follow_cart import passes
from cartbridge.services.gateway import Gateway
from cartbridge.services.machine import Follow


async def follow_enquiry(
    gateway: Gateway, tenant: UUID, before: Enquiry, decided: Decided[Enquiry], links: Links
) -> Follow:
    """An errand for each new message and each counterpart that can be told it and does not have it.

    Where the message came from is not told it again.
    """
    enquiry = decided.document
    able = [
        twin.ref
        for twin in enquiry.twins
        if not twin.ended
        and (link := links.get(twin.ref.connection)) is not None
        and link.can("answer_enquiries")
    ]
    answers = [
        Errand(enquiry.id, "answer", ref, details=(("message", event.message),))
        for event in decided.events
        if isinstance(event, MessageAdded)
        for ref in able
        if event.connection != ref.connection
    ]
    return Follow([*answers, *passes(decided)])
