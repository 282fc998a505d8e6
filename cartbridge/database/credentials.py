"""A connection's settings as they rest: secrets in them are encrypted under the master key."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from cartbridge.database.vault import Vault

_SEALED: Final = "sealed"

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


def _place(tenant: UUID, owner: UUID, name: str) -> bytes:
    return tenant.bytes + owner.bytes + b"setting " + name.encode()
