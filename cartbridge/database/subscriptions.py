"""Subscriptions: the retailer's systems that are told what happens, and how far each was told."""

import time
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from pydantic_core import to_json

from cartbridge.database.connection import Database
from cartbridge.database.feed import Headline
from cartbridge.database.pointers import shard_of_key
from cartbridge.database.queries import queries
from cartbridge.database.remembered import Clock, Remembered
from cartbridge.database.subscribed import (
    Opener,
    Secret,
    Subscription,
    SubscriptionState,
    as_types,
    renewed,
)
from cartbridge.database.texts import as_reason
from cartbridge.database.vault import Vault
from cartbridge.domain.ids import uuid_of

PATIENCE: Final = timedelta(days=5)  # of nothing but failures, before it is paused
_NOTED_SECONDS: Final = 5.0  # between two notes that all is well
_KEEP_SECONDS: Final = 5.0  # between two notes of a cursor that passed nothing to tell
_NOBODY_SECONDS: Final = 1.0  # how late the first subscription of all is seen


@dataclass(frozen=True, slots=True)
class _Looked:
    """How far this process looked behind a cursor without finding anything, and when it kept it."""

    cursor: str
    ahead: str
    kept_at: float


@dataclass(frozen=True, slots=True)
class Wanting:
    """A subscription to be told, from which cursor on; up to `ahead` there is nothing for it."""

    tenant: UUID
    id: UUID
    types: tuple[str, ...] | None
    cursor: str
    ahead: str


class Subscriptions:
    """The subscriptions of all retailers; what a worker asks is remembered for a few seconds."""

    def __init__(self, database: Database, vault: Vault, clock: Clock = time.monotonic) -> None:
        self._database = database
        self._opener = Opener(vault)
        self._sql = queries("subscriptions")
        self._clock = clock
        self._remembered: Remembered[Subscription] = Remembered(clock)
        self._noted: dict[UUID, float] = {}
        self._nobody_at: float | None = None
        self._looked: dict[UUID, _Looked] = {}

    async def add(
        self,
        tenant: UUID,
        identifier: str,
        url: str,
        secret: str,
        cursor: str,
        *,
        types: Sequence[str] | None = None,
        description: str | None = None,
    ) -> None:
        """Add a subscription that is told everything behind the cursor; a second time is none."""
        sealed = self._opener.seal(tenant, uuid_of(identifier), [Secret(secret)])
        wanted = None if types is None else list(types)
        async with self._database.tenant(tenant) as db:
            await db.execute(
                self._sql["add"], *self._place(tenant, uuid_of(identifier)), url, wanted,
                description, sealed, cursor,
            )  # fmt: skip
        self.forget()

    async def get(self, tenant: UUID, identifier: str) -> Subscription | None:
        """The subscription of that id (sub_…) as it is now."""
        async with self._database.tenant(tenant) as db:
            row = await db.fetchrow(self._sql["read"], *self._place(tenant, uuid_of(identifier)))
        return None if row is None else self._opener.open(tenant, row)

    async def remembered(self, tenant: UUID, identifier: str) -> Subscription | None:
        """The subscription as it was a few seconds ago."""
        return await self._remembered.get(
            (tenant, identifier), lambda: self.get(tenant, identifier)
        )

    async def list(
        self, tenant: UUID, limit: int = 50, after: str | None = None
    ) -> Sequence[Subscription]:
        """The retailer's subscriptions, the oldest first, beginning after one of them."""
        behind = None if after is None else uuid_of(after)
        shard = shard_of_key(tenant.bytes, self._database.shards)
        async with self._database.tenant(tenant) as db:
            rows = await db.fetch(self._sql["list"], shard, tenant, behind, limit)
        return [self._opener.open(tenant, row) for row in rows]

    async def change(
        self,
        tenant: UUID,
        identifier: str,
        *,
        url: str | None = None,
        description: str | None = None,
        retype: bool = False,
        types: Collection[str] | None = None,
        state: Literal["active", "paused"] | None = None,
    ) -> bool:
        """Change what is given (types only with `retype`); False if it is not there or ended."""
        wanted = None if types is None else list(types)
        place = self._place(tenant, uuid_of(identifier))
        async with self._database.tenant(tenant) as db:
            changed = await db.fetchval(
                self._sql["change"], *place, url, description, retype, wanted, state
            )
        self.forget()
        return changed is not None

    async def remove(self, tenant: UUID, identifier: str) -> bool:
        """Remove it; says whether it was there."""
        async with self._database.tenant(tenant) as db:
            gone = await db.fetchval(self._sql["remove"], *self._place(tenant, uuid_of(identifier)))
        self.forget()
        return gone is not None

    async def rotate(self, tenant: UUID, identifier: str, secret: str, now: datetime) -> bool:
        """Sign with a new secret from now on, and with the old ones for a day; a repeat is none.

        False if there is no such subscription.
        """
        place = self._place(tenant, uuid_of(identifier))
        async with self._database.tenant(tenant) as db:
            stored = await db.fetchval(self._sql["secrets"], *place)
            if stored is None:
                return False
            known = self._opener.secrets(tenant, uuid_of(identifier), stored)
            if known[0].value != secret:
                sealed = self._opener.seal(tenant, uuid_of(identifier), renewed(known, secret, now))
                await db.execute(self._sql["keep_secrets"], *place, sealed)
        self.forget()
        return True

    async def active(self) -> Sequence[Wanting]:
        """Every retailer's subscriptions that are to be told."""
        now = self._clock()
        if self._nobody_at is not None and now - self._nobody_at < _NOBODY_SECONDS:
            return []
        async with self._database.connection() as db:
            rows = await db.fetch(self._sql["active"])
        self._nobody_at = None if rows else now
        known, self._looked = self._looked, {}
        wanting = []
        for row in rows:
            looked = known.get(row["id"])
            if looked is None or looked.cursor != row["cursor"]:
                looked = _Looked(row["cursor"], row["cursor"], now)
            self._looked[row["id"]] = looked
            types = as_types(row["types"])
            wanting.append(Wanting(row["tenant"], row["id"], types, row["cursor"], looked.ahead))
        return wanting

    async def advance(self, wanting: Wanting, cursor: str, events: Sequence[Headline]) -> bool:
        """Put events into the outbox and move the cursor behind them, in one transaction.

        False, and nothing is changed, if somebody else moved it meanwhile. A cursor that only
        passed what others are told is kept every few seconds.
        """
        looked, now = self._looked.get(wanting.id), self._clock()
        if looked is not None and not events and now - looked.kept_at < _KEEP_SECONDS:
            self._looked[wanting.id] = replace(looked, ahead=cursor)
            return True
        place = self._place(wanting.tenant, wanting.id)
        async with self._database.tenant(wanting.tenant) as db:
            moved = await db.fetchval(self._sql["advance"], *place, wanting.cursor, cursor)
            if moved is None:
                return False
            if events:
                await db.execute(
                    self._sql["enqueue"],
                    wanting.tenant,
                    wanting.id,
                    [event.shard for event in events],
                    [uuid.uuid5(wanting.id, name_of(event)) for event in events],
                    [uuid_of(event.document) for event in events],
                    [event.document for event in events],
                    [to_json({"shard": e.shard, "position": e.position}) for e in events],
                )
        if events:
            self._database.errands.tell()
        return True

    async def delivered(self, subscription: Subscription) -> None:
        """Note that something was taken: every few seconds, or at once after failures."""
        now, noted = self._clock(), self._noted.get(subscription.uuid)
        well = subscription.failing_since is None
        if well and noted is not None and now - noted < _NOTED_SECONDS:
            return
        self._noted[subscription.uuid] = now
        place = self._place(subscription.tenant, subscription.uuid)
        async with self._database.tenant(subscription.tenant) as db:
            await db.execute(self._sql["delivered"], *place)
        if not well:
            self.forget()

    async def failed(self, subscription: Subscription, reason: str) -> SubscriptionState:
        """Note a failure; after five days of nothing else the subscription is paused."""
        place = self._place(subscription.tenant, subscription.uuid)
        async with self._database.tenant(subscription.tenant) as db:
            state: SubscriptionState | None = await db.fetchval(
                self._sql["failed"], *place, as_reason(reason), PATIENCE
            )
        if subscription.failing_since is None or state != subscription.state:
            self.forget()
        return state or "ended"

    async def end(self, subscription: Subscription, reason: str) -> None:
        """The receiver wants no more: it is never told again."""
        place = self._place(subscription.tenant, subscription.uuid)
        async with self._database.tenant(subscription.tenant) as db:
            await db.execute(self._sql["end"], *place, as_reason(reason))
        self.forget()

    def forget(self) -> None:
        """Look up again from now on."""
        self._remembered.forget()
        self._nobody_at = None

    def _place(self, tenant: UUID, identifier: UUID) -> tuple[int, UUID, UUID]:
        return shard_of_key(tenant.bytes, self._database.shards), tenant, identifier


def name_of(event: Headline) -> str:
    """The event's own name, the same in every delivery of it."""
    return f"{event.document}-{event.version}"
