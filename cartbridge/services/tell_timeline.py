"""The timeline of a document in words, with the names people know instead of ids."""

from typing import Any
from uuid import UUID

from cartbridge.domain.ids import is_id
from cartbridge.pages.names import Names
from cartbridge.pages.timeline import Entry, tell
from cartbridge.pages.told import Told
from cartbridge.services.gateway import Gateway
from cartbridge.services.machine import Machine
from cartbridge.services.machines import CART
from cartbridge.services.problems import Problem


async def tell_timeline(
    gateway: Gateway,
    tenant: UUID,
    document: str,
    locale: str,
    time_zone: str,
    machine: Machine[Any, Any] = CART,
) -> list[Entry]:
    """Who did what, where and when, oldest first; Problem not_found if it is nobody's."""
    if not is_id(document, machine.prefix):
        raise Problem("not_found", what=machine.what)
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
        for stored in await gateway.documents.history(tenant, document)
    ]
    if not told:
        raise Problem("not_found", what=machine.what)
    return tell(told, await names_of(gateway, tenant), locale, time_zone)


async def names_of(gateway: Gateway, tenant: UUID) -> Names:
    """What people call the stores and terminals of a retailer; a connection's id is its name."""
    names = await gateway.directory.names(tenant)
    return Names(stores=names["store"], terminals=names["terminal"])
