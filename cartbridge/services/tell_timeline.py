"""The timeline of a cart in words, with the names people know instead of ids."""

from uuid import UUID

from cartbridge.domain.ids import is_id
from cartbridge.pages.names import Names
from cartbridge.pages.timeline import Entry, tell
from cartbridge.pages.told import Told
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem


async def tell_timeline(
    gateway: Gateway, tenant: UUID, cart_id: str, locale: str, time_zone: str
) -> list[Entry]:
    """Who did what, where and when, oldest first; Problem not_found if it is nobody's cart."""
    if not is_id(cart_id, "crt"):
        raise Problem("not_found", what="cart")
    told = [
        Told(
            event=stored.event if stored.event is not None else stored.facts,
            version=stored.version,
            occurred_at=stored.header.occurred_at,
            recorded_at=stored.recorded_at,
            actor_kind=stored.header.actor.kind,
            connection=stored.header.connection,
            store=stored.header.store,
            terminal=stored.header.terminal,
            staff=stored.header.staff,
        )
        for stored in await gateway.documents.history(tenant, cart_id)
    ]
    if not told:
        raise Problem("not_found", what="cart")
    return tell(told, await names_of(gateway, tenant), locale, time_zone)


async def names_of(gateway: Gateway, tenant: UUID) -> Names:
    """What people call the stores and terminals of a retailer; a connection's id is its name."""
    names = await gateway.directory.names(tenant)
    return Names(stores=names["store"], terminals=names["terminal"])
