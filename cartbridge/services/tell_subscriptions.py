"""Putting what happened into the outbox of whoever wants to be told, each event once."""

from typing import Final

import structlog

from cartbridge.database.feed import BadCursor
from cartbridge.database.subscriptions import Wanting
from cartbridge.services.gateway import Gateway

log = structlog.get_logger(__name__)

PAGE: Final = 500
WAITING: Final = 1000  # so much waits for one receiver; the rest stays in the journal


async def tell_subscriptions(gateway: Gateway) -> int:
    """One turn for every subscription; how many messages that made.

    Crashes and rivals lose and double nothing: cursor and messages are written together, and only
    by whoever moves the cursor that it read.
    """
    made = 0
    for wanting in await gateway.subscriptions.active():
        made += await _tell(gateway, wanting)
    return made


async def _tell(gateway: Gateway, wanting: Wanting) -> int:
    try:
        if not await gateway.feed.wait_for_more(wanting.ahead, 0):
            return 0
        backlog = await gateway.outbox.backlog(wanting.tenant, wanting.id)
        if backlog.waiting >= WAITING:
            return 0
        events, cursor = await gateway.feed.headlines(
            wanting.tenant, wanting.ahead, wanting.types, PAGE
        )
    except BadCursor as error:  # an older copy of the database was restored
        log.error("subscription.cursor_lost", subscription=str(wanting.id), why=str(error))
        return 0
    moved = await gateway.subscriptions.advance(wanting, cursor, events)
    return len(events) if moved else 0
