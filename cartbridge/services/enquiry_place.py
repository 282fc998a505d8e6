"""Whose an enquiry is, a store's or a team's, and by when she must have heard from them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cartbridge.domain.enquiry.state import Enquiry, Kind
from cartbridge.services.gateway import Gateway
from cartbridge.services.open_pass import brand_of
from cartbridge.services.problems import Problem


@dataclass(frozen=True)
class Place:
    """The one store, or else the one team, that an enquiry is for, and the brand it is asked of."""

    store: str | None
    team: str | None
    brand: str


async def place_of(
    gateway: Gateway, tenant: UUID, store: str | None, team: str | None, brand: str | None
) -> Place:
    """Where it goes: to that store, to that team, else to the team of the brand."""
    if store is not None:
        known = await gateway.directory.stores.get(tenant, store)
        if known is None:
            raise Problem("invalid_request", errors=({"field": "store", "why": "no such store"},))
        return Place(store, None, known.brand)
    asked = await brand_of(gateway, tenant, brand)
    return Place(None, team or asked.id, asked.id)


async def due_time(
    gateway: Gateway,
    tenant: UUID,
    brand: str | None,
    kind: Kind | None,
    wished_at: datetime | None = None,
) -> datetime:
    """When she must have heard from us if she writes now; no later than what she wished for."""
    known = kind or "information"
    own = (await brand_of(gateway, tenant, brand)).enquiry_hours or {}
    allowed = timedelta(hours=own[known]) if known in own else gateway.limits.enquiry[known]
    now = gateway.clock()
    due_at = now + allowed
    return wished_at if wished_at is not None and now < wished_at < due_at else due_at


async def due_again(gateway: Gateway, tenant: UUID, enquiry: Enquiry) -> datetime:
    """When she must have heard from us if it is counted anew from now."""
    return await due_time(gateway, tenant, enquiry.brand, enquiry.kind)
