"""Which alarms are open, and what the database itself shows that should not be so."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from cartbridge.database.connection import Database
from cartbridge.database.pointers import shard_of_key
from cartbridge.database.queries import queries
from cartbridge.database.remembered import Remembered
from cartbridge.domain.alarm.state import AlarmKind
from cartbridge.domain.ids import named, uuid_of

ALARM_PREFIX: Final = "alm"


@dataclass(frozen=True, slots=True)
class OpenAlarm:
    """What an open alarm tells of, and the document that tells it."""

    tenant: UUID
    kind: AlarmKind
    subject: str
    document: str


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is so and should not be; without a tenant it concerns all of them."""

    kind: AlarmKind
    tenant: UUID | None
    connection: UUID | None
    number: int | None
    since: datetime


class Alarms:
    """From what an alarm tells of to its document, while it is open."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = queries("alarms")
        self._lately: Remembered[frozenset[OpenAlarm]] = Remembered()

    async def claim(self, tenant: UUID, kind: AlarmKind, subject: str, document: str) -> str:
        """The document of the open alarm: this one, or the one that came first."""
        found = await self._value("claim", tenant, kind, subject, uuid_of(document))
        return named(ALARM_PREFIX, found)

    async def find(self, tenant: UUID, kind: AlarmKind, subject: str) -> str | None:
        """The document of the open alarm, None if none is open."""
        found = await self._value("find", tenant, kind, subject)
        return None if found is None else named(ALARM_PREFIX, found)

    async def replace(
        self, tenant: UUID, kind: AlarmKind, subject: str, old: str, new: str
    ) -> None:
        """Another document tells of it from now on, if the old one still did."""
        await self._value("replace", tenant, kind, subject, uuid_of(old), uuid_of(new))

    async def drop(self, tenant: UUID, kind: AlarmKind, subject: str, document: str) -> None:
        """The alarm is open no more."""
        await self._value("drop", tenant, kind, subject, uuid_of(document))

    async def open(self, kinds: Collection[AlarmKind]) -> list[OpenAlarm]:
        """The open alarms of these kinds, of every tenant."""
        async with self._database.connection() as db:
            rows = await db.fetch(self._sql["open"], list(kinds))
        return [
            OpenAlarm(
                row["tenant"], row["kind"], row["subject"], named(ALARM_PREFIX, row["document"])
            )
            for row in rows
        ]

    async def lately_open(self, tenant: UUID, kind: AlarmKind, subject: str) -> bool:
        """Whether the alarm was open a few seconds ago: one question for all who ask."""

        async def ask() -> frozenset[OpenAlarm]:
            return frozenset(await self.open((kind,)))

        known = await self._lately.get(kind, ask) or frozenset()
        return any((one.tenant, one.subject) == (tenant, subject) for one in known)

    def forget(self) -> None:
        """Look up again from now on."""
        self._lately.forget()

    async def conditions(
        self, *, lag: timedelta, idle: timedelta, silent: timedelta
    ) -> list[Condition]:
        """What is so now: the sorter's lag, idle transactions and silence from these times on."""
        async with self._database.connection() as db:
            rows = await db.fetch(self._sql["conditions"], lag, idle, silent)
        return [Condition(**row) for row in rows]

    async def listen(self) -> None:
        """Note when each connection was last heard."""
        async with self._database.connection() as db:
            await db.execute("select connections_listen()")

    async def _value(self, query: str, tenant: UUID, kind: str, subject: str, *more: UUID) -> Any:
        shard = shard_of_key(f"{kind}/{subject}".encode(), self._database.shards)
        async with self._database.tenant(tenant) as db:
            return await db.fetchval(self._sql[query], shard, tenant, kind, subject, *more)
