"""What is found by a hash: one row that names the document, written once and first."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from cartbridge.database.connection import Database
from cartbridge.database.gathering import Gathering, values
from cartbridge.database.queries import queries
from cartbridge.domain.ids import shard_of_slot

PointerKind = Literal["twin", "code", "short_code", "pass", "receipt", "identifier", "claim"]


def slot_of_key(key: bytes) -> int:
    """The slot of what is found by this key: the first twelve bits of its SHA-256."""
    return int.from_bytes(hashlib.sha256(key).digest()[:2], "big") >> 4


def shard_of_key(key: bytes, shards: int) -> int:
    """The shard of what is found by this key, dealt out as slots are."""
    return shard_of_slot(slot_of_key(key), shards)


@dataclass(frozen=True, slots=True)
class Owned:
    """Whose a pass or a code is, and the document it names."""

    tenant: UUID
    target: UUID


class _Claim(NamedTuple):
    shard: int
    tenant: UUID
    kind: PointerKind
    key: bytes
    target: UUID
    expires_at: datetime | None


class _Find(NamedTuple):
    shard: int
    tenant: UUID
    kind: PointerKind
    key: bytes
    lapsed: bool


class Pointers:
    """Hashes that lead to documents; the hash is made by the caller and never reversible here."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("pointers")
        self._claims: Gathering[_Claim, UUID] = Gathering(values(database, self._sql["claim"]))
        self._finds: Gathering[_Find, UUID | None] = Gathering(values(database, self._sql["find"]))

    async def claim_pointer(
        self,
        tenant: UUID,
        kind: PointerKind,
        key: bytes,
        target: UUID,
        expires_at: datetime | None = None,
    ) -> UUID:
        """Write the pointer once and answer whom it names: this target, or who came first.

        One that has expired is replaced.
        """
        claim = _Claim(self._shard(key), tenant, kind, key, target, expires_at)
        return await self._claims.ask(claim)

    async def find(
        self, tenant: UUID, kind: PointerKind, key: bytes, *, lapsed: bool = False
    ) -> UUID | None:
        """The document this key names; with `lapsed` also if the pointer has expired."""
        return await self._finds.ask(_Find(self._shard(key), tenant, kind, key, lapsed))

    async def find_owner(self, kind: Literal["pass", "code"], key: bytes) -> Owned | None:
        """Whose a pass or code is, lapsed or not: its address names no retailer."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(self._sql["owner"], self._shard(key), kind, key)
        return None if row is None else Owned(row["tenant"], row["target"])

    async def repoint(
        self, tenant: UUID, kind: PointerKind, key: bytes, old: UUID, new: UUID
    ) -> bool:
        """Let the key name another document, if it still names the old one."""
        async with self._database.tenant(tenant) as connection:
            moved = await connection.fetchval(
                self._sql["repoint"], self._shard(key), tenant, kind, key, old, new
            )
        return moved is not None

    async def drop(self, tenant: UUID, kind: PointerKind, key: bytes) -> bool:
        """Remove the pointer; says whether there was one."""
        async with self._database.tenant(tenant) as connection:
            dropped = await connection.fetchval(
                self._sql["drop"], self._shard(key), tenant, kind, key
            )
        return dropped is not None

    async def forget(self, older_than: timedelta) -> int:
        """Remove the pointers of all tenants that expired so long ago; answers how many."""
        removed = 0
        for shard in range(self._database.shards):
            async with self._database.connection() as connection:
                removed += await connection.fetchval(self._sql["forget"], shard, older_than)
        return removed

    def _shard(self, key: bytes) -> int:
        return shard_of_key(key, self._database.shards)
