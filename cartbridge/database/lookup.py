"""Finds documents: as they stand, as they were, by state or customer, and those that are due."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from cartbridge.database.changes import Loaded
from cartbridge.database.connection import Database
from cartbridge.database.gathering import Gathering, rows
from cartbridge.database.history import DocumentKind, StoredEvent, fold, read_event, view_place
from cartbridge.database.keys import KeyRing, WrappedKey, wrapped_key
from cartbridge.database.queries import queries
from cartbridge.database.sealing import DataKey, join, unseal
from cartbridge.database.vault import Vault
from cartbridge.domain.ids import named, shard_of_slot, slot_of, uuid_of

_LAST_VERSION: Final = 2**31 - 1  # that the column can hold
_NEWEST: Final = UUID(int=(1 << 128) - 1)
_OLDEST: Final = UUID(int=0)
_BAD_CURSOR: Final = "not a cursor of this list: start again without one"


@dataclass(frozen=True)
class Page:
    """Some of the documents that were looked for, in the order of the list."""

    items: tuple[Loaded[Any], ...]
    next: str | None  # pass it as `after` for more; None: that was all


class Lookup:
    """Every document of every tenant, present and past; a document's prefix tells its kind."""

    def __init__(
        self, database: Database, vault: Vault, kinds: tuple[DocumentKind[Any], ...]
    ) -> None:
        self._database = database
        self._by_prefix = {kind.prefix: kind for kind in kinds}
        self._by_name = {kind.kind: kind for kind in kinds}
        self.keys = KeyRing(database, vault)
        self._rows: Gathering[tuple[int, UUID, UUID], Any] = Gathering(
            rows(database, queries("lookup")["load"])
        )

    async def load(self, tenant: UUID, document: str) -> Loaded[Any] | None:
        """The document as it stands, None if this tenant has none of that id."""
        row = await self._rows.ask((self.shard_of(document), tenant, uuid_of(document)))
        if row["kind"] != self.kind_of(document).kind:
            return None
        stored = wrapped_key(row)
        key = await self.keys.open(tenant, row["key_root"], stored)
        return await self._loaded(tenant, document, row, stored, key)

    async def name_of(self, tenant: UUID, target: UUID) -> str | None:
        """The id, with the prefix of its kind, of what a pointer leads to; None: nothing yet."""
        shard = shard_of_slot(slot_of(named("doc", target)), self._database.shards)
        row = await self._rows.ask((shard, tenant, target))
        kind = self._by_name.get(row["kind"])
        return None if kind is None else named(kind.prefix, target)

    async def fold(
        self,
        tenant: UUID,
        document: str,
        *,
        version: int | None = None,
        at: datetime | None = None,
    ) -> Any | None:
        """The document as it was: at a version, or when that moment had been recorded.

        None if it did not exist then, or has not come to that version yet.
        """
        kind = self.kind_of(document)
        last = None if version is None else min(version, _LAST_VERSION)
        root, key, rows = await self._events(tenant, document, upto=last)
        if at is not None:
            late = (number for number, row in enumerate(rows) if row["recorded_at"] > at)
            rows = rows[: next(late, len(rows))]
        if version is not None and version > len(rows):
            return None
        return fold(kind, document, rows, root, key) if rows else None

    async def history(self, tenant: UUID, document: str, after: int = 0) -> list[StoredEvent]:
        """What happened to a document after a version, in order; empty if there is no such one."""
        kind = self.kind_of(document)
        root, key, rows = await self._events(tenant, document, after)
        return [read_event(kind, row, root, key) for row in rows]

    async def _events(
        self, tenant: UUID, document: str, after: int = 0, upto: int | None = None
    ) -> tuple[UUID, DataKey | None, list[Any]]:
        shard, identifier = self.shard_of(document), uuid_of(document)
        async with self._database.tenant(tenant) as connection:
            head = await connection.fetchrow(queries("lookup")["key_of"], shard, tenant, identifier)
            rows = await connection.fetch(
                queries("lookup")["events"], shard, tenant, identifier, after, upto
            )
        if head is None or head["kind"] != self.kind_of(document).kind:
            return identifier, None, []
        root = head["key_root"]
        return root, await self.keys.open(tenant, root, wrapped_key(head)), rows

    async def find(
        self,
        tenant: UUID,
        kind: str,
        *,
        state: str | None = None,
        customer: str | None = None,
        limit: int = 50,
        after: str | None = None,
    ) -> Page:
        """A tenant's documents of a kind, the last changed first; ValueError for a bad cursor."""
        found = self._by_name[kind]
        last = _read_cursor(after) if after is not None else (None, _NEWEST)
        name = "find" if customer is None else "find_of_customer"
        arguments = [
            list(range(self._database.shards)),
            tenant,
            kind,
            found.states if state is None else [state],
            *last,
            limit,
        ]
        if customer is not None:
            arguments.append(uuid_of(customer))
        async with self._database.tenant(tenant) as connection:
            rows = await connection.fetch(queries("lookup")[name], *arguments)
        items = await self._loaded_all(tenant, found, rows)
        return Page(items, _cursor(rows[-1]) if len(rows) == limit else None)

    async def find_in_store(
        self,
        tenant: UUID,
        kind: str,
        store: str | None,
        states: Sequence[str],
        *,
        limit: int = 50,
        after: str | None = None,
    ) -> Page:
        """The documents that wait in a store for somebody there, in the order of `at_store_by`.

        With None for a store: those that wait anywhere.

        A model sets `at_store` and `at_store_by` (in UTC) together, and only while there is
        something to do; what can wait in a store are carts that are offered or ordered, and
        enquiries in any state. ValueError for a bad cursor.
        """
        found = self._by_name[kind]
        last = _read_place(after) if after is not None else ("", _OLDEST)
        where = () if store is None else (store,)
        query = "find_in_store" if where else "find_in_any_store"
        async with self._database.tenant(tenant) as connection:
            rows = await connection.fetch(
                queries("lookup")[query],
                list(range(self._database.shards)),
                tenant,
                kind,
                *where,
                list(states),
                *last,
                limit,
            )
        items = await self._loaded_all(tenant, found, rows)
        return Page(items, _place(rows[-1]) if len(rows) == limit else None)

    async def _loaded_all(
        self, tenant: UUID, found: DocumentKind[Any], rows: Sequence[Any]
    ) -> tuple[Loaded[Any], ...]:
        stored = {row["key_root"]: wrapped_key(row) for row in rows}
        keys = await self.keys.open_many(tenant, stored)
        items = [
            await self._loaded(
                tenant, named(found.prefix, row["id"]), row, wrapped_key(row), keys[row["key_root"]]
            )
            for row in rows
        ]
        return tuple(items)

    async def due(self, limit: int) -> list[tuple[UUID, str]]:
        """Tenant and id of the documents, of any tenant, that somebody has to look at now."""
        async with self._database.connection() as connection:
            rows = await connection.fetch("select * from due_documents($1)", limit)
        return [
            (row["tenant"], named(self._by_name[row["kind"]].prefix, row["id"]))
            for row in rows
            if row["kind"] in self._by_name
        ]

    def kind_of(self, document: str) -> DocumentKind[Any]:
        """The kind an id's prefix tells; ValueError for an id that is none of ours."""
        kind = self._by_prefix.get(document[:3])
        if kind is None:
            raise ValueError("not the id of a document")
        return kind

    def kind_named(self, name: str) -> DocumentKind[Any] | None:
        """The kind of that name in the database, None if this gateway does not know it."""
        return self._by_name.get(name)

    def shard_of(self, document: str) -> int:
        """The shard a document lives in."""
        return shard_of_slot(slot_of(document), self._database.shards)

    async def _loaded(
        self,
        tenant: UUID,
        document: str,
        row: Any,
        stored: WrappedKey | None,
        key: DataKey | None,
    ) -> Loaded[Any]:
        kind, root, version = self.kind_of(document), row["key_root"], row["version"]
        state = None
        if row["view_version"] == version:
            aad = view_place(tenant, root, uuid_of(document), version)
            text = join(row["body"], unseal(key, row["sealed"], aad))
            try:
                state = kind.model.model_validate_json(text)
            except ValidationError:
                state = None  # written by another version of the model: the journal knows
        if state is None:
            state = await self.fold(tenant, document, version=version)
        return Loaded(document, state, version, row["hash"], root, key, stored)


def _cursor(row: Any) -> str:
    text = to_json([row["updated_at"].isoformat(), row["id"].hex])
    return base64.urlsafe_b64encode(text).decode()


def _read_cursor(text: str) -> tuple[datetime, UUID]:
    try:
        moment, identifier = from_json(base64.urlsafe_b64decode(text))
        return datetime.fromisoformat(moment), UUID(identifier)
    except (ValueError, TypeError) as error:
        raise ValueError(_BAD_CURSOR) from error


def _place(row: Any) -> str:
    return base64.urlsafe_b64encode(to_json([row["waits_by"], row["id"].hex])).decode()


def _read_place(text: str) -> tuple[str, UUID]:
    try:
        by, identifier = from_json(base64.urlsafe_b64decode(text))
        datetime.fromisoformat(by)
        return str(by), UUID(identifier)
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(_BAD_CURSOR) from error
