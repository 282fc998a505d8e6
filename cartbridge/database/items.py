"""The item index: what an article is called here, in a store, and on each connection."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Final, NamedTuple
from uuid import UUID

from cartbridge.database.connection import Database
from cartbridge.database.gathering import Gathering
from cartbridge.database.pointers import shard_of_key
from cartbridge.database.queries import queries
from cartbridge.database.texts import is_storable
from cartbridge.domain.item_file import decode, number_taken, read_file, read_items
from cartbridge.domain.item_list import (
    IndexedItem,
    RefusedRow,
    connection_code,
    in_store_number,
)
from cartbridge.domain.items import is_in_store

_BATCH: Final = 500

Number = tuple[str, str]  # kind and value, as they stand in the index
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Report:
    """What became of the rows of a list; `unknown_columns` were left out."""

    accepted: int
    refused: tuple[RefusedRow, ...] = ()
    unknown_columns: tuple[str, ...] = ()


class _Find(NamedTuple):
    shard: int
    tenant: UUID
    wanted: tuple[Number, ...]


class ItemIndex:
    """The retailer's articles, found by SKU, GTIN, in-store number or a connection's own code."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("items")
        self._found: Gathering[_Find, dict[Number, str]] = Gathering(self._find)

    async def put(self, tenant: UUID, items: Sequence[IndexedItem]) -> Report:
        """Add articles or replace them whole. One whose number means another article is refused
        by name, and nothing of it is written. Rows are numbered from 1."""
        return await self._put(tenant, list(enumerate(items, 1)))

    async def import_csv(
        self,
        tenant: UUID,
        data: bytes,
        progress: Progress | None = None,
        currency: str = "EUR",
    ) -> Report:
        """Take an item list as shops export it; each row is taken whole or refused with a reason.

        FileRefused if the file is no list at all. `progress` is told the last row looked at.
        """
        columns, rows = read_file(decode(data), currency)
        reading = read_items(columns, rows)
        accepted, refused = 0, list[RefusedRow]()
        while batch := list(islice(reading, _BATCH)):
            refused += [read for _, read in batch if isinstance(read, RefusedRow)]
            items = [(row, read) for row, read in batch if isinstance(read, IndexedItem)]
            report = await self._put(tenant, items)
            accepted += report.accepted
            refused += report.refused
            if progress is not None:
                progress(batch[-1][0])
        refused.sort(key=lambda one: one.row)
        return Report(accepted, tuple(refused), columns.unknown)

    async def find(
        self,
        tenant: UUID,
        sku: str | None = None,
        gtin: str | None = None,
        connection: str | None = None,
        code: str | None = None,
        store: str | None = None,
    ) -> IndexedItem | None:
        """The article of that SKU, GTIN or code of a connection, the first that is found.

        An in-store number (prefix 02, 20 to 29) means something only with its store.
        """
        scopes = await self._scopes(tenant, store) if gtin and store else ()
        numbers = [("gtin", gtin.zfill(14))] if gtin else []
        if gtin and is_in_store(gtin):
            numbers = [("in_store", in_store_number(scope, gtin)) for scope in scopes]
        if connection and code:
            numbers.append(("code", connection_code(connection, code)))
        by_sku, by_number = await self._look_up(tenant, [sku] if sku else [], numbers)
        if sku in by_sku:
            return by_sku[sku]
        return next((by_number[number] for number in numbers if number in by_number), None)

    async def find_many(
        self, tenant: UUID, skus: Iterable[str] = (), gtins: Iterable[str] = ()
    ) -> dict[str, IndexedItem]:
        """The articles of a cart in one look-up, by each SKU and GTIN as it was asked."""
        wanted = {gtin: ("gtin", gtin.zfill(14)) for gtin in gtins}
        by_sku, by_number = await self._look_up(tenant, list(skus), list(wanted.values()))
        found = {gtin: by_number[number] for gtin, number in wanted.items() if number in by_number}
        return {**found, **by_sku}

    async def remove(self, tenant: UUID, sku: str) -> bool:
        """Take an article off the list; says whether it was there."""
        place = (self._shard(tenant), tenant)
        async with self._database.tenant(tenant) as db:
            await db.execute(self._sql["lock"], *place)
            await db.execute(self._sql["drop_numbers"], *place, [sku])
            removed = await db.fetchval(self._sql["drop_item"], *place, sku)
        return removed is not None

    async def _put(self, tenant: UUID, items: list[tuple[int, IndexedItem]]) -> Report:
        accepted, refused = 0, list[RefusedRow]()
        for start in range(0, len(items), _BATCH):
            taken, others = await self._put_batch(tenant, items[start : start + _BATCH])
            accepted += taken
            refused += others
        return Report(accepted, tuple(refused))

    async def _put_batch(
        self, tenant: UUID, items: list[tuple[int, IndexedItem]]
    ) -> tuple[int, list[RefusedRow]]:
        place = (self._shard(tenant), tenant)
        numbers = {number for _, item in items for number in item.numbers}
        skus = {item.sku for _, item in items}
        async with self._database.tenant(tenant) as db:
            # One writer of a list at a time: two imports cannot give one number to two articles.
            await db.execute(self._sql["lock"], *place)
            rows = await db.fetch(self._sql["holders"], *place, *_columns(numbers), list(skus))
            holders = {(row["kind"], row["value"]): row["sku"] for row in rows}
            accepted, refused = _judge(items, holders)
            if accepted:
                await self._write(db, place, accepted)
        return len(accepted), refused

    async def _write(
        self, db: Any, place: tuple[int, UUID], accepted: dict[str, IndexedItem]
    ) -> None:
        await db.execute(self._sql["drop_numbers"], *place, list(accepted))
        bodies = [item.model_dump_json(exclude_defaults=True) for item in accepted.values()]
        await db.execute(self._sql["put_items"], *place, list(accepted), bodies)
        owned = [(number, sku) for sku, item in accepted.items() for number in item.numbers]
        columns = _columns(number for number, _ in owned)
        await db.execute(self._sql["put_numbers"], *place, *columns, [sku for _, sku in owned])

    async def _look_up(
        self, tenant: UUID, skus: list[str], numbers: list[Number]
    ) -> tuple[dict[str, IndexedItem], dict[Number, IndexedItem]]:
        skus, numbers = list(filter(is_storable, skus)), [n for n in numbers if is_storable(n[1])]
        if not skus and not numbers:
            return {}, {}
        wanted = (*(("sku", sku) for sku in skus), *numbers)
        found = await self._found.ask(_Find(self._shard(tenant), tenant, wanted))
        items = {number: _item(body) for number, body in found.items()}
        by_sku = {value: item for (kind, value), item in items.items() if kind == "sku"}
        return by_sku, items

    async def _find(self, asked: list[_Find]) -> list[dict[Number, str]]:
        """What stands in the index, for many who ask at once."""
        questions = [
            (place, one.shard, one.tenant, *number)
            for place, one in enumerate(asked)
            for number in one.wanted
        ]
        columns = [list(column) for column in zip(*questions, strict=True)]
        async with self._database.connection() as db:
            rows = await db.fetch(self._sql["find"], *columns)
        found: list[dict[Number, str]] = [{} for _ in asked]
        for row in rows:
            found[row["place"]][row["kind"], row["value"]] = row["body"]
        return found

    async def _scopes(self, tenant: UUID, store: str) -> tuple[str, ...]:
        """Where a number read in this store may hold: in the store itself, then in its brand."""
        async with self._database.tenant(tenant) as db:
            brand = await db.fetchval(
                self._sql["brand_of_store"], self._shard(tenant), tenant, store
            )
        return (f"store:{store}",) if brand is None else (f"store:{store}", f"brand:{brand}")

    def _shard(self, tenant: UUID) -> int:
        return shard_of_key(tenant.bytes, self._database.shards)


@lru_cache(maxsize=1024)
def _item(body: str) -> IndexedItem:
    """The article as it stands in the index; the same text is the same article, read once."""
    return IndexedItem.model_validate_json(body)


def _judge(
    items: list[tuple[int, IndexedItem]], holders: dict[Number, str]
) -> tuple[dict[str, IndexedItem], list[RefusedRow]]:
    """Which articles can be taken in their order, given which number means which article now."""
    accepted: dict[str, IndexedItem] = {}
    refused: list[RefusedRow] = []
    owned: dict[str, set[Number]] = {}
    for number, sku in holders.items():
        owned.setdefault(sku, set()).add(number)
    for row, item in items:
        other = next((n for n in item.numbers if holders.get(n, item.sku) != item.sku), None)
        if other is not None:
            refused.append(number_taken(row, item.sku, other, holders[other]))
            continue
        for number in owned.get(item.sku, ()):
            del holders[number]
        holders.update(dict.fromkeys(item.numbers, item.sku))
        owned[item.sku] = set(item.numbers)
        accepted[item.sku] = item
    return accepted, refused


def _columns(numbers: Iterable[Number]) -> tuple[list[str], list[str]]:
    pairs = list(numbers)
    return [kind for kind, _ in pairs], [value for _, value in pairs]
