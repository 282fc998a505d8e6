"""The stand-in for what is looked up: pointers, repeated calls, places, connections, articles."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cartbridge.database.both_sides import PriceTold, StockLevel
from cartbridge.database.connections import Connection
from cartbridge.database.idempotency import (
    RESUMED_AFTER,
    Attempt,
    OtherContent,
    StillRunning,
)
from cartbridge.database.pointers import PointerKind
from cartbridge.domain.item_list import IndexedItem
from cartbridge.domain.policy import Rules
from cartbridge.domain.store import Store as Shop
from cartbridge.domain.store import Terminal
from tests.simulation.store import Part, Session, Store, statement

PointerKey = tuple[UUID, PointerKind, bytes]


class Signs(Part):
    """Stands where `Pointers` is."""

    @statement
    def claim_pointer(
        self,
        tenant: UUID,
        kind: PointerKind,
        key: bytes,
        target: UUID,
        expires_at: datetime | None = None,
        *,
        ahead: bool = False,
    ) -> UUID:
        """Write the pointer once and answer whom it names; one that has expired is replaced."""
        found = self._living((tenant, kind, key))
        if found is not None:
            return found
        self.store.table("pointers")[tenant, kind, key] = (target, expires_at)
        return target

    @statement
    def find(
        self, tenant: UUID, kind: PointerKind, key: bytes, *, lapsed: bool = False
    ) -> UUID | None:
        """The document this key names; with `lapsed` also if the pointer has expired."""
        if not lapsed:
            return self._living((tenant, kind, key))
        target: UUID | None = self.store.table("pointers").get((tenant, kind, key), (None,))[0]
        return target

    @statement
    def repoint(self, tenant: UUID, kind: PointerKind, key: bytes, old: UUID, new: UUID) -> bool:
        """Let the key name another document, if it still names the old one."""
        row = self.store.table("pointers").get((tenant, kind, key))
        if row is None or row[0] != old:
            return False
        self.store.table("pointers")[tenant, kind, key] = (new, row[1])
        return True

    def _living(self, key: PointerKey) -> UUID | None:
        target: UUID
        row = self.store.table("pointers").get(key)
        if row is None:
            return None
        target, expires_at = row
        return None if expires_at is not None and expires_at <= self.store.now() else target


@dataclass
class _Begun:
    request_hash: bytes
    seed: bytes
    started_at: datetime
    running_until: datetime
    status: int | None = None
    outcome: bytes | None = None


class Repeats(Part):
    """Stands where `Idempotency` is."""

    @statement
    def begin(self, tenant: UUID, scope: bytes, request_hash: bytes) -> Attempt:
        """Start the call, resume one that crashed 15 seconds ago, or answer what it led to."""
        now = self.store.now()
        row: _Begun | None = self.store.table("repeats").get((tenant, scope))
        if row is None:
            seed = self.store.dice.randbytes(16)
            fresh = _Begun(request_hash, seed, now, now + RESUMED_AFTER)
            self.store.table("repeats")[tenant, scope] = fresh
            return Attempt(seed, now, True)
        if row.request_hash != request_hash:
            raise OtherContent
        if row.status is not None:
            return Attempt(row.seed, row.started_at, False, row.status, row.outcome)
        if row.running_until > now:
            raise StillRunning(max(1, round((row.running_until - now).total_seconds())))
        row.running_until = now + RESUMED_AFTER
        return Attempt(row.seed, row.started_at, False)

    @statement
    def finish(self, tenant: UUID, scope: bytes, status: int, outcome: bytes) -> None:
        """Keep what the call answered; a second try that finishes later changes nothing."""
        row: _Begun = self.store.table("repeats")[tenant, scope]
        if row.status is None:
            row.status, row.outcome = status, outcome

    @statement
    def give_up(self, tenant: UUID, scope: bytes) -> None:
        """Let the next try run at once: this one ended without an outcome."""
        row: _Begun = self.store.table("repeats")[tenant, scope]
        if row.status is None:
            row.running_until = self.store.now()


@dataclass(frozen=True)
class Estate:
    """What the retailer has set up; it does not change in the course of a simulation."""

    tenant: UUID
    stores: dict[str, Shop]
    terminals: dict[str, Terminal]
    connections: tuple[Connection, ...]


class _Stores(Part):
    def __init__(self, store: Store, session: Session, estate: Estate) -> None:
        super().__init__(store, session)
        self.estate = estate

    @statement
    def get(self, tenant: UUID, identifier: str) -> Shop | None:
        """The store of that id."""
        return self.estate.stores.get(identifier) if tenant == self.estate.tenant else None

    async def known(self, tenant: UUID, *, parent: str | None = None) -> list[Shop]:
        """The stores of a brand, remembered."""
        return [one for one in self.estate.stores.values() if parent in (None, one.brand)]


class _Terminals(_Stores):
    @statement
    def get(self, tenant: UUID, identifier: str) -> Terminal | None:  # type: ignore[override]
        """The terminal of that id."""
        return self.estate.terminals.get(identifier) if tenant == self.estate.tenant else None

    @statement
    def list(self, tenant: UUID, *, parent: str | None = None) -> list[Terminal]:
        """The terminals of one store, or all."""
        return [x for x in self.estate.terminals.values() if parent in (None, x.store)]


class _Connections:
    """Looked up without a call: the gateway remembers what every request asks for."""

    def __init__(self, estate: Estate) -> None:
        self._by_id = {one.id: one for one in estate.connections}
        self._by_slug = {one.slug: one for one in estate.connections}

    async def get(self, tenant: UUID, identifier: str) -> Connection | None:
        """The connection of that id."""
        return self._by_id.get(identifier)

    async def get_by_slug(self, tenant: UUID, slug: str) -> Connection | None:
        """The connection of that name."""
        return self._by_slug.get(slug)

    async def list(self, tenant: UUID) -> list[Connection]:
        """All of them."""
        return list(self._by_id.values())


class _Brands:
    """No simulated brand sets a rule."""

    async def get(self, tenant: UUID, identifier: str) -> None:
        """Nothing is known of a brand but its name."""


class _Rules:
    """The simulated retailer leaves everything open."""

    async def get(self, tenant: UUID) -> Rules:
        """No rule at all."""
        return Rules()


class Levels(Part):
    """Stands where `StockLevels` is: nobody tells stock."""

    @statement
    def of(self, tenant: UUID, skus: Sequence[str]) -> list[StockLevel]:
        """Nothing is known."""
        return []


class Told(Part):
    """Stands where `PricesTold` is: nobody tells prices but the article list."""

    @statement
    def of(
        self, tenant: UUID, skus: Sequence[str], price_list: str, currency: str
    ) -> dict[str, PriceTold]:
        """Nothing was told."""
        return {}


class Register(Part):
    """Stands where `Directory` is, as far as services use it."""

    def __init__(self, store: Store, session: Session, estate: Estate) -> None:
        super().__init__(store, session)
        self.stores = _Stores(store, session, estate)
        self.terminals = _Terminals(store, session, estate)
        self.connections = _Connections(estate)
        self.brands = _Brands()
        self.rules = _Rules()
        self._by_hook = {one.hook: one for one in estate.connections}

    async def connection_by_hook(self, hook: str) -> Connection | None:
        """The connection that is called by this hook."""
        return self._by_hook.get(hook)

    async def locked(self, tenant: UUID, key: bytes) -> int | None:
        """Nobody is locked out: no simulated cashier guesses codes."""
        return None

    async def count_failure(self, tenant: UUID, key: bytes) -> int | None:
        """A wrong code is not counted."""
        return None


class Articles(Part):
    """Stands where `ItemIndex` is: articles by SKU, their prices as they are today."""

    @statement
    def find(
        self,
        tenant: UUID,
        sku: str | None = None,
        gtin: str | None = None,
        connection: str | None = None,
        code: str | None = None,
        store: str | None = None,
    ) -> IndexedItem | None:
        """The article of that SKU."""
        found: IndexedItem | None = self.store.table("articles").get(sku)
        return found

    @statement
    def find_many(
        self, tenant: UUID, skus: Iterable[str] = (), gtins: Iterable[str] = ()
    ) -> dict[str, IndexedItem]:
        """The articles of a cart."""
        articles = self.store.table("articles")
        return {sku: articles[sku] for sku in skus if sku in articles}


def priced(sku: str, price: int) -> IndexedItem:
    """An article of the list at a price, in euro cents."""
    return IndexedItem(sku=sku, label=sku, prices={"store": {"EUR": price}})


class Silence:
    """Stands where `Alarms` is: no simulated shop refuses our signature."""

    async def lately_open(self, tenant: UUID, kind: str, connection: str) -> bool:
        """No alarm is raised."""
        return False
