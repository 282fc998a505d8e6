"""Who a customer is: one identity on every channel, by what is told of nobody else."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from cartbridge.database.customers import PREFIX
from cartbridge.domain.customer import Customer
from cartbridge.domain.identifiers import SHARED, Identifier, identifiers
from cartbridge.domain.ids import is_id, named, uuid_of
from cartbridge.domain.known_customer import KnownCustomer, is_somebody_else, learnt
from cartbridge.domain.store import Store
from cartbridge.services.find_cart import new_id
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.keep_customer import keep_customer
from cartbridge.services.problems import Problem


@dataclass(frozen=True)
class Home:
    """Which brand tells of a customer, and the country where its phone numbers are dialled."""

    brand: str | None = None
    country: str | None = None


@dataclass(frozen=True)
class _Found:
    """An identifier, the key its pointer stands under, and whom it names now."""

    identifier: Identifier
    key: bytes
    owner: UUID | None


async def identify_customer(
    gateway: Gateway,
    tenant: UUID,
    connection: str | None,
    customer: Customer,
    *,
    store: Store | None = None,
    locale: str | None = None,
) -> Customer:
    """The customer with her `cus_…` id; without a strong identifier nobody knows who she is.

    The strongest identifier that is known decides; what nobody has yet becomes hers, and nothing
    is ever taken from somebody else, so that two people are never made one here. An id that the
    caller told is not believed. What was told is kept with what is known of her.
    """
    customer = customer.model_copy(update={"id": None})
    home = await home_of(gateway, tenant, connection, store)
    told = identifiers(customer, connection, home.country)
    if not told:
        return customer
    found = await _find(gateway, tenant, told)
    known = await _deciding(gateway, tenant, found)
    if known is None:
        known = await _new(gateway, tenant, found)
    identified = customer.model_copy(update={"id": named(PREFIX, known)})
    await _learn(gateway, tenant, identified, found, home.brand, locale)
    return identified


async def customer_told(
    gateway: Gateway,
    caller: Caller,
    store: Store | None,
    customer: Customer | None,
    locale: str | None = None,
) -> Customer | None:
    """The customer whom a caller names: one that staff of a store chose by id, or who was told."""
    if customer is None:
        return None
    if store is not None and customer.id is not None:
        return await _chosen(gateway, caller.tenant, customer, store)
    return await identify_customer(
        gateway, caller.tenant, caller.connection, customer, store=store, locale=locale
    )


async def _chosen(gateway: Gateway, tenant: UUID, customer: Customer, store: Store) -> Customer:
    """The customer of that id, if this store's brand knows her; what staff tell is learnt."""
    her_id = customer.id or ""
    kept = await gateway.customers.read(tenant, her_id) if is_id(her_id, PREFIX) else None
    if kept is None or not kept.version or not kept.known.is_of(store.brand):
        fault = {"field": "customer.id", "why": "no such customer: search her, or leave it out"}
        raise Problem("invalid_request", errors=(fault,))
    told = identifiers(customer, None, store.country)
    found = await _find(gateway, tenant, told)
    await _learn(gateway, tenant, customer, found, store.brand, None)
    return customer


def identifier_key(gateway: Gateway, identifier: Identifier) -> bytes:
    """The key an identifier's pointer stands under: nobody can read back whose it is."""
    return gateway.vault.keyed_hash("identifier", str(identifier))


async def home_of(
    gateway: Gateway, tenant: UUID, connection: str | None, store: Store | None = None
) -> Home:
    """The brand behind a store or a connection, and where it is at home as far as is known."""
    if store is not None:
        return Home(store.brand, store.country)
    link = await gateway.connectors.by_name(tenant, connection) if connection else None
    if link is None or link.connection.brand is None:
        return Home()
    brand = await gateway.directory.brands.get(tenant, link.connection.brand)
    country = brand.locale.partition("-")[2] if brand is not None else None
    return Home(link.connection.brand, country)


async def _find(gateway: Gateway, tenant: UUID, told: tuple[Identifier, ...]) -> tuple[_Found, ...]:
    keys = [identifier_key(gateway, one) for one in told]
    owners = await asyncio.gather(
        *(gateway.pointers.find(tenant, "identifier", key) for key in keys)
    )
    return tuple(map(_Found, told, keys, owners))


async def _deciding(gateway: Gateway, tenant: UUID, found: tuple[_Found, ...]) -> UUID | None:
    """Whom the strongest known identifier names; None, and the first is nobody's, if she is new.

    A card or a number that a household shares does not decide against what is stronger.
    """
    for place, one in enumerate(found):
        if one.owner is None:
            continue
        stronger = tuple(other.identifier for other in found[:place])
        if not stronger:
            return one.owner
        known = (await gateway.customers.read(tenant, named(PREFIX, one.owner))).known
        if not is_somebody_else(known, one.identifier, stronger):
            return one.owner
    return None


async def _new(gateway: Gateway, tenant: UUID, found: tuple[_Found, ...]) -> UUID:
    """Somebody new, or who met her at the very same moment by an identifier of hers alone.

    What was given to the new id till then follows: nobody has been told of it yet.
    """
    fresh = uuid_of(new_id(gateway, PREFIX))
    given: list[bytes] = []
    for one in found:
        winner = await _claim(gateway, tenant, one.key, fresh)
        if winner == fresh:
            given.append(one.key)
        elif not given or one.identifier.kind not in SHARED:
            for key in given:
                await gateway.pointers.repoint(tenant, "identifier", key, fresh, winner)
            return winner
    return fresh


async def _claim(gateway: Gateway, tenant: UUID, key: bytes, customer: UUID) -> UUID:
    return await gateway.pointers.claim_pointer(tenant, "identifier", key, customer)


async def _learn(
    gateway: Gateway,
    tenant: UUID,
    customer: Customer,
    found: tuple[_Found, ...],
    brand: str | None,
    locale: str | None,
) -> None:
    """What is nobody's yet becomes hers, and what was told is kept, last, so that none is lost."""
    hers = uuid_of(str(customer.id))
    unclaimed = [one.key for one in found if one.owner is None]
    await asyncio.gather(*(_claim(gateway, tenant, key, hers) for key in unclaimed))
    told = tuple(one.identifier for one in found)
    her_id = str(customer.id)

    def learn(known: KnownCustomer) -> KnownCustomer:
        return learnt(known, customer, told, brand, locale)

    kept = await gateway.customers.read(tenant, her_id)
    new = [one.key for one in found if one.identifier not in kept.known.identifiers]
    if new:
        await gateway.customers.tell_identifiers(tenant, new, her_id)
    if learn(kept.known) != kept.known:
        await keep_customer(gateway, tenant, her_id, learn)
