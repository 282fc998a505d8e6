"""Adding a connection: its settings are checked by its connector, its secrets encrypted."""

from typing import Any, get_args
from uuid import UUID

from pydantic import BaseModel, SecretStr

from cartbridge.database.directory import Connection
from cartbridge.domain.cart.state import Channel
from cartbridge.services.gateway import Gateway


def secret_names(model: type[BaseModel]) -> frozenset[str]:
    """The settings that must never rest or be shown in plain."""
    return frozenset(
        name for name, field in model.model_fields.items() if _holds_secret(field.annotation)
    )


def _holds_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(_holds_secret(part) for part in get_args(annotation))


async def add_connection(
    gateway: Gateway,
    tenant: UUID,
    slug: str,
    connector: str,
    settings: dict[str, Any],
    *,
    brand: str | None = None,
    channel: Channel = "web",
) -> Connection:
    """The new connection with its hook; Problem naming each setting that is wrong."""
    model = gateway.connectors.connector(connector).manifest.settings
    gateway.connectors.settings(connector, settings)
    return await gateway.directory.connections.add(
        tenant,
        slug,
        connector,
        settings,
        secret=secret_names(model),
        brand=brand,
        channel=channel,
    )
