"""What the sides say of articles now: stock by store, prices that were told; and common rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from cartbridge.database.connection import Database
from cartbridge.database.pointers import shard_of_key
from cartbridge.database.queries import queries
from cartbridge.database.remembered import Clock, Remembered
from cartbridge.database.texts import is_storable
from cartbridge.domain.policy import Rules
from cartbridge.domain.stock import Level


@dataclass(frozen=True, slots=True)
class StockLevel:
    """How much of an article a store has, as of when, and which connection said so."""

    sku: str
    store: str
    level: Level
    source: str | None = None  # None: an operator


@dataclass(frozen=True, slots=True)
class PriceTold:
    """A price that was told since the item file was taken; None: no longer in that list."""

    unit_price: int | None
    as_of: datetime
    source: str | None


class StockLevels:
    """How much each store has; what is older than what is known changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("both_sides")

    async def put(self, tenant: UUID, levels: Sequence[StockLevel], source: str | None) -> None:
        """Note levels as one source told them; of two for one place the newer one stays."""
        newest: dict[tuple[str, str], StockLevel] = {}
        for told in levels:
            known = newest.get((told.sku, told.store))
            if known is None or known.level.as_of <= told.level.as_of:
                newest[told.sku, told.store] = told
        rows = [newest[place] for place in sorted(newest)]  # one order: no two wait for each other
        async with self._database.tenant(tenant) as db:
            await db.execute(
                self._sql["put_levels"],
                self._shard(tenant),
                tenant,
                [row.sku for row in rows],
                [row.store for row in rows],
                [row.level.quantity for row in rows],
                [row.level.as_of for row in rows],
                source,
            )

    async def of(self, tenant: UUID, skus: Sequence[str]) -> Sequence[StockLevel]:
        """What is known of these articles in all stores, by article and store."""
        known = list(filter(is_storable, skus))
        if not known:
            return []
        async with self._database.tenant(tenant) as db:
            rows = await db.fetch(self._sql["levels"], self._shard(tenant), tenant, known)
        return [
            StockLevel(
                row["sku"],
                row["store"],
                Level(quantity=Decimal(row["quantity"]), as_of=row["as_of"]),
                row["source"],
            )
            for row in rows
        ]

    def _shard(self, tenant: UUID) -> int:
        return shard_of_key(tenant.bytes, self._database.shards)


class PricesTold:
    """Prices of price lists as they were told one by one, until a newer item file tells them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("both_sides")

    async def put(
        self, tenant: UUID, sku: str, price_list: str, currency: str, told: PriceTold
    ) -> None:
        """Note a price in minor units; what is older than what is known changes nothing."""
        async with self._database.tenant(tenant) as db:
            await db.execute(
                self._sql["put_price"],
                self._shard(tenant),
                tenant,
                sku,
                price_list,
                currency,
                told.unit_price,
                told.as_of,
                told.source,
            )

    async def of(
        self, tenant: UUID, skus: Sequence[str], price_list: str, currency: str
    ) -> Mapping[str, PriceTold]:
        """The prices of a list that were told later than the item file, by article."""
        known = list(filter(is_storable, skus))
        if not known:
            return {}
        async with self._database.tenant(tenant) as db:
            rows = await db.fetch(
                self._sql["prices"], self._shard(tenant), tenant, known, price_list, currency
            )
        return {
            row["sku"]: PriceTold(row["unit_price"], row["as_of"], row["source"]) for row in rows
        }

    def _shard(self, tenant: UUID) -> int:
        return shard_of_key(tenant.bytes, self._database.shards)


class RetailerRules:
    """What a retailer sets for all its stores; remembered for a few seconds."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._sql = queries("both_sides")
        self._remembered: Remembered[Rules] = Remembered(clock)

    async def get(self, tenant: UUID) -> Rules:
        """The retailer's rules; one that set none leaves everything open."""
        return await self._remembered.get(tenant, lambda: self._read(tenant)) or Rules()

    async def put(self, tenant: UUID, rules: Rules) -> None:
        """Set the retailer's rules, all of them."""
        async with self._database.tenant(tenant) as db:
            await db.execute(
                self._sql["write_rules"], tenant, rules.policy, rules.codes, rules.reserve_stock
            )
        self._remembered.forget()

    async def _read(self, tenant: UUID) -> Rules | None:
        async with self._database.tenant(tenant) as db:
            row = await db.fetchrow(self._sql["read_rules"], tenant)
        return None if row is None else Rules.model_validate(dict(row))
