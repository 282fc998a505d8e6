"""What a customer agreed to: asked wherever something personal is kept or sent."""

from uuid import UUID

from cartbridge.services.gateway import Gateway


async def consents(
    gateway: Gateway, tenant: UUID, customer_id: str, brand: str | None
) -> dict[str, bool]:
    """What she said last to that brand, by purpose; a purpose she was never asked is absent."""
    kept = await gateway.customers.read(tenant, customer_id)
    return kept.known.agreed(brand)
