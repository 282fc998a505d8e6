"""API keys: who may call what. Only a hash of a key is kept; the key is shown once."""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

from cartbridge.database.connection import Database
from cartbridge.database.pointers import shard_of_key, slot_of_key
from cartbridge.database.queries import queries
from cartbridge.database.remembered import Clock, Remembered
from cartbridge.domain.ids import make_id, named, uuid_of

KEY_PREFIX: Final = "key"
MARK: Final = "cb_"  # lets secret scanners find a key that slipped into a repository
_SECRET_BYTES: Final = 32  # 43 url-safe characters
Role = Literal["shop", "pos", "ops"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: a retailer's key, its role and what it is limited to."""

    tenant: UUID
    key: str  # key_…
    role: Role
    connection: UUID | None = None
    store: str | None = None
    terminal: str | None = None
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as an operator sees it: everything but the key."""

    id: str  # key_…
    role: Role
    label: str
    connection: UUID | None
    store: str | None
    terminal: str | None
    scopes: frozenset[str]
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


class ApiKeys:
    """The retailer's keys. A revoked key is refused by every gateway within five seconds."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._sql = queries("directory")
        self._principals: Remembered[Principal] = Remembered(clock)

    async def issue(
        self,
        tenant: UUID,
        role: Role,
        label: str,
        *,
        connection: UUID | None = None,
        store: str | None = None,
        terminal: str | None = None,
        scopes: Collection[str] = (),
    ) -> tuple[str, str]:
        """A new key: its id (key_…) and the key itself, which nobody can show again."""
        key = MARK + secrets.token_urlsafe(_SECRET_BYTES)
        digest = _digest(key)
        identifier = make_id(
            KEY_PREFIX, datetime.now(UTC), slot_of_key(digest), secrets.token_bytes(8)
        )
        async with self._database.tenant(tenant) as db:
            await db.execute(
                self._sql["add_key"],
                shard_of_key(digest, self._database.shards),
                tenant,
                digest,
                uuid_of(identifier),
                role,
                label,
                connection,
                store,
                terminal,
                sorted(scopes),
            )
        return identifier, key

    async def authenticate(self, key: str) -> Principal | None:
        """Whose key this is; None for one that is unknown, revoked or no key at all.

        The work is the same whatever the text is: one hash, one look-up by the hash.
        """
        digest = _digest(key)
        return await self._principals.get(digest, lambda: self._find(digest))

    async def list(self, tenant: UUID) -> Sequence[ApiKey]:
        """The retailer's keys, revoked ones too, oldest first."""
        async with self._database.tenant(tenant) as db:
            rows = await db.fetch(self._sql["list_keys"], tenant)
        return [_shown(row) for row in rows]

    async def revoke(self, tenant: UUID, identifier: str) -> bool:
        """Refuse the key from now on; False if there is none or it was revoked before."""
        async with self._database.tenant(tenant) as db:
            revoked = await db.fetchval(self._sql["revoke_key"], tenant, uuid_of(identifier))
        self._principals.forget()
        return revoked is not None

    async def revoke_terminal(self, tenant: UUID, terminal: str) -> int:
        """Refuse every key of a terminal, as when it is stolen or removed; how many."""
        async with self._database.tenant(tenant) as db:
            rows = await db.fetch(self._sql["revoke_terminal_keys"], tenant, terminal)
        self._principals.forget()
        return len(rows)

    async def _find(self, digest: bytes) -> Principal | None:
        shard = shard_of_key(digest, self._database.shards)
        async with self._database.connection() as db:
            row = await db.fetchrow(self._sql["find_key"], shard, digest)
        if row is None:
            return None
        return Principal(
            row["tenant"],
            named(KEY_PREFIX, row["id"]),
            row["role"],
            row["connection"],
            row["store"],
            row["terminal"],
            frozenset(row["scopes"]),
        )


def _digest(key: str) -> bytes:
    """A plain hash is enough: a key is 256 random bits, nothing a list of words could find."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _shown(row: Any) -> ApiKey:
    fields = dict(row)
    return ApiKey(
        **{**fields, "id": named(KEY_PREFIX, row["id"]), "scopes": frozenset(row["scopes"])}
    )
