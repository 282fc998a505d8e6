"""Which tills have to be shown a cart: the one that claimed it, or all where it is on offer."""

from uuid import UUID

from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.draft import Decided
from cartbridge.domain.twin import PlacedFor
from cartbridge.services.connectors import Link
from cartbridge.services.consequences import Errand, Links
from cartbridge.services.gateway import Gateway


async def placements(
    gateway: Gateway, tenant: UUID, decided: Decided, links: Links
) -> list[Errand]:
    """The errands that show a cart on tills; the connections they need are added to `links`."""
    todo = []
    for fact in decided.events:
        if isinstance(fact, e.Claimed):
            todo += await _claimed(gateway, tenant, decided, fact, links)
        elif isinstance(fact, e.HandoverOffered) and fact.direction == "to_store":
            todo += await _offered(gateway, tenant, decided, fact, links)
    return todo


async def _claimed(
    gateway: Gateway, tenant: UUID, decided: Decided, fact: e.Claimed, links: Links
) -> list[Errand]:
    """On the till that claimed it, where that till belongs to a connection that can be told."""
    terminal = await gateway.directory.terminals.get(tenant, fact.terminal)
    todo = []
    for name, till in sorted(terminal.external_ids.items()) if terminal is not None else ():
        link = await gateway.connectors.by_name(tenant, name)
        if link is None or link.placing != "on_claim":
            continue
        links[link.id] = link
        placing = PlacedFor(
            by=fact.claim, fence=fact.fence, store=fact.store, terminal=fact.terminal, till=till
        )
        todo.append(_errand(decided, link, placing))
    return todo


async def _offered(
    gateway: Gateway, tenant: UUID, decided: Decided, fact: e.HandoverOffered, links: Links
) -> list[Errand]:
    """In every system whose tills list what is on offer, of this brand and store."""
    todo = []
    for link in await gateway.connectors.on_offer(tenant):
        brand = link.connection.brand
        if brand in (None, decided.cart.brand) and await _sells_in(gateway, link, fact.store):
            links[link.id] = link
            todo.append(_errand(decided, link, PlacedFor(by=decided.cart.id, store=fact.store)))
    return todo


async def _sells_in(gateway: Gateway, link: Link, store: str | None) -> bool:
    if store is None:
        return True
    place = await gateway.directory.stores.get(link.tenant, store)
    return place is not None and link.id in place.external_ids


def _errand(decided: Decided, link: Link, placing: PlacedFor) -> Errand:
    within = link.lane(placing.till)
    return Errand(
        decided.cart.id, "place", on=link.id, placing=placing, within=within or placing.till
    )
