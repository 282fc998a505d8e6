"""What follows from a listing's new facts: the writes that keep its twins in step."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from cartbridge.domain.decided import Decided
from cartbridge.domain.listing.observing import in_step
from cartbridge.domain.listing.state import Listing
from cartbridge.domain.projection import basket_of
from cartbridge.domain.twin import Twin
from cartbridge.sdk.contract import Capability
from cartbridge.services.connectors import Link
from cartbridge.services.errand import Errand, Links
from cartbridge.services.follow_cart import passes
from cartbridge.services.gateway import Gateway
from cartbridge.services.machine import Follow, Following


def follow_listing(
    capability: Capability, details: Callable[[Any], Mapping[str, str]]
) -> Following:
    """A write for each twin that does not show what it should, where it can be told."""

    async def follow(
        gateway: Gateway, tenant: UUID, before: Listing, decided: Decided[Any], links: Links
    ) -> Follow:
        document = decided.document
        todo = [
            Errand(document.id, "write", twin.ref)
            for twin in document.twins
            if (link := links.get(twin.ref.connection)) is not None
            and listing_due(document, twin, link, capability, details(document))
        ]
        return Follow([*todo, *passes(decided)])

    return follow


def listing_due(
    document: Listing,
    twin: Twin,
    link: Link,
    capability: Capability,
    details: Mapping[str, str],
) -> bool:
    """Whether a twin does not show what it should, and can be told."""
    if twin.ended or not document.settled or link.writes == "none" or not link.can(capability):
        return False
    return not is_in_step(document, twin, link, details)


def is_in_step(document: Listing, twin: Twin, link: Link, details: Mapping[str, str]) -> bool:
    """Whether a twin shows what it should; one that cannot be told the rest is judged by lines."""
    shown = basket_of(link.connector.project(document.wanted, link.settings))
    return in_step(document, twin, shown, details)
