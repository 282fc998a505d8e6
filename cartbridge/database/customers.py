"""What is known of customers, sealed by a key of each, and by what they are found."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from cartbridge.database.connection import Database
from cartbridge.database.keys import KeyRing
from cartbridge.database.pointers import shard_of_key
from cartbridge.database.queries import queries
from cartbridge.database.sealing import DataKey, place, unseal
from cartbridge.database.vault import Vault
from cartbridge.domain.ids import named, shard_of_slot, slot_of, uuid_of
from cartbridge.domain.known_customer import KnownCustomer

PREFIX: Final = "cus"
_MOST: Final = 20  # who are told apart when an identifier is shared; more are just as many


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a customer at one version; 0: nothing is kept of her yet."""

    known: KnownCustomer
    version: int = 0
    erasure_asked_at: datetime | None = None  # that somebody has to deal with


@dataclass(frozen=True, slots=True)
class ErasureAsked:
    """A customer who asked to be forgotten, and has not been yet."""

    customer: str
    asked_at: datetime


class Customers:
    """The retailer's customers. What a destroyed key sealed is as if it had never been told."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._keys = KeyRing(database, vault)
        self._sql = queries("customers")

    async def read(self, tenant: UUID, customer: str) -> Kept:
        """What is known of the customer of that id (cus_…); version 0 if it is nobody's."""
        identifier = uuid_of(customer)
        async with self._database.tenant(tenant) as db:
            row = await db.fetchrow(self._sql["read"], self._shard(customer), tenant, identifier)
        blank = Kept(KnownCustomer(id=customer))
        if row is None:
            return blank
        secret = self._keys.unwrapped(tenant, identifier, row["wrapped"])
        key = DataKey(secret) if secret is not None else None
        opened = unseal(key, row["sealed"], place(tenant, identifier, "customer"))
        if not isinstance(opened, bytes):
            return replace(blank, version=row["version"])
        known = KnownCustomer.model_validate_json(opened)
        return Kept(known, row["version"], row["erasure_asked_at"])

    async def keep(self, tenant: UUID, kept: Kept) -> bool:
        """Keep it in the stead of the version it follows on; False if that is not the newest."""
        customer = uuid_of(kept.known.id)
        key = await self.key(tenant, kept.known.id)
        text = kept.known.model_dump_json(exclude_defaults=True).encode()
        sealed = key.seal(text, place(tenant, customer, "customer"))
        query = self._sql["change" if kept.version else "begin"]
        where = (self._shard(kept.known.id), tenant, customer, kept.version)
        async with self._database.tenant(tenant) as db:
            version = await db.fetchval(query, *where, sealed, kept.erasure_asked_at)
        return version is not None

    async def key(self, tenant: UUID, customer: str) -> DataKey:
        """Her key, made if she has none: whatever is personal of her is sealed by it."""
        subject = uuid_of(customer)
        found = (await self._keys.persons(tenant, [subject])).get(subject)
        return DataKey(found or await self._keys.create_person(tenant, subject))

    async def tell_identifiers(self, tenant: UUID, keys: Collection[bytes], customer: str) -> None:
        """These identifiers were told of her, whomever they identify."""
        async with self._database.tenant(tenant) as db:
            await db.execute(
                self._sql["tell_identifiers"],
                tenant,
                [shard_of_key(key, self._database.shards) for key in keys],
                list(keys),
                uuid_of(customer),
            )

    async def told_of(self, tenant: UUID, key: bytes) -> Sequence[str]:
        """Everybody of whom that identifier was told, twenty at most."""
        shard = shard_of_key(key, self._database.shards)
        async with self._database.tenant(tenant) as db:
            rows = await db.fetch(self._sql["told_of"], shard, tenant, key, _MOST)
        return [named(PREFIX, row["customer"]) for row in rows]

    async def asking_erasure(self, tenant: UUID, limit: int) -> Sequence[ErasureAsked]:
        """Who asked to be forgotten and has not been yet, those who have waited longest first."""
        shards = list(range(self._database.shards))
        async with self._database.tenant(tenant) as db:
            rows = await db.fetch(self._sql["asking_erasure"], shards, tenant, limit)
        return [ErasureAsked(named(PREFIX, row["id"]), row["erasure_asked_at"]) for row in rows]

    def _shard(self, customer: str) -> int:
        return shard_of_slot(slot_of(customer), self._database.shards)
