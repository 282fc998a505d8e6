"""Who a customer is: one identity on every channel, by what is told of nobody else."""

import asyncio
from uuid import UUID

from cartbridge.domain.customer import Customer
from cartbridge.domain.identifiers import Identifier, identifiers
from cartbridge.domain.ids import named, uuid_of
from cartbridge.services.find_cart import new_id
from cartbridge.services.gateway import Gateway


async def identify_customer(
    gateway: Gateway,
    tenant: UUID,
    connection: str | None,
    customer: Customer,
    *,
    country: str | None = None,
) -> Customer:
    """The customer with her `cus_…` id; without a strong identifier nobody knows who she is.

    The strongest identifier that is known decides; what nobody has yet becomes hers, and nothing
    is ever taken from somebody else, so that two people are never made one here. An id that the
    caller told is not believed. `country` is where national phone numbers are dialled, the one
    of the connection's brand if it is not told.
    """
    customer = customer.model_copy(update={"id": None})
    if country is None and customer.phone is not None:
        country = await _country(gateway, tenant, connection)
    keys = [identifier_key(gateway, one) for one in identifiers(customer, connection, country)]
    if not keys:
        return customer
    owners = await asyncio.gather(
        *(gateway.pointers.find(tenant, "identifier", key) for key in keys)
    )
    known = next((owner for owner in owners if owner is not None), None)
    unclaimed = [key for key, owner in zip(keys, owners, strict=True) if owner is None]
    if known is None:
        # The strongest first and alone: of two who ask at once both are told the same one.
        known = await _claim(gateway, tenant, unclaimed.pop(0), uuid_of(new_id(gateway, "cus")))
    await asyncio.gather(*(_claim(gateway, tenant, key, known) for key in unclaimed))
    return customer.model_copy(update={"id": named("cus", known)})


def identifier_key(gateway: Gateway, identifier: Identifier) -> bytes:
    """The key an identifier's pointer stands under: nobody can read back whose it is."""
    return gateway.vault.keyed_hash("identifier", str(identifier))


async def _claim(gateway: Gateway, tenant: UUID, key: bytes, customer: UUID) -> UUID:
    return await gateway.pointers.claim_pointer(tenant, "identifier", key, customer)


async def _country(gateway: Gateway, tenant: UUID, connection: str | None) -> str | None:
    """Where the brand of the connection is at home, as far as its locale tells."""
    link = await gateway.connectors.by_name(tenant, connection) if connection else None
    if link is None or link.connection.brand is None:
        return None
    brand = await gateway.directory.brands.get(tenant, link.connection.brand)
    return brand.locale.rpartition("-")[2] if brand is not None else None
