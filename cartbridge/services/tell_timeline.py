"""The timeline of a cart in words, with the names people know instead of ids."""

from uuid import UUID

from cartbridge.pages.names import Names
from cartbridge.pages.timeline import Entry, tell
from cartbridge.pages.told import Told
from cartbridge.services.gateway import Gateway


async def tell_timeline(
    gateway: Gateway, tenant: UUID, cart_id: str, locale: str, time_zone: str
) -> list[Entry]:
    """Who did what, where and when, oldest first."""
    told = [
        Told(
            event=stored.event if stored.event is not None else stored.facts,
            version=stored.version,
            occurred_at=stored.header.occurred_at,
            recorded_at=stored.recorded_at,
            actor_kind=stored.header.actor.kind,
            actor_id=stored.header.actor.id,
            channel=stored.header.channel,
            connection=stored.header.connection,
            store=stored.header.store,
            terminal=stored.header.terminal,
            staff=stored.header.staff,
        )
        for stored in await gateway.documents.history(tenant, cart_id)
    ]
    return tell(told, await names_of(gateway, tenant), locale, time_zone)


async def names_of(gateway: Gateway, tenant: UUID) -> Names:
    """What people call the stores, terminals and connections of a retailer."""
    stores = await gateway.directory.stores.list(tenant)
    terminals = await gateway.directory.terminals.list(tenant)
    connections = await gateway.directory.connections.list(tenant)
    return Names(
        stores={store.id: store.name for store in stores},
        terminals={terminal.id: terminal.name for terminal in terminals},
        connections={connection.slug: connection.slug for connection in connections},
    )
