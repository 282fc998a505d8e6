"""What a platform says of a customer: who she is, what she agreed to, that she wants to be gone."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from cartbridge.database.customers import Kept
from cartbridge.domain.alarm.state import GATEWAY, Details
from cartbridge.sdk.observations import CustomerSeen
from cartbridge.services.connectors import Link
from cartbridge.services.gateway import Gateway
from cartbridge.services.identify_customer import identify_customer
from cartbridge.services.keep_customer import change_kept
from cartbridge.services.problems import Problem
from cartbridge.services.raise_alarm import clear_alarm, raise_alarm
from cartbridge.services.tell_consent import tell_consent

COUNTED: Final = 1000  # requests at most that an alarm counts and a list shows


async def see_customer(gateway: Gateway, link: Link, seen: CustomerSeen) -> None:
    """Keeps what was told of her; of a request to be forgotten an operator is told, no more.

    Nothing is erased by itself: what the retailer has to keep is for people to decide.
    """
    known = await identify_customer(gateway, link.tenant, link.id, seen.customer)
    if known.id is None:  # put aside, where an operator sees it
        fault = {"field": "customer", "why": "nothing in it tells who she is"}
        raise Problem("invalid_request", errors=(fault,))
    her_id = known.id
    at = min(seen.at, gateway.clock())
    if seen.consent:
        brand = link.connection.brand
        await tell_consent(gateway, link.tenant, her_id, brand, seen.consent, at, link.id)
    if seen.erasure_requested:
        await _ask_erasure(gateway, link.tenant, her_id, at)


async def _ask_erasure(gateway: Gateway, tenant: UUID, customer: str, at: datetime) -> None:
    def ask(kept: Kept) -> Kept:
        asked = kept.known.erasure_asked_at
        if asked is not None and asked >= at:
            return kept  # told again: perhaps it has been dealt with already
        known = kept.known.model_copy(update={"erasure_asked_at": at})
        return replace(kept, known=known, erasure_asked_at=kept.erasure_asked_at or at)

    await change_kept(gateway, tenant, customer, ask)
    await tell_erasures(gateway, tenant)


async def settle_erasure(gateway: Gateway, tenant: UUID, customer: str) -> None:
    """An operator dealt with her request, whatever was decided: nobody is reminded of it again."""
    _, after = await change_kept(
        gateway, tenant, customer, lambda kept: replace(kept, erasure_asked_at=None)
    )
    if not after.version:
        raise Problem("not_found", what="customer")
    await tell_erasures(gateway, tenant)


async def tell_erasures(gateway: Gateway, tenant: UUID) -> None:
    """The alarm says how many requests wait, and is over once none does."""
    waiting = await gateway.customers.asking_erasure(tenant, COUNTED)
    if not waiting:
        await clear_alarm(gateway, tenant, "erasure_requested", GATEWAY)
        return
    details = Details(number=len(waiting))
    since = waiting[0].asked_at
    await raise_alarm(gateway, tenant, "erasure_requested", GATEWAY, details, since)
