"""Whether somebody is a known customer, without anything becoming known by the question."""

import asyncio
from uuid import UUID

from cartbridge.domain.customer import Customer
from cartbridge.domain.identifiers import identifiers
from cartbridge.domain.ids import named
from cartbridge.domain.store import Store
from cartbridge.services.gateway import Gateway
from cartbridge.services.identify_customer import home_of, identifier_key


async def known_person(
    gateway: Gateway,
    tenant: UUID,
    customer: Customer,
    *,
    connection: str | None = None,
    store: Store | None = None,
) -> str | None:
    """The id (cus_…) of whom her strongest known identifier names; None: she is not known."""
    home = await home_of(gateway, tenant, connection, store)
    keys = [identifier_key(gateway, one) for one in identifiers(customer, connection, home.country)]
    owners = await asyncio.gather(
        *(gateway.pointers.find(tenant, "identifier", key) for key in keys)
    )
    owner = next((one for one in owners if one is not None), None)
    return None if owner is None else named("cus", owner)
