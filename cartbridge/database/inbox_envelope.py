"""Raw deliveries as they rest: encrypted with a key of their day, which can be destroyed."""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

from pydantic_core import to_json

from cartbridge.database.connection import Database, Unavailable
from cartbridge.database.pointers import shard_of_key
from cartbridge.database.queries import queries
from cartbridge.database.sealing import DataKey, Erased, place
from cartbridge.database.vault import Vault

_CACHED: Final = 512  # day keys in memory, the last used
_TRIES: Final = 5

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a platform sent, byte for byte."""

    method: str
    query: str = field(repr=False)
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)


class Sent(Protocol):
    """What of a delivery is sealed."""

    @property
    def query(self) -> str:
        """The query of its address."""

    @property
    def headers(self) -> Headers:
        """Its headers in order."""

    @property
    def body(self) -> bytes:
        """Its exact bytes."""


class Sealed(NamedTuple):
    """The ciphertexts of a delivery."""

    headers: bytes
    body: bytes


class Envelopes:
    """Seals and opens deliveries; keeps the day keys it used last in memory."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._sql = queries("inbox")
        self._keys: OrderedDict[tuple[UUID, date], DataKey] = OrderedDict()
        self._making = asyncio.Lock()

    def known_key(self, tenant: UUID, day: date) -> DataKey | None:
        """The key of a tenant's day, if it is in memory."""
        key = self._keys.get((tenant, day))
        if key is not None:
            self._keys.move_to_end((tenant, day))
        return key

    async def key(self, tenant: UUID, day: date) -> DataKey:
        """The key of a tenant's day, which is made when the day begins."""
        async with self._making:
            key = self.known_key(tenant, day) or await self._make(tenant, day)
        self._remember(tenant, day, key)
        return key

    async def open(self, tenant: UUID, message: UUID, day: date, row: Any) -> Delivery | None:
        """The delivery in a row that has method, headers and body; None once it is forgotten."""
        if row["body"] is None or row["headers"] is None:
            return None
        key = self._keys.get((tenant, day)) or await self._load(tenant, day)
        if key is None:
            return None
        self._remember(tenant, day, key)
        outside = key.open(row["headers"], place(tenant, message, "headers"))
        body = key.open(row["body"], place(tenant, message, "body"))
        if isinstance(outside, Erased) or isinstance(body, Erased):
            return None
        query, headers = json.loads(outside)
        return Delivery(row["method"], query, [(name, value) for name, value in headers], body)

    async def _load(self, tenant: UUID, day: date) -> DataKey | None:
        async with self._database.tenant(tenant) as connection:
            wrapped = await connection.fetchval(
                self._sql["day_key"], self._shard(tenant, day), tenant, day
            )
        return None if wrapped is None else self._unwrap(tenant, day, wrapped)

    async def _make(self, tenant: UUID, day: date) -> DataKey:
        """The day's key: ours, or that of the process that made one first."""
        drawn = self._vault.wrap(DataKey.draw().secret, _purpose(tenant, day))
        for _ in range(_TRIES):
            async with self._database.tenant(tenant) as connection:
                wrapped = await connection.fetchval(
                    self._sql["make_day_key"], self._shard(tenant, day), tenant, day, drawn
                )
            if wrapped is not None:
                return self._unwrap(tenant, day, wrapped)
        raise Unavailable("the key of the day is being rewritten over and over: try again")

    def _unwrap(self, tenant: UUID, day: date, wrapped: bytes) -> DataKey:
        return DataKey(self._vault.unwrap(wrapped, _purpose(tenant, day)))

    def _remember(self, tenant: UUID, day: date, key: DataKey) -> None:
        self._keys[tenant, day] = key
        self._keys.move_to_end((tenant, day))
        while len(self._keys) > _CACHED:
            self._keys.popitem(last=False)

    def _shard(self, tenant: UUID, day: date) -> int:
        return shard_of_key(_purpose(tenant, day), self._database.shards)


def seal(key: DataKey, tenant: UUID, message: UUID, sent: Sent) -> Sealed:
    """What was sent, encrypted with the key of its day."""
    outside: Any = (sent.query, sent.headers)
    try:
        plain = to_json(outside)
    except ValueError:  # bytes that nobody could decode are lone surrogates, which JSON can escape
        plain = json.dumps(outside).encode("ascii")
    return Sealed(
        key.seal(plain, place(tenant, message, "headers")),
        key.seal(sent.body, place(tenant, message, "body")),
    )


def _purpose(tenant: UUID, day: date) -> bytes:
    return tenant.bytes + f"day key {day.isoformat()}".encode()
