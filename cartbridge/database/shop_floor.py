"""What was shown, tried and asked for in stores: counts of articles by day, of nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from cartbridge.database.connection import Database
from cartbridge.database.pointers import shard_of_key
from cartbridge.database.queries import queries
from cartbridge.database.texts import is_storable
from cartbridge.domain.browsing import FloorKind

_MOST: Final = 10_000  # articles and kinds in one report


@dataclass(frozen=True, slots=True)
class FloorCount:
    """How often an article was shown, tried, demonstrated or asked for."""

    sku: str
    kind: FloorKind
    count: int


class ShopFloor:
    """Counts what happens to articles on the shop floor."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("browsing")

    async def count(
        self,
        tenant: UUID,
        store: str,
        day: date,
        kind: FloorKind,
        skus: Mapping[str, int],
        fact: bytes,
    ) -> None:
        """Add to the day's counts. `fact` names the telling: told again at once it adds nothing."""
        ordered = sorted(skus.items())
        async with self._database.tenant(tenant) as db:
            await db.execute(
                self._sql["count"],
                self._shard(tenant),
                tenant,
                store,
                day,
                kind,
                [sku for sku, _ in ordered],
                [count for _, count in ordered],
                fact,
            )

    async def counts(
        self,
        tenant: UUID,
        store: str | None = None,
        first: date | None = None,
        last: date | None = None,
    ) -> Sequence[FloorCount]:
        """The sums per article and kind, of one store or all, both days included; most first."""
        if store is not None and not is_storable(store):
            return []
        async with self._database.tenant(tenant) as db:
            rows = await db.fetch(
                self._sql["counts"], self._shard(tenant), tenant, store, first, last, _MOST
            )
        return [FloorCount(row["sku"], row["kind"], row["count"]) for row in rows]

    def _shard(self, tenant: UUID) -> int:
        return shard_of_key(tenant.bytes, self._database.shards)
