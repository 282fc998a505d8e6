"""The sorter: which documents each new message speaks of, in the order they arrived."""

import structlog

from cartbridge.database.inbox import Delivery, InboxRow, PartKey, Sorted
from cartbridge.domain.ids import made_at
from cartbridge.domain.twin import TwinRef
from cartbridge.sdk.contract import Raw
from cartbridge.sdk.errors import Unreadable
from cartbridge.services.connectors import Link
from cartbridge.services.gateway import Gateway

log = structlog.get_logger(__name__)


async def sort_inbox(gateway: Gateway, limit: int = 100) -> int:
    """Sorts what is new; what cannot be read is put aside where an operator sees it."""
    rows = await gateway.inbox.take_new(limit)
    found = [await _sorted(gateway, row) for row in rows]
    if found:
        await gateway.inbox.settle(found)
    return len(rows)


async def _sorted(gateway: Gateway, row: InboxRow) -> Sorted:
    link = await gateway.connectors.by_id(row.tenant, row.connection)
    if link is None:
        return Sorted(row, (), "ignored", "the connection was removed")
    try:
        parts = _parts(link, raw_of(gateway, link, row.message, row.delivery))
    except Unreadable as error:
        return Sorted(row, (), "quarantined", str(error))
    except ValueError:  # its text may repeat what was sent: a reason is read by operators
        return Sorted(row, (), "quarantined", "it names a document by no plain id")
    except Exception as error:  # a connector's fault must not stop the sorter
        log.exception("inbox.sort_failed", message=row.message, connection=link.id)
        return Sorted(row, (), "quarantined", f"the connector failed: {type(error).__name__}")
    if not parts:
        return Sorted(row, (), "ignored", "speaks of nothing that concerns us")
    return Sorted(row, tuple(parts))


def _parts(link: Link, raw: Raw) -> list[PartKey]:
    parts = []
    for named in link.connector.identify(raw, link.settings):
        ref = TwinRef(connection=link.id, kind=named.kind, external_id=named.external_id)
        dedup = None if named.dedup is None else named.dedup.encode()
        parts.append(PartKey(ref=ref, revision=named.revision, dedup=dedup))
    return parts


def raw_of(gateway: Gateway, link: Link, message: str, delivery: Delivery) -> Raw:
    """The request as it came, at the moment its message was given its id."""
    return Raw(
        method=delivery.method,
        url=f"{gateway.public_url}/v1/hooks/{link.connection.hook}",
        headers=dict(delivery.headers),
        body=delivery.body,
        received_at=made_at(message),
    )
