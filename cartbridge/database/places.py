"""Brands, stores and terminals of a retailer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, Literal, TypeVar
from uuid import UUID

import asyncpg

from cartbridge.database.connection import Database
from cartbridge.database.pointers import shard_of_key
from cartbridge.database.queries import queries
from cartbridge.database.remembered import Clock, Remembered
from cartbridge.database.texts import is_storable
from cartbridge.domain.store import Brand, Store, Terminal

Kind = Literal["brand", "store", "terminal"]
Model = TypeVar("Model", Brand, Store, Terminal)
_PARENT: Final[dict[str, str]] = {"store": "brand", "terminal": "store"}


class AlreadyThere(Exception):
    """Something of that id exists: choose another id, or change what is there."""


class NotThere(Exception):
    """What is named does not exist; the text says what to make first."""


class StillUsed(Exception):
    """What should be removed has something in it; the text says what to remove first."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """When a terminal last called, and with which version of its software."""

    terminal: Terminal
    last_seen_at: datetime | None
    client_version: str | None


class Places(Generic[Model]):
    """One kind of place: what the operator adds, changes and removes."""

    def __init__(self, database: Database, kind: Kind, model: type[Model], clock: Clock) -> None:
        self._database = database
        self._kind: Kind = kind
        self._model: type[Model] = model
        self._sql = queries("directory")
        self._remembered: Remembered[Model] = Remembered(clock)
        self._lists: Remembered[Sequence[Model]] = Remembered(clock)

    async def add(self, tenant: UUID, place: Model) -> None:
        """Add a place; AlreadyThere if its id is taken, NotThere if what it stands in is not."""
        parent = self._parent(place)
        shard = shard_of_key(tenant.bytes, self._database.shards)
        async with self._database.tenant(tenant) as connection:
            await self._check_parent(connection, shard, tenant, parent)
            try:
                await connection.execute(
                    self._sql["add_place"],
                    shard,
                    tenant,
                    self._kind,
                    place.id,
                    parent,
                    _body(place),
                )
            except asyncpg.UniqueViolationError:
                raise AlreadyThere(f"there is a {self._kind} {place.id} already") from None
        self._forget()

    async def get(self, tenant: UUID, identifier: str) -> Model | None:
        """The place of that id; remembered for a few seconds."""
        if not is_storable(identifier):
            return None
        return await self._remembered.get(
            (tenant, identifier), lambda: self._read(tenant, identifier)
        )

    async def list(self, tenant: UUID, *, parent: str | None = None) -> Sequence[Model]:
        """The retailer's places of this kind by id, or those in one brand or store."""
        return [
            self._model.model_validate_json(row["body"]) for row in await self._rows(tenant, parent)
        ]

    async def known(self, tenant: UUID, *, parent: str | None = None) -> Sequence[Model]:
        """As `list`, remembered for a few seconds."""
        question = (tenant, parent)
        return await self._lists.get(question, lambda: self.list(tenant, parent=parent)) or ()

    async def update(self, tenant: UUID, place: Model) -> None:
        """Put the place in the stead of the one of its id; NotThere if there is none."""
        parent = self._parent(place)
        shard = shard_of_key(tenant.bytes, self._database.shards)
        async with self._database.tenant(tenant) as connection:
            await self._check_parent(connection, shard, tenant, parent)
            changed = await connection.fetchval(
                self._sql["update_place"],
                shard,
                tenant,
                self._kind,
                place.id,
                parent,
                _body(place),
            )
        if changed is None:
            raise NotThere(f"there is no {self._kind} {place.id}: add it first")
        self._forget()

    async def remove(self, tenant: UUID, identifier: str) -> bool:
        """Remove the place, if nothing stands in it (StillUsed); says whether it was there."""
        shard = shard_of_key(tenant.bytes, self._database.shards)
        async with self._database.tenant(tenant) as connection:
            inside = await connection.fetchval(
                self._sql["place_inside"], shard, tenant, _child(self._kind), identifier
            )
            if inside is not None:
                raise StillUsed(f"the {_child(self._kind)} {inside} belongs to it: remove it first")
            removed = await connection.fetchval(
                self._sql["remove_place"], shard, tenant, self._kind, identifier
            )
        self._forget()
        return removed is not None

    def _forget(self) -> None:
        self._remembered.forget()
        self._lists.forget()

    async def _read(self, tenant: UUID, identifier: str) -> Model | None:
        shard = shard_of_key(tenant.bytes, self._database.shards)
        async with self._database.tenant(tenant) as connection:
            body = await connection.fetchval(
                self._sql["read_place"], shard, tenant, self._kind, identifier
            )
        return None if body is None else self._model.model_validate_json(body)

    async def _rows(self, tenant: UUID, parent: str | None) -> Any:
        shard = shard_of_key(tenant.bytes, self._database.shards)
        async with self._database.tenant(tenant) as connection:
            return await connection.fetch(
                self._sql["list_places"], shard, tenant, self._kind, parent
            )

    async def _check_parent(
        self, connection: Any, shard: int, tenant: UUID, parent: str | None
    ) -> None:
        if parent is None:
            return
        kind = _PARENT[self._kind]
        if await connection.fetchval(self._sql["read_place"], shard, tenant, kind, parent) is None:
            raise NotThere(f"there is no {kind} {parent}: add it first")

    def _parent(self, place: Model) -> str | None:
        return getattr(place, _PARENT[self._kind]) if self._kind in _PARENT else None


class Terminals(Places[Terminal]):
    """Tills, tablets and kiosks, and when they were last heard."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database, "terminal", Terminal, clock)

    async def seen(self, tenant: UUID, identifier: str, client_version: str | None) -> None:
        """Note that the terminal called, at most every ten seconds unless its version changed."""
        shard = shard_of_key(tenant.bytes, self._database.shards)
        async with self._database.tenant(tenant) as connection:
            await connection.execute(
                self._sql["terminal_seen"], shard, tenant, identifier, client_version
            )

    async def sightings(self, tenant: UUID, *, store: str | None = None) -> Sequence[Sighting]:
        """The terminals, of one store or all, with when they were last heard."""
        return [
            Sighting(
                Terminal.model_validate_json(row["body"]),
                row["last_seen_at"],
                row["client_version"],
            )
            for row in await self._rows(tenant, store)
        ]


def _body(place: Brand | Store | Terminal) -> str:
    """As it is stored: an older version reads it while nothing is set that it does not know."""
    return place.model_dump_json(exclude_none=True)


def _child(kind: Kind) -> Kind | None:
    children: dict[str, Kind] = {"brand": "store", "store": "terminal"}
    return children.get(kind)
