"""What people looked at: a working table of days that forgets, found by keyed hashes alone."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from pydantic_core import from_json, to_json

from cartbridge.database.connection import Database
from cartbridge.database.keys import KeyRing
from cartbridge.database.queries import queries
from cartbridge.database.sealing import DataKey, place, unseal
from cartbridge.database.vault import Vault
from cartbridge.domain.browsing import Counted, LookedAt
from cartbridge.domain.ids import shard_of_slot, uuid_of

MOST_A_DAY: Final = 300  # different things kept of one person's day; what comes beyond is dropped
_ALL: Final = 100_000
_FACT_BYTES: Final = 8
_ITEM_BYTES: Final = 16
_PLAIN: Final = frozenset({"what", "day"})  # of what is kept, what stands beside the ciphertext


@dataclass(frozen=True, slots=True)
class Person:
    """Whose a row is: a customer, or a visitor's session as long as nobody knows her."""

    tenant: UUID
    id: UUID  # a keyed hash: nothing leads back from it
    customer: str | None = field(default=None, repr=False)  # cus_…


class Browsing:
    """Keeps what people looked at, sealed under their own key; a session's under one of ours."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._keys = KeyRing(database, vault)
        self._sessions = DataKey(vault.derive("browsing of sessions"))
        self._sql = queries("browsing")

    def customer(self, tenant: UUID, brand: str | None, customer: str) -> Person:
        """A customer (cus_…) as one brand knows her: she agrees to it brand by brand."""
        name = f"{brand or ''} {customer}"
        return Person(tenant, self._hashed("browsing customer", tenant, name), customer)

    def session(self, tenant: UUID, connection: UUID, session: str) -> Person:
        """A visitor's session, as that connection calls it."""
        return Person(tenant, self._hashed("browsing session", tenant, f"{connection} {session}"))

    async def keep(self, person: Person, facts: Sequence[Counted], fact: str | None = None) -> None:
        """Add what she looked at. `fact` names the telling: told again at once it adds nothing."""
        if not facts:
            return
        key = await self._key(person)
        rows = sorted((self._sealed(person, key, one) for one in facts), key=lambda row: row[:3])
        columns = [list(column) for column in zip(*rows, strict=True)]
        told = os.urandom(_FACT_BYTES) if fact is None else self._fact(person, fact)
        async with self._database.tenant(person.tenant) as db:
            await db.execute(self._sql["keep"], *self._at(person), *columns, told, MOST_A_DAY)

    async def of(self, person: Person, since: date, limit: int) -> list[Counted]:
        """What she looked at since that day, the newest first, then what she saw most often."""
        found = [counted for _, counted in await self._read(person, since, limit)]
        return [one for one in found if one is not None]

    async def whose(self, session: Person) -> str | None:
        """The customer (cus_…) whom a session was told to belong to."""
        async with self._database.tenant(session.tenant) as db:
            sealed = await db.fetchval(self._sql["whose"], *self._at(session))
        if sealed is None:
            return None
        return self._vault.unwrap(sealed, place(session.tenant, session.id, "session")).decode()

    async def join(self, session: Person, person: Person, today: date) -> None:
        """From today the session is hers, and so is what was looked at in it before."""
        if person.customer is None:
            raise ValueError("a session can only be a customer's")
        sealed = self._vault.wrap(
            person.customer.encode(), place(session.tenant, session.id, "session")
        )
        async with self._database.tenant(session.tenant) as db:
            await db.execute(self._sql["tie"], *self._at(session), person.id, sealed, today)
        found = await self._read(session, date.min, _ALL)
        if not found:
            return
        # First hers, then away from the session: a stop in between loses nothing, and the name
        # of the telling keeps it from counting twice.
        facts = [one for _, one in found if one is not None]
        await self.keep(person, facts, fact=f"session {session.id}")
        moved = [[row[name] for row, _ in found] for name in ("day", "what", "item", "count")]
        async with self._database.tenant(session.tenant) as db:
            await db.execute(self._sql["moved"], *self._at(session), *moved)

    async def forget(self, person: Person) -> None:
        """Remove all that was kept of her, or of the session; whose sessions are whose stays."""
        async with self._database.tenant(person.tenant) as db:
            await db.execute(self._sql["forget"], *self._at(person))

    async def untie(self, person: Person) -> None:
        """Forget which sessions were hers, or whose the session was."""
        async with self._database.tenant(person.tenant) as db:
            if person.customer is None:
                await db.execute(self._sql["untie"], *self._at(person))
            else:
                await db.execute(self._sql["untie_all"], person.tenant, person.id)

    async def forget_older(self, before: date, counts_before: date) -> int:
        """Remove, for all retailers, rows of days before these; answers how many."""
        removed = 0
        for shard in range(self._database.shards):
            async with self._database.connection() as db:
                removed += await db.fetchval(
                    self._sql["forget_older"], shard, before, counts_before
                )
        return removed

    async def _read(
        self, person: Person, since: date, limit: int
    ) -> list[tuple[Any, Counted | None]]:
        """The rows as they stand, each with what it says; None: her key was destroyed since."""
        async with self._database.tenant(person.tenant) as db:
            rows = await db.fetch(self._sql["read"], *self._at(person), since, limit)
        key = await self._known_key(person) if rows else None
        return [(row, self._opened(person, key, row)) for row in rows]

    def _opened(self, person: Person, key: DataKey | None, row: Any) -> Counted | None:
        plain = unseal(key, row["sealed"], _bound(person, row["day"], row["what"]))
        if not isinstance(plain, bytes):
            return None
        seen = LookedAt(day=row["day"], what=row["what"], **from_json(plain))
        return Counted(seen=seen, count=row["count"])

    def _sealed(
        self, person: Person, key: DataKey, one: Counted
    ) -> tuple[date, str, bytes, int, bytes]:
        seen = one.seen
        name = f"{person.id} {seen.what} {seen.key}"
        item = self._vault.keyed_hash("browsing item", name)[:_ITEM_BYTES]
        plain = to_json(seen.model_dump(exclude=set(_PLAIN), exclude_none=True))
        sealed = key.seal(plain, _bound(person, seen.day, seen.what))
        return seen.day, seen.what, item, one.count, sealed

    async def _key(self, person: Person) -> DataKey:
        """Her key, made if she has none."""
        known = await self._known_key(person)
        if known is not None or person.customer is None:
            return known or self._sessions
        secret = await self._keys.create_person(person.tenant, uuid_of(person.customer))
        return DataKey(secret)

    async def _known_key(self, person: Person) -> DataKey | None:
        """Her key, None once it was destroyed."""
        if person.customer is None:
            return self._sessions
        subject = uuid_of(person.customer)
        secret = (await self._keys.persons(person.tenant, [subject])).get(subject)
        return None if secret is None else DataKey(secret)

    def _fact(self, person: Person, fact: str) -> bytes:
        return self._vault.keyed_hash("browsing fact", f"{person.id} {fact}")[:_FACT_BYTES]

    def _hashed(self, purpose: str, tenant: UUID, name: str) -> UUID:
        return UUID(bytes=self._vault.keyed_hash(purpose, f"{tenant} {name}")[:16])

    def _at(self, person: Person) -> tuple[int, UUID, UUID]:
        slot = (person.id.int >> 64) & 0xFFF
        return shard_of_slot(slot, self._database.shards), person.tenant, person.id


def _bound(person: Person, day: date, what: str) -> bytes:
    """What ties a ciphertext to its row."""
    return place(person.tenant, person.id, f"browsing {day} {what}")
