"""A wish list or quote as a platform shows it, on its way into ours."""

from collections.abc import Callable, Mapping
from typing import Any

from cartbridge.domain.cart.state import Channel, Origin
from cartbridge.domain.listing import commands as c
from cartbridge.domain.listing.draft import L
from cartbridge.domain.twin import Snapshot, TwinRef
from cartbridge.services.carry_out import Done, carry_out
from cartbridge.services.connectors import Link
from cartbridge.services.find_cart import new_id
from cartbridge.services.find_document import document_for_twin, document_of_twin
from cartbridge.services.gateway import Gateway
from cartbridge.services.listings import ListingKind
from cartbridge.services.observe_twin import Cause, caller_for
from cartbridge.services.recognise_shopper import recognised


async def observe_listing(
    gateway: Gateway,
    link: Link,
    kind: ListingKind[L],
    ref: TwinRef,
    snapshot: Snapshot,
    cause: Cause,
    command: Callable[[c.Observe], Any],
    details: Mapping[str, str] | None = None,
) -> Done[L]:
    """The three-way merge of a snapshot into the listing behind it; the first one begins it.

    `command` makes the kind's own command of what was seen; `details`: what it shows beside lines.
    """
    look = await document_for_twin(gateway, link.tenant, kind.machine, ref)
    before = look.document
    snapshot = await recognised(gateway, link, snapshot, before.customer, before.consent)
    channel: Channel = link.connection.channel or "web"

    async def make(now: L) -> Any:
        return command(
            c.Observe(
                ref=ref,
                snapshot=snapshot,
                projection=link.connector.project(now.lines, link.settings),
                line_ids=tuple(new_id(gateway, "lin") for _ in snapshot.lines),
                origin=Origin(channel=channel, connection=link.id),
                brand=link.connection.brand,
                details=details,
            )
        )

    return await carry_out(
        gateway,
        caller_for(link),
        kind.machine,
        look.document.id,
        cause.command,
        make,
        occurred_at=snapshot.at,
        marks=cause.marks,
        causation=cause.message,
        look=look,
    )


async def lose_listing(
    gateway: Gateway, link: Link, kind: ListingKind[L], ref: TwinRef, cause: Cause
) -> Done[L] | None:
    """The platform no longer has it; None if we never had it either."""
    known = await document_of_twin(gateway, link.tenant, kind.machine, ref)
    if known is None:
        return None

    async def make(now: L) -> c.LoseTwin:
        return c.LoseTwin(ref)

    return await carry_out(
        gateway,
        caller_for(link),
        kind.machine,
        known.id,
        cause.command,
        make,
        marks=cause.marks,
        causation=cause.message,
    )
