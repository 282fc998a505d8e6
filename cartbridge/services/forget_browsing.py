"""Forgetting what was looked at: because she no longer agrees, or because it was long ago."""

from datetime import date, timedelta
from typing import Final
from uuid import UUID

import structlog

from cartbridge.domain.browsing import PURPOSE
from cartbridge.services.gateway import Gateway

log = structlog.get_logger(__name__)

_COUNTS: Final = timedelta(days=400)  # of nobody: a season is compared with the one a year before


async def obey_withdrawal(
    gateway: Gateway, tenant: UUID, customer_id: str, brand: str | None, gone: frozenset[str]
) -> None:
    """She no longer agrees to these purposes of a brand: without `analytics` nothing is kept."""
    if PURPOSE in gone:
        await forget_browsing(gateway, tenant, customer_id, brand)


async def forget_browsing(
    gateway: Gateway, tenant: UUID, customer_id: str, brand: str | None
) -> None:
    """Removes at once what a customer looked at in a brand.

    Which sessions are hers stays known: what they go on telling is refused by what she said.
    """
    await gateway.browsing.forget(gateway.browsing.customer(tenant, brand, customer_id))


async def forget_all_browsing(gateway: Gateway, tenant: UUID, customer_id: str) -> None:
    """Removes what a customer looked at in any brand of the retailer: she is being erased."""
    for brand in (None, *(one.id for one in await gateway.directory.brands.list(tenant))):
        person = gateway.browsing.customer(tenant, brand, customer_id)
        await gateway.browsing.forget(person)
        await gateway.browsing.untie(person)


async def forget_old_browsing(gateway: Gateway) -> int:
    """Removes what is older than is kept, of all retailers; answers how many rows that were."""
    before = first_day(gateway)
    counts_before = gateway.clock().date() - _COUNTS
    removed = await gateway.browsing.forget_older(before, counts_before)
    if removed:
        log.info("browsing.forgotten", number=removed)
    return removed


def first_day(gateway: Gateway) -> date:
    """The first day of which is known what she looked at."""
    return gateway.clock().date() - gateway.limits.browsing
