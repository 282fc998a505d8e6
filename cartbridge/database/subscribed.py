"""A subscription as it is kept: what an operator sees, and secrets under the master key."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from cartbridge.database.credentials import Credentials
from cartbridge.database.vault import Vault
from cartbridge.domain.ids import named, uuid_of

PREFIX: Final = "sub"
OVERLAP: Final = timedelta(hours=24)  # in which an old secret still signs
_SECRETS: Final = 5  # that sign at once
SubscriptionState = Literal["active", "paused", "ended"]


@dataclass(frozen=True, slots=True)
class Secret:
    """A signing secret, and until when it signs (None: it is the newest)."""

    value: str = field(repr=False)
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """One system that is told, of which types, and how it stands with it."""

    id: str  # sub_…
    tenant: UUID
    url: str = field(repr=False)
    types: tuple[str, ...] | None
    description: str | None
    secrets: tuple[Secret, ...] = field(repr=False)
    state: SubscriptionState
    reason: str | None
    cursor: str
    created_at: datetime
    last_delivered_at: datetime | None
    failing_since: datetime | None
    last_error: str | None
    last_error_at: datetime | None

    @property
    def uuid(self) -> UUID:
        """Its bare id, under which its messages wait in the outbox."""
        return uuid_of(self.id)


class Opener:
    """Reads and writes the rows of subscriptions, whose secrets only the master key opens."""

    def __init__(self, vault: Vault) -> None:
        self._credentials = Credentials(vault)

    def seal(self, tenant: UUID, owner: UUID, secrets: Sequence[Secret]) -> str:
        """The secrets as they rest, tied to their subscription."""
        told = [
            {"value": one.value, "until": one.until.isoformat() if one.until else None}
            for one in secrets
        ]
        return self._credentials.seal(tenant, owner, {"secrets": told}, ["secrets"])

    def secrets(self, tenant: UUID, owner: UUID, stored: str) -> tuple[Secret, ...]:
        """The secrets again, the newest first."""
        told = self._credentials.open(tenant, owner, stored)["secrets"]
        return tuple(
            Secret(one["value"], datetime.fromisoformat(one["until"]) if one["until"] else None)
            for one in told
        )

    def open(self, tenant: UUID, row: Any) -> Subscription:
        """The subscription in a row."""
        return Subscription(
            **{
                **dict(row),
                "id": named(PREFIX, row["id"]),
                "tenant": tenant,
                "types": as_types(row["types"]),
                "secrets": self.secrets(tenant, row["id"], row["secrets"]),
            }
        )


def renewed(known: Sequence[Secret], secret: str, now: datetime) -> list[Secret]:
    """A new secret before those that sign for another day at most."""
    old = [Secret(one.value, one.until or now + OVERLAP) for one in known]
    kept = [one for one in old if one.until is not None and one.until > now]
    return [Secret(secret), *kept][:_SECRETS]


def as_types(types: Sequence[str] | None) -> tuple[str, ...] | None:
    """The types of a row, None for all."""
    return None if types is None else tuple(types)
