"""A connection's secrets as they rest, encrypted under the master key: set up, or renewed."""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from cartbridge.database.connection import Database
from cartbridge.database.pointers import shard_of_key
from cartbridge.database.queries import queries
from cartbridge.database.vault import Vault

_SEALED: Final = "sealed"
_RENEWED: Final = "renewed credentials"  # under this name they are sealed, as one

Settings = Mapping[str, Any]


class Credentials:
    """Seals the secret fields of settings, and opens them for the connector that needs them."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def seal(self, tenant: UUID, owner: UUID, settings: Settings, secret: Iterable[str]) -> str:
        """The settings as JSON; each secret field is tied to its owner, so no row can swap it."""
        hidden = set(secret)
        return json.dumps(
            {
                name: {_SEALED: self._close(tenant, owner, name, value)}
                if name in hidden
                else {"value": value}
                for name, value in settings.items()
            }
        )

    def open(self, tenant: UUID, owner: UUID, stored: str) -> dict[str, Any]:
        """The settings with their secrets; MasterKeyError when the master key is another one."""
        return {
            name: self._open(tenant, owner, name, field[_SEALED])
            if _SEALED in field
            else field["value"]
            for name, field in json.loads(stored).items()
        }

    @staticmethod
    def shown(stored: str) -> dict[str, Any]:
        """The settings for people to see: of a secret only that it is set."""
        return {
            name: "********" if _SEALED in field else field["value"]
            for name, field in json.loads(stored).items()
        }

    @staticmethod
    def secret_names(stored: str) -> frozenset[str]:
        """Which of the settings are secret."""
        return frozenset(name for name, field in json.loads(stored).items() if _SEALED in field)

    def _close(self, tenant: UUID, owner: UUID, name: str, value: Any) -> str:
        wrapped = self._vault.wrap(json.dumps(value).encode(), _place(tenant, owner, name))
        return base64.b64encode(wrapped).decode("ascii")

    def _open(self, tenant: UUID, owner: UUID, name: str, sealed: str) -> Any:
        return json.loads(self._vault.unwrap(base64.b64decode(sealed), _place(tenant, owner, name)))


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a platform gave a connection; each renewal is one version further."""

    version: int
    values: Mapping[str, str] = field(repr=False)
    expires_at: datetime | None = None


class RenewedCredentials:
    """What connectors had renewed: kept before it is used, so that it is never lost by a crash."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._seals = Credentials(vault)
        self._sql = queries("credentials")

    async def read(self, tenant: UUID, connection: UUID) -> Renewed | None:
        """The newest, None if nothing was ever renewed."""
        async with self._database.tenant(tenant) as db:
            row = await db.fetchrow(self._sql["read"], self._shard(tenant), tenant, connection)
        if row is None:
            return None
        values = self._seals.open(tenant, connection, row["sealed"])[_RENEWED]
        return Renewed(row["version"], values, row["expires_at"])

    async def keep(
        self,
        tenant: UUID,
        connection: UUID,
        values: Mapping[str, str],
        expires_at: datetime | None,
        *,
        after: int,
    ) -> Renewed | None:
        """Keep what follows on that version (0: the first); None if it is not the newest."""
        sealed = self._seals.seal(tenant, connection, {_RENEWED: dict(values)}, {_RENEWED})
        place = (self._shard(tenant), tenant, connection)
        query = self._sql["keep_next" if after else "keep_first"]
        async with self._database.tenant(tenant) as db:
            version = await db.fetchval(query, *place, after, sealed, expires_at)
        return None if version is None else Renewed(version, values, expires_at)

    def _shard(self, tenant: UUID) -> int:
        return shard_of_key(tenant.bytes, self._database.shards)


def _place(tenant: UUID, owner: UUID, name: str) -> bytes:
    return tenant.bytes + owner.bytes + b"setting " + name.encode()
