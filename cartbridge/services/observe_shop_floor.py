"""What was shown, tried or asked for in a store: counted of nobody, and hers if she agreed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from cartbridge.database.customers import PREFIX
from cartbridge.database.idempotency import Attempt
from cartbridge.domain.browsing import FloorKind, LookedAt, agreed, counted, reduced
from cartbridge.domain.customer import Customer
from cartbridge.domain.ids import is_id
from cartbridge.domain.items import Item
from cartbridge.domain.store import Store
from cartbridge.services.consent import consents
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.known_person import known_person
from cartbridge.services.name_item import name_item
from cartbridge.services.problems import Problem
from cartbridge.services.scanned_lines import store_of


@dataclass(frozen=True)
class Shown:
    """What a mirror, a reader of tags or an associate tells; `customer` is an id or her card."""

    kind: FloorKind
    items: tuple[Item, ...]
    customer: str | None = field(default=None, repr=False)
    enquiry: str | None = None


@dataclass(frozen=True)
class Noted:
    """The articles that were counted, and those that the item list does not know."""

    kept: tuple[Item, ...]
    unknown: tuple[Item, ...]
    for_customer: bool  # it was kept of her, too: she is known and agreed


async def observe_shop_floor(
    gateway: Gateway, caller: Caller, shown: Shown, attempt: Attempt
) -> Noted:
    """Counts each article in its store on this day; who works there is never kept with it."""
    store = await store_of(gateway, caller)
    customer = await _customer(gateway, store, caller.tenant, shown.customer)
    kept, unknown = await _named(gateway, caller.tenant, store.id, shown.items)
    noted = Noted(tuple(kept), tuple(unknown), for_customer=customer is not None)
    if attempt.status is not None or not kept:  # told before, and counted then
        return noted
    at, fact = attempt.started_at, attempt.command_id
    seen = [_seen(shown, store.id, store.time_zone, at, item) for item in kept]
    skus = {one.seen.sku: one.count for one in counted(seen) if one.seen.sku is not None}
    await gateway.shop_floor.count(
        caller.tenant, store.id, seen[0].day, shown.kind, skus, fact.bytes[:8]
    )
    if customer is not None:
        person = gateway.browsing.customer(caller.tenant, store.brand, customer)
        await gateway.browsing.keep(person, counted(seen), str(fact))
    return noted


def _seen(shown: Shown, store: str, time_zone: str, at: datetime, item: Item) -> LookedAt:
    seen = reduced(shown.kind, at, time_zone, item)
    if seen is None:
        raise ValueError("an article was shown, and none is named")
    return seen.model_copy(update={"store": store, "enquiry": shown.enquiry})


async def _customer(gateway: Gateway, store: Store, tenant: UUID, told: str | None) -> str | None:
    """The customer who was told by her id or her card, if she agreed; nobody otherwise."""
    if told is None:
        return None
    her_id: str | None = told
    if is_id(told, PREFIX):
        kept = await gateway.customers.read(tenant, told)
        if not kept.version or not kept.known.is_of(store.brand):
            raise Problem("not_found", what="customer")
    else:
        card = Customer(loyalty_number=told)
        her_id = await known_person(gateway, tenant, card, store=store)
    if her_id is None:
        return None
    said = await consents(gateway, tenant, her_id, store.brand)
    return her_id if agreed({}, said) else None


async def _named(
    gateway: Gateway, tenant: UUID, store: str, items: Sequence[Item]
) -> tuple[list[Item], list[Item]]:
    """The articles as the item list names them, and those that it does not know."""
    kept, unknown = [], []
    for item in items:
        named, found = await name_item(gateway, tenant, item, store)
        if found is None:
            unknown.append(item)
        else:
            kept.append(named)
    return kept, unknown
