"""The directory: retailers, their brands, stores, terminals, connections and keys."""

import re
import secrets
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, get_args
from uuid import UUID

import asyncpg

from cartbridge.database.api_keys import ApiKey, ApiKeys, Principal, Role
from cartbridge.database.attempts import Attempts
from cartbridge.database.both_sides import RetailerRules
from cartbridge.database.connection import Database
from cartbridge.database.connections import Connection, Connections, ConnectionState
from cartbridge.database.pairing import Paired, Pairing
from cartbridge.database.places import (
    AlreadyThere,
    NotThere,
    Places,
    Sighting,
    StillUsed,
    Terminals,
)
from cartbridge.database.places import Kind as PlaceKind
from cartbridge.database.pointers import shard_of_key
from cartbridge.database.queries import queries
from cartbridge.database.remembered import Clock, Remembered
from cartbridge.database.vault import Vault
from cartbridge.domain.ids import make_id, named, uuid_of
from cartbridge.domain.store import Brand, Store

__all__ = [
    "AlreadyThere",
    "ApiKey",
    "Connection",
    "ConnectionState",
    "Directory",
    "NotThere",
    "Paired",
    "Principal",
    "Role",
    "Sighting",
    "StillUsed",
    "Tenant",
]

TENANT_PREFIX: Final = "ten"
_HOME: Final = "Europe/Paris"  # of a brand without a store


@dataclass(frozen=True, slots=True)
class Tenant:
    """One retailer."""

    id: str  # ten_…
    slug: str
    name: str
    locale: str = "fr-FR"

    @property
    def uuid(self) -> UUID:
        """The bare id, as the other tables know it."""
        return uuid_of(self.id)


class Tenants:
    """All retailers of this installation."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("directory")

    async def add(self, slug: str, name: str, locale: str = "fr-FR") -> Tenant:
        """Add a retailer; AlreadyThere if another one has that slug."""
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", slug):
            raise ValueError("a slug is lower-case letters, digits and dashes")
        entropy = secrets.token_bytes(10)
        slot = int.from_bytes(entropy[8:], "big") >> 4
        identifier = make_id(TENANT_PREFIX, datetime.now(UTC), slot, entropy[:8])
        tenant = Tenant(identifier, slug, name, locale)
        try:
            async with self._database.tenant(tenant.uuid) as db:
                await db.execute(self._sql["add_tenant"], tenant.uuid, slug, name, locale)
        except asyncpg.UniqueViolationError:
            raise AlreadyThere(f"there is a retailer {slug} already") from None
        return tenant

    async def list(self) -> Sequence[Tenant]:
        """Every retailer by slug: for the installation's own tools, never for a caller."""
        async with self._database.connection() as db:
            rows = await db.fetch(self._sql["list_tenants"])
        return [
            Tenant(named(TENANT_PREFIX, row["tenant"]), row["slug"], row["name"], row["locale"])
            for row in rows
        ]

    async def get(self, slug_or_id: str) -> Tenant | None:
        """The retailer of that slug or id."""
        return next((one for one in await self.list() if slug_or_id in (one.slug, one.id)), None)

    async def update(self, tenant: Tenant) -> None:
        """Change the name and the locale of a retailer; NotThere if there is none of that id."""
        async with self._database.tenant(tenant.uuid) as db:
            changed = await db.fetchval(
                self._sql["update_tenant"], tenant.uuid, tenant.name, tenant.locale
            )
        if changed is None:
            raise NotThere(f"there is no retailer {tenant.id}")

    async def remove(self, tenant: Tenant) -> bool:
        """Remove a retailer that has nothing (StillUsed); says whether it was there."""
        async with self._database.tenant(tenant.uuid) as db:
            if await db.fetchval(self._sql["tenant_used"], tenant.uuid):
                raise StillUsed(
                    "the retailer has brands, connections, live keys or carts: remove them first"
                )
            removed = await db.fetchval(self._sql["remove_tenant"], tenant.uuid)
        return removed is not None


class Directory:
    """Who and what there is. Another retailer's ids are simply not found.

    What every request asks for is remembered for five seconds at most.
    """

    def __init__(self, database: Database, vault: Vault, clock: Clock = time.monotonic) -> None:
        self._database = database
        self.tenants = Tenants(database)
        self.rules = RetailerRules(database, clock)
        self.brands: Places[Brand] = Places(database, "brand", Brand, clock)
        self.stores: Places[Store] = Places(database, "store", Store, clock)
        self.terminals = Terminals(database, clock)
        self.connections = Connections(database, vault, clock)
        self.keys = ApiKeys(database, clock)
        self.pairing = Pairing(database, vault)
        self._homes: Remembered[str] = Remembered(clock)
        self._attempts = Attempts(database)
        self.count_failure = self._attempts.count_failure
        self.locked = self._attempts.locked

    async def authenticate(self, key: str) -> Principal | None:
        """Whose API key this is; None if unknown or revoked (five seconds ago at most)."""
        return await self.keys.authenticate(key)

    async def connection_by_hook(self, hook: str) -> Connection | None:
        """The connection that is called by this hook."""
        return await self.connections.by_hook(hook)

    async def names(self, tenant: UUID) -> dict[PlaceKind, dict[str, str]]:
        """What people call the retailer's brands, stores and terminals, by kind and id."""
        shard = shard_of_key(tenant.bytes, self._database.shards)
        async with self._database.tenant(tenant) as db:
            rows = await db.fetch(queries("directory")["list_names"], shard, tenant)
        names: dict[PlaceKind, dict[str, str]] = {kind: {} for kind in get_args(PlaceKind)}
        for row in rows:
            names[row["kind"]][row["id"]] = row["name"]
        return names

    async def time_zone(self, tenant: UUID, brand: str | None) -> str:
        """Where a brand, or the whole retailer, is at home: in the zone of most of its stores."""
        found = await self._homes.get((tenant, brand), lambda: self._home(tenant, brand))
        return found or _HOME

    async def _home(self, tenant: UUID, brand: str | None) -> str:
        stores = await self.stores.list(tenant, parent=brand)
        zones = Counter(store.time_zone for store in stores)
        return zones.most_common(1)[0][0] if zones else _HOME
