"""What every use case works with, wired once in app.py."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cartbridge.database.alarms import Alarms
from cartbridge.database.both_sides import PricesTold, StockLevels
from cartbridge.database.browsing import Browsing
from cartbridge.database.circuits import Circuits
from cartbridge.database.credentials import RenewedCredentials
from cartbridge.database.customer_accesses import CustomerAccesses
from cartbridge.database.customers import Customers
from cartbridge.database.directory import Directory
from cartbridge.database.documents import Documents
from cartbridge.database.duties import Duties
from cartbridge.database.facts import FactsOfCarts
from cartbridge.database.feed import Feed
from cartbridge.database.idempotency import Idempotency
from cartbridge.database.inbox import Inbox
from cartbridge.database.items import ItemIndex
from cartbridge.database.leases import Leases
from cartbridge.database.outbox import Outbox
from cartbridge.database.pointers import Pointers
from cartbridge.database.queues import Queues
from cartbridge.database.shop_floor import ShopFloor
from cartbridge.database.subscriptions import Subscriptions
from cartbridge.database.vault import Vault
from cartbridge.domain.enquiry.state import Kind
from cartbridge.domain.header import Actor
from cartbridge.sdk.client import OutgoingClient
from cartbridge.services.connectors import Connectors

# Within how much time she must have heard from us, by what she asks.
ANSWERED_WITHIN: Final[Mapping[Kind, timedelta]] = {
    "information": timedelta(hours=24),
    "demonstration": timedelta(hours=24),
    "call_back": timedelta(hours=4),
    "after_sales": timedelta(hours=48),
}


@dataclass(frozen=True)
class Limits:
    """The retailer's times, as set for this installation."""

    code: timedelta = timedelta(minutes=15)
    lease: timedelta = timedelta(minutes=15)
    reservation: timedelta = timedelta(hours=48)  # the longest a store keeps anything aside
    freshness: timedelta = timedelta(milliseconds=800)  # for reading a twin before a claim
    patience: timedelta = timedelta(seconds=5)  # for what was accepted to be applied before it
    abandoned_after: timedelta = timedelta(days=14)
    reconcile_every: timedelta = timedelta(minutes=5)
    silent_after: timedelta = timedelta(hours=24)  # unless a connection has its own time
    stock_trusted: timedelta = timedelta(hours=24)  # what was told of stock before is not relied on
    enquiry: Mapping[Kind, timedelta] = field(default_factory=lambda: ANSWERED_WITHIN)
    browsing: timedelta = timedelta(days=30)  # for which is known what she looked at


@dataclass(frozen=True)
class Gateway:
    """The database's parts, the connectors, the clock and the dice."""

    documents: Documents
    feed: Feed
    facts: FactsOfCarts
    leases: Leases
    inbox: Inbox
    outbox: Outbox
    subscriptions: Subscriptions
    circuits: Circuits
    queues: Queues
    pointers: Pointers
    directory: Directory
    items: ItemIndex
    stock: StockLevels
    prices: PricesTold
    browsing: Browsing
    shop_floor: ShopFloor
    idempotency: Idempotency
    duties: Duties
    alarms: Alarms
    renewed: RenewedCredentials
    customers: Customers
    accesses: CustomerAccesses
    vault: Vault
    connectors: Connectors
    client: OutgoingClient
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
    scopes: frozenset[str] = frozenset()  # what an operator's key may do beyond the rest
