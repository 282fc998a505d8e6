"""Who looked a customer up in a store, when and what for: kept so that it can be answered for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from cartbridge.database.connection import Database
from cartbridge.database.keys import KeyRing
from cartbridge.database.queries import queries
from cartbridge.database.sealing import DataKey, place, unseal
from cartbridge.database.vault import Vault
from cartbridge.domain.ids import named, shard_of_slot, slot_of, uuid_of

PREFIX: Final = "acc"
_NEWEST: Final = UUID(int=(1 << 128) - 1)


@dataclass(frozen=True, slots=True)
class Access:
    """One look at a customer; `shown` is false if nobody was shown, because others were found."""

    id: str  # acc_…
    customer: str
    actor: str
    store: str
    terminal: str
    staff: str | None
    found_by: str
    shown: bool
    purpose: str | None  # None once her key was destroyed
    at: datetime | None = None  # by the database's clock, once it is kept


class CustomerAccesses:
    """The looks at each customer; what each was for is sealed by her key, as it was typed."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._keys = KeyRing(database, vault)
        self._sql = queries("customers")

    async def note(self, tenant: UUID, access: Access, key: DataKey) -> None:
        """Keep that somebody looked, once; `key` is the customer's."""
        customer = uuid_of(access.customer)
        purpose = (access.purpose or "").encode()
        async with self._database.tenant(tenant) as db:
            await db.execute(
                self._sql["note_access"],
                self._shard(access.customer),
                tenant,
                customer,
                uuid_of(access.id),
                access.actor,
                access.store,
                access.terminal,
                access.staff,
                access.found_by,
                access.shown,
                key.seal(purpose, place(tenant, customer, "access")),
            )

    async def of(
        self, tenant: UUID, customer: str, limit: int, after: str | None = None
    ) -> Sequence[Access]:
        """The looks at a customer, the newest first, beginning after one of them."""
        subject = uuid_of(customer)
        behind = _NEWEST if after is None else uuid_of(after)
        where = (self._shard(customer), tenant, subject)
        async with self._database.tenant(tenant) as db:
            rows = await db.fetch(self._sql["accesses"], *where, behind, limit)
        secret = (await self._keys.persons(tenant, [subject])).get(subject)
        key = DataKey(secret) if secret is not None else None
        aad = place(tenant, subject, "access")
        return [_access(customer, row, unseal(key, row["sealed"], aad)) for row in rows]

    def _shard(self, customer: str) -> int:
        return shard_of_slot(slot_of(customer), self._database.shards)


def _access(customer: str, row: Any, purpose: Any) -> Access:
    return Access(
        id=named(PREFIX, row["id"]),
        customer=customer,
        actor=row["actor"],
        store=row["store"],
        terminal=row["terminal"],
        staff=row["staff"],
        found_by=row["found_by"],
        shown=row["shown"],
        purpose=purpose.decode() if isinstance(purpose, bytes) else None,
        at=row["at"],
    )
