"""The one way what is known of a customer changes: look, change, keep, and again if it moved on."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final
from uuid import UUID

from cartbridge.database.customers import Kept
from cartbridge.domain.known_customer import KnownCustomer
from cartbridge.services.gateway import Gateway
from cartbridge.services.problems import Problem

_TRIES: Final = 30  # each conflict means that somebody else got on

Learn = Callable[[KnownCustomer], KnownCustomer]


async def keep_customer(
    gateway: Gateway, tenant: UUID, customer: str, learn: Learn
) -> tuple[KnownCustomer, KnownCustomer]:
    """What was known of her, and what is known now; nothing is written if that is the same."""

    def change(kept: Kept) -> Kept:
        return replace(kept, known=learn(kept.known))

    before, after = await change_kept(gateway, tenant, customer, change)
    return before.known, after.known


async def change_kept(
    gateway: Gateway, tenant: UUID, customer: str, change: Callable[[Kept], Kept]
) -> tuple[Kept, Kept]:
    """As `keep_customer`, of all that is kept of her."""
    for _ in range(_TRIES):
        before = await gateway.customers.read(tenant, customer)
        after = change(before)
        if after == before or await gateway.customers.keep(tenant, after):
            return before, after
    raise Problem("unavailable", retry_after=1)
