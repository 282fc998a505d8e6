"""Where a cart is put: on the till that claimed it, on all on offer, in a shop for a link."""

from uuid import UUID

from cartbridge.domain.cart import events as e
from cartbridge.domain.cart.state import Cart
from cartbridge.domain.decided import Decided
from cartbridge.domain.twin import PlacedFor
from cartbridge.services.connectors import Link
from cartbridge.services.errand import Errand, Links
from cartbridge.services.gateway import Gateway


async def placements(
    gateway: Gateway, tenant: UUID, decided: Decided[Cart], links: Links
) -> list[Errand]:
    """The errands that show a cart on tills; the connections they need are added to `links`."""
    todo = []
    for fact in decided.events:
        if isinstance(fact, e.Claimed):
            todo += await _claimed(gateway, tenant, decided, fact, links)
        elif isinstance(fact, e.HandoverOffered) and fact.direction == "to_store":
            todo += await _offered(gateway, tenant, decided, fact, links)
        elif isinstance(fact, e.HandoverOffered):
            todo += await _linked(gateway, tenant, decided, links)
    return todo


async def online_shop(gateway: Gateway, tenant: UUID, cart: Cart) -> Link | None:
    """The shop a to-online code leads to: where the cart has a twin, else the brand's first."""
    known = [twin.ref.connection for twin in cart.twins if twin.ref.kind != "till_order"]
    return await shop_for(gateway, tenant, cart.brand, known)


async def shop_for(
    gateway: Gateway, tenant: UUID, brand: str | None, known: list[str]
) -> Link | None:
    """The shop that takes a document of a brand over: one that knows it before any other.

    A shop of that brand goes before one of none, and what is a shop alone before what has tills.
    """
    found = []
    for connection in await gateway.connectors.all_of(tenant):
        link = await gateway.connectors.usable(tenant, connection.slug)
        if link is None or (brand is not None and connection.brand not in (None, brand)):
            continue
        if link.can("continue_online") or link.placing == "on_link":
            found.append(link)
    return min(found, key=lambda link: _preference(link, known), default=None)


def _preference(link: Link, known: list[str]) -> tuple[int, bool, bool, str]:
    place = known.index(link.id) if link.id in known else len(known)
    tills = link.connector.manifest.kind == "pos"
    return place, link.connection.brand is None, tills, link.id


async def _claimed(
    gateway: Gateway, tenant: UUID, decided: Decided[Cart], fact: e.Claimed, links: Links
) -> list[Errand]:
    """On the till that claimed it, where that till belongs to a connection that can be told."""
    terminal = await gateway.directory.terminals.get(tenant, fact.terminal)
    todo = []
    for name, till in sorted(terminal.external_ids.items()) if terminal is not None else ():
        link = await gateway.connectors.usable(tenant, name)
        if link is None or link.placing != "on_claim":
            continue
        links[link.id] = link
        placing = PlacedFor(
            by=fact.claim, fence=fact.fence, store=fact.store, terminal=fact.terminal, till=till
        )
        todo.append(_errand(decided, link, placing))
    return todo


async def _offered(
    gateway: Gateway, tenant: UUID, decided: Decided[Cart], fact: e.HandoverOffered, links: Links
) -> list[Errand]:
    """In every system whose tills list what is on offer, of this brand and store."""
    todo = []
    for link in await gateway.connectors.on_offer(tenant):
        brand = link.connection.brand
        if brand in (None, decided.document.brand) and await _sells_in(gateway, link, fact.store):
            links[link.id] = link
            todo.append(_errand(decided, link, PlacedFor(by=decided.document.id, store=fact.store)))
    return todo


async def _linked(
    gateway: Gateway, tenant: UUID, decided: Decided[Cart], links: Links
) -> list[Errand]:
    """As an order of its own, in a shop that has no other way to take a cart over."""
    link = await online_shop(gateway, tenant, decided.document)
    if link is None or link.can("continue_online"):
        return []
    links[link.id] = link
    return [_errand(decided, link, PlacedFor(by=decided.document.id))]


async def _sells_in(gateway: Gateway, link: Link, store: str | None) -> bool:
    if store is None:
        return True
    place = await gateway.directory.stores.get(link.tenant, store)
    return place is not None and link.id in place.external_ids


def _errand(decided: Decided[Cart], link: Link, placing: PlacedFor) -> Errand:
    within = link.lane(placing.till)
    return Errand(
        decided.document.id, "place", on=link.id, placing=placing, within=within or placing.till
    )
