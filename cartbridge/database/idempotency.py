"""Calls that may come twice: the first decides, a repeat gets the same outcome."""

import hmac
import math
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from cartbridge.database.connection import Database
from cartbridge.database.gathering import Gathering, rows, values
from cartbridge.database.pointers import shard_of_key
from cartbridge.database.queries import queries
from cartbridge.database.vault import Vault

KEPT: Final = timedelta(days=7)
RESUMED_AFTER: Final = timedelta(seconds=15)
_SEED_BYTES: Final = 16


class OtherContent(Exception):
    """The same idempotency key came with another request: use a new key for a new request."""


class StillRunning(Exception):
    """The first call is still under way; come back after `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"the first call is still running: try again in {retry_after} s")
        self.retry_after = retry_after


@dataclass(frozen=True)
class Attempt:
    """One try of a call. Every try of it gets the same ids, drawn from one seed."""

    seed: bytes = field(repr=False)
    started_at: datetime
    first: bool  # False: an earlier try crashed, or has the outcome below
    status: int | None = None
    outcome: bytes | None = field(default=None, repr=False)

    @property
    def command_id(self) -> UUID:
        """The id of the command that this call stores, the same in every try."""
        return UUID(bytes=self._drawn("command")[:16], version=4)

    def entropy(self, label: str) -> bytes:
        """Eight bytes for a new id, the same in every try; another label draws others."""
        return self._drawn(f"entropy {label}")[:8]

    def secret(self, vault: Vault, label: str) -> bytes:
        """32 bytes for a code or a pass, the same in every try, unknown without the master key."""
        return hmac.digest(vault.derive("idempotent secret"), self.seed + label.encode(), "sha256")

    def _drawn(self, purpose: str) -> bytes:
        return hmac.digest(self.seed, purpose.encode(), "sha256")


class _Begin(NamedTuple):
    shard: int
    tenant: UUID
    scope: bytes
    request_hash: bytes
    seed: bytes


class _Finish(NamedTuple):
    shard: int
    tenant: UUID
    scope: bytes
    status: int
    outcome: bytes


class Idempotency:
    """The first outcome of every call that carried an Idempotency-Key, kept seven days."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._sql = queries("idempotency")
        self._begun: Gathering[_Begin, Any] = Gathering(
            rows(database, self._sql["begin"], RESUMED_AFTER)
        )
        self._finished: Gathering[_Finish, bool] = Gathering(values(database, self._sql["finish"]))

    async def begin(self, tenant: UUID, scope: bytes, request_hash: bytes) -> Attempt:
        """Start the call, resume one that crashed 15 seconds ago, or answer what it led to.

        `scope` is the hash of key id, path and Idempotency-Key. OtherContent if the same scope
        came with another request; StillRunning while an earlier try may be at work.
        """
        shard = shard_of_key(scope, self._database.shards)
        seed = secrets.token_bytes(_SEED_BYTES)
        row = await self._begun.ask(_Begin(shard, tenant, scope, request_hash, seed))
        if row["mine"]:
            return Attempt(row["seed"], row["started_at"], row["seed"] == seed)
        if row["request_hash"] is None:
            raise StillRunning(1)
        if not hmac.compare_digest(row["request_hash"], request_hash):
            raise OtherContent
        if row["status"] is None:
            raise StillRunning(max(1, math.ceil(row["seconds_left"])))
        outcome = self._vault.unwrap(row["outcome"], _place(tenant, scope))
        return Attempt(row["seed"], row["started_at"], False, row["status"], outcome)

    async def finish(self, tenant: UUID, scope: bytes, status: int, outcome: bytes) -> None:
        """Keep what the call answered; a second try that finishes later changes nothing."""
        sealed = self._vault.wrap(outcome, _place(tenant, scope))
        shard = shard_of_key(scope, self._database.shards)
        await self._finished.ask(_Finish(shard, tenant, scope, status, sealed))

    async def give_up(self, tenant: UUID, scope: bytes) -> None:
        """Let the next try run at once: this one ended without an outcome."""
        shard = shard_of_key(scope, self._database.shards)
        async with self._database.tenant(tenant) as connection:
            await connection.execute(self._sql["give_up"], shard, tenant, scope)

    async def forget(self, older_than: timedelta = KEPT) -> int:
        """Remove the calls of all tenants that began so long ago; answers how many."""
        removed = 0
        for shard in range(self._database.shards):
            async with self._database.connection() as connection:
                removed += await connection.fetchval(self._sql["forget"], shard, older_than)
        return removed


def _place(tenant: UUID, scope: bytes) -> bytes:
    return tenant.bytes + scope + b"idempotent outcome"
