"""Connections by the names that people use, for lists and filters."""

from uuid import UUID

from cartbridge.database.queues import Letter
from cartbridge.domain.ids import is_id, named, uuid_of
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem


async def connection_named(gateway: Gateway, tenant: UUID, name: str | None) -> UUID | None:
    """The bare id of a connection by its name or id; None if none is named, Problem if unknown.

    Where messages leave, a subscription stands for a connection: its id (sub_…) names it.
    """
    if name is None:
        return None
    if is_id(name, "sub"):
        return uuid_of(name)
    connections = gateway.directory.connections
    if is_id(name, "con"):
        found = await connections.get(tenant, name)
    else:
        found = await connections.get_by_slug(tenant, name)
    if found is None:
        raise Problem("not_found", what="connection")
    return uuid_of(found.id)


class ConnectionNames(dict[UUID, str]):
    """What a retailer's connections are called; one that was removed is called by its id."""

    def of(self, connection: UUID | None) -> str | None:
        """The name of a connection; None for what goes to none."""
        if connection is None:
            return None
        return self.get(connection) or named("con", connection)

    def receiver(self, letter: Letter) -> str | None:
        """Where a message goes: the name of a connection, or the id of a subscription (sub_…)."""
        if letter.kind == "event" and letter.connection is not None:
            return named("sub", letter.connection)
        return self.of(letter.connection)


async def connection_names(gateway: Gateway, tenant: UUID) -> ConnectionNames:
    """The names of all connections of a retailer."""
    every = await gateway.directory.connections.list(tenant)
    return ConnectionNames({uuid_of(one.id): one.slug for one in every})
