"""The contract between the gateway and one platform: what every connector is made of."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Literal

import httpx
from pydantic import BaseModel

from cartbridge.domain.customer import Customer
from cartbridge.domain.items import Item
from cartbridge.domain.line import Line, Prices
from cartbridge.domain.model import Strict
from cartbridge.domain.projection import Projection
from cartbridge.domain.quantity import Amount
from cartbridge.domain.twin import Basket, Snapshot, TwinKind, TwinRef, Writes
from cartbridge.sdk.both_sides import (
    HeldStock,
    LoyaltyShown,
    PriceNow,
    PricesOf,
    StockHold,
    StockNow,
)
from cartbridge.sdk.observations import Read

Capability = Literal[
    "fetch",
    "push",
    "place",
    "freeze",
    "continue_online",
    "join",
    "changed_since",
    "hook",
    "refresh",
    "push_wishlists",
    "push_quotes",
    "answer_enquiries",
    "prices",
    "stock",
    "reserve_stock",
    "loyalty",
]
Placing = Literal["never", "on_offer", "on_claim", "on_link"]
Login = Literal["adopts", "merges", "replaces", "nothing"]


_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Raw:
    """A request as it came: method, our public URL for it, headers in lower case, exact bytes.

    `received_at` is when the gateway stored it: for platforms whose bodies tell no time.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    received_at: datetime = _NEVER


@dataclass(frozen=True)
class Reply:
    """What the platform expects to be answered."""

    status: int = 202
    body: bytes | None = None  # None: the gateway's own `{"message": …, "duplicate": …}`
    content_type: str = "application/json"


@dataclass(frozen=True)
class Delivery:
    """A hook whose signature holds; `key` names the delivery where the platform's id is unique."""

    key: str | None = None


@dataclass(frozen=True)
class Named:
    """One document a hook speaks of, and what makes this mention of it the same mention.

    A hook names a document once; `dedup` differs for each document that it names.
    """

    external_id: str
    kind: TwinKind = "cart"
    account: str | None = None
    revision: int | None = None
    dedup: str | None = None


class WriteLine(Strict):
    """A row the twin should show; quantity 0 takes it out."""

    key: str
    item: Item
    quantity: Amount
    unit: str = "C62"
    changed: bool = True  # False: it already shows this
    prices: Prices | None = None  # of a quote: they hold


class Terms(Strict):
    """What a quote says beside its lines."""

    state: Literal["requested", "issued", "accepted", "declined", "converted", "expired"]
    number: str
    valid_until: datetime | None = None
    receipt_number: str | None = None  # converted: sold at a till under it
    currency: str
    tax_mode: Literal["inclusive", "exclusive"]


class Write(Strict):
    """A conditional write: only if the twin is still at `base_revision`.

    The twin is a cart, a wish list or a quote, as `ref.kind` says; the last two only reach
    connectors that declare `push_wishlists` or `push_quotes`.
    """

    push_id: str
    ref: TwinRef
    base_revision: int | None = None
    lines: tuple[WriteLine, ...]
    codes: tuple[str, ...] = ()
    customer: Customer | None = None
    name: str | None = None  # of a wish list
    archived: bool = False  # of a wish list: it is closed
    terms: Terms | None = None  # of a quote

    @property
    def basket(self) -> Basket:
        """What the twin shows if the platform accepts everything."""
        return {line.key: line.quantity for line in self.lines if line.quantity}


class Written(Strict):
    """The platform took the write, perhaps with refusals; the snapshot is what it shows now."""

    snapshot: Snapshot


class Moved(Strict):
    """The twin was changed in the meantime and was not written; the snapshot is what it shows."""

    snapshot: Snapshot


class PlacedLine(Strict):
    """A line to be put on a till: amounts in minor units, `prices.total` binding.

    The price is the one that holds by the store's policy; none where the till asks its own.
    """

    line: str  # lin_…
    key: str
    item: Item
    quantity: Amount
    unit: str = "C62"
    prices: Prices = Prices()
    note: str | None = None


class Placement(Strict):
    """A cart to be put before a cashier: on the till that claimed it, or on offer for any."""

    cart: str  # crt_…
    name: str  # names this placement for good: the same one never makes two
    claim: str | None = None  # clm_…; None: on offer
    fence: int | None = None
    terminal: str | None = None  # the till's id there
    store: str | None = None  # the store's id there
    label: str  # a few letters by which the cashier finds it
    currency: str
    tax_mode: Literal["inclusive", "exclusive"]
    lines: tuple[PlacedLine, ...]
    codes: tuple[str, ...] = ()
    total: int | None = None  # None: some line is rung up at the till's own price
    customer: Customer | None = None
    locale: str | None = None


class Placed(Strict):
    """What a placement became there; what it could not show is among the snapshot's refusals."""

    kind: TwinKind = "till_order"
    external_id: str
    snapshot: Snapshot


class ThreadMessage(Strict):
    """One message of an enquiry's thread, to be shown there; the same `name` never shows twice."""

    name: str
    at: datetime
    channel: str
    author: Literal["customer", "staff"]
    staff: str | None = None
    text: str
    closes: bool = False  # with it the enquiry is closed


class Manifest(Strict):
    """What a connector can do; what is not declared is not called."""

    name: str
    title: str
    kind: Literal["shop", "pos"]
    capabilities: frozenset[Capability] = frozenset()
    writes: Writes = "none"
    login: Login = "nothing"
    versions: str  # the platform's versions that it follows
    settings: type[BaseModel]


@dataclass(frozen=True)
class Remote:
    """What an async part works with: the connection's settings and a client made for it."""

    settings: Any
    client: httpx.AsyncClient
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)  # as renewed last


@dataclass(frozen=True)
class Changed:
    """A page of what changed there: documents for `read`, and the cursor behind them.

    The cursor is the connector's own and is kept as it is. It overlaps as far as the platform's
    order cannot be trusted, and comes back unchanged only if nothing changed. `more`: ask again.
    """

    documents: Sequence[Mapping[str, Any]]
    cursor: Mapping[str, Any]
    more: bool = False


@dataclass(frozen=True)
class Refreshed:
    """What the platform gave in exchange: all of it is kept, before any of it is used."""

    values: Mapping[str, str] = field(repr=False)
    expires_at: datetime | None = None


class Connector(ABC):
    """One platform, stateless: the pure parts read and translate, the async parts call it."""

    manifest: ClassVar[Manifest]

    def writes(self, settings: Any) -> Writes:
        """How this connection can be written; some can only be read until a URL is set."""
        return self.manifest.writes

    def capabilities(self, settings: Any) -> frozenset[Capability]:
        """What this connection can do: what is declared, less what its settings leave out."""
        return self.manifest.capabilities

    def answer(self, request: Raw, settings: Any) -> Reply | None:
        """The answer to a ping or handshake, which is nothing to store; None: it is a hook."""
        return None

    @abstractmethod
    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        """Believes a hook only if the platform signed it; raises Forged otherwise."""

    @property
    def accepted(self) -> Reply:
        """What the platform wants to hear once its hook is safely stored."""
        return Reply()

    @abstractmethod
    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        """Which documents a hook speaks of; an empty list if none concerns us."""

    @abstractmethod
    def read(self, document: Raw | Mapping[str, Any], settings: Any) -> Read:
        """What a hook, or a document that `fetch` brought, says; raises Unreadable."""

    @abstractmethod
    def project(self, lines: Sequence[Line], settings: Any) -> Projection:
        """The lines as this platform would show them: its rows merged as it merges them."""

    def lane(self, terminal: str | None, settings: Any) -> str | None:
        """What calls for this till may not run side by side with; None: only those for one twin."""
        return None

    def placing(self, settings: Any) -> Placing:
        """When a cart is put on this system: on offer for any till, once a till claimed it, when a
        link is made by which the shopper goes on online, or never.
        """
        return "on_claim" if "place" in self.manifest.capabilities else "never"

    def takes_code(self, code: str, settings: Any) -> bool | None:
        """Whether the tills of this system honour a promotion code of the web; None: not known.

        For a till system that knows, by their form or kind, which codes it can ring up.
        """
        return None

    async def fetch(self, ref: TwinRef, remote: Remote) -> Mapping[str, Any] | None:
        """The document as it is there now, for `read`; None if it is gone."""
        raise NotImplementedError(f"{self.manifest.name} does not declare fetch")

    async def changed_since(self, cursor: Mapping[str, Any] | None, remote: Remote) -> Changed:
        """What changed there after a cursor, oldest first; None: everything there is."""
        raise NotImplementedError(f"{self.manifest.name} does not declare changed_since")

    async def hook_is_on(self, hook_url: str, remote: Remote) -> bool:
        """Whether the platform still calls our hook."""
        raise NotImplementedError(f"{self.manifest.name} does not declare hook")

    async def rearm(self, hook_url: str, remote: Remote) -> None:
        """Lets the platform call our hook again."""
        raise NotImplementedError(f"{self.manifest.name} does not declare hook")

    async def refresh(self, remote: Remote) -> Refreshed:
        """Exchanges the credentials in `remote`, or those of its settings if there are none yet.

        Called by one process at a time. Credentials or Refuse: they cannot be renewed any more.
        """
        raise NotImplementedError(f"{self.manifest.name} does not declare refresh")

    async def push(self, write: Write, remote: Remote) -> Written | Moved:
        """Writes the twin on condition; a repeated push_id answers its first result."""
        raise NotImplementedError(f"{self.manifest.name} does not declare push")

    async def answer_enquiry(self, ref: TwinRef, message: ThreadMessage, remote: Remote) -> None:
        """Shows a message of ours in the enquiry's thread there; the same name again does nothing.

        Ignore: the enquiry is gone there.
        """
        raise NotImplementedError(f"{self.manifest.name} does not declare answer_enquiries")

    async def place(self, placement: Placement, remote: Remote) -> Placed:
        """Puts a cart before the cashier; the same placement again answers what it became.

        Ignore: it cannot be there now (no session is open), and need not be tried again.
        """
        raise NotImplementedError(f"{self.manifest.name} does not declare place")

    async def withdraw(self, ref: TwinRef, remote: Remote) -> bool:
        """Takes away what `place` left (True, also if it is gone); False: it was sold there."""
        raise NotImplementedError(f"{self.manifest.name} does not declare place")

    async def pay_url(self, ref: TwinRef, remote: Remote) -> str | None:
        """Where the shopper goes on with what `place` made for her link; None if it is gone."""
        return None

    async def freeze(self, ref: TwinRef, until: datetime, where: str, remote: Remote) -> None:
        """Stops the online checkout until a time, telling the shopper where her cart is."""
        raise NotImplementedError(f"{self.manifest.name} does not declare freeze")

    async def thaw(self, ref: TwinRef, remote: Remote) -> None:
        """Lets the online checkout go on."""
        raise NotImplementedError(f"{self.manifest.name} does not declare freeze")

    def continue_url(self, code: str, settings: Any) -> str:
        """Where a shopper who opened a to-online code gets on with the cart."""
        raise NotImplementedError(f"{self.manifest.name} does not declare continue_online")

    async def prices(
        self, items: Sequence[Item], of: PricesOf, remote: Remote
    ) -> Sequence[PriceNow]:
        """What these articles cost there now; what it does not sell, or will not say, is left out.

        Asked while a cashier waits: one call, and no second try.
        """
        raise NotImplementedError(f"{self.manifest.name} does not declare prices")

    async def stock(
        self, items: Sequence[Item], stores: Sequence[str], remote: Remote
    ) -> Sequence[StockNow]:
        """How much of them these stores have now; what it does not count is left out.

        Asked while a cashier waits: one call, and no second try.
        """
        raise NotImplementedError(f"{self.manifest.name} does not declare stock")

    async def reserve_stock(self, hold: StockHold, remote: Remote) -> Sequence[HeldStock]:
        """Keeps goods for a cart in a store until a time, as far as there are any.

        The same name again answers what it keeps; then until the later of both times.
        """
        raise NotImplementedError(f"{self.manifest.name} does not declare reserve_stock")

    async def release_stock(self, name: str, remote: Remote) -> None:
        """Frees what a hold keeps; one that is over, or never was, is no error."""
        raise NotImplementedError(f"{self.manifest.name} does not declare reserve_stock")

    async def loyalty(self, number: str, remote: Remote) -> LoyaltyShown | None:
        """What a loyalty card shows there now; None if no such card is known."""
        raise NotImplementedError(f"{self.manifest.name} does not declare loyalty")
