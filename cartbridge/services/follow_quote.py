"""What follows from a quote's facts: its twins are told, the pass of a message is opened."""

from typing import Any
from uuid import UUID

from cartbridge.domain.decided import Decided
from cartbridge.domain.quote.state import Quote, details
from cartbridge.services.errand import Links
from cartbridge.services.follow_cart import passes
from cartbridge.services.follow_listing import follow_listing
from cartbridge.services.gateway import Gateway
from cartbridge.services.machine import Follow

_follow_twins = follow_listing("push_quotes", details)


async def follow_quote(
    gateway: Gateway, tenant: UUID, before: Quote, decided: Decided[Any], links: Links
) -> Follow:
    """Writes for twins that do not show what they should, and passes that messages lead to."""
    follow = await _follow_twins(gateway, tenant, before, decided, links)
    return Follow([*follow.errands, *passes(decided)], follow.leases)
