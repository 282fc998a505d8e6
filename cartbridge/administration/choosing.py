"""What a command is about: a connection, a time, so many rows."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import typer

from cartbridge.administration.complaints import MISUSED, CommandRefused
from cartbridge.database.directory import Tenant
from cartbridge.services.gateway import Gateway
from cartbridge.services.name_connection import connection_named
from cartbridge.services.problems import Problem

_AGO: Final = re.compile(r"(\d{1,6})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
OfConnection = Annotated[
    str | None, typer.Option("--connection", help="Only of this connection: its name.")
]
Limit = Annotated[int, typer.Option(help="At most so many.", min=1, max=1000)]
Since = Annotated[
    str | None,
    typer.Option(
        "--since", help="From then on: 2026-11-20T10:00Z, 2026-11-20, or 2h for two hours ago."
    ),
]
Until = Annotated[
    str | None, typer.Option("--until", help="Up to then, which is not included; as --since.")
]


def moment(option: str, text: str | None) -> datetime | None:
    """The moment of an option: a time (UTC unless it says otherwise), a day, or 30s, 5m, 2h, 3d
    ago; CommandRefused if it is none.
    """
    if text is None:
        return None
    ago = _AGO.fullmatch(text)
    try:
        if ago is not None:
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise CommandRefused(
            f"{option} {text}: write a time as 2026-11-20T10:00Z, a day as 2026-11-20, or how "
            "long ago as 30s, 5m, 2h or 3d",
            MISUSED,
        ) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


async def connection_of(gateway: Gateway, tenant: Tenant, name: str | None) -> UUID | None:
    """The bare id of the connection that is named, if one is; CommandRefused if it is unknown."""
    try:
        return await connection_named(gateway, tenant.uuid, name)
    except Problem:
        raise CommandRefused(
            f"there is no connection {name}: `cartbridge connection list` shows those there are"
        ) from None
