"""The keys of documents and persons as they rest: wrapped, and destroyed to erase somebody."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cartbridge.database.connection import Database
from cartbridge.database.queries import queries
from cartbridge.database.sealing import DataKey, place
from cartbridge.database.vault import NONCE_BYTES, Vault
from cartbridge.domain.ids import shard_of_slot


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A document's data key as the database holds it, with the name of what wraps it."""

    wrapped: bytes
    wrapped_by: str  # master:<epoch> or person:<uuid>

    @property
    def person(self) -> UUID | None:
        """The person whose key wraps it, None if the master key does."""
        owner, _, subject = self.wrapped_by.partition(":")
        return UUID(subject) if owner == "person" else None


class KeyRing:
    """Opens and makes data keys. A document follows its person: without her key it is erased.

    A document's key is first wrapped by the master key; once its person is known it is handed to
    her key. Destroying that one key makes the personal data of all her documents unreadable, in
    backups of the journal too.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def wrap(self, tenant: UUID, root: UUID, key: DataKey) -> WrappedKey:
        """A new document's data key under the master key."""
        wrapped = self._vault.wrap(key.secret, place(tenant, root, "document key"))
        return WrappedKey(wrapped, f"master:{self._vault.epoch}")

    async def open(self, tenant: UUID, root: UUID, stored: WrappedKey | None) -> DataKey | None:
        """The data key of a root document, None when it was destroyed or never made."""
        opened = await self.open_many(tenant, {root: stored})
        return opened[root]

    async def open_many(
        self, tenant: UUID, stored: dict[UUID, WrappedKey | None]
    ) -> dict[UUID, DataKey | None]:
        """The data keys of several root documents of a tenant, in at most one more look-up."""
        persons = {key.person for key in stored.values() if key is not None and key.person}
        known = await self.persons(tenant, persons) if persons else {}
        return {root: self._open(tenant, root, key, known) for root, key in stored.items()}

    def _open(
        self, tenant: UUID, root: UUID, key: WrappedKey | None, persons: dict[UUID, bytes]
    ) -> DataKey | None:
        if key is None:
            return None
        aad = place(tenant, root, "document key")
        if key.person is None:
            return DataKey(self._vault.unwrap(key.wrapped, aad))
        secret = persons.get(key.person)
        if secret is None:
            return None
        nonce, sealed = key.wrapped[:NONCE_BYTES], key.wrapped[NONCE_BYTES:]
        try:
            return DataKey(AESGCM(secret).decrypt(nonce, sealed, aad))
        except InvalidTag:
            return None  # she came back under a new key: what the old one closed stays closed

    async def persons(self, tenant: UUID, subjects: Iterable[UUID]) -> dict[UUID, bytes]:
        """The keys of these persons, as far as they still exist."""
        places = [(self._shard(subject), subject) for subject in subjects]
        async with self._database.tenant(tenant) as connection:
            rows = await connection.fetch(
                queries("keys")["person_keys"],
                tenant,
                [shard for shard, _ in places],
                [subject for _, subject in places],
            )
        return {
            row["subject"]: self._unwrapped(tenant, row["subject"], row["wrapped"]) for row in rows
        }

    def unwrapped(self, tenant: UUID, subject: UUID, wrapped: bytes | None) -> bytes | None:
        """The key of a person as another look-up brought it; None if it brought none."""
        return None if wrapped is None else self._unwrapped(tenant, subject, wrapped)

    def _unwrapped(self, tenant: UUID, subject: UUID, wrapped: bytes) -> bytes:
        return self._vault.unwrap(wrapped, place(tenant, subject, "person key"))

    async def create_person(self, tenant: UUID, subject: UUID) -> bytes:
        """The key of a person, made if she has none; safe to call from two places at once."""
        secret = DataKey.draw().secret
        wrapped = self._vault.wrap(secret, place(tenant, subject, "person key"))
        async with self._database.tenant(tenant) as connection:
            await connection.execute(
                queries("keys")["create_person_key"],
                self._shard(subject),
                tenant,
                subject,
                wrapped,
                self._vault.epoch,
            )
        return (await self.persons(tenant, [subject]))[subject]

    async def destroy_person(self, tenant: UUID, subject: UUID) -> bool:
        """Erase a person: her key is gone, and with it what only it could open."""
        async with self._database.tenant(tenant) as connection:
            done = await connection.execute(
                "delete from person_key where shard = $1 and tenant = $2 and subject = $3",
                self._shard(subject),
                tenant,
                subject,
            )
        return bool(done == "DELETE 1")

    async def hand_to_person(self, tenant: UUID, root: UUID, subject: UUID) -> bool:
        """Put a document's data key under its person's key; False if it has none to hand over.

        Fails over to False, too, when the key changed in the same moment: then call it again.
        """
        person = await self.create_person(tenant, subject)
        stored = await self.stored(tenant, root)
        key = await self.open(tenant, root, stored)
        if stored is None or key is None:
            return False
        wrapped = _close(person, key, place(tenant, root, "document key"))
        async with self._database.tenant(tenant) as connection:
            done = await connection.execute(
                queries("keys")["rewrap_document_key"],
                self._shard(root),
                tenant,
                root,
                stored.wrapped,
                wrapped,
                f"person:{subject}",
            )
        return bool(done == "UPDATE 1")

    async def destroy_document(self, tenant: UUID, root: UUID) -> bool:
        """Erase what is personal in one document and its descendants."""
        async with self._database.tenant(tenant) as connection:
            done = await connection.execute(
                "delete from document_key where shard = $1 and tenant = $2 and root = $3",
                self._shard(root),
                tenant,
                root,
            )
        return bool(done == "DELETE 1")

    async def stored(self, tenant: UUID, root: UUID) -> WrappedKey | None:
        """A root document's data key as it rests."""
        async with self._database.tenant(tenant) as connection:
            row = await connection.fetchrow(
                queries("keys")["document_key"], self._shard(root), tenant, root
            )
        return wrapped_key(row)

    def _shard(self, identifier: UUID) -> int:
        return shard_of_slot((identifier.int >> 64) & 0xFFF, self._database.shards)


def wrapped_key(row: Any) -> WrappedKey | None:
    """The data key in a row that has `wrapped` and `wrapped_by`, if there is one."""
    if row is None or row["wrapped"] is None:
        return None
    return WrappedKey(row["wrapped"], row["wrapped_by"])


def _close(person: bytes, key: DataKey, aad: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(person).encrypt(nonce, key.secret, aad)
