"""What the reports know of each cart, and how far the journal was followed for it."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from cartbridge.database.connection import Database
from cartbridge.database.history import NewerVersion
from cartbridge.database.queries import queries
from cartbridge.domain.ids import named, uuid_of
from cartbridge.domain.report.facts import CartFacts

WINDOW: Final = 500  # how many positions of a shard are followed at once
PAGE: Final = 500  # facts read at once
_FIRST: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Behind:
    """A shard that moved on: from where, up to where, and which carts changed there."""

    shard: int
    followed: int
    upto: int
    carts: tuple[tuple[UUID, str], ...]  # tenant and cart


class FactsOfCarts:
    """A view of all carts of all retailers, kept by whoever follows the journal."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("facts")

    async def behind(self) -> list[Behind]:
        """Each shard with something that is not in the facts yet."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(self._sql["behind"], WINDOW)
        by_shard = groupby(rows, key=lambda row: (row["shard"], row["followed"], row["upto"]))
        return [
            Behind(
                *place,
                tuple((row["tenant"], named("crt", row["cart"])) for row in some if row["cart"]),
            )
            for place, some in by_shard
        ]

    async def store(self, behind: Behind, facts: Sequence[tuple[UUID, CartFacts]]) -> bool:
        """Keep these facts and move on, both or nothing; False if another was quicker."""
        columns = [list(column) for column in zip(*_rows(facts), strict=True)] or [[]] * 7
        place = (behind.shard, behind.followed, behind.upto)
        async with self._database.connection() as connection:
            stored: bool = await connection.fetchval(self._sql["store"], *place, *columns)
        return stored

    async def begin_anew(self) -> None:
        """Everything is to be gathered again, from the first event on."""
        async with self._database.connection() as connection:
            await connection.execute("select facts_anew()")

    async def as_of(self, tenant: UUID) -> datetime:
        """Up to which moment everything that was recorded is in the facts."""
        async with self._database.connection() as connection:
            moment: datetime = await connection.fetchval("select facts_as_of($1)", tenant)
        return moment

    async def read(
        self, tenant: UUID, since: datetime, until: datetime
    ) -> AsyncIterator[CartFacts]:
        """The carts that were begun in a time, or sold in it; the end excluded."""
        for shard in range(self._database.shards):
            after = _FIRST
            while True:
                async with self._database.tenant(tenant) as connection:
                    rows = await connection.fetch(
                        self._sql["page"], shard, tenant, after, since, until, PAGE
                    )
                for row in rows:
                    yield _facts(row["body"])
                if len(rows) < PAGE:
                    break
                after = rows[-1]["cart"]


def _rows(facts: Iterable[tuple[UUID, CartFacts]]) -> Iterable[tuple[Any, ...]]:
    for tenant, one in facts:
        sold = [sale.at for sale in one.sales]
        yield (
            tenant,
            uuid_of(one.cart),
            one.version,
            one.began.at,
            min(sold, default=None),
            max(sold, default=None),
            one.model_dump_json(exclude_defaults=True).encode(),
        )


def _facts(body: bytes) -> CartFacts:
    try:
        return CartFacts.model_validate_json(body)
    except ValidationError:
        raise NewerVersion(
            "another version of CartBridge gathered these facts: run `cartbridge rebuild`"
        ) from None
