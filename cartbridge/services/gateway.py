"""What every use case works with, wired once in app.py."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import httpx

from cartbridge.database.circuits import Circuits
from cartbridge.database.directory import Directory
from cartbridge.database.documents import Documents
from cartbridge.database.feed import Feed
from cartbridge.database.idempotency import Idempotency
from cartbridge.database.inbox import Inbox
from cartbridge.database.items import ItemIndex
from cartbridge.database.leases import Leases
from cartbridge.database.outbox import Outbox
from cartbridge.database.pointers import Pointers
from cartbridge.database.vault import Vault
from cartbridge.domain.header import Actor
from cartbridge.services.connectors import Connectors


@dataclass(frozen=True)
class Limits:
    """The retailer's times, as set for this installation."""

    code: timedelta = timedelta(minutes=15)
    lease: timedelta = timedelta(minutes=15)
    freshness: timedelta = timedelta(milliseconds=800)  # for reading a twin before a claim
    patience: timedelta = timedelta(seconds=5)  # for what was accepted to be applied before it
    abandoned_after: timedelta = timedelta(days=14)


@dataclass(frozen=True)
class Gateway:
    """The database's parts, the connectors, the clock and the dice."""

    documents: Documents
    feed: Feed
    leases: Leases
    inbox: Inbox
    outbox: Outbox
    circuits: Circuits
    pointers: Pointers
    directory: Directory
    items: ItemIndex
    idempotency: Idempotency
    vault: Vault
    connectors: Connectors
    client: httpx.AsyncClient
    clock: Callable[[], datetime]
    draw: Callable[[int], bytes]
    public_url: str
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Caller:
    """Who asks: always one tenant, and as far as the key and the call tell, who in which store."""

    tenant: UUID
    role: str  # shop, pos, ops, or gateway for our own loops
    actor: Actor
    connection: str | None = None
    store: str | None = None
    terminal: str | None = None
    staff: str | None = None
    correlation: str | None = None
