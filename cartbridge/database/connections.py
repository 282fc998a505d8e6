"""Connections: the configured instances of connectors, and the hooks by which they are called."""

import hashlib
import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

import asyncpg

from cartbridge.database.connection import Database
from cartbridge.database.credentials import Credentials
from cartbridge.database.places import AlreadyThere, NotThere
from cartbridge.database.pointers import shard_of_key, slot_of_key
from cartbridge.database.queries import queries
from cartbridge.database.remembered import Clock, Remembered
from cartbridge.database.texts import is_storable
from cartbridge.database.vault import Vault
from cartbridge.domain.cart.state import Channel
from cartbridge.domain.ids import make_id, named, uuid_of

CONNECTION_PREFIX: Final = "con"
BROWSE_PREFIX: Final = "brw"
_HOOK_BYTES: Final = 16  # 128 bits
ConnectionState = Literal["active", "paused"]


@dataclass(frozen=True)
class Connection:
    """One configured instance of a connector. Its settings hold secrets: `shown` is for people."""

    id: str  # con_…
    tenant: UUID
    slug: str
    connector: str
    brand: str | None
    channel: Channel
    state: ConnectionState
    hook: str = field(repr=False)
    settings: Mapping[str, Any] = field(repr=False)
    shown: Mapping[str, Any] = field(repr=False)
    last_heard_at: datetime | None = None
    browse_origins: tuple[str, ...] = ()  # whose pages may tell what is looked at

    @property
    def browse_id(self) -> str:
        """Its public name (brw_…), by which browsers tell what is looked at: no secret."""
        return named(BROWSE_PREFIX, uuid_of(self.id))


class Connections:
    """The retailer's connections: what an operator sets up, and what the connector keeps."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self._credentials = Credentials(vault)
        self._sql = queries("directory")
        self._by_id: Remembered[Connection] = Remembered(clock)
        self._by_hook: Remembered[Connection] = Remembered(clock)
        self._by_browse_id: Remembered[Connection] = Remembered(clock)

    async def add(
        self,
        tenant: UUID,
        slug: str,
        connector: str,
        settings: Mapping[str, Any],
        *,
        secret: Collection[str] = (),
        brand: str | None = None,
        channel: Channel = "web",
        hook: str | None = None,
    ) -> Connection:
        """Add a connection and its hook (128 bits, unguessable, unless one is given).

        `secret` names the settings to encrypt. AlreadyThere if the slug or the hook is taken.
        """
        slot = slot_of_key(tenant.bytes)
        identifier = make_id(CONNECTION_PREFIX, datetime.now(UTC), slot, secrets.token_bytes(8))
        hook = hook or secrets.token_urlsafe(_HOOK_BYTES)
        sealed = self._credentials.seal(tenant, uuid_of(identifier), settings, secret)
        row = (uuid_of(identifier), slug, connector, brand, channel, sealed, hook)
        try:
            async with self._database.tenant(tenant) as db:
                await db.execute(self._sql["add_connection"], self._shard(tenant), tenant, *row)
                await db.execute(self._sql["add_hook"], *self._hook(tenant, hook, identifier))
        except asyncpg.UniqueViolationError:
            raise AlreadyThere(
                f"there is a connection {slug} already, or its hook is used"
            ) from None
        added = await self._read(tenant, "read_connection", uuid_of(identifier))
        if added is None:
            raise NotThere(f"the connection {slug} was removed at once")
        return added

    async def get(self, tenant: UUID, identifier: str) -> Connection | None:
        """The connection of that id (con_…); remembered for a few seconds."""
        return await self._by_id.get(
            (tenant, identifier),
            lambda: self._read(tenant, "read_connection", uuid_of(identifier)),
        )

    async def get_by_slug(self, tenant: UUID, slug: str) -> Connection | None:
        """The connection of that name, such as `web-fr`; remembered for a few seconds."""
        if not is_storable(slug):
            return None
        return await self._by_id.get(
            (tenant, "slug", slug), lambda: self._read(tenant, "read_connection_by_slug", slug)
        )

    async def by_hook(self, hook: str) -> Connection | None:
        """The connection that is called by this hook, whatever its state; the work is constant."""
        digest = _hook_hash(hook)
        return await self._by_hook.get(digest, lambda: self._find(digest))

    def known_by_hook(self, hook: str) -> Connection | None:
        """As `by_hook`, if it was looked up in the last seconds; else None."""
        return self._by_hook.known(_hook_hash(hook))

    async def list(self, tenant: UUID) -> Sequence[Connection]:
        """The retailer's connections by slug."""
        async with self._database.tenant(tenant) as db:
            rows = await db.fetch(self._sql["list_connections"], self._shard(tenant), tenant)
        return [self._opened(tenant, row) for row in rows]

    async def update(
        self,
        tenant: UUID,
        identifier: str,
        *,
        settings: Mapping[str, Any] | None = None,
        secret: Collection[str] = (),
        state: ConnectionState | None = None,
        brand: str | None = None,
        channel: Channel | None = None,
    ) -> Connection:
        """Change what is given and leave the rest; NotThere if there is no such connection.

        Settings replace all earlier ones, secret ones included.
        """
        connection = uuid_of(identifier)
        sealed = None
        if settings is not None:
            sealed = self._credentials.seal(tenant, connection, settings, secret)
        async with self._database.tenant(tenant) as db:
            row = await db.fetchrow(
                self._sql["update_connection"],
                self._shard(tenant),
                tenant,
                connection,
                sealed,
                state,
                brand,
                channel,
            )
        if row is None:
            raise NotThere(f"there is no connection {identifier}")
        self.forget()
        return self._opened(tenant, row)

    async def remove(self, tenant: UUID, identifier: str) -> bool:
        """Remove the connection and its hook; what came in by it stays. Says whether it was."""
        place = (self._shard(tenant), tenant, uuid_of(identifier))
        async with self._database.tenant(tenant) as db:
            hook = await db.fetchval(self._sql["remove_connection"], *place)
            if hook is not None:
                shard, _, digest, _ = self._hook(tenant, hook, identifier)
                await db.execute(self._sql["remove_hook"], shard, tenant, digest)
                await db.execute(self._sql["remove_hook"], *self._browse_name(identifier, tenant))
                await db.execute(self._sql["forget_credential"], *place)
                await db.execute(self._sql["forget_duties"], *place[:2], identifier)
        self.forget()
        return hook is not None

    async def cursor(self, tenant: UUID, identifier: str) -> Any:
        """Where the connector's last look ended: its own JSON, None at first."""
        place = (self._shard(tenant), tenant, uuid_of(identifier))
        async with self._database.tenant(tenant) as db:
            kept = await db.fetchval(self._sql["read_cursor"], *place)
        return None if kept is None else json.loads(kept)

    async def keep_cursor(self, tenant: UUID, identifier: str, cursor: Any) -> None:
        """Keep where the connector's look ended."""
        place = (self._shard(tenant), tenant, uuid_of(identifier))
        async with self._database.tenant(tenant) as db:
            await db.execute(self._sql["keep_cursor"], *place, json.dumps(cursor))

    async def heard(self, tenant: UUID, identifier: str) -> None:
        """Note that the platform spoke to us, at most every ten seconds."""
        place = (self._shard(tenant), tenant, uuid_of(identifier))
        async with self._database.tenant(tenant) as db:
            await db.execute(self._sql["connection_heard"], *place)

    async def may_be_silent(self, tenant: UUID, identifier: str, hours: int | None) -> None:
        """For how long it may be silent: 0 for ever, None as long as any connection."""
        place = (self._shard(tenant), tenant, uuid_of(identifier))
        async with self._database.tenant(tenant) as db:
            found = await db.fetchval(self._sql["connection_silence"], *place, hours)
        if found is None:
            raise NotThere(f"there is no connection {identifier}")

    async def let_browse(self, tenant: UUID, identifier: str, origins: Sequence[str]) -> None:
        """Whose pages, by their origins, may tell what is looked at; none: nobody's may."""
        place = (self._shard(tenant), tenant, uuid_of(identifier))
        name = self._browse_name(identifier, tenant)
        async with self._database.tenant(tenant) as db:
            found = await db.fetchval(self._sql["let_browse"], *place, list(origins))
            if found is None:
                raise NotThere(f"there is no connection {identifier}")
            if origins:
                await db.execute(self._sql["find_by_name"], *name, uuid_of(identifier))
            else:
                await db.execute(self._sql["remove_hook"], *name)
        self.forget()

    async def by_browse_id(self, browse_id: str) -> Connection | None:
        """The connection of that public name (brw_…), if it lets anybody's pages tell."""
        digest = _browse_hash(browse_id)
        return await self._by_browse_id.get(digest, lambda: self._find(digest))

    def forget(self) -> None:
        """Look up again from now on."""
        self._by_id.forget()
        self._by_hook.forget()
        self._by_browse_id.forget()

    async def _find(self, digest: bytes) -> Connection | None:
        shard = shard_of_key(digest, self._database.shards)
        async with self._database.connection() as db:
            row = await db.fetchrow(self._sql["find_hook"], shard, digest)
        if row is None:
            return None
        return await self._read(row["tenant"], "read_connection", row["connection"])

    async def _read(self, tenant: UUID, query: str, key: UUID | str) -> Connection | None:
        async with self._database.tenant(tenant) as db:
            row = await db.fetchrow(self._sql[query], self._shard(tenant), tenant, key)
        return None if row is None else self._opened(tenant, row)

    def _opened(self, tenant: UUID, row: Any) -> Connection:
        stored = row["settings"]
        return Connection(
            id=named(CONNECTION_PREFIX, row["id"]),
            tenant=tenant,
            slug=row["slug"],
            connector=row["connector"],
            brand=row["brand"],
            channel=row["channel"],
            state=row["state"],
            hook=row["hook"],
            settings=self._credentials.open(tenant, row["id"], stored),
            shown=self._credentials.shown(stored),
            last_heard_at=row["last_heard_at"],
            browse_origins=tuple(row["browse_origins"]),
        )

    def _shard(self, tenant: UUID) -> int:
        return shard_of_key(tenant.bytes, self._database.shards)

    def _hook(self, tenant: UUID, hook: str, connection: str) -> tuple[int, UUID, bytes, UUID]:
        digest = _hook_hash(hook)
        shard = shard_of_key(digest, self._database.shards)
        return shard, tenant, digest, uuid_of(connection)

    def _browse_name(self, connection: str, tenant: UUID) -> tuple[int, UUID, bytes]:
        digest = _browse_hash(named(BROWSE_PREFIX, uuid_of(connection)))
        return shard_of_key(digest, self._database.shards), tenant, digest


def _browse_hash(browse_id: str) -> bytes:
    return hashlib.sha256(b"browse " + browse_id.encode("utf-8", "surrogatepass")).digest()


def _hook_hash(hook: str) -> bytes:
    return hashlib.sha256(b"hook " + hook.encode("utf-8", "surrogatepass")).digest()
