"""The rules that hold in a store: its own, its brand's or the retailer's."""

from uuid import UUID

from cartbridge.domain.policy import CodesRule, PriceRule, codes_rule, price_rule
from cartbridge.domain.store import Store
from cartbridge.services.gateway import Gateway


async def rules_in(gateway: Gateway, tenant: UUID, store: Store) -> tuple[PriceRule, CodesRule]:
    """Whose price wins in that store, and whether codes hold there, with who said so."""
    brand = await gateway.directory.brands.get(tenant, store.brand)
    retailer = await gateway.directory.rules.get(tenant)
    return price_rule(store, brand, retailer), codes_rule(store, brand, retailer)
