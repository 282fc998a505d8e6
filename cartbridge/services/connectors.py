"""The installed connectors, found by entry point, and the connections made of them."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib import invalidate_caches
from importlib.metadata import entry_points
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from cartbridge.database.directory import Connection, Directory
from cartbridge.domain.ids import is_id, named, uuid_of
from cartbridge.domain.twin import TwinRef, Writes
from cartbridge.sdk.contract import Connector, Placing, Remote
from cartbridge.services.problems import Problem

GROUP: Final = "cartbridge.connectors"
_LINKS: Final = 10_000  # kept ready at most


@dataclass(frozen=True)
class Link:
    """One connection, ready to be used: its connector and its settings, secrets included."""

    connection: Connection
    connector: Connector
    settings: Any = field(repr=False)

    @property
    def id(self) -> str:
        """The connection's name, as documents and people use it."""
        return self.connection.slug

    @property
    def tenant(self) -> UUID:
        """The retailer it belongs to."""
        return self.connection.tenant

    @property
    def writes(self) -> Writes:
        """How its twins can be written, with these settings."""
        return self.connector.writes(self.settings)

    @cached_property
    def uuid(self) -> UUID:
        """Its bare id, as the inbox knows it."""
        return uuid_of(self.connection.id)

    def lane(self, till: str | None) -> str | None:
        """The lane its connector asks for, by what the till is called there."""
        return self.connector.lane(till, self.settings)

    @property
    def placing(self) -> Placing:
        """When carts are put on this system, with these settings."""
        return self.connector.placing(self.settings) if self.can("place") else "never"

    def can(self, capability: str) -> bool:
        """Whether the connector declares this; what is not declared is not called."""
        return capability in self.connector.capabilities(self.settings)

    def remote(self, client: Any, credentials: Mapping[str, str] | None = None) -> Remote:
        """What its async parts are given."""
        return Remote(self.settings, client, credentials or {})


class Connectors:
    """Finds the link behind a connection; a connector is loaded when first needed."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._found = {entry.name: entry for entry in entry_points(group=GROUP)}
        self._loaded: dict[str, Connector] = {}
        self._links: dict[str, Link] = {}

    @property
    def names(self) -> list[str]:
        """The names of all installed connectors."""
        return sorted(self._found)

    def connector(self, name: str) -> Connector:
        """The connector of that name; Problem if it is not installed."""
        if name not in self._loaded:
            if name not in self._found:  # perhaps it was installed since
                invalidate_caches()
                self._found = {entry.name: entry for entry in entry_points(group=GROUP)}
            if name not in self._found:
                raise Problem("connector_unknown", name=name, known=", ".join(self.names))
            self._loaded[name] = self._found[name].load()()
        return self._loaded[name]

    def settings(self, name: str, values: Mapping[str, Any]) -> Any:
        """The settings of a connection, checked against what its connector asks for."""
        model = self.connector(name).manifest.settings
        try:
            return model.model_validate(dict(values))
        except ValidationError as error:
            faults = tuple(
                {"field": ".".join(map(str, fault["loc"])), "why": fault["msg"]}
                for fault in error.errors(include_input=False, include_url=False)
            )
            raise Problem("invalid_request", errors=faults) from None

    def link(self, connection: Connection) -> Link:
        """The link of a connection that was looked up already; made once for each look-up."""
        link = self._links.get(connection.id)
        if link is None or link.connection is not connection:
            connector = self.connector(connection.connector)
            settings = self.settings(connection.connector, connection.settings)
            link = Link(connection=connection, connector=connector, settings=settings)
            if len(self._links) >= _LINKS:
                self._links.clear()
            self._links[connection.id] = link
        return link

    def remembered(self, hook: str) -> Link | None:
        """As `by_hook`, if its connection was looked up in the last seconds; else None."""
        connection = self._directory.connections.known_by_hook(hook)
        return None if connection is None else self.link(connection)

    async def by_hook(self, hook: str) -> Link | None:
        """The link behind an unguessable hook id."""
        connection = await self._directory.connection_by_hook(hook)
        return None if connection is None else self.link(connection)

    async def by_id(self, tenant: UUID, connection: UUID) -> Link | None:
        """The link of a tenant's connection, by its bare id."""
        return await self.by_name(tenant, named("con", connection))

    async def by_name(self, tenant: UUID, name: str) -> Link | None:
        """The link of a tenant's connection, by its name or its id."""
        connections = self._directory.connections
        if is_id(name, "con"):
            connection = await connections.get(tenant, name)
        else:
            connection = await connections.get_by_slug(tenant, name)
        return None if connection is None else self.link(connection)

    async def on_offer(self, tenant: UUID) -> list[Link]:
        """The connections whose tills are shown a cart as soon as it is on offer."""
        links = [await self.usable(tenant, one.slug) for one in await self.all_of(tenant)]
        return [link for link in links if link is not None and link.placing == "on_offer"]

    async def all_of(self, tenant: UUID) -> Sequence[Connection]:
        """The tenant's connections."""
        return await self._directory.connections.list(tenant)

    async def usable(self, tenant: UUID, name: str) -> Link | None:
        """As `by_name`; None too if its connector is gone, or refuses its settings.

        For what is done beside a till's call, which must not fail by it.
        """
        with suppress(Problem):
            return await self.by_name(tenant, name)
        return None

    async def of(self, tenant: UUID, ref: TwinRef) -> Link:
        """The link a twin is on; Problem if the connection was removed."""
        link = await self.by_name(tenant, ref.connection)
        if link is None:
            raise Problem("not_found", what="connection")
        return link
