"""A customer said yes or no: kept with when and where, and obeyed at once where she withdrew."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from cartbridge.domain.known_customer import KnownCustomer, agreeing, withdrawn
from cartbridge.services.forget_browsing import obey_withdrawal
from cartbridge.services.gateway import Gateway
from cartbridge.services.keep_customer import keep_customer

# Given the customer, the brand and the purposes she agreed to no more; doing it twice is harmless.
Withdrawal = Callable[[Gateway, UUID, str, str | None, frozenset[str]], Awaitable[None]]

# What has to be removed when a consent is withdrawn: whoever keeps such a thing adds one line.
WITHDRAWALS: Final[list[Withdrawal]] = [obey_withdrawal]


async def tell_consent(
    gateway: Gateway,
    tenant: UUID,
    customer_id: str,
    brand: str | None,
    told: Mapping[str, bool],
    at: datetime,
    where: str,
) -> None:
    """Keeps what she said to that brand at that moment; of two answers the later one counts."""

    def learn(known: KnownCustomer) -> KnownCustomer:
        return agreeing(known, brand, told, at, where)

    before, after = await keep_customer(gateway, tenant, customer_id, learn)
    gone = withdrawn(before, after, brand)
    for obey in WITHDRAWALS if gone else ():
        await obey(gateway, tenant, customer_id, brand, gone)
