"""The face of the journal: load a document, look into its past, store a change.

An event that cannot be told without its erased fields is answered with `event=None` and its
remaining `facts`; `find` answers a page of loaded documents with the cursor of the next.
"""

from typing import Any
from uuid import UUID

from cartbridge.database.changes import (
    Change,
    LeaseDrop,
    LeaseSet,
    Loaded,
    Mark,
    Outgoing,
    PreparedWrite,
    Write,
)
from cartbridge.database.connection import Database
from cartbridge.database.history import DocumentKind, StoredEvent
from cartbridge.database.journal import (
    Append,
    Appended,
    Conflict,
    Duplicate,
    KeyRow,
    Outcome,
)
from cartbridge.database.keys import WrappedKey
from cartbridge.database.lookup import Lookup, Page
from cartbridge.database.queries import queries
from cartbridge.database.sealing import DataKey
from cartbridge.database.vault import Vault
from cartbridge.database.writer import Writer
from cartbridge.domain.ids import uuid_of

__all__ = [
    "Appended",
    "Change",
    "Conflict",
    "DocumentKind",
    "Documents",
    "Duplicate",
    "LeaseDrop",
    "LeaseSet",
    "Loaded",
    "Mark",
    "Outcome",
    "Outgoing",
    "Page",
    "StoredEvent",
    "Write",
]


class Documents(Lookup):
    """Every document of every tenant: what `Lookup` finds, and `commit` to change it."""

    def __init__(
        self,
        database: Database,
        writer: Writer,
        vault: Vault,
        kinds: tuple[DocumentKind[Any], ...],
    ) -> None:
        super().__init__(database, vault, kinds)
        self._writer = writer

    async def commit(self, change: Change) -> Outcome:
        """Store a change whole, or not at all; answers once it is durable.

        Conflict: load again and decide again. Unavailable: commit the same command id again.
        """
        if not change.writes:
            raise ValueError("a change writes to at least one document")
        prepared = [
            PreparedWrite(change, write, self.kind_of(write.document)) for write in change.writes
        ]
        shards = {self.shard_of(write.document) for write in change.writes}
        if len(shards) > 1 or len({one.stream for one in prepared}) < len(prepared):
            raise ValueError("the documents of a change differ and share a shard")
        keys, key_rows = await self._keys_for(change, prepared)
        rows = [one.rows(keys.get(one.root)) for one in prepared]
        return await self._writer.submit(
            Append(
                tenant=change.tenant,
                shard=shards.pop(),
                command=change.command,
                streams=tuple(head for head, _, _ in rows),
                events=tuple(event for _, events, _ in rows for event in events),
                views=tuple(view for _, _, view in rows),
                keys=tuple(key_rows),
                leases=tuple(lease.row for lease in change.leases),
                outbox=tuple(message.row for message in change.outbox),
                marks=tuple(mark.row for mark in change.marks),
            )
        )

    async def knows(self, tenant: UUID, document: str, command: UUID) -> bool:
        """Whether a command of that id took effect in the document's shard."""
        async with self._database.tenant(tenant) as connection:
            known: bool = await connection.fetchval(
                queries("lookup")["knows"], self.shard_of(document), tenant, command
            )
        return known

    async def _keys_for(
        self, change: Change, prepared: list[PreparedWrite]
    ) -> tuple[dict[UUID, DataKey], list[KeyRow]]:
        """The data key of each root that has something to seal, made where there is none."""
        keys: dict[UUID, DataKey] = {}
        made: list[KeyRow] = []
        for root in {one.root for one in prepared if one.personal}:
            key, stored = await self._present_key(change, root)
            if key is None:
                key = DataKey.draw()
                new = self.keys.wrap(change.tenant, root, key)
                replaces = None if stored is None else stored.wrapped
                made.append(KeyRow(root, new.wrapped, new.wrapped_by, replaces))
            keys[root] = key
        return keys, made

    async def _present_key(
        self, change: Change, root: UUID
    ) -> tuple[DataKey | None, WrappedKey | None]:
        for write in change.writes:
            if write.before is not None and write.before.root == root:
                return write.before.key, write.before.stored_key
        if any(write.before is None and uuid_of(write.document) == root for write in change.writes):
            return None, None  # the root itself begins here
        stored = await self.keys.stored(change.tenant, root)
        return await self.keys.open(change.tenant, root, stored), stored
